//! What comes, given the rate: requests one by one or several at a time, by chance or more evenly.

use fleetfront_sim::{Law, Seconds};
use serde::{Deserialize, Serialize};
use statrs::function::erf::erfc;
use statrs::function::gamma::gamma_ur;

use super::sessions::Session;
use crate::describe::{ActiveMinutes, Description, KeepAlive};
use crate::process::{BatchSize, Process};

/// From so many active minutes on their steps tell a law.
const MINUTES: u64 = 3;
/// Where fewer minutes than this share are active, minutes with requests are what happens, and requests come with them.
const SPARSE: f64 = 0.92;
/// Shapes of gaps that are tried, as coefficients of variation: from a clock's to one that is silent nearly always.
const CVS: [f64; 25] = [
    0.001, 0.005, 0.01, 0.03, 0.06, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.25, 1.6, 2.0, 2.5, 3.2, 4.0, 5.5,
    8.0, 12.0, 20.0, 40.0,
];
/// The shorter of two spans that are tried, as shares of the mean: a clock that sometimes pauses.
const SHORTER: [f64; 10] = [0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97];
/// How often the longer one comes.
const LONGER: [f64; 8] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5];
/// A mean size below this is one request at a time.
const ONE: f64 = 1.05;
/// Points over which an event's place in its minute is averaged.
const PHASES: u32 = 8;

/// Events in expected time, and what they bring.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Events {
    /// The law of the gaps between events, in any unit; none is chance (exponential gaps).
    pub gap: Option<Law>,
    /// Mean requests that an event brings at once, geometrically distributed; 1 is always one.
    pub mean_size: f64,
    /// The session that an event begins; none where every request is for itself.
    pub session: Option<Session>,
}

impl Events {
    /// Requests that know nothing of each other.
    pub const POISSON: Self = Self { gap: None, mean_size: 1.0, session: None };

    /// One request at a time, more evenly than by chance.
    pub(super) fn even(shape: f64) -> Self {
        Self { gap: Some(Law::Gamma { shape, scale_s: 1.0 / shape }), ..Self::POISSON }
    }

    /// One request at a time, by a clock.
    pub(super) fn clock() -> Self {
        Self { gap: Some(Law::Deterministic { seconds: 1.0 }), ..Self::POISSON }
    }

    /// The active minutes of a log of counts by the minute (or finer) in which most minutes are empty.
    pub(super) fn sparse_minutes(log: &Description) -> Option<ActiveMinutes> {
        let active = log.active_minutes.filter(|_| log.bin_s.is_some());
        active.filter(|active| active.minutes as f64 <= SPARSE * log.span_s / 60.0)
    }

    /// Those of a log of counts by the minute (or finer) in which most minutes are empty: what happens is an active minute.
    /// None for other logs.
    ///
    /// The law of the gaps is the likeliest of lognormal, gamma, hyperexponential and two-point ones, given how many
    /// steps from one active minute to the next lie between two keep-alives.
    pub(super) fn sparse(log: &Description) -> Option<Self> {
        let active = Self::sparse_minutes(log)?;
        let minutes = log.span_s / 60.0;
        let size = |seen: f64| Some(log.requests as f64 * seen / active.minutes as f64).filter(|size| *size >= ONE);
        if active.minutes < MINUTES {
            return Some(Self { mean_size: size(1.0).unwrap_or(1.0), ..Self::POISSON });
        }
        let steps = Steps::of(log);
        let mean_min = minutes / active.minutes as f64;
        let tried = CVS.iter().flat_map(|cv| laws(*cv)).chain(clocks()).filter_map(|law| steps.fit(&law, mean_min));
        let (_, gap, seen) = tried.max_by(|a, b| a.0.total_cmp(&b.0))?;
        // Events that share a minute are one active minute.
        Some(Self { gap: Some(gap), mean_size: size(seen).unwrap_or(1.0), session: None })
    }

    /// Sessions by chance.
    pub(super) fn sessions(session: Session) -> Self {
        Self { session: Some(session), ..Self::POISSON }
    }

    /// The index of dispersion that events have in long windows (Cox 1962, *Renewal Theory*); a geometric size adds its own.
    pub(super) fn dispersion(self) -> f64 {
        let cv2 = self.gap.map_or(1.0, |gap| gap.cv().powi(2));
        (self.mean_size - 1.0) + self.mean_size * cv2
    }

    /// As a process that is drawn from.
    #[must_use]
    pub fn process(self) -> Process {
        if let Some(Session { mean_requests, think }) = self.session {
            return Process::Sessions { requests: BatchSize::Geometric { mean: mean_requests }, think };
        }
        let gap = self.gap.unwrap_or(Law::Exponential { mean_s: 1.0 });
        if self.mean_size > 1.0 {
            Process::Batches { gap, size: BatchSize::Geometric { mean: self.mean_size } }
        } else if self.gap.is_none() {
            Process::Poisson
        } else {
            Process::Renewal { gap }
        }
    }
}

/// The laws with mean 1 and this coefficient of variation that are tried.
fn laws(cv: f64) -> Vec<Law> {
    let one = Seconds::new(1.0).expect("a span");
    let mut laws = vec![Law::lognormal(one, cv)];
    // Of clocks the lognormal law is enough: gamma laws of such shapes are the same.
    if cv > 0.1 {
        laws.push(Law::gamma(one, cv));
    }
    if cv > 1.0 {
        laws.push(Law::hyperexponential(one, cv));
    }
    laws
}

/// Laws with mean 1 of two spans.
fn clocks() -> impl Iterator<Item = Law> {
    let of = |low_s: f64, high_probability: f64| {
        let high_s = (1.0 - (1.0 - high_probability) * low_s) / high_probability;
        Law::TwoPoint { low_s, high_s, high_probability }
    };
    SHORTER.into_iter().flat_map(move |low_s| LONGER.map(|probability| of(low_s, probability)))
}

/// The probability that a span of one of these laws is longer.
fn exceeds(law: &Law, seconds: f64) -> f64 {
    if seconds <= 0.0 {
        return 1.0;
    }
    match *law {
        Law::Lognormal { mu, sigma } => 0.5 * erfc((seconds.ln() - mu) / (sigma * std::f64::consts::SQRT_2)),
        Law::Gamma { shape, scale_s } => gamma_ur(shape, seconds / scale_s),
        Law::Hyperexponential { mean_s: [first, second], first_probability: p } => {
            p * (-seconds / first).exp() + (1.0 - p) * (-seconds / second).exp()
        }
        Law::TwoPoint { low_s, high_s, high_probability } => {
            if seconds < low_s {
                1.0
            } else if seconds < high_s {
                high_probability
            } else {
                0.0
            }
        }
        _ => (-seconds / law.mean_s()).exp(),
    }
}

/// How long it takes from one active minute to the next: steps between the keep-alives.
struct Steps {
    /// Upper ends in minutes, the last without one, and how many steps end there.
    counts: Vec<(Option<f64>, f64)>,
}

impl Steps {
    fn of(log: &Description) -> Self {
        // What lies before the first active minute and behind the last is one step more, as on a circle: the steps then
        // add up to the log. A description calls the first minute cold however short that step is.
        let around = log.active_minutes.map_or(0.0, |active| log.span_s / 60.0 - active.stretch_min as f64);
        let beyond = |of: &KeepAlive| {
            let first_is_warm = of.cold_active_minutes > 0 && around <= of.minutes as f64;
            of.cold_active_minutes as f64 - if first_is_warm { 1.0 } else { 0.0 }
        };
        let mut before = log.active_minutes.map_or(0.0, |active| active.minutes as f64);
        let mut counts: Vec<(Option<f64>, f64)> = Vec::new();
        for of in &log.keep_alive {
            counts.push((Some(of.minutes as f64), before - beyond(of)));
            before = beyond(of);
        }
        counts.push((None, before));
        Self { counts }
    }

    /// The log-likelihood of a law of gaps with mean 1, the law, and the share of its events that begin an active minute.
    fn fit(&self, law: &Law, mean_min: f64) -> Option<(f64, Law, f64)> {
        // An event falls at any place in its minute: averaged over the places, the next is more than a step later.
        let later = |step: f64, scale: f64| {
            let places = (0..PHASES).map(|k| (f64::from(k) + 0.5) / f64::from(PHASES));
            places.map(|place| exceeds(law, (step - place) / scale)).sum::<f64>() / f64::from(PHASES)
        };
        // So many events that as many minutes are active as are in the log.
        let mut seen = 1.0;
        for _ in 0..12 {
            seen = later(1.0, mean_min * seen).max(1e-3);
        }
        let scale = mean_min * seen;
        let (mut likelihood, mut before) = (0.0, 1.0);
        for (end, count) in &self.counts {
            let after = end.map_or(0.0, |end| later(end + 1.0, scale) / seen);
            if *count > 0.0 {
                likelihood += count * (before - after).max(1e-12).ln();
            }
            before = after;
        }
        // Of laws that explain the steps alike the plainest: its events are seen, and it varies least.
        likelihood.is_finite().then_some((likelihood + 1e-6 * (seen - law.cv()), *law, seen))
    }
}
