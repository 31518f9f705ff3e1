//! The `fleetfront` binary.
fn main() {}
