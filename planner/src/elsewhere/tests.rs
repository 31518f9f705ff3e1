use approx::assert_relative_eq;
use fleetfront_scenario::{Files, Infeasible, preset};
use fleetfront_sim::State;

use super::*;
use crate::replications::{Look, replicate};

const EFFORT: Effort = Effort { trials: 14, seed: 1 };

fn embedded() -> Scenario {
    Scenario::load(&Files::embedded()).expect("the embedded scenario is valid")
}

/// The embedded scenario with one request of wan2.1 a day, which boots for 20.23 s and runs for 7.3 s wherever it is.
fn rare() -> Scenario {
    let text = Files::embedded().text("scenario.toml").expect("it is there").to_owned();
    let text = text.replacen("requests_per_day = 20.0", "requests_per_day = 1.0", 1);
    let cell = |gpu: &str| {
        format!(
            "[[cells]]\nmodel = \"wan2.1\"\ngpu = \"{gpu}\"\nservice = {{ deterministic = {{ seconds = 7.3 }} }}\n\
             boot = {{ deterministic = {{ seconds = 20.23 }} }}\n\
             provenance = {{ kind = \"assumed\", source = \"a test\", date = \"2026-11-26\" }}\n"
        )
    };
    let cells = ["L4", "L40S", "A100-40GB", "A100-80GB"].map(cell).concat();
    let files = Files::embedded().with("scenario.toml", &format!("{text}\n{cells}"));
    Scenario::load(&files).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// What a day with a single request of wan2.1 costs on a platform, and for how long its container lives.
fn one_request(platform: &str, gpu: &str, window_s: f64, edit: impl Fn(&mut PoolPlan)) -> f64 {
    let mut scenario = rare().on_platform(&preset(platform).expect("it is there"));
    let gpu = scenario.gpus.iter().position(|own| own.name == gpu).expect("it is there");
    let window = Seconds::new(window_s).expect("a span");
    let mut plan = with_window(&scenario.allocations[scenario.baseline], window);
    let place = plan.pools.iter().position(|pool| pool.name.contains("wan")).expect("it has a pool of its own");
    assert_eq!(plan.pools[place].models.len(), 1);
    plan.pools = vec![PoolPlan { gpu, ..plan.pools[place].clone() }];
    edit(&mut plan.pools[0]);
    scenario.allocations = vec![plan];
    let lived = 20.23 + 7.3 + window_s;
    let days = replicate(&scenario, 0, 0..60, 1, Look::default(), &Control::default()).expect("nobody interrupts");
    let alone = days.iter().map(|day| &day.pools[0]).find(|pool| {
        let ledger = &pool.ledger;
        pool.outcome.boots == 1
            && (ledger.billed().as_secs_f64() - lived).abs() < 1e-6
            && (ledger.get(State::Busy).as_secs_f64() - 7.3).abs() < 1e-6
    });
    alone.expect("some day has a single request that does not fail").cost_usd
}

/// By hand: seconds billed times the published price.
#[test]
fn one_request_is_billed_by_each_platform_s_rules() {
    let same = |found: f64, wanted: f64| assert_relative_eq!(found, wanted, max_relative = 1e-9);
    let plain = |platform: &str, gpu: &str, window_s: f64| one_request(platform, gpu, window_s, |_| {});
    // To the nanosecond, with a core and 16 GiB: 20.23 + 7.3 + 60.
    same(plain("modal", "L40S", 60.0), 87.53 * (0.000_542 + 0.000_013_1 + 16.0 * 0.000_002_22));
    // Up to the second, with the default window of 5 s: 32.53.
    same(plain("runpod-flex", "L40S", 5.0), 33.0 * 0.000_53);
    // From setup to the end of idling, and only while a request runs.
    same(plain("replicate-private", "L40S", 300.0), 327.53 * 0.000_975);
    same(plain("replicate-public", "L40S", 300.0), 7.3 * 0.000_975);
    // By the hour's price, to the nanosecond.
    same(plain("fal", "A100-40GB", 60.0), 87.53 * 0.99 / 3600.0);
    // Up to the minute, with the default window of 15 minutes: 927.53 s are 16 minutes.
    same(plain("baseten", "A100-80GB", 900.0), 16.0 * 0.1024);
    // Up to a tenth of a second, with two cores and 16 GiB: 327.53.
    same(plain("cloud-run", "L4", 300.0), 327.6 * (0.000_186_7 + 2.0 * 0.000_036 + 16.0 * 0.000_002));
    // What a pool says itself goes before what the platform says: here a minimum, and whole minutes.
    let minimum = |pool: &mut PoolPlan| pool.settings.rules.billing_minimum_s = Some(90.0);
    same(one_request("runpod-flex", "L40S", 5.0, minimum), 90.0 * 0.000_53);
    let minutes = |pool: &mut PoolPlan| pool.settings.rules.billing_increment_s = Some(60.0);
    same(one_request("runpod-flex", "L40S", 5.0, minutes), 60.0 * 0.000_53);
}

fn found(scenario: &Scenario) -> Elsewhere {
    elsewhere(scenario, scenario.baseline, EFFORT, &Control::default()).expect("nobody interrupts")
}

fn place<'a>(found: &'a Elsewhere, name: &str) -> &'a PlatformCost {
    found.platforms.iter().find(|place| place.platform == name).expect("it is there")
}

/// All on L40S with the same windows: bills are as the prices, and rounding adds less than a second a container.
#[test]
fn the_same_fleet_costs_what_the_prices_say() {
    let scenario = embedded();
    let found = found(&scenario);
    let home = found.home.expect("the baseline runs");
    let modal = place(&found, "modal");
    assert_eq!((modal.outcome, modal.cost_ratio.map(|ratio| ratio.value)), (Some(home), Some(1.0)));
    let ratio = |name: &str| place(&found, name).cost_ratio.expect("it runs there").value;
    assert_relative_eq!(ratio("replicate-private"), 0.000_975 / 0.000_590_62, max_relative = 1e-9);
    let runpod = ratio("runpod-flex") / (0.000_53 / 0.000_590_62);
    assert!(runpod > 1.0 && runpod < 1.003, "{runpod}");
    // Of a public model only the execution is paid.
    let public = place(&found, "replicate-public").outcome.expect("it runs there").cost_usd_month.value;
    let control = Control::default();
    let run = simulated(&scenario, &scenario.allocations[scenario.baseline], EFFORT, &control).expect("it runs");
    let by = run.fleet.metrics(30.0).cost_by_state;
    let executed = by.busy_usd.value + by.wasted_usd.value;
    assert_relative_eq!(public, executed * 0.000_975 / 0.000_590_62, max_relative = 1e-9);
    // A shorter window costs less and boots more.
    let own = place(&found, "runpod-flex").default_window.expect("it has one");
    assert_relative_eq!(own.window_s, 5.0);
    assert!(own.outcome.cost_usd_month.high < home.cost_usd_month.low);
    assert!(own.outcome.latency_s_p95.value > home.latency_s_p95.value);
    assert!(found.headline.starts_with("\"current\" costs $") && found.headline.contains("runpod-flex"), "{found:?}");
}

#[test]
fn what_is_not_offered_is_moved_and_said_or_refused() {
    let mut scenario = embedded();
    scenario.platform.region_multiplier = 1.5;
    scenario.platform.plan_fee_usd = 250.0;
    let found = found(&scenario);
    assert_eq!(place(&found, "modal").left_behind, Vec::<String>::new());
    for place in found.platforms.iter().filter(|place| place.platform != "modal") {
        assert_eq!(place.left_behind.len(), 2, "{place:?}");
        assert!(!place.caveats.is_empty());
        assert_eq!(place.not_offered.is_empty(), place.changes.is_empty() && place.infeasible.is_empty(), "{place:?}");
        assert_eq!(place.outcome.is_some(), place.infeasible.is_empty());
    }
    let baseten = place(&found, "baseten");
    assert_eq!(baseten.not_offered, ["L40S"]);
    assert!(baseten.changes.iter().any(|words| words.contains("L40S -> ")), "{:?}", baseten.changes);
    // What the platform offers decides, not what the scenario has prices for.
    let there = scenario.on_platform(&preset("cloud-run").expect("it is there"));
    let (plan, _) = carried_over(&there, there.baseline);
    assert!(
        plan.pools.iter().all(|pool| there.gpus[pool.gpu].name == "L4")
            || !place(&found, "cloud-run").infeasible.is_empty()
    );
    let l40s = there.gpus.iter().position(|gpu| gpu.name == "L40S").expect("it is there");
    let fleetfront_scenario::Feasibility::Infeasible { reasons } = &there.models[0].variants[0].cells[l40s].feasibility
    else {
        panic!("nothing runs on what is not offered");
    };
    assert!(reasons.contains(&Infeasible::NotOffered { platform: "cloud-run".into() }));
}
