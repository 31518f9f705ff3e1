//! The part of the grid in which something holds, in words.

use super::grid::Levels;

/// Where something holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Region {
    /// At no point.
    Nowhere,
    /// At all points.
    Everywhere,
    /// As these words say: "while at most 3 % of tries on A10 fail and it is to be had at least 90 % of the time".
    Within(String),
}

impl Region {
    /// - `holds`: one entry a point, by scarcity, then by failure.
    /// - `cheap`: name of the GPU type.
    pub(crate) fn new(levels: &Levels, holds: &[bool], cheap: &str) -> Self {
        let failures = levels.failures.len();
        assert_eq!(holds.len(), failures * levels.scarcities.len(), "a point for each pair of levels");
        let count = holds.iter().filter(|holds| **holds).count();
        if count == 0 {
            return Self::Nowhere;
        }
        if count == holds.len() {
            return Self::Everywhere;
        }
        // Up to how many failure levels it holds, scarcity by scarcity.
        let reach: Vec<usize> =
            holds.chunks(failures).map(|row| row.iter().take_while(|holds| **holds).count()).collect();
        let is_staircase = reach.iter().sum::<usize>() == count && reach.is_sorted_by(|a, b| a >= b);
        Self::Within(if is_staircase {
            staircase(levels, &reach, cheap)
        } else {
            format!("at {count} of the {} points tried (see the map)", holds.len())
        })
    }

    /// The words after a verb: "pays nowhere in the range tried".
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Nowhere => "nowhere in the range tried".to_owned(),
            Self::Everywhere => "everywhere in the range tried".to_owned(),
            Self::Within(words) => words.clone(),
        }
    }
}

/// One step where all scarcities that count reach equally far, else a step for each that differs.
fn staircase(levels: &Levels, reach: &[usize], cheap: &str) -> String {
    let all = levels.failures.len();
    let kept: Vec<usize> = reach.iter().copied().take_while(|reach| *reach > 0).collect();
    let step = |(reach, scarcity): (usize, usize)| {
        let failure = (reach < all)
            .then(|| format!("at most {} of tries on {cheap} fail", percent(levels.failures[reach - 1].probability)));
        let share = levels.scarcities[scarcity].share;
        let scarce = (scarcity + 1 < levels.scarcities.len()).then(|| {
            if share > 0.0 {
                format!("{cheap} is to be had at least {} of the time", percent(1.0 - share))
            } else {
                format!("{cheap} is always to be had")
            }
        });
        failure.into_iter().chain(scarce).collect::<Vec<_>>().join(" and ")
    };
    // The last scarcity of each run of equal reaches.
    let ends = (0..kept.len()).filter(|k| kept.get(k + 1) != Some(&kept[*k])).map(|k| (kept[k], k));
    format!("while {}", ends.map(step).collect::<Vec<_>>().join(", or "))
}

/// A share in per cent, without digits that it does not have.
pub(crate) fn percent(share: f64) -> String {
    let text = format!("{:.2}", share * 100.0);
    format!("{} %", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fallback::grid::{FailureLevel, LevelSource, ScarcityLevel};

    fn levels() -> Levels {
        let source = LevelSource::Assumed;
        Levels {
            failures: [0.0022, 0.03, 0.3].map(|probability| FailureLevel { probability, source }).to_vec(),
            scarcities: [0.0, 0.1, 0.3].map(|share| ScarcityLevel { share, mean_length_s: 3600.0, source }).to_vec(),
        }
    }

    fn words(holds: [u8; 9]) -> String {
        Region::new(&levels(), &holds.map(|x| x == 1), "A10").words()
    }

    #[test]
    fn a_region_is_said_as_simply_as_it_is() {
        assert_eq!(words([0; 9]), "nowhere in the range tried");
        assert_eq!(words([1; 9]), "everywhere in the range tried");
        assert_eq!(words([1, 1, 0, 1, 1, 0, 1, 1, 0]), "while at most 3 % of tries on A10 fail");
        assert_eq!(words([1, 1, 1, 1, 1, 1, 0, 0, 0]), "while A10 is to be had at least 90 % of the time");
        assert_eq!(
            words([1, 1, 0, 1, 1, 0, 0, 0, 0]),
            "while at most 3 % of tries on A10 fail and A10 is to be had at least 90 % of the time"
        );
        assert_eq!(
            words([1, 1, 0, 1, 0, 0, 0, 0, 0]),
            "while at most 3 % of tries on A10 fail and A10 is always to be had, or at most 0.22 % of tries on A10 fail \
             and A10 is to be had at least 90 % of the time"
        );
        assert_eq!(words([1, 0, 1, 0, 0, 0, 0, 0, 0]), "at 2 of the 9 points tried (see the map)");
        assert_eq!(words([0, 0, 0, 1, 1, 1, 1, 1, 1]), "at 6 of the 9 points tried (see the map)");
    }
}
