//! Trials in groups that intervals are computed from.

use std::ops::Range;

/// At most so many sections: enough for a t quantile near the normal one, few enough for a section to have a p99.
const MOST: u32 = 50;

/// The trials of each section, in order. Where days of the week differ a section holds whole weeks (the last one what
/// is left), so that its days are covered evenly; fewer than two weeks are sectioned by trial.
pub(crate) fn sections(trials: u32, weekly: bool) -> Vec<Range<u32>> {
    let unit = if weekly && trials >= 14 { 7 } else { 1 };
    let units = trials.div_ceil(unit);
    let count = units.min(MOST);
    (0..count)
        .map(|k| {
            let edge = |k: u32| (u64::from(units) * u64::from(k) / u64::from(count)) as u32 * unit;
            edge(k)..edge(k + 1).min(trials)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trial_stands_in_one_section_and_sections_hold_whole_weeks() {
        for trials in [1, 2, 13, 14, 100, 1000, 1001] {
            let sections = sections(trials, true);
            assert_eq!(sections.first().map(|s| s.start), Some(0));
            assert_eq!(sections.last().map(|s| s.end), Some(trials));
            assert!(sections.windows(2).all(|pair| pair[0].end == pair[1].start));
            if trials >= 14 {
                assert!(sections.iter().all(|s| s.start % 7 == 0 && !s.is_empty()));
            }
        }
    }

    #[test]
    fn a_small_study_has_a_section_a_trial() {
        assert_eq!(sections(30, false).len(), 30);
    }
}
