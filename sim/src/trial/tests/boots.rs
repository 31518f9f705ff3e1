//! How containers start: phases, failures, staggered, cancelled and bound boots, warm starts, hosts.

use super::*;
use crate::boot::{Boot, Snapshot};
use crate::pool::BootRules;

fn with_boots(boots: BootRules) -> Pool {
    Pool { boots, ..pool() }
}

/// A pool whose container starts, counted from 0, have this luck for their boots: `Luck(k)` for the first `k` that fits.
fn with_luck(pool: Pool, arrivals: &[Arrival], fits: impl Fn(Luck) -> bool) -> Setting {
    let luck = (0..100_000).map(Luck).find(|luck| fits(luck.child(0))).expect("some luck fits");
    Setting { lucks: vec![luck], ..group(vec![pool], arrivals) }
}

#[test]
fn phases_follow_the_image_whose_load_may_be_free() {
    let boot = Boot { image: Some(lasting(5.0)), phases: vec![lasting(2.0), lasting(30.0)], ..Boot::of(lasting(0.0)) };
    let run = |boot: Boot| {
        let mut phased = pool();
        phased.models[0].boots = vec![boot];
        run(&phased, &[at(0.0)]).0
    };
    // Image 0-5, phases 5-7 and 7-37, service 37-47.
    let billed = run(boot.clone());
    assert_eq!((ledger(&billed), mean_latency(&billed)), ([37.0, 10.0, 60.0, 0.0], 47.0));
    let free = run(Boot { bill_image: false, ..boot.clone() });
    assert_eq!((ledger(&free), mean_latency(&free)), ([32.0, 10.0, 60.0, 0.0], 47.0));
    // A snapshot of 3 s instead of the phases.
    let restored = run(Boot { snapshot: Some(Snapshot { restore: lasting(3.0), failure_probability: 0.0 }), ..boot });
    assert_eq!((ledger(&restored), mean_latency(&restored)), ([8.0, 10.0, 60.0, 0.0], 18.0));
    assert_eq!(run(Boot::of(lasting(20.0))), super::run(&pool(), &[at(0.0)]).0);
}

#[test]
fn a_failed_boot_is_billed_and_tried_again_after_longer_and_longer_pauses() {
    let backoff = BootRules { failure_probability: 0.5, backoff_max: s(3.0), ..BootRules::PLAIN };
    let fails = |luck: Luck, attempt| luck.uniform(attempt, super::super::purpose::BOOT_FAILS) < 0.5;
    let setting = with_luck(with_boots(backoff), &[at(0.0)], |luck| (0..3).all(|k| fails(luck, k)) && !fails(luck, 3));
    let (outcome, _) = setting.outcome();
    // Boots 0-20, 21-41, 43-63 and, the third pause cut from 4 to 3 s, 66-86; service 86-96.
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([80.0, 10.0, 60.0, 0.0], 96.0));
    let of_pool = &outcome.pools[0];
    assert_eq!((of_pool.boots, of_pool.boot_failures, of_pool.peak_containers), (1, 3, 1));
}

#[test]
fn a_boot_that_ends_well_makes_the_next_pause_short_again() {
    let backoff = BootRules { failure_probability: 0.5, ..BootRules::PLAIN };
    let fails = |luck: Luck, attempt| luck.uniform(attempt, super::super::purpose::BOOT_FAILS) < 0.5;
    // Two containers, the first boot of each fails.
    let fits = |luck: &Luck| [0, 1].map(|k| luck.child(k)).iter().all(|own| fails(*own, 0) && !fails(*own, 1));
    let luck = (0..100_000).map(Luck).find(fits).expect("some luck fits");
    let setting = Setting { lucks: vec![luck], ..group(vec![with_boots(backoff)], &[at(0.0), at(200.0)]) };
    let (outcome, _) = setting.outcome();
    // Boots 0-20, 21-41; service 41-51; gone at 111. Boots 200-220, 221-241; service 241-251.
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([80.0, 20.0, 120.0, 0.0], 51.0));
}

/// Boots that can only fail are tried for a month; then whoever waits is stuck.
#[test]
fn a_boot_that_never_ends_in_time_serves_nobody() {
    let hopeless = with_boots(BootRules { startup_timeout: s(19.0), ..BootRules::PLAIN });
    let (outcome, _) = run(&hopeless, &[at(0.0), at(5.0)]);
    let total = outcome.total();
    assert_eq!((total.stuck, total.completed, outcome.pools[0].boots), (2, 0, 2));
    assert!(outcome.pools[0].boot_failures > 10);
}

#[test]
fn a_boot_that_lasts_too_long_fails_then() {
    let mut slow = with_boots(BootRules { startup_timeout: s(15.0), ..BootRules::PLAIN });
    let boot = Boot::of(Law::Exponential { mean_s: 15.0 });
    slow.models[0].boots = vec![boot.clone()];
    let lasts = |luck: Luck, attempt| boot.span(luck, attempt).billed;
    let setting = with_luck(slow, &[at(0.0)], |luck| lasts(luck, 0) > s(15.0) && lasts(luck, 1) <= s(15.0));
    let (outcome, _) = setting.outcome();
    let second = lasts(setting.lucks[0].child(0), 1);
    // Killed at 15, again from 16 on.
    assert_eq!(outcome.total().latency_ns, u128::from((s(16.0) + second + s(10.0)).0));
    assert_eq!(outcome.total().ledger.get(State::Boot), s(15.0) + second);
    // A boot of exactly the limit succeeds.
    let exact = with_boots(BootRules { startup_timeout: s(20.0), ..BootRules::PLAIN });
    assert_eq!(run(&exact, &[at(0.0)]), run(&pool(), &[at(0.0)]));
}

#[test]
fn staggered_boots_begin_when_the_one_before_ends() {
    let one = with_boots(BootRules { at_once: 1, ..BootRules::PLAIN });
    let (outcome, _) = run(&one, &[at(0.0); 3]);
    // Boots 0-20 and 20-40. The first container serves at 20, 30 and, before the second is ready, at 40: no third boot.
    assert_eq!(ledger(&outcome), [40.0, 30.0, 60.0 + 60.0, 0.0]);
    assert_eq!(mean_latency(&outcome), (30.0 + 40.0 + 50.0) / 3.0);
}

#[test]
fn a_boot_that_nobody_needs_any_more_is_cancelled() {
    let cancelling = with_boots(BootRules { cancel: true, ..BootRules::PLAIN });
    // The second request starts a boot at 25 and is served by the first container at 30: cancelled after 5 s.
    let (outcome, _) = run(&cancelling, &[at(0.0), at(25.0)]);
    assert_eq!((ledger(&outcome), outcome.pools[0].cancelled), ([25.0, 20.0, 60.0, 0.0], 1));
    // Boots at 25 and 26. At 30 the second request is served and the later boot goes (4 s), at 40 the third is, and the
    // other goes (15 s).
    let (outcome, _) = run(&cancelling, &[at(0.0), at(25.0), at(26.0)]);
    assert_eq!((ledger(&outcome), outcome.pools[0].cancelled), ([39.0, 30.0, 60.0, 0.0], 2));
}

#[test]
fn a_bound_request_waits_for_its_own_boot() {
    let bound = with_boots(BootRules { bound: true, ..BootRules::PLAIN });
    // The first container is free at 30; the second request waits for its own until 45 all the same.
    let (outcome, _) = run(&bound, &[at(0.0), at(25.0)]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([40.0, 20.0, 120.0, 0.0], 30.0));
    // A container that is free at its arrival it takes.
    let (outcome, _) = run(&bound, &[at(0.0), at(31.0)]);
    assert_eq!((outcome.total().boots, mean_latency(&outcome)), (1, 20.0));
}

#[test]
fn a_boot_that_a_request_is_bound_to_is_not_cancelled() {
    let both = with_boots(BootRules { bound: true, cancel: true, ..BootRules::PLAIN });
    // At 30 one input and two containers are left, one of them idle; the other is what the input waits for.
    let (outcome, _) = run(&both, &[at(0.0), at(25.0)]);
    assert_eq!((ledger(&outcome), mean_latency(&outcome)), ([40.0, 20.0, 120.0, 0.0], 30.0));
}

#[test]
fn a_warm_start_needs_no_boot() {
    let ready = Pool { min_containers: 1, starts_ready: true, ..pool() };
    let (outcome, _) = run(&ready, &[at(0.0)]);
    assert_eq!((ledger(&outcome), outcome.total().cold), ([0.0, 10.0, 990.0, 0.0], 0));
}

#[test]
fn each_container_has_the_speed_of_its_host() {
    let hosts = Pool { host_speed_cv: 0.5, ..pool() };
    let busy = |luck: u64| {
        let (outcome, _) =
            Setting { lucks: vec![Luck(luck)], ..group(vec![hosts.clone()], &[at(0.0), at(60.0)]) }.outcome();
        outcome.total().ledger.get(State::Busy).as_secs_f64()
    };
    let trials = 2_000;
    let all: Vec<f64> = (0..trials).map(busy).collect();
    // Twice 10 s on one container, with a factor of mean 1 and coefficient of variation 0.5: within 4 standard errors.
    let mean = all.iter().sum::<f64>() / trials as f64;
    assert!((mean / 20.0 - 1.0).abs() < 4.0 * 0.5 / (trials as f64).sqrt(), "{mean}");
    let variance = all.iter().map(|b| (b / 20.0 - 1.0).powi(2)).sum::<f64>() / trials as f64;
    assert!((variance.sqrt() - 0.5).abs() < 0.1, "{variance}");
}

#[test]
fn what_is_always_up_loads_the_first_model_of_its_pool() {
    let warm = Pool { min_containers: 1, ..pool() };
    let mut two = group(vec![pool(), warm], &[]);
    two.boots[1] = vec![lasting(77.0), lasting(20.0)];
    let (outcome, _) = two.outcome();
    assert_eq!((outcome.models[0].boots, outcome.models[1].boots), (0, 1));
    assert_eq!(outcome.models[1].ledger.get(State::Boot), s(20.0));
}
