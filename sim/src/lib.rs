//! The engine: requests in, outcomes out.
//!
//! A trial is a pure function of its pools, its requests and what chance brings. Deliberately absent: files, clocks,
//! threads inside a trial, global state, money (prices are applied to integer seconds by the planner) and knowledge of
//! where a number came from.

mod arrivals;
mod autoscaler;
mod batching;
mod block;
mod boot;
mod boot_times;
mod conservation;
mod container;
mod elementary;
mod event_list;
mod fallback;
mod floor;
mod group;
mod histogram;
mod horizon;
mod hour_book;
mod job;
mod law;
mod ledger;
mod list;
mod observers;
mod occupancy;
mod outcome;
mod patience;
mod plain;
mod pool;
mod preemption;
mod quantile;
mod quantities;
mod request;
mod retries;
mod sharing;
mod stream;
mod tail;
mod timeline;
mod trace;
mod trial;
mod window;

pub use arrivals::Arrivals;
pub use batching::{BatchWait, Batching};
pub use boot::{Boot, Snapshot};
pub use boot_times::BootTimes;
pub use elementary::{exp, ln, normal_quantile};
pub use fallback::{Fallback, Hedge};
pub use floor::{Floor, LeastBilled, LeastLatency, Unbounded, assert_within_bounds, least_billed};
pub use group::{Capacity, ChainStep, Draws, Group, GroupModel, Quota, Scarcity};
pub use histogram::LatencyHistogram;
pub use horizon::Horizon;
pub use hour_book::{HOURS, HourBook};
pub use job::{Arrival, Latencies};
pub use law::{Law, ReadyLaw, scaled_normal_tail};
pub use ledger::{Ledger, State};
pub use observers::Observers;
pub use occupancy::Occupancy;
pub use outcome::{ModelOutcome, Outcome, PoolOutcome};
pub use patience::Patience;
pub use pool::{BootRules, Bounds, Execution, Hardware, PLATFORM_MAX_CONTAINERS, Pool, PoolModel};
pub use preemption::Preemption;
pub use quantile::Quantile;
pub use quantities::{QuantityError, Seconds, SimSpan, SimTime, Usd, UsdPerSecond};
pub use request::{Luck, Request};
pub use retries::Retries;
pub use sharing::Efficiency;
pub use stream::{Role, StreamKey, stream};
pub use tail::Tail;
pub use timeline::Timeline;
pub use trace::{FallbackReason, Trace, TraceEvent, What};
pub use trial::{Unhindered, Workspace, simulate, simulate_group};
pub use window::Window;
