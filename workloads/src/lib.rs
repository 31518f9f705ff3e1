//! Load curves and arrival processes: what traffic looks like, and how days of it are drawn.
//!
//! Deliberately absent: GPUs, prices, containers.

mod curve;
mod draw;
mod traffic;

pub use curve::{CurveError, LoadCurve};
pub use draw::draw_requests;
pub use traffic::{ModelTraffic, Scope, SlowRate, Traffic};
