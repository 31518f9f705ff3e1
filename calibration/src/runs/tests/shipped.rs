//! The measurements of the default scenario as runs.

use super::*;
use crate::benchmarks::Benchmarks;
use crate::boots::Boots;
use crate::pooling::{Pooling, TAU_FLOOR};
use crate::runs::CellName;

fn benchmarks() -> Benchmarks {
    Benchmarks::read("benchmarks.csv", include_str!("../../../../data/image-studio/benchmarks.csv")).expect("valid")
}

/// `grep -c ',warm,'` of the lines of kind measured or published, and of all.
#[test]
fn warm_times_that_were_measured_become_runs() {
    let text = include_str!("../../../../data/image-studio/benchmarks.csv");
    let warm = |kinds: &[&str]| {
        let lines = text.lines().filter(|line| !line.starts_with('#') && line.contains(",warm,"));
        lines.filter(|line| kinds.iter().any(|kind| line.contains(&format!(",{kind},")))).count()
    };
    let runs = benchmarks().runs(false);
    assert_eq!(runs.rows.len(), warm(&["measured", "published"]));
    assert_eq!(benchmarks().runs(true).rows.len(), warm(&["measured", "published", "derived", "assumed"]));
    let field: Vec<(f64, bool)> = runs
        .rows
        .iter()
        .filter(|run| run.cell.model == "flux-dev" && run.cell.gpu == "L40S")
        .filter_map(|run| Some((run.typical_s()?, run.used)))
        .collect();
    assert_eq!(field, [(2.52, false), (29.65, false), (37.0, false)]);
}

#[test]
fn boots_that_were_measured_become_runs() {
    let boots =
        Boots::read("boots.csv", include_str!("../../../../data/image-studio/boots.csv")).expect("valid").runs();
    let measured: Vec<(&str, f64)> =
        boots.rows.iter().filter_map(|run| Some((run.cell.model.as_str(), run.typical_s()?))).collect();
    assert_eq!(
        measured,
        [("flux-schnell", 55.77), ("flux-schnell", 42.26), ("instantid", 15.87), ("wan2.1", 35.16), ("seedvr2", 133.3)]
    );
    assert!(boots.rows.iter().all(|run| run.phase == Phase::Boot && run.used));
}

/// What the default scenario measured can be pooled: one run of instantid is 8.9 s within what three of flux-schnell
/// spread, and wider than its time alone says.
#[test]
fn the_default_scenario_s_own_table_can_be_pooled() {
    let times = benchmarks().runs(false).cell_times(Phase::Warm).expect("no summaries");
    let pooling = Pooling::fit(&times, None, "L40S", [0.0, TAU_FLOOR]).expect("cells");
    let cell = CellName { model: "instantid".into(), variant: "fp16".into(), gpu: "L40S".into() };
    let found = pooling.cell(&cell).expect("measured").pooled;
    assert!((found.median_s() - 8.9).abs() < 1e-9 && found.n == 1, "{found:?}");
    let (low, high) = found.interval_s(0.95);
    assert!(low < 7.0 && high > 11.0, "{low} {high}");
}
