//! Square-root staffing: how many servers beyond the offered load keep waiting rare.

use statrs::distribution::{Continuous, ContinuousCDF, Normal};

use super::root::last_where;

/// Probability that an arrival waits in a large M/M/c queue with c = a + `beta`·√a servers for an offered load a:
/// 1 / (1 + β·Φ(β)/φ(β)), the limit for a to infinity.
///
/// - `beta`: safety, in square roots of the load; above zero.
///
/// # Panics
/// If `beta` is not above zero: without safety everybody waits.
///
/// # Source
/// Halfin and Whitt 1981, *Heavy-traffic limits for queues with many exponential servers*.
#[must_use]
pub fn halfin_whitt(beta: f64) -> f64 {
    assert!(beta > 0.0, "safety {beta}");
    let normal = Normal::standard();
    let density = normal.pdf(beta);
    // Far out the density is zero to the last digit, and so is the probability.
    if density > 0.0 { 1.0 / (1.0 + beta * normal.cdf(beta) / density) } else { 0.0 }
}

/// The safety, in square roots of the load, with which an arrival waits with this probability: the inverse of
/// [`halfin_whitt`].
///
/// # Panics
/// If `probability` is not between 0 and 1.
#[must_use]
pub fn square_root_safety(probability: f64) -> f64 {
    assert!(probability > 0.0 && probability < 1.0, "probability {probability} is not between 0 and 1");
    // φ(40) is zero in a float.
    last_where(f64::MIN_POSITIVE, 40.0, |beta| halfin_whitt(beta) >= probability)
}

/// Servers by the square-root rule: the offered load, `beta` square roots of it, rounded up; none without load.
///
/// - `offered_load`: in erlangs, zero or more.
#[must_use]
pub fn square_root_staffing(offered_load: f64, beta: f64) -> u32 {
    (offered_load + beta * offered_load.sqrt()).ceil() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::erlang_c;
    use approx::assert_relative_eq;

    /// Φ(1) = 0.841 344 746 068 54 and φ(1) = 0.241 970 724 519 14, from tables.
    #[test]
    fn one_square_root_of_safety_from_tables() {
        let expected = 1.0 / (1.0 + 0.841_344_746_068_54 / 0.241_970_724_519_14);
        assert_relative_eq!(halfin_whitt(1.0), expected, max_relative = 1e-9);
        assert_relative_eq!(square_root_safety(expected), 1.0, max_relative = 1e-8);
    }

    #[test]
    fn safety_falls_with_the_waits_that_are_accepted() {
        assert!(square_root_safety(0.01) > square_root_safety(0.05));
        assert!(square_root_safety(0.999) < 0.01 && square_root_safety(1e-12) > 6.0);
        assert_eq!((square_root_staffing(0.0, 2.0), square_root_staffing(4.0, 1.5)), (0, 7));
    }

    /// The rule is a limit: at ten erlangs half as many again wait as are asked for, at ten thousand all is well.
    #[test]
    fn the_rule_keeps_waits_where_they_are_asked_to_be() {
        for (load, off) in [(10.0, 0.53), (100.0, 0.18), (10_000.0, 0.02)] {
            for asked in [0.05, 0.2, 0.5] {
                let servers = square_root_staffing(load, square_root_safety(asked));
                // The load that fills these servers to the rule: rounding up is not its mistake.
                let exact = (0..60).fold((0.0, f64::from(servers)), |(low, high), _| {
                    let middle = f64::midpoint(low, high);
                    let needs = middle + square_root_safety(asked) * middle.sqrt();
                    if needs <= f64::from(servers) { (middle, high) } else { (low, middle) }
                });
                let waits = erlang_c(servers, exact.0);
                assert!((waits / asked - 1.0).abs() < off, "{waits} instead of {asked} at {load}");
            }
        }
    }
}
