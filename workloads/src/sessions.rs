//! Requests that come in sessions: the requests of one user follow each other after a time to think.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fleetfront_sim::{Law, Quantile, ReadyLaw, Role, SimSpan, SimTime, StreamKey, stream};
use rand::Rng;
use rand::rngs::ChaCha8Rng;

use crate::events::{BLOCK, Events};
use crate::process::BatchSize;
use crate::residual::residual_s;

/// The sessions of one trial, in the order of their requests: a Bartlett-Lewis process. It holds those in progress only.
///
/// The events are the first requests. Sessions that began before the trial are in progress when it begins, as if the
/// rate had always been that of the first instant.
///
/// # Source
/// Bartlett (1963), "The spectral analysis of point processes"; Lewis (1964), "A branching Poisson process model for
/// the analysis of computer failure patterns".
#[derive(Debug)]
pub(crate) struct Sessions {
    in_progress: BinaryHeap<Reverse<Next>>,
    /// The latest first requests that were drawn, of which `begun` are in progress or over.
    starts: Vec<SimTime>,
    begun: usize,
    beyond_one: Draws,
    think: Draws,
    end: SimTime,
}

/// The next request of a session; the earliest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Next {
    at: SimTime,
    /// How many requests follow it.
    more: u32,
}

impl Sessions {
    /// - `size`: requests of a session.
    /// - `think`: the law of the time from one request of a session to the next.
    /// - `per_second`: the rate of requests at the beginning.
    /// - `end`: of the trial.
    pub(crate) fn new(
        size: BatchSize,
        think: Law,
        per_second: f64,
        end: SimTime,
        (seed, trial, key): (u64, u32, StreamKey),
    ) -> Self {
        let mut rng = stream(seed, trial, key, Role::Sessions);
        Self {
            in_progress: begun_before(size, &think, per_second, end, &mut rng),
            starts: Vec::new(),
            begun: 0,
            beyond_one: Draws::new(size.beyond_one(), stream(seed, trial, key, Role::BatchSize)),
            think: Draws::new(think, stream(seed, trial, key, Role::Think)),
            end,
        }
    }

    /// The instants of the next requests, [`BLOCK`] at most; none when there are no more.
    ///
    /// - `events`: the first requests of the sessions.
    pub(crate) fn next(&mut self, events: &mut Events) -> Vec<SimTime> {
        let mut instants = Vec::with_capacity(BLOCK);
        while instants.len() < BLOCK {
            if self.begun == self.starts.len() && !events.are_over() {
                let mut starts = [SimTime::START; BLOCK];
                let drawn = events.draw(&mut starts);
                self.starts.clear();
                self.starts.extend_from_slice(&starts[..drawn]);
                self.begun = 0;
                continue;
            }
            let start = self.starts.get(self.begun).copied();
            let following = self.in_progress.peek().map(|next| next.0.at);
            // At one instant, what is in progress goes first.
            let (at, more) = match (start, following) {
                (Some(start), following) if following.is_none_or(|at| start < at) => {
                    self.begun += 1;
                    (start, self.beyond_one.next() as u32)
                }
                _ => match self.in_progress.pop() {
                    Some(Reverse(next)) => (next.at, next.more),
                    None => break,
                },
            };
            instants.push(at);
            if more > 0 {
                let next = Next { at: at + SimSpan::from_secs_f64(self.think.next()), more: more - 1 };
                // Whatever follows the end follows it too.
                if next.at < self.end {
                    self.in_progress.push(Reverse(next));
                }
            }
        }
        instants
    }
}

/// The sessions in progress when a trial begins.
///
/// Each is met between two of its requests. With M requests a session and rate λ, sessions begin at a rate of λ / E\[M\],
/// and each thinks E\[M\] - 1 times in the mean: a Poisson number with mean (1 - 1 / E\[M\]) λ E\[think\]. What is left of
/// the present time to think is residual. How many requests are still to come has the law of the number beyond an
/// arbitrary one of the E\[M\] - 1 first: as many as a new session has where M is geometric, and uniform from 1 to M - 1
/// where it is fixed.
fn begun_before(
    size: BatchSize,
    think: &Law,
    per_second: f64,
    end: SimTime,
    rng: &mut ChaCha8Rng,
) -> BinaryHeap<Reverse<Next>> {
    let mut uniform = || Quantile(rng.next_u32()).uniform();
    let mean = (1.0 - 1.0 / size.mean()) * per_second * think.mean_s();
    let unit = Law::Exponential { mean_s: 1.0 };
    let mut sessions = BinaryHeap::new();
    let mut reached = unit.seconds_at(uniform());
    while reached < mean {
        let at = SimTime::START + SimSpan::from_secs_f64(residual_s(think, [uniform(), uniform()]));
        let place = uniform();
        let more = match size {
            BatchSize::Geometric { .. } => size.beyond_one().seconds_at(place) as u32,
            BatchSize::Fixed { requests } => (place * f64::from(requests - 1)) as u32,
        };
        if at < end {
            sessions.push(Reverse(Next { at, more }));
        }
        reached += unit.seconds_at(uniform());
    }
    sessions
}

/// Draws of a law one after the other, made a block at a time.
#[derive(Debug)]
struct Draws {
    law: ReadyLaw,
    rng: ChaCha8Rng,
    seconds: [f64; Self::AT_ONCE],
    taken: usize,
}

impl Draws {
    /// Few enough to cost a trial with little traffic nothing.
    const AT_ONCE: usize = 64;

    fn new(law: Law, rng: ChaCha8Rng) -> Self {
        Self { law: law.ready(), rng, seconds: [0.0; Self::AT_ONCE], taken: Self::AT_ONCE }
    }

    fn next(&mut self) -> f64 {
        if self.taken == Self::AT_ONCE {
            let mut quantiles = [Quantile::default(); Self::AT_ONCE];
            Quantile::fill(&mut self.rng, &mut quantiles);
            self.law.fill_seconds(&quantiles, &mut self.seconds);
            self.taken = 0;
        }
        self.taken += 1;
        self.seconds[self.taken - 1]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_kolmogorov_smirnov, assert_mean};
    use crate::{Process, Rate, RequestStream, session_dispersion};
    use fleetfront_sim::{Request, Seconds};

    fn draw(rate: Rate, requests: BatchSize, think: Law, trial: u32) -> Vec<Request> {
        let process = Process::Sessions { requests, think };
        let mut stream = RequestStream::of_rate(rate, &process, 1, trial, StreamKey::of("flux-dev"));
        let mut all = Vec::new();
        while stream.append(&mut all) {}
        all
    }

    fn seconds(request: &Request) -> f64 {
        request.at.0 as f64 / 1e9
    }

    /// Index of dispersion of the counts in 100 windows, a value a trial.
    fn dispersions(requests: BatchSize, think: Law, per_second: f64, window_s: f64) -> impl Iterator<Item = f64> {
        let mean = per_second * window_s;
        (0..700).map(move |trial| {
            let mut counts = [0.0; 100];
            for request in draw(Rate::constant(per_second, window_s * 100.0), requests, think, trial) {
                counts[(seconds(&request) / window_s) as usize] += 1.0;
            }
            counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (mean * 100.0)
        })
    }

    #[test]
    fn sessions_give_counts_their_dispersion() {
        let think = Law::Exponential { mean_s: 20.0 };
        for window_s in [5.0, 60.0, 600.0] {
            let found = dispersions(BatchSize::Geometric { mean: 3.0 }, think, 0.3, window_s);
            assert_mean(found, session_dispersion(window_s, 3.0, 20.0));
        }
    }

    /// Of four requests 20 s apart, three have one 20 s behind them, two one 40 s behind: 1 + (2/w) times the sum of
    /// the shares times the room that is left in the window.
    #[test]
    fn sessions_like_clockwork_give_counts_their_dispersion() {
        let think = Law::Deterministic { seconds: 20.0 };
        for window_s in [10.0, 50.0, 500.0] {
            let pairs = (1..4).map(|k| f64::from(4 - k) / 4.0 * (window_s - 20.0 * f64::from(k)).max(0.0));
            let expected = 1.0 + 2.0 / window_s * pairs.sum::<f64>();
            assert_mean(dispersions(BatchSize::Fixed { requests: 4 }, think, 0.3, window_s), expected);
        }
    }

    #[test]
    fn the_first_instant_is_like_any_other_under_every_law() {
        let mean = Seconds::new(300.0).expect("a span");
        for think in [
            Law::Deterministic { seconds: 300.0 },
            Law::Exponential { mean_s: 300.0 },
            Law::lognormal(mean, 1.5),
            Law::gamma(mean, 0.7),
            Law::Weibull { shape: 0.8, scale_s: 250.0 },
            Law::TwoPoint { low_s: 20.0, high_s: 2000.0, high_probability: 0.2 },
            Law::hyperexponential(mean, 2.0),
        ] {
            for size in [BatchSize::Fixed { requests: 6 }, BatchSize::Geometric { mean: 6.0 }] {
                // A hundredth of the time that a session lasts: nearly all are older than the trial.
                let counts = (0..800).map(|trial| draw(Rate::constant(2.0, 20.0), size, think, trial).len() as f64);
                assert_mean(counts, 40.0);
            }
        }
    }

    #[test]
    fn requests_of_a_session_are_a_time_to_think_apart() {
        // A session in eleven days, and none of them meets another.
        let rate = Rate::constant(5e-6, 1e9);
        let requests = draw(rate, BatchSize::Fixed { requests: 5 }, Law::Weibull { shape: 0.7, scale_s: 30.0 }, 0);
        let sessions: Vec<&[Request]> = requests.chunks_exact(5).collect();
        assert!(sessions.len() > 800, "{}", sessions.len());
        let gaps = |session: &[Request]| -> Vec<f64> {
            session.windows(2).map(|pair| seconds(&pair[1]) - seconds(&pair[0])).collect()
        };
        let thinks = sessions.iter().flat_map(|session| gaps(session));
        assert_kolmogorov_smirnov(thinks, |x| -(-(x / 30.0).powf(0.7)).exp_m1());
        assert_mean(sessions.windows(2).map(|pair| seconds(&pair[1][0]) - seconds(&pair[0][0])), 1e6);
    }

    #[test]
    fn only_sessions_in_progress_are_held() {
        let (end, size) = (SimTime(1_000_000_000_000), BatchSize::Geometric { mean: 4.0 });
        let (rate, address) = (Rate::constant(100.0, 1000.0), (1, 0, StreamKey::of("flux-dev")));
        let think = Law::Exponential { mean_s: 2.0 };
        let process = Process::Sessions { requests: size, think };
        let mut events = Events::new(rate, &process, BLOCK, 1, 0, address.2);
        let mut sessions = Sessions::new(size, think, 100.0, end, address);
        let mut most = 0;
        let mut requests = 0;
        loop {
            let instants = sessions.next(&mut events);
            if instants.is_empty() {
                break;
            }
            assert!(instants.len() <= BLOCK && instants.is_sorted());
            requests += instants.len();
            most = most.max(sessions.in_progress.len());
        }
        // 150 in the mean: 25 begin a second, and think 3 times 2 s.
        assert!(requests > 90_000 && (151..300).contains(&most), "{requests} requests, {most} sessions");
    }

    #[test]
    fn sessions_of_one_request_are_a_poisson_process() {
        let rate = Rate::constant(1.0, 1000.0);
        let think = Law::Deterministic { seconds: 5.0 };
        let sessions = draw(rate.clone(), BatchSize::Fixed { requests: 1 }, think, 3);
        let mut plain = RequestStream::of_rate(rate, &Process::Poisson, 1, 3, StreamKey::of("flux-dev"));
        let mut requests = Vec::new();
        while plain.append(&mut requests) {}
        assert_eq!(sessions, requests);
    }
}
