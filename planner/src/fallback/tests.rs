//! What must be true of policies whatever the numbers are, and what a few requests cost by hand.

use approx::assert_relative_eq;
use fleetfront_calibration::{Factor, Kind};
use fleetfront_scenario::{Capacity, Files};
use fleetfront_sim::{Law, Seconds};
use fleetfront_workloads::{LoadCurve, Process};

use super::*;

const EFFORT: Effort = Effort { trials: 14, seed: 1 };
/// As often as the engine lets a try fail.
const ALWAYS: f64 = 1.0 - 1e-12;

pub(super) fn scenario() -> Scenario {
    Scenario::load(&Files::embedded()).expect("the embedded scenario is valid")
}

pub(super) fn model(scenario: &Scenario, name: &str) -> usize {
    scenario.models.iter().position(|model| model.name == name).expect("a model of that name")
}

/// A model from a cheap GPU type to its own.
pub(super) fn pair(scenario: &Scenario, name: &str, cheap: &str) -> FallbackPair {
    let found = fallback_pairs(scenario, &[model(scenario, name)], &[]).expect("there are pairs");
    let is_meant = |pair: &FallbackPair| scenario.gpus[pair.cheap.1].name == cheap;
    found.pairs.into_iter().find(is_meant).expect("the pair is feasible")
}

/// One request of instantid at half past every hour of the day, that nobody else is there to meet. On A10 a boot takes
/// 30 s and a service 20 s, on L40S 40 s and 5 s; a container stays for 60 s more. What fails does so at its end.
fn by_hand() -> (Scenario, FallbackPair) {
    let mut scenario = scenario();
    let pair = pair(&scenario, "instantid", "A10");
    let seconds = |seconds: f64| Seconds::new(seconds).expect("a span");
    scenario.traffic.slow_rates.clear();
    scenario.traffic.run_in = seconds(1800.0);
    let traffic = &mut scenario.traffic.models[pair.model];
    traffic.requests_per_day = 24.0;
    traffic.curve = LoadCurve::new(&[1.0; 24]).expect("a curve");
    traffic.process = Process::Renewal { gap: Law::Deterministic { seconds: 1.0 } };
    let baseline = scenario.baseline;
    for pool in &mut scenario.allocations[baseline].pools {
        pool.settings.scaledown_window = seconds(60.0);
    }
    let own = &mut scenario.models[pair.model];
    (own.failure_probability, own.fails_at_end) = (0.0, true);
    for ((variant, gpu), service_s, boot_s) in [(pair.cheap, 20.0, 30.0), (pair.dear, 5.0, 40.0)] {
        let cell = &mut own.variants[variant].cells[gpu];
        for (fit, seconds) in [(&mut cell.service, service_s), (&mut cell.boot, boot_s)] {
            let fit = fit.as_mut().expect("a feasible cell has both");
            (fit.law, fit.kind, fit.factor) = (Law::Deterministic { seconds }, Kind::Measured, Factor::EXACT);
        }
    }
    (scenario, pair)
}

/// All policies at the point with this failure probability and the scenario's own scarcity, the dear type alone first.
fn at_failure(
    scenario: &Scenario,
    pair: &FallbackPair,
    probability: f64,
    effort: Effort,
) -> Vec<(FallbackPolicy, Simulated)> {
    let levels = Levels::of(scenario, pair);
    let failure = FailureLevel { probability, source: LevelSource::Assumed };
    let moved = with_dear_variant(&at(scenario, pair, (failure, levels.scarcities[0])), pair);
    let requests = Requests::of_trials(&scenario.traffic, effort.seed, effort.trials);
    let sections = sections(effort.trials, scenario.traffic.is_weekly());
    let control = Control::default();
    let work = Work { scenario, requests: &requests, sections: &sections, control: &control };
    FallbackPolicy::all().into_iter().map(|policy| (policy, work.simulate(&moved, pair, policy))).collect()
}

fn of(found: &[(FallbackPolicy, Simulated)], policy: FallbackPolicy) -> &Simulated {
    &found.iter().find(|(other, _)| *other == policy).expect("it was tried").1
}

/// Dollars a day, mean latency in seconds, success rate, share that fell back.
fn summary(of: &Simulated) -> [f64; 4] {
    let day = of.subject.cost_usd().iter().sum::<f64>() / of.subject.each(|t| t.days).iter().sum::<f64>();
    [day, of.subject.mean_latency().value, of.subject.success_rate().value, of.fell_back_share().value]
}

/// Seconds of a container of the cheap and of the dear type, 24 times a day.
fn usd_a_day(scenario: &Scenario, pair: &FallbackPair, cheap_s: f64, dear_s: f64) -> f64 {
    let usd_s = |gpu: usize| container_usd_per_hour(scenario, pair.model, gpu) / 3600.0;
    24.0 * (cheap_s * usd_s(pair.cheap.1) + dear_s * usd_s(pair.dear.1))
}

fn assert_summary(found: [f64; 4], expected: [f64; 4]) {
    for (found, expected) in found.into_iter().zip(expected) {
        assert_relative_eq!(found, expected, max_relative = 1e-9);
    }
}

#[test]
fn what_always_fails_on_the_cheap_type_costs_both_by_hand() {
    let (scenario, pair) = by_hand();
    let found = at_failure(&scenario, &pair, ALWAYS, EFFORT);
    let usd = |cheap_s, dear_s| usd_a_day(&scenario, &pair, cheap_s, dear_s);
    assert_summary(summary(of(&found, FallbackPolicy::DearOnly)), [usd(0.0, 105.0), 45.0, 1.0, 0.0]);
    // Boot 30, in vain 20, idle 60; there boot 40, service 5, idle 60.
    let on_failure = of(&found, FallbackPolicy::OnFailure);
    assert_summary(summary(on_failure), [usd(110.0, 105.0), 95.0, 1.0, 1.0]);
    assert_relative_eq!(on_failure.dear_time_share().value, 105.0 / 215.0, max_relative = 1e-9);
    let [day, _, success, fell_back] = summary(of(&found, FallbackPolicy::CheapOnly));
    assert_relative_eq!(day, usd(110.0, 0.0), max_relative = 1e-9);
    assert_eq!((success, fell_back), (0.0, 0.0));
}

#[test]
fn waits_send_away_what_would_wait_longer_by_hand() {
    let (scenario, pair) = by_hand();
    let found = at_failure(&scenario, &pair, 0.0, EFFORT);
    let on_wait = |seconds, predicted| summary(of(&found, FallbackPolicy::OnWait { seconds, predicted }));
    let usd = |cheap_s, dear_s| usd_a_day(&scenario, &pair, cheap_s, dear_s);
    let stays = [usd(110.0, 0.0), 50.0, 1.0, 0.0];
    // Everybody would wait: the boot of the first pool is for nobody, and is paid.
    assert_summary(on_wait(0.0, false), [usd(90.0, 105.0), 45.0, 1.0, 1.0]);
    assert_summary(on_wait(15.0, false), [usd(90.0, 105.0), 60.0, 1.0, 1.0]);
    // The boot ends at that very instant.
    assert_summary(on_wait(30.0, false), stays);
    // A boot of 30 s and a service of 20 s are predicted: nothing boots in the first pool.
    assert_summary(on_wait(30.0, true), [usd(0.0, 105.0), 45.0, 1.0, 1.0]);
    assert_summary(on_wait(60.0, true), stays);
}

#[test]
fn a_second_copy_is_paid_for_by_hand() {
    let (scenario, pair) = by_hand();
    let found = at_failure(&scenario, &pair, 0.0, EFFORT);
    let usd = |cheap_s, dear_s| usd_a_day(&scenario, &pair, cheap_s, dear_s);
    let hedge = |after_s| summary(of(&found, FallbackPolicy::Hedge { after_s }));
    // The first copy ends at 50. A second one, sent at 15, would boot until 55: it leaves the queue at 50, and its
    // container stays up for 60 s in vain.
    assert_summary(hedge(15.0), [usd(110.0, 40.0 + 60.0), 50.0, 1.0, 1.0]);
    assert_summary(hedge(60.0), [usd(110.0, 0.0), 50.0, 1.0, 0.0]);
}

#[test]
fn a_ranked_list_takes_the_dear_type_while_the_cheap_one_is_to_be_waited_for() {
    let (mut scenario, pair) = by_hand();
    let none = Capacity { wait: None, scarcity: None, provenance: None };
    scenario.capacity = vec![none; scenario.gpus.len()];
    scenario.capacity[pair.cheap.1].wait = Some(Law::Deterministic { seconds: 500.0 });
    let found = at_failure(&scenario, &pair, 0.0, EFFORT);
    let usd = |cheap_s, dear_s| usd_a_day(&scenario, &pair, cheap_s, dear_s);
    let ranked = of(&found, FallbackPolicy::Ranked);
    assert_summary(summary(ranked), [usd(0.0, 105.0), 45.0, 1.0, 0.0]);
    assert_relative_eq!(ranked.dear_time_share().value, 1.0);
    assert_summary(summary(of(&found, FallbackPolicy::CheapOnly)), [usd(110.0, 0.0), 550.0, 1.0, 0.0]);
}

/// Bit by bit: a way out that nobody takes changes nothing.
#[test]
fn a_fallback_that_nobody_takes_is_none() {
    let scenario = scenario();
    let pair = pair(&scenario, "instantid", "A10");
    let found = at_failure(&scenario, &pair, 0.0, EFFORT);
    let all = |of: &Simulated| format!("{of:?}");
    let alone = all(of(&found, FallbackPolicy::CheapOnly));
    assert_eq!(all(of(&found, FallbackPolicy::OnFailure)), alone);
    let requests = Requests::of_trials(&scenario.traffic, EFFORT.seed, EFFORT.trials);
    let sections = sections(EFFORT.trials, true);
    let control = Control::default();
    let work = Work { scenario: &scenario, requests: &requests, sections: &sections, control: &control };
    let own = all(&work.simulate(&scenario, &pair, FallbackPolicy::CheapOnly));
    for predicted in [false, true] {
        let endless = FallbackPolicy::OnWait { seconds: 1e7, predicted };
        assert_eq!(all(&work.simulate(&scenario, &pair, endless)), own);
    }
}

#[test]
fn the_longer_the_wait_that_is_borne_the_fewer_fall_back() {
    let scenario = scenario();
    let pair = pair(&scenario, "instantid", "A10");
    let found = at_failure(&scenario, &pair, 0.0, EFFORT);
    let share = |seconds, predicted| of(&found, FallbackPolicy::OnWait { seconds, predicted }).fell_back_share().value;
    let shares = [0.0, 5.0, 15.0, 30.0, 60.0].map(|seconds| share(seconds, false));
    assert!(shares.windows(2).all(|pair| pair[0] > pair[1]) && shares[4] > 0.0, "{shares:?}");
    assert!(share(5.0, true) > share(60.0, true));
}

fn study_of(scenario: &Scenario, pair: FallbackPair, effort: Effort) -> FallbackStudy {
    let pairs = FallbackPairs { pairs: vec![pair], left_out: Vec::new() };
    fallback_study(scenario, &pairs, effort, &Control::default()).expect("nobody interrupts")
}

fn study(scenario: &Scenario, pair: FallbackPair) -> FallbackStudy {
    study_of(scenario, pair, EFFORT)
}

/// Requests carry their luck, so that what fails at 1 % fails at 3 % too.
#[test]
fn more_failures_cost_more_and_a_dearer_type_saves_more() {
    let scenario = scenario();
    let pair = pair(&scenario, "seedvr2", "A10");
    let now = study(&scenario, pair);
    let ratios = |study: &FallbackStudy, policy: FallbackPolicy| -> Vec<f64> {
        study.pairs[0].points.iter().filter_map(|point| point.of(policy)).map(|of| of.cost_ratio.value).collect()
    };
    let without_scarcity = &ratios(&now, FallbackPolicy::OnFailure)[..5];
    assert!(without_scarcity.is_sorted_by(|a, b| a < b), "{without_scarcity:?}");
    let mut dearer = scenario.clone();
    let price = &mut dearer.gpus[pair.dear.1].usd_per_second;
    *price = fleetfront_sim::UsdPerSecond::new(3.0 * price.get()).expect("a price");
    let then = study(&dearer, pair);
    for policy in FallbackPolicy::all().into_iter().skip(1) {
        // Below the mean boot every wait is predicted to be too long: all go to the dear type, whatever it costs.
        let on_dear = matches!(policy, FallbackPolicy::OnWait { predicted: true, .. });
        let falls = |now: f64, then: f64| if on_dear { then <= now + 1e-9 } else { then < now };
        assert!(
            ratios(&now, policy).into_iter().zip(ratios(&then, policy)).all(|(now, then)| falls(now, then)),
            "{policy:?}"
        );
    }
}

/// By hand: on failure costs less than the dear type alone while the share of failures p is below 1 - 110 c / (105 d),
/// with c and d what a second costs on the cheap and on the dear type.
#[test]
fn the_break_even_of_failures_is_where_the_prices_put_it() {
    let (mut scenario, pair) = by_hand();
    let usd_s = |gpu: usize| container_usd_per_hour(&scenario, pair.model, gpu) / 3600.0;
    let (cheap, dear) = (usd_s(pair.cheap.1), usd_s(pair.dear.1));
    let cheaper = |scenario: &Scenario| -> Vec<bool> {
        let found = study_of(scenario, pair, Effort { trials: 70, ..EFFORT });
        let points = found.pairs[0].points[..5].to_vec();
        points
            .iter()
            .map(|point| point.of(FallbackPolicy::OnFailure).expect("tried").payoff < Payoff::NotCheaper)
            .collect()
    };
    // No failures, 1 %, 3 %, 10 %, 30 %: all below 37 %.
    assert_relative_eq!(1.0 - 110.0 * cheap / (105.0 * dear), 0.37, epsilon = 0.005);
    assert_eq!(cheaper(&scenario), [true; 5]);
    // A price of the dear type that puts it at 5 %.
    let wanted = 110.0 * cheap / (105.0 * 0.95);
    let price = &mut scenario.gpus[pair.dear.1].usd_per_second;
    *price = fleetfront_sim::UsdPerSecond::new(price.get() + wanted - dear).expect("a price");
    assert_eq!(cheaper(&scenario), [true, true, true, false, false]);
}

#[test]
fn a_study_follows_its_seed_and_holds_what_never_completes() {
    let scenario = scenario();
    let pair = pair(&scenario, "wan2.1", "A10");
    let own = study(&scenario, pair);
    let mut results = own.pairs[0].points.iter().flat_map(|point| &point.policies);
    assert!(results.any(|of| of.latency_s_p95.value.is_infinite()), "30 % of failures reach into a p95");
    assert_eq!(study(&scenario, pair), own);
    assert_ne!(study_of(&scenario, pair, Effort { seed: 2, ..EFFORT }).pairs[0].points, own.pairs[0].points);
}

/// Where the cheap type is there at once a ranked list would be the cheap type alone.
#[test]
fn a_ranked_list_is_tried_where_the_cheap_type_may_be_scarce() {
    let scenario = scenario();
    let found = study(&scenario, pair(&scenario, "wan2.1", "A10"));
    for point in &found.pairs[0].points {
        assert_eq!(point.of(FallbackPolicy::Ranked).is_some(), point.scarcity.share > 0.0);
        assert!(point.of(FallbackPolicy::DearOnly).is_none());
    }
}

/// A cheap type that is as fast, that boots as fast and never fails pays wherever it is to be had; with its failures
/// only what falls back pays.
#[test]
fn a_cheap_type_that_is_as_good_pays() {
    let (mut scenario, pair) = by_hand();
    let own = &mut scenario.models[pair.model];
    let dear = own.variants[pair.dear.0].cells[pair.dear.1].clone();
    own.variants[pair.cheap.0].cells[pair.cheap.1] = dear;
    let found = study_of(&scenario, pair, Effort { trials: 70, ..EFFORT });
    let points = &found.pairs[0].points;
    let at = |place: usize, policy: FallbackPolicy| points[place].of(policy).expect("tried").payoff;
    // Without scarcity: no failure, 1 %, 3 %, 10 %, 30 %.
    assert_eq!([0, 2, 3, 4].map(|k| at(k, FallbackPolicy::CheapOnly)), {
        use Payoff::{CheaperOnly, Pays};
        [Pays, Pays, CheaperOnly, CheaperOnly]
    });
    assert_eq!((at(0, FallbackPolicy::OnFailure), at(2, FallbackPolicy::OnFailure)), (Payoff::Pays, Payoff::Pays));
    assert!(found.headline.starts_with("Fallback from A10 to L40S pays for instantid "), "{}", found.headline);
}
