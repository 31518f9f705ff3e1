//! `M_t/G/infinity`: how many requests would be executed at once if none ever waited.

use fleetfront_sim::Service;
use fleetfront_workloads::Rate;

/// Spans that stand for a service time.
const PLACES: usize = 4096;
/// Factors that stand for the shapes of requests, at most, each on its share of the places.
const FACTORS: usize = 64;

/// The mean of the lesser of a service time S and x, as a function of x: the area under P(S > t) from 0 to x. From
/// 4096 equal shares of the law, each at its middle, scaled to the law's own mean; where requests differ in shape, from
/// fewer shares of the law for each of up to 64 factors.
#[derive(Debug, Clone, PartialEq)]
pub struct Busyness {
    /// Rising, in seconds; the share of those before each, and their share times span in all.
    spans_s: Vec<f64>,
    share_before: Vec<f64>,
    before_s: Vec<f64>,
}

impl Busyness {
    /// Of this service time.
    #[must_use]
    pub fn of(service: &Service) -> Self {
        let factors = service.work.as_ref().map_or_else(|| vec![(1.0, 1.0)], |work| work.points(FACTORS));
        let places = PLACES / factors.len();
        let mut of_law: Vec<f64> =
            (0..places).map(|k| service.law.seconds_at((k as f64 + 0.5) / places as f64).max(0.0)).collect();
        of_law.sort_by(f64::total_cmp);
        let mean = of_law.iter().sum::<f64>() / places as f64;
        let scale = if mean > 0.0 { service.law.mean_s() / mean } else { 1.0 };
        let of_factor = |(share, factor): &(f64, f64)| {
            let (share, factor) = (share / places as f64, factor * scale);
            of_law.iter().map(move |span| (share, span * factor)).collect::<Vec<_>>()
        };
        let mut spans: Vec<(f64, f64)> = factors.iter().flat_map(of_factor).collect();
        spans.sort_by(|a, b| a.1.total_cmp(&b.1));
        let (mut share, mut sum) = (0.0, 0.0);
        let (mut share_before, mut before_s) = (vec![0.0], vec![0.0]);
        for (own, span) in &spans {
            (share, sum) = (share + own, sum + own * span);
            share_before.push(share);
            before_s.push(sum);
        }
        Self { spans_s: spans.into_iter().map(|(_, span)| span).collect(), share_before, before_s }
    }

    /// E\[min(S, x)\] in seconds.
    fn up_to(&self, x_s: f64) -> f64 {
        if x_s <= 0.0 {
            return 0.0;
        }
        let shorter = self.spans_s.partition_point(|span| *span <= x_s);
        self.before_s[shorter] + x_s * (1.0 - self.share_before[shorter])
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
        let reach_s = at_s - self.spans_s.last().copied().unwrap_or(0.0);
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
    use fleetfront_sim::{Law, Shape, ShapeLaw, Shapes, Work};
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
                Busyness::of(&law.into()).mean_busy(&rate(&[(0.0, 0.25)]), 50_000.0),
                3.0,
                max_relative = 1e-9
            );
        }
    }

    /// By hand: with exponential services a rate that begins at 0 has λ·E\[S\]·(1 - e^(-t/E\[S\])) in execution; with
    /// services of 10 s those of the last ten seconds.
    #[test]
    fn a_rate_that_begins_fills_up() {
        let exponential = Busyness::of(&Law::Exponential { mean_s: 20.0 }.into());
        for at_s in [1.0, 20.0, 70.0] {
            let expected = 0.5 * 20.0 * (1.0 - (-at_s / 20.0_f64).exp());
            assert_relative_eq!(exponential.mean_busy(&rate(&[(0.0, 0.5)]), at_s), expected, max_relative = 1e-3);
        }
        let always = Busyness::of(&Law::Deterministic { seconds: 10.0 }.into());
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
        let busyness = Busyness::of(&Law::Exponential { mean_s: mean }.into());
        for at_s in [40_000.0_f64, 42_000.0, 44_500.0] {
            let (phase, lag) = (omega * at_s, omega * mean);
            let swing = (phase.sin() - lag * phase.cos()) / (1.0 + lag * lag);
            let expected = mean * (0.02 + 0.015 * swing);
            assert_relative_eq!(busyness.mean_busy(&rate, at_s), expected, max_relative = 1e-3);
        }
    }

    /// With two shapes it is the mean of two laws, each with its own time: by the closed form of exponential services.
    #[test]
    fn two_shapes_are_two_laws() {
        let reference = Shape { steps: 20.0, megapixels: 1.0, frames: 1.0, images: 1.0 };
        let mix = Shapes::Joint(vec![(3.0, reference), (1.0, Shape { steps: 100.0, ..reference })]);
        let grows = ShapeLaw { fixed_share: 0.0, megapixels_exponent: 1.0, frames_exponent: 1.0 };
        let work = Some(std::sync::Arc::new(Work::of(&mix, &reference, &grows)));
        let busyness = Busyness::of(&Service { law: Law::Exponential { mean_s: 20.0 }, work });
        for at_s in [1.0, 20.0, 70.0, 300.0, 20_000.0] {
            let of = |mean: f64| mean * (1.0 - (-at_s / mean).exp());
            let expected = 0.5 * (0.75 * of(20.0) + 0.25 * of(100.0));
            assert_relative_eq!(busyness.mean_busy(&rate(&[(0.0, 0.5)]), at_s), expected, max_relative = 2e-3);
        }
    }
}
