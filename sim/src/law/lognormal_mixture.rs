//! The inverse of a mixture of two lognormal laws.

use super::inverse_table::{InverseTable, Node};
use super::normal_tail::beyond;
use crate::elementary::{exp, ln, normal_quantile};

/// A mixture of two normal laws: of the logarithm of the seconds.
#[derive(Debug, Clone, Copy)]
pub(super) struct LognormalMixture {
    mu: [f64; 2],
    sigma: [f64; 2],
    weight: [f64; 2],
}

const SQRT_TAU: f64 = 2.506_628_274_631_000_2;
/// A bracket halved so often has no float inside.
const STEPS_MAX: usize = 300;

/// How far a place is from where it should be.
struct Miss {
    /// Newton's step towards it.
    step: f64,
    /// The probability below less the wanted one, or with its sign.
    too_far: f64,
}

impl LognormalMixture {
    /// - `mu`, `sigma`: of the two parts; `sigma` above zero.
    /// - `first_probability`: that of the first part, in [0, 1].
    pub(super) fn new(mu: [f64; 2], sigma: [f64; 2], first_probability: f64) -> Self {
        Self { mu, sigma, weight: [first_probability, 1.0 - first_probability] }
    }

    /// The seconds that it stays below with probability `u`, in (0, 1).
    pub(super) fn seconds(&self, u: f64) -> f64 {
        exp(self.ln_quantile(u, 1.0 - u, None))
    }

    /// What [`LognormalMixture::ln_quantile`] gives, for many places.
    pub(super) fn table(&self) -> InverseTable {
        InverseTable::of(
            |below, above, guess| self.node(below, above, guess),
            |y, below, above| self.miss(y, below, above).step,
        )
    }

    /// The logarithm of the quantile, by the probabilities of what is below and of what is above: the smaller of them
    /// has to be precise.
    ///
    /// The quantile of a mixture lies between those of its parts; between them Newton's method, and halving where a
    /// step would leave the bracket.
    ///
    /// - `guess`: where to begin.
    fn ln_quantile(&self, below: f64, above: f64, guess: Option<f64>) -> f64 {
        let z = if below <= above { normal_quantile(below) } else { -normal_quantile(above) };
        let of_part = |part: usize| self.mu[part] + self.sigma[part] * z;
        if self.weight[0] <= 0.0 || self.weight[1] <= 0.0 {
            return of_part(usize::from(self.weight[0] <= 0.0));
        }
        let (first, second) = (of_part(0), of_part(1));
        let (mut low, mut high) = (first.min(second), first.max(second));
        let mut y = guess.unwrap_or(self.weight[0] * first + self.weight[1] * second).clamp(low, high);
        // Behind a step so short the next one, its square, is none.
        let short = 1e-9 * self.sigma[0].min(self.sigma[1]);
        for _ in 0..STEPS_MAX {
            if high - low <= f64::EPSILON * high.abs() {
                break;
            }
            let miss = self.miss(y, below, above);
            if miss.too_far < 0.0 {
                low = low.max(y);
            } else {
                high = high.min(y);
            }
            let next = y + miss.step;
            if miss.step.abs() <= short {
                return next.clamp(low, high);
            }
            y = if next > low && next < high { next } else { f64::midpoint(low, high) };
        }
        y
    }

    /// How far `y` is from the quantile. What is left of two probabilities that are nearly equal is never a difference
    /// of rounded sums: in the gap between two parts it is compared with the weight of the lower part.
    fn miss(&self, y: f64, below: f64, above: f64) -> Miss {
        let z = [0, 1].map(|part| (y - self.mu[part]) / self.sigma[part]);
        let tail = [0, 1].map(|part| self.weight[part] * beyond(z[part]));
        let density = self.density(z);
        let sum = tail[0] + tail[1];
        if z[0] <= 0.0 && z[1] <= 0.0 {
            let too_far = ln(sum.max(f64::MIN_POSITIVE)) - ln(below);
            return Miss { step: -too_far * sum / density, too_far };
        }
        if z[0] > 0.0 && z[1] > 0.0 {
            let too_far = ln(above) - ln(sum.max(f64::MIN_POSITIVE));
            return Miss { step: -too_far * sum / density, too_far };
        }
        let lower = usize::from(z[1] > 0.0);
        let rest = if below <= above { self.weight[lower] - below } else { above - self.weight[1 - lower] };
        let too_far = rest - tail[lower] + tail[1 - lower];
        Miss { step: -too_far / density, too_far }
    }

    /// Of the logarithm.
    fn density(&self, z: [f64; 2]) -> f64 {
        let part = |part: usize| self.weight[part] / self.sigma[part] * exp(-0.5 * z[part] * z[part]);
        (part(0) + part(1)) / SQRT_TAU
    }

    /// The logarithm of the quantile as a function of the probability below, with two derivatives.
    fn node(&self, below: f64, above: f64, guess: Option<f64>) -> Node {
        let value = self.ln_quantile(below, above, guess);
        let z = [0, 1].map(|part| (value - self.mu[part]) / self.sigma[part]);
        let density = self.density(z);
        let part = |part: usize| {
            self.weight[part] * z[part] / (self.sigma[part] * self.sigma[part]) * exp(-0.5 * z[part] * z[part])
        };
        let fall = (part(0) + part(1)) / SQRT_TAU;
        Node { value, slope: 1.0 / density, bend: fall / (density * density * density) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Law, Quantile};
    use approx::assert_relative_eq;

    /// Overlapping parts, parts far apart, one inside the other, and two alike.
    const LAWS: [([f64; 2], [f64; 2], f64); 4] = [
        ([1.0, 3.4], [0.25, 0.4], 0.35),
        ([1.0, 4.0], [0.01, 0.05], 0.25),
        ([2.0, 1.5], [0.3, 1.2], 0.7),
        ([0.0, 2.0], [0.1, 0.1], 0.5),
    ];

    /// Law, place and seconds: by halving on the distribution function with 50 digits, mpmath 1.3, 2026-11. The places
    /// in the middle of each list are those next to the gap between the parts, where one place may be 30 s wide.
    const QUANTILES: [(usize, u32, f64); 24] = [
        (0, 0, 0.580_691_345_294_883_4),
        (0, 1_000_003, 1.218_558_374_906_805_2),
        (0, 1_503_238_552, 6.677_584_367_160_899),
        (0, 1_603_238_553, 14.576_940_584_668_82),
        (0, 4_294_967_295, 368.150_951_704_020_14),
        (1, 0, 2.556_891_945_588_618_8),
        (1, 1_000_003, 2.635_010_042_321_848),
        (1, 1_073_741_822, 2.884_733_929_082_285),
        (1, 1_073_741_823, 2.889_858_568_986_037),
        (1, 1_073_741_824, 39.858_128_358_368_47),
        (1, 1_073_741_825, 40.203_826_823_207_294),
        (1, 1_073_746_824, 43.241_972_834_370_394),
        (1, 1_173_741_824, 49.735_388_518_709_74),
        (1, 4_294_967_295, 74.789_211_380_916_67),
        (2, 0, 0.002_795_658_405_681_885_6),
        (2, 1_000_003, 0.100_490_771_126_342_21),
        (2, 3_006_477_105, 8.624_664_553_695_828),
        (2, 3_106_477_107, 8.855_565_179_645_978),
        (2, 4_294_967_295, 7_184.546_181_452_605),
        (3, 2_147_483_646, 1.832_319_525_146_973_5),
        (3, 2_147_483_647, 1.864_561_703_221_83),
        (3, 2_147_483_648, 3.962_891_700_587_267_7),
        (3, 2_147_483_649, 4.032_624_221_661_318),
        (3, 2_147_488_648, 4.674_082_551_053_34),
    ];

    #[test]
    fn quantiles_are_those_of_fifty_digits() {
        for (law, place, expected) in QUANTILES {
            let (mu, sigma, first_probability) = LAWS[law];
            let exact = LognormalMixture::new(mu, sigma, first_probability);
            let uniform = Quantile(place).uniform();
            assert_relative_eq!(exact.seconds(uniform), expected, max_relative = 2e-12);
            let mut found = [0.0];
            let ready = Law::LognormalMixture { mu, sigma, first_probability }.ready();
            ready.fill_seconds(&[Quantile(place)], &mut found);
            assert_relative_eq!(found[0], expected, max_relative = 1e-9);
            // The same law with its parts exchanged.
            let exchanged = LognormalMixture::new([mu[1], mu[0]], [sigma[1], sigma[0]], 1.0 - first_probability);
            assert_relative_eq!(exchanged.seconds(uniform), expected, max_relative = 1e-9);
        }
    }

    #[test]
    fn a_table_rises_place_by_place_across_every_gap() {
        for (mu, sigma, first_probability) in LAWS {
            let ready = Law::LognormalMixture { mu, sigma, first_probability }.ready();
            let gap = (first_probability * 4_294_967_296.0) as u32;
            for from in [0, gap - 20_000, (1 << 31) - 20_000, u32::MAX - 40_000] {
                let places: Vec<_> = (0..40_000).map(|k| Quantile(from + k)).collect();
                let mut seconds = vec![0.0; places.len()];
                ready.fill_seconds(&places, &mut seconds);
                assert!(seconds.is_sorted(), "{mu:?} from {from}");
            }
        }
    }

    #[test]
    fn a_part_without_weight_or_two_equal_parts_are_a_lognormal_law() {
        let alone = Law::Lognormal { mu: 1.0, sigma: 0.5 };
        for (mu, first_probability) in [([1.0, 4.0], 1.0), ([4.0, 1.0], 0.0), ([1.0, 1.0], 0.4)] {
            let sigma = if first_probability < 0.1 { [0.1, 0.5] } else { [0.5, 0.5] };
            let law = Law::LognormalMixture { mu, sigma, first_probability };
            assert_relative_eq!(law.mean_s(), alone.mean_s(), max_relative = 1e-14);
            assert_relative_eq!(law.cv(), alone.cv(), max_relative = 1e-14);
            for place in [0, 5, 1 << 20, 1 << 31, u32::MAX] {
                let u = Quantile(place).uniform();
                assert_relative_eq!(law.seconds_at(u), alone.seconds_at(u), max_relative = 1e-12);
            }
        }
    }
}
