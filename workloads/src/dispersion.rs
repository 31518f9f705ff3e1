//! The index of dispersion of counts, where something makes requests come together.

/// Index of dispersion (variance over mean) of the number of arrivals in a window, for a Poisson process whose rate is
/// multiplied by a stationary random factor with mean 1 and autocorrelation exp(-lag / τ): the law that
/// [`crate::SlowRate`] obeys while the curve is constant.
///
/// - `rate_per_s`: λ, mean arrivals a second.
/// - `window_s`: w, length of the window, in seconds.
/// - `cv`: coefficient of variation c of the factor.
/// - `correlation_s`: τ, in seconds.
///
/// Returns 1 + 2·λ·c²·τ·(1 − (τ/w)·(1 − e^(−w/τ))): 1 for w → 0, 1 + 2·λ·c²·τ for w → ∞.
///
/// # Panics
/// If an argument is negative or NaN.
///
/// # Source
/// Cox and Isham (1980), *Point Processes*, doubly stochastic Poisson processes. Given the factor, the count is Poisson
/// with mean M = λ·∫X over the window, so Var N = E\[M\] + Var M; and Var M = λ²·c²·∬ e^(−|s−t|/τ) ds dt =
/// 2·λ²·c²·τ·(w − τ·(1 − e^(−w/τ))), divided by E\[N\] = λ·w.
#[must_use]
pub fn slow_rate_dispersion(rate_per_s: f64, window_s: f64, cv: f64, correlation_s: f64) -> f64 {
    assert!(rate_per_s >= 0.0 && window_s >= 0.0 && cv >= 0.0 && correlation_s >= 0.0);
    if correlation_s == 0.0 || window_s == 0.0 {
        return 1.0;
    }
    let x = window_s / correlation_s;
    // Below 1e-4 the difference loses more digits than the series 1 - (1 - e^-x)/x = x/2 - x²/6 + O(x³) leaves out.
    let persistence = if x < 1e-4 { x / 2.0 - x * x / 6.0 } else { 1.0 + (-x).exp_m1() / x };
    1.0 + 2.0 * rate_per_s * cv * cv * correlation_s * persistence
}

/// The same for several independent factors, whose product multiplies the rate: their time scales do not merely add up.
///
/// - `factors`: coefficient of variation and correlation time in seconds of each, 16 at most.
///
/// Returns 1 for no factor, and what [`slow_rate_dispersion`] returns for one.
///
/// # Panics
/// If an argument is negative or NaN, or there are more than 16 factors.
///
/// # Source
/// The product has mean 1 and covariance ∏(1 + cᵢ²·e^(−lag/τᵢ)) − 1. Expanded, it is a sum over the sets of factors that
/// are not empty, and each set is like a single factor with c = ∏cᵢ and 1/τ = Σ1/τᵢ.
#[must_use]
pub fn slow_rates_dispersion(rate_per_s: f64, window_s: f64, factors: &[(f64, f64)]) -> f64 {
    assert!(factors.len() <= 16, "{} factors have too many subsets", factors.len());
    let of_set = |set: u32| {
        let inside = factors.iter().enumerate().filter(|(place, _)| set >> place & 1 == 1);
        let (cv, rate) = inside.fold((1.0, 0.0), |(cv, rate), (_, of)| (cv * of.0, rate + 1.0 / of.1));
        slow_rate_dispersion(rate_per_s, window_s, cv, 1.0 / rate) - 1.0
    };
    1.0 + (1..1 << factors.len()).map(of_set).sum::<f64>()
}

/// Index of dispersion of the number of arrivals in a window, for sessions that begin as a stationary Poisson process,
/// of a geometric number of requests with exponential times between them (see [`crate::Process::Sessions`]).
///
/// - `window_s`: w, length of the window, in seconds.
/// - `requests_mean`: m, mean requests of a session, at least 1.
/// - `think_mean_s`: 1/β, mean time from one request of a session to the next, in seconds; above zero.
///
/// Returns 1 for w → 0 and 2·m − 1 for w → ∞, whatever the rate is.
///
/// # Panics
/// If an argument is out of its range.
///
/// # Source
/// Lewis (1964), "A branching Poisson process model for the analysis of computer failure patterns". With probability
/// q = 1 − 1/m a request has a next one, so those that follow it in its session come at a rate of q·β·e^(−u/τ) after a
/// time u, with τ = m/β. Var N is E\[N\] and twice the pairs inside the window: I(w) = 1 + (2/w)·∫(w − u)·q·β·e^(−u/τ) du,
/// which is [`slow_rate_dispersion`] with λ·c² = q·β.
#[must_use]
pub fn session_dispersion(window_s: f64, requests_mean: f64, think_mean_s: f64) -> f64 {
    assert!(requests_mean >= 1.0 && think_mean_s > 0.0);
    let has_next = 1.0 - 1.0 / requests_mean;
    slow_rate_dispersion(has_next / think_mean_s, window_s, 1.0, requests_mean * think_mean_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn short_windows_are_poisson_and_long_ones_reach_the_limit() {
        assert_relative_eq!(slow_rate_dispersion(0.1, 0.0, 0.5, 600.0), 1.0);
        assert_relative_eq!(slow_rate_dispersion(0.1, 1e9, 0.5, 600.0), 31.0, max_relative = 1e-5);
    }

    #[test]
    fn a_window_of_one_correlation_time_has_its_book_value() {
        // 1 + 2·1·1·1·(1 - (1 - 1/e)) = 1 + 2/e.
        assert_relative_eq!(slow_rate_dispersion(1.0, 1.0, 1.0, 1.0), 1.0 + 2.0 / std::f64::consts::E);
    }

    #[test]
    fn the_series_meets_the_formula() {
        let per_window = |x: f64| (slow_rate_dispersion(1.0, x, 1.0, 1.0) - 1.0) / x;
        assert_relative_eq!(per_window(0.999_999e-4), per_window(1.000_001e-4), max_relative = 1e-8);
    }

    /// The dispersion of a rate of 3 with this covariance in windows of 2, by the midpoint rule.
    fn by_double_integral(covariance: impl Fn(f64) -> f64) -> f64 {
        let (n, w) = (1000, 2.0);
        let step = w / f64::from(n);
        let sum: f64 = (0..n)
            .map(|lag| {
                let pairs = if lag == 0 { f64::from(n) } else { 2.0 * f64::from(n - lag) };
                pairs * covariance(f64::from(lag) * step)
            })
            .sum();
        1.0 + sum * step * step * 9.0 / (3.0 * w)
    }

    #[test]
    fn the_double_integral_agrees() {
        let exact = by_double_integral(|lag| 0.16 * (-lag / 0.7).exp());
        assert_relative_eq!(slow_rate_dispersion(3.0, 2.0, 0.4, 0.7), exact, max_relative = 1e-5);
        let factors = [(0.4, 0.7), (0.9, 5.0), (1.2, 0.2)];
        let product = |lag: f64| factors.iter().map(|(cv, tau)| 1.0 + cv * cv * (-lag / tau).exp()).product::<f64>();
        let exact = by_double_integral(|lag| product(lag) - 1.0);
        assert_relative_eq!(slow_rates_dispersion(3.0, 2.0, &factors), exact, max_relative = 1e-4);
    }

    #[test]
    fn sessions_are_batches_to_long_windows_and_poisson_to_short_ones() {
        assert_relative_eq!(session_dispersion(0.0, 5.0, 30.0), 1.0);
        assert_relative_eq!(session_dispersion(1e9, 5.0, 30.0), 9.0, max_relative = 1e-5);
        assert_relative_eq!(session_dispersion(60.0, 1.0, 30.0), 1.0);
    }

    #[test]
    fn one_factor_is_the_single_formula_and_what_averages_out_counts_for_nothing() {
        assert_relative_eq!(slow_rates_dispersion(0.1, 60.0, &[]), 1.0);
        let one = slow_rate_dispersion(0.1, 60.0, 0.5, 600.0);
        assert_relative_eq!(slow_rates_dispersion(0.1, 60.0, &[(0.5, 600.0)]), one);
        assert_relative_eq!(slow_rates_dispersion(0.1, 60.0, &[(0.5, 600.0), (0.8, 0.0)]), one);
    }

    /// A production text-to-image service (`GenTD26`, Alibaba cluster data, 15 to 30 November 2024; 14,243 requests in
    /// 366 full hours, 0.036 requests a second where its requests fall) has these dispersions about the means of its own
    /// hours. Subtracting an hour's own mean hides what varies more slowly than the hour: n/(n-1)·(I(w) - I(hour)/n)
    /// with n windows an hour is left. A cv of 0.49 and 980 s meet them best, by least squares of the logarithms; the
    /// gap that we accept is 14 %, because the trace rises faster between 10 s and 300 s than any exponential
    /// autocorrelation can.
    #[test]
    fn a_production_traces_dispersion_is_met_within_14_percent() {
        for (window_s, measured) in [(1.0, 1.001), (10.0, 0.978), (60.0, 1.161), (300.0, 2.627), (900.0, 4.591)] {
            let n = 3600.0 / window_s;
            let [window, hour] = [window_s, 3600.0].map(|w| slow_rate_dispersion(0.036, w, 0.49, 980.0));
            assert_relative_eq!(n / (n - 1.0) * (window - hour / n), measured, max_relative = 0.14);
        }
    }
}
