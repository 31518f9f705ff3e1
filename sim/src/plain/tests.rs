//! The plain path against the event list, on random pools and arrivals.

use super::*;
use crate::histogram::LatencyHistogram;
use crate::law::Law;
use crate::pool::{Execution, PoolModel};
use crate::quantities::{SimSpan, SimTime};
use crate::request::Luck;
use crate::stream::StreamKey;
use crate::trial::{Workspace, simulate_by_events};

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
    let model = PoolModel {
        failure_probability: 0.0,
        switch_in: vec![SimSpan::ZERO],
        latency_limit: SimSpan(draws.one_of(2, &[4, 30]) * SECOND),
    };
    Pool {
        min_containers,
        max_containers: (min_containers + more).max(1),
        buffer_containers: 0,
        scaledown_window: SimSpan(draws.one_of(3, &[0, 1, 5, 60, 100_000]) * SECOND),
        max_inputs: 1,
        execution: draws.one_of(4, &[Execution::Serial, Execution::Parallel]),
        timeout: SimSpan(60 * SECOND),
        retries: draws.one_of(5, &[0, 2]),
        retry_delay: SimSpan(SECOND),
        models: vec![model],
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
        Arrival { at, service, luck: Luck(u64::from(k)), model: 0 }
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

/// The plain path and the event list agree on the case. Returns the outcome.
fn assert_equal(case: u64, workspace: &mut PlainWorkspace) -> Outcome {
    let draws = Draws(Luck(case));
    let (pool, arrivals) = (random_pool(&draws), random_arrivals(&draws));
    let horizon = random_horizon(&draws, &arrivals);
    let laws = [random_boots(&draws)];
    let boots = || BootTimes::new(3, 0, StreamKey::FLEET, &laws);
    let (mut plain_latencies, mut latencies) = ([LatencyHistogram::default()], [LatencyHistogram::default()]);
    let plain = simulate(&pool, &arrivals, &mut boots(), horizon, workspace, &mut plain_latencies);
    let by_events = &mut Workspace::default();
    let expected = simulate_by_events(&pool, &arrivals, &mut boots(), horizon, by_events, &mut latencies, None);
    assert_eq!(plain.as_ref(), Some(&expected), "case {case}: {pool:?}, {horizon:?}");
    assert_eq!(plain_latencies, latencies, "case {case}: {pool:?}, {horizon:?}");
    expected
}

#[test]
fn the_plain_path_changes_no_outcome_by_a_nanosecond() {
    let mut workspace = PlainWorkspace::default();
    let (mut cold, mut queued, mut full) = (0, 0, 0);
    for case in 0..20_000 {
        let outcome = assert_equal(case, &mut workspace);
        let total = outcome.total();
        cold += u32::from(total.cold > 0 && total.cold < total.arrived);
        queued += u32::from(total.wait_ns > 0 && total.cold == 0);
        full += u32::from(total.arrived > 100 && total.late * 2 > total.arrived);
    }
    assert!(cold.min(queued).min(full) > 500, "cases: {cold} cold, {queued} queued, {full} overloaded");
}
