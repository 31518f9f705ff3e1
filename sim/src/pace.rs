//! The clock of those who think: where more requests are expected it runs faster.

use crate::quantities::{SimSpan, SimTime};

/// A factor on the speed of a clock that changes in steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Pace {
    steps: Vec<Step>,
}

/// A stretch of constant pace, up to the start of the next one.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Step {
    from: SimTime,
    factor: f64,
    /// Nanoseconds that the clock has run before.
    run_ns: f64,
}

impl Pace {
    /// The clock of everybody.
    #[must_use]
    pub fn steady() -> Self {
        Self::new(&[(SimTime::START, 1.0)])
    }

    /// - `steps`: from when on which factor holds, in order of time; the first at the beginning of the trial, the last
    ///   for ever.
    ///
    /// # Panics
    /// If there is no step, the first does not begin with the trial, they are out of order, or a factor is negative,
    /// infinite or NaN.
    #[must_use]
    pub fn new(steps: &[(SimTime, f64)]) -> Self {
        assert!(steps.first().is_some_and(|(from, _)| *from == SimTime::START), "a pace begins with the trial");
        assert!(steps.windows(2).all(|pair| pair[0].0 <= pair[1].0), "steps of a pace are in order");
        assert!(steps.iter().all(|(_, factor)| factor.is_finite() && *factor >= 0.0), "a pace is zero or more");
        let mut found: Vec<Step> = Vec::with_capacity(steps.len());
        for &(from, factor) in steps {
            let run_ns = found.last().map_or(0.0, |last| last.run_ns + last.factor * (from - last.from).0 as f64);
            found.push(Step { from, factor, run_ns });
        }
        Self { steps: found }
    }

    /// When the clock will have run for a span, counted from an instant on; [`SimTime::NEVER`] where it stands still
    /// for ever before. Exact within a stretch of pace 1, for spans up to 104 days.
    #[must_use]
    pub fn after(&self, from: SimTime, span: SimSpan) -> SimTime {
        let place = self.steps.partition_point(|step| step.from <= from) - 1;
        let step = self.steps[place];
        let next = self.steps.get(place + 1);
        if step.factor > 0.0 {
            // Rounded to the nearest nanosecond; what is beyond the range of instants is never.
            let at = from + SimSpan((span.0 as f64 / step.factor).round() as u64);
            if next.is_none_or(|next| at < next.from) {
                return at;
            }
        } else if span == SimSpan::ZERO {
            return from;
        }
        let Some(next) = next else { return SimTime::NEVER };
        let passed = step.factor * (next.from - from).0 as f64;
        let wanted = next.run_ns + (span.0 as f64 - passed).max(0.0);
        // The last step that begins by then: the clock stands still before it, or has run so far.
        let later = &self.steps[place + 1..];
        let place = later.partition_point(|step| step.run_ns <= wanted) - 1;
        let step = later[place];
        let left = wanted - step.run_ns;
        if left == 0.0 {
            // What is reached at the end of a standstill was reached when it began.
            let reached = later.partition_point(|step| step.run_ns < wanted);
            return later[reached].from;
        }
        if step.factor == 0.0 {
            return SimTime::NEVER;
        }
        step.from + SimSpan((left / step.factor).round() as u64)
    }
}

#[cfg(test)]
impl Pace {
    /// The same with every step so many times as long.
    pub(crate) fn slowed(&self, times: u64) -> Self {
        let step = |step: &Step| (SimTime(step.from.0 * times), step.factor);
        Self::new(&self.steps.iter().map(step).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: u64 = 1_000_000_000;

    fn at(seconds: u64) -> SimTime {
        SimTime(seconds * S)
    }

    #[test]
    fn a_steady_clock_is_everybodys() {
        let odd = SimSpan(1_234_567_890_123_457);
        for from in [0, 1, 987_654_321_987] {
            assert_eq!(Pace::steady().after(SimTime(from), odd), SimTime(from) + odd);
        }
    }

    /// 10 s at twice the speed, 10 s of standstill, then half the speed.
    #[test]
    fn a_span_takes_as_long_as_the_clock_needs_for_it() {
        let pace = Pace::new(&[(at(0), 2.0), (at(10), 0.0), (at(20), 0.5)]);
        for (from, span, reached) in
            [(0, 0, 0), (0, 8, 4), (4, 10, 9), (4, 14, 24), (9, 2, 10), (9, 3, 22), (30, 4, 38)]
        {
            assert_eq!(pace.after(at(from), SimSpan(span * S)), at(reached), "{span} s from {from} s on");
        }
        // Inside the standstill: nothing more is no wait, and more has to wait for its end.
        assert_eq!(pace.after(at(12), SimSpan::ZERO), at(12));
        assert_eq!(pace.after(at(12), SimSpan(S)), at(22));
        let stops = Pace::new(&[(at(0), 1.0), (at(10), 0.0)]);
        assert_eq!(stops.after(at(8), SimSpan(2 * S)), at(10));
        assert_eq!(stops.after(at(8), SimSpan(3 * S)), SimTime::NEVER);
        assert_eq!(stops.after(at(11), SimSpan(3 * S)), SimTime::NEVER);
    }

    /// The integral of the factor from the one instant to the other is the span: by summing it up.
    #[test]
    fn the_integral_over_the_thinking_is_the_time_to_think() {
        let steps: Vec<(SimTime, f64)> =
            (0..200u64).map(|k| (SimTime(k * k * S / 7), [0.3, 1.0, 0.0, 2.7, 9.1][(k % 5) as usize])).collect();
        let pace = Pace::new(&steps);
        let ends = steps.iter().skip(1).map(|(from, _)| from.0).chain([u64::MAX]);
        let stretches: Vec<(u64, u64, f64)> = steps.iter().zip(ends).map(|((a, f), b)| (a.0, b, *f)).collect();
        for k in 0..400u64 {
            let (from, span) = (k * 11 * S / 3, k * k % 173 * S);
            let reached = pace.after(SimTime(from), SimSpan(span)).0;
            let inside = |(start, end, factor): &(u64, u64, f64)| {
                *factor * (reached.min(*end).saturating_sub(from.max(*start))) as f64
            };
            let integral: f64 = stretches.iter().map(inside).sum();
            // Rounded to a nanosecond at a pace of 9.1, and sums of floats at 10^13.
            assert!((integral - span as f64).abs() < 6.0, "{integral} ns, not {span}");
        }
    }
}
