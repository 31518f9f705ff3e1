//! A made-up fallback study for tests: two models, four pairs, every payoff, and names that are awkward.

use fleetfront_calibration::Kind;
use fleetfront_planner::{
    Estimate, FailureLevel, FallbackAnswer, FallbackPlace, FallbackPoint, FallbackPolicy, FallbackStudy, Judgement,
    LevelSource, Payoff, PolicyResult, ScarcityLevel,
};

use crate::fixture::about;

/// The whole study.
pub(crate) fn study() -> FallbackStudy {
    let awkward = "instantid <face> & \"a name that is longer than its map is wide, by some letters\"";
    let pairs = [("flux-schnell", "T4"), ("flux-schnell", "L4"), ("flux-schnell", "A10"), (awkward, "A10")];
    FallbackStudy {
        version: "0.1.0".into(),
        inputs_sha256: "8d1f0e6a5b1c4e27b0b6a3d1c8c41f9a2f7e55c1d7cf7f3f0a1b2c3d4e5f6071".into(),
        scenario: "image-studio".into(),
        seed: 7,
        trials: 56,
        sections: 8,
        days_per_month: 30.0,
        headline: "Fallback pays for some <models>: now -12.0 % (-13.0 to -11.0).".into(),
        definition: "A policy pays where it is cheaper.".into(),
        notes: vec!["Assumed: all of it.".into()],
        pairs: pairs.into_iter().enumerate().map(|(place, (model, cheap))| answer(model, cheap, place)).collect(),
        left_out: vec!["flux-dev cannot run on T4: bf16 needs 33.9 GiB, has 14.74.".into()],
    }
}

fn answer(model: &str, cheap: &str, place: usize) -> FallbackAnswer {
    let failures = [(0.0022, LevelSource::Scenario), (0.01, LevelSource::Assumed), (0.3, LevelSource::Assumed)];
    let scarcities = [(0.0, LevelSource::Scenario), (0.1, LevelSource::Assumed)];
    let mut points = Vec::new();
    for (row, (share, scarce)) in scarcities.into_iter().enumerate() {
        for (column, (probability, fails)) in failures.into_iter().enumerate() {
            let scarcity = ScarcityLevel { share, mean_length_s: 36_000.0 * share, source: scarce };
            points.push(point(FailureLevel { probability, source: fails }, scarcity, place + row + column));
        }
    }
    FallbackAnswer {
        model: model.into(),
        cheap: on(cheap, 1.1, Kind::Derived),
        dear: on("L40S", 2.1, Kind::Measured),
        sentences: vec![format!("Fallback from {cheap} to L40S may pay for {model}."), "It is cheaper.".into()],
        dear_only: result(FallbackPolicy::DearOnly, 1.0, Payoff::NotCheaper),
        points,
    }
}

fn on(gpu: &str, usd: f64, kind: Kind) -> FallbackPlace {
    FallbackPlace {
        gpu: gpu.into(),
        variant: "fp16".into(),
        container_usd_per_hour: usd,
        service_s: about(10.0, 20.0),
        service_kind: kind,
        boot_s: 30.0,
    }
}

fn point(failure: FailureLevel, scarcity: ScarcityLevel, turn: usize) -> FallbackPoint {
    let payoffs = [Payoff::Pays, Payoff::Open, Payoff::CheaperOnly, Payoff::NotCheaper];
    let others = FallbackPolicy::all().into_iter().filter(|policy| *policy != FallbackPolicy::DearOnly);
    let results = others.enumerate().map(|(index, policy)| {
        let payoff = payoffs[(index + turn) % 4];
        let ratio = if payoff == Payoff::NotCheaper { 1.1 } else { 0.6 + 0.02 * index as f64 };
        result(policy, ratio, payoff)
    });
    let policies: Vec<PolicyResult> = results.collect();
    // Each in turn, so that every kind of cell is drawn.
    let best = policies[turn % policies.len()].policy;
    FallbackPoint { failure, scarcity, policies, best }
}

fn result(policy: FallbackPolicy, ratio: f64, payoff: Payoff) -> PolicyResult {
    let never = Estimate { value: f64::INFINITY, low: f64::INFINITY, high: f64::INFINITY };
    let fails = payoff == Payoff::CheaperOnly;
    PolicyResult {
        policy,
        cost_usd_month: about(200.0 * ratio, 3.0),
        cost_ratio: about(ratio, 1.0),
        cost_p_adjusted: 0.001,
        latency_s_mean: about(20.0, 2.0),
        latency_s_p95: if fails { never } else { about(60.0, 4.0) },
        latency_p95_ratio: if fails { never } else { about(1.1, 4.0) },
        latency_p95_ratio_judged: if fails { never } else { about(1.1, 20.0) },
        success_rate: about(0.95, 0.1),
        fell_back_share: policy.falls_back().then(|| about(0.02, 10.0)),
        dear_time_share: about(0.3, 2.0),
        latency: Some(if fails { Judgement::Fail } else { Judgement::Pass }),
        success: Some(Judgement::Pass),
        payoff,
    }
}
