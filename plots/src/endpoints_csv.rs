//! An allocation as a table: a line an endpoint, with its settings and what came out. `endpoints.csv`.

use fleetfront_planner::{AllocationResult, Based, ModelResult, PoolResult, Study};

use crate::PlotError;
use crate::csv_name::csv_name;
use crate::format::kind_word;
use crate::metric_columns::{headings, numbers};
use crate::sources::{BASIS, basis_cells};

const SETTINGS: [&str; 20] = [
    "allocation",
    "model",
    "variant",
    "pool",
    "gpu",
    "gpu_fallback",
    "gpus_per_container",
    "min_containers",
    "max_containers",
    "buffer_containers",
    "scaledown_window_s",
    "max_inputs",
    "target_inputs",
    "max_batch_size",
    "wait_ms",
    "timeout_s",
    "startup_timeout_s",
    "retries",
    "latency_limit_s",
    "service_kind",
];
const REST: [&str; 4] = ["containers_peak", "requests_per_day", BASIS[0], BASIS[1]];

/// The table, a line an endpoint in the order of the pools; cells are empty where nothing is set or known, and infinite
/// values are `inf`.
///
/// # Errors
/// [`PlotError::Table`] when a line cannot be written.
pub(crate) fn endpoints_csv(study: &Study, allocation: &AllocationResult) -> Result<Vec<u8>, PlotError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header = SETTINGS.map(str::to_owned).into_iter().chain(headings()).chain(REST.map(str::to_owned));
    writer.write_record(header)?;
    let basis = basis_cells(&study.basis());
    for pool in &allocation.pools {
        for (model, variant) in &pool.models {
            let limit_s = limit_s(study, model);
            let result = result_of(allocation, model);
            let mut cells = settings(allocation, pool, (model, variant), limit_s, result);
            match result {
                Some(result) => {
                    let metrics = &result.metrics;
                    let ratio = metrics.latency_s_p95.scaled(1.0 / limit_s.unwrap_or(f64::NAN));
                    cells.extend(numbers(metrics, ratio).map(|number| number.to_string()));
                    cells.extend([metrics.containers_peak.to_string(), metrics.requests_per_day.to_string()]);
                }
                None => cells.resize(SETTINGS.len() + headings().count() + REST.len() - BASIS.len(), String::new()),
            }
            cells.extend(basis.clone());
            writer.write_record(cells)?;
        }
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

/// The latency limit of a model.
pub(crate) fn limit_s(study: &Study, model: &str) -> Option<f64> {
    study.models.iter().find(|summary| summary.name == model).map(|summary| summary.latency_limit_s)
}

fn result_of<'a>(allocation: &'a AllocationResult, model: &str) -> Option<&'a ModelResult> {
    allocation.results.as_ref()?.models.iter().find(|result| result.model == model)
}

fn settings(
    allocation: &AllocationResult,
    pool: &PoolResult,
    (model, variant): (&str, &str),
    limit_s: Option<f64>,
    result: Option<&ModelResult>,
) -> Vec<String> {
    let (settings, rules) = (&pool.settings, &pool.settings.rules);
    let batched = rules.batched.as_ref();
    let some = |number: Option<u32>| number.map_or_else(String::new, |number| number.to_string());
    let some_f = |number: Option<f64>| number.map_or_else(String::new, |number| number.to_string());
    vec![
        csv_name(&allocation.name),
        csv_name(model),
        csv_name(variant),
        csv_name(&pool.name),
        csv_name(&pool.gpu),
        csv_name(&rules.gpu_fallback.as_ref().map_or(String::new(), |others| others.join("; "))),
        rules.gpus_per_container.unwrap_or(1).to_string(),
        settings.min_containers.to_string(),
        some(settings.max_containers),
        settings.buffer_containers.to_string(),
        settings.scaledown_window.get().to_string(),
        settings.max_inputs.to_string(),
        some(rules.target_inputs),
        some(batched.map(|batched| batched.max_batch_size)),
        some_f(batched.map(|batched| batched.wait_ms)),
        settings.timeout.get().to_string(),
        some_f(rules.startup_timeout_s),
        rules.retry.as_ref().map_or(settings.retries, |retry| retry.max_retries).to_string(),
        some_f(limit_s),
        result.map_or_else(String::new, |result| kind_word(result.service_kind).to_owned()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn every_endpoint_is_a_line_whether_it_can_run_or_not() {
        let mut study = fixture::study();
        study.allocations[4].pools[0].models[0].1 = "=1+1".into();
        for (index, runs) in [(1, false), (4, true)] {
            let allocation = &study.allocations[index];
            let table = endpoints_csv(&study, allocation).expect("writable");
            let mut reader = csv::Reader::from_reader(table.as_slice());
            let head = reader.headers().expect("a header").clone();
            let column = |name: &str| head.iter().position(|one| one == name).expect(name);
            let lines: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("equal lengths");
            assert_eq!(lines.len(), 6);
            for (line, pool) in lines.iter().zip(&allocation.pools) {
                assert_eq!((&line[column("model")], &line[column("gpu")]), (&*pool.models[0].0, &*pool.gpu));
                let cost: Option<f64> = line[column("cost_usd_month")].parse().ok();
                let wanted = result_of(allocation, &pool.models[0].0).map(|of| of.metrics.cost_usd_month.value);
                assert_eq!((cost, cost.is_some()), (wanted, runs));
            }
            assert_eq!(&lines[0][column("variant")], if runs { "'=1+1" } else { "fp8" });
        }
    }
}
