//! From gaps in expected requests to instants: the inverse of the cumulative rate.

use fleetfront_sim::{SimSpan, SimTime};

use crate::rate::Rate;

/// The inverse of a piecewise-constant rate's integral, walked from the beginning of the trial to its end.
#[derive(Debug)]
pub(crate) struct Instants {
    rate: Rate,
    /// The last instant of the trial.
    end_ns: u64,
    stretch: Stretch,
    /// The stretch behind the present one.
    next_stretch: usize,
    /// Expected requests from the beginning of the stretch to the latest event.
    reached: f64,
}

/// A stretch of constant rate.
#[derive(Debug, Clone, Copy, Default)]
struct Stretch {
    start_ns: u64,
    /// The last instant inside it.
    last_ns: u64,
    /// Expected requests.
    expected: f64,
    ns_per_request: f64,
}

impl Instants {
    pub(crate) fn new(rate: Rate) -> Self {
        let end_ns = SimSpan::from_secs_f64(rate.end_s()).0.saturating_sub(1);
        // An empty stretch before the first.
        Self { rate, end_ns, stretch: Stretch::default(), next_stretch: 0, reached: 0.0 }
    }

    /// Puts the instants of the next events where they belong; how many there are before the trial's end, all of them
    /// while it goes on.
    ///
    /// - `gaps`: expected requests between an event and the one before it.
    ///
    /// # Panics
    /// If `instants` has another length than `gaps`.
    pub(crate) fn place(&mut self, gaps: &[f64], instants: &mut [SimTime]) -> usize {
        assert_eq!(gaps.len(), instants.len(), "an instant for every gap");
        // Kept in registers: every instant waits for the one before it.
        let (mut stretch, mut reached) = (self.stretch, self.reached);
        for (place, (gap, at)) in gaps.iter().zip(instants).enumerate() {
            reached += gap;
            while reached >= stretch.expected {
                reached -= stretch.expected;
                let Some(next) = self.advance() else { return place };
                stretch = next;
            }
            *at = stretch.instant(reached);
        }
        self.reached = reached;
        gaps.len()
    }

    /// Goes on to the next stretch, if there is one.
    #[cold]
    fn advance(&mut self) -> Option<Stretch> {
        let segments = self.rate.segments();
        let segment = segments.get(self.next_stretch)?;
        let end_s = segments.get(self.next_stretch + 1).map_or(self.rate.end_s(), |next| next.start_s);
        let start_ns = SimSpan::from_secs_f64(segment.start_s).0.min(self.end_ns);
        self.stretch = Stretch {
            start_ns,
            last_ns: SimSpan::from_secs_f64(end_s).0.saturating_sub(1).max(start_ns),
            expected: segment.per_second * (end_s - segment.start_s),
            ns_per_request: 1e9 / segment.per_second,
        };
        self.next_stretch += 1;
        Some(self.stretch)
    }
}

impl Stretch {
    /// The instant, to the nearest nanosecond, up to which this many requests are expected from the start. Rounding
    /// does not carry it into the next stretch, where another may precede it, nor out of the trial.
    #[inline]
    fn instant(&self, expected: f64) -> SimTime {
        // Below 2^52 ns an integer can be read off the bits of a float, much faster than by a cast.
        const TWO_52: f64 = 4_503_599_627_370_496.0;
        let offset_ns = expected * self.ns_per_request;
        let whole_ns =
            if offset_ns < TWO_52 - 1.0 { (offset_ns + TWO_52).to_bits() ^ TWO_52.to_bits() } else { offset_ns as u64 };
        SimTime((self.start_ns + whole_ns).min(self.last_ns))
    }
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
        let mut instants = [SimTime::START; 8];
        let mut inverse = Instants::new(rate.clone());
        let gaps = [0.5, 19.0, 1.0, 0.0, 1_000_000.0, 990_000.0, 20_000.0, 1e5];
        assert_eq!(inverse.place(&gaps[..4], &mut instants[..4]), 4);
        assert_eq!(inverse.place(&gaps[4..], &mut instants[4..]), 4);
        let mut reached = 0.0;
        for (at, gap) in instants.iter().zip(gaps) {
            reached += gap;
            assert_relative_eq!(rate.integral(0.0, at.0 as f64 / 1e9), reached, max_relative = 1e-12);
        }
        assert_eq!(inverse.place(&[1.0, 1e7, 1.0], &mut instants[..3]), 1);
    }

    #[test]
    fn the_last_instant_is_inside_and_order_is_kept() {
        let third = |k: u32| RateSegment { start_s: f64::from(k) / 3e9, per_second: 1e9 };
        let rate = Rate::new((0..300).map(third).collect(), 1e-7);
        let mut instants = [SimTime::START; 1000];
        let placed = Instants::new(rate).place(&[0.3; 1000], &mut instants);
        let instants = &instants[..placed];
        assert!(instants.is_sorted() && (300..1000).contains(&placed));
        assert!(instants.iter().all(|at| at.0 < 100));
    }
}
