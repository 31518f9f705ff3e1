//! The inverse of a mixture of two exponential laws.

use crate::elementary::{exp, ln};

/// The seconds that a mixture of two exponential laws exceeds with probability `survival`, in (0, 1).
///
/// - `mean_s`: the two means, in seconds.
/// - `p`: probability of the first.
///
/// The logarithm of the survival function is convex (Feller 1971, *An Introduction to Probability Theory*, vol. 2:
/// mixtures of exponentials are log-convex), so Newton's method never overshoots from a start below the root.
pub(super) fn hyperexponential_seconds(mean_s: [f64; 2], p: f64, survival: f64) -> f64 {
    let [first, second] = [p / mean_s[0], (1.0 - p) / mean_s[1]];
    let target = ln(survival);
    // Below the root: either part alone survives longer than the mixture's share, and the mixture's hazard rate never
    // exceeds its hazard rate at zero.
    let alone =
        |probability: f64, mean_s: f64| if probability > 0.0 { mean_s * (ln(probability) - target) } else { 0.0 };
    let mut x = (-target / (first + second)).max(alone(p, mean_s[0])).max(alone(1.0 - p, mean_s[1])).max(0.0);
    for _ in 0..100 {
        let [a, b] = [first * exp(-x / mean_s[0]), second * exp(-x / mean_s[1])];
        let surviving = a * mean_s[0] + b * mean_s[1];
        let step = (ln(surviving) - target) * surviving / (a + b);
        x += step.max(0.0);
        if step <= 1e-15 * x {
            break;
        }
    }
    x
}
