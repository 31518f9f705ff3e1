//! Statistics of finished trials and of fixed fleets, as plain functions: what a report states beside a number, and
//! what simulations are held against.
//!
//! Everything here is arithmetic on its arguments. A confidence is the share of studies whose interval holds the truth,
//! such as 0.95; an interval is two-sided with equal tails unless its function says otherwise. Deliberately absent:
//! simulation, metrics, what a scenario is.

mod binomial;
mod budget;
mod difference;
mod erlang;
mod interval;
mod mmc;
mod multiple;
mod order_statistics;
mod proportions;
mod ratios;
mod root;
mod student;

pub use budget::ocba;
pub use difference::difference_interval;
pub use erlang::{erlang_b, erlang_c};
pub use interval::Interval;
pub use mmc::Mmc;
pub use multiple::holm;
pub use order_statistics::{OrderStatistics, quantile_interval, sample_size_for_maximum};
pub use proportions::{clopper_pearson, failure_rate_bound, wilson};
pub use ratios::{RatioEstimate, RelativeChange, jackknife_ratio, ratio_of_sums, relative_change};
pub use student::{t_factor, two_sided_p};
