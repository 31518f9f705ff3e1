//! The processes by which requests arrive.

use fleetfront_sim::{Law, Quantile, Role, StreamKey, stream};
use rand::Rng;
use serde::{Deserialize, Serialize};

use crate::slow_rate::SlowStep;

/// How the requests of a model arrive. Whichever it is, the mean rate is the curve's, but where clients wait for answers.
///
/// Gaps are counted in expected requests and mapped to time by the inverse of the cumulative rate: where the rate
/// doubles, gaps halve. Under a constant rate they keep the shape of their law.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Process {
    /// Requests that know nothing of each other.
    #[default]
    Poisson,
    /// Independent gaps of one law, in equilibrium from the first instant on; equal gaps are counted from there.
    Renewal {
        /// The law of the gaps; only its shape matters, its mean is that of the rate.
        gap: Law,
    },
    /// Poisson with a rate that steps through states in a circle, each held for an exponential time (a cyclic Markov-
    /// modulated Poisson process), in its stationary law from the first instant on.
    Modulated {
        /// The states in their order, at least one.
        states: Vec<ModulatedState>,
    },
    /// Events that bring several requests at the same instant.
    Batches {
        /// The law of the gaps between events, exponential for a Poisson process; only its shape matters.
        gap: Law,
        /// How many requests an event brings.
        size: BatchSize,
    },
    /// Sessions that begin as a Poisson process, each a chain of requests with a time to think between them (a
    /// Bartlett-Lewis process). Sessions begin at the curve's rate over their mean requests: where the rate changes,
    /// later requests follow the change by their times to think. The sessions in progress at the first instant are
    /// those of the rate there.
    Sessions {
        /// How many requests a session has.
        requests: BatchSize,
        /// The law of the time from one request of a session to the next, in seconds of the clock.
        think: Law,
    },
    /// Clients who wait: each thinks, sends a request, waits until it is answered or lost, and thinks again. Their
    /// requests are not drawn but sent while a trial is simulated (see [`clients`](crate::clients())); the rate of the
    /// curve is the one that is expected, and the clock by which they think runs as it does.
    Closed {
        /// How many. With a fraction a trial has one more or not, so that the mean over trials is this number.
        clients: f64,
        /// The law of the time from an answer to the next request, where the rate is its mean.
        think: Law,
    },
}

/// A state of a modulated process.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ModulatedState {
    /// Its rate, in any unit that all states share; zero or more.
    pub weight: f64,
    /// How long it lasts in the mean, in seconds; above zero.
    pub mean_sojourn_s: f64,
}

/// How many requests arrive together, or in one session.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchSize {
    /// Always the same number.
    Fixed {
        /// The number, at least 1.
        requests: u32,
    },
    /// P(n) = (1 - 1/mean)^(n - 1) / mean, for n from 1.
    Geometric {
        /// The mean number, at least 1.
        mean: f64,
    },
}

impl BatchSize {
    /// The mean number of requests.
    #[must_use]
    pub fn mean(self) -> f64 {
        match self {
            Self::Fixed { requests } => f64::from(requests),
            Self::Geometric { mean } => mean,
        }
    }

    /// The law of which the number is one more than the whole part; always zero for batches of one.
    pub(crate) fn beyond_one(self) -> Law {
        match self {
            Self::Fixed { requests } => Law::Deterministic { seconds: f64::from(requests - 1) },
            Self::Geometric { mean } if mean <= 1.0 => Law::Deterministic { seconds: 0.0 },
            Self::Geometric { mean } => {
                // P(more than k) = (1 - 1/mean)^k, an exponential law's at whole numbers: -ln(1 - 1/mean) is the
                // quantile 1/mean of the exponential law with mean 1.
                let unit = Law::Exponential { mean_s: 1.0 };
                Law::Exponential { mean_s: 1.0 / unit.seconds_at(1.0 / mean) }
            }
        }
    }
}

impl Process {
    /// The law of the gaps between events, its mean the expected requests of one event.
    ///
    /// # Panics
    /// If the mean of a gap is not positive and finite, or batches have less than one request in the mean.
    pub(crate) fn gaps(&self) -> Law {
        let gap = match self {
            Self::Poisson | Self::Modulated { .. } | Self::Sessions { .. } | Self::Closed { .. } => {
                Law::Exponential { mean_s: 1.0 }
            }
            Self::Renewal { gap } | Self::Batches { gap, .. } => *gap,
        };
        let (mean_s, mean) = (gap.mean_s(), self.requests_of_event());
        assert!(mean_s > 0.0 && mean_s.is_finite(), "gaps of {mean_s} s in the mean make no process");
        assert!(mean >= 1.0 && mean.is_finite(), "events of {mean} requests in the mean make no process");
        gap.scaled(mean / mean_s)
    }

    /// Whether clients who wait for answers send the requests, so that how many come depends on the allocation.
    #[must_use]
    pub fn waits_for_answers(&self) -> bool {
        matches!(self, Self::Closed { .. })
    }

    /// Requests a day that clients send if every answer comes at once, in the mean; `None` where none wait for answers.
    #[must_use]
    pub fn most_per_day(&self) -> Option<f64> {
        let Self::Closed { clients, think } = self else { return None };
        Some(clients * 86_400.0 / think.mean_s())
    }

    /// How many requests an event brings in the mean, in the end.
    pub(crate) fn requests_of_event(&self) -> f64 {
        match self {
            Self::Poisson | Self::Modulated { .. } | Self::Renewal { .. } | Self::Closed { .. } => 1.0,
            Self::Batches { size, .. } | Self::Sessions { requests: size, .. } => size.mean(),
        }
    }

    /// What the rate is multiplied with over one trial of `end_s` seconds; `None` where that is always 1. In steps in
    /// order of time, the first at 0; about `end_s` over the mean sojourn of them.
    ///
    /// # Panics
    /// If there is no state, a weight is negative, a sojourn is not above zero, or all weights are zero.
    pub(crate) fn modulation(&self, seed: u64, trial: u32, key: StreamKey, end_s: f64) -> Option<Vec<SlowStep>> {
        let Self::Modulated { states } = self else { return None };
        let valid = |s: &ModulatedState| s.weight >= 0.0 && s.mean_sojourn_s > 0.0 && s.mean_sojourn_s.is_finite();
        assert!(states.iter().all(valid), "states of a modulated process are {states:?}");
        let cycle_s: f64 = states.iter().map(|state| state.mean_sojourn_s).sum();
        let mean = states.iter().map(|state| state.weight * state.mean_sojourn_s).sum::<f64>() / cycle_s;
        assert!(mean > 0.0 && mean.is_finite(), "a modulated process has a state with requests");
        let mut rng = stream(seed, trial, key, Role::Modulation);
        let mut draw = || Quantile(rng.next_u32()).uniform();
        // A state is met in proportion to its sojourn, and what is left of an exponential sojourn is a whole one.
        let mut left_s = draw() * cycle_s;
        let mut place = 0;
        while place + 1 < states.len() && left_s >= states[place].mean_sojourn_s {
            left_s -= states[place].mean_sojourn_s;
            place += 1;
        }
        let mut steps = Vec::new();
        let mut start_s = 0.0;
        while start_s < end_s {
            let state = states[place];
            steps.push(SlowStep { start_s, factor: state.weight / mean });
            let sojourn_s = Law::Exponential { mean_s: state.mean_sojourn_s }.seconds_at(draw());
            // A sojourn too short to move the clock would make an empty step.
            start_s = (start_s + sojourn_s).max(f64::next_up(start_s));
            place = (place + 1) % states.len();
        }
        Some(steps)
    }
}
