//! One container that stops when it has been idle for its window: cold starts and bill in closed form.

/// A pool of at most one container in steady state: Poisson arrivals, a fixed idle window, requests one at a time in
/// order of arrival. The container boots when a request finds none, serves until nobody is left, and stops when no
/// request has come for the window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SingleContainer {
    /// Probability that a request finds no container.
    pub cold: f64,
    /// Share of the time in which the container is billed.
    pub billed: f64,
}

impl SingleContainer {
    /// - `arrival_rate_per_s`: λ, requests a second, zero or more.
    /// - `mean_service_s`, `mean_boot_s`: E\[S\] and E\[D\] in seconds, zero or more.
    /// - `window_s`: w in seconds, zero or more.
    ///
    /// Returns `None` when one container cannot keep up, ρ = λ·E\[S\] ≥ 1.
    ///
    /// # Source
    /// A renewal argument. A cycle goes from one arrival that finds no container to the next. With p = e^(-λw) a busy
    /// period is the last of its cycle with probability p, so a cycle holds 1/p idle periods, one boot, and as many
    /// services as requests: C = p·(1 - ρ) / (1 + λ·p·E\[D\]). Poisson arrivals see time averages, so the container
    /// is there for a share 1 - C of the time.
    #[must_use]
    pub fn new(arrival_rate_per_s: f64, mean_service_s: f64, mean_boot_s: f64, window_s: f64) -> Option<Self> {
        let load = arrival_rate_per_s * mean_service_s;
        if load >= 1.0 {
            return None;
        }
        let alone = (-arrival_rate_per_s * window_s).exp();
        let cold = alone * (1.0 - load) / (1.0 + arrival_rate_per_s * alone * mean_boot_s);
        Some(Self { cold, billed: 1.0 - cold })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// With everything short against the gaps, a request is cold unless another came within the window, and bills its
    /// boot, its service and its window.
    #[test]
    fn rare_requests_pay_for_themselves_alone() {
        let often = 1e-6;
        let rare = SingleContainer::new(often, 10.0, 40.0, 60.0).expect("it keeps up");
        assert_relative_eq!(rare.cold, 1.0 - often * (60.0 + 10.0 + 40.0), max_relative = 1e-7);
        assert_relative_eq!(rare.billed, often * (40.0 + 10.0 + 60.0), max_relative = 1e-3);
    }

    /// Without boot and window the container is billed while it serves: ρ. Without end of the window, always.
    #[test]
    fn the_ends_are_those_of_a_single_server() {
        let bare = SingleContainer::new(0.02, 20.0, 0.0, 0.0).expect("it keeps up");
        assert_relative_eq!(bare.billed, 0.4, max_relative = 1e-12);
        let warm = SingleContainer::new(0.02, 20.0, 30.0, 1e6).expect("it keeps up");
        assert_relative_eq!(warm.billed, 1.0, max_relative = 1e-12);
        assert_eq!(SingleContainer::new(0.02, 50.0, 30.0, 60.0), None);
    }
}
