//! What must be true of a study whatever its numbers are, shown on the default scenario with a small grid.

use approx::assert_relative_eq;
use fleetfront_scenario::Files;

use super::*;
use crate::recommend::Ranking;
use crate::study::{Judgement, Study};
use crate::theory::tests::give_steps;
use fleetfront_sim::Seconds;

const EFFORT: Effort = Effort { trials: 14, seed: 1 };

/// The default scenario with two windows instead of eight, no warm containers, and pools as some allocation has them.
fn small() -> Scenario {
    let files = Files::embedded();
    let text = files.text("scenario.toml").expect("the default has a scenario.toml");
    let text = text
        .replace("[2.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0]", "[2.0, 300.0]")
        .replace("min_containers = [0, 1]", "min_containers = [0]")
        .replace("pooling = \"all\"", "pooling = \"named\"");
    Scenario::load(&files.with("scenario.toml", &text)).expect("the smaller grid is valid")
}

fn study() -> Study {
    run_study(&small(), EFFORT, &Control::default()).expect("nobody interrupts")
}

fn allocation(study: &Study, role: Role) -> &AllocationResult {
    study.allocations.iter().find(|a| a.role == role).expect("every role is there")
}

#[test]
fn the_spreadsheet_is_reproduced_to_the_cent() {
    let naive = naive_estimates(&small());
    let usd: Vec<f64> = naive.estimates.iter().map(|e| e.usd_month).collect();
    assert_relative_eq!(usd[0], 162.60, epsilon = 1e-9);
    assert_relative_eq!(usd[1], 91.74, epsilon = 1e-9);
    assert_relative_eq!(naive.saving, 0.435_79, epsilon = 1e-5);
}

#[test]
fn a_plan_is_billed_and_changes_no_cost() {
    let scenario = small();
    let mut with_plan = scenario.clone();
    (with_plan.platform.plan_fee_usd, with_plan.platform.included_credits_usd) = (250.0, 100.0);
    let fleet = |scenario: &Scenario| {
        let found = simulate_allocation(scenario, scenario.baseline, EFFORT, &Control::default());
        found.expect("nobody interrupts").results.expect("it runs")
    };
    let (without, with) = (fleet(&scenario), fleet(&with_plan));
    assert_eq!(without.bill_usd_month, without.fleet.cost_usd_month);
    assert_eq!(with.fleet, without.fleet);
    assert_relative_eq!(with.bill_usd_month.value, without.fleet.cost_usd_month.value + 150.0, max_relative = 1e-12);
    // What is not used up is lost.
    with_plan.platform.included_credits_usd = 1e6;
    assert_eq!(fleet(&with_plan).bill_usd_month, crate::Estimate::exact(250.0));
}

/// What a latency is made of: in a pool of one model whose tries all succeed, a wait and an execution.
#[test]
fn a_latency_is_a_wait_and_an_execution() {
    let mut scenario = small();
    for model in &mut scenario.models {
        model.failure_probability = 0.0;
    }
    let effort = Effort { trials: 100, ..EFFORT };
    let found = simulate_allocation(&scenario, scenario.baseline, effort, &Control::default());
    let alone = |pool: &&crate::PoolResult| pool.models.len() == 1;
    let pools = found.expect("nobody interrupts").pools;
    assert!(pools.iter().filter(alone).count() > 1);
    for pool in pools.iter().filter(alone) {
        let metrics = pool.metrics.as_ref().expect("it runs");
        let busy_s = metrics.utilisation.value * metrics.containers_mean.value * 86_400.0;
        let execution_s = busy_s / metrics.requests_per_day;
        // Executions after the end of the day are in the latencies, and not in the bill.
        assert_relative_eq!(metrics.wait_s_mean.value, metrics.latency_s_mean.value - execution_s, max_relative = 0.01);
        assert!(metrics.wait_s_mean.value > 0.1 * metrics.latency_s_mean.value);
    }
}

#[test]
fn a_model_fails_where_its_cell_says_so() {
    let mut scenario = small();
    let gpu = scenario.allocations[0].pools.iter().find(|pool| pool.name == "wan2.1").expect("a pool").gpu;
    let model = scenario.models.iter().position(|model| model.name == "wan2.1").expect("a model");
    scenario.models[model].variants[0].cells[gpu].failure_probability = Some(0.5);
    let effort = Effort { trials: 100, ..EFFORT };
    let found = simulate_allocation(&scenario, scenario.baseline, effort, &Control::default());
    let models = found.expect("nobody interrupts").results.expect("it runs").models;
    for own in &models {
        let rate = own.metrics.success_rate;
        let expected = if own.model == "wan2.1" { 0.5 } else { 1.0 - scenario.models[0].failure_probability };
        assert!(rate.low < expected && expected < rate.high + 0.005, "{}: {rate:?}", own.model);
    }
    // In the grid too, on that GPU type and no other.
    let study = run_study(&scenario, EFFORT, &Control::default()).expect("nobody interrupts");
    for point in study.points.iter().filter(|point| point.choice.model == "wan2.1") {
        let fails = point.metrics.success_rate.value < 0.7;
        let there = point.choice.gpu == scenario.gpus[gpu].name;
        assert_eq!(
            fails,
            there && point.choice.variant == scenario.models[model].variants[0].name,
            "{:?}",
            point.choice
        );
    }
}

#[test]
fn a_finer_grid_holds_the_coarser_one() {
    let coarse = small();
    let mut fine = coarse.clone();
    fine.grid.buffer_containers = vec![0, 1];
    fine.grid.max_inputs = vec![1, 5];
    let points =
        |scenario: &Scenario| run_study(scenario, EFFORT, &Control::default()).expect("nobody interrupts").points;
    let (coarse, fine) = (points(&coarse), points(&fine));
    assert_eq!(fine.len(), 4 * coarse.len());
    let same = |point: &&crate::Point| (point.choice.buffer_containers, point.choice.max_inputs) == (Some(0), Some(5));
    for (own, before) in fine.iter().filter(same).zip(&coarse) {
        assert_eq!((&own.choice.model, &own.choice.gpu), (&before.choice.model, &before.choice.gpu));
        assert_eq!(own.metrics, before.metrics);
    }
    // One input at a time waits for a boot where five wait in a container: it costs more and is no slower.
    let with = |inputs: u32| {
        fine.iter().filter(move |p| (p.choice.buffer_containers, p.choice.max_inputs) == (Some(0), Some(inputs)))
    };
    let dearer = with(1)
        .zip(with(5))
        .filter(|(one, five)| one.metrics.containers_mean.value >= five.metrics.containers_mean.value);
    assert!(dearer.count() * 10 > with(1).count() * 9);
}

#[test]
fn bills_add_up() {
    let study = study();
    for bridge in &study.naive.bridges {
        let steps: f64 = bridge.steps.iter().map(|step| step.usd_month).sum();
        assert_relative_eq!(bridge.naive_usd_month + steps, bridge.simulated_usd_month.value, max_relative = 1e-9);
    }
    for allocation in &study.allocations {
        let Some(results) = &allocation.results else { continue };
        let fleet = results.fleet.cost_usd_month.value;
        let states = &results.fleet.cost_by_state;
        let by_state = states.boot_usd.value + states.busy_usd.value + states.idle_usd.value + states.wasted_usd.value;
        let by_model: f64 = results.models.iter().map(|m| m.metrics.cost_usd_month.value).sum();
        let by_pool: f64 =
            allocation.pools.iter().filter_map(|p| p.metrics.as_ref()).map(|m| m.cost_usd_month.value).sum();
        for sum in [by_state, by_model, by_pool] {
            assert_relative_eq!(sum, fleet, max_relative = 1e-9);
        }
        // The average day holds the same container time as the bill.
        let day = &results.day;
        let containers: f64 = [&day.boot, &day.busy, &day.idle, &day.wasted].into_iter().flatten().sum();
        assert_relative_eq!(
            containers / day.boot.len() as f64,
            results.fleet.containers_mean.value,
            max_relative = 1e-9
        );
    }
}

#[test]
fn the_proposal_cannot_run_and_its_repair_is_judged_in_its_place() {
    let study = study();
    let proposed = allocation(&study, Role::Proposed);
    assert!(proposed.results.is_none());
    assert!(proposed.infeasible.iter().any(|why| why.contains("flux-schnell (fp8) cannot run on T4: needs 21.5 GiB")));
    let repaired = allocation(&study, Role::Repaired);
    assert_eq!(study.verdict.allocation, repaired.name);
    assert!(!repaired.repairs.is_empty() && repaired.results.is_some());
    assert_eq!(study.verdict.judgement, Judgement::Fail);
    assert!(study.verdict.first.iter().any(|said| said.contains("seedvr2 (38.1 s)")));
}

#[test]
fn a_model_alone_is_the_same_in_the_grid_and_in_an_allocation() {
    let study = study();
    let repaired = allocation(&study, Role::Repaired);
    let pool = repaired.pools.iter().find(|pool| pool.name == "instantid").expect("the proposal has this pool");
    let point = study.points.iter().find(|point| {
        let choice = &point.choice;
        choice.model == "instantid" && choice.gpu == pool.gpu && (choice.scaledown_window_s - 300.0).abs() < 1e-9
    });
    assert_eq!(point.map(|p| &p.metrics), pool.metrics.as_ref());
}

#[test]
fn a_shared_pool_is_the_same_in_the_grid_and_in_the_baseline() {
    let study = study();
    let shared = allocation(&study, Role::Baseline).pools.iter().find(|pool| pool.models.len() > 1);
    let shared = shared.expect("three endpoints share a pool today");
    let point = study.points.iter().find(|point| {
        let choice = &point.choice;
        choice.model.contains('+') && choice.gpu == shared.gpu && (choice.scaledown_window_s - 300.0).abs() < 1e-9
    });
    assert_eq!(point.map(|p| &p.metrics), shared.metrics.as_ref());
}

#[test]
fn the_frontier_falls_and_nothing_simulated_lies_below_it() {
    let study = study();
    let frontier = &study.frontier.by_worst_ratio;
    assert!(frontier.len() > 1);
    let plane = |point: &crate::study::FleetPoint| (point.cost_usd_month.value, point.worst_p95_over_limit.value);
    for pair in frontier.windows(2) {
        let (cheap, dear) = (plane(&pair[0]), plane(&pair[1]));
        assert!(cheap.0 < dear.0 && cheap.1 > dear.1, "{cheap:?} then {dear:?}");
    }
    for uniform in study.frontier.uniform.iter().map(plane) {
        let beaten = frontier.iter().map(plane).any(|(cost, ratio)| cost <= uniform.0 && ratio <= uniform.1);
        assert!(beaten, "{uniform:?} lies below the frontier");
    }
}

/// The answer of the race is that of simulating everything to the end: the same fleets on the frontiers, the same
/// recommendation, whatever is asked; and it is worth its while.
#[test]
fn a_race_finds_what_brute_force_finds() {
    let mut scenario = small();
    scenario.grid.min_containers = vec![0, 1];
    scenario.grid.buffer_containers = vec![0, 1];
    scenario.grid.max_inputs = vec![1, 5];
    // Beside the three that share a pool today, and with some of them.
    scenario.grid.pooled = vec![vec![2, 4], vec![4, 5], vec![2, 4, 5]];
    let partitions = Partitions::of(&scenario);
    let tasks = feasible_cells(&scenario, &partitions);
    let control = Control::default();
    for (seed, strict) in [(1, true), (2, true), (3, false)] {
        if !strict {
            scenario.criteria.latency_ratio_max = None;
        }
        let shared = Shared::new(&scenario, Effort { trials: 140, seed }, &control, 1);
        let plan = &scenario.allocations[scenario.baseline];
        let run = shared.allocation(plan).expect("nobody interrupts");
        let baseline = Baseline { allocation: plan, run: &run };
        let evidence = baseline.evidence(&scenario);
        let rounds = race::rounds(&shared.sections, true);
        assert_eq!(rounds.iter().map(Vec::len).collect::<Vec<_>>(), [5, 20]);
        let [raced, all] = [&rounds[..], &rounds[1..]].map(|rounds| {
            let grid = shared.grid(&partitions, seed);
            let candidates = run_grid(&grid, &tasks, rounds).expect("nobody interrupts");
            let frontier = fleets(&scenario, &partitions, &candidates).into_frontier();
            let ranking = Ranking::new(&scenario, &partitions, &candidates, &evidence, &run.fleet);
            let fleet = as_allocation(&partitions, &ranking.best(None).expect("every model runs"));
            let stayed = candidates.iter().filter(|candidate| !candidate.beaten).count();
            let is_shared = |candidate: &&crate::experiment::Candidate| !candidate.beaten && candidate.models.len() > 1;
            let shared = candidates.iter().filter(is_shared).count();
            let frontiers = (frontier.by_worst_ratio, frontier.by_mean_latency, frontier.by_pooled_p95);
            (frontiers, fleet, stayed, shared)
        });
        assert_eq!((&raced.0.0, &raced.0.1, &raced.1), (&all.0.0, &all.0.1, &all.1));
        assert_eq!(raced.0.2, all.0.2);
        assert!(raced.2 * 3 < all.2 * 2, "{} of {} stayed", raced.2, all.2);
        assert!(raced.3 * 4 < all.3 * 3, "{} of {} in shared pools stayed", raced.3, all.3);
    }
}

#[test]
fn the_recommendation_equals_brute_force_over_few_candidates() {
    let scenario = small();
    let control = Control::default();
    let shared = Shared::new(&scenario, EFFORT, &control, 1);
    let plan = &scenario.allocations[scenario.baseline];
    let run = shared.allocation(plan).expect("nobody interrupts");
    let baseline = Baseline { allocation: plan, run: &run };
    let partitions = Partitions::of(&scenario);
    let evidence = baseline.evidence(&scenario);
    let tasks = feasible_cells(&scenario, &partitions);
    let mut candidates = run_grid(&shared.grid(&partitions, 1), &tasks, std::slice::from_ref(&shared.sections))
        .expect("nobody interrupts");
    // Three settings a unit: 3^6 + 3^4 fleets.
    let mut seen = vec![0; partitions.units.len()];
    candidates.retain(|candidate| {
        seen[candidate.unit] += 1;
        [1, 6, 11].contains(&seen[candidate.unit])
    });
    let ranking = Ranking::new(&scenario, &partitions, &candidates, &evidence, &run.fleet);
    let best = ranking.best(None).expect("every unit has a candidate");
    let (count, usd) = ranking.brute_force();
    assert_eq!(best.count(), count);
    assert_relative_eq!(best.cost_usd().iter().sum::<f64>(), usd, max_relative = 1e-12);
}

/// By hand: 20.2 requests a day arrive alone, boot 35.2 s, run 7.3 s and idle 2 s at $0.00059062 a second: about $16
/// a month, a little less because some find the container warm.
#[test]
fn a_rare_model_with_a_short_window_costs_what_a_hand_says() {
    let study = study();
    let point = study.points.iter().find(|point| {
        let choice = &point.choice;
        choice.model == "wan2.1"
            && choice.variant == "fp16"
            && choice.gpu == "L40S"
            && (choice.scaledown_window_s - 2.0).abs() < 1e-9
    });
    let cost = point.expect("the grid has it").metrics.cost_usd_month;
    assert!(cost.low < 16.1 && cost.high > 14.5, "{cost:?}");
}

#[test]
fn a_broken_week_is_said() {
    let scenario = small();
    assert_eq!((uneven_week(&scenario, 14), uneven_week(&scenario, 1000)), (None, None));
    assert!(uneven_week(&scenario, 20).is_some_and(|words| words.contains("multiple of 7")));
}

/// Ten days of 20 to 29 requests, in order or not.
fn replayed(days: ReplayedDays) -> (Scenario, usize) {
    let mut scenario = small();
    let model = scenario.models.iter().position(|model| model.name == "wan2.1").expect("a model");
    let day = |day: u32| (0..20 + day).map(|k| k * 3_000_000).collect();
    let trace = fleetfront_workloads::Trace::new(&(0..10).map(day).collect::<Vec<_>>(), None, false).expect("a trace");
    let traffic = &mut scenario.traffic.models[model];
    traffic.curve = trace.curve();
    (traffic.requests_per_day, scenario.models[model].requests_per_day) = (24.5, 24.5);
    traffic.replay = Some(Replay { trace: std::sync::Arc::new(trace), days });
    (scenario, model)
}

#[test]
fn a_replayed_model_has_the_requests_of_its_trace() {
    let (scenario, model) = replayed(ReplayedDays::InOrder);
    let effort = Effort { trials: 20, ..EFFORT };
    let found = simulate_allocation(&scenario, scenario.baseline, effort, &Control::default());
    let results = found.expect("nobody interrupts").results.expect("it runs");
    let of_model = results.models.iter().find(|of_model| of_model.model == scenario.models[model].name);
    assert_relative_eq!(of_model.expect("it is there").metrics.requests_per_day, 24.5, max_relative = 1e-12);
}

#[test]
fn recorded_days_that_come_again_are_said() {
    let (in_order, _) = replayed(ReplayedDays::InOrder);
    assert_eq!(repeated_days(&in_order, 10), None);
    let words = repeated_days(&in_order, 11).expect("a warning");
    assert!(words.starts_with("11 trials replay the 10 days of \"wan2.1\" more than once"), "{words}");
    assert_eq!(repeated_days(&replayed(ReplayedDays::Resampled).0, 1000), None);
}

/// A spike all day is more traffic, and the bridge names it.
#[test]
fn spikes_are_a_step_of_the_bridge() {
    let mut scenario = small();
    let bridge_of = |scenario: &Scenario| {
        let study = run_study(scenario, EFFORT, &Control::default()).expect("nobody interrupts");
        study.naive.bridges[0].clone()
    };
    let before = bridge_of(&scenario);
    let day = Seconds::new(86_400.0).expect("a span");
    for traffic in &mut scenario.traffic.models {
        let spike = fleetfront_workloads::Spike { at: Seconds::ZERO, length: day, factor: 2.0, weekdays: [true; 7] };
        traffic.spikes.push(spike);
    }
    let after = bridge_of(&scenario);
    assert_eq!((before.steps.len() + 1, after.steps[3].what.as_str()), (after.steps.len(), "scheduled spikes"));
    assert_relative_eq!(after.naive_usd_month, before.naive_usd_month);
    let served: f64 = before.naive_usd_month + before.steps[..3].iter().map(|step| step.usd_month).sum::<f64>();
    assert_relative_eq!(after.steps[3].usd_month, served, max_relative = 1e-9);
}

/// Every request of one model takes three times as long as the benchmarks say: the bridge names it, and what is simulated
/// is busy for so much longer.
#[test]
fn shapes_are_a_step_of_the_bridge() {
    let mut scenario = small();
    let switches = scenario.models.iter_mut().flat_map(|model| &mut model.switch_in_s);
    switches.for_each(|switch| *switch = Seconds::ZERO);
    let bridge_of = |scenario: &Scenario| {
        let study = run_study(scenario, EFFORT, &Control::default()).expect("nobody interrupts");
        study.naive.bridges[0].clone()
    };
    let before = bridge_of(&scenario);
    (0..scenario.models.len()).for_each(|model| give_steps(&mut scenario, model, &[(1.0, 60.0)], 0.0));
    let after = bridge_of(&scenario);
    let words = "the shapes of the requests, which the benchmarks do not have";
    assert_eq!((before.steps.len() + 1, after.steps[3].what.as_str()), (after.steps.len(), words));
    let served: f64 = before.naive_usd_month + before.steps[..3].iter().map(|step| step.usd_month).sum::<f64>();
    assert_relative_eq!(after.steps[3].usd_month, 2.0 * served, max_relative = 1e-9);
    let steps: f64 = after.steps.iter().map(|step| step.usd_month).sum();
    assert_relative_eq!(after.naive_usd_month + steps, after.simulated_usd_month.value, max_relative = 1e-9);
    // The same requests with the same luck are busy for three times as long, but for timeouts and midnight.
    let busy = (after.steps[4].usd_month + 3.0 * served) / (before.steps[3].usd_month + served);
    assert!((2.9..3.05).contains(&busy), "{busy}");
}

/// What is said of fresh days comes from other requests, and disagrees only where it does.
#[test]
fn the_recommendation_is_held_against_days_that_did_not_choose_it() {
    let (scenario, control) = (small(), Control::default());
    let study = study();
    let mut chosen = allocation(&study, Role::Recommended).clone();
    let fresh = &study.recommendation.fresh_days;
    assert_eq!((fresh.trials, fresh.first_trial), (14, 14));
    let before = chosen.results.as_ref().expect("it runs").fleet.cost_usd_month;
    assert!(fresh.cost_usd_month.low > 0.8 * before.value && fresh.cost_usd_month.high < 1.25 * before.value);
    assert!((fresh.cost_usd_month.value - before.value).abs() > 1e-6 * before.value);
    // The same plan, if all its criteria had been judged the other way.
    let pools = chosen.pools.iter().map(|pool| {
        let named = |(model, variant): &(String, String)| {
            let model = scenario.models.iter().position(|own| own.name == *model).expect("a model");
            (model, scenario.models[model].variants.iter().position(|own| own.name == *variant).expect("a variant"))
        };
        fleetfront_scenario::PoolPlan {
            name: pool.name.clone(),
            gpu: scenario.gpus.iter().position(|gpu| gpu.name == pool.gpu).expect("a GPU type"),
            models: pool.models.iter().map(named).collect(),
            settings: pool.settings.clone(),
        }
    });
    let plan = Allocation { name: "recommended".into(), description: String::new(), pools: pools.collect() };
    let again = |chosen: &AllocationResult| {
        on_fresh_days(&scenario, &plan, chosen, EFFORT, &control).expect("nobody interrupts")
    };
    assert_eq!(again(&chosen), *fresh);
    let agrees = chosen.criteria.len() - fresh.changed.len();
    for criterion in &mut chosen.criteria {
        criterion.judgement = match criterion.judgement {
            Judgement::Pass => Judgement::Fail,
            Judgement::Fail | Judgement::Undecided => Judgement::Pass,
        };
    }
    let flipped = again(&chosen);
    assert!(flipped.changed.len() >= agrees && flipped.words().contains("Judged otherwise there: "));
}

#[test]
fn a_cancelled_study_stops() {
    let control = Control::default();
    control.cancel();
    assert_eq!(run_study(&small(), EFFORT, &control).err(), Some(Interrupted));
}
