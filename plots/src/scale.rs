//! From values to pixels, and where the ticks are.

/// An axis: a range of values laid over a range of pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    log: bool,
}

impl Scale {
    /// - `low`, `high`: finite values, different ones.
    /// - `from`, `to`: where they stand.
    pub(crate) fn linear(low: f64, high: f64, from: f64, to: f64) -> Self {
        assert!(low.is_finite() && high.is_finite() && low < high, "no axis from {low} to {high}");
        Self { low, high, from, to, log: false }
    }

    /// Equal ratios are equal distances; both values are positive.
    pub(crate) fn log(low: f64, high: f64, from: f64, to: f64) -> Self {
        assert!(low > 0.0 && high.is_finite() && low < high, "no logarithmic axis from {low} to {high}");
        Self { low, high, from, to, log: true }
    }

    /// The least and the greatest value.
    pub(crate) fn ends(&self) -> (f64, f64) {
        (self.low, self.high)
    }

    /// Where a value stands; values outside the axis stand at its ends.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let value = value.clamp(self.low, self.high);
        let share = if self.log {
            (value / self.low).ln() / (self.high / self.low).ln()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        self.from + share * (self.to - self.from)
    }

    /// Values to mark: about `wanted` round ones on a linear axis, 1-2-5 or only the powers of ten on a logarithmic one.
    pub(crate) fn ticks(&self, wanted: usize) -> Vec<f64> {
        if self.log { self.log_ticks(wanted) } else { self.linear_ticks(wanted) }
    }

    fn linear_ticks(&self, wanted: usize) -> Vec<f64> {
        let step = nice_step((self.high - self.low) / wanted.max(1) as f64);
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|k| k as f64 * step).collect()
    }

    fn log_ticks(&self, wanted: usize) -> Vec<f64> {
        let decades = self.low.log10().floor() as i32..=self.high.log10().ceil() as i32;
        let marked = |steps: &[f64]| -> Vec<f64> {
            decades
                .clone()
                .flat_map(|decade| steps.iter().map(move |step| step * 10f64.powi(decade)))
                .filter(|tick| *tick >= self.low * 0.999 && *tick <= self.high * 1.001)
                .collect()
        };
        let candidates: [&[f64]; 4] = [&[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0], &[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]];
        let densest = candidates.iter().map(|steps| marked(steps)).find(|ticks| ticks.len() <= wanted + 2);
        match densest {
            // Where hardly two of these numbers lie equal steps are nearly equal ratios.
            Some(ticks) if ticks.len() < 3 && self.high < 3.0 * self.low => self.linear_ticks(wanted),
            Some(ticks) => ticks,
            None => marked(&[1.0]),
        }
    }

    /// Ticks that people count time in, from a millisecond to a day.
    pub(crate) fn time_ticks(&self) -> Vec<f64> {
        const TIMES_S: [f64; 15] =
            [0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 300.0, 600.0, 1800.0, 3600.0, 10_800.0, 86_400.0];
        TIMES_S.into_iter().filter(|tick| *tick >= self.low * 0.999 && *tick <= self.high * 1.001).collect()
    }
}

/// The round number (1, 2 or 5 times a power of ten) that is not below `rough`.
pub(crate) fn nice_step(rough: f64) -> f64 {
    let power = 10f64.powf(rough.max(1e-300).log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= rough * 0.999).unwrap_or(power)
}

/// The finite, positive part of a range of values, widened by a factor on both sides; `None` where there is none.
pub(crate) fn positive_range(values: impl Iterator<Item = f64>, margin: f64) -> Option<(f64, f64)> {
    let (low, high) = values
        .filter(|value| value.is_finite() && *value > 0.0)
        .fold((f64::INFINITY, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    (low <= high).then_some((low / margin, high * margin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decade_is_as_long_as_the_next() {
        let scale = Scale::log(1.0, 100.0, 0.0, 200.0);
        assert!((scale.at(10.0) - 100.0).abs() < 1e-9);
        assert!((scale.at(f64::INFINITY) - 200.0).abs() < 1e-9);
    }

    #[test]
    fn ticks_are_round_and_inside() {
        assert_eq!(Scale::linear(0.0, 950.0, 0.0, 1.0).ticks(5), [0.0, 200.0, 400.0, 600.0, 800.0]);
        assert_eq!(Scale::log(0.4, 30.0, 0.0, 1.0).ticks(6), [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]);
        let check = |(low, high), wanted, expected: &[f64]| {
            let ticks = Scale::log(low, high, 0.0, 1.0).ticks(wanted);
            let is_near = ticks.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9);
            assert!(ticks.len() == expected.len() && is_near, "{ticks:?}");
        };
        check((0.32, 3.1), 6, &[0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0]);
        check((0.75, 1.55), 6, &[0.8, 1.0, 1.2, 1.4]);
        check((0.93, 1.08), 3, &[0.95, 1.0, 1.05]);
        assert_eq!(Scale::log(0.9, 400.0, 0.0, 1.0).time_ticks(), [1.0, 3.0, 10.0, 30.0, 60.0, 180.0, 300.0]);
    }

    #[test]
    fn a_range_ignores_what_cannot_be_drawn() {
        assert_eq!(positive_range([f64::INFINITY, 2.0, 0.0, 8.0].into_iter(), 2.0), Some((1.0, 16.0)));
        assert_eq!(positive_range([f64::NAN].into_iter(), 2.0), None);
    }
}
