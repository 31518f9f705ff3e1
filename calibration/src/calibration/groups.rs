//! Two kinds of requests under one name, seen by their times alone.

use fleetfront_sim::Law;

use crate::laws::{CLEARLY_AHEAD, Choice, Family};

use super::Flag;

/// The middle third between the middles of two groups holds at most this share of what as wide a stretch about either of
/// them holds: in a law with one peak it would hold more than the lesser one.
const VALLEY: f64 = 0.25;

/// Fewest times about either middle: of fewer an empty valley is luck.
const LEAST_TIMES: usize = 5;

/// A stretch is so many times as wide as the step of rounding, or nothing is told by what it holds.
const STEPS_WIDE: f64 = 2.0;

/// Groups whose middles differ by less are no two shapes, but hosts of two speeds: a fifth more is six denoising steps
/// beside five.
const LEAST_RATIO: f64 = 1.2;

/// The flag of warm times that clearly are a mixture of two; boots that find their weights cached or do not are one by
/// nature, and not asked about.
///
/// - `choice`: the laws that were compared.
/// - `ended_s`: the times that ended, sorted.
/// - `is_shaped`: whether the rows state their shape.
pub(super) fn two_groups(choice: &Choice, ended_s: &[f64], is_shaped: bool) -> Option<Flag> {
    let of = |is_mixture: bool| {
        let mut fits = choice.fits.iter().filter(move |fit| (fit.family == Family::LognormalMixture) == is_mixture);
        fits.find(|fit| fit.aicc.is_some())
    };
    let mixture = of(true)?;
    let Law::LognormalMixture { mu, first_probability, .. } = mixture.law else { return None };
    let ahead = of(false).map_or(f64::INFINITY, |other| other.aicc.unwrap_or(f64::INFINITY)) - mixture.aicc?;
    let (short, long, first_share) =
        if mu[0] <= mu[1] { (mu[0], mu[1], first_probability) } else { (mu[1], mu[0], 1.0 - first_probability) };
    if ahead < CLEARLY_AHEAD || long - short < LEAST_RATIO.ln() || !has_valley(ended_s, short, long) {
        return None;
    }
    Some(Flag::TwoGroups { middles_s: [short.exp(), long.exp()], first_share, is_shaped })
}

/// Whether hardly a time lies between two middles, given as logarithms.
fn has_valley(ended_s: &[f64], short: f64, long: f64) -> bool {
    let width = (long - short) / 3.0;
    let step = ended_s.windows(2).map(|pair| pair[1] - pair[0]).filter(|gap| *gap > 0.0).fold(f64::INFINITY, f64::min);
    if short.exp() * width.exp_m1() < STEPS_WIDE * step {
        return false;
    }
    let within = |middle: f64| ended_s.iter().filter(|s| (s.ln() - middle).abs() <= width / 2.0).count();
    let (least, between) = (within(short).min(within(long)), within(f64::midpoint(short, long)));
    least >= LEAST_TIMES && between as f64 <= VALLEY * least as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::laws::{Times, choose_law};
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt, SeedableRng};

    fn draws(law: Law, n: u32, seed: u64) -> Vec<f64> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        (0..n).map(|_| law.seconds_at(random.random_range(1e-9..1.0 - 1e-9))).collect()
    }

    fn flagged(seconds: &[f64]) -> Option<Flag> {
        let times = Times::ended(seconds).expect("times");
        two_groups(&choose_law(&times).expect("a choice"), times.ended_s(), false)
    }

    /// How many of so many samples of a law with one peak are flagged.
    fn false_alarms(law: Law, n: u32, samples: u64, rounded: impl Fn(f64) -> f64) -> usize {
        let of = |seed| draws(law, n, seed).into_iter().map(&rounded).collect::<Vec<f64>>();
        (0..samples).filter(|seed| flagged(&of(*seed)).is_some()).count()
    }

    /// 300 samples of each law and size, 2,700 in all, and 600 of rounded times: at most two alarms. Without
    /// the valley they are 3, 25 of the 300 with one decimal, and 299 of the 300 in whole seconds.
    #[test]
    fn laws_with_one_peak_are_not_taken_for_two_groups() {
        let laws = [
            Law::Lognormal { mu: 1.0, sigma: 0.1 },
            Law::Lognormal { mu: 1.0, sigma: 0.7 },
            Law::Gamma { shape: 2.0, scale_s: 3.0 },
        ];
        let mut alarms = Vec::new();
        for law in laws {
            for n in [20, 40, 80] {
                alarms.push((law, n, false_alarms(law, n, 300, |s| s)));
            }
        }
        // Times of few values, of which a narrow part could be one.
        let rounded = Law::Lognormal { mu: 1.0, sigma: 0.1 };
        for a_second in [10.0, 1.0] {
            alarms.push((rounded, 60, false_alarms(rounded, 60, 300, |s| (a_second * s).round() / a_second)));
        }
        let all: usize = alarms.iter().map(|(_, _, count)| count).sum();
        assert!(all <= 2, "{alarms:?}");
    }

    /// 4 and 20 steps at half a second each: found in 95 of 100 samples of 40, with what they are.
    #[test]
    fn two_shapes_under_one_name_are_found() {
        let law =
            Law::LognormalMixture { mu: [2.4_f64.ln(), 11.1_f64.ln()], sigma: [0.06, 0.08], first_probability: 0.38 };
        let found: Vec<Flag> = (0..100).filter_map(|seed| flagged(&draws(law, 40, seed))).collect();
        assert!(found.len() >= 95, "{}", found.len());
        for flag in found {
            let Flag::TwoGroups { middles_s: [short, long], first_share, is_shaped: false } = flag else {
                panic!("{flag:?}")
            };
            assert!((short / 2.4 - 1.0).abs() < 0.08 && (long / 11.1 - 1.0).abs() < 0.08, "{short} {long}");
            assert!((0.1..0.7).contains(&first_share), "{first_share}");
        }
    }

    #[test]
    fn the_flag_says_what_was_found_and_asks() {
        let flag = Flag::TwoGroups { middles_s: [2.4, 11.1], first_share: 0.38, is_shaped: false };
        assert_eq!(
            flag.to_string(),
            "two groups of times, about 2.40 s and 11.10 s, 38 % of runs in the first: two shapes under one name? give columns \
             for shapes (steps, megapixels), or other names of variants"
        );
    }
}
