//! Erlang's formulas.

/// Probability that an arrival is lost in an M/G/c/c system, where nobody waits (Erlang B). It depends on the law of
/// the service time by its mean only.
///
/// - `servers`: c; without servers everybody is lost.
/// - `offered_load`: a = λ·E\[S\], in erlangs; finite, zero or more.
///
/// # Panics
/// If `offered_load` is negative or not finite.
///
/// # Source
/// Erlang 1917, by the recursion B(k) = a·B(k-1) / (k + a·B(k-1)).
#[must_use]
pub fn erlang_b(servers: u32, offered_load: f64) -> f64 {
    assert!(offered_load.is_finite() && offered_load >= 0.0, "offered load {offered_load}");
    (1..=servers).fold(1.0, |lost, k| offered_load * lost / (f64::from(k) + offered_load * lost))
}

/// Probability that an arrival waits in an M/M/c queue (Erlang C).
///
/// - `servers`: c, at least 1.
/// - `offered_load`: a = λ·E\[S\], in erlangs; finite, zero or more.
///
/// Returns exactly 1 when a ≥ c: the queue grows without end.
///
/// # Panics
/// If `servers` is 0, or `offered_load` is negative or not finite.
///
/// # Source
/// Erlang 1917, from [`erlang_b`]: C = B / (1 - ρ (1 - B)) with ρ = a/c.
#[must_use]
pub fn erlang_c(servers: u32, offered_load: f64) -> f64 {
    assert!(servers >= 1, "nobody serves");
    let utilisation = offered_load / f64::from(servers);
    if utilisation >= 1.0 {
        return 1.0;
    }
    let lost = erlang_b(servers, offered_load);
    lost / (1.0 - utilisation * (1.0 - lost))
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// The defining sums in fractions: a^c/c! over the sum of a^k/k!, and with c/(c - a) times the last term.
    #[test]
    fn small_systems_in_fractions() {
        assert_relative_eq!(erlang_b(1, 1.0), 0.5, max_relative = 1e-14);
        assert_relative_eq!(erlang_b(5, 3.0), 81.0 / 736.0, max_relative = 1e-14);
        assert_relative_eq!(erlang_c(5, 3.0), 81.0 / 343.0, max_relative = 1e-14);
        assert_relative_eq!(erlang_c(2, 1.0), 1.0 / 3.0, max_relative = 1e-14);
        assert_relative_eq!(erlang_c(1, 0.7), 0.7, max_relative = 1e-14);
    }

    #[test]
    fn the_ends_are_certain() {
        assert_relative_eq!(erlang_b(0, 3.0), 1.0);
        assert_relative_eq!(erlang_b(4, 0.0), 0.0);
        assert_relative_eq!(erlang_c(4, 4.0), 1.0);
        assert_relative_eq!(erlang_c(4, 0.0), 0.0);
    }

    /// Waiting keeps servers busy that losing leaves idle, and one more server always helps.
    #[test]
    fn more_wait_than_are_lost_and_fewer_with_every_server() {
        for c in 1..200 {
            let a = 0.9 * f64::from(c);
            assert!(erlang_b(c, a) < erlang_c(c, a), "{c}");
            assert!(erlang_b(c + 1, a) < erlang_b(c, a) && erlang_c(c + 1, a) < erlang_c(c, a), "{c}");
        }
    }
}
