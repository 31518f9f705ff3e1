//! Load curves and arrival processes: what traffic looks like, and how days of it are drawn.
//!
//! Requests arrive by a process (Poisson, unless another is wanted) whose rate is a product: the mean, an hourly curve,
//! and (if wanted) slowly varying random factors. Given the factors the rate is piecewise constant, and the process is
//! drawn exactly. Or whole recorded days are replayed.
//!
//! Logs of real requests are read line by line ([`read_log`]).
//! What a log of real requests looks like is told by [`describe`].
//!
//! Deliberately absent: GPUs, prices, containers.

pub mod adapters;
mod arrival_stream;
pub mod clients;
mod closed;
mod curve;
pub mod describe;
mod dispersion;
mod draw;
mod events;
pub mod fit;
mod instants;
pub mod likelihood;
mod log;
mod name_hash;
mod process;
pub mod prove;
mod rate;
mod recorded;
mod replay;
mod request_stream;
mod residual;
mod sessions;
pub mod shapes;
mod slow_rate;
mod spike;
#[cfg(test)]
mod testing;
mod time_zone;
mod trace;
mod traffic;
mod traffic_study;

pub use arrival_stream::ArrivalStream;
pub use closed::clients;
pub use curve::{CurveError, LoadCurve};
pub use dispersion::{session_dispersion, slow_rate_dispersion, slow_rates_dispersion};
pub use draw::draw_requests;
pub use log::{
    Columns, Endings, Entry, KNOWN_ENDINGS, Layout, LogError, LogOptions, LogSummary, OneZone, ShapeColumn, Size,
    StampZone, UnheardWord, WrongCause, WrongLine, ZoneCount, open_log, open_log_in, parse_instant, read_log,
    read_sorted,
};
pub use process::{BatchSize, ModulatedState, Process};
pub use rate::{Rate, RateSegment};
pub use recorded::{RecordedBytes, RecordedDays, Recorder};
pub use replay::{Replay, ReplayedDays};
pub use request_stream::RequestStream;
pub use slow_rate::{Redrawn, Scope, SlowRate, SlowStep};
pub use spike::Spike;
pub use time_zone::{ClockChange, TimeZoneError, clock_changes, days_between, hours_ahead, midnights};
pub use trace::{Trace, TraceError};
pub use traffic::{ModelTraffic, Swing, Traffic};
pub use traffic_study::{
    CheckOptions, ModelTrace, Strays, StudyError, StudyOptions, TraceSink, Traces, TrafficStudy, study_and_trace,
    study_traffic,
};
