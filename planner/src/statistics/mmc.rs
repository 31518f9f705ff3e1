//! The M/M/c queue: a fixed fleet of containers that are always warm, first come first served.

use super::erlang::erlang_c;
use super::root::last_where;

/// An M/M/c queue in steady state: Poisson arrivals, exponential service times, one queue without limit.
///
/// A request waits with probability C (see [`erlang_c`]), and then for an exponential time of rate (c - a)/E\[S\]; its
/// service is independent of that. When c servers are too few for the load, every tail is 1 and every quantile and
/// mean is infinite.
///
/// # Source
/// Erlang 1917; Gross, Shortle, Thompson and Harris 2008, *Fundamentals of Queueing Theory*, 4th ed., 2.3.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mmc {
    /// C: an arrival waits.
    waits: f64,
    /// c - a: how fast a full queue drains, in requests a mean service time. Not positive when it grows.
    drain: f64,
    mean_service_s: f64,
}

impl Mmc {
    /// - `servers`: c, at least 1.
    /// - `arrival_rate_per_s`: λ, requests a second, zero or more.
    /// - `mean_service_s`: E\[S\] in seconds, above zero.
    ///
    /// # Panics
    /// If an argument is outside its range or not finite.
    #[must_use]
    pub fn new(servers: u32, arrival_rate_per_s: f64, mean_service_s: f64) -> Self {
        assert!(mean_service_s.is_finite() && mean_service_s > 0.0, "mean service time {mean_service_s} s");
        let offered_load = arrival_rate_per_s * mean_service_s;
        Self { waits: erlang_c(servers, offered_load), drain: f64::from(servers) - offered_load, mean_service_s }
    }

    /// The fewest servers with which a share `probability` of the requests takes at most `limit_s` from arrival to
    /// end.
    ///
    /// - `arrival_rate_per_s`, `mean_service_s`: as in [`Self::new`].
    /// - `probability`: such as 0.95, between 0 and 1.
    /// - `limit_s`: of the sojourn time (waiting and service), in seconds.
    ///
    /// Returns `None` when no number of servers is enough: the service alone takes too long.
    ///
    /// # Panics
    /// If an argument is outside its range or not finite.
    #[must_use]
    pub fn fewest_servers(arrival_rate_per_s: f64, mean_service_s: f64, probability: f64, limit_s: f64) -> Option<u32> {
        assert_probability(probability);
        assert!(limit_s.is_finite(), "limit {limit_s} s");
        let late = 1.0 - probability;
        if (-limit_s / mean_service_s).exp() >= late {
            return None;
        }
        let enough = |servers| Self::new(servers, arrival_rate_per_s, mean_service_s).sojourn_tail(limit_s) <= late;
        // Too few servers and enough of them, ever closer.
        let (mut few, mut many) = (0, 1_u32);
        while !enough(many) {
            few = many;
            many = many.checked_mul(2)?;
        }
        while many - few > 1 {
            let middle = few + (many - few) / 2;
            if enough(middle) {
                many = middle;
            } else {
                few = middle;
            }
        }
        Some(many)
    }

    /// Mean waiting time over all requests, in seconds.
    #[must_use]
    pub fn waiting_mean_s(self) -> f64 {
        if self.drain > 0.0 { self.waits * self.mean_service_s / self.drain } else { f64::INFINITY }
    }

    /// Probability that a request waits longer than `t_s` seconds, zero or more: C·exp(-(c - a)·t/E\[S\]).
    #[must_use]
    pub fn waiting_tail(self, t_s: f64) -> f64 {
        if self.drain > 0.0 { self.waits * (-self.drain * t_s / self.mean_service_s).exp() } else { 1.0 }
    }

    /// The waiting time, in seconds, that a share `probability` of all requests does not exceed; zero while as many do
    /// not wait at all.
    ///
    /// # Panics
    /// If `probability` is not between 0 and 1.
    #[must_use]
    pub fn waiting_quantile_s(self, probability: f64) -> f64 {
        assert_probability(probability);
        if self.drain <= 0.0 {
            return f64::INFINITY;
        }
        (self.waits / (1.0 - probability)).ln().max(0.0) * self.mean_service_s / self.drain
    }

    /// Probability that a request takes longer than `t_s` seconds from arrival to end.
    ///
    /// Waiting and service of a request that waits add up to a hypoexponential time of rates c - a and 1 (a mean
    /// service time being 1), whose tail is written so that equal rates are no exception:
    /// exp(-s·t)·(1 + s·(1 - exp(-(f - s)·t))/(f - s)) with s the slower and f the faster.
    #[must_use]
    pub fn sojourn_tail(self, t_s: f64) -> f64 {
        if t_s <= 0.0 || self.drain <= 0.0 {
            return 1.0;
        }
        let t = t_s / self.mean_service_s;
        let (slow, fast) = (self.drain.min(1.0), self.drain.max(1.0));
        let gap = (fast - slow) * t;
        let shrunk = if gap == 0.0 { 1.0 } else { -(-gap).exp_m1() / gap };
        let both = (-slow * t).exp() * (1.0 + slow * t * shrunk);
        (1.0 - self.waits) * (-t).exp() + self.waits * both
    }

    /// The time from arrival to end, in seconds, that a share `probability` of the requests does not exceed.
    ///
    /// # Panics
    /// If `probability` is not between 0 and 1.
    #[must_use]
    pub fn sojourn_quantile_s(self, probability: f64) -> f64 {
        assert_probability(probability);
        if self.drain <= 0.0 {
            return f64::INFINITY;
        }
        let later = |t_s: f64| self.sojourn_tail(t_s) > 1.0 - probability;
        let mut high = self.mean_service_s;
        while later(high) {
            high *= 2.0;
        }
        last_where(0.0, high, later)
    }
}

fn assert_probability(probability: f64) {
    assert!(probability > 0.0 && probability < 1.0, "probability {probability} is not between 0 and 1");
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// With one server the sojourn time is exponential with mean E\[S\]/(1 - ρ).
    #[test]
    fn a_single_server_has_an_exponential_sojourn() {
        for load in [0.1, 0.5, 0.99] {
            let queue = Mmc::new(1, load / 4.0, 4.0);
            for p in [0.5, 0.95, 0.999] {
                let expected = -4.0 / (1.0 - load) * (1.0_f64 - p).ln();
                assert_relative_eq!(queue.sojourn_quantile_s(p), expected, max_relative = 1e-11);
            }
            assert_relative_eq!(queue.waiting_mean_s(), 4.0 * load / (1.0 - load), max_relative = 1e-12);
        }
    }

    /// Two servers, one erlang: C = 1/3 and both rates are 1, so the tail is exp(-t)·(1 + t/3), the exception of the
    /// usual formula.
    #[test]
    fn equal_rates_are_no_exception() {
        let queue = Mmc::new(2, 0.1, 10.0);
        assert_relative_eq!(queue.sojourn_tail(30.0), 2.0 * (-3.0_f64).exp(), max_relative = 1e-13);
        let nearly = Mmc::new(2, 0.1 - 1e-10, 10.0);
        assert_relative_eq!(queue.sojourn_tail(30.0), nearly.sojourn_tail(30.0), max_relative = 1e-7);
    }

    /// The mean of a time is the area under its tail (Simpson's rule), and the sojourn is waiting and service.
    #[test]
    fn tails_have_the_means_that_they_should() {
        for (servers, load) in [(3, 2.4), (10, 9.0), (50, 40.0)] {
            let queue = Mmc::new(servers, load / 2.0, 2.0);
            let (end, steps) = (200.0, 200_000_u32);
            let width = end / f64::from(steps);
            let area = |tail: &dyn Fn(f64) -> f64| {
                let weight = |k: u32| if k == 0 || k == steps { 1.0 } else { f64::from(2 + 2 * (k % 2)) };
                let terms = (0..=steps).map(|k| weight(k) * tail(f64::from(k) * width));
                terms.sum::<f64>() * width / 3.0
            };
            let (waiting, sojourn) = (area(&|t| queue.waiting_tail(t)), area(&|t| queue.sojourn_tail(t)));
            assert_relative_eq!(waiting, queue.waiting_mean_s(), max_relative = 1e-8);
            assert_relative_eq!(sojourn, queue.waiting_mean_s() + 2.0, max_relative = 1e-8);
        }
    }

    #[test]
    fn quantiles_invert_tails() {
        let queue = Mmc::new(4, 0.3, 10.0);
        for p in [0.6, 0.9, 0.99] {
            assert_relative_eq!(queue.waiting_tail(queue.waiting_quantile_s(p)), 1.0 - p, max_relative = 1e-12);
            assert_relative_eq!(queue.sojourn_tail(queue.sojourn_quantile_s(p)), 1.0 - p, max_relative = 1e-12);
        }
        // C = 27/53: that many wait, and no more.
        assert_relative_eq!(queue.waiting_tail(0.0), 27.0 / 53.0, max_relative = 1e-13);
        assert_relative_eq!(queue.waiting_quantile_s(0.4), 0.0);
    }

    #[test]
    fn an_overloaded_queue_has_no_quantiles() {
        let queue = Mmc::new(2, 0.3, 10.0);
        assert!(queue.sojourn_quantile_s(0.5).is_infinite() && queue.waiting_quantile_s(0.5).is_infinite());
        assert!(queue.waiting_mean_s().is_infinite());
        assert_relative_eq!(queue.sojourn_tail(1e9), 1.0);
    }

    #[test]
    fn one_server_less_misses_the_limit() {
        for (rate, limit) in [(0.05, 50.0), (0.5, 40.0), (30.0, 35.0), (800.0, 31.0)] {
            let c = Mmc::fewest_servers(rate, 10.0, 0.95, limit).expect("enough servers");
            assert!(Mmc::new(c, rate, 10.0).sojourn_quantile_s(0.95) <= limit * (1.0 + 1e-12), "{rate}: {c}");
            assert!(c == 1 || Mmc::new(c - 1, rate, 10.0).sojourn_quantile_s(0.95) > limit, "{rate}: {c}");
        }
        // 95 % of the services take up to 10·ln 20 = 29.96 s: below that no fleet helps.
        assert_eq!(Mmc::fewest_servers(0.5, 10.0, 0.95, 29.95), None);
        assert!(Mmc::fewest_servers(0.5, 10.0, 0.95, 29.96).is_some());
    }
}
