use approx::assert_relative_eq;
use fleetfront_scenario::{Files, repaired};

use super::*;
use crate::compare::{Precision, compare};

const EFFORT: Effort = Effort { trials: 14, seed: 1 };

fn scenario() -> Scenario {
    Scenario::load(&Files::embedded()).expect("the embedded scenario is valid")
}

fn of_baseline(scenario: &Scenario) -> WhatIf {
    let plan = &scenario.allocations[scenario.baseline];
    what_if(scenario, plan, plan, EFFORT, &Control::default()).expect("nobody interrupts")
}

/// The embedded scenario with the lines of a change written where they say.
fn written(change: &Change) -> Scenario {
    let files = Files::embedded();
    let text = files.text("scenario.toml").expect("it is there");
    let text = if change.write.starts_with("[[cells]]") {
        format!("{text}\n{}", change.write)
    } else {
        let (head, allocations) = text.split_once("\n[[allocations]]").expect("allocations");
        let (current, others) = allocations.split_once("\n[[allocations]]").expect("two of them");
        let key = change.write.split(" = ").next().expect("a key");
        let written = |pool: &str| {
            let name = pool.split('"').nth(1).expect("a name");
            let is_meant = change.place.contains("every pool") || change.place.contains(&format!("pool \"{name}\""));
            if !is_meant {
                return pool.to_owned();
            }
            let kept = pool.lines().filter(|line| !line.starts_with(key) && !line.is_empty());
            format!("\n{}\n{}\n", kept.collect::<Vec<_>>().join("\n"), change.write)
        };
        let mut pools = current.split("[[allocations.pools]]");
        let title = pools.next().expect("a name");
        let pools: Vec<String> = pools.map(|pool| format!("[[allocations.pools]]{}", written(pool))).collect();
        format!("{head}\n[[allocations]]{title}{}\n[[allocations]]{others}", pools.join("\n"))
    };
    Scenario::load(&files.with("scenario.toml", &text)).unwrap_or_else(|problems| panic!("{problems:?}\n{text}"))
}

/// The promise of the lines: whoever writes them gets what was simulated, to the last digit that is shown.
#[test]
fn the_lines_of_a_change_written_into_the_scenario_give_what_it_promised() {
    let scenario = scenario();
    let found = of_baseline(&scenario);
    let groups = |group| found.changes.iter().filter(move |change| change.group == group).count();
    for group in ChangeGroup::ALL {
        assert!(groups(group) > 0, "{group:?}");
    }
    for change in &found.changes {
        let other = written(change);
        let shared = [&scenario, &other].map(|of| {
            let control = Control::default();
            let run = Shared::new(of, EFFORT, &control, 1).allocation(&of.allocations[of.baseline]);
            run.expect("nobody interrupts").fleet
        });
        let [before, after] = &shared;
        let (was, is) = (before.cost_usd(), after.cost_usd());
        assert_relative_eq!(paired_ratio(&is, &was).value, change.cost_ratio.value, max_relative = 1e-9);
        assert_relative_eq!(after.percentile(P95).value, change.latency_s_p95.value, max_relative = 1e-3);
    }
}

/// What a change does is what `compare` finds between the allocation and itself so changed.
#[test]
fn a_change_of_the_allocation_is_a_comparison() {
    let scenario = scenario();
    let found = of_baseline(&scenario);
    let current = &scenario.allocations[scenario.baseline];
    let mut shorter = Allocation { name: "shorter".to_owned(), ..current.clone() };
    for pool in &mut shorter.pools {
        pool.settings.scaledown_window = fleetfront_sim::Seconds::new(60.0).expect("a span");
    }
    let pair = [current.clone(), shorter];
    let precision = Precision::Trials(EFFORT.trials);
    let compared = compare(&scenario, &pair, precision, EFFORT.seed, &Control::default()).expect("nobody interrupts");
    let change = found.changes.iter().find(|change| change.what == "a 60 s window for all pools").expect("it is tried");
    let difference = &compared.differences[0];
    assert_relative_eq!(change.saves_usd_month.value, -difference.cost_usd_month.value, max_relative = 1e-9);
    assert_relative_eq!(change.saves_usd_month.low, -difference.cost_usd_month.high, max_relative = 1e-9);
    assert_eq!(change.latency_p95_ratio, difference.latency_p95_ratio);
    assert_eq!(change.judgement, difference.judgement);
}

#[test]
fn those_that_save_most_come_first_and_bills_add_up() {
    let found = of_baseline(&scenario());
    assert!(found.changes.is_sorted_by(|a, b| a.cost_ratio.value <= b.cost_ratio.value));
    for change in &found.changes {
        let saved = found.now.cost_usd_month.value - change.cost_usd_month.value;
        assert_relative_eq!(change.saves_usd_month.value, saved, epsilon = 1e-6);
        let Estimate { value, low, high } = change.saves_usd_month;
        assert!(low <= value && value <= high, "{change:?}");
    }
    assert!(found.headline.contains(&found.changes[0].what), "{}", found.headline);
}

/// On the same requests, whatever makes every span shorter makes nobody's bill for boots or service longer.
#[test]
fn faster_boots_and_software_do_not_make_the_mean_boot_or_service_longer() {
    let found = of_baseline(&scenario());
    let of = |what: &str| found.changes.iter().find(|change| change.what == what).expect(what).clone();
    let (slow, fast) = (of("all service times x 0.8"), of("all service times x 0.5"));
    assert!(fast.cost_ratio.value < slow.cost_ratio.value && slow.cost_ratio.value < 1.0);
    assert!(fast.latency_p95_ratio.value < 1.0);
    assert!(of("all boots twice as fast").latency_p95_ratio.value < 1.0);
    let snapshots = of("a memory snapshot for all pools");
    // A snapshot of 0.236 of the boot is more than half of it off.
    assert!(snapshots.cost_ratio.value < of("all boots twice as fast").cost_ratio.value);
    assert!(snapshots.criteria.iter().all(|change| change.before != change.after));
}

#[test]
fn precisions_carry_their_quality_and_the_limit_is_kept() {
    let found = of_baseline(&scenario());
    let nf4 = found.changes.iter().find(|change| change.what == "flux-dev as nf4").expect("it fits L40S");
    assert_eq!(nf4.lpips, Some([0.0, 0.29]));
    assert_eq!(nf4.write, "models = [\"flux-schnell\", \"flux-dev:nf4\", \"lora\"]\n");
    // Below the limit of today (0.30) nothing 4-bit is left.
    let files = Files::embedded();
    let text = files.text("scenario.toml").expect("it is there");
    let text = text.replace("quality_lpips_max = 0.30", "quality_lpips_max = 0.10");
    let strict = Scenario::load(&files.with("scenario.toml", &text)).expect("no problems");
    let found = of_baseline(&strict);
    assert!(found.changes.iter().all(|change| change.lpips.is_none_or(|[_, after]| after <= 0.10)));
    let refused = "flux-dev as nf4 on L40S: LPIPS 0.29 above the accepted 0.1";
    assert!(found.impossible.iter().any(|words| words == refused), "{:?}", found.impossible);
}

#[test]
fn criteria_that_turn_are_those_whose_judgement_differs() {
    let row = |subject: &str, judgement| CriterionResult {
        criterion: "c".to_owned(),
        subject: subject.to_owned(),
        value: Estimate::exact(1.0),
        target: 1.0,
        unit: "x".to_owned(),
        judgement,
        note: String::new(),
        baseline: None,
        basis: None,
    };
    let before = [row("a", Judgement::Pass), row("b", Judgement::Fail), row("c", Judgement::Undecided)];
    let after = [row("a", Judgement::Fail), row("b", Judgement::Pass), row("c", Judgement::Undecided)];
    let turned = turned(&before, &after);
    let better: Vec<(&str, bool)> = turned.iter().map(|change| (change.subject.as_str(), change.is_better())).collect();
    assert_eq!(better, [("a", false), ("b", true)]);
}

#[test]
fn an_allocation_that_is_not_the_baseline_is_held_against_it() {
    let scenario = scenario();
    let (mended, _) = repaired(&scenario, scenario.proposed).expect("it cannot run as written");
    let baseline = &scenario.allocations[scenario.baseline];
    let found = what_if(&scenario, &mended, baseline, EFFORT, &Control::default()).expect("nobody interrupts");
    assert_eq!((found.allocation.as_str(), found.baseline.as_str()), ("proposed (repaired)", "current"));
    assert_eq!(found.now.judgement, Judgement::Fail);
    // No other precision of InstantID exists, and a T4 holds only what is offloaded.
    assert!(found.impossible.iter().any(|words| words.starts_with("flux-schnell as fp8 on T4: needs 21.5 GiB")));
}
