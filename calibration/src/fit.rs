//! A fitted law and what stands behind it.

use fleetfront_sim::Law;
use serde::{Deserialize, Serialize};

/// Where a number comes from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Measured on the deployment under review.
    Measured,
    /// Measured by somebody else and published.
    Published,
    /// Computed from other numbers; the source says how.
    Derived,
    /// Nobody measured it.
    Assumed,
}

impl Kind {
    /// As it is written in files and said in reports.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Published => "published",
            Self::Derived => "derived",
            Self::Assumed => "assumed",
        }
    }
}

/// What is not known about a mean: nine times in ten it is `low` to `high` times what the law says, for whatever kind of
/// time: bounds of fits, those that a source states, and those of a time that was derived or assumed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Lower end as a multiple of the law's mean, at most 1.
    pub low: f64,
    /// Upper end as a multiple of the law's mean, at least 1.
    pub high: f64,
}

impl Factor {
    /// How often a mean lies between the ends.
    pub const COVERAGE: f64 = 0.90;
    /// Nothing is uncertain.
    pub const EXACT: Self = Self { low: 1.0, high: 1.0 };
    /// What holds a time that was derived or assumed and that nobody bounds: 1.645 times [`DERIVED_SIGMA`] to either side.
    pub const DERIVED: Self = Self { low: 1.0 / DERIVED_REACH, high: DERIVED_REACH };

    /// What is not known about a mean of this kind when nobody states its bounds.
    #[must_use]
    pub fn of_kind(kind: Kind) -> Self {
        match kind {
            Kind::Measured | Kind::Published => Self::EXACT,
            Kind::Derived | Kind::Assumed => Self::DERIVED,
        }
    }

    /// Standard deviations of the logarithm below and above the law's mean, of which the ends are the 90 %.
    #[must_use]
    pub fn sigmas_log(self) -> [f64; 2] {
        [-self.low.ln() / SIGMAS, self.high.ln() / SIGMAS]
    }

    /// The factor of which these are the standard deviations.
    #[must_use]
    pub fn of_sigmas_log([below, above]: [f64; 2]) -> Self {
        Self { low: (-SIGMAS * below).exp(), high: (SIGMAS * above).exp() }
    }

    /// What is not known of a product of two numbers that are wrong independently: their logarithms add in squares.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { low: (-self.low.ln().hypot(other.low.ln())).exp(), high: self.high.ln().hypot(other.high.ln()).exp() }
    }

    /// What is not known of one over the number.
    #[must_use]
    pub fn inverse(self) -> Self {
        Self { low: 1.0 / self.high, high: 1.0 / self.low }
    }
}

/// One standard deviation of a time that was derived, as a factor to either side: predicting each GPU from the others is off
/// by 16 to 37 % (median) and by 2 at worst, over the published benchmarks of image and video models, 2026-10.
pub const DERIVED_SIGMA: f64 = 1.35;

/// Standard deviations to either side that hold 90 % of a normal law: its quantile of 95 %.
const SIGMAS: f64 = 1.644_853_626_951_472_2;

/// [`DERIVED_SIGMA`] to the power of [`SIGMAS`].
const DERIVED_REACH: f64 = 1.638_249_227_433_04;

/// Whom the rows of a file speak of: each part a name, or `*` for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowsOf {
    /// The model.
    pub model: String,
    /// Its variant.
    pub variant: String,
    /// The GPU type.
    pub gpu: String,
}

/// What a mean rests on: means that rest on the same are wrong together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RestsOn {
    /// Rows that state it.
    Rows(RowsOf),
    /// The mean on another GPU type, and a ratio.
    Ratio {
        /// Whom the row of the ratio speaks of.
        rows: RowsOf,
        /// The GPU type that it compares with.
        relative_to: String,
        /// The fit there.
        base: Box<Fit>,
    },
}

/// A law with its provenance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fit {
    /// The law.
    pub law: Law,
    /// The weakest kind among what the law rests on.
    pub kind: Kind,
    /// How many measurements the mean rests on (0 when none: derived from a ratio or assumed).
    pub n: u32,
    /// What is not known about the mean.
    pub factor: Factor,
    /// What the mean rests on; `None` where the scenario states the law itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_on: Option<RestsOn>,
    /// Sources, in words, with dates.
    pub sources: Vec<String>,
    /// What a reader must know: contradictions, proxies, pooled spread.
    pub notes: Vec<String>,
}

impl Fit {
    /// What is not known about the mean, with what is not known about the mean that it is a multiple of: independent
    /// parts, whose logarithms add in squares.
    #[must_use]
    pub fn whole_factor(&self) -> Factor {
        self.parts().into_iter().fold(Factor::EXACT, |whole, part| whole.and(part.factor))
    }

    /// Standard deviations of the logarithm of the mean to either side: as bounds leave it, where there are none as the number
    /// of measurements does; 0 where nothing is said of it.
    #[must_use]
    pub fn sigmas_log(&self) -> [f64; 2] {
        if self.factor == Factor::EXACT && self.n > 0 {
            [self.law.cv() / f64::from(self.n).sqrt(); 2]
        } else {
            self.factor.sigmas_log()
        }
    }

    /// The same with what is not known about the mean that it is a multiple of.
    #[must_use]
    pub fn whole_sigmas_log(&self) -> [f64; 2] {
        let [below, above] = self.sigmas_log();
        let Some(RestsOn::Ratio { base, .. }) = &self.rests_on else { return [below, above] };
        let of_base = base.whole_sigmas_log();
        [below.hypot(of_base[0]), above.hypot(of_base[1])]
    }

    /// What is not known of how many times longer this takes than `other`. What both rest on cancels; the rest of both is
    /// wrong independently.
    #[must_use]
    pub fn factor_over(&self, other: &Self) -> Factor {
        let (own, others) = (self.parts(), other.parts());
        let is_shared =
            |part: &Part<'_>, of: &[Part<'_>]| part.rows.is_some() && of.iter().any(|p| p.rows == part.rows);
        let above = own.iter().filter(|part| !is_shared(part, &others)).map(|part| part.factor);
        let below = others.iter().filter(|part| !is_shared(part, &own)).map(|part| part.factor.inverse());
        above.chain(below).fold(Factor::EXACT, Factor::and)
    }

    /// What the mean is a product of.
    fn parts(&self) -> Vec<Part<'_>> {
        match &self.rests_on {
            Some(RestsOn::Ratio { rows, relative_to, base }) => {
                let mut parts = base.parts();
                parts.push(Part { rows: Some((rows, relative_to)), factor: self.factor });
                parts
            }
            Some(RestsOn::Rows(rows)) => vec![Part { rows: Some((rows, "")), factor: self.factor }],
            None => vec![Part { rows: None, factor: self.factor }],
        }
    }
}

/// Something that a mean is a multiple of.
struct Part<'a> {
    /// Whom its rows speak of, and for a ratio what it compares with; parts with the same are one.
    rows: Option<(&'a RowsOf, &'a str)>,
    /// What is not known of it.
    factor: Factor,
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use fleetfront_sim::Seconds;

    #[test]
    fn a_derived_time_is_off_by_the_stated_figure_at_one_standard_deviation() {
        for sigma in Factor::DERIVED.sigmas_log() {
            assert_relative_eq!(sigma.exp(), 1.35, max_relative = 1e-12);
        }
        assert_relative_eq!(Factor::of_sigmas_log([0.1, 0.2]).sigmas_log()[1], 0.2, max_relative = 1e-12);
    }

    fn fit(rests_on: RestsOn, factor: Factor) -> Fit {
        let law = Law::lognormal(Seconds::new(10.0).expect("a span"), 0.2);
        let (sources, notes) = (Vec::new(), Vec::new());
        Fit { law, kind: Kind::Published, n: 0, factor, rests_on: Some(rests_on), sources, notes }
    }

    fn rows(variant: &str, gpu: &str) -> RowsOf {
        RowsOf { model: "m".into(), variant: variant.into(), gpu: gpu.into() }
    }

    fn scaled(base: &Fit, gpu: &str, factor: Factor) -> Fit {
        let (rows, relative_to) = (rows("*", gpu), "L40S".to_owned());
        fit(RestsOn::Ratio { rows, relative_to, base: Box::new(base.clone()) }, factor)
    }

    #[test]
    fn what_two_times_rest_on_cancels_in_their_ratio() {
        let [wide, some] = [3.0, 2.0].map(|high| Factor { low: 1.0 / high, high });
        let base = fit(RestsOn::Rows(rows("fp16", "L40S")), wide);
        let other = fit(RestsOn::Rows(rows("fp8", "L40S")), some);
        let (here, there) = (scaled(&base, "T4", some), scaled(&other, "T4", some));
        let check = |of: Factor, logs: &[f64]| {
            let reach = logs.iter().map(|log| log * log).sum::<f64>().sqrt();
            assert_relative_eq!(of.high.ln(), reach, epsilon = 1e-12);
            assert_relative_eq!(of.low.ln(), -reach, epsilon = 1e-12);
        };
        let (three, two) = (3_f64.ln(), 2_f64.ln());
        check(here.whole_factor(), &[three, two]);
        check(here.factor_over(&base), &[two]);
        check(base.factor_over(&here), &[two]);
        check(here.factor_over(&other), &[three, two, two]);
        check(here.factor_over(&there), &[three, two]);
        check(base.factor_over(&base), &[]);
        // A law that the scenario states is known to rest on nothing else.
        let stated = Fit { rests_on: None, ..base.clone() };
        check(stated.factor_over(&stated), &[three, three]);
    }
}
