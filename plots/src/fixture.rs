//! A made-up study for tests: six models, ten GPU types, five allocations, and everything that is awkward.

use fleetfront_calibration::Kind;
use fleetfront_planner::{
    AllocationMetrics, AllocationResult, Bridge, BridgeStep, CellSummary, Choice, CostByState, CriterionResult, Day,
    Estimate, FleetPoint, Frontier, GpuSummary, Judgement, Metrics, ModelResult, ModelSummary, NaiveComparison,
    NaiveEstimate, Obstacle, Point, PoolResult, Recommendation, Role, Study, Verdict,
};
use fleetfront_scenario::PoolSettings;
use fleetfront_sim::{Execution, Seconds};

const MODELS: [(&str, &str, f64, f64, f64); 6] = [
    // name, variant, requests a day, limit, warm seconds on L40S
    ("flux-schnell", "fp8", 400.0, 30.0, 2.5),
    ("flux-dev", "fp8", 300.0, 30.0, 11.3),
    ("instantid <face> & \"id\"", "fp16", 200.0, 30.0, 8.9),
    ("lora", "fp8+lora", 100.0, 30.0, 16.2),
    ("wan2.1", "1.3b", 20.0, 120.0, 7.3),
    ("seedvr2", "3b", 60.0, 120.0, 38.1),
];

const GPUS: [(&str, f64, f64, f64); 10] = [
    // name, USD a second, usable GiB, service time over that of L40S
    ("T4", 0.000_164, 14.74, 5.2),
    ("L4", 0.000_222, 22.0, 3.0),
    ("A10", 0.000_306, 22.0, 2.1),
    ("L40S", 0.000_542, 44.5, 1.0),
    ("A100-40GB", 0.000_583, 39.5, 0.86),
    ("A100-80GB", 0.000_694, 79.0, 0.86),
    ("RTX-PRO-6000", 0.000_842, 95.0, 0.63),
    ("H100", 0.001_097, 79.0, 0.41),
    ("H200", 0.001_261, 140.0, 0.38),
    ("B200", 0.001_736, 178.0, 0.28),
];

const WINDOWS: [f64; 4] = [15.0, 60.0, 300.0, 1200.0];

/// An estimate with an interval of so many per cent.
pub(crate) fn about(value: f64, per_cent: f64) -> Estimate {
    Estimate { value, low: value * (1.0 - per_cent / 100.0), high: value * (1.0 + per_cent / 100.0) }
}

/// The whole study.
pub(crate) fn study() -> Study {
    let points = points();
    Study {
        version: "0.1.0".into(),
        seed: 7,
        trials: 56,
        sections: 8,
        inputs_sha256: "8d1f0e6a5b1c4e27b0b6a3d1c8c41f9a2f7e55c1d7cf7f3f0a1b2c3d4e5f6071".into(),
        scenario: "image-studio".into(),
        description: "Six image and video models at <1,100 requests a day> & one L40S fleet".into(),
        days_per_month: 30.0,
        models: models(),
        gpus: gpus(),
        cells: cells(),
        warnings: vec![
            "flux-dev on L40S: the measured warm times 2.5 s, 29.7 s and 37.0 s contradict each other; none is used"
                .into(),
            "boot times of wan2.1 rest on one measurement <script>alert(1)</script>".into(),
        ],
        assumptions: vec![
            "wan2.1: 20 requests a day (assumed, no stated volume)".into(),
            "seedvr2: 60 requests a day (assumed, no stated volume)".into(),
            "boot times vary with a coefficient of variation of 0.8 (published for another fleet)".into(),
        ],
        frontier: frontier(&points),
        points,
        allocations: allocations(),
        naive: naive(),
        verdict: verdict(),
        recommendation: recommendation(),
    }
}

fn models() -> Vec<ModelSummary> {
    MODELS
        .iter()
        .map(|(name, _, requests, limit, _)| ModelSummary {
            name: (*name).into(),
            requests_per_day: *requests,
            requests_kind: if *requests < 100.0 { Kind::Assumed } else { Kind::Published },
            latency_limit_s: *limit,
        })
        .collect()
}

fn gpus() -> Vec<GpuSummary> {
    GPUS.iter()
        .map(|(name, price, gib, _)| GpuSummary {
            name: (*name).into(),
            usd_per_hour: price * 3600.0,
            container_usd_per_hour: price * 3600.0 + 0.3,
            usable_gib: *gib,
        })
        .collect()
}

/// FLUX in fp8 does not fit a T4, and barely an A10 or L4.
fn memory(model: usize, gpu: usize) -> (bool, String) {
    let needs = [21.5, 21.5, 14.0, 21.9, 8.2, 12.0][model];
    let has = GPUS[gpu].2;
    if needs > has {
        (false, format!("needs {needs} GiB, has {has} GiB"))
    } else if needs > 0.93 * has {
        (true, format!("borderline: {needs} of {has} GiB"))
    } else {
        (true, "fits".into())
    }
}

fn cells() -> Vec<CellSummary> {
    let mut cells = Vec::new();
    for (m, (model, variant, _, _, warm)) in MODELS.iter().enumerate() {
        for (g, (gpu, _, _, slower)) in GPUS.iter().enumerate() {
            let (feasible, memory) = memory(m, g);
            let mean = feasible.then_some(warm * slower);
            cells.push(CellSummary {
                model: (*model).into(),
                variant: (*variant).into(),
                gpu: (*gpu).into(),
                feasible,
                memory,
                service_s: mean,
                service_s_low: mean.map(|s| if *gpu == "L40S" { s } else { s * 0.74 }),
                service_s_high: mean.map(|s| if *gpu == "L40S" { s } else { s * 1.35 }),
                service_cv: mean.map(|_| 0.3),
                service_kind: mean.map(|_| if *gpu == "L40S" { Kind::Measured } else { Kind::Derived }),
                service_n: mean.map(|_| if *gpu == "L40S" { 3 } else { 0 }),
                boot_s: mean.map(|_| 40.0 + warm),
                boot_kind: mean.map(|_| Kind::Measured),
                notes: if feasible { vec!["team benchmark (2026-01-21)".into()] } else { Vec::new() },
            });
        }
    }
    cells
}

/// A plausible pool: cost falls with slow GPUs and short windows, latency rises.
fn metrics(m: usize, g: usize, window: f64, min: u32) -> Metrics {
    let (_, _, requests, limit, warm) = MODELS[m];
    let (_, price, _, slower) = GPUS[g];
    let service = warm * slower;
    let gap = 86_400.0 / requests;
    let cold = if min > 0 { 0.01 } else { (-window / gap).exp() * 0.8 + 0.02 };
    let days = 30.0 * requests * (price + 0.000_08);
    let busy = days * service;
    let boot = days * cold * 45.0;
    let idle = days * (window.min(gap) * 0.8) + if min > 0 { 30.0 * 86_400.0 * price * 0.5 } else { 0.0 };
    let wasted = 0.01 * busy;
    let total = busy + boot + idle + wasted;
    let p95 = service * 1.6 + if cold > 0.05 { 48.0 } else { 4.0 };
    let fails = m == 2 && g == 0;
    Metrics {
        cost_usd_month: about(total, 2.1),
        cost_usd_per_request: about(total / (30.0 * requests), 1.7),
        cost_by_state: CostByState {
            boot_usd: about(boot, 4.0),
            busy_usd: about(busy, 1.5),
            idle_usd: about(idle, 3.0),
            wasted_usd: about(wasted, 20.0),
        },
        latency_s_mean: about(service + cold * 45.0, 2.0),
        latency_s_p50: about(service * 0.95 + cold * 10.0, 1.5),
        latency_s_p95: about(p95, 4.0),
        latency_s_p99: if fails || m == 3 {
            Estimate { value: f64::INFINITY, low: p95, high: f64::INFINITY }
        } else {
            about(p95 * 1.5, 9.0)
        },
        late_share: about((p95 / limit * 0.05).min(0.9), 12.0),
        success_rate: Estimate { value: 0.985, low: 0.983, high: 0.987 },
        cold_start_share: about(cold, 5.0),
        utilisation: about(busy / total, 3.0),
        containers_mean: about(total / (30.0 * 86_400.0 * price), 2.0),
        containers_peak: 7,
        boots_per_day: about(requests * cold, 5.0),
        requests_per_day: requests,
    }
}

fn points() -> Vec<Point> {
    let mut points = Vec::new();
    for (m, (model, variant, _, limit, _)) in MODELS.iter().enumerate() {
        let mut own = Vec::new();
        for (g, (gpu, ..)) in GPUS.iter().enumerate().filter(|(g, _)| memory(m, *g).0) {
            for window in WINDOWS {
                for min in [0, 1] {
                    let metrics = metrics(m, g, window, min);
                    own.push(Point {
                        choice: Choice {
                            model: (*model).into(),
                            variant: (*variant).into(),
                            gpu: (*gpu).into(),
                            scaledown_window_s: window,
                            min_containers: min,
                            service_kind: if *gpu == "L40S" { Kind::Measured } else { Kind::Derived },
                        },
                        p95_over_limit: metrics.latency_s_p95.scaled(1.0 / limit),
                        metrics,
                        on_model_frontier: false,
                    });
                }
            }
        }
        let place = |point: &Point| (point.metrics.cost_usd_month.value, point.p95_over_limit.value);
        let all: Vec<(f64, f64)> = own.iter().map(place).collect();
        for point in &mut own {
            let (cost, ratio) = place(point);
            point.on_model_frontier = !all.iter().any(|(c, r)| *c < cost && *r < ratio);
        }
        points.extend(own);
    }
    points
}

fn fleet(label: &str, chosen: &[&Point]) -> FleetPoint {
    let cost = chosen.iter().map(|point| point.metrics.cost_usd_month.value).sum();
    let ratio = chosen.iter().map(|point| point.p95_over_limit.value).fold(0.0, f64::max);
    FleetPoint {
        label: label.into(),
        cost_usd_month: about(cost, 1.2),
        worst_p95_over_limit: about(ratio, 5.0),
        latency_s_mean: about(12.0 * ratio, 2.0),
        choices: chosen.iter().map(|point| point.choice.clone()).collect(),
    }
}

fn frontier(points: &[Point]) -> Frontier {
    let own = |name: &'static str| points.iter().filter(move |point| point.choice.model == name);
    let mut thresholds: Vec<f64> = points.iter().map(|point| point.p95_over_limit.value).collect();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    let mut by_worst_ratio: Vec<FleetPoint> = Vec::new();
    for threshold in thresholds {
        let cheapest = |name| {
            own(name)
                .filter(|point| point.p95_over_limit.value <= threshold)
                .min_by(|a, b| a.metrics.cost_usd_month.value.total_cmp(&b.metrics.cost_usd_month.value))
        };
        let Some(chosen) = MODELS.iter().map(|(name, ..)| cheapest(name)).collect::<Option<Vec<_>>>() else { break };
        let point = fleet("", &chosen);
        if by_worst_ratio.last().is_none_or(|last| last.cost_usd_month.value < point.cost_usd_month.value) {
            by_worst_ratio.push(point);
        }
    }
    let mut uniform = Vec::new();
    for (gpu, ..) in GPUS.iter().skip(1) {
        for window in WINDOWS {
            let alike = |name| {
                own(name).find(|p| {
                    p.choice.gpu == *gpu
                        && p.choice.scaledown_window_s.total_cmp(&window).is_eq()
                        && p.choice.min_containers == 0
                })
            };
            if let Some(chosen) = MODELS.iter().map(|(name, ..)| alike(name)).collect::<Option<Vec<_>>>() {
                uniform.push(fleet(&format!("{gpu}, {window} s"), &chosen));
            }
        }
    }
    Frontier { by_mean_latency: by_worst_ratio.clone(), by_worst_ratio, uniform }
}

fn settings(window: f64, max_inputs: u32) -> PoolSettings {
    PoolSettings {
        min_containers: 0,
        max_containers: None,
        buffer_containers: 0,
        scaledown_window: Seconds::new(window).expect("a span"),
        max_inputs,
        execution: Execution::Serial,
        timeout: Seconds::new(1800.0).expect("a span"),
        retries: 0,
    }
}

/// - `gpus`: index of the GPU of each model.
fn allocation(name: &str, role: Role, gpus: [usize; 6], window: f64) -> AllocationResult {
    let models: Vec<ModelResult> = (0..6).map(|m| model_result(m, gpus[m], window)).collect();
    let fleet = whole(&models);
    let worst = (0..6)
        .max_by(|a, b| {
            let ratio = |m: usize| models[m].metrics.latency_s_p95.value / MODELS[m].3;
            ratio(*a).total_cmp(&ratio(*b))
        })
        .expect("six models");
    let pools = (0..6)
        .map(|m| PoolResult {
            name: format!("{}-pool", MODELS[m].0.split_whitespace().next().unwrap_or("model")),
            gpu: GPUS[gpus[m]].0.into(),
            models: vec![(MODELS[m].0.into(), MODELS[m].1.into())],
            settings: settings(window, if m < 2 { 5 } else { 1 }),
            metrics: Some(models[m].metrics.clone()),
        })
        .collect();
    AllocationResult {
        name: name.into(),
        description: format!("Every model on its own pool, {window} s window"),
        role,
        infeasible: Vec::new(),
        repairs: Vec::new(),
        pools,
        criteria: criteria(&models, &fleet, role == Role::Baseline),
        results: Some(AllocationMetrics {
            worst_p95_over_limit: models[worst].metrics.latency_s_p95.scaled(1.0 / MODELS[worst].3),
            worst_model: MODELS[worst].0.into(),
            day: day(&fleet),
            fleet,
            models,
        }),
    }
}

fn model_result(m: usize, g: usize, window: f64) -> ModelResult {
    let metrics = metrics(m, g, window, 0);
    let service = MODELS[m].4 * GPUS[g].3;
    let cold = metrics.cold_start_share.value;
    let ends = if metrics.latency_s_p99.value.is_infinite() { 0.985 } else { 1.0 };
    // Warm requests around the service time, cold ones around 45 s later.
    let logistic = |x: f64, middle: f64, width: f64| 1.0 / (1.0 + (-(x / middle).ln() / width).exp());
    let latency_cdf = (0..120)
        .map(|k| {
            let seconds = 0.5 * 1.06_f64.powi(k);
            (
                seconds,
                ends * ((1.0 - cold) * logistic(seconds, service, 0.12)
                    + cold * logistic(seconds, service + 45.0, 0.15)),
            )
        })
        .collect();
    ModelResult {
        model: MODELS[m].0.into(),
        variant: MODELS[m].1.into(),
        gpu: GPUS[g].0.into(),
        warm_service_s: if g == 3 {
            Estimate::exact(service)
        } else {
            Estimate { value: service, low: service * 0.74, high: service * 1.35 }
        },
        service_kind: if g == 3 { Kind::Measured } else { Kind::Derived },
        metrics,
        latency_cdf,
    }
}

fn whole(models: &[ModelResult]) -> Metrics {
    let mut fleet = models[0].metrics.clone();
    let sum = |part: fn(&Metrics) -> Estimate| about(models.iter().map(|model| part(&model.metrics).value).sum(), 1.8);
    fleet.cost_usd_month = sum(|m| m.cost_usd_month);
    fleet.cost_by_state = CostByState {
        boot_usd: sum(|m| m.cost_by_state.boot_usd),
        busy_usd: sum(|m| m.cost_by_state.busy_usd),
        idle_usd: sum(|m| m.cost_by_state.idle_usd),
        wasted_usd: sum(|m| m.cost_by_state.wasted_usd),
    };
    fleet.containers_mean = sum(|m| m.containers_mean);
    fleet.boots_per_day = sum(|m| m.boots_per_day);
    fleet.requests_per_day = models.iter().map(|model| model.metrics.requests_per_day).sum();
    fleet.cost_usd_per_request = fleet.cost_usd_month.scaled(1.0 / 30.0 / fleet.requests_per_day);
    fleet
}

fn day(fleet: &Metrics) -> Day {
    let shape = |bin: usize| 1.0 + 0.8 * ((bin as f64 - 56.0) / 96.0 * std::f64::consts::TAU).cos();
    let series = |level: f64| (0..96).map(|bin| level * shape(bin)).collect::<Vec<f64>>();
    let mean = fleet.containers_mean.value;
    Day {
        bin_s: 900.0,
        arrivals_per_s: series(fleet.requests_per_day / 86_400.0),
        boot: series(0.12 * mean),
        busy: series(0.25 * mean),
        idle: series(0.6 * mean),
        wasted: series(0.01 * mean),
        queue: series(0.3),
    }
}

fn criteria(models: &[ModelResult], fleet: &Metrics, baseline: bool) -> Vec<CriterionResult> {
    let mut all = Vec::new();
    if !baseline {
        let change = (fleet.cost_usd_month.value / 2000.0 - 1.0) * 100.0;
        all.push(CriterionResult {
            criterion: "cost at least 40 % below current".into(),
            subject: "fleet".into(),
            value: Estimate { value: change, low: change - 1.1, high: change + 1.1 },
            target: -40.0,
            unit: "%".into(),
            judgement: if change < -40.0 { Judgement::Pass } else { Judgement::Fail },
            note: String::new(),
            baseline: None,
        });
    }
    for (model, (.., limit, _)) in models.iter().zip(MODELS) {
        if !baseline {
            all.push(CriterionResult {
                criterion: "p95 latency at most 1.2 times that of current".into(),
                subject: model.model.clone(),
                value: about(1.22, 6.0),
                target: 1.2,
                unit: "x".into(),
                judgement: Judgement::Undecided,
                note: "the service time is derived, which can refute but not confirm".into(),
                baseline: None,
            });
        }
        let p95 = model.metrics.latency_s_p95;
        all.push(CriterionResult {
            criterion: "p95 latency within the limit".into(),
            subject: model.model.clone(),
            value: p95,
            target: limit,
            unit: "s".into(),
            judgement: if p95.value < limit { Judgement::Pass } else { Judgement::Fail },
            note: String::new(),
            baseline: Some(Judgement::Fail),
        });
    }
    all
}

fn allocations() -> Vec<AllocationResult> {
    let mut proposed = allocation("proposed", Role::Proposed, [0, 3, 2, 0, 3, 3], 300.0);
    proposed.description = "flux-schnell & lora on T4, instantid on A10".into();
    proposed.infeasible = vec![
        "flux-schnell fp8 on T4 needs 21.5 GiB, has 14.74 GiB".into(),
        "lora fp8 on T4 needs 21.9 GiB, has 14.74 GiB".into(),
    ];
    proposed.results = None;
    proposed.criteria = Vec::new();
    for pool in &mut proposed.pools {
        pool.metrics = None;
    }
    let mut repaired = allocation("proposed, repaired", Role::Repaired, [2, 3, 2, 2, 3, 3], 300.0);
    repaired.repairs = vec!["flux-schnell: T4 -> A10".into(), "lora: T4 -> A10".into()];
    vec![
        allocation("current", Role::Baseline, [3; 6], 300.0),
        proposed,
        repaired,
        allocation("all-h100", Role::Named, [7; 6], 60.0),
        allocation("recommended", Role::Recommended, [2, 7, 4, 7, 3, 3], 60.0),
    ]
}

fn naive() -> NaiveComparison {
    let bridges = allocations()
        .iter()
        .filter_map(|allocation| {
            let simulated = allocation.results.as_ref()?.fleet.cost_usd_month;
            let naive = if allocation.role == Role::Baseline { 162.6 } else { 91.74 };
            let gap = simulated.value - naive;
            let steps = [("service times", -0.1), ("CPU and memory", 0.15), ("idle containers", 0.7), ("boots", 0.25)];
            Some(Bridge {
                allocation: allocation.name.clone(),
                naive_usd_month: naive,
                steps: steps.map(|(what, share)| BridgeStep { what: what.into(), usd_month: gap * share }).to_vec(),
                simulated_usd_month: simulated,
            })
        })
        .collect();
    NaiveComparison {
        seconds_per_request: 10.0,
        estimates: vec![
            NaiveEstimate { allocation: "current".into(), usd_month: 162.6 },
            NaiveEstimate { allocation: "proposed".into(), usd_month: 91.74 },
        ],
        saving: 1.0 - 91.74 / 162.6,
        bridges,
    }
}

fn verdict() -> Verdict {
    Verdict {
        allocation: "proposed, repaired".into(),
        headline: "No: the proposed allocation cannot run, and its repair saves 12 % (10–14), not 40 %, at 2.9 times \
                   the latency."
            .into(),
        first: vec![
            "flux-schnell and lora do not fit a T4: they need 21.5 GiB and 21.9 GiB, a T4 has 14.74 GiB.".into(),
            "The current fleet itself keeps p95 below 30 s for none of six models.".into(),
        ],
        judgement: Judgement::Fail,
    }
}

fn recommendation() -> Recommendation {
    Recommendation {
        allocation: "recommended".into(),
        passes_all: false,
        headline: "Nothing meets all criteria at once; the recommended allocation costs 55 % less and misses two."
            .into(),
        obstacles: vec![
            Obstacle {
                criterion: "p95 latency within 30 s, lora".into(),
                why: "a boot takes 56 s (assumed) & 12 % of requests wait for one".into(),
                usd_month_without_it: Some(612.0),
                relaxing_it: "a limit of 90 s would save $210 a month".into(),
            },
            Obstacle {
                criterion: "p95 at most 1.2 times current, flux-dev".into(),
                why: "its service time is derived".into(),
                usd_month_without_it: None,
                relaxing_it: "180 paired runs would decide it".into(),
            },
        ],
    }
}
