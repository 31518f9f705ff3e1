//! The study itself, for programs: `study.json`.

use fleetfront_planner::Study;

use crate::PlotError;

/// The study as indented JSON with a newline at the end. JSON has no infinity: infinite numbers become `null`.
///
/// # Errors
/// [`PlotError::Json`] when it cannot be written.
pub(crate) fn study_json(study: &Study) -> Result<Vec<u8>, PlotError> {
    let mut bytes = serde_json::to_vec_pretty(study)?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use fleetfront_planner::{Estimate, Metrics};

    fn make_finite(metrics: &mut Metrics) {
        if metrics.latency_s_p99.value.is_infinite() {
            metrics.latency_s_p99 = Estimate::exact(99.0);
        }
    }

    #[test]
    fn a_finite_study_comes_back_as_it_was() {
        let mut study = fixture::study();
        study.points.iter_mut().for_each(|point| make_finite(&mut point.metrics));
        for allocation in &mut study.allocations {
            allocation.pools.iter_mut().filter_map(|pool| pool.metrics.as_mut()).for_each(make_finite);
            if let Some(results) = &mut allocation.results {
                make_finite(&mut results.fleet);
                results.models.iter_mut().for_each(|model| make_finite(&mut model.metrics));
            }
        }
        let bytes = study_json(&study).expect("writable");
        assert_eq!(bytes.last(), Some(&b'\n'));
        let back: Study = serde_json::from_slice(&bytes).expect("readable");
        assert!(back == study);
    }

    #[test]
    fn infinite_becomes_null() {
        let bytes = study_json(&fixture::study()).expect("writable");
        let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let lora = value["points"].as_array().expect("a list").iter().find(|p| p["choice"]["model"] == "lora");
        assert!(lora.expect("lora has points")["metrics"]["latency_s_p99"]["value"].is_null());
    }
}
