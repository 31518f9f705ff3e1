//! Laws asked at quantiles, one or many at a time: the same bits either way.

#![expect(
    clippy::inline_always,
    reason = "a loop is vectorised for the caller's instruction set only where all of it is inlined"
)]

use std::sync::Arc;

use super::Law;
use super::empirical::Empirical;
use super::fitted::Fitted;
use super::gamma::Gamma;
use super::hyperexponential::Mixture;
use super::inverse_table::InverseTable;
use super::lognormal_mixture::LognormalMixture;
use crate::block::{BLOCK, update};
use crate::elementary::{NORMAL_CENTRE, exp, ln, normal_centre, normal_depth, normal_quantile, normal_tail};
use crate::quantile::Quantile;
use crate::quantities::SimSpan;

impl Law {
    /// The span at quantile `q`.
    #[must_use]
    pub fn span(&self, q: Quantile) -> SimSpan {
        SimSpan::from_secs_f64(self.seconds_at(q.uniform()))
    }

    /// The seconds that the span stays below with probability `u`, in (0, 1). A lognormal law takes probabilities
    /// within 2^-33 of 0 or 1 there: quantiles have none closer.
    ///
    /// Relative error below 1e-11 (lognormal: times sigma; in the gap between the parts of a mixture: as from a probability
    /// 2^-53 off), and the same on every machine.
    #[must_use]
    pub fn seconds_at(&self, u: f64) -> f64 {
        match *self {
            Self::Deterministic { seconds } => seconds,
            Self::Exponential { mean_s } => mean_s * memoryless(u),
            Self::Lognormal { mu, sigma } => exp(mu + sigma * normal_quantile(u)),
            Self::Gamma { shape, scale_s } => Gamma::new(shape).quantile(u) * scale_s,
            Self::Weibull { shape, scale_s } => scale_s * exp(ln(memoryless(u)) / shape),
            Self::TwoPoint { low_s, high_s, high_probability } => {
                if 1.0 - u <= high_probability {
                    high_s
                } else {
                    low_s
                }
            }
            Self::Hyperexponential { mean_s, first_probability } => {
                Mixture::new(mean_s, first_probability).seconds(1.0 - u)
            }
            Self::ShiftedLognormal { shift_s, mu, sigma } => shift_s + exp(mu + sigma * normal_quantile(u)),
            Self::LognormalMixture { mu, sigma, first_probability } => {
                LognormalMixture::new(mu, sigma, first_probability).seconds(u)
            }
            Self::Empirical { knots_s, tail_scale_s, tail_shape } => {
                Empirical { knots_s, tail_scale_s, tail_shape }.seconds(u)
            }
        }
    }

    /// The law made ready for many quantiles. For a gamma law this takes as long as some hundred spans, for a mixture of
    /// lognormal laws as long as a thousand; for all others it is free.
    #[must_use]
    pub fn ready(&self) -> ReadyLaw {
        let fitted = match *self {
            Self::Gamma { shape, scale_s } => {
                let (law, ln_scale) = (Gamma::new(shape), ln(scale_s));
                Fitted::of(|below, above| law.ln_quantile(below, above) + ln_scale)
            }
            _ => None,
        };
        ReadyLaw { fitted: fitted.map(Arc::new), ..self.ready_for_few() }
    }

    /// The law made ready for few quantiles of each of many trials: a gamma law as [`Law::span`] has it, the others as
    /// [`Law::ready`] has them.
    #[must_use]
    pub fn ready_for_few(&self) -> ReadyLaw {
        let table = match *self {
            Self::LognormalMixture { mu, sigma, first_probability } => {
                Some(Arc::new(LognormalMixture::new(mu, sigma, first_probability).table()))
            }
            _ => None,
        };
        ReadyLaw { law: *self, fitted: None, table }
    }
}

/// A law that is asked at many quantiles.
///
/// A gamma law and a mixture of lognormal laws are met to 1e-9 of their values, all others to the bit. Either way a span depends on
/// the law and its quantile only, not on the block it is in. Copies share what took long to make: it is made once and
/// given to all trials and threads.
#[derive(Debug, Clone)]
pub struct ReadyLaw {
    law: Law,
    fitted: Option<Arc<Fitted>>,
    table: Option<Arc<InverseTable>>,
}

impl ReadyLaw {
    /// The law itself.
    #[must_use]
    pub fn law(&self) -> &Law {
        &self.law
    }

    /// The spans at `quantiles`, in their order: what [`Law::span`] gives, a block at a time.
    ///
    /// # Panics
    /// If `spans` has another length.
    pub fn fill_spans(&self, quantiles: &[Quantile], spans: &mut [SimSpan]) {
        assert_eq!(quantiles.len(), spans.len(), "a span for every quantile");
        let mut seconds = [0.0; BLOCK];
        for (quantiles, spans) in quantiles.chunks(BLOCK).zip(spans.chunks_mut(BLOCK)) {
            let seconds = &mut seconds[..quantiles.len()];
            self.fill_block(quantiles, seconds);
            fill_nanoseconds(seconds, spans);
        }
    }

    /// The seconds at `quantiles`, in their order: what [`Law::seconds_at`] gives, a block at a time.
    ///
    /// # Panics
    /// If `seconds` has another length.
    pub fn fill_seconds(&self, quantiles: &[Quantile], seconds: &mut [f64]) {
        assert_eq!(quantiles.len(), seconds.len(), "seconds for every quantile");
        for (quantiles, seconds) in quantiles.chunks(BLOCK).zip(seconds.chunks_mut(BLOCK)) {
            self.fill_block(quantiles, seconds);
        }
    }

    fn fill_block(&self, quantiles: &[Quantile], seconds: &mut [f64]) {
        if let Some(fitted) = &self.fitted {
            fill_normal(quantiles, seconds);
            return fitted.fill(seconds);
        }
        if let Some(table) = &self.table {
            table.fill(quantiles, seconds);
            return update(
                quantiles,
                seconds,
                #[inline(always)]
                |_, y| exp(y),
            );
        }
        match self.law {
            Law::Exponential { mean_s } => update(
                quantiles,
                seconds,
                #[inline(always)]
                |q, _| mean_s * memoryless(q.uniform()),
            ),
            Law::Lognormal { mu, sigma } => {
                fill_normal(quantiles, seconds);
                update(
                    quantiles,
                    seconds,
                    #[inline(always)]
                    |_, z| exp(mu + sigma * z),
                );
            }
            Law::ShiftedLognormal { shift_s, mu, sigma } => {
                fill_normal(quantiles, seconds);
                update(
                    quantiles,
                    seconds,
                    #[inline(always)]
                    |_, z| shift_s + exp(mu + sigma * z),
                );
            }
            Law::Weibull { shape, scale_s } => {
                update(
                    quantiles,
                    seconds,
                    #[inline(always)]
                    |q, _| memoryless(q.uniform()),
                );
                update(
                    quantiles,
                    seconds,
                    #[inline(always)]
                    |_, x| scale_s * exp(ln(x) / shape),
                );
            }
            Law::Gamma { shape, scale_s } => {
                let law = Gamma::new(shape);
                update_one_by_one(quantiles, seconds, |u| law.quantile(u) * scale_s);
            }
            Law::Hyperexponential { mean_s, first_probability } => {
                Mixture::new(mean_s, first_probability).fill(quantiles, seconds);
            }
            Law::Empirical { knots_s, tail_scale_s, tail_shape } => {
                Empirical { knots_s, tail_scale_s, tail_shape }.fill(quantiles, seconds);
            }
            Law::Deterministic { .. } | Law::TwoPoint { .. } | Law::LognormalMixture { .. } => {
                update_one_by_one(quantiles, seconds, |u| self.law.seconds_at(u));
            }
        }
    }
}

/// The exponential law with mean 1.
#[inline(always)]
fn memoryless(u: f64) -> f64 {
    -ln(1.0 - u)
}

/// Standard normal variables, in three passes: the depth, the centre, and the few of the tails.
fn fill_normal(quantiles: &[Quantile], normal: &mut [f64]) {
    update(
        quantiles,
        normal,
        #[inline(always)]
        |q, _| normal_depth(q.uniform()),
    );
    let mut depths = [0.0; BLOCK];
    let depths = &mut depths[..normal.len()];
    depths.copy_from_slice(normal);
    update(
        quantiles,
        normal,
        #[inline(always)]
        |q, depth| normal_centre(q.uniform(), depth),
    );
    for ((q, depth), normal) in quantiles.iter().zip(depths).zip(normal) {
        if *depth >= NORMAL_CENTRE {
            *normal = normal_tail(q.uniform(), *depth);
        }
    }
}

/// For what is not worth a vector.
fn update_one_by_one(quantiles: &[Quantile], seconds: &mut [f64], f: impl Fn(f64) -> f64) {
    for (q, seconds) in quantiles.iter().zip(seconds) {
        *seconds = f(q.uniform());
    }
}

/// What [`SimSpan::from_secs_f64`] gives.
fn fill_nanoseconds(seconds: &[f64], spans: &mut [SimSpan]) {
    // Below 2^52 ns (52 days) an integer can be read off the bits of a float, which vectors can do and casts cannot.
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    const MOST_S: f64 = 4.5e6;
    update(
        seconds,
        spans,
        #[inline(always)]
        |seconds, _| {
            let nanoseconds = seconds * 1e9 + 0.5;
            let nearest = (nanoseconds + TWO_52) - TWO_52;
            let whole = if nearest > nanoseconds { nearest - 1.0 } else { nearest };
            SimSpan((whole + TWO_52).to_bits() ^ TWO_52.to_bits())
        },
    );
    for (seconds, span) in seconds.iter().zip(spans) {
        if *seconds >= MOST_S {
            *span = SimSpan::from_secs_f64(*seconds);
        }
    }
}
