//! How far a mean may be off: what a fit says of it, as a law of the factor on the mean.

use fleetfront_calibration::{BORROWED_FREEDOM, Factor, Fit, OWN_SPREAD_N, SPREAD_FLOOR};
use fleetfront_scenario::FailureCounts;
use fleetfront_sim::{exp, ln, normal_quantile};
use statrs::distribution::{Beta, ContinuousCDF, StudentsT};

/// Student's t with few degrees of freedom is drawn within its central part of this size: with two of them the mean of
/// what it leaves out is infinite, which no service time is.
const STUDENT_PART: f64 = 0.99;

/// The law of the logarithm of a factor. Its median is 1, but for counted shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Doubt {
    /// Normal, to either side with a standard deviation of its own.
    Normal {
        /// Of the half below the median.
        below_log: f64,
        /// Of the half above it.
        above_log: f64,
    },
    /// Student's t times a scale.
    Student {
        /// What it is multiplied by.
        scale_log: f64,
        /// Degrees of freedom.
        freedom: u32,
    },
    /// That of a share that was counted, over the share that is taken.
    Counted {
        /// The counts.
        counts: FailureCounts,
        /// The share that is taken, above 0.
        taken: f64,
    },
}

impl Doubt {
    /// The same to either side.
    pub(crate) fn normal(sd_log: f64) -> Self {
        Self::Normal { below_log: sd_log, above_log: sd_log }
    }

    /// What a factor leaves open.
    fn within(factor: Factor) -> Self {
        let [below_log, above_log] = factor.sigmas_log();
        Self::Normal { below_log, above_log }
    }

    /// What nobody measured and nobody bounds.
    pub(crate) fn derived() -> Self {
        Self::within(Factor::DERIVED)
    }

    /// What a fit leaves open about its mean, beyond what it leaves to the mean that it is scaled from. `None` where
    /// nothing is said of it: a law that is stated as measured or published, a published ratio without bounds.
    ///
    /// Everything that turns a fit into a doubt stands here.
    pub(crate) fn of(fit: &Fit) -> Option<Self> {
        let (cv, runs) = (fit.law.cv(), f64::from(fit.n));
        if fit.factor != Factor::EXACT {
            Some(Self::within(fit.factor))
        } else if fit.n == 0 || (cv <= 0.0 && fit.n >= OWN_SPREAD_N) {
            None
        } else if fit.n >= OWN_SPREAD_N {
            Some(Self::Student { scale_log: cv / runs.sqrt(), freedom: fit.n - 1 })
        } else {
            // However alike runs of others are: as `calibrate` has it.
            Some(Self::Student { scale_log: cv.max(SPREAD_FLOOR) / runs.sqrt(), freedom: BORROWED_FREEDOM })
        }
    }

    /// The factor that so large a share of all draws does not exceed.
    ///
    /// - `share`: between 0 and 1, both excluded.
    pub(crate) fn factor(self, share: f64) -> f64 {
        exp(self.log_factor(share))
    }

    fn log_factor(self, share: f64) -> f64 {
        match self {
            Self::Normal { below_log, above_log } => {
                let sigmas = normal_quantile(share);
                sigmas * if sigmas < 0.0 { below_log } else { above_log }
            }
            Self::Student { scale_log, freedom } => {
                let outside = (1.0 - STUDENT_PART) / 2.0;
                let law = StudentsT::new(0.0, 1.0, f64::from(freedom)).expect("one degree of freedom or more");
                scale_log * law.inverse_cdf(share.clamp(outside, 1.0 - outside))
            }
            // Jeffreys' prior, whose intervals cover what they say (Brown, Cai and DasGupta 2001).
            Self::Counted { counts: FailureCounts { failed, tries }, taken } => {
                let (failed, others) = (f64::from(failed) + 0.5, f64::from(tries - failed) + 0.5);
                let law = Beta::new(failed, others).expect("half a count or more");
                ln((law.inverse_cdf(share) / taken).max(f64::MIN_POSITIVE))
            }
        }
    }

    /// Standard deviation of the logarithm.
    pub(crate) fn sd_log(self) -> f64 {
        match self {
            // Halves of normal laws: means of +-s sqrt(2 / pi), mean squares of s^2, half of the draws each.
            Self::Normal { below_log, above_log } => {
                let mean_square = f64::midpoint(below_log * below_log, above_log * above_log);
                (mean_square - (above_log - below_log).powi(2) / std::f64::consts::TAU).sqrt()
            }
            Self::Student { .. } | Self::Counted { .. } => {
                const POINTS: u32 = 400;
                let logs = (0..POINTS).map(|k| self.log_factor((f64::from(k) + 0.5) / f64::from(POINTS)));
                let mean = logs.clone().sum::<f64>() / f64::from(POINTS);
                (logs.map(|log| (log - mean).powi(2)).sum::<f64>() / f64::from(POINTS)).sqrt()
            }
        }
    }

    /// The factors that nine draws in ten lie between.
    pub(crate) fn bounds(self) -> [f64; 2] {
        [(1.0 - Factor::COVERAGE) / 2.0, f64::midpoint(1.0, Factor::COVERAGE)].map(|share| self.factor(share))
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use fleetfront_calibration::Kind;
    use fleetfront_sim::{Law, Seconds};

    use super::*;

    fn fit(kind: Kind, n: u32, factor: Factor) -> Fit {
        let law = Law::lognormal(Seconds::new(10.0).expect("a span"), 0.2);
        Fit { law, kind, n, factor, rests_on: None, sources: Vec::new(), notes: Vec::new() }
    }

    /// 2.353 times a tenth, though nothing is known to vary: one run knows nothing of other days.
    #[test]
    fn one_run_is_no_point() {
        for cv in [0.0, 0.01, 0.1] {
            let law = Law::lognormal(Seconds::new(10.0).expect("a span"), cv);
            let one = Doubt::of(&Fit { law, ..fit(Kind::Measured, 1, Factor::EXACT) }).expect("a doubt");
            assert_relative_eq!(ln(one.bounds()[1]), 0.2353, max_relative = 1e-3);
            let fixed = Fit { law, ..fit(Kind::Measured, 0, Factor::EXACT) };
            assert_eq!(Doubt::of(&fixed), None);
        }
    }

    #[test]
    fn runs_speak_by_their_number() {
        let sd = |n| Doubt::of(&fit(Kind::Measured, n, Factor::EXACT)).expect("a doubt").sd_log();
        // Tables: t with 3 degrees of freedom, what a borrowed spread is worth, has its 95th percentile at 2.353.
        let one = Doubt::of(&fit(Kind::Measured, 1, Factor::EXACT)).expect("a doubt");
        assert_relative_eq!(ln(one.bounds()[1]), 2.353 * 0.2, max_relative = 1e-3);
        assert_relative_eq!(sd(2), sd(1) / 2.0_f64.sqrt(), max_relative = 1e-9);
        // From three on Student's t, whose variance is (n - 1) / (n - 3) times as much for n > 3, less its ends.
        let many = Doubt::of(&fit(Kind::Measured, 41, Factor::EXACT)).expect("a doubt");
        assert_relative_eq!(many.sd_log(), 0.2 / 41.0_f64.sqrt() * (40.0_f64 / 38.0).sqrt(), max_relative = 0.03);
        // Tables: t with 2 degrees of freedom has its 95th percentile at 2.920.
        let three = Doubt::of(&fit(Kind::Published, 3, Factor::EXACT)).expect("a doubt");
        assert_relative_eq!(ln(three.bounds()[1]), 2.920 * 0.2 / 3.0_f64.sqrt(), max_relative = 1e-3);
        assert!(ln(three.factor(1.0 - 1e-12)) <= 9.925 * 0.2 / 3.0_f64.sqrt() * 1.001);
    }

    #[test]
    fn bounds_are_nine_in_ten_and_the_median_stays() {
        let doubt = Doubt::of(&fit(Kind::Published, 0, Factor { low: 0.99, high: 1.3 })).expect("a doubt");
        assert_relative_eq!(doubt.bounds()[0], 0.99, max_relative = 1e-9);
        assert_relative_eq!(doubt.bounds()[1], 1.3, max_relative = 1e-9);
        assert_relative_eq!(doubt.factor(0.5), 1.0, epsilon = 1e-9);
        // By brute force over the law.
        let logs: Vec<f64> = (0..100_000).map(|k| doubt.log_factor((f64::from(k) + 0.5) / 1e5)).collect();
        let mean = logs.iter().sum::<f64>() / 1e5;
        let sd = (logs.iter().map(|log| (log - mean).powi(2)).sum::<f64>() / 1e5).sqrt();
        assert_relative_eq!(doubt.sd_log(), sd, max_relative = 1e-3);
    }

    /// Jeffreys' 90 % interval of 3 failures in 1,400 tries, by summing the density in another program.
    #[test]
    fn counted_failures_are_as_uncertain_as_their_count() {
        let doubt = Doubt::Counted { counts: FailureCounts { failed: 3, tries: 1400 }, taken: 0.0022 };
        let [low, high] = doubt.bounds().map(|factor| factor * 0.0022);
        assert_relative_eq!(low, 0.000_774_45, max_relative = 1e-3);
        assert_relative_eq!(high, 0.005_015_85, max_relative = 1e-3);
    }

    #[test]
    fn what_nobody_measured_is_a_third_either_way_and_what_is_stated_is_known() {
        let third = 1.35_f64.ln();
        for kind in [Kind::Derived, Kind::Assumed] {
            let doubt = Doubt::of(&fit(kind, 0, Factor::of_kind(kind))).expect("a doubt");
            assert_relative_eq!(doubt.sd_log(), third, max_relative = 1e-9);
        }
        for kind in [Kind::Measured, Kind::Published] {
            assert_eq!(Doubt::of(&fit(kind, 0, Factor::of_kind(kind))), None);
        }
    }
}
