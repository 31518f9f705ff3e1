//! Laws of every pool, tried on random ones. [`simulate`] checks conservation itself, so each of these runs does too.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::*;
use crate::histogram::LatencyHistogram;
use crate::law::Law;
use crate::pool::{Execution, PoolModel};
use crate::quantile::Quantile;
use crate::quantities::SimSpan;
use crate::request::Luck;
use crate::retries::Retries;
use crate::stream::StreamKey;
use crate::window::Window;

/// Everything that a trial depends on.
#[derive(Debug, Clone)]
struct Setting {
    pool: Pool,
    arrivals: Vec<Arrival>,
    boots: Vec<Law>,
    horizon: Horizon,
}

impl Setting {
    fn outcome(&self) -> (Outcome, Vec<LatencyHistogram>) {
        self.outcome_in(&mut Workspace::default())
    }

    fn outcome_in(&self, workspace: &mut Workspace) -> (Outcome, Vec<LatencyHistogram>) {
        let laws: Vec<_> = self.boots.iter().map(Law::ready_for_few).collect();
        let mut boots = BootTimes::new(7, 0, StreamKey::FLEET, &laws);
        let mut latencies = vec![LatencyHistogram::default(); self.pool.models.len()];
        let outcome = simulate(&self.pool, &self.arrivals, &mut boots, self.horizon, workspace, &mut latencies, None);
        (outcome, latencies)
    }
}

/// The same tests on every machine and every day.
fn config() -> ProptestConfig {
    ProptestConfig { cases: 400, rng_seed: RngSeed::Fixed(20_261_123), failure_persistence: None, ..Default::default() }
}

/// Spans of whole seconds (so that instants coincide) or of odd nanoseconds.
fn span(seconds: std::ops::RangeInclusive<u64>) -> impl Strategy<Value = SimSpan> {
    let odd = (*seconds.start() * 1_000_000_000)..=(*seconds.end() * 1_000_000_000);
    prop_oneof![seconds.prop_map(|s| SimSpan(s * 1_000_000_000)), odd.prop_map(SimSpan)]
}

fn boot_law() -> impl Strategy<Value = Law> {
    let fixed = span(0..=40).prop_map(|s| Law::Deterministic { seconds: s.as_secs_f64() });
    prop_oneof![fixed, (0.0..3.0f64, 0.1..1.5f64).prop_map(|(mu, sigma)| Law::Lognormal { mu, sigma })]
}

fn arrivals(models: u16) -> impl Strategy<Value = Vec<Arrival>> {
    let one = (prop_oneof![3 => span(0..=12), 1 => Just(SimSpan::ZERO)], span(0..=15), any::<u64>(), 0..models);
    prop::collection::vec(one, 1..40).prop_map(|rows| {
        let mut at = SimTime::START;
        let arrival = |(gap, service, luck, model)| {
            at = at + gap;
            Arrival { at, service, luck: Luck(luck), quantile: Quantile::default(), model }
        };
        rows.into_iter().map(arrival).collect()
    })
}

/// A pool of so many models; switch times only where inputs run one at a time.
fn pool(models: usize) -> impl Strategy<Value = Pool> {
    let sizes = (0..3u32, prop_oneof![0..4u32, Just(1000)], 0..3u32, 1..6u32);
    let times = (prop_oneof![Just(SimSpan::ZERO), span(1..=60)], prop_oneof![span(3..=20), Just(SimSpan(1 << 50))]);
    let retries = (0..4u32, span(0..=5));
    let failures = prop::collection::vec(prop_oneof![Just(0.0), 0.0..0.6f64], models);
    let switches = prop::collection::vec(span(0..=9), models * models);
    (sizes, times, retries, failures, switches, any::<bool>()).prop_map(
        move |((min, more, buffer, inputs), (window, timeout), (retries, delay), failures, switches, serial)| {
            let switch = |to: usize, from: usize| {
                if serial && to != from { switches[to * models + from] } else { SimSpan::ZERO }
            };
            let model = |(to, failure_probability): (usize, &f64)| PoolModel {
                failure_probability: *failure_probability,
                switch_in: (0..models).map(|from| switch(to, from)).collect(),
                ..PoolModel::new(models, SimSpan(20_000_000_000))
            };
            Pool {
                min_containers: min,
                max_containers: (min + more).max(1),
                buffer_containers: buffer,
                scaledown_window: Window::Fixed(window),
                max_inputs: inputs,
                target_inputs: inputs,
                execution: if serial { Execution::Serial } else { Execution::Parallel },
                timeout,
                retries: Retries { max: retries, initial_delay: delay, max_delay: delay, ..Retries::none() },
                ..Pool::new(failures.iter().enumerate().map(model).collect())
            }
        },
    )
}

/// Run-ins that end before, between and after the arrivals.
fn setting() -> impl Strategy<Value = Setting> {
    (1..4usize).prop_flat_map(|models| {
        let laws = prop::collection::vec(boot_law(), models);
        (pool(models), arrivals(models as u16), laws, 0.0..1.2f64, span(1..=200)).prop_map(
            |(pool, arrivals, boots, run_in, rest)| {
                let last = arrivals.last().map_or(SimTime::START, |a| a.at);
                let start = SimTime((last.0 as f64 * run_in) as u64);
                let end = last.max(start) + rest;
                Setting { pool, arrivals, boots, horizon: Horizon { start, end } }
            },
        )
    })
}

/// Nothing fails by chance, and boots last whole seconds: all times are integers that can be multiplied.
fn without_luck(mut setting: Setting) -> Setting {
    for model in &mut setting.pool.models {
        model.failure_probability = 0.0;
    }
    for boot in &mut setting.boots {
        *boot = Law::Deterministic { seconds: boot.seconds_at(0.5).ceil() };
    }
    setting
}

fn times(setting: &Setting, factor: u64) -> Setting {
    let mut longer = setting.clone();
    let pool = &mut longer.pool;
    let window = pool.scaledown_window.fixed().expect("fixed windows");
    pool.scaledown_window = Window::Fixed(SimSpan(window.0 * factor));
    for span in [&mut pool.timeout, &mut pool.retries.initial_delay, &mut pool.retries.max_delay] {
        span.0 *= factor;
    }
    for model in &mut pool.models {
        model.latency_limit.0 *= factor;
        model.switch_in.iter_mut().for_each(|span| span.0 *= factor);
    }
    for arrival in &mut longer.arrivals {
        arrival.at.0 *= factor;
        arrival.service.0 *= factor;
    }
    for boot in &mut longer.boots {
        *boot = Law::Deterministic { seconds: boot.mean_s() * factor as f64 };
    }
    longer.horizon =
        Horizon { start: SimTime(longer.horizon.start.0 * factor), end: SimTime(longer.horizon.end.0 * factor) };
    longer
}

fn ledger(outcome: &Outcome, factor: u64) -> Vec<[u64; 4]> {
    let of_model = |m: &ModelOutcome| crate::State::ALL.map(|state| m.ledger.get(state).0 * factor);
    outcome.models.iter().map(of_model).collect()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_request_of_the_horizon_ends_and_every_second_stays_in_bounds(setting in setting()) {
        let (outcome, latencies) = setting.outcome();
        for (model, (sums, histogram)) in outcome.models.iter().zip(&latencies).enumerate() {
            let mine = |a: &&Arrival| usize::from(a.model) == model && setting.horizon.contains(a.at);
            let arrived = setting.arrivals.iter().filter(mine).count() as u64;
            prop_assert_eq!(sums.arrived, arrived);
            prop_assert_eq!(sums.completed + sums.failed, arrived);
            prop_assert_eq!(histogram.total(), arrived);
            prop_assert!(sums.failed <= sums.late && sums.late <= arrived && sums.cold <= arrived);
        }
        let Pool { min_containers, max_containers, .. } = setting.pool;
        let (billed, horizon_ns) = (outcome.total().ledger.billed().0, outcome.horizon_ns);
        prop_assert!((min_containers..=max_containers).contains(&outcome.peak_containers));
        prop_assert!(billed >= u64::from(min_containers) * horizon_ns);
        prop_assert!(billed <= u64::from(outcome.peak_containers) * horizon_ns);
    }

    #[test]
    fn a_used_workspace_leaves_no_trace(first in setting(), second in setting()) {
        let mut workspace = Workspace::default();
        let _ = first.outcome_in(&mut workspace);
        prop_assert_eq!(second.outcome_in(&mut workspace), second.outcome());
    }

    /// Without `min_containers`, which load the first model, the order of the models is a matter of naming.
    #[test]
    fn naming_the_models_in_another_order_changes_nothing(setting in setting()) {
        let mut setting = setting;
        setting.pool.min_containers = 0;
        let mut turned = setting.clone();
        turned.pool.models.reverse();
        turned.pool.models.iter_mut().for_each(|model| model.switch_in.reverse());
        turned.boots.reverse();
        let last = setting.pool.models.len() as u16 - 1;
        turned.arrivals.iter_mut().for_each(|arrival| arrival.model = last - arrival.model);
        let (outcome, latencies) = setting.outcome();
        let (mut turned_outcome, mut turned_latencies) = turned.outcome();
        turned_outcome.models.reverse();
        turned_outcome.pools[0].ledgers.reverse();
        turned_latencies.reverse();
        prop_assert_eq!((outcome, latencies), (turned_outcome, turned_latencies));
    }

    /// Adjacent horizons add up, and what arrives later changes no second before.
    #[test]
    fn the_past_does_not_know_the_future(setting in setting(), cut in 0.01..0.99f64) {
        let Horizon { start, end } = setting.horizon;
        let middle = SimTime(start.0 + ((end.0 - start.0) as f64 * cut) as u64);
        let mut before = Setting { horizon: Horizon { start, end: middle }, ..setting.clone() };
        before.arrivals.retain(|arrival| arrival.at < middle);
        let after = Setting { horizon: Horizon { start: middle, end }, ..setting.clone() };
        let mut sum = before.outcome().0;
        sum += &after.outcome().0;
        let whole = setting.outcome().0;
        prop_assert_eq!(ledger(&sum, 1), ledger(&whole, 1));
        for (parts, all) in sum.models.iter().zip(&whole.models) {
            prop_assert_eq!((parts.arrived, parts.boots), (all.arrived, all.boots));
        }
        prop_assert_eq!(sum.peak_containers, whole.peak_containers);
    }

    #[test]
    fn a_longer_second_makes_everything_longer_in_proportion(setting in setting(), factor in 2..1000u64) {
        let setting = without_luck(setting);
        let (short, _) = setting.outcome();
        let (long, _) = times(&setting, factor).outcome();
        prop_assert_eq!(ledger(&short, factor), ledger(&long, 1));
        prop_assert_eq!(short.peak_containers, long.peak_containers);
        for (s, l) in short.models.iter().zip(&long.models) {
            prop_assert_eq!(s.latency_ns * u128::from(factor), l.latency_ns);
            prop_assert_eq!(s.wait_ns * u128::from(factor), l.wait_ns);
            prop_assert_eq!(
                (s.completed, s.failed, s.cold, s.boots, s.late),
                (l.completed, l.failed, l.cold, l.boots, l.late)
            );
        }
    }

    #[test]
    fn a_maximum_that_is_never_reached_does_nothing(setting in setting()) {
        // Boots take time, so that a container does not come and go within an instant, which the peak does not count.
        let mut free = without_luck(setting);
        free.boots.iter_mut().for_each(|boot| *boot = Law::Deterministic { seconds: boot.mean_s() + 1.0 });
        free.pool.max_containers = u32::MAX;
        free.horizon = Horizon { start: SimTime::START, end: free.horizon.end + SimSpan(1 << 50) };
        let unlimited = free.outcome();
        let mut limited = free.clone();
        // One more than the peak, which does not count who only meets at the instant at which one of them stops.
        limited.pool.max_containers = unlimited.0.peak_containers + 1;
        prop_assert_eq!(limited.outcome(), unlimited);
    }

    /// In a pool that is always warm each request waits for the work before it only. Every request has a model of its
    /// own here, which makes its wait visible.
    #[test]
    fn one_more_warm_container_lengthens_no_wait(requests in arrivals(1), containers in 1..5u32, template in pool(1)) {
        let count = requests.len();
        let own = PoolModel::new(count, SimSpan::ZERO);
        let mut arrivals = requests;
        for (model, arrival) in arrivals.iter_mut().enumerate() {
            arrival.model = model as u16;
        }
        let end = arrivals[count - 1].at + SimSpan(1);
        let waits = |containers: u32| -> Vec<u128> {
            let (min_containers, max_containers) = (containers, containers);
            let models = vec![own.clone(); count];
            let timeout = SimSpan(1 << 50);
            let pool = Pool { min_containers, max_containers, max_inputs: 1, target_inputs: 1, timeout, models, ..template.clone() };
            let boots = vec![Law::Deterministic { seconds: 0.0 }; count];
            let horizon = Horizon { start: SimTime::START, end };
            let setting = Setting { pool, arrivals: arrivals.clone(), boots, horizon };
            setting.outcome().0.models.iter().map(|m| m.wait_ns).collect()
        };
        for (request, (few, more)) in waits(containers).iter().zip(waits(containers + 1)).enumerate() {
            prop_assert!(more <= *few, "request {} waits {} ns with one more, {} ns without", request, more, few);
        }
    }

    /// With instant boots the containers alive are the most that were busy at once within the last window.
    #[test]
    fn a_longer_window_saves_boots(requests in arrivals(1), window in span(0..=60), longer in span(0..=60)) {
        let boots_with = |window: SimSpan| {
            let models = vec![PoolModel::new(1, SimSpan::ZERO)];
            let pool = Pool { scaledown_window: Window::Fixed(window), models, ..super::tests::pool() };
            let boots = vec![Law::Deterministic { seconds: 0.0 }];
            let end = requests[requests.len() - 1].at + SimSpan(1);
            let horizon = Horizon { start: SimTime::START, end };
            Setting { pool, arrivals: requests.clone(), boots, horizon }.outcome().0.total().boots
        };
        prop_assert!(boots_with(window + longer) <= boots_with(window));
    }
}
