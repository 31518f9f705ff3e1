//! The study itself, for programs: `study.json`.

use fleetfront_planner::{Based, Study};

use crate::PlotError;
use crate::sources::with_basis;

/// The study as indented JSON with a newline at the end. JSON has no infinity: infinite numbers become `null` (and `-inf`,
/// or what is no number, a text); reading them gives the same study again.
///
/// # Errors
/// [`PlotError::Json`] when it cannot be written.
pub(crate) fn study_json(study: &Study) -> Result<Vec<u8>, PlotError> {
    let mut bytes = serde_json::to_vec_pretty(&with_basis(study, &study.basis()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;
    use fleetfront_planner::{CostByState, Estimate, FleetPoint, Metrics};

    /// Every estimate of a study, one after another.
    fn estimates(study: &mut Study) -> Vec<&mut Estimate> {
        let mut all: Vec<&mut Estimate> = Vec::new();
        for point in &mut study.points {
            all.push(&mut point.p95_over_limit);
            all.extend(of_metrics(&mut point.metrics));
        }
        for allocation in &mut study.allocations {
            all.extend(allocation.pools.iter_mut().filter_map(|pool| pool.metrics.as_mut()).flat_map(of_metrics));
            all.extend(allocation.criteria.iter_mut().map(|criterion| &mut criterion.value));
            if let Some(results) = &mut allocation.results {
                all.extend([&mut results.bill_usd_month, &mut results.worst_p95_over_limit]);
                all.extend(of_metrics(&mut results.fleet));
                all.extend(results.models.iter_mut().flat_map(|model| of_metrics(&mut model.metrics)));
            }
        }
        let frontier = &mut study.frontier;
        for fleets in [&mut frontier.by_worst_ratio, &mut frontier.by_mean_latency, &mut frontier.uniform] {
            all.extend(fleets.iter_mut().flat_map(of_fleet));
        }
        all.extend(study.naive.bridges.iter_mut().map(|bridge| &mut bridge.simulated_usd_month));
        let fresh = &mut study.recommendation.fresh_days;
        all.extend([&mut fresh.cost_usd_month, &mut fresh.latency_s_p95]);
        all
    }

    fn of_fleet(fleet: &mut FleetPoint) -> [&mut Estimate; 3] {
        [&mut fleet.cost_usd_month, &mut fleet.worst_p95_over_limit, &mut fleet.latency_s_mean]
    }

    fn of_metrics(of: &mut Metrics) -> [&mut Estimate; 17] {
        let CostByState { boot_usd, busy_usd, idle_usd, wasted_usd } = &mut of.cost_by_state;
        [
            &mut of.cost_usd_month,
            &mut of.cost_usd_per_request,
            boot_usd,
            busy_usd,
            idle_usd,
            wasted_usd,
            &mut of.wait_s_mean,
            &mut of.latency_s_mean,
            &mut of.latency_s_p50,
            &mut of.latency_s_p95,
            &mut of.latency_s_p99,
            &mut of.late_share,
            &mut of.success_rate,
            &mut of.cold_start_share,
            &mut of.utilisation,
            &mut of.containers_mean,
            &mut of.boots_per_day,
        ]
    }

    fn read(bytes: &[u8]) -> Study {
        serde_json::from_slice(bytes).expect("readable")
    }

    #[test]
    fn a_study_comes_back_as_it_was_infinite_or_not() {
        let mut study = fixture::study();
        assert!(study.points.iter().any(|point| point.metrics.latency_s_p99.value.is_infinite()));
        let bytes = study_json(&study).expect("writable");
        assert_eq!(bytes.last(), Some(&b'\n'));
        assert!(read(&bytes) == study);
        // Whatever an estimate may be, in every place where one stands.
        let ends = [f64::INFINITY, f64::NEG_INFINITY, 0.1, -0.0, 1e300];
        for (k, estimate) in estimates(&mut study).into_iter().enumerate() {
            let end = |by: usize| ends[(k / by) % ends.len()];
            *estimate = Estimate { value: end(1), low: end(5), high: end(25) };
        }
        study.naive.saving = f64::NEG_INFINITY;
        study.cells[0].service_cv = Some(f64::INFINITY);
        study.cells[1].service_cv = None;
        assert!(read(&study_json(&study).expect("writable")) == study);
    }

    #[test]
    fn what_is_no_number_is_none_when_it_comes_back() {
        let mut study = fixture::study();
        let none = Estimate { value: f64::NAN, low: f64::NAN, high: f64::INFINITY };
        for estimate in estimates(&mut study) {
            *estimate = none;
        }
        let bytes = study_json(&study).expect("writable");
        let mut back = read(&bytes);
        for Estimate { value, low, high } in estimates(&mut back) {
            assert!(value.is_nan() && low.is_nan() && *high == f64::INFINITY);
        }
        assert!(study_json(&back).expect("writable") == bytes);
    }

    #[test]
    fn infinite_becomes_null() {
        let bytes = study_json(&fixture::study()).expect("writable");
        let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        let lora = value["points"].as_array().expect("a list").iter().find(|p| p["choice"]["model"] == "lora");
        assert!(lora.expect("lora has points")["metrics"]["latency_s_p99"]["value"].is_null());
    }
}
