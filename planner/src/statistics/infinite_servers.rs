//! `M_t/G/infinity`: how many requests would be executed at once if none ever waited.

use fleetfront_sim::Law;
use fleetfront_workloads::Rate;

/// Places of the law that stand for it, in equal shares.
const PLACES: usize = 4096;

/// The mean of the lesser of a service time S and x, as a function of x: the area under P(S > t) from 0 to x. From
/// 4096 equal shares of the law, each at its middle, scaled to the law's own mean.
#[derive(Debug, Clone, PartialEq)]
pub struct Busyness {
    /// Rising, in seconds, and the sum of those before each.
    spans_s: Vec<f64>,
    before_s: Vec<f64>,
}

impl Busyness {
    /// Of this law of service times.
    #[must_use]
    pub fn of(law: &Law) -> Self {
        let mut spans_s: Vec<f64> =
            (0..PLACES).map(|k| law.seconds_at((k as f64 + 0.5) / PLACES as f64).max(0.0)).collect();
        spans_s.sort_by(f64::total_cmp);
        let mean = spans_s.iter().sum::<f64>() / PLACES as f64;
        let scale = if mean > 0.0 { law.mean_s() / mean } else { 1.0 };
        for span in &mut spans_s {
            *span *= scale;
        }
        let mut sum = 0.0;
        let before_s = std::iter::once(0.0)
            .chain(spans_s.iter().map(|span| {
                sum += span;
                sum
            }))
            .collect();
        Self { spans_s, before_s }
    }

    /// E\[min(S, x)\] in seconds.
    fn up_to(&self, x_s: f64) -> f64 {
        if x_s <= 0.0 {
            return 0.0;
        }
        let shorter = self.spans_s.partition_point(|span| *span <= x_s);
        (self.before_s[shorter] + x_s * (PLACES - shorter) as f64) / PLACES as f64
    }

    /// The mean number of requests in execution at `at_s` seconds of a trial, if each is executed when it comes: the
    /// integral of λ(u)·P(S > t - u) over all u before t. The number itself is Poisson with this mean where requests
    /// come as a Poisson process of that rate.
    ///
    /// - `rate`: of the requests; none come before it begins.
    ///
    /// # Source
    /// Eick, Massey and Whitt 1993, "The physics of the Mt/G/∞ queue", theorem 1. For a rate that is constant between
    /// two instants the integral is the difference of two values of E\[min(S, x)\].
    #[must_use]
    pub fn mean_busy(&self, rate: &Rate, at_s: f64) -> f64 {
        let reach_s = at_s - self.spans_s[PLACES - 1];
        let first = rate.segments().partition_point(|segment| segment.start_s <= reach_s).saturating_sub(1);
        let stretches = rate.stretches().skip(first).take_while(|(start_s, ..)| *start_s < at_s);
        stretches
            .map(|(start_s, end_s, per_second)| {
                per_second * (self.up_to(at_s - start_s) - self.up_to(at_s - end_s.min(at_s)))
            })
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use fleetfront_workloads::RateSegment;

    fn rate(segments: &[(f64, f64)]) -> Rate {
        let segment = |(start_s, per_second): &(f64, f64)| RateSegment { start_s: *start_s, per_second: *per_second };
        Rate::new(segments.iter().map(segment).collect(), 100_000.0)
    }

    /// Long after its beginning a constant rate has λ·E\[S\] requests in execution, whatever the law (Little).
    #[test]
    fn a_constant_rate_has_its_offered_load() {
        let laws = [
            Law::Deterministic { seconds: 12.0 },
            Law::Exponential { mean_s: 12.0 },
            Law::Lognormal { mu: 12.0_f64.ln() - 0.32, sigma: 0.8 },
            Law::TwoPoint { low_s: 2.0, high_s: 102.0, high_probability: 0.1 },
        ];
        for law in laws {
            assert_relative_eq!(
                Busyness::of(&law).mean_busy(&rate(&[(0.0, 0.25)]), 50_000.0),
                3.0,
                max_relative = 1e-9
            );
        }
    }

    /// By hand: with exponential services a rate that begins at 0 has λ·E\[S\]·(1 - e^(-t/E\[S\])) in execution; with
    /// services of 10 s those of the last ten seconds.
    #[test]
    fn a_rate_that_begins_fills_up() {
        let exponential = Busyness::of(&Law::Exponential { mean_s: 20.0 });
        for at_s in [1.0, 20.0, 70.0] {
            let expected = 0.5 * 20.0 * (1.0 - (-at_s / 20.0_f64).exp());
            assert_relative_eq!(exponential.mean_busy(&rate(&[(0.0, 0.5)]), at_s), expected, max_relative = 1e-3);
        }
        let always = Busyness::of(&Law::Deterministic { seconds: 10.0 });
        let steps = rate(&[(0.0, 1.0), (50.0, 3.0), (60.0, 0.0)]);
        for (at_s, expected) in [(0.0, 0.0), (4.0, 4.0), (50.0, 10.0), (55.0, 20.0), (60.0, 30.0), (64.0, 18.0)] {
            assert_relative_eq!(always.mean_busy(&steps, at_s), expected, epsilon = 1e-9);
        }
        assert_relative_eq!(always.mean_busy(&steps, 71.0), 0.0);
    }

    /// m(t) = E\[λ(t - A)\]·E\[S\] with A the age of a service. Where services are exponential, so is A, and a rate that
    /// swings as a sine gives a sine that lags and is damped by 1/(1 + (ωE\[S\])²) (Eick, Massey and Whitt 1993, 3).
    #[test]
    fn a_swinging_rate_is_followed_late_and_damped() {
        let (mean, omega) = (600.0, std::f64::consts::TAU / 7200.0);
        let rate = Rate::sinusoid(0.02, 0.015, 7200.0, 60_000.0);
        let busyness = Busyness::of(&Law::Exponential { mean_s: mean });
        for at_s in [40_000.0_f64, 42_000.0, 44_500.0] {
            let (phase, lag) = (omega * at_s, omega * mean);
            let swing = (phase.sin() - lag * phase.cos()) / (1.0 + lag * lag);
            let expected = mean * (0.02 + 0.015 * swing);
            assert_relative_eq!(busyness.mean_busy(&rate, at_s), expected, max_relative = 1e-3);
        }
    }
}
