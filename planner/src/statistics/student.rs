//! Student's t.

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::interval::tail_of;

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
    StudentsT::new(0.0, 1.0, (n - 1) as f64).map_or(f64::INFINITY, |t| t.inverse_cdf(1.0 - tail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// `scipy.stats.t.ppf`, scipy 1.17.1; the figures of every table of t.
    #[test]
    fn factors_as_in_the_tables() {
        assert_relative_eq!(t_factor(2, 0.95), 12.706_204_736_174_694, max_relative = 1e-8);
        assert_relative_eq!(t_factor(8, 0.95), 2.364_624_251_592_784, max_relative = 1e-8);
        assert_relative_eq!(t_factor(30, 0.999), 3.659_405_019_466_375, max_relative = 1e-8);
        assert_relative_eq!(t_factor(5, 0.9), 2.131_846_786_326_65, max_relative = 1e-8);
        assert!(t_factor(1, 0.95).is_infinite());
    }
}
