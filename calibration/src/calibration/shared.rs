//! The law of a few runs, which share spread and speed with other cells.

#[cfg(test)]
mod tests;

use fleetfront_sim::Law;

use crate::fit::Factor;
use crate::laws::Time;
use crate::percentiles::{Percentile, means_of_families};
use crate::pooling::{CellEstimate, ENOUGH_CELLS, LogMedian, Pooling};
use crate::problem::several;
use crate::runs::RunEnd;
use crate::spread::BORROWED_FREEDOM;

use super::bounds::{bounds, student};
use super::cell::Known;
use super::rows::Judged;
use super::{Flag, LawBasis, StatedCv};

/// Of fewer boots nobody can tell that there is one kind of them alone: where a third finds no cached weights, eight that
/// do in a row come once in 25 times. Our choice.
const TELL_KINDS_N: usize = 8;

impl Judged<'_> {
    /// Over samples the exponential of a logarithm that is known with an error is too long by half of the squared error
    /// (Finney 1941, *Supplement to the Journal of the Royal Statistical Society* 7): the law stands so much lower, that
    /// its mean is right on average. Its bounds stay where the logarithm has them. Where runs were cut off the likeliest
    /// law is kept: what is not known of it is above the limit.
    ///
    /// - `times`: those that may be fitted.
    pub(super) fn shared(&self, pooled: &CellEstimate, pooling: Option<&Pooling>, times: &[Time]) -> Known {
        let cut_off = times.iter().filter(|time| time.censored).count();
        let alone = pooling.is_none_or(|pooling| pooling.prior().cells < ENOUGH_CELLS);
        // A part of a first request is a boot: what is stated of boots counts for its bounds, and not for its law.
        let kinds = self.of_two_kinds(alone);
        let of_this_phase = self.of_kinds.as_ref().is_none_or(|stated| stated.phase == self.phase);
        let own = if of_this_phase { kinds } else { self.of_two_kinds(false) };
        let own = own.filter(|own| own.sigma >= pooled.pooled.sigma * (1.0 - 1e-9));
        let (is_own, median) = (own.is_some(), own.unwrap_or(pooled.pooled));
        let of_middle = if is_own { median.sigma.powi(2) / median.n as f64 } else { median.error.powi(2) };
        let known = match kinds {
            Some(LogMedian { error, freedom, .. }) if error > median.error => LogMedian { error, freedom, ..median },
            _ => median,
        };
        let too_long = if cut_off == 0 { of_middle / 2.0 } else { 0.0 };
        let law = Law::Lognormal { mu: median.mean - too_long, sigma: median.sigma };
        let Factor { low, high } = bounds(&known);
        let low = low.max(least_mean_s(times).unwrap_or(0.0) / law.mean_s()).min(1.0);
        let of_mean = Factor { low: (low * too_long.exp()).min(1.0), high: high * too_long.exp() };
        let n = self.runs_behind().max(times.len() - cut_off) as u32;
        let and_cut_off =
            if cut_off == 0 { String::new() } else { format!(" that ended and {cut_off} that were cut off") };
        let shared = if is_own { "its spread that of two kinds" } else { "middle and spread pooled with other cells" };
        Known {
            law: self.widened(law),
            kind: self.kind(),
            n,
            factor: self.holding_both(law.mean_s(), self.of_any_family(self.beyond_shape(of_mean))),
            basis: LawBasis::Pooled,
            words: format!("lognormal law of {}{and_cut_off}, {shared}", several(n as usize, "run", "runs")),
        }
    }

    /// Few boots or first requests, of which some may find their weights cached: their own spread, and of very few no less
    /// than a source states, as bounds of all of them have it: a kind that is seen once in eight runs is one in four as
    /// well. `None` of other phases, without a spread, and where some were cut off.
    ///
    /// The error is that of the logarithm of the mean, mu + sigma²/2, whose two parts are known independently.
    ///
    /// - `alone`: whether other cells say too little of the spread.
    fn of_two_kinds(&self, alone: bool) -> Option<LogMedian> {
        let took = |run: &RunEnd| if let RunEnd::Took { seconds } = run { Some(seconds.ln()) } else { None };
        let logs: Vec<f64> = self.fitted.iter().filter_map(|run| took(&run.end)).collect();
        let is_other = |end: &RunEnd| matches!(end, RunEnd::Summary { .. } | RunEnd::CutOff { .. });
        if !self.phase.has_two_kinds() || logs.is_empty() || self.fitted.iter().any(|run| is_other(&run.end)) {
            return None;
        }
        let n = logs.len() as f64;
        let mean = logs.iter().sum::<f64>() / n;
        let own = if logs.len() > 1 { logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0) } else { 0.0 };
        let stated = self.of_kinds.as_ref().filter(|_| alone).map_or(0.0, variance_of);
        let wide = own.max(stated);
        let variance = if logs.len() < TELL_KINDS_N { wide } else { own };
        let freedom = if stated > own { f64::from(BORROWED_FREEDOM).max(n - 1.0) } else { n - 1.0 };
        let error = (wide / n + wide.powi(2) / (2.0 * freedom.max(1.0))).sqrt();
        let known = LogMedian { mean, error, freedom: freedom.max(1.0), sigma: variance.sqrt(), n: logs.len() };
        (variance > 0.0).then_some(known)
    }

    /// Who states the spread of both kinds, where that is wider than the own one of few boots.
    pub(super) fn spread_of_kinds(&self, alone: bool) -> Option<&StatedCv> {
        let [with, own] = [alone, false].map(|alone| self.of_two_kinds(alone));
        let is_wider = with?.error > own.map_or(0.0, |own| own.error);
        self.of_kinds.as_ref().filter(|_| alone && is_wider)
    }

    /// With what percentiles leave open of the family, by the share of runs that only they tell of.
    fn of_any_family(&self, Factor { low, high }: Factor) -> Factor {
        let [shortest, longest] = self.means_of_families();
        let share = self.summarised() as f64 / self.runs_behind().max(1) as f64;
        Factor { low: low * shortest.powf(share), high: high * longest.powf(share) }
    }

    /// Over all summaries; 1 and 1 without any.
    fn means_of_families(&self) -> [f64; 2] {
        let of = |run: &RunEnd| match *run {
            RunEnd::Summary { p50_s, high_s, high_share, .. } if high_s > p50_s => {
                let low = Percentile { share: 0.5, seconds: p50_s };
                means_of_families(low, Percentile { share: high_share, seconds: high_s })
            }
            _ => [1.0, 1.0],
        };
        let hull = |[a, b]: [f64; 2], [c, d]: [f64; 2]| [a.min(c), b.max(d)];
        self.fitted.iter().map(|run| of(&run.end)).fold([1.0, 1.0], hull)
    }

    /// Runs that percentiles tell of.
    fn summarised(&self) -> u64 {
        let of = |run: &RunEnd| match *run {
            RunEnd::Summary { n, p50_s, high_s, .. } if high_s > p50_s => u64::from(n),
            _ => 0,
        };
        self.fitted.iter().map(|run| of(&run.end)).sum()
    }

    /// What percentiles do not tell.
    pub(super) fn of_percentiles(&self) -> Vec<Flag> {
        let equal = self.fitted.iter().find_map(|run| match run.end {
            RunEnd::Summary { n, p50_s, high_s, .. } if high_s <= p50_s => {
                Some(Flag::EqualPercentiles { n: u64::from(n), seconds: p50_s })
            }
            _ => None,
        });
        let n = self.summarised();
        let two = (n > 0).then(|| Flag::TwoPercentiles { n, means: self.means_of_families() });
        equal.into_iter().chain(two).collect()
    }

    /// More runs were cut off than ended.
    pub(super) fn mostly_cut_off(&self) -> Option<Flag> {
        let times = self.times();
        let limits = || times.iter().filter(|time| time.censored).map(|time| time.seconds);
        let (cut_off, of) = (limits().count(), times.len());
        let limits_s = [limits().fold(f64::INFINITY, f64::min), limits().fold(0.0, f64::max)];
        (2 * cut_off > of).then_some(Flag::MostlyCutOff { cut_off, of, limits_s })
    }
}

/// Of the logarithms.
fn variance_of(stated: &StatedCv) -> f64 {
    (stated.cv * stated.cv).ln_1p()
}

/// The lower 95 % end of the mean of times as if they had ended where they were cut off, which the true one is above. `None`
/// where none was cut off, and of fewer than eight times, whose spread is badly known.
fn least_mean_s(times: &[Time]) -> Option<f64> {
    let n = times.len() as f64;
    if times.len() < TELL_KINDS_N || times.iter().all(|time| !time.censored) {
        return None;
    }
    let mean = times.iter().map(|time| time.seconds).sum::<f64>() / n;
    let variance = times.iter().map(|time| (time.seconds - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Some(mean - student(n - 1.0) * (variance / n).sqrt())
}
