//! The engine: requests in, outcomes out.
//!
//! A trial is a pure function of its pool, its requests and its boots. Deliberately absent: files, clocks, threads
//! inside a trial, global state, money (prices are applied to integer seconds by the planner) and knowledge of where
//! a number came from.

mod histogram;
mod horizon;
mod law;
mod pool;
mod quantities;
mod request;
mod stream;

pub use histogram::LatencyHistogram;
pub use horizon::Horizon;
pub use law::Law;
pub use pool::Execution;
pub use quantities::{QuantityError, Seconds, SimSpan, SimTime, Usd, UsdPerSecond};
pub use request::{Luck, Request};
pub use stream::{Role, StreamKey, stream};
