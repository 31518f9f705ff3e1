//! How far a sample is from a law.

use fleetfront_sim::Law;

use super::likelihood::plain;
use super::times::Times;

/// Distances between the distribution functions of a sample and of a law, up to the limit at which times were cut off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Distances {
    /// The largest.
    pub(super) kolmogorov_smirnov: f64,
    /// n ∫ (share - u)² / (u (1 - u)) du, over the law's probabilities u below the limit.
    pub(super) anderson_darling: f64,
}

/// The smallest probability that is told from 0 or 1.
const NEAREST: f64 = 1e-300;

/// The distances of a sample whose times were all cut off at `limit_s`; `None` for a law without a density.
///
/// # Source
/// Up to a limit: Pettitt and Stephens 1976, *Biometrika* 63; the integral step by step, on which the share is constant:
/// a² ln u - (1 - a)² ln(1 - u) - u is an antiderivative of (a - u)² / (u (1 - u)).
pub(super) fn distances(law: &Law, times: &Times, limit_s: Option<f64>) -> Option<Distances> {
    let density = plain(law)?;
    let n = times.count() as f64;
    // The logarithms of what is below and above.
    let at = |seconds: f64| {
        let ln_above = density.beyond(seconds).value.max(NEAREST.ln());
        let below = (-ln_above.exp_m1()).max(NEAREST);
        (below, below.ln(), ln_above)
    };
    let integral =
        |share: f64, (u, ln_u, ln_v): (f64, f64, f64)| share * share * ln_u - (1.0 - share) * (1.0 - share) * ln_v - u;
    let start = (NEAREST, NEAREST.ln(), 0.0);
    let (mut largest, mut sum, mut before) = (0.0f64, 0.0, start);
    for (rank, seconds) in times.ended_s().iter().enumerate() {
        let here = at(*seconds);
        let share = rank as f64 / n;
        largest = largest.max(here.0 - share).max((rank + 1) as f64 / n - here.0);
        // At share zero the logarithm of u counts for nothing, also at u = 0.
        sum += integral(share, here) - integral(share, before);
        before = here;
    }
    let share = times.ended_s().len() as f64 / n;
    let end = limit_s.map_or((1.0, 0.0, NEAREST.ln()), at);
    largest = largest.max((end.0 - share).abs());
    sum += integral(share, end) - integral(share, before);
    Some(Distances { kolmogorov_smirnov: largest, anderson_darling: n * sum })
}

#[cfg(test)]
mod tests {
    use super::super::Time;
    use super::*;
    use approx::assert_relative_eq;

    const LAW: Law = Law::Exponential { mean_s: 1.0 };

    /// The textbook sums: max(i/n - u, u - (i-1)/n), and `-n - Σ (2i - 1)/n (ln u[i] + ln(1 - u[n+1-i]))`.
    #[test]
    fn distances_of_a_complete_sample_are_those_of_the_books() {
        let u: [f64; 5] = [0.07, 0.3, 0.42, 0.81, 0.95];
        let times = Times::ended(&u.map(|u| -(-u).ln_1p())).expect("a sample");
        let found = distances(&LAW, &times, None).expect("a density");
        let n = 5.0;
        let sum: f64 = (0..5).map(|k| (2 * k + 1) as f64 / n * (u[k].ln() + (1.0 - u[4 - k]).ln())).sum();
        assert_relative_eq!(found.anderson_darling, -n - sum, max_relative = 1e-12);
        assert_relative_eq!(found.kolmogorov_smirnov, 0.81 - 0.6, max_relative = 1e-12);
    }

    /// The integral by a sum over a fine grid, up to the limit.
    #[test]
    fn up_to_a_limit_the_integral_ends_there() {
        let limit_s = -(1.0f64 - 0.7).ln();
        let time = |u: f64| Time { seconds: (-(1.0 - u).ln()).min(limit_s), censored: u > 0.7 };
        let u = [0.1, 0.15, 0.5, 0.66, 0.75, 0.9, 0.99];
        let times = Times::of(&u.map(time)).expect("a sample");
        let found = distances(&LAW, &times, Some(limit_s)).expect("a density");
        let cells = 1_000_000;
        let sum: f64 = (0..cells)
            .map(|k| {
                let x = 0.7 * (f64::from(k) + 0.5) / f64::from(cells);
                let share = u.iter().filter(|u| **u <= x).count() as f64 / 7.0;
                (share - x).powi(2) / (x * (1.0 - x)) * 0.7 / f64::from(cells)
            })
            .sum();
        assert_relative_eq!(found.anderson_darling, 7.0 * sum, max_relative = 1e-5);
        assert_relative_eq!(found.kolmogorov_smirnov, 0.66 - 3.0 / 7.0, max_relative = 1e-12);
    }
}
