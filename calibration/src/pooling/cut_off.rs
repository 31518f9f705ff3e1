//! Cells of which some runs were cut off: what is known of them by the likelihood of censored times.

use super::CellTimes;
use super::estimate::LogMedian;
use super::spreads::{CellSpread, SpreadPrior};
use crate::laws::{KnownSpread, informed_lognormal};

/// A cell tells the spread of others if at most so many runs were cut off for one that ended: where hardly any ended, the
/// likelihood is flat from the limit to infinity, and the spread is anything. Our choice.
const CUT_OFF_FOR_ONE: usize = 2;

/// The spread that a cell tells by itself, of `freedom` degrees by what ended. `None` where it tells none.
pub(super) fn spread_of(times: &CellTimes, freedom: f64) -> Option<CellSpread> {
    if freedom < 1.0 || times.cut_off_s.len() > CUT_OFF_FOR_ONE * times.seconds.len() {
        return None;
    }
    let nothing = KnownSpread { variance: 0.0, freedom: 0.0 };
    let own = informed_lognormal(&times.seconds, &times.cut_off_s, &times.summaries, nothing)?;
    Some(CellSpread { variance: own.sigma.powi(2), freedom })
}

/// The median of a cell with cut-off runs: its own likelihood under the spread that is known beforehand. `None` without a
/// cut-off run, and where no median is the likeliest.
///
/// The error is that of the logarithm of the mean: what is long was not seen, so that a wider spread is also a longer mean.
///
/// - `known`: what others say of its spread; `None`: nothing.
/// - `freedom`: degrees of freedom of the spread with its own runs.
pub(super) fn median_of(times: &CellTimes, known: Option<&SpreadPrior>, freedom: f64) -> Option<LogMedian> {
    if times.cut_off_s.is_empty() {
        return None;
    }
    let known = known.map_or(KnownSpread { variance: 0.0, freedom: 0.0 }, |prior| KnownSpread {
        variance: prior.variance,
        freedom: prior.freedom,
    });
    let found = informed_lognormal(&times.seconds, &times.cut_off_s, &times.summaries, known)?;
    Some(LogMedian { mean: found.mu, error: found.mean_error, freedom, sigma: found.sigma, n: times.seconds.len() })
}
