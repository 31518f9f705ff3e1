//! The plain path against the event list, on random pools and arrivals.

use super::array::LIMIT;
use super::*;
use crate::histogram::LatencyHistogram;
use crate::job::Arrival;
use crate::job::tests::some_arrival;
use crate::law::Law;
use crate::pool::{Execution, PoolModel};
use crate::quantile::Quantile;
use crate::quantities::{SimSpan, SimTime};
use crate::request::Luck;
use crate::retries::Retries;
use crate::stream::StreamKey;
use crate::timeline::Timeline;
use crate::trial;
use crate::trial::Workspace;
use crate::window::Window;

const SECOND: u64 = 1_000_000_000;

/// The random numbers of one case, by purpose.
struct Draws(Luck);

impl Draws {
    fn one_of<T: Copy>(&self, purpose: u32, choices: &[T]) -> T {
        choices[(self.0.uniform(0, purpose) * choices.len() as f64) as usize]
    }
}

/// Every setting that a plain pool has.
fn random_pool(draws: &Draws) -> Pool {
    let min_containers = draws.one_of(0, &[0, 0, 0, 1, 2, 7, 20]);
    let more = draws.one_of(1, &[0, 0, 1, 3, 10, 4_000]);
    let retries = draws.one_of(5, &[0, 0, 2]);
    // What fails and is tried again is not plain.
    let (failure_probability, timeout_s) =
        if retries == 0 { (draws.one_of(14, &[0.0, 0.05, 0.5]), draws.one_of(15, &[9, 60])) } else { (0.0, 60) };
    let model = PoolModel {
        failure_probability,
        fails_at_end: draws.one_of(16, &[true, false]),
        ..PoolModel::new(1, SimSpan(draws.one_of(2, &[4, 30]) * SECOND))
    };
    Pool {
        min_containers,
        max_containers: (min_containers + more).max(1),
        scaledown_window: Window::Fixed(SimSpan(draws.one_of(3, &[0, 1, 5, 60, 100_000]) * SECOND)),
        execution: if draws.one_of(4, &[true, false]) { Execution::Serial } else { Execution::Parallel },
        timeout: SimSpan(timeout_s * SECOND),
        retries: Retries::fixed(retries),
        ..Pool::new(vec![model])
    }
}

/// Up to 500 arrivals with gaps from none to minutes, on a grid of whole seconds, so that instants coincide, or of
/// nanoseconds; in some cases a burst at one instant.
fn random_arrivals(draws: &Draws) -> Vec<Arrival> {
    let luck = draws.0;
    let mean_gap_s = draws.one_of(6, &[0.1, 0.5, 2.0, 10.0, 100.0]);
    let service_s = draws.one_of(7, &[0.0, 3.0, 20.0]);
    let grid = draws.one_of(8, &[1, SECOND, SECOND, 5 * SECOND]);
    let burst = draws.one_of(9, &[0, 0, 0, 60]);
    let count = draws.one_of(10, &[0, 1, 3, 40, 300, 500]);
    let round = |seconds: f64| SimSpan(((seconds * 1e9) as u64).div_ceil(grid) * grid);
    let mut at = SimTime::START;
    let one = |k: u32| {
        let bursting = (100..100 + burst).contains(&k);
        let pause = if luck.uniform(4, k) < 0.02 { 30.0 } else { 1.0 };
        let gap_s = -mean_gap_s * pause * (1.0 - luck.uniform(1, k)).ln();
        at = at + if bursting { SimSpan::ZERO } else { round((gap_s - 0.3).max(0.0)) };
        let service = round(service_s * luck.uniform(2, k));
        Arrival { at, service, luck: Luck(u64::from(k)), quantile: Quantile::default(), model: 0 }
    };
    (0..count).map(one).collect()
}

/// Horizons that begin before, between and after the arrivals, and end long or shortly after them.
fn random_horizon(draws: &Draws, arrivals: &[Arrival]) -> Horizon {
    let last = arrivals.last().map_or(0, |arrival| arrival.at.0);
    let start = draws.one_of(11, &[0, 0, last / 3 / SECOND * SECOND, last / 2, last, last + SECOND]);
    let rest = draws.one_of(12, &[1, SECOND, 10 * SECOND, 1_000 * SECOND]);
    Horizon { start: SimTime(start), end: SimTime(last.max(start) + rest) }
}

fn random_boots(draws: &Draws) -> Law {
    let fixed = |seconds| Law::Deterministic { seconds };
    draws.one_of(13, &[fixed(0.0), fixed(1.0), fixed(20.0), Law::Lognormal { mu: 2.5, sigma: 0.8 }])
}

/// Arrivals that come in blocks of a given size.
struct InBlocks<'a> {
    rest: &'a [Arrival],
    block: usize,
}

impl Arrivals for InBlocks<'_> {
    fn next_block(&mut self) -> &[Arrival] {
        let (block, rest) = self.rest.split_at(self.rest.len().min(self.block));
        self.rest = rest;
        block
    }

    fn longest_service(&self) -> SimSpan {
        self.rest.longest_service()
    }
}

/// One trial of a pool.
struct Case {
    pool: Pool,
    arrivals: Vec<Arrival>,
    horizon: Horizon,
    boots: Law,
}

impl Case {
    fn random(luck: Luck) -> Self {
        let draws = Draws(luck);
        let arrivals = random_arrivals(&draws);
        let horizon = random_horizon(&draws, &arrivals);
        Self { pool: random_pool(&draws), arrivals, horizon, boots: random_boots(&draws) }
    }

    /// All times longer.
    fn times(mut self, factor: u64) -> Self {
        let window = self.pool.scaledown_window.fixed().expect("a fixed window");
        self.pool.scaledown_window = Window::Fixed(SimSpan(window.0 * factor));
        for span in [&mut self.pool.timeout, &mut self.pool.models[0].latency_limit] {
            span.0 *= factor;
        }
        for arrival in &mut self.arrivals {
            arrival.at.0 *= factor;
            arrival.service.0 *= factor;
        }
        self.horizon.start.0 *= factor;
        self.horizon.end.0 *= factor;
        self.boots = Law::Deterministic { seconds: self.boots.mean_s().round() * factor as f64 };
        self
    }

    /// The plain path, in an array and in a calendar, agrees with the event list in everything. Returns the outcome.
    fn assert_equal(&self, workspace: &mut PlainWorkspace) -> Outcome {
        let Self { pool, arrivals, horizon, boots } = self;
        let laws = [boots.ready_for_few()];
        let boots = || BootTimes::new(3, 0, StreamKey::FLEET, &laws);
        let mut latencies = [LatencyHistogram::default()];
        // With a timeline every pool is simulated event by event.
        let (by_events, timeline) = (&mut Workspace::default(), &mut Timeline::new(*horizon, 1));
        let expected =
            trial::simulate(pool, arrivals, &mut boots(), *horizon, by_events, &mut latencies, Some(timeline));
        assert!(is_plain(&Group::of(pool), &&arrivals[..]));
        for (few, block) in [(FEW, 512), (0, 512), (3, 7), (FEW, 1)] {
            let mut histogram = LatencyHistogram::default();
            let given = Given { pool, horizon: *horizon, histogram: &mut histogram, few };
            let plain = run(given, &mut InBlocks { rest: arrivals, block }, &mut boots(), workspace);
            assert_eq!(plain, expected, "few: {few}, blocks of {block}, {pool:?}, {horizon:?}, {arrivals:?}");
            assert_eq!(histogram, latencies[0], "few: {few}, blocks of {block}, {pool:?}, {horizon:?}, {arrivals:?}");
        }
        expected
    }
}

#[test]
fn the_plain_path_changes_no_outcome_by_a_nanosecond() {
    let mut workspace = PlainWorkspace::default();
    let (mut cold, mut queued, mut full, mut fixed, mut failing) = (0, 0, 0, 0, 0);
    for luck in 0..20_000 {
        let case = Case::random(Luck(luck));
        let total = case.assert_equal(&mut workspace).total();
        cold += u32::from(total.cold > 0 && total.cold < total.arrived);
        queued += u32::from(total.wait_ns > 0 && total.cold == 0);
        full += u32::from(total.arrived > 100 && total.late * 2 > total.arrived);
        fixed += u32::from(case.pool.min_containers == case.pool.max_containers && total.arrived > 100);
        failing += u32::from(total.failed > 0 && total.completed > 100);
    }
    let least = cold.min(queued).min(full).min(fixed).min(failing);
    assert!(
        least > 500,
        "cases: {cold} cold, {queued} queued, {full} overloaded, {fixed} of a fixed size, {failing} failing"
    );
}

/// Where instants pass the limit of the array, at an end of a service, at the end of a boot, in the queue.
#[test]
fn a_trial_may_last_longer_than_the_array_can_tell() {
    let mut workspace = PlainWorkspace::default();
    let mut beyond = 0;
    for luck in 0..10_000 {
        let case = Case::random(Luck(luck));
        let last = case.horizon.end.0.max(1);
        // The horizon ends shortly before the limit, if it is not there already, or well after it.
        let further = [1, 3][(luck % 2) as usize];
        let case = case.times((further * LIMIT / last).clamp(1, 100_000));
        case.assert_equal(&mut workspace);
        let ends =
            case.arrivals.iter().map(|arrival| arrival.at + arrival.service + case.boots.span(Quantile(1 << 31)));
        beyond += u32::from(ends.max().is_some_and(|end| end.0 > LIMIT));
    }
    assert!(beyond > 500, "{beyond} cases beyond the limit");
}

#[test]
fn a_pool_that_is_not_plain_is_left_alone() {
    let plain = Pool { retries: Retries::fixed(0), ..random_pool(&Draws(Luck(1))) };
    let none = &&[][..];
    assert!(is_plain(&Group::of(&plain), none));
    let mut others = vec![plain.clone(); 6];
    others[0].max_inputs = 2;
    others[1].buffer_containers = 1;
    others[2].retries.max = 1;
    others[2].models[0].failure_probability = 0.01;
    others[3].models.push(plain.models[0].clone());
    others[4].max_pending = Some(1_000);
    others[5].starts_ready = true;
    for other in others {
        assert!(!is_plain(&Group::of(&other), none), "{other:?}");
    }
}

#[test]
fn a_service_above_the_timeout_is_plain_unless_it_is_tried_again() {
    let mut pool = Pool { retries: Retries::fixed(0), ..random_pool(&Draws(Luck(1))) };
    pool.models[0].failure_probability = 0.0;
    let longest = Arrival { service: pool.timeout, ..some_arrival() };
    let longer = Arrival { service: SimSpan(pool.timeout.0 + 1), ..longest };
    let is_plain = |pool: &Pool, arrival| is_plain(&Group::of(pool), &&[arrival][..]);
    assert!(is_plain(&pool, longest) && is_plain(&pool, longer));
    pool.retries = Retries::fixed(1);
    assert!(is_plain(&pool, longest) && !is_plain(&pool, longer));
}
