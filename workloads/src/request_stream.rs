//! The requests of one model in one trial, a block at a time.

use fleetfront_sim::{Luck, Quantile, ReadyLaw, Request, Role, SimSpan, SimTime, StreamKey, stream};
use rand::Rng;
use rand::rngs::ChaCha8Rng;

use crate::events::{BLOCK, Events};
use crate::process::Process;
use crate::rate::Rate;
use crate::replay::Replayed;
use crate::sessions::Sessions;
use crate::traffic::Traffic;

/// The requests of one model in one trial, in order of arrival, drawn as they are asked for: the memory it takes does
/// not grow with their number.
///
/// Gaps, quantiles and luck have streams of their own, so request `k` keeps its quantile and luck when the rate or the
/// process changes.
#[derive(Debug)]
pub struct RequestStream {
    arrivals: Arrivals,
    marks: Marks,
    expected: f64,
}

/// Where the instants of the requests come from.
#[derive(Debug)]
enum Arrivals {
    /// Each event is a request.
    Requests(Box<Events>),
    /// An event is several requests at once.
    Batches(Box<(Events, Batches)>),
    /// An event is the first request of a session.
    Sessions(Box<(Events, Sessions)>),
    /// Recorded days.
    Replayed(Replayed),
}

/// How many requests come at an event, one more than the whole part of the law.
#[derive(Debug)]
struct Batches {
    beyond_one: ReadyLaw,
    rng: ChaCha8Rng,
}

/// What the next requests carry.
#[derive(Debug)]
struct Marks {
    quantile_rng: ChaCha8Rng,
    luck: Luck,
}

impl RequestStream {
    /// The requests of model `model` in trial `trial`, run-in included, all before the end of [`Traffic::horizon`].
    ///
    /// # Panics
    /// If there is no such model, or a rate or the process is not legal (see [`Traffic::drawn_rate`], [`Process`]).
    #[must_use]
    pub fn new(traffic: &Traffic, seed: u64, trial: u32, model: usize) -> Self {
        let of_model = &traffic.models[model];
        let (key, rate) = (of_model.key, traffic.drawn_rate(seed, trial, model));
        let Some(replay) = &of_model.replay else {
            return Self::of_rate(rate, &of_model.process, seed, trial, key);
        };
        let first_day = traffic.first_day(trial).cast_signed();
        let volume = of_model.requests_per_day;
        let replayed = Replayed::new(replay, volume, first_day, traffic.horizon(), (seed, trial, key));
        Self {
            arrivals: Arrivals::Replayed(replayed),
            marks: Marks::new(seed, trial, key),
            expected: rate.integral(0.0, rate.end_s()),
        }
    }

    /// The requests that arrive at a given rate, all before its end; none where clients send them.
    ///
    /// # Panics
    /// If the process is not legal: see [`Process`].
    #[must_use]
    pub fn of_rate(rate: Rate, process: &Process, seed: u64, trial: u32, key: StreamKey) -> Self {
        let rate = match process.modulation(seed, trial, key, rate.end_s()) {
            Some(steps) => rate.times(&steps),
            // What clients send is not drawn.
            None if process.waits_for_answers() => Rate::constant(0.0, rate.end_s()),
            None => rate,
        };
        let expected = rate.integral(0.0, rate.end_s());
        let at_once = (ample(expected).min(BLOCK) as f64 / process.requests_of_event()) as usize;
        let (per_second, end) = (rate.at(0.0), SimTime::START + SimSpan::from_secs_f64(rate.end_s()));
        let events = Events::new(rate, process, at_once, seed, trial, key);
        let arrivals = match process {
            Process::Poisson | Process::Renewal { .. } | Process::Modulated { .. } | Process::Closed { .. } => {
                Arrivals::Requests(Box::new(events))
            }
            Process::Batches { size, .. } => {
                let rng = stream(seed, trial, key, Role::BatchSize);
                Arrivals::Batches(Box::new((events, Batches { beyond_one: size.beyond_one().ready(), rng })))
            }
            Process::Sessions { requests, think } => {
                let sessions = Sessions::new(*requests, *think, per_second, end, (seed, trial, key));
                Arrivals::Sessions(Box::new((events, sessions)))
            }
        };
        Self { arrivals, marks: Marks::new(seed, trial, key), expected }
    }

    /// The mean number of requests, given the slow rates and the states of a modulated process. Of sessions it is that
    /// of a rate that changes slowly against their lengths.
    #[must_use]
    pub fn expected(&self) -> f64 {
        self.expected
    }

    /// Replaces what `block` holds by the next requests, about 512; false, and an empty block, when there are none
    /// left.
    pub fn fill(&mut self, block: &mut Vec<Request>) -> bool {
        block.clear();
        self.append(block)
    }

    /// Appends the next requests to `requests`; whether there were any.
    pub(crate) fn append(&mut self, requests: &mut Vec<Request>) -> bool {
        let before = requests.len();
        let marks = &mut self.marks;
        let mut block = [SimTime::START; BLOCK];
        match &mut self.arrivals {
            Arrivals::Requests(events) => {
                while !events.are_over() && requests.len() == before {
                    let drawn = events.draw(&mut block);
                    marks.request_at(&block[..drawn], requests);
                }
            }
            Arrivals::Batches(both) => {
                let (events, batches) = &mut **both;
                while !events.are_over() && requests.len() == before {
                    let drawn = events.draw(&mut block);
                    marks.request_at(&batches.of_events(&block[..drawn]), requests);
                }
            }
            Arrivals::Sessions(both) => {
                let (events, sessions) = &mut **both;
                marks.request_at(&sessions.next(events), requests);
            }
            Arrivals::Replayed(replayed) => marks.request_at(&replayed.next(), requests),
        }
        requests.len() > before
    }
}

impl Marks {
    fn new(seed: u64, trial: u32, key: StreamKey) -> Self {
        Self {
            quantile_rng: stream(seed, trial, key, Role::Service),
            luck: Luck::first(stream(seed, trial, key, Role::Failure).next_u64()),
        }
    }

    /// Gives every instant a request.
    fn request_at(&mut self, instants: &[SimTime], requests: &mut Vec<Request>) {
        let mut quantiles = [Quantile::default(); BLOCK];
        for instants in instants.chunks(BLOCK) {
            let quantiles = &mut quantiles[..instants.len()];
            Quantile::fill(&mut self.quantile_rng, quantiles);
            let mut luck = self.luck;
            requests.extend(instants.iter().zip(&*quantiles).map(|(at, quantile)| {
                let request = Request { at: *at, luck, quantile: *quantile };
                luck = luck.next();
                request
            }));
            self.luck = luck;
        }
    }
}

impl Batches {
    /// The instants of requests at these instants of events.
    fn of_events(&mut self, events: &[SimTime]) -> Vec<SimTime> {
        let mut quantiles = vec![Quantile::default(); events.len()];
        let mut beyond_one = vec![0.0; events.len()];
        Quantile::fill(&mut self.rng, &mut quantiles);
        self.beyond_one.fill_seconds(&quantiles, &mut beyond_one);
        let sizes = beyond_one.iter().map(|beyond| 1 + *beyond as usize);
        events.iter().zip(sizes).flat_map(|(at, size)| std::iter::repeat_n(*at, size)).collect()
    }
}

/// Room for a Poisson number of requests with this mean, so that one allocation suffices: six standard deviations more.
pub(crate) fn ample(mean: f64) -> usize {
    (mean + 6.0 * mean.sqrt()) as usize + 16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_kolmogorov_smirnov, assert_mean};
    use crate::{BatchSize, ModulatedState, RateSegment, slow_rate_dispersion};
    use fleetfront_sim::{Law, Seconds};

    const HOUR_S: f64 = 3600.0;

    /// The requests of a trial at this rate.
    fn draw(rate: &Rate, process: &Process, trial: u32) -> Vec<Request> {
        let mut stream = RequestStream::of_rate(rate.clone(), process, 1, trial, StreamKey::of("flux-dev"));
        let mut requests = Vec::new();
        while stream.append(&mut requests) {}
        requests
    }

    fn seconds(request: &Request) -> f64 {
        request.at.0 as f64 / 1e9
    }

    fn exponential() -> Law {
        Law::Exponential { mean_s: 9.0 }
    }

    fn processes() -> Vec<Process> {
        let state = |weight, mean_sojourn_s| ModulatedState { weight, mean_sojourn_s };
        vec![
            Process::Poisson,
            Process::Renewal { gap: Law::Gamma { shape: 4.0, scale_s: 7.0 } },
            Process::Modulated { states: vec![state(1.0, 600.0), state(5.0, 100.0), state(0.0, 50.0)] },
            Process::Batches { gap: exponential(), size: BatchSize::Fixed { requests: 700 } },
            Process::Batches { gap: exponential(), size: BatchSize::Geometric { mean: 4.0 } },
            Process::Sessions { requests: BatchSize::Geometric { mean: 3.0 }, think: exponential() },
        ]
    }

    /// Index of dispersion (variance about the known mean, over the mean) of the counts in windows, a value a trial.
    fn dispersions(process: &Process, per_second: f64, window_s: f64, trials: u32) -> impl Iterator<Item = f64> {
        let count = 100;
        let mean = per_second * window_s;
        let rate = Rate::constant(per_second, window_s * f64::from(count));
        (0..trials).map(move |trial| {
            let mut counts = vec![0.0; count as usize];
            for request in draw(&rate, process, trial) {
                counts[(seconds(&request) / window_s) as usize] += 1.0;
            }
            counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (mean * f64::from(count))
        })
    }

    #[test]
    fn blocks_put_together_are_the_whole() {
        for process in processes() {
            let rate = Rate::sinusoid(1.0, 0.8, HOUR_S, 2.0 * HOUR_S);
            let whole = draw(&rate, &process, 0);
            let mut stream = RequestStream::of_rate(rate, &process, 1, 0, StreamKey::of("flux-dev"));
            let (mut together, mut block) = (Vec::new(), Vec::new());
            while stream.fill(&mut block) {
                assert!(!block.is_empty() && block.len() <= 1024, "{} of {process:?}", block.len());
                together.extend_from_slice(&block);
            }
            assert!(block.is_empty() && !stream.fill(&mut block));
            assert!(together.len() > 3000 && together.is_sorted_by_key(|request| request.at), "{process:?}");
            assert_eq!(together, whole);
        }
    }

    #[test]
    fn every_process_has_the_mean_rate_of_the_curve() {
        let segment = |start_s, per_second| RateSegment { start_s, per_second };
        let rate = Rate::new(vec![segment(0.0, 0.5), segment(HOUR_S, 0.0), segment(2.0 * HOUR_S, 1.5)], 3.0 * HOUR_S);
        for process in processes() {
            let trials: Vec<_> = (0..600).map(|trial| draw(&rate, &process, trial)).collect();
            let during = |hour: u32| {
                let inside = move |request: &&Request| (seconds(request) / HOUR_S) as u32 == hour;
                trials.iter().map(move |requests| requests.iter().filter(inside).count() as f64)
            };
            // Sessions follow a change of the rate late: by a request of each in progress times their mean rest.
            let follow = if matches!(process, Process::Sessions { .. }) { 18.0 } else { 0.0 };
            assert_mean(during(0), 1800.0);
            if follow == 0.0 {
                assert!(during(1).all(|count| count == 0.0));
            } else {
                assert_mean(during(1), 0.5 * follow);
            }
            assert_mean(during(2), 5400.0 - 1.5 * follow);
        }
    }

    /// Two states are a random factor with autocorrelation exp(-lag / tau), 1 / tau the sum of the rates of leaving
    /// (Heffes and Lucantoni 1986, "A Markov modulated characterization of packetized voice and data traffic").
    #[test]
    fn two_states_give_counts_their_dispersion() {
        let [often, seldom] =
            [(3.0, 40.0), (0.5, 160.0)].map(|(weight, mean_sojourn_s)| ModulatedState { weight, mean_sojourn_s });
        // Weights 3 and 0.5 for a fifth and four fifths of the time: mean 1, variance 0.2 * 4 + 0.8 * 0.25 = 1.
        let tau_s = 1.0 / (1.0 / 40.0 + 1.0 / 160.0);
        let process = Process::Modulated { states: vec![often, seldom] };
        for window_s in [5.0, 50.0, 500.0] {
            let expected = slow_rate_dispersion(0.4, window_s, 1.0, tau_s);
            assert_mean(dispersions(&process, 0.4, window_s, 1500), expected);
        }
    }

    #[test]
    fn modulation_is_stationary_from_the_first_instant() {
        let states =
            [(3.0, 40.0), (0.5, 160.0)].map(|(weight, mean_sojourn_s)| ModulatedState { weight, mean_sojourn_s });
        let process = Process::Modulated { states: states.to_vec() };
        let rate = Rate::constant(2.0, 10.0);
        assert_mean((0..10_000).map(|trial| draw(&rate, &process, trial).len() as f64), 20.0);
    }

    /// Counts of batches at Poisson events are compound Poisson: variance over mean is E[n^2] / E[n].
    #[test]
    fn batches_give_counts_their_dispersion() {
        for (size, expected) in [
            (BatchSize::Fixed { requests: 5 }, 5.0),
            (BatchSize::Geometric { mean: 3.0 }, 5.0),
            (BatchSize::Geometric { mean: 1.0 }, 1.0),
        ] {
            let process = Process::Batches { gap: exponential(), size };
            assert_mean(dispersions(&process, 0.5, 60.0, 400), expected);
        }
    }

    #[test]
    fn batch_sizes_are_geometric() {
        let process = Process::Batches { gap: exponential(), size: BatchSize::Geometric { mean: 4.0 } };
        let requests = draw(&Rate::constant(1.0, 100_000.0), &process, 0);
        let sizes: Vec<usize> = requests.chunk_by(|a, b| a.at == b.at).map(<[_]>::len).collect();
        for (n, probability) in [(1, 0.25), (2, 0.1875), (5, 0.25 * 0.75f64.powi(4))] {
            assert_mean(sizes.iter().map(|size| f64::from(u8::from(*size == n))), probability);
        }
    }

    #[test]
    fn renewal_gaps_have_their_law() {
        let gap = Law::Weibull { shape: 0.7, scale_s: 3.0 };
        let requests = draw(&Rate::constant(0.25, 50_000.0), &Process::Renewal { gap }, 0);
        let mut before_s = 0.0;
        let gaps = requests.iter().map(|request| {
            let gap_s = seconds(request) - before_s;
            before_s = seconds(request);
            gap_s
        });
        // Scaled to a mean of 4 s.
        let scale_s = 3.0 * 4.0 / gap.mean_s();
        assert_kolmogorov_smirnov(gaps, |x| -(-(x / scale_s).powf(0.7)).exp_m1());
    }

    /// A process that began with a gap would be ahead by (cv^2 - 1) / 2 = 4 events here, and so would its batches.
    #[test]
    fn renewals_begin_in_equilibrium() {
        let gap = Law::lognormal(Seconds::new(5.0).expect("a span"), 3.0);
        let batches = Process::Batches { gap, size: BatchSize::Geometric { mean: 2.0 } };
        for process in [Process::Renewal { gap }, batches] {
            let counts = |rate: Rate| (0..4000).map(move |trial| draw(&rate, &process, trial).len() as f64);
            assert_mean(counts.clone()(Rate::constant(0.1, 100.0)), 10.0);
            assert_mean(counts(Rate::constant(0.1, 20.0)), 2.0);
        }
    }

    #[test]
    fn fixed_gaps_are_a_timetable() {
        let gap = Law::Deterministic { seconds: 1.0 };
        let requests = draw(&Rate::constant(0.5, 21.0), &Process::Renewal { gap }, 0);
        let at_s: Vec<u64> = requests.iter().map(|request| request.at.0 / 1_000_000_000).collect();
        assert_eq!(at_s, [2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
    }

    #[test]
    fn the_kth_request_keeps_its_quantile_and_luck_under_every_process() {
        let rate = Rate::constant(1.0, 5000.0);
        let plain = draw(&rate, &Process::Poisson, 3);
        for process in processes() {
            let other = draw(&rate, &process, 3);
            let pairs = plain.iter().zip(&other);
            assert!(pairs.clone().count() > 3000);
            assert!(pairs.clone().all(|(a, b)| (a.quantile, a.luck) == (b.quantile, b.luck)), "{process:?}");
        }
    }

    #[test]
    fn no_traffic_is_no_requests() {
        for process in processes() {
            assert!(draw(&Rate::constant(0.0, 100.0), &process, 0).is_empty());
        }
    }

    #[test]
    fn a_process_survives_being_written() {
        for process in processes() {
            let text = serde_json::to_string(&process).expect("text");
            assert_eq!(serde_json::from_str::<Process>(&text).expect("a process"), process);
        }
    }

    #[test]
    #[should_panic(expected = "gaps of 0 s in the mean")]
    fn gaps_without_length_are_a_bug() {
        let gap = Law::Deterministic { seconds: 0.0 };
        let _ = draw(&Rate::constant(1.0, 1.0), &Process::Renewal { gap }, 0);
    }
}
