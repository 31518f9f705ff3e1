//! Exact results of queueing theory, as small functions: what the simulations are compared with.
//!
//! Their values are compared in turn with figures that other programs found by other means.

use fleetfront_sim::Law;
use statrs::distribution::{ContinuousCDF, Normal};

/// Probability that an arrival waits in an M/M/c queue (Erlang 1917), by the recursion of the Erlang B formula,
/// B(k) = a B(k-1) / (k + a B(k-1)).
///
/// - `servers`: c.
/// - `load`: offered load a = λ·E\[S\] in erlangs, below c.
pub(crate) fn erlang_c(servers: u32, load: f64) -> f64 {
    let blocking = (1..=servers).fold(1.0, |b, k| load * b / (f64::from(k) + load * b));
    blocking / (1.0 - load / f64::from(servers) * (1.0 - blocking))
}

/// Mean wait in an M/M/c queue, in mean service times.
pub(crate) fn mmc_wait(servers: u32, load: f64) -> f64 {
    erlang_c(servers, load) / (f64::from(servers) - load)
}

/// The latency that a share `p` of the requests of an M/M/c queue does not exceed, in mean service times.
///
/// A request waits with probability C, then for an exponential time of rate c - a; its service is exponential with
/// rate 1. So P(T > t) is a mixture of an exponential and a hypoexponential tail (c - a must differ from 1).
pub(crate) fn mmc_latency_quantile(servers: u32, load: f64, p: f64) -> f64 {
    let (waits, drain) = (erlang_c(servers, load), f64::from(servers) - load);
    let tail = |t: f64| {
        let both = (drain * (-t).exp() - (-drain * t).exp()) / (drain - 1.0);
        (1.0 - waits) * (-t).exp() + waits * both
    };
    let (mut low, mut high) = (0.0, 1000.0);
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if tail(middle) > 1.0 - p { low = middle } else { high = middle }
    }
    low
}

/// Mean of the square of a service or boot time, in seconds squared.
pub(crate) fn second_moment(law: &Law) -> f64 {
    law.mean_s().powi(2) * (1.0 + law.cv().powi(2))
}

/// Mean wait in an M/G/1 queue, in seconds: λ E\[S²\] / (2 (1 - ρ)) (Pollaczek 1930, Khinchine 1932).
pub(crate) fn pollaczek_khinchine_s(per_second: f64, service: &Law) -> f64 {
    pollaczek_khinchine_of_s(per_second, service.mean_s(), second_moment(service))
}

/// The same by the mean and the mean square of the service time.
pub(crate) fn pollaczek_khinchine_of_s(per_second: f64, mean_s: f64, mean_square_s2: f64) -> f64 {
    per_second * mean_square_s2 / (2.0 * (1.0 - per_second * mean_s))
}

/// One container that serves Poisson arrivals, stops after a fixed idle window and boots at the next arrival.
///
/// A cycle of the renewal process begins when the container stops: exceptional first service (Welch 1964).
pub(crate) struct SingleContainer {
    /// Arrival rate.
    pub(crate) per_second: f64,
    /// Idle window.
    pub(crate) window_s: f64,
    /// Boot time D.
    pub(crate) boot: Law,
    /// Service time S.
    pub(crate) service: Law,
}

impl SingleContainer {
    /// Probability that no request comes within a window.
    fn silence(&self) -> f64 {
        (-self.per_second * self.window_s).exp()
    }

    /// Share of requests that find the container gone: p (1 - ρ) / (1 + λ p E\[D\]).
    pub(crate) fn cold_probability(&self) -> f64 {
        let busy = self.per_second * self.service.mean_s();
        self.silence() * (1.0 - busy) / (1.0 + self.per_second * self.silence() * self.boot.mean_s())
    }

    /// Share of requests that wait for a boot: the one that caused it, and those that arrive during it.
    pub(crate) fn boot_waiters(&self) -> f64 {
        self.cold_probability() * (1.0 + self.per_second * self.boot.mean_s())
    }

    /// Mean wait in seconds: Pollaczek-Khinchine plus p (2 E\[D\] + λ E\[D²\]) / (2 (1 + p λ E\[D\])).
    pub(crate) fn wait_s(&self) -> f64 {
        let (rate, p, boot_s) = (self.per_second, self.silence(), self.boot.mean_s());
        let for_boots = p * (2.0 * boot_s + rate * second_moment(&self.boot)) / (2.0 * (1.0 + p * rate * boot_s));
        pollaczek_khinchine_s(rate, &self.service) + for_boots
    }

    /// Share of the time in which a container boots, works or idles: an arrival finds none with the cold probability.
    pub(crate) fn billed_share(&self) -> f64 {
        1.0 - self.cold_probability()
    }

    /// Share of the time in which it boots: as many boots as cold requests.
    pub(crate) fn booting_share(&self) -> f64 {
        self.per_second * self.cold_probability() * self.boot.mean_s()
    }
}

/// Clients who think for exponential times, send a request and wait for its end, in front of exponential servers with one
/// queue: the machine-repair model M/M/c//N, a birth-and-death process of the requests in the system (Gross and Harris,
/// *Fundamentals of Queueing Theory*, "finite-source queues"; Palm 1947). The law of the thinking matters by its mean only.
pub(crate) struct MachineRepair {
    pub(crate) servers: u32,
    pub(crate) clients: u32,
    pub(crate) think_s: f64,
    pub(crate) service_s: f64,
}

impl MachineRepair {
    /// Probability of each number of requests in the system: p(n + 1) / p(n) = (N - n) S / (min(n + 1, c) Z).
    pub(crate) fn in_system(&self) -> Vec<f64> {
        let mut weights = vec![1.0];
        for n in 0..self.clients {
            let (thinking, served) = (f64::from(self.clients - n), f64::from((n + 1).min(self.servers)));
            weights.push(weights[n as usize] * thinking * self.service_s / (served * self.think_s));
        }
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|weight| weight / sum).collect()
    }

    fn mean(&self, of: impl Fn(u32) -> f64) -> f64 {
        self.in_system().iter().zip(0..).map(|(p, n)| p * of(n)).sum()
    }

    /// Requests a second: every thinking client sends 1/Z of them.
    pub(crate) fn per_second(&self) -> f64 {
        self.mean(|n| f64::from(self.clients - n)) / self.think_s
    }

    /// Mean number of servers at work.
    pub(crate) fn busy(&self) -> f64 {
        self.mean(|n| f64::from(n.min(self.servers)))
    }

    /// Mean time in the system, by Little's law.
    pub(crate) fn latency_s(&self) -> f64 {
        self.mean(f64::from) / self.per_second()
    }

    /// Mean time in the queue.
    pub(crate) fn wait_s(&self) -> f64 {
        self.latency_s() - self.service_s
    }

    /// Probability that a request waits: who sends one finds what those see who are one fewer (Sevcik and Mitrani 1981).
    pub(crate) fn waits(&self) -> f64 {
        let others = Self { clients: self.clients - 1, ..*self };
        others.mean(|n| f64::from(u8::from(n >= self.servers)))
    }
}

/// E\[min(S, t)\] of a lognormal S, in seconds; the integral of P(S > u) over u from 0 to t.
pub(crate) fn lognormal_limited_mean_s(mu: f64, sigma: f64, t: f64) -> f64 {
    if t <= 0.0 {
        return 0.0;
    }
    let normal = Normal::standard();
    let z = (t.ln() - mu) / sigma;
    (mu + sigma * sigma / 2.0).exp() * normal.cdf(z - sigma) + t * normal.cdf(-z)
}

/// Mean number of busy containers at `t` when none is ever waited for, `M_t`/G/∞ with a piecewise-constant rate: the
/// convolution of the rate with P(S > u), exact for every service law (Eick, Massey and Whitt 1993).
///
/// - `pieces`: start, end and requests per second, by time; nothing arrives outside.
/// - `limited_mean_s`: t to E\[min(S, t)\].
pub(crate) fn mean_busy(pieces: &[(f64, f64, f64)], limited_mean_s: impl Fn(f64) -> f64, t: f64) -> f64 {
    let of_piece = |(start, end, rate): &(f64, f64, f64)| rate * (limited_mean_s(t - start) - limited_mean_s(t - end));
    pieces.iter().map(of_piece).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use fleetfront_sim::Seconds;

    fn lognormal(mean_s: f64, cv: f64) -> Law {
        Law::lognormal(Seconds::new(mean_s).expect("a span"), cv)
    }

    /// Derived with another implementation of Erlang C and a root search on the hypoexponential mixture, 2026-11.
    #[test]
    fn fixed_fleets_wait_as_another_implementation_says() {
        assert_relative_eq!(erlang_c(3, 2.4), 0.647_191_011_236, max_relative = 1e-10);
        assert_relative_eq!(mmc_wait(10, 9.0), 0.668_731_524_108, max_relative = 1e-10);
        assert_relative_eq!(mmc_wait(50, 47.5), 0.251_637_891_966, max_relative = 1e-10);
        assert_relative_eq!(mmc_latency_quantile(1, 0.5, 0.99), 9.210_340_371_98, max_relative = 1e-9);
        assert_relative_eq!(mmc_latency_quantile(3, 2.4, 0.99), 8.455_477_365_42, max_relative = 1e-9);
        assert_relative_eq!(mmc_latency_quantile(50, 47.5, 0.95), 3.344_002_836_38, max_relative = 1e-9);
        assert_relative_eq!(pollaczek_khinchine_s(0.07, &lognormal(10.0, 1.5)), 37.916_666_666_7, max_relative = 1e-10);
    }

    /// Derived by solving the balance equations of the generator in fractions, and (with one server) by mean value
    /// analysis, 2026-11.
    #[test]
    fn clients_wait_as_another_implementation_says() {
        let of = |servers, clients, think_s, service_s| MachineRepair { servers, clients, think_s, service_s };
        for (model, per_second, wait_s, busy, waits) in [
            (of(1, 5, 30.0, 10.0), 0.088_994_565_217_4, 16.183_206_106_9, 0.889_945_652_174, 0.793_893_129_771),
            (of(2, 20, 60.0, 10.0), 0.197_374_972_577, 31.329_969_746_8, 1.973_749_725_77, 0.965_365_371_177),
            (of(8, 60, 60.0, 10.0), 0.770_307_971_794, 7.890_924_405_52, 7.703_079_717_94, 0.842_702_514_688),
        ] {
            assert_relative_eq!(model.per_second(), per_second, max_relative = 1e-10);
            assert_relative_eq!(model.wait_s(), wait_s, max_relative = 1e-10);
            assert_relative_eq!(model.busy(), busy, max_relative = 1e-10);
            assert_relative_eq!(model.waits(), waits, max_relative = 1e-10);
        }
    }

    /// Derived by renewal-reward with another implementation, 2026-11.
    #[test]
    fn a_single_container_follows_its_renewal_cycle() {
        let boot = Law::Deterministic { seconds: 40.0 };
        let service = Law::Exponential { mean_s: 10.0 };
        let a = SingleContainer { per_second: 0.02, window_s: 60.0, boot, service };
        assert_relative_eq!(a.wait_s(), 16.091_847_282_5, max_relative = 1e-10);
        assert_relative_eq!(a.cold_probability(), 0.194_169_246_893, max_relative = 1e-10);
        assert_relative_eq!(a.billed_share(), 0.805_830_753_107, max_relative = 1e-10);
        assert_relative_eq!(a.booting_share(), 0.155_335_397_515, max_relative = 1e-10);
    }

    /// Derived by quadrature of the convolution with a smooth sinusoid, and from the lognormal's partial moments, with
    /// another implementation, 2026-11.
    #[test]
    fn busy_containers_follow_a_sinusoidal_rate() {
        let Law::Lognormal { mu, sigma } = lognormal(60.0, 1.0) else { unreachable!("a positive cv") };
        let per_second = |t: f64| 0.5 + 0.4 * (std::f64::consts::TAU * t / 600.0).sin();
        let piece = |k: i32| (f64::from(k), f64::from(k + 1), per_second(f64::from(k) + 0.5));
        let pieces: Vec<_> = (-30_000..150).map(piece).collect();
        let busy = mean_busy(&pieces, |t| lognormal_limited_mean_s(mu, sigma, t), 150.0);
        assert_relative_eq!(busy, 47.683_511_225_6, max_relative = 1e-5);

        let Law::Lognormal { mu, sigma } = lognormal(10.0, 0.6) else { unreachable!("a positive cv") };
        assert_relative_eq!(lognormal_limited_mean_s(mu, sigma, 25.0), 9.825_182_816_12, max_relative = 1e-10);
    }
}
