//! A piecewise-constant arrival rate over one trial.

use crate::slow_rate::SlowStep;

/// A stretch of constant rate, up to the start of the next one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateSegment {
    /// Where it begins, in seconds from the beginning of the trial.
    pub start_s: f64,
    /// Requests a second.
    pub per_second: f64,
}

/// Requests a second from the beginning of a trial to its end: right-continuous, constant between its segments' starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Rate {
    segments: Vec<RateSegment>,
    end_s: f64,
}

impl Rate {
    /// The rate with these segments, in order of their starts, up to `end_s` seconds from the beginning.
    ///
    /// # Panics
    /// If there is no segment, the first does not start at 0, starts do not increase up to `end_s`, or a rate is
    /// negative, infinite or NaN.
    #[must_use]
    pub fn new(segments: Vec<RateSegment>, end_s: f64) -> Self {
        assert!(segments.first().is_some_and(|first| first.start_s == 0.0), "a rate starts at 0");
        assert!(segments.windows(2).all(|pair| pair[0].start_s < pair[1].start_s), "segments are in order");
        assert!(
            segments.last().is_some_and(|last| last.start_s < end_s && end_s.is_finite()),
            "a rate ends at the end"
        );
        assert!(segments.iter().all(|s| s.per_second.is_finite() && s.per_second >= 0.0), "rates are zero or more");
        Self { segments, end_s }
    }

    /// The same rate all the time, up to `end_s` seconds from the beginning.
    ///
    /// # Panics
    /// If the rate or the end is not legal: see [`Rate::new`].
    #[must_use]
    pub fn constant(per_second: f64, end_s: f64) -> Self {
        Self::new(vec![RateSegment { start_s: 0.0, per_second }], end_s)
    }

    /// base + amplitude sin(2 pi t / period) requests a second, in 1024 slices a period: each has the mean of its own
    /// time, so that the integral is exact where slices meet, and off by at most 7.5e-7 amplitude times period between.
    /// Takes 16 kB a period.
    ///
    /// # Panics
    /// If the amplitude is beyond the base, the period is not positive, or the end is not legal.
    #[must_use]
    pub fn sinusoid(base_per_second: f64, amplitude_per_second: f64, period_s: f64, end_s: f64) -> Self {
        const SLICES: usize = 1024;
        // cos(2 pi / 1024) and its sine, computed with 60 digits, 2026-11: turning by them is the same everywhere,
        // which a library's cosine is not.
        const TURN: [f64; 2] = [0.999_981_175_282_601_1, 0.006_135_884_649_154_475];
        assert!(amplitude_per_second.abs() <= base_per_second, "a rate is never below zero");
        assert!(period_s > 0.0 && period_s.is_finite(), "a period of {period_s} s is none");
        let (mut cosine, mut sine) = (1.0, 0.0);
        let slices: Vec<f64> = (0..SLICES)
            .map(|_| {
                let before = cosine;
                (cosine, sine) = (cosine * TURN[0] - sine * TURN[1], sine * TURN[0] + cosine * TURN[1]);
                let mean_sine = (before - cosine) * SLICES as f64 / std::f64::consts::TAU;
                (base_per_second + amplitude_per_second * mean_sine).max(0.0)
            })
            .collect();
        let start_s = |slice: usize| slice as f64 / SLICES as f64 * period_s;
        let segments = (0..).map(|slice| RateSegment { start_s: start_s(slice), per_second: slices[slice % SLICES] });
        Self::new(segments.take_while(|segment| segment.start_s < end_s).collect(), end_s)
    }

    /// Its stretches, in order; the first starts at 0.
    #[must_use]
    pub fn segments(&self) -> &[RateSegment] {
        &self.segments
    }

    /// Where it ends, in seconds from the beginning of the trial.
    #[must_use]
    pub fn end_s(&self) -> f64 {
        self.end_s
    }

    /// The stretches as (start, end, requests a second), in seconds from the beginning of the trial.
    pub fn stretches(&self) -> impl Iterator<Item = (f64, f64, f64)> + '_ {
        let ends = self.segments.iter().skip(1).map(|next| next.start_s).chain([self.end_s]);
        self.segments.iter().zip(ends).map(|(segment, end_s)| (segment.start_s, end_s, segment.per_second))
    }

    /// Requests a second at `at_s` seconds; zero outside the trial.
    #[must_use]
    pub fn at(&self, at_s: f64) -> f64 {
        if !(0.0..self.end_s).contains(&at_s) {
            return 0.0;
        }
        self.segments[self.segments.partition_point(|segment| segment.start_s <= at_s) - 1].per_second
    }

    /// Expected requests from `from_s` to `to_s` seconds.
    #[must_use]
    pub fn integral(&self, from_s: f64, to_s: f64) -> f64 {
        let inside = |start: f64, end: f64| (end.min(to_s) - start.max(from_s)).max(0.0);
        self.stretches().map(|(start, end, per_second)| per_second * inside(start, end)).sum()
    }

    /// This rate times a factor that changes in steps.
    ///
    /// - `steps`: in order of their starts, the first at 0 (see [`crate::SlowRate::path`]).
    #[must_use]
    pub fn times(&self, steps: &[SlowStep]) -> Self {
        let mut segments = Vec::with_capacity(self.segments.len() + steps.len());
        let mut next_step = 0;
        let mut factor = 1.0;
        for (start_s, end_s, per_second) in self.stretches() {
            while next_step < steps.len() && steps[next_step].start_s <= start_s {
                factor = steps[next_step].factor;
                next_step += 1;
            }
            segments.push(RateSegment { start_s, per_second: per_second * factor });
            while next_step < steps.len() && steps[next_step].start_s < end_s {
                let step = steps[next_step];
                factor = step.factor;
                segments.push(RateSegment { start_s: step.start_s, per_second: per_second * factor });
                next_step += 1;
            }
        }
        Self::new(segments, self.end_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    fn rate() -> Rate {
        let segment = |start_s, per_second| RateSegment { start_s, per_second };
        Rate::new(vec![segment(0.0, 2.0), segment(10.0, 0.0), segment(15.0, 1.0)], 20.0)
    }

    #[test]
    fn a_segment_owns_its_start_and_not_its_end() {
        for (at_s, expected) in
            [(-1.0, 0.0), (0.0, 2.0), (9.9, 2.0), (10.0, 0.0), (15.0, 1.0), (19.9, 1.0), (20.0, 0.0)]
        {
            assert_relative_eq!(rate().at(at_s), expected);
        }
    }

    #[test]
    fn integrals_add_up_and_stop_at_the_ends() {
        assert_relative_eq!(rate().integral(0.0, 20.0), 25.0);
        assert_relative_eq!(rate().integral(9.0, 16.0), 3.0);
        assert_relative_eq!(rate().integral(-5.0, 99.0), 25.0);
        assert_relative_eq!(rate().integral(12.0, 12.0), 0.0);
    }

    #[test]
    fn a_factor_multiplies_where_it_holds() {
        let step = |start_s, factor| SlowStep { start_s, factor };
        let product = rate().times(&[step(0.0, 0.5), step(4.0, 3.0), step(10.0, 7.0), step(18.0, 2.0)]);
        let found: Vec<_> = product.segments().iter().map(|s| (s.start_s, s.per_second)).collect();
        assert_eq!(found, [(0.0, 1.0), (4.0, 6.0), (10.0, 0.0), (15.0, 7.0), (18.0, 2.0)]);
        assert_relative_eq!(product.end_s(), 20.0);
    }

    #[test]
    fn a_sinusoid_has_its_integral() {
        let (base, amplitude, period_s) = (0.3, 0.3, 7000.0);
        let rate = Rate::sinusoid(base, amplitude, period_s, 16_000.0);
        let turn = std::f64::consts::TAU / period_s;
        for k in 0..=5000 {
            let at_s = 3.2 * f64::from(k);
            let exact = base * at_s + amplitude * (1.0 - (turn * at_s).cos()) / turn;
            assert_relative_eq!(rate.integral(0.0, at_s), exact, epsilon = 7.6e-7 * amplitude * period_s);
            if k < 5000 {
                assert_relative_eq!(rate.at(at_s), base + amplitude * (turn * at_s).sin(), epsilon = 0.002);
            }
        }
        assert_relative_eq!(rate.integral(0.0, 14_000.0), 4200.0, max_relative = 1e-12);
        assert_relative_eq!(Rate::constant(0.3, 100.0).integral(0.0, 50.0), 15.0);
    }

    #[test]
    #[should_panic(expected = "segments are in order")]
    fn segments_out_of_order_are_a_bug() {
        let segment = |start_s| RateSegment { start_s, per_second: 1.0 };
        let _ = Rate::new(vec![segment(0.0), segment(5.0), segment(5.0)], 20.0);
    }
}
