//! Whether a sample looks like its fitted law: samples drawn from that law, fitted and measured the same way.

use fleetfront_sim::{Law, Quantile, Role, StreamKey, stream};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::distance::{Distances, distances};
use super::empirical;
use super::error::FitError;
use super::family::Family;
use super::fit::{LawFit, refit};
use super::likelihood::plain;
use super::points::{Bands, CdfStep, QqPoint};
use super::times::{Time, Times};

/// How many samples are drawn where nobody says how many.
pub const REPLICATES: u32 = 199;

/// A statistic with the probability of one as large under the fitted law.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct TestOfFit {
    /// The statistic of the sample.
    pub statistic: f64,
    /// The probability that a sample of the fitted law, fitted itself, is as far from its own fit: small where the law does
    /// not suit.
    pub p_value: f64,
    /// The standard error of that probability, from the number of samples that were drawn.
    pub p_standard_error: f64,
}

/// How a sample compares with its fitted law.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goodness {
    /// The largest distance between the two distribution functions (Kolmogorov and Smirnov); `None` for an empirical law,
    /// which follows any sample.
    pub kolmogorov_smirnov: Option<TestOfFit>,
    /// The squared distance, with more weight on the tails (Anderson and Darling 1954); likewise.
    pub anderson_darling: Option<TestOfFit>,
    /// How many samples were drawn and could be fitted.
    pub replicates: u32,
    /// How many had no fit of the family, and do not count.
    pub without_fit: u32,
    /// Quantiles of the sample against those of the law.
    pub qq: Vec<QqPoint>,
    /// The distribution of the sample against that of the law.
    pub cdf: Vec<CdfStep>,
}

/// Holds a sample against its fitted law by a parametric bootstrap: `replicates` samples of the law, as large and cut off at
/// the same limit, are each fitted by the same family and measured against their own fit. Tables of these statistics
/// hold for laws that were known beforehand, and are not used.
///
/// - `fit`: the fit of `times`. An empirical law is not tested, for it follows any sample; bands are drawn all the same.
/// - `replicates`: 199 as a rule ([`REPLICATES`]); p values are then multiples of 1/200.
///
/// The result depends on `seed` and not on the number of threads. The fits of mixtures begin at the law itself.
///
/// # Errors
/// [`FitError::LimitsDiffer`] when times were cut off at different limits, or some that ended took longer than the
/// limit; [`FitError::NoMaximum`] when no drawn sample could be fitted; [`FitError::NoSpread`] for a fixed time, which
/// has no distance.
///
/// # Source
/// Stute, González Manteiga and Presedo Quindimil 1993, *Metrika* 40; Clauset, Shalizi and Newman 2009, *SIAM Review* 51.
/// p = (1 + as far) / (1 + drawn): Davison and Hinkley 1997, *Bootstrap Methods and their Application*, 4.2.
///
/// # Panics
/// If no replicate is asked for.
pub fn goodness_of_fit(fit: &LawFit, times: &Times, seed: u64, replicates: u32) -> Result<Goodness, FitError> {
    assert!(replicates > 0, "a p value needs samples to compare with");
    let limit_s = common_limit(times)?;
    let no_spread = FitError::NoSpread { n: fit.ended, value: times.ended_s()[0] };
    let observed = distances(&fit.law, times, limit_s);
    if observed.is_none() && fit.family != Family::Empirical {
        return Err(no_spread);
    }
    let bands = Bands::of(&fit.law, times);
    let drawn: Vec<Option<(Option<Distances>, Bands)>> = (0..replicates)
        .into_par_iter()
        .map(|replicate| {
            let sample = draw(&fit.law, times.count(), limit_s, seed, replicate)?;
            let law = refit(fit.family, &sample, &fit.law)?;
            Some((distances(&law, &sample, limit_s), bands.of_replicate(&law, &sample)))
        })
        .collect();
    let (fitted, of_fitted): (Vec<Option<Distances>>, Vec<Bands>) = drawn.into_iter().flatten().unzip();
    if fitted.is_empty() {
        return Err(FitError::NoMaximum { family: fit.family });
    }
    let test = |of: fn(&Distances) -> f64| {
        let statistic = of(observed.as_ref()?);
        let as_far = fitted.iter().flatten().filter(|found| of(found) >= statistic).count();
        let p_value = (1 + as_far) as f64 / (1 + fitted.len()) as f64;
        let p_standard_error = (p_value * (1.0 - p_value) / fitted.len() as f64).sqrt();
        Some(TestOfFit { statistic, p_value, p_standard_error })
    };
    let (qq, cdf) = bands.with_ends(&of_fitted);
    Ok(Goodness {
        kolmogorov_smirnov: test(|found| found.kolmogorov_smirnov),
        anderson_darling: test(|found| found.anderson_darling),
        replicates: fitted.len() as u32,
        without_fit: replicates - fitted.len() as u32,
        qq,
        cdf,
    })
}

/// The limit at which times were cut off; `None` where none was.
fn common_limit(times: &Times) -> Result<Option<f64>, FitError> {
    let (Some(&shortest), Some(&longest)) = (times.cut_off_s().first(), times.cut_off_s().last()) else {
        return Ok(None);
    };
    let longest = longest.max(times.ended_s()[times.ended_s().len() - 1]);
    // One limit, to the precision of a clock.
    if longest - shortest <= 1e-6 * longest {
        Ok(Some(longest))
    } else {
        Err(FitError::LimitsDiffer { shortest, longest })
    }
}

/// A sample of the law; `None` where no time ends before the limit.
fn draw(law: &Law, count: usize, limit_s: Option<f64>, seed: u64, replicate: u32) -> Option<Times> {
    let mut rng = stream(seed, replicate, StreamKey::of("goodness of fit"), Role::Service);
    let mut quantiles = vec![Quantile::default(); count];
    Quantile::fill(&mut rng, &mut quantiles);
    let mut seconds = vec![0.0; count];
    law.ready().fill_seconds(&quantiles, &mut seconds);
    let time = |seconds: &f64| match limit_s {
        Some(limit_s) if *seconds > limit_s => Time { seconds: limit_s, censored: true },
        _ => Time { seconds: seconds.max(f64::MIN_POSITIVE), censored: false },
    };
    Times::of(&seconds.iter().map(time).collect::<Vec<_>>()).ok()
}

/// The share of a sample that is no longer than `seconds`, from the steps of its distribution.
pub(super) fn share_at(steps: &[(f64, f64)], seconds: f64) -> f64 {
    match steps.partition_point(|(at, _)| *at <= seconds) {
        0 => 0.0,
        upto => steps[upto - 1].1,
    }
}

/// P(X <= seconds) under a law that has a density.
pub(super) fn probability_below(law: &Law, seconds: f64) -> f64 {
    if let Law::Empirical { knots_s, tail_scale_s, tail_shape } = law {
        return empirical::below(knots_s, [*tail_scale_s, *tail_shape], seconds);
    }
    plain(law).map_or(f64::NAN, |density| -density.beyond(seconds).value.exp_m1())
}
