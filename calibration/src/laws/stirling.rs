//! What Stirling's formula leaves out: the gamma function and its derivative without cancellation at large arguments.

/// From here on the asymptotic series is exact to the last digits.
const SERIES_FROM: f64 = 16.0;

/// ln Γ(x) less Stirling's (x - ½)·ln x - x + ½·ln 2π, for x > 0.
///
/// # Source
/// Abramowitz and Stegun 1964, 6.1.41; below 16 by Γ(x + 1) = x·Γ(x).
pub(crate) fn remainder(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < SERIES_FROM {
        below += (x + 0.5) * x.recip().ln_1p() - 1.0;
        x += 1.0;
    }
    let square = x.powi(-2);
    below + (1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0))) / x
}

/// ln x less the digamma function ψ(x), for x > 0: it falls from infinity to 0.
///
/// # Source
/// Abramowitz and Stegun 1964, 6.3.18; below 16 by ψ(x + 1) = ψ(x) + 1/x.
pub(crate) fn ln_less_digamma(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < SERIES_FROM {
        below += x.recip() - x.recip().ln_1p();
        x += 1.0;
    }
    let square = x.powi(-2);
    below + 0.5 / x + square * (1.0 / 12.0 - square * (1.0 / 120.0 - square * (1.0 / 252.0 - square / 240.0)))
}

/// The derivative ψ'(x) of the digamma function less 1/x, for x > 0.
///
/// # Source
/// Abramowitz and Stegun 1964, 6.4.12; below 16 by ψ'(x + 1) = ψ'(x) - 1/x².
pub(crate) fn trigamma_less_inverse(x: f64) -> f64 {
    let (mut x, mut below) = (x, 0.0);
    while x < SERIES_FROM {
        below += (x * x * (x + 1.0)).recip();
        x += 1.0;
    }
    let square = x.powi(-2);
    let series =
        1.0 / 6.0 - square * (1.0 / 30.0 - square * (1.0 / 42.0 - square * (1.0 / 30.0 - square * 5.0 / 66.0)));
    below + square * (0.5 + series / x)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use std::f64::consts::PI;

    /// Γ(1) = 1, Γ(½) = √π, Γ(20) = 19!; ψ(1) = -γ, ψ(½) = -γ - 2·ln 2.
    #[test]
    fn arguments_whose_values_are_known() {
        let ln_gamma = |x: f64| remainder(x) + (x - 0.5) * x.ln() - x + 0.5 * (2.0 * PI).ln();
        assert_relative_eq!(ln_gamma(1.0), 0.0, epsilon = 1e-13);
        assert_relative_eq!(ln_gamma(0.5), 0.5 * PI.ln(), max_relative = 1e-12);
        assert_relative_eq!(ln_gamma(20.0), 121_645_100_408_832_000.0_f64.ln(), max_relative = 1e-14);
        let euler = 0.577_215_664_901_532_9;
        assert_relative_eq!(ln_less_digamma(1.0), euler, max_relative = 1e-13);
        assert_relative_eq!(ln_less_digamma(0.5), euler + 2.0_f64.ln(), max_relative = 1e-13);
        // ψ'(1) = π²/6, ψ'(½) = π²/2.
        assert_relative_eq!(trigamma_less_inverse(1.0), PI * PI / 6.0 - 1.0, max_relative = 1e-13);
        assert_relative_eq!(trigamma_less_inverse(0.5), PI * PI / 2.0 - 2.0, max_relative = 1e-13);
    }

    /// Large shapes belong to samples that hardly vary; there both are 1/(12x) and 1/(2x).
    #[test]
    fn large_arguments_keep_their_digits() {
        assert_relative_eq!(remainder(1e12), 1e-12 / 12.0, max_relative = 1e-12);
        assert_relative_eq!(ln_less_digamma(1e12), 0.5e-12, max_relative = 1e-12);
        assert_relative_eq!(trigamma_less_inverse(1e8), 0.5e-16, max_relative = 1e-7);
    }
}
