//! When containers stop: early drain, drawn and paused windows, a schedule of bounds, buffers, and the bill's steps.

use super::*;
use crate::occupancy::Occupancy;
use crate::pool::Bounds;
use crate::window::Window;

#[test]
fn early_drain_takes_all_but_the_last_container_that_is_not_wanted() {
    let draining = Pool { early_drain: Some(s(10.0)), ..pool() };
    // Three containers, all idle from 30 on: two leave at 40, the last at 90.
    let (outcome, _) = run(&draining, &[at(0.0); 3]);
    assert_eq!(ledger(&outcome), [60.0, 30.0, 10.0 + 10.0 + 60.0, 0.0]);
}

#[test]
fn a_boot_does_not_count_as_idle_for_the_early_drain() {
    let draining = Pool { early_drain: Some(s(2.0)), ..pool() };
    // The first container serves both, until 40. The second boots 25-45. At 42 one is idle and one boots: nothing
    // happens. At 45 both are idle, and the first has been for 5 s.
    let (outcome, _) = run(&draining, &[at(0.0), at(25.0)]);
    assert_eq!(ledger(&outcome), [40.0, 20.0, 5.0 + 60.0, 0.0]);
}

/// Idle seconds of trials with so many lucks.
fn idle_s(pool: &Pool, arrivals: &[Arrival], trials: u64) -> Vec<f64> {
    let setting = group(vec![pool.clone()], arrivals);
    let idle =
        |luck| Setting { lucks: vec![Luck(luck)], ..setting.clone() }.outcome().0.total().ledger.get(State::Idle);
    (0..trials).map(|luck| idle(luck).as_secs_f64()).collect()
}

#[test]
fn windows_are_drawn_from_their_law() {
    let arrivals = [at(0.0), at(70.0), at(81.0), at(300.0)];
    let fixed = Pool { scaledown_window: Window::Drawn(lasting(60.0)), ..pool() };
    assert_eq!(run(&fixed, &arrivals), run(&pool(), &arrivals));
    for window in [Window::Drawn(Law::Exponential { mean_s: 40.0 }), Window::Paused { mean: s(40.0) }] {
        let idle = idle_s(&Pool { scaledown_window: window, ..pool() }, &[at(0.0)], 2_000);
        let mean = idle.iter().sum::<f64>() / 2_000.0;
        assert!((mean - 40.0).abs() < 4.0 * 40.0 / 2_000f64.sqrt(), "{window:?}: {mean}");
    }
}

#[test]
fn a_paused_timer_does_not_run_while_its_container_is_busy() {
    let paused = Pool { scaledown_window: Window::Paused { mean: s(40.0) }, ..pool() };
    // Idle 30-31, mostly not long enough to stop, then busy for 200 s, then idle again for 40 s in the mean.
    let long = Arrival { service: s(200.0), ..at(31.0) };
    let idle = idle_s(&paused, &[at(0.0), long], 1_000);
    let mean = idle.iter().sum::<f64>() / 1_000.0;
    assert!((mean - 41.0).abs() < 4.0 * 40.0 / 1_000f64.sqrt(), "{mean}");
}

#[test]
fn a_paused_timer_does_not_run_at_the_floor() {
    let warm = Pool { scaledown_window: Window::Paused { mean: s(40.0) }, min_containers: 1, ..pool() };
    assert_eq!(idle_s(&warm, &[at(500.0)], 20), vec![970.0; 20]);
}

fn bounds(at: f64, min_containers: u32, max_containers: u32) -> Bounds {
    Bounds { at: SimTime(s(at).0), min_containers, max_containers }
}

#[test]
fn a_schedule_starts_containers_and_lets_them_go() {
    let schedule = vec![bounds(100.0, 2, 10), bounds(200.0, 0, 1)];
    // Two boots 100-120. One serves 150-160. The other's window ends at 180, and it is let go at 200.
    let (outcome, _) = run(&Pool { schedule, ..pool() }, &[at(150.0)]);
    assert_eq!(ledger(&outcome), [40.0, 10.0, 80.0 + 30.0 + 60.0, 0.0]);
}

#[test]
fn nothing_stops_because_the_maximum_fell() {
    let schedule = vec![bounds(25.0, 0, 1)];
    let arrivals = [at(0.0), at(0.0), at(31.0), at(31.0)];
    assert_eq!(run(&Pool { schedule, ..pool() }, &arrivals), run(&pool(), &arrivals));
}

#[test]
fn a_higher_maximum_starts_what_is_missing() {
    let schedule = vec![bounds(10.0, 0, 2)];
    // The second boot is 10-30; at 30 the first container is free a moment earlier and takes the second request.
    let (outcome, _) = run(&Pool { schedule, max_containers: 1, ..pool() }, &[at(0.0), at(0.0)]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([40.0, 20.0, 120.0, 0.0], 35.0));
}

#[test]
fn a_buffer_that_is_always_there_stays_without_inputs() {
    let buffered = Pool { buffer_containers: 1, buffer_always: true, ..pool() };
    let (outcome, _) = run(&buffered, &[]);
    assert_eq!(ledger(&outcome), [20.0, 0.0, 980.0, 0.0]);
    // The request is served by the buffer, 500-510, and another starts beside it, idle from 520 on. The one that has been
    // idle for longer goes at 570.
    let (outcome, _) = run(&buffered, &[at(500.0)]);
    assert_eq!(ledger(&outcome), [40.0, 10.0, 480.0 + 60.0 + 480.0, 0.0]);
}

#[test]
fn the_bill_of_a_container_is_rounded_where_it_stops() {
    // Alive 0-90; the second container lives to the end of the horizon and is not rounded.
    let arrivals = [at(0.0), at(970.0)];
    let rounding = |increment: f64, minimum: f64| {
        let steps = Pool { billing_increment: s(increment), billing_minimum: s(minimum), ..pool() };
        let (mut outcome, _) = run(&steps, &arrivals);
        let seconds = SimSpan(std::mem::take(&mut outcome.pools[0].rounding_ns)[0]).as_secs_f64();
        let (mut plain, _) = run(&pool(), &arrivals);
        plain.pools[0].rounding_ns.clear();
        assert_eq!(outcome, plain);
        seconds
    };
    let all = [(100.0, 0.0), (45.0, 0.0), (0.0, 200.0), (100.0, 95.0), (1e-9, 90.0)].map(|(i, m)| rounding(i, m));
    assert_eq!(all, [10.0, 0.0, 110.0, 10.0, 0.0]);
}

/// How long how many containers are alive when boots take no time: as many as were busy at once within the last window.
fn alive_ns(arrivals: &[Arrival], window: SimSpan, end: SimTime) -> Vec<u64> {
    let busy = |at: u64| arrivals.iter().filter(|a| a.at.0 <= at && at < (a.at + a.service).0).count();
    let mut changes: Vec<u64> = arrivals.iter().flat_map(|a| [a.at.0, (a.at + a.service).0]).collect();
    let mut edges: Vec<u64> = changes.iter().flat_map(|at| [*at, at + window.0]).chain([0, end.0]).collect();
    changes.sort_unstable();
    edges.retain(|edge| *edge <= end.0);
    edges.sort_unstable();
    let mut times = vec![0; arrivals.len() + 1];
    for pair in edges.windows(2) {
        let within = changes.iter().filter(|at| pair[0] < **at + window.0 && **at <= pair[0]);
        let before = pair[0].checked_sub(window.0).map_or(0, busy);
        times[within.map(|at| busy(*at)).fold(before, usize::max)] += pair[1] - pair[0];
    }
    times
}

proptest::proptest! {
    #![proptest_config(crate::trial::random_group::config(300))]

    #[test]
    fn the_containers_alive_are_the_most_that_were_busy_within_the_last_window(
        rows in proptest::collection::vec((0..9u64, 1..12u64), 1..40),
        window in 0..40u64,
    ) {
        let mut now = 0;
        let arrivals: Vec<Arrival> = rows.into_iter().map(|(gap, service)| {
            now += gap;
            Arrival { service: s(service as f64), ..at(now as f64) }
        }).collect();
        let instant = Pool { scaledown_window: Window::Fixed(s(window as f64)), ..pool() };
        let setting = Setting { boots: vec![vec![lasting(0.0)]], ..group(vec![instant], &arrivals) };
        let seen = setting.seen(0);
        let mut expected = Occupancy { alive_ns: alive_ns(&arrivals, s(window as f64), setting.horizon.end), busy_ns: vec![] };
        expected.busy_ns = alive_ns(&arrivals, SimSpan::ZERO, setting.horizon.end);
        let mut alive = seen.occupancies[0].clone();
        alive.alive_ns.resize(arrivals.len() + 1, 0);
        alive.busy_ns.resize(arrivals.len() + 1, 0);
        proptest::prop_assert_eq!(alive, expected);
    }
}
