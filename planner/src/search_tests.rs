//! What must be true of the search whatever is searched: a constructed scenario whose best settings a hand finds, and
//! that a setting is the same in the grid and in a fleet, whichever rules it has.

use approx::assert_relative_eq;
use fleetfront_scenario::rules::{BatchedFile, BoundsFile};
use fleetfront_scenario::{BootPlan, Capacity, Files, Quota, Scenario};
use fleetfront_sim::{Law, Seconds};

use crate::control::{Control, Effort};
use crate::experiment::{Candidate, feasible_cells, run_grid};
use crate::partition::Partitions;
use crate::requests::Requests;
use crate::run::run_study;
use crate::sections::sections;
use crate::study::{FleetPoint, Role, Study};

/// One model on two GPU types, a request every 100 s. On A it takes 10 s, on B 4 s; a boot takes 20 s. A container costs
/// $0.0007 a second on A, twice as much on B.
pub(crate) fn by_hand() -> Scenario {
    let source = "kind = \"assumed\", source = \"chosen\", date = \"2026-11-26\"";
    // What is assumed is doubted, and 10 s might be more than the limit of 15.
    let measured = source.replace("assumed", "measured");
    let cell = |gpu: &str, seconds: f64| {
        format!(
            "[[cells]]\nmodel = \"solo\"\ngpu = \"{gpu}\"\nservice = {{ deterministic = {{ seconds = {seconds} }} }}\n\
             boot = {{ deterministic = {{ seconds = 20.0 }} }}\nprovenance = {{ {measured} }}\n"
        )
    };
    let toml = format!(
        r#"format = 1
name = "by-hand"
description = "what a hand finds"
baseline = "dear"
proposed = "dear"
files = {{ prices = "prices.csv", benchmarks = "benchmarks.csv", boots = "boots.csv", memory = "memory.csv", load = "load.csv" }}
[platform]
name = "theory"
cpu_cores = 1.0
memory_gib = 1.0
container_provenance = {{ {source} }}
region_multiplier = 1.0
days_per_month = 30.0
[traffic]
reporting_time_zone = "UTC"
curve_time_zone = "UTC"
date = "2026-11-24"
run_in_h = 1.0
slow_rate = "none"
[defaults]
min_containers = 0
buffer_containers = 0
scaledown_window_s = 60.0
max_inputs = 1
execution = "serial"
timeout_s = 3600.0
retries = 0
[grid]
scaledown_window_s = [2.0, 60.0, 95.0]
min_containers = [0, 1]
[criteria]
latency_limit = true
latency_percentile = 0.95
latency_readings = ["end_to_end"]
[naive]
time_per_request_s = 1.0
models = ["solo"]
provenance = {{ {source} }}
[[gpus]]
name = "A"
[[gpus]]
name = "B"
[[models]]
name = "solo"
requests_per_day = 864.0
traffic_provenance = {{ {source} }}
latency_limit_s = 15.0
failure_probability = 0.0
failure_provenance = {{ {source} }}
switch_in_s = 0.0
switch_provenance = {{ {source} }}
process = {{ renewal = {{ gap = {{ deterministic = {{ seconds = 1.0 }} }} }} }}
[[models.variants]]
name = "only"
{}{}
[[allocations]]
name = "dear"
description = "always up on B"
[[allocations.pools]]
name = "solo"
gpu = "B"
models = ["solo"]
min_containers = 1
"#,
        cell("A", 10.0),
        cell("B", 4.0)
    );
    let rest = "assumed,chosen,2026-11-26";
    let prices = format!(
        "item,usd_per_second,kind,source,date\nA,0.0005,{rest}\nB,0.0012,{rest}\ncpu_core,0.0001,{rest}\nmemory_gib,0.0001,{rest}\n"
    );
    let memory = format!(
        "scope,name,variant,gib,kind,source,date,note\ngpu,A,,2,{rest},\ngpu,B,,2,{rest},\nvariant,solo,only,1,{rest},\n"
    );
    let hours = (0..24).map(|hour| format!("{hour},1,{rest}\n")).collect::<Vec<_>>().concat();
    let files = Files::from_texts([
        ("scenario.toml", toml.as_str()),
        ("prices.csv", &prices),
        ("memory.csv", &memory),
        ("load.csv", &format!("hour,weight,kind,source,date\n{hours}")),
        (
            "benchmarks.csv",
            "model,variant,gpu,phase,seconds,ratio,ratio_low,ratio_high,relative_to,cv,use,kind,source,date,note\n",
        ),
        ("boots.csv", "model,variant,gpu,seconds,cv,use,kind,source,date,note\n"),
    ]);
    Scenario::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

type Latency = fn(&FleetPoint) -> f64;

/// By hand: a window of 2 s or 60 s ends before the next request, so each one waits for a boot: 30 s on A for 32 s or
/// 90 s of a container, 24 s on B for 26 s or 84 s. With 95 s, or one always warm, the container never stops: 10 s or
/// 4 s, for 100 s. Four of these nothing beats.
#[test]
fn the_frontiers_of_a_clockwork_are_those_of_a_hand() {
    let study = run_study(&by_hand(), Effort { trials: 14, seed: 3 }, &Control::default()).expect("nobody interrupts");
    let a_month = 864.0 * 30.0 * 0.0007;
    let expected = [(32.0 * a_month, 30.0), (52.0 * a_month, 24.0), (100.0 * a_month, 10.0), (200.0 * a_month, 4.0)];
    let frontiers: [(&[FleetPoint], Latency); 3] = [
        (&study.frontier.by_worst_ratio, |fleet| fleet.worst_p95_over_limit.value * 15.0),
        (&study.frontier.by_mean_latency, |fleet| fleet.latency_s_mean.value),
        (&study.frontier.by_pooled_p95, |fleet| fleet.latency_s_p95.expect("it has one").value),
    ];
    for (fleets, latency) in frontiers {
        assert_eq!(fleets.len(), 4);
        for (fleet, (usd, seconds)) in fleets.iter().zip(expected) {
            assert_relative_eq!(fleet.cost_usd_month.value, usd, max_relative = 2e-3);
            // A percentile is known to a bucket.
            assert_relative_eq!(latency(fleet), seconds, max_relative = 8e-3);
            assert_eq!(fleet.indistinguishable, Vec::<usize>::new());
        }
    }
    // What keeps 15 s at the least cost is A, always up; both ways of that cost the same.
    let recommended = study.allocations.iter().find(|own| own.role == Role::Recommended).expect("there is one");
    assert_eq!(recommended.pools[0].gpu, "A");
    let cost = recommended.results.as_ref().expect("it runs").fleet.cost_usd_month;
    assert_relative_eq!(cost.value, 100.0 * a_month, max_relative = 1e-9);
}

/// The default scenario with one window, and something of every rule that the grid tries: L4 is hard to get, wan2.1 has
/// a snapshot.
fn with_rules() -> Scenario {
    let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
    let gpu = |name: &str| scenario.gpus.iter().position(|gpu| gpu.name == name).expect("a GPU type");
    let (l4, l40s) = (gpu("L4"), gpu("L40S"));
    let nothing = Capacity { wait: None, scarcity: None, provenance: None };
    scenario.capacity = vec![nothing; scenario.gpus.len()];
    scenario.capacity[l4].wait = Some(Law::Exponential { mean_s: 200.0 });
    let wan = scenario.models.iter().position(|model| model.name == "wan2.1").expect("a model");
    for cell in &mut scenario.models[wan].variants[0].cells {
        let Some(boot) = &cell.boot else { continue };
        let restore = Law::Deterministic { seconds: 3.0 };
        let plan = BootPlan { image: None, bill_image: true, phases: vec![boot.law], snapshot: Some((restore, 0.0)) };
        cell.boot_plan = Some(plan);
    }
    let entry = |at: &str, min| BoundsFile { at: at.to_owned(), min_containers: min, max_containers: None };
    scenario.grid.windows = vec![Seconds::new(300.0).expect("a span")];
    scenario.grid.min_containers = vec![0];
    scenario.grid.gpu_fallback = vec![vec![], vec![scenario.gpus[l40s].name.clone()]];
    scenario.grid.batched =
        vec![None, Some(BatchedFile { max_batch_size: 4, wait_ms: 500.0, item_share: 0.3, wait_while_idle: None })];
    scenario.grid.snapshot = vec![false, true];
    scenario.grid.schedules = vec![vec![], vec![entry("08:00", 1), entry("20:00", 0)]];
    scenario
}

fn candidates(scenario: &Scenario, trials: u32) -> (Partitions, Vec<Candidate>) {
    let partitions = Partitions::of(scenario);
    let tasks = feasible_cells(scenario, &partitions);
    let control = Control::default();
    let sections = sections(trials, scenario.traffic.is_weekly());
    let requests = Requests::of_trials(&scenario.traffic, 1, trials);
    let grid =
        crate::experiment::Grid { scenario, partitions: &partitions, requests: &requests, seed: 1, control: &control };
    let found = run_grid(&grid, &tasks, &[sections]).expect("nobody interrupts");
    (partitions, found)
}

#[test]
fn every_rule_is_the_same_in_the_grid_and_in_a_fleet() {
    let scenario = with_rules();
    let (partitions, candidates) = candidates(&scenario, 14);
    let rules = |c: &Candidate| {
        let own = &c.settings.rules;
        [own.gpu_fallback.is_some(), own.batched.is_some(), own.snapshot == Some(true), own.schedule.is_some()]
    };
    // Of each unit of the first cover the setting with the most of them.
    let richest = |unit: &usize| {
        let own = candidates.iter().filter(|c| c.unit == *unit);
        own.max_by_key(|c| rules(c).iter().filter(|is_on| **is_on).count()).expect("it has settings")
    };
    let chosen: Vec<&Candidate> = partitions.covers[0].iter().map(richest).collect();
    assert!(chosen.iter().any(|c| rules(c) == [true; 4]), "all rules at once");
    let plan = crate::coupled::plan(&partitions, "rich", "", &chosen);
    let control = Control::default();
    let all = sections(14, scenario.traffic.is_weekly());
    let requests = Requests::of_trials(&scenario.traffic, 1, 14);
    let run =
        crate::allocation::run_allocation(&scenario, &plan, &requests, &all, &control).expect("nobody interrupts");
    for (candidate, pool) in chosen.iter().zip(&run.pools) {
        assert_eq!(candidate.pool.metrics(30.0), pool.metrics(30.0), "{:?}", candidate.settings);
    }
}

/// What the rules are for: another GPU type instead of a long wait, at its price; snapshots instead of boots.
#[test]
fn rules_do_what_they_are_for() {
    let scenario = with_rules();
    let (_, candidates) = candidates(&scenario, 14);
    let wan = |c: &&Candidate| c.models.len() == 1 && scenario.models[c.models[0].0].name == "wan2.1";
    let plain = |c: &&Candidate| c.settings.rules.batched.is_none() && c.settings.rules.schedule.is_none();
    let on_l4 = |c: &&Candidate| scenario.gpus[c.gpu].name == "L4" && c.models[0].1 == 0;
    let own = || candidates.iter().filter(wan).filter(plain).filter(on_l4);
    let find = |ranked: bool, restores: bool| {
        let mut found = own().filter(|c| {
            c.settings.rules.gpu_fallback.is_some() == ranked && (c.settings.rules.snapshot == Some(true)) == restores
        });
        found.next().expect("it is tried").pool.metrics(30.0)
    };
    let (alone, ranked, restored) = (find(false, false), find(true, false), find(false, true));
    // A mean wait of 200 s for capacity, or none.
    assert!(alone.latency_s_mean.value > ranked.latency_s_mean.value + 100.0);
    assert!(restored.cost_by_state.boot_usd.value < 0.2 * alone.cost_by_state.boot_usd.value);
    // No container waits for L4 where L40S is to be had at once, so all of them are billed as L40S.
    let price = |name: &str| {
        let gpu = scenario.gpus.iter().find(|gpu| gpu.name == name).expect("a GPU type");
        crate::engine_pool::container_price(&scenario.platform, gpu, 1).get()
    };
    let a_second = |metrics: &crate::metrics::Metrics| {
        metrics.cost_usd_month.value / (metrics.containers_mean.value * 86_400.0 * 30.0)
    };
    assert_relative_eq!(a_second(&alone), price("L4"), max_relative = 1e-9);
    assert_relative_eq!(a_second(&ranked), price("L40S"), max_relative = 1e-9);
}

fn small(quota: Option<u32>) -> Study {
    let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
    scenario.grid.windows.retain(|window| [2.0, 300.0].contains(&window.get()));
    scenario.quota = Quota { containers: quota, gpus: None };
    run_study(&scenario, Effort { trials: 14, seed: 1 }, &Control::default()).expect("nobody interrupts")
}

/// The most containers that the pools of a fleet have, each at its own time.
fn peaks(study: &Study, fleet: &FleetPoint) -> u32 {
    let peak = |choice: &crate::study::Choice| {
        let point = study.points.iter().find(|point| point.choice == *choice);
        point.expect("every choice is a point").metrics.containers_peak
    };
    fleet.choices.iter().map(peak).sum()
}

#[test]
fn fleets_that_a_quota_may_tie_are_simulated_together() {
    let (free, ample) = (small(None), small(Some(10_000)));
    let most = free.frontier.by_pooled_p95.iter().map(|fleet| peaks(&free, fleet)).max().expect("it has fleets");
    let tight = small(Some(most - 2));
    // A quota that nothing reaches changes nothing but the group in which the named allocations are simulated.
    assert_eq!(ample.frontier, free.frontier);
    let frontier = &tight.frontier;
    let mut together = 0;
    for fleets in [&frontier.by_worst_ratio, &frontier.by_mean_latency, &frontier.by_pooled_p95, &frontier.uniform] {
        for fleet in fleets {
            assert!(fleet.simulated_together || peaks(&tight, fleet) <= most - 2, "{}", fleet.label);
            together += usize::from(fleet.simulated_together);
        }
    }
    assert!(together > 0);
    for fleets in [&frontier.by_worst_ratio, &frontier.by_mean_latency, &frontier.by_pooled_p95] {
        assert!(fleets.windows(2).all(|pair| pair[0].cost_usd_month.value < pair[1].cost_usd_month.value));
    }
    assert!(tight.warnings.iter().any(|words| words.contains("together may reach the quota")), "{:?}", tight.warnings);
    assert!(!ample.warnings.iter().any(|words| words.contains("quota")), "{:?}", ample.warnings);
}
