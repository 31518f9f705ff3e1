//! Tests of the data that ship with the default scenario: every cell has its laws, and they say what the sources say.

use approx::assert_relative_eq;

use crate::{Benchmarks, Boots, Factor, Kind, Memory, Prices, read_load_curve};

/// Every model with its deployed variant.
const DEPLOYED: [(&str, &str); 6] = [
    ("flux-schnell", "fp8"),
    ("flux-dev", "bf16"),
    ("instantid", "fp16"),
    ("lora", "bf16"),
    ("wan2.1", "fp16"),
    ("seedvr2", "bf16"),
];

const OTHER_VARIANTS: [(&str, &str); 8] = [
    ("flux-schnell", "nf4"),
    ("flux-schnell", "nf4-offload"),
    ("flux-dev", "fp8"),
    ("flux-dev", "nf4"),
    ("lora", "nf4"),
    ("lora", "nf4-offload"),
    ("wan2.1", "bf16"),
    ("seedvr2", "bf16-7b"),
];

const GPUS: [&str; 10] = ["T4", "L4", "A10", "L40S", "A100-40GB", "A100-80GB", "RTX-PRO-6000", "H100", "H200", "B200"];

fn benchmarks() -> Benchmarks {
    let text = include_str!("../../data/image-studio/benchmarks.csv");
    Benchmarks::read("benchmarks.csv", text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

fn boots() -> Boots {
    let text = include_str!("../../data/image-studio/boots.csv");
    Boots::read("boots.csv", text).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

#[test]
fn every_variant_has_a_service_and_a_boot_law_on_every_gpu() {
    let (benchmarks, boots) = (benchmarks(), boots());
    for (model, variant) in DEPLOYED.into_iter().chain(OTHER_VARIANTS) {
        let base = benchmarks.service(model, variant, "L40S").expect("a law on the base GPU").law.mean_s();
        for gpu in GPUS {
            let service = benchmarks.service(model, variant, gpu).unwrap_or_else(|| panic!("{model} {variant} {gpu}"));
            let boot = boots.boot(model, variant, gpu).unwrap_or_else(|| panic!("boot of {model} {variant} {gpu}"));
            for fit in [&service, &boot] {
                assert!(fit.law.mean_s() > 0.0 && fit.law.cv() > 0.0 && fit.law.cv() < 1.0, "{model} {gpu}: {fit:?}");
                assert!(fit.factor.low <= 1.0 && fit.factor.high >= 1.0 && fit.factor.low > 0.0, "{model} {gpu}");
                assert!(!fit.sources.is_empty(), "{model} {gpu}");
            }
            let slower = ["T4", "L4", "A10"].contains(&gpu);
            assert_eq!(slower, service.law.mean_s() > base * 1.01, "{model} {variant} {gpu}");
        }
    }
}

#[test]
fn measured_cells_say_what_was_measured() {
    let benchmarks = benchmarks();
    for (model, variant, mean_s, cv, n) in [
        ("flux-schnell", "fp8", 2.5143, 0.152_53, 3),
        ("instantid", "fp16", 8.9, 0.042, 1),
        ("wan2.1", "fp16", 7.3, 0.04, 1),
        ("seedvr2", "bf16", 38.1, 0.04, 1),
    ] {
        let fit = benchmarks.service(model, variant, "L40S").expect("a law");
        assert_relative_eq!(fit.law.mean_s(), mean_s, max_relative = 1e-4);
        assert_relative_eq!(fit.law.cv(), cv, max_relative = 1e-3);
        assert_eq!((fit.kind, fit.n, fit.factor), (Kind::Measured, n, Factor::EXACT), "{model}");
    }
    let dev = benchmarks.service("flux-dev", "bf16", "L40S").expect("a law");
    assert_relative_eq!(dev.law.mean_s(), 11.32, max_relative = 1e-9);
    assert_eq!((dev.kind, dev.n), (Kind::Derived, 0));
}

#[test]
fn derived_cells_follow_their_ratio() {
    for (model, variant, gpu, mean_s, low, high) in [
        ("flux-schnell", "fp8", "T4", 2.5143 * 7.3, 6.0 / 7.3, 11.0 / 7.3),
        ("instantid", "fp16", "A10", 8.9 * 2.1, 2.0 / 2.1, 2.9 / 2.1),
        ("wan2.1", "fp16", "T4", 7.3 * 10.3, Factor::DERIVED.low, Factor::DERIVED.high),
    ] {
        let fit = benchmarks().service(model, variant, gpu).expect("a law");
        assert_relative_eq!(fit.law.mean_s(), mean_s, max_relative = 1e-4);
        assert_relative_eq!(fit.factor.low, low, max_relative = 1e-9);
        assert_relative_eq!(fit.factor.high, high, max_relative = 1e-9);
        assert_eq!(fit.kind, Kind::Derived, "{model} on {gpu}");
    }
}

#[test]
fn the_contradictory_field_values_are_named() {
    let found: Vec<String> = benchmarks().contradictions().iter().map(ToString::to_string).collect();
    for start in [
        "flux-schnell fp8, L40S (warm requests): 29 s",
        "flux-dev bf16, L40S (warm requests): 29.65 s",
        "flux-dev bf16, L40S (warm requests): 2.52 s",
        "flux-dev bf16, L40S (warm requests): 37 s",
        "lora bf16, L40S (warm requests): 60 s",
        "instantid fp16, L40S (warm requests): 6.6 s",
        "instantid fp16, L40S (warm requests): 29 s",
        "instantid fp16, A100-40GB (warm requests): 20.18 s",
        "wan2.1 fp16, L40S (warm requests): 29 s",
        "seedvr2 bf16, L40S (warm requests): 208 s",
        "seedvr2 bf16, L40S (warm requests): 3.9 s",
    ] {
        assert!(found.iter().any(|text| text.starts_with(start)), "{start}: {found:#?}");
    }
    assert_eq!(found.len(), 11, "{found:#?}");
}

#[test]
fn boots_are_the_cold_response_less_the_warm_one() {
    let boots = boots();
    let schnell = boots.boot("flux-schnell", "fp8", "L40S").expect("a law");
    assert_relative_eq!(schnell.law.mean_s(), f64::midpoint(55.77, 42.26), max_relative = 1e-9);
    assert_relative_eq!(schnell.law.cv(), 0.73, max_relative = 1e-9);
    assert_eq!((schnell.kind, schnell.n), (Kind::Measured, 2));
    let elsewhere = boots.boot("seedvr2", "bf16", "H100").expect("a law");
    assert_relative_eq!(elsewhere.law.mean_s(), 133.3, max_relative = 1e-9);
    assert_eq!(elsewhere.kind, Kind::Assumed);
}

#[test]
fn every_gpu_has_a_price_and_memory_and_every_variant_a_peak() {
    let prices = Prices::read("prices.csv", include_str!("../../data/image-studio/prices.csv")).expect("valid");
    let memory = Memory::read("memory.csv", include_str!("../../data/image-studio/memory.csv")).expect("valid");
    for gpu in GPUS {
        assert!(prices.price(gpu).is_some() && memory.gpu(gpu).is_some(), "{gpu}");
    }
    assert!(prices.price("cpu_core").is_some() && prices.price("memory_gib").is_some());
    for (model, variant) in DEPLOYED.into_iter().chain(OTHER_VARIANTS) {
        assert!(memory.variant(model, variant).is_some(), "{model} {variant}");
    }
    let t4 = memory.gpu("T4").expect("given").gib;
    assert!(memory.variant("flux-dev", "bf16").expect("given").gib > t4);
    assert!(memory.variant("lora", "nf4-offload").expect("given").gib < t4);
}

#[test]
fn the_load_curve_is_a_week_with_its_known_peak_and_quiet_weekend() {
    let (hours, provenance) =
        read_load_curve("load.csv", include_str!("../../data/image-studio/load.csv")).expect("valid");
    assert_eq!((hours.len(), provenance.kind), (168, Kind::Derived));
    let mean = hours.iter().sum::<f64>() / 168.0;
    let peak = hours.iter().copied().fold(0.0, f64::max);
    assert_relative_eq!(peak / mean, 2.3, max_relative = 0.01);
    let (weekdays, weekend) = hours.split_at(120);
    let ratio = (weekend.iter().sum::<f64>() / 48.0) / (weekdays.iter().sum::<f64>() / 120.0);
    assert_relative_eq!(ratio, 0.59, max_relative = 0.01);
}
