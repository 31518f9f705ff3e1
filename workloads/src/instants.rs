//! From gaps in expected requests to instants: the inverse of the cumulative rate.

use fleetfront_sim::{SimSpan, SimTime};

use crate::rate::Rate;

/// The inverse of a piecewise-constant rate's integral, walked from the beginning of the trial to its end.
#[derive(Debug)]
pub(crate) struct Instants {
    rate: Rate,
    /// The last instant of the trial.
    end_ns: u64,
    /// The stretch behind the present one.
    next_stretch: usize,
    /// Where the present stretch begins.
    start_ns: u64,
    /// The last instant inside it.
    last_ns: u64,
    /// Expected requests of the present stretch.
    expected: f64,
    ns_per_request: f64,
    /// Expected requests from the beginning of the stretch to the latest event.
    reached: f64,
}

impl Instants {
    pub(crate) fn new(rate: Rate) -> Self {
        let end_ns = SimSpan::from_secs_f64(rate.end_s()).0.saturating_sub(1);
        // An empty stretch before the first.
        Self {
            rate,
            end_ns,
            next_stretch: 0,
            start_ns: 0,
            last_ns: 0,
            expected: 0.0,
            ns_per_request: 0.0,
            reached: 0.0,
        }
    }

    /// Appends the instants of the next events; whether the trial goes on behind the last.
    ///
    /// - `gaps`: expected requests between an event and the one before it.
    pub(crate) fn place(&mut self, gaps: &[f64], instants: &mut Vec<SimTime>) -> bool {
        for gap in gaps {
            self.reached += gap;
            while self.reached >= self.expected {
                if !self.advance() {
                    return false;
                }
            }
            let at_ns = self.start_ns + whole(self.reached * self.ns_per_request);
            // Rounding must not carry an arrival into the next stretch, where another may precede it, nor out of the
            // trial.
            instants.push(SimTime(at_ns.min(self.last_ns)));
        }
        true
    }

    /// Goes on to the next stretch, if there is one.
    fn advance(&mut self) -> bool {
        let segments = self.rate.segments();
        let Some(segment) = segments.get(self.next_stretch) else { return false };
        let end_s = segments.get(self.next_stretch + 1).map_or(self.rate.end_s(), |next| next.start_s);
        self.reached -= self.expected;
        self.expected = segment.per_second * (end_s - segment.start_s);
        self.ns_per_request = 1e9 / segment.per_second;
        self.start_ns = SimSpan::from_secs_f64(segment.start_s).0.min(self.end_ns);
        self.last_ns = SimSpan::from_secs_f64(end_s).0.saturating_sub(1).max(self.start_ns);
        self.next_stretch += 1;
        true
    }
}

/// The nearest integer to `x`, zero or more.
#[inline]
fn whole(x: f64) -> u64 {
    // Below 2^52 it can be read off the bits of a float, much faster than by a cast.
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    if x < TWO_52 { (x + TWO_52).to_bits() - TWO_52.to_bits() } else { x as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rate::RateSegment;
    use approx::assert_relative_eq;

    #[test]
    fn instants_invert_the_integral_of_the_rate() {
        let segment = |start_s, per_second| RateSegment { start_s, per_second };
        let rate = Rate::new(vec![segment(0.0, 2.0), segment(10.0, 0.0), segment(15.0, 0.25), segment(8e6, 1.0)], 9e6);
        let mut instants = Vec::new();
        let mut inverse = Instants::new(rate.clone());
        let gaps = [0.5, 19.0, 1.0, 0.0, 1_000_000.0, 990_000.0, 20_000.0, 1e5];
        assert!(inverse.place(&gaps[..4], &mut instants) && inverse.place(&gaps[4..], &mut instants));
        let mut reached = 0.0;
        for (at, gap) in instants.iter().zip(gaps) {
            reached += gap;
            assert_relative_eq!(rate.integral(0.0, at.0 as f64 / 1e9), reached, max_relative = 1e-12);
        }
        assert_eq!(instants.len(), gaps.len());
        assert!(!inverse.place(&[1e7, 1.0], &mut instants) && instants.len() == gaps.len());
    }

    #[test]
    fn the_last_instant_is_inside_and_order_is_kept() {
        let third = |k: u32| RateSegment { start_s: f64::from(k) / 3e9, per_second: 1e9 };
        let rate = Rate::new((0..300).map(third).collect(), 1e-7);
        let mut instants = Vec::new();
        assert!(!Instants::new(rate).place(&[0.3; 1000], &mut instants));
        assert!(instants.is_sorted() && instants.len() > 300);
        assert!(instants.iter().all(|at| at.0 < 100));
    }
}
