//! Processor sharing, two inputs a container.

use super::*;
use crate::sharing::Efficiency;

fn shared(efficiency: Efficiency) -> Pool {
    Pool { max_inputs: 2, target_inputs: 2, execution: Execution::Shared(efficiency), ..pool() }
}

#[test]
fn two_inputs_share_the_speed_of_one() {
    let (outcome, _) = run(&shared(Efficiency::Power(0.0)), &[at(0.0); 2]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 20.0, 60.0, 0.0], 40.0));
    // 1.6 times the speed of one: 12.5 s.
    let (outcome, _) = run(&shared(Efficiency::Table(vec![1.0, 1.6])), &[at(0.0); 2]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 12.5, 60.0, 0.0], 32.5));
}

#[test]
fn an_input_is_slowed_down_only_while_it_has_company() {
    // The first is alone 20-25, at half speed 25-35. The second has half of it done then, and is alone 35-40.
    let (outcome, _) = run(&shared(Efficiency::Power(0.0)), &[at(0.0), at(25.0)]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 20.0, 60.0, 0.0], f64::midpoint(35.0, 15.0)));
}

#[test]
fn a_try_killed_at_its_timeout_counts_as_busy_and_frees_the_others() {
    let strict = Pool { timeout: s(12.0), ..shared(Efficiency::Power(0.0)) };
    // Together 20-24, with 2 s each done. The short one ends at 24; the other is alone 24-32 and killed with 10 of 11 s done.
    let long = Arrival { service: s(11.0), ..at(0.0) };
    let short = Arrival { service: s(2.0), ..at(0.0) };
    let (outcome, _) = run(&strict, &[long, short]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([20.0, 12.0, 60.0, 0.0], 24.0));
    assert_eq!(outcome.total().failed, 1);
    // One that ends at that very instant completes.
    let (outcome, _) = run(&strict, &[Arrival { service: s(10.0), ..long }, short]);
    assert_eq!((ledger(&outcome), outcome.total().completed), ([20.0, 12.0, 60.0, 0.0], 2));
}

#[test]
fn sharing_that_slows_nobody_down_is_parallel_and_sharing_with_nobody_is_serial() {
    let arrivals = [0.0, 0.0, 25.0, 31.0, 32.0, 32.0, 130.0].map(at);
    let parallel = Pool { execution: Execution::Parallel, ..shared(Efficiency::Power(1.0)) };
    assert_eq!(run(&shared(Efficiency::Power(1.0)), &arrivals), run(&parallel, &arrivals));
    let one = Pool { max_inputs: 1, target_inputs: 1, ..shared(Efficiency::Power(0.3)) };
    assert_eq!(run(&one, &arrivals), run(&pool(), &arrivals));
}

#[test]
fn times_that_are_multiplied_give_latencies_that_are() {
    let pool = Pool { max_inputs: 6, target_inputs: 6, max_containers: 1, ..shared(Efficiency::Power(0.37)) };
    let latency_ns = |factor: u64| {
        let one = |k: u64| Arrival {
            at: SimTime(k * k * 777_777_777 * factor),
            service: SimSpan((9_999_999_967 - k * 1_234_567_891) * factor),
            ..at(0.0)
        };
        let setting = group(vec![pool.clone()], &(0..6).map(one).collect::<Vec<_>>());
        let boots = vec![vec![lasting(20.0 * factor as f64)]];
        let horizon = Horizon { end: SimTime(setting.horizon.end.0 * factor), ..setting.horizon };
        let timeout = SimSpan(u64::MAX);
        let pools = vec![Pool { timeout, ..pool.clone() }];
        Setting { pools, boots, horizon, ..setting }.outcome().0.total().latency_ns
    };
    // Six departures, each rounded once.
    let (short, long) = (latency_ns(1) * 7, latency_ns(7));
    assert!(short.abs_diff(long) <= 6 * 6 * 7, "{short} and {long}");
}
