//! The measurements of the default scenario as runs.

use super::*;
use crate::benchmarks::Benchmarks;
use crate::boots::Boots;

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
