//! Logarithm, exponential and normal quantile by polynomials of our own.
//!
//! Two reasons. Results must not depend on a machine's mathematical library, whose last digits differ between systems.
//! And loops over these functions become vector instructions: they have no branches, no tables and no fused
//! multiply-add, so every width of vector gives the same bits as a single number does. Polynomials are summed in
//! pairs of pairs (Estrin 1960), which leaves the processor more to do at a time than Horner's rule.
//!
//! The coefficients interpolate the functions at Chebyshev nodes; computed with 60 digits, 2026-11.

#![expect(
    clippy::inline_always,
    reason = "a loop is vectorised for the caller's instruction set only where all of it is inlined"
)]

/// 2^52: a float this large is its own integer in the low bits.
const TWO_52: f64 = 4_503_599_627_370_496.0;
/// The bits of sqrt(1/2).
const SQRT_HALF: u64 = 0x3FE6_A09E_667F_3BCD;
const MANTISSA: u64 = (1 << 52) - 1;
/// ln 2 in two parts: the first has so few digits that its product with an exponent is exact.
const LN_2: [f64; 2] = [0.693_146_705_627_441_4, 4.749_325_039_031_672_6e-7];
/// 1.5 * 2^52: adding it rounds to an integer, which then stands in the low bits, negative ones too.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// The natural logarithm of a positive normal `x`, to 4e-16 of its value, the same on every machine.
#[inline(always)]
#[must_use]
pub fn ln(x: f64) -> f64 {
    // x = m * 2^e with m in [sqrt(1/2), sqrt(2)), the exponent biased so that it stays positive.
    let shifted = x.to_bits().wrapping_sub(SQRT_HALF).wrapping_add(1023 << 52);
    let e = f64::from_bits((shifted >> 52) | TWO_52.to_bits()) - (TWO_52 + 1023.0);
    let m = f64::from_bits((shifted & MANTISSA).wrapping_add(SQRT_HALF));
    e * std::f64::consts::LN_2 + ln_near_one(m - 1.0)
}

/// ln(1 + x) for x in [-0.3, 0.42]: 2 artanh(x / (2 + x)).
#[inline(always)]
fn ln_near_one(x: f64) -> f64 {
    /// (artanh(s) / s - 1) / s², in powers of s².
    const C: [f64; 7] = [
        0.333_333_333_333_333_5,
        0.199_999_999_999_497_52,
        0.142_857_143_129_877_43,
        0.111_111_055_673_975_4,
        0.090_914_445_626_308_61,
        0.076_658_608_002_780_21,
        0.073_082_248_425_217_03,
    ];
    let s = x / (x + 2.0);
    let z = s * s;
    let z2 = z * z;
    let z4 = z2 * z2;
    let rest = ((C[0] + C[1] * z) + (C[2] + C[3] * z) * z2) + ((C[4] + C[5] * z) + C[6] * z2) * z4;
    2.0 * s + 2.0 * s * z * rest
}

/// ln(1 + x) for x above -1, precise where x is small.
pub(crate) fn ln_1p(x: f64) -> f64 {
    if (-0.3..0.42).contains(&x) { ln_near_one(x) } else { ln(1.0 + x) }
}

/// e^x to 4e-16 of its value; the same on every machine. Outside [-708, 709] it is taken at the nearer
/// end.
#[inline(always)]
#[must_use]
pub fn exp(x: f64) -> f64 {
    let x = x.clamp(-708.0, 709.0);
    let shifted = x * std::f64::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    (1.0 + exp_m1_near_zero(r)) * f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52)
}

/// e^x - 1 for x in [-0.35, 0.35].
#[inline(always)]
fn exp_m1_near_zero(r: f64) -> f64 {
    /// (e^r - 1 - r) / r², in powers of r.
    const C: [f64; 10] = [
        0.500_000_000_000_000_1,
        0.166_666_666_666_666_69,
        0.041_666_666_666_624_13,
        0.008_333_333_333_330_062,
        0.001_388_888_891_721_371_7,
        0.000_198_412_698_630_536_18,
        2.480_152_129_595_437_6e-5,
        2.755_726_845_999_706_4e-6,
        2.762_008_844_540_974_6e-7,
        2.510_038_549_551_032e-8,
    ];
    let r2 = r * r;
    let r4 = r2 * r2;
    let low = (C[0] + C[1] * r) + (C[2] + C[3] * r) * r2;
    let high = ((C[4] + C[5] * r) + (C[6] + C[7] * r) * r2) + (C[8] + C[9] * r) * r4;
    r + r2 * (low + high * r4)
}

/// e^x - 1, precise where x is small.
pub(crate) fn exp_m1(x: f64) -> f64 {
    if x.abs() < 0.34 { exp_m1_near_zero(x) } else { exp(x) - 1.0 }
}

/// What a standard normal variable stays below with probability `u`, in (0, 1), to 3e-13 of its value. Probabilities
/// within 2^-33 of 0 or 1 are taken there, at 6.3 standard deviations. The same on every machine.
#[must_use]
pub fn normal_quantile(u: f64) -> f64 {
    const NEAREST: f64 = 1.0 / 8_589_934_592.0;
    let u = u.clamp(NEAREST, 1.0 - NEAREST);
    let depth = normal_depth(u);
    if depth < NORMAL_CENTRE { normal_centre(u, depth) } else { normal_tail(u, depth) }
}

/// Where [`normal_centre`] ends: 0.17 % of all probabilities lie beyond it on each side.
pub(crate) const NORMAL_CENTRE: f64 = 5.0;

/// -ln(4 u (1 - u)): how far `u` is from the median, the same on both sides.
///
/// # Source
/// Giles (2011), "Approximating the erfinv function", *GPU Computing Gems Jade Edition*: in this variable a low
/// polynomial meets the quantile, divided by u - 1/2.
#[inline(always)]
pub(crate) fn normal_depth(u: f64) -> f64 {
    -ln(4.0 * u * (1.0 - u))
}

/// The normal quantile at `u`, whose [`normal_depth`] `w` is at most [`NORMAL_CENTRE`].
#[inline(always)]
pub(crate) fn normal_centre(u: f64, w: f64) -> f64 {
    const C: [f64; 17] = [
        2.506_628_274_631_294,
        0.656_233_747_704_555_9,
        0.032_666_472_941_798_745,
        -0.006_604_669_707_361_647,
        -0.000_362_141_819_881_494_96,
        0.000_131_791_027_864_677_7,
        5.785_219_944_068_168e-6,
        -2.941_002_206_145_231_5e-6,
        -4.695_519_679_954_704_5e-8,
        3.260_095_352_408_721e-8,
        1.451_031_522_838_212_9e-8,
        -4.800_219_623_680_472e-9,
        5.079_501_003_638_499e-10,
        -8.145_330_235_789_504e-13,
        -4.836_469_434_461_879e-12,
        4.430_213_535_179_552_6e-13,
        -1.362_326_899_446_180_2e-14,
    ];
    let w2 = w * w;
    let w4 = w2 * w2;
    let w8 = w4 * w4;
    let first = ((C[0] + C[1] * w) + (C[2] + C[3] * w) * w2) + ((C[4] + C[5] * w) + (C[6] + C[7] * w) * w2) * w4;
    let second = ((C[8] + C[9] * w) + (C[10] + C[11] * w) * w2) + ((C[12] + C[13] * w) + (C[14] + C[15] * w) * w2) * w4;
    (u - 0.5) * ((first + second * w8) + C[16] * (w8 * w8))
}

/// The normal quantile at `u`, whose [`normal_depth`] `w` is from [`NORMAL_CENTRE`] to 22.2: rational in sqrt(w).
pub(crate) fn normal_tail(u: f64, w: f64) -> f64 {
    const P: [f64; 8] = [
        -0.011_015_681_852_664_036,
        1.295_465_317_131_088_8,
        -1.351_488_740_653_465_7,
        0.967_578_582_683_589_6,
        -0.448_820_692_106_779_3,
        0.157_249_322_867_855_73,
        -0.033_402_526_933_519_91,
        0.003_942_701_971_910_229,
    ];
    const Q: [f64; 8] = [
        1.0,
        -1.022_452_548_385_638,
        0.708_504_522_762_867,
        -0.318_196_805_134_397,
        0.109_830_713_888_015_24,
        -0.023_238_833_622_155_75,
        0.002_774_028_477_550_226_4,
        2.612_717_550_633_639e-7,
    ];
    let t = w.sqrt();
    let at = |c: [f64; 8]| c.iter().rev().fold(0.0, |sum, c| sum * t + c);
    (at(P) / at(Q)).copysign(u - 0.5)
}

/// ln Γ(x) for positive `x`, to 1e-14 absolute or of its value: Stirling's series beyond 12, where the recurrence
/// Γ(x + 1) = x Γ(x) leads.
pub(crate) fn ln_gamma(x: f64) -> f64 {
    // The Bernoulli numbers B(2k) / (2k (2k - 1)).
    const C: [f64; 6] = [1.0 / 12.0, -1.0 / 360.0, 1.0 / 1260.0, -1.0 / 1680.0, 1.0 / 1188.0, -691.0 / 360_360.0];
    const HALF_LN_TAU: f64 = 0.918_938_533_204_672_7;
    let (mut x, mut product) = (x, 1.0);
    while x < 12.0 {
        product *= x;
        x += 1.0;
    }
    let z = 1.0 / (x * x);
    let series = C.iter().rev().fold(0.0, |sum, c| sum * z + c) / x;
    (x - 0.5) * ln(x) - x + HALF_LN_TAU + series - ln(product)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use statrs::distribution::{ContinuousCDF, Normal};

    #[test]
    fn logarithms_and_exponentials_are_those_of_the_library() {
        for k in -3000..3000 {
            let x = f64::from(k) / 10.0 + 0.0123;
            assert_relative_eq!(exp(x), x.exp(), max_relative = 4e-16);
            assert_relative_eq!(ln(x.exp()), x, max_relative = 4e-16, epsilon = 1e-16);
            let small = x / 1e5;
            assert_relative_eq!(exp_m1(small), small.exp_m1(), max_relative = 1e-15);
            assert_relative_eq!(ln_1p(small), small.ln_1p(), max_relative = 1e-15);
        }
        assert_relative_eq!(ln(1.0 - 1e-10), (-1e-10f64).ln_1p(), max_relative = 1e-6);
        assert_relative_eq!(ln_1p(5.0), 6f64.ln(), max_relative = 1e-15);
        assert_relative_eq!(exp_m1(5.0), 5f64.exp_m1(), max_relative = 1e-15);
    }

    #[test]
    fn one_and_zero_are_met_exactly() {
        assert!((exp(0.0) - 1.0).abs() == 0.0 && ln(1.0).abs() == 0.0 && normal_quantile(0.5).abs() == 0.0);
    }

    /// Computed with mpmath at 60 digits, 2026-11.
    #[test]
    fn normal_quantiles_have_their_book_values() {
        let book = [
            (0.500_000_1, 2.506_628_273_311_648e-7),
            (0.6, 0.253_347_103_135_799_7),
            (0.9, 1.281_551_565_544_600_6),
            (0.99, 2.326_347_874_040_840_8),
            (0.998, 2.878_161_739_095_483),
            (0.9985, 2.967_737_925_341_794_4),
            (0.9999, 3.719_016_485_455_708_4),
            (0.999_999_99, 5.612_001_243_305_505),
        ];
        for (u, z) in book {
            assert_relative_eq!(normal_quantile(u), z, max_relative = 4e-13);
            assert_relative_eq!(normal_quantile(1.0 - u), -z, max_relative = 4e-13);
        }
    }

    #[test]
    fn normal_quantiles_invert_the_distribution_function_and_increase() {
        let law = Normal::standard();
        let mut below = f64::NEG_INFINITY;
        for k in 0..200_000u32 {
            let u = (f64::from(k) + 0.5) / 200_000.0;
            let z = normal_quantile(u);
            assert!(z > below, "{z} at {u}");
            below = z;
            if k % 16 == 0 {
                // As far as the other distribution function is to be trusted.
                assert_relative_eq!(law.cdf(z), u, max_relative = 2e-10);
            }
        }
        let farthest = normal_quantile(0.5 / 4_294_967_296.0);
        assert_relative_eq!(law.cdf(farthest), 0.5 / 4_294_967_296.0, max_relative = 1e-9);
    }

    #[test]
    fn the_centre_meets_the_tails() {
        // The depth 5 is at u(1 - u) = e^-5 / 4.
        let u = 0.5 - 0.5 * (1.0 - (-5f64).exp()).sqrt();
        let depth = normal_depth(u);
        assert_relative_eq!(normal_centre(u, depth), normal_tail(u, depth), max_relative = 5e-13);
    }

    #[test]
    fn factorials_are_values_of_the_gamma_function() {
        let mut factorial = 1.0;
        for n in 1..60 {
            assert_relative_eq!(ln_gamma(f64::from(n)), f64::ln(factorial), max_relative = 1e-14, epsilon = 1e-14);
            factorial *= f64::from(n);
        }
        assert_relative_eq!(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln(), max_relative = 2e-14);
        assert_relative_eq!(ln_gamma(1e-3), statrs::function::gamma::ln_gamma(1e-3), max_relative = 1e-13);
    }
}
