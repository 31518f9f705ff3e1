//! Sessions: requests that bring others along, and what that does to counts.
//!
//! Where rates vary, busy hours are more dispersed than quiet ones; where each request may be followed by another of the
//! same user, all hours are alike. The dispersion of sessions (a Bartlett-Lewis process) in windows of length w is 1 +
//! S(w) with S(w) = 2 / w x the integral of H from 0 to w, H(t) being how many requests of its session follow a request
//! within t (Lewis 1964, "A branching Poisson process model for the analysis of computer failure patterns").

use fleetfront_sim::{Law, Quantile, Role, Seconds, StreamKey, stream};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Mean requests of a session that are tried.
const REQUESTS: [f64; 10] = [1.3, 1.6, 2.0, 2.6, 3.5, 5.0, 8.0, 13.0, 22.0, 40.0];
/// Coefficients of variation of the time to think that are tried: users are steadier or much less steady than chance.
const THINK_CVS: [f64; 5] = [0.5, 1.0, 2.0, 4.0, 8.0];
/// Mean times to think that are tried, in seconds.
const THINK_S: [f64; 12] = [1.0, 2.2, 5.0, 11.0, 20.0, 35.0, 60.0, 100.0, 170.0, 300.0, 550.0, 1000.0];
/// Sessions from which H is told: to about two per cent.
const CHAINS: u32 = 3_000;

/// Requests of one user after each other.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Mean requests of a session, geometrically distributed.
    pub mean_requests: f64,
    /// The law of the time from one request to the next.
    pub think: Law,
}

/// When the requests of a session come after one of them, for a mean time to think of one: drawn once, asked often.
#[derive(Debug, Clone)]
pub(super) struct Followers {
    mean_requests: f64,
    cv: f64,
    /// Times, ascending, and the sum of all up to each.
    times: Vec<(f64, f64)>,
}

impl Followers {
    /// For every number of requests and every spread of the time to think.
    pub(super) fn all() -> Vec<Self> {
        REQUESTS.iter().flat_map(|requests| THINK_CVS.map(|cv| Self::drawn(*requests, cv))).collect()
    }

    fn drawn(mean_requests: f64, cv: f64) -> Self {
        let think = think(1.0, cv);
        let mut rng = stream(1, 0, StreamKey::of("followers"), Role::Think);
        let mut uniform = || Quantile(rng.next_u32()).uniform();
        let mut times = Vec::new();
        for _ in 0..CHAINS {
            let mut at = 0.0;
            // A geometric session has no memory: it goes on after every request with the same probability.
            while uniform() * mean_requests > 1.0 {
                at += think.seconds_at(uniform());
                times.push(at);
            }
        }
        times.sort_by(f64::total_cmp);
        let mut sum = 0.0;
        let with_sum = |at: f64| {
            sum += at;
            (at, sum)
        };
        Self { mean_requests, cv, times: times.into_iter().map(with_sum).collect() }
    }

    /// S(w) for windows of so many mean times to think.
    pub(super) fn excess(&self, window: f64) -> f64 {
        let within = self.times.partition_point(|(at, _)| *at < window);
        let sum = within.checked_sub(1).map_or(0.0, |last| self.times[last].1);
        2.0 * (within as f64 - sum / window) / f64::from(CHAINS)
    }

    /// Mean times to think that are tried, in seconds.
    pub(super) const THINK_S: [f64; 12] = THINK_S;

    /// How long such a session lasts in the mean, from its first request to its last, in seconds.
    pub(super) fn length_s(&self, think_s: f64) -> f64 {
        (self.mean_requests - 1.0) * think_s
    }

    pub(super) fn session(&self, think_s: f64) -> Session {
        Session { mean_requests: self.mean_requests, think: think(think_s, self.cv) }
    }
}

fn think(mean_s: f64, cv: f64) -> Law {
    let mean = Seconds::new(mean_s).expect("a time to think is a span");
    if (cv - 1.0).abs() < 1e-9 { Law::Exponential { mean_s } } else { Law::lognormal(mean, cv) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With exponential times to think of mean 1 and M requests in the mean, H(t) = (M - 1) (1 - exp(-t / M)).
    #[test]
    fn the_excess_is_that_of_the_closed_form() {
        for requests in [1.6, 5.0] {
            let followers = Followers::drawn(requests, 1.0);
            for window in [0.5, 3.0, 20.0, 500.0] {
                let x: f64 = window / requests;
                let exact = 2.0 * (requests - 1.0) * (1.0 - (1.0 - (-x).exp()) / x);
                let found = followers.excess(window);
                assert!((found / exact - 1.0).abs() < 0.08, "{requests} {window}: {found} {exact}");
            }
        }
    }
}
