//! `fleetfront schema`.

use crate::failure::{Failure, Outcome};
use crate::screen::print;

/// Prints the JSON schema of `scenario.toml`.
pub(crate) fn schema() -> Result<Outcome, Failure> {
    print(&fleetfront_scenario::json_schema())
}
