//! What is counted while a log is read.

use super::ending::Ending;
use super::fault::shown;
use super::stamp::Stamp;
use super::summary::{Endings, StampZone, UnheardWord, ZoneCount};

/// 2000-01-01 in UTC: few logs of services are older, and most stamps that are were written in another unit.
const YEAR_2000_NS: i64 = 946_684_800_000_000_000;

/// What stamps may be multiples of, the finest first, in nanoseconds.
const RESOLUTIONS_NS: [i64; 11] =
    [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000, 60_000_000_000];

/// So many words that are no known ending are kept.
const UNHEARD_MAX: usize = 10;

/// What is counted over the entries of a log.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) entries: u64,
    pub(super) requests: u64,
    pub(super) unsorted_count: u64,
    pub(super) ambiguous_count: u64,
    pub(super) before_2000_count: u64,
    pub(super) endings: Endings,
    /// The first words that are no known ending, at most ten.
    pub(super) unheard: Vec<UnheardWord>,
    pub(super) zones: Vec<ZoneCount>,
    pub(super) first_ns: i64,
    pub(super) last_ns: i64,
    resolution: usize,
    previous_ns: Option<i64>,
    /// The smallest gap between stamps in a row that differ, and the greatest common divisor of all gaps.
    gap_ns_min: u64,
    gap_ns_divisor: u64,
    /// The largest gap to a later stamp.
    gap_ns_max: u64,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            entries: 0,
            requests: 0,
            unsorted_count: 0,
            ambiguous_count: 0,
            before_2000_count: 0,
            endings: Endings::default(),
            unheard: Vec::new(),
            zones: Vec::new(),
            first_ns: i64::MAX,
            last_ns: i64::MIN,
            resolution: RESOLUTIONS_NS.len() - 1,
            previous_ns: None,
            gap_ns_min: u64::MAX,
            gap_ns_divisor: 0,
            gap_ns_max: 0,
        }
    }

    /// Counts how the requests of an entry ended.
    ///
    /// - `status`: the word for it, and its line.
    pub(super) fn add_ending(&mut self, ending: Ending, status: (&[u8], u64), requests: u64) {
        let count = match ending {
            Ending::Unknown => return,
            Ending::Ok => &mut self.endings.ok,
            Ending::Failed => &mut self.endings.failed,
            Ending::Open => &mut self.endings.open,
            Ending::Unheard => {
                self.add_unheard(status, requests);
                &mut self.endings.unheard
            }
        };
        *count = count.saturating_add(requests);
    }

    fn add_unheard(&mut self, (word, line): (&[u8], u64), requests: u64) {
        let word = shown(word);
        if let Some(known) = self.unheard.iter_mut().find(|known| known.word == word) {
            known.requests = known.requests.saturating_add(requests);
        } else if self.unheard.len() < UNHEARD_MAX {
            self.unheard.push(UnheardWord { word, requests, first_line: line });
        }
    }

    /// Counts an entry.
    pub(super) fn add(&mut self, stamp: Stamp, requests: u64) {
        let at_ns = stamp.at_ns;
        self.entries += 1;
        self.requests = self.requests.saturating_add(requests);
        self.ambiguous_count += u64::from(stamp.is_ambiguous);
        let is_old = at_ns < YEAR_2000_NS && stamp.zone != StampZone::FromOrigin;
        self.before_2000_count += u64::from(is_old);
        self.unsorted_count += u64::from(at_ns < self.last_ns);
        self.first_ns = self.first_ns.min(at_ns);
        self.last_ns = self.last_ns.max(at_ns);
        while at_ns % RESOLUTIONS_NS[self.resolution] != 0 {
            self.resolution -= 1;
        }
        match self.zones.iter_mut().find(|seen| seen.zone == stamp.zone) {
            Some(seen) => seen.stamps += 1,
            None => self.zones.push(ZoneCount { zone: stamp.zone, stamps: 1 }),
        }
        if let Some(previous_ns) = self.previous_ns.replace(at_ns) {
            self.add_gap(at_ns.abs_diff(previous_ns), at_ns > previous_ns);
        }
    }

    /// The coarsest resolution of which all stamps are multiples, in nanoseconds.
    pub(super) fn resolution_ns(&self) -> i64 {
        RESOLUTIONS_NS[self.resolution]
    }

    /// The smallest gap between stamps, in seconds, and whether all gaps are multiples of it; `None` if none differ.
    pub(super) fn gap_s(&self) -> Option<(f64, bool)> {
        let gap_s = self.gap_ns_min as f64 / 1e9;
        (self.gap_ns_divisor > 0).then_some((gap_s, self.gap_ns_divisor == self.gap_ns_min))
    }

    /// Whether there are more entries than bins from the first to the last, so that some bin has several.
    pub(super) fn has_repeated_bins(&self, bin_s: Option<f64>) -> bool {
        let Some(width_s) = bin_s.or_else(|| self.gap_s().map(|(gap_s, _)| gap_s)) else { return false };
        let span_s = (self.last_ns - self.first_ns) as f64 / 1e9;
        self.entries as f64 > (span_s / width_s).floor() + 1.0
    }

    /// Whether no stamp is later than the one before it by more than the smallest gap.
    pub(super) fn is_in_a_row(&self) -> bool {
        self.gap_ns_max <= self.gap_ns_min
    }

    fn add_gap(&mut self, gap_ns: u64, is_later: bool) {
        // Most gaps are the one before or a second: no division is needed.
        if gap_ns > 0 && gap_ns != self.gap_ns_divisor {
            self.gap_ns_max = self.gap_ns_max.max(if is_later { gap_ns } else { 0 });
            self.gap_ns_min = self.gap_ns_min.min(gap_ns);
            if !gap_ns.is_multiple_of(self.gap_ns_divisor) {
                self.gap_ns_divisor = greatest_common_divisor(self.gap_ns_divisor, gap_ns);
            }
        }
    }
}

/// Euclid's algorithm.
fn greatest_common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(stamps_ns: &[i64]) -> Tally {
        let mut tally = Tally::new();
        for &at_ns in stamps_ns {
            tally.add(Stamp { at_ns, zone: StampZone::Epoch, is_ambiguous: false }, 2);
        }
        tally
    }

    #[test]
    fn the_resolution_is_the_coarsest_that_fits_all() {
        assert_eq!(tally(&[120_000_000_000, 60_000_000_000]).resolution_ns(), 60_000_000_000);
        assert_eq!(tally(&[120_000_000_000, 61_000_000_000]).resolution_ns(), 1_000_000_000);
        assert_eq!(tally(&[0, 30_000_000_000]).resolution_ns(), 1_000_000_000);
        assert_eq!(tally(&[1_000_000, 1_500_000]).resolution_ns(), 100_000);
        assert_eq!(tally(&[-60_000_000_001]).resolution_ns(), 1);
    }

    #[test]
    fn entries_before_an_earlier_one_are_unsorted() {
        let counted = tally(&[5, 3, 4, 5, 6, 1]);
        assert_eq!((counted.unsorted_count, counted.first_ns, counted.last_ns), (3, 1, 6));
        assert_eq!((counted.entries, counted.requests), (6, 12));
    }

    #[test]
    fn gaps_are_multiples_of_the_smallest_or_not() {
        let second = 1_000_000_000;
        assert_eq!(tally(&[0, 3 * second, 9 * second, 6 * second]).gap_s(), Some((3.0, true)));
        assert_eq!(tally(&[0, 3 * second, 7 * second]).gap_s(), Some((3.0, false)));
        assert_eq!(tally(&[0, 4 * second, 4 * second, 6 * second]).gap_s(), Some((2.0, true)));
        assert_eq!(tally(&[7, 7]).gap_s(), None);
        assert!(tally(&[0, second, 2 * second, 0, second, second]).is_in_a_row());
        assert!(!tally(&[0, second, 3 * second]).is_in_a_row());
        assert_eq!(tally(&[]).gap_s(), None);
    }
}
