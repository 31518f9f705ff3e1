//! The tail of the normal law.

use crate::elementary::exp;

/// e^(z²/2) P(Z > z) for a standard normal Z and `z` of zero or more, to 1e-15 of its value and without underflow
/// however far out; the same on every machine.
///
/// # Source
/// Shepherd and Laframboise 1981, *Mathematics of Computation* 36: times 1 + z it is smooth in (z - k) / (z + k). The
/// polynomial is its Chebyshev series with k = 5.25, computed with 80 digits, 2026-11.
#[must_use]
pub fn scaled_normal_tail(z: f64) -> f64 {
    const C: [f64; 28] = [
        0.459_301_442_829_330_44,
        -0.089_968_691_423_903_01,
        0.033_828_183_125_805_655,
        0.005_958_151_992_661_226,
        -0.023_979_891_586_914_27,
        0.024_646_782_627_444_432,
        -0.016_898_576_196_864_94,
        0.008_429_645_204_010_431,
        -0.002_902_003_241_220_478,
        0.000_489_176_009_327_430_9,
        0.000_111_828_040_462_956_21,
        -9.162_713_471_404_001e-5,
        1.307_437_140_648_917_4e-5,
        8.233_276_276_589_358e-6,
        -3.403_704_094_738_841e-6,
        -5.543_800_658_641_044e-7,
        5.627_425_231_523_088e-7,
        2.366_896_949_659_882_2e-8,
        -8.850_636_185_478_512e-8,
        4.970_019_157_533_972e-10,
        1.435_193_608_464_724_3e-8,
        -1.015_953_748_787_664e-10,
        -2.317_883_492_854_461_2e-9,
        -5.179_276_857_892_196e-11,
        3.182_525_315_099_775e-10,
        1.950_674_927_830_743e-11,
        -2.566_120_827_424_495e-11,
        -2.410_876_685_417_587e-12,
    ];
    let t = (z - 5.25) / (z + 5.25);
    let t2 = t * t;
    let t4 = t2 * t2;
    let t8 = t4 * t4;
    let four = |k: usize| (C[k] + C[k + 1] * t) + (C[k + 2] + C[k + 3] * t) * t2;
    let low = (four(0) + four(4) * t4) + (four(8) + four(12) * t4) * t8;
    let high = (four(16) + four(20) * t4) + four(24) * t8;
    (low + high * (t8 * t8)) / (1.0 + z)
}

/// P(Z > |z|) for a standard normal Z.
pub(super) fn beyond(z: f64) -> f64 {
    exp(-0.5 * z * z) * scaled_normal_tail(z.abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// Computed with mpmath at 40 digits, 2026-11.
    #[test]
    fn tails_have_their_book_values() {
        let book = [
            (0.0, 0.5),
            (0.1, 0.460_172_162_722_971),
            (1.0, 0.158_655_253_931_457_05),
            (2.5, 0.006_209_665_325_776_135),
            (5.25, 7.604_960_516_488_715e-8),
            (6.3, 1.488_228_221_762_312_7e-10),
            (12.0, 1.776_482_112_077_679e-33),
        ];
        for (z, expected) in book {
            assert_relative_eq!(beyond(z), expected, max_relative = 4e-15, epsilon = 0.0);
            assert_relative_eq!(beyond(-z), expected, max_relative = 4e-15, epsilon = 0.0);
        }
        // 1 / sqrt(2 pi) (1/z - 1/z³ + 3/z⁵ - 15/z⁷) far out.
        let z = 1000.0f64;
        let series = (1.0 / z - 1.0 / z.powi(3) + 3.0 / z.powi(5)) / std::f64::consts::TAU.sqrt();
        assert_relative_eq!(scaled_normal_tail(z), series, max_relative = 1e-13, epsilon = 0.0);
    }

    #[test]
    fn tails_invert_the_quantiles_of_this_crate() {
        for k in 1..6000 {
            let z = f64::from(k) / 1000.0;
            assert_relative_eq!(crate::normal_quantile(beyond(z)), -z, max_relative = 1e-12, epsilon = 1e-15);
        }
    }
}
