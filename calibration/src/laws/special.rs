//! Logarithms of the tails of the normal and the gamma law, with derivatives.

use fleetfront_sim::scaled_normal_tail;

use super::jet::Jet;
use super::stirling::{ln_less_digamma, remainder, trigamma_less_inverse};

const SQRT_TAU: f64 = 2.506_628_274_631_000_2;
/// Half of the logarithm of 2π.
pub(super) const HALF_LN_TAU: f64 = 0.918_938_533_204_672_8;
/// Most terms of a series or fraction: about the root of the shape of them matter, times a few.
const TERMS_MAX: u32 = 100_000;

/// ln P(Z > z) for a standard normal Z, with its two derivatives.
pub(super) fn ln_normal_tail(z: f64) -> [f64; 3] {
    let scaled = scaled_normal_tail(z.abs());
    let (value, hazard) = if z >= 0.0 {
        (-0.5 * z * z + scaled.ln(), (SQRT_TAU * scaled).recip())
    } else {
        let bell = (-0.5 * z * z).exp();
        ((-scaled * bell).ln_1p(), bell / (SQRT_TAU * (1.0 - scaled * bell)))
    };
    [value, -hazard, -hazard * (hazard - z)]
}

/// ½ ln k less what Stirling's formula leaves out of ln Γ(k), with its two derivatives: the part of a gamma density
/// that depends on the shape alone once its mean is the scale.
pub(super) fn stirling_factor(k: f64) -> [f64; 3] {
    [0.5 * k.ln() - remainder(k), ln_less_digamma(k), -trigamma_less_inverse(k)]
}

/// ln P(X > k e^d) for a gamma variable X of shape `k` and scale 1 (so that e^d is the time over the mean).
pub(super) fn ln_gamma_tail<const N: usize>(shape: &Jet<N>, deviation: &Jet<N>) -> Jet<N> {
    let (k, d) = (shape.value, deviation.value);
    let x = k * d.exp();
    if N == 0 {
        return Jet::constant(upper(&Jet::<0>::constant(k), x).value);
    }
    let tail = upper(&Jet::<1>::variables(&[k])[0], x);
    let (in_k, twice_in_k) = (tail.slope[0], tail.curvature[0][0]);
    // In the logarithm of x the slope is less the hazard: x times the density over the tail.
    let ln_x = k.ln() + d;
    let [factor, factor_slope, _] = stirling_factor(k);
    let hazard = (factor + k * (d - d.exp_m1()) - HALF_LN_TAU - tail.value).exp();
    let twice_in_ln_x = -hazard * (k - x + hazard);
    // The logarithm of x times the density is k ln x - x - ln Γ(k): its slope in k is ln x - ψ(k).
    let mixed = -hazard * (ln_x - (k.ln() - factor_slope) - in_k);
    // ln x is ln k + d: by the chain rule in k and d.
    let in_shape = in_k - hazard / k;
    let twice_in_shape = twice_in_k + 2.0 * mixed / k + twice_in_ln_x / (k * k) + hazard / (k * k);
    let across = mixed + twice_in_ln_x / k;
    Jet::through_two(shape, deviation, tail.value, [in_shape, -hazard], [twice_in_shape, across, twice_in_ln_x])
}

/// ln P(X > x) as a function of the shape, at a fixed `x`.
fn upper<const M: usize>(shape: &Jet<M>, x: f64) -> Jet<M> {
    if x < shape.value + 1.0 { lower_series(shape, x).exp().ln_one_less() } else { upper_fraction(shape, x) }
}

/// k ln x - x - ln Γ(k), around x = k without cancellation.
fn ln_rise<const M: usize>(shape: &Jet<M>, x: f64) -> Jet<M> {
    let k = shape.value;
    let ln_ratio = if (0.5..2.0).contains(&(x / k)) { ((x - k) / k).ln_1p() } else { (x / k).ln() };
    let [factor, slope, curvature] = stirling_factor(k);
    let value = factor + k * ln_ratio - (x - k) - HALF_LN_TAU;
    // d/dk: ln x - ψ(k), which is ln(x / k) + (ln k - ψ(k)); and -ψ'(k).
    shape.through([value, ln_ratio + slope, curvature - k.recip()])
}

/// ln P(X < x) by the series x^k e^-x / Γ(k + 1) (1 + x / (k + 1) + ...), Abramowitz and Stegun 1964, 6.5.29.
fn lower_series<const M: usize>(shape: &Jet<M>, x: f64) -> Jet<M> {
    let (mut term, mut sum) = (Jet::constant(1.0), Jet::constant(1.0));
    for n in 1..TERMS_MAX {
        term = (term * shape.plus(f64::from(n)).recip()).times(x);
        sum = sum + term;
        let small = |part: f64, whole: f64| part.abs() < 1e-17 * (whole.abs() + 1e-300);
        let ended = |i: usize| small(term.slope[i], sum.slope[i]) && small(term.curvature[i][i], sum.curvature[i][i]);
        if small(term.value, sum.value) && (0..M).all(ended) {
            break;
        }
    }
    ln_rise(shape, x) - shape.ln() + sum.ln()
}

/// ln P(X > x) by the continued fraction of Abramowitz and Stegun 1964, 6.5.31, in its even part, from the front (Lentz
/// 1976).
fn upper_fraction<const M: usize>(shape: &Jet<M>, x: f64) -> Jet<M> {
    let mut denominator = (-*shape).plus(x + 1.0);
    let mut above = Jet::constant(1e300);
    let mut below = denominator.recip();
    let mut fraction = below;
    for n in 1..TERMS_MAX {
        let numerator = shape.plus(-f64::from(n)).times(f64::from(n));
        denominator = denominator.plus(2.0);
        below = (numerator * below + denominator).recip();
        above = denominator + numerator * above.recip();
        let change = above * below;
        fraction = fraction * change;
        let ended = |i: usize| change.slope[i].abs() < 1e-15 && change.curvature[i][i].abs() < 1e-15;
        if (change.value - 1.0).abs() < 1e-16 && (0..M).all(ended) {
            break;
        }
    }
    ln_rise(shape, x) + fraction.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// Computed with mpmath 1.3 at 40 digits (`log(erfc(z / sqrt(2)) / 2)`), 2026-11.
    #[test]
    fn normal_tails_have_their_book_values() {
        for (z, expected) in NORMAL {
            assert_relative_eq!(ln_normal_tail(z)[0], expected, max_relative = 1e-14, epsilon = 0.0);
        }
    }

    #[test]
    fn normal_tails_have_the_derivatives_of_differences() {
        for z in [-30.0, -5.0, -1.0, -0.1, 0.2, 1.0, 4.0, 40.0] {
            let h = 1e-5;
            let [_, slope, curvature] = ln_normal_tail(z);
            let [low, high] = [z - h, z + h].map(ln_normal_tail);
            assert_relative_eq!(slope, (high[0] - low[0]) / (2.0 * h), max_relative = 1e-7, epsilon = 1e-9);
            assert_relative_eq!(curvature, (high[1] - low[1]) / (2.0 * h), max_relative = 1e-7, epsilon = 1e-9);
        }
    }

    /// Computed with mpmath 1.3 at 40 digits (`log(gammainc(k, x, inf, regularized=True))` and `diff` of it in k),
    /// 2026-11.
    #[test]
    fn gamma_tails_have_their_book_values() {
        for [k, x, value, slope, curvature] in GAMMA {
            let found = upper(&Jet::<1>::variables(&[k])[0], x);
            assert_relative_eq!(found.value, value, max_relative = 1e-11, epsilon = 0.0);
            assert_relative_eq!(found.slope[0], slope, max_relative = 1e-9, epsilon = 0.0);
            assert_relative_eq!(found.curvature[0][0], curvature, max_relative = 1e-7, epsilon = 0.0);
        }
    }

    #[test]
    fn gamma_tails_have_the_derivatives_of_differences_in_shape_and_time() {
        for (k, d) in [(0.2, -3.0), (0.2, 1.5), (1.0, 0.3), (4.0, -0.7), (4.0, 0.8), (250.0, -0.05), (250.0, 0.2)] {
            let at = |k, d| {
                let [k, d] = Jet::<2>::variables(&[k, d]);
                ln_gamma_tail(&k, &d)
            };
            let (found, h) = (at(k, d), 1e-5);
            let sides = [[at(k * (1.0 - h), d), at(k * (1.0 + h), d)], [at(k, d - h), at(k, d + h)]];
            for (variable, step) in [(0, h * k), (1, h)] {
                let [low, high] = sides[variable];
                let difference = (high.value - low.value) / (2.0 * step);
                assert_relative_eq!(found.slope[variable], difference, max_relative = 1e-5, epsilon = 1e-9);
                for other in 0..2 {
                    let difference = (high.slope[other] - low.slope[other]) / (2.0 * step);
                    assert_relative_eq!(
                        found.curvature[variable][other],
                        difference,
                        max_relative = 1e-5,
                        epsilon = 1e-8
                    );
                }
            }
        }
    }

    const NORMAL: [(f64, f64); 8] = [
        (-8.0, -6.220_960_574_271_786e-16),
        (-2.0, -0.023_012_909_328_963_49),
        (-0.5, -0.368_946_415_288_656_4),
        (0.0, -std::f64::consts::LN_2),
        (0.5, -1.175_911_761_593_618_5),
        (3.0, -6.607_726_221_510_349),
        (12.0, -75.410_673_001_568_8),
        (200.0, -20_006.217_280_898_19),
    ];

    /// Shape, time, and the logarithm of the tail with its two derivatives in the shape.
    const GAMMA: [[f64; 5]; 10] = [
        [0.05, 1e-6, -0.723_251_718_009_730_1, 14.131_702_462_350_697, -386.280_294_465_564_9],
        [0.3, 0.01, -0.327_450_450_497_272_84, 1.720_905_488_687_571_6, -10.169_666_126_119_422],
        [0.3, 4.0, -6.203_415_645_455_428, 5.075_035_819_924_344, -12.218_814_872_744_536],
        [1.5, 0.2, -0.061_617_463_754_097_934, 0.149_047_688_774_664_62, -0.342_228_210_439_209_5],
        [1.5, 9.0, -7.729_077_587_537_633, 2.266_038_365_066_349, -0.925_588_492_374_519_6],
        [4.0, 3.0, -0.435_050_642_538_463_26, 0.311_372_856_666_205_5, -0.190_083_448_028_872_73],
        [4.0, 30.0, -21.486_614_046_926_718, 2.180_587_768_454_625_8, -0.282_650_447_191_756_86],
        [100.0, 90.0, -0.172_237_756_653_867_7, 0.029_237_978_766_176_138, -0.003_938_201_797_345_548],
        [100.0, 180.0, -24.247_209_135_807_722, 0.604_665_073_707_665_6, -0.009_915_849_034_916_822],
        [5_000.0, 5_100.0, -2.534_153_016_423_956, 0.026_248_495_177_170_855, -0.000_169_185_756_155_372_88],
    ];
}
