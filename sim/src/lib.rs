//! The engine: requests in, outcomes out.
//!
//! A trial is a pure function of its pool, its requests and its boots. Deliberately absent: files, clocks, threads
//! inside a trial, global state, money (prices are applied to integer seconds by the planner) and knowledge of where
//! a number came from.

mod autoscaler;
mod boot_times;
mod conservation;
mod container;
mod event_list;
mod histogram;
mod horizon;
mod job;
mod law;
mod ledger;
mod outcome;
mod plain;
mod pool;
mod quantities;
mod request;
mod stream;
mod timeline;
mod trial;

pub use boot_times::BootTimes;
pub use histogram::LatencyHistogram;
pub use horizon::Horizon;
pub use job::{Arrival, Latencies};
pub use law::Law;
pub use ledger::{Ledger, State};
pub use outcome::{ModelOutcome, Outcome};
pub use pool::{Execution, Pool, PoolModel};
pub use quantities::{QuantityError, Seconds, SimSpan, SimTime, Usd, UsdPerSecond};
pub use request::{Luck, Request};
pub use stream::{Role, StreamKey, stream};
pub use timeline::Timeline;
pub use trial::{Workspace, simulate};
