//! Student's t.

use std::cell::Cell;

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::interval::tail_of;

thread_local! {
    /// The last factor of a thread, and the observations and tail that it is for: thousands of intervals in a row ask
    /// for the same one, which takes 20 µs to find.
    static LAST: Cell<(usize, f64, f64)> = const { Cell::new((0, 0.0, 0.0)) };
}

/// How many standard errors the interval of a mean reaches to each side: the upper quantile of Student's t with `n` - 1
/// degrees of freedom. Infinite for fewer than two observations.
///
/// - `n`: number of observations.
/// - `confidence`: such as 0.95.
///
/// # Panics
/// If the confidence is not between 0 and 1.
#[must_use]
pub fn t_factor(n: usize, confidence: f64) -> f64 {
    let tail = tail_of(confidence);
    if n < 2 {
        return f64::INFINITY;
    }
    let (of_n, of_tail, known) = LAST.get();
    if (of_n, of_tail.to_bits()) == (n, tail.to_bits()) {
        return known;
    }
    let factor = StudentsT::new(0.0, 1.0, (n - 1) as f64).map_or(f64::INFINITY, |t| t.inverse_cdf(1.0 - tail));
    LAST.set((n, tail, factor));
    factor
}

/// The two-sided p-value of a mean of zero: how often Student's t would be as far out if it were.
///
/// - `values`: independent observations. Where they do not vary it is 1 if they are zero, else 0; 1 for fewer than two.
#[must_use]
pub fn two_sided_p(values: &[f64]) -> f64 {
    let n = values.len() as f64;
    if values.len() < 2 {
        return 1.0;
    }
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    if variance <= 0.0 {
        return if mean == 0.0 { 1.0 } else { 0.0 };
    }
    let t = mean.abs() / (variance / n).sqrt();
    StudentsT::new(0.0, 1.0, n - 1.0).map_or(1.0, |law| 2.0 * law.sf(t))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// `scipy.stats.t.ppf`, scipy 1.17.1; the figures of every table of t.
    /// With three degrees of freedom the distribution function is 1/2 + (x / (1 + x^2) + atan x) / pi, x = t / sqrt(3);
    /// here t = 1.721892064.
    #[test]
    fn p_of_a_mean() {
        assert_relative_eq!(two_sided_p(&[1.0, 2.0, 4.0, -0.5]), 0.183_568_042_848_891_28, max_relative = 1e-9);
        // At the edge of an interval of 95 % the p-value is 5 %.
        let edge = t_factor(4, 0.95) * (variance(&[1.0, 2.0, 4.0, -0.5]) / 4.0).sqrt();
        let at_edge = [1.0, 2.0, 4.0, -0.5].map(|x| x - 1.625 + edge);
        assert_relative_eq!(two_sided_p(&at_edge), 0.05, max_relative = 1e-9);
        assert_eq!((two_sided_p(&[0.0; 3]), two_sided_p(&[2.0; 3]), two_sided_p(&[2.0])), (1.0, 0.0, 1.0));
    }

    fn variance(values: &[f64]) -> f64 {
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (values.len() - 1) as f64
    }

    #[test]
    fn factors_as_in_the_tables() {
        assert_relative_eq!(t_factor(2, 0.95), 12.706_204_736_174_694, max_relative = 1e-8);
        assert_relative_eq!(t_factor(8, 0.95), 2.364_624_251_592_784, max_relative = 1e-8);
        assert_relative_eq!(t_factor(30, 0.999), 3.659_405_019_466_375, max_relative = 1e-8);
        assert_relative_eq!(t_factor(5, 0.9), 2.131_846_786_326_65, max_relative = 1e-8);
        assert!(t_factor(1, 0.95).is_infinite());
    }
}
