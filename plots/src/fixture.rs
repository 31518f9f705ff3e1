//! A made-up study for tests: six models, ten GPU types, five allocations, and everything that is awkward.

mod allocations;
mod answers;
mod bounds;
pub(crate) mod questions;
mod spending;
pub(crate) mod worlds;

use std::collections::BTreeMap;

use fleetfront_calibration::Kind;
use fleetfront_planner::{
    Basis, CellSummary, Choice, CostByState, Estimate, FleetPoint, Frontier, GpuSummary, Metrics, ModelSummary, Origin,
    Point, Pruned, STUDY_FORMAT, SearchSpace, Study,
};
use fleetfront_scenario::Rules;

use allocations::allocations;
use answers::{deployment, naive, recommendation, verdict};

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

/// What somebody states.
pub(crate) fn stated(kind: &str, source: &str) -> Basis {
    Basis { kind: kind.into(), source: source.into() }
}

/// The whole study.
pub(crate) fn study() -> Study {
    let points = points();
    Study {
        format: STUDY_FORMAT,
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
        deployment: deployment(),
        origin: Origin {
            command: "fleetfront run \"my <fleet>\" --seed 7".into(),
            files: [("scenario.toml".to_owned(), "name = \"image-studio\"\n".to_owned())].into(),
            large: BTreeMap::new(),
        },
        search: SearchSpace {
            settings: 2_128,
            fleets: 1.2e19,
            pruned: vec![Pruned {
                what: "pool settings".into(),
                why: "min_containers = 2 is above max_containers = 1".into(),
                count: 12,
            }],
        },
    }
}

fn models() -> Vec<ModelSummary> {
    MODELS
        .iter()
        .map(|(name, _, requests, limit, _)| ModelSummary {
            name: (*name).into(),
            requests_per_day: *requests,
            requests_kind: if *requests < 100.0 { Kind::Assumed } else { Kind::Published },
            requests_source: "GPU-REQUIREMENTS.md (2026-01-21)".into(),
            latency_limit_s: *limit,
            clients: None,
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
            price_basis: stated("published", "modal.com/pricing (2026-11-23)"),
            memory_basis: stated("derived", "the card's memory less 1 GiB (2026-11-23)"),
            offered: true,
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
                peak_basis: stated("published", "huggingface.co/docs (2026-11-23)"),
                failures: None,
                service_s: mean,
                service_s_low: mean.map(|s| if *gpu == "L40S" { s } else { s * 0.74 }),
                service_s_high: mean.map(|s| if *gpu == "L40S" { s } else { s * 1.35 }),
                service_cv: mean.map(|_| 0.3),
                service_kind: mean.map(|_| if *gpu == "L40S" { Kind::Measured } else { Kind::Derived }),
                service_n: mean.map(|_| if *gpu == "L40S" { 3 } else { 0 }),
                boot_s: mean.map(|_| 40.0 + warm),
                boot_s_low: mean.map(|_| 20.0 + warm),
                boot_s_high: mean.map(|_| 80.0 + warm),
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
        wait_s_mean: about(cold * 45.0, 2.0),
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
                            buffer_containers: None,
                            max_containers: None,
                            max_inputs: None,
                            service_kind: if *gpu == "L40S" { Kind::Measured } else { Kind::Derived },
                            rules: Rules::default(),
                        },
                        trials: 1_000,
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
    points.extend(shared());
    points
}

/// Two models in one pool: the faster setting is the dearer one, so that both are on the frontier.
fn shared() -> [Point; 2] {
    [(300.0, 0), (1200.0, 1)].map(|(window, min)| {
        let metrics = metrics(1, 3, window, min);
        Point {
            choice: Choice {
                model: format!("{}+{}", MODELS[0].0, MODELS[1].0),
                variant: "fp8+nf4".into(),
                gpu: "L40S".into(),
                scaledown_window_s: window,
                min_containers: min,
                buffer_containers: None,
                max_containers: None,
                max_inputs: None,
                service_kind: Kind::Derived,
                rules: Rules::default(),
            },
            trials: 1_000,
            p95_over_limit: metrics.latency_s_p95.scaled(1.0 / 30.0),
            metrics,
            on_model_frontier: true,
        }
    })
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
        latency_s_p95: Some(about(20.0 * ratio, 3.0)),
        indistinguishable: Vec::new(),
        simulated_together: false,
        cost_usd_sections: Vec::new(),
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
    let by_pooled_p95 = by_worst_ratio.clone();
    Frontier { by_mean_latency: by_worst_ratio.clone(), by_worst_ratio, uniform, by_pooled_p95 }
}
