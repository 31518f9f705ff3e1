use super::*;
use crate::boot_times::BootTimes;
use crate::job::tests::some_arrival;
use crate::law::Law;
use crate::pool::PoolModel;
use crate::quantities::{SimSpan, SimTime};
use crate::request::Luck;
use crate::retries::Retries;
use crate::stream::StreamKey;
use crate::trial::{Unhindered, Workspace, simulate};

const S: u64 = 1_000_000_000;

fn pool() -> Pool {
    Pool::new(vec![PoolModel::new(1, SimSpan(60 * S))])
}

fn arrival(at_s: u64, service_s: u64) -> Arrival {
    Arrival { at: SimTime(at_s * S), service: SimSpan(service_s * S), ..some_arrival() }
}

const DAY: Horizon = Horizon { start: SimTime(100 * S), end: SimTime(1000 * S) };

/// The outcome, latencies and floor of some arrivals at a pool whose containers boot for so many seconds.
fn outcome(pool: &Pool, ready_after_s: f64, arrivals: &[Arrival]) -> (Outcome, Vec<LatencyHistogram>, Vec<Floor>) {
    let laws = [Law::Deterministic { seconds: ready_after_s }.ready_for_few()];
    let mut boots = BootTimes::new(1, 0, StreamKey::FLEET, &laws);
    let mut latencies = vec![LatencyHistogram::default()];
    let outcome = simulate(pool, arrivals, &mut boots, DAY, &mut Workspace::default(), &mut latencies, None);
    let mut floor = Floor::default();
    let mut soonest = LatencyHistogram::default();
    for arrival in arrivals {
        floor.add(pool, DAY, arrival, &mut soonest);
    }
    (outcome, latencies, vec![floor])
}

fn least(pool: &Pool, boot_s: f64, arrivals: &[Arrival]) -> (u128, u128) {
    let (outcome, latencies, floors) = outcome(pool, boot_s, arrivals);
    let group = Group::of(pool);
    assert_within_bounds(&group, &floors, &outcome, &latencies, &|| "it".to_owned());
    let billed = least_billed(&group, 0, &floors, &outcome, &latencies).expect("it is known");
    let latency = floors[0].latency(&group, 0, &outcome.models[0]).expect("it is known");
    (billed.least_ns, latency.sum_ns)
}

#[test]
fn one_request_needs_its_execution() {
    // Boot 40 s, execution 12 s, window 60 s: billed 112 s, of which it needs 12; it takes 52 s and could take 12.
    let request = [arrival(300, 12)];
    let (found, ..) = outcome(&pool(), 40.0, &request);
    assert_eq!((found.models[0].ledger.billed().0, found.models[0].latency_ns), (112 * S, u128::from(52 * S)));
    assert_eq!(least(&pool(), 40.0, &request), (u128::from(12 * S), u128::from(12 * S)));
    // The run-in does not count.
    assert_eq!(least(&pool(), 40.0, &[arrival(99, 12)]), (0, 0));
}

#[test]
fn what_may_be_executed_behind_the_horizon_is_not_counted() {
    // It waits 40 s and runs 12 s. The table takes those 52 s for its next step, 7 * 2^33 ns: so much of the twelve
    // seconds as 60.13 s reach beyond the horizon may lie behind it.
    let behind = |at| least(&pool(), 40.0, &[arrival(at, 12)]).0;
    let needed = |at: u64| u128::from((12 * S).saturating_sub((at * S + (7 << 33)).saturating_sub(1000 * S)));
    for (at, about_s) in [(939, 12), (945, 6), (950, 1), (960, 0), (999, 0)] {
        assert_eq!((behind(at), behind(at) / u128::from(S)), (needed(at), about_s), "at {at} s");
    }
    // The longest took 12 s; the one of 2 s, 5 s before the end, could have as well.
    let warm = Pool { min_containers: 1, max_containers: 1, ..pool() };
    assert_eq!(least(&warm, 0.0, &[arrival(500, 12), arrival(995, 2)]).0, u128::from(12 * S));
}

#[test]
fn tries_that_fail_are_needed_too() {
    let model = PoolModel { failure_probability: 0.5, fails_at_end: true, ..PoolModel::new(1, SimSpan(60 * S)) };
    let pool = Pool { retries: Retries::fixed(3), ..Pool::new(vec![model]) };
    let lucky = |tries: u32| {
        let is_it = |luck: &u64| {
            let fails = |execution| Luck(*luck).uniform(execution, 0) < 0.5;
            (0..tries - 1).all(fails) && !fails(tries - 1)
        };
        Arrival { luck: Luck((0..1000).find(is_it).expect("some luck")), ..arrival(300, 12) }
    };
    for tries in [1, 2, 4] {
        // Pauses of a second lie between the tries.
        let expected = (u64::from(tries) * 12, u64::from(tries) * 13 - 1);
        let (work, latency) = least(&pool, 40.0, &[lucky(tries)]);
        assert_eq!((work, latency), (u128::from(expected.0 * S), u128::from(expected.1 * S)));
    }
    // Five tries are too many: it never completes, and has executed four.
    let never = pool.unhindered(&lucky(5));
    assert_eq!(never, Unhindered { executes: SimSpan(48 * S), completes_after: None, is_certain: false });
    assert_eq!(least(&pool, 40.0, &[lucky(5)]), (u128::from(48 * S), 0));
}

#[test]
fn a_timeout_ends_what_is_needed() {
    let pool = Pool { timeout: SimSpan(10 * S), ..pool() };
    assert_eq!(least(&pool, 40.0, &[arrival(300, 12), arrival(400, 9)]), (u128::from(19 * S), u128::from(9 * S)));
}

#[test]
fn containers_that_execute_several_at_once_need_less() {
    let four = [arrival(300, 12), arrival(300, 12), arrival(300, 12), arrival(300, 12)];
    let with = |execution| Pool { execution, max_inputs: 4, target_inputs: 4, ..pool() };
    assert_eq!(least(&with(Execution::Parallel), 40.0, &four).0, u128::from(12 * S));
    let shared = with(Execution::Shared(crate::Efficiency::Table(vec![1.0, 1.5, 2.0, 2.0])));
    // Two at a time at best: 24 s, less a rounding of 64 ns a try and of the share.
    let found = least(&shared, 40.0, &four).0;
    assert!(found <= u128::from(24 * S) && found > u128::from(24 * S) - 1_000, "{found}");
}

#[test]
fn what_cannot_be_known_is_said() {
    let of = |pool: &Pool, arrivals: &[Arrival]| {
        let (outcome, latencies, floors) = outcome(pool, 40.0, arrivals);
        least_billed(&Group::of(pool), 0, &floors, &outcome, &latencies).expect_err("it is not known")
    };
    let batching = crate::Batching { max_batch_size: 2, wait: crate::BatchWait::Oldest(SimSpan(S)), item_share: 0.5 };
    let batched = Pool { execution: Execution::Batched(batching), ..pool() };
    assert_eq!(of(&batched, &[arrival(300, 12)]), Unbounded::Batches);
    assert_eq!(of(&Pool { host_speed_cv: 0.2, ..pool() }, &[arrival(300, 12)]), Unbounded::HostSpeed);
    let inside = Pool { timeout_from_accept: true, max_inputs: 2, target_inputs: 2, ..pool() };
    assert_eq!(of(&inside, &[arrival(300, 12)]), Unbounded::KilledInside);
    let full = Pool { max_pending: Some(0), max_containers: 1, ..pool() };
    assert_eq!(of(&full, &[arrival(300, 12), arrival(301, 12)]), Unbounded::TurnedAway);
}

#[test]
#[should_panic(expected = "the point of the grid lies outside its bounds: pool 0 is billed 52000000000 ns, below the \
                           112000000000 ns that its requests need")]
fn a_bill_below_its_bound_is_an_error() {
    let pool = Pool { scaledown_window: crate::Window::Fixed(SimSpan::ZERO), ..pool() };
    let (outcome, latencies, _) = outcome(&pool, 40.0, &[arrival(300, 12)]);
    let mut floor = Floor::default();
    floor.add(&pool, DAY, &arrival(300, 112), &mut LatencyHistogram::default());
    assert_within_bounds(&Group::of(&pool), &[floor], &outcome, &latencies, &|| "the point of the grid".to_owned());
}

#[test]
#[should_panic(expected = "pool 0 is billed 112000000000 ns, above the 0 ns of its peak all the time")]
fn a_bill_above_its_bound_is_an_error() {
    let (mut outcome, latencies, floors) = outcome(&pool(), 40.0, &[arrival(300, 12)]);
    outcome.pools[0].peak_containers = 0;
    assert_within_bounds(&Group::of(&pool()), &floors, &outcome, &latencies, &|| "it".to_owned());
}

#[test]
#[should_panic(expected = "latencies of model 0 add up to 11000000000 ns, below the 12000000000 ns of execution alone")]
fn a_latency_below_execution_alone_is_an_error() {
    let (mut outcome, latencies, floors) = outcome(&pool(), 40.0, &[arrival(300, 12)]);
    outcome.models[0].latency_ns = u128::from(11 * S);
    assert_within_bounds(&Group::of(&pool()), &floors, &outcome, &latencies, &|| "it".to_owned());
}

#[test]
fn steps_are_found_from_their_lengths() {
    assert_eq!((step(0), step(4), step(STEPS - 1)), (1 << 30, 1 << 31, 7 << (FIRST_EXPONENT + 11)));
    for k in 0..STEPS {
        assert_eq!([step_from(step(k) - 1), step_from(step(k)), step_from(step(k) + 1)], [k, k, k + 1], "step {k}");
    }
    assert_eq!((step_from(0), step_from(u64::MAX)), (0, STEPS));
}

/// Request by request: what ends `latency` after it came, and lies behind the horizon.
#[test]
fn the_table_is_the_sum_at_its_steps_and_no_less_between_them() {
    let mut luck = Luck::first(3);
    let mut draw = |most: f64| {
        luck = luck.next();
        (luck.uniform(0, 0).powi(3) * most) as u64
    };
    let requests: Vec<(u64, u64)> = (0..500).map(|_| (draw(3e13), draw(4e12))).collect();
    let mut table = Work::default();
    for (left, work) in &requests {
        table.add(*left, *work);
    }
    let exactly = |latency: u64| -> u128 {
        requests.iter().map(|(left, work)| u128::from(latency.saturating_sub(*left).min(*work))).sum()
    };
    assert_eq!(table.total, exactly(u64::MAX));
    for k in 0..STEPS {
        assert_eq!(table.behind(step(k)), exactly(step(k)), "step {k}");
        let between = step(k) + step(k) / 9;
        assert!(table.behind(between) >= exactly(between), "above step {k}");
    }
    assert_eq!(table.behind(u64::MAX), table.total);
}
