//! Every part of every allocation's bill as a table: `spending.csv`.

use fleetfront_planner::{Based, Basis, Study};
use fleetfront_sim::State;

use crate::PlotError;

const HEADER: [&str; 9] = ["allocation", "pool", "gpu", "model", "hour", "state", "usd_month", "kind", "source"];

/// The table, one line a part that is not zero; the lines of an allocation add up to its month's cost. `model` is empty
/// for what the bill adds by rounding containers up.
///
/// # Errors
/// [`PlotError::Table`] when a line cannot be written.
pub(crate) fn spending_csv(study: &Study) -> Result<Vec<u8>, PlotError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    let Basis { kind, source } = &study.basis();
    for allocation in &study.allocations {
        for line in allocation.results.iter().flat_map(|results| &results.spending.lines) {
            let (model, hour) = (line.model.as_deref().unwrap_or_default(), line.hour.to_string());
            for state in State::ALL.into_iter().filter(|state| line.states.get(*state) > 0.0) {
                let usd = line.states.get(state).to_string();
                let line = [&allocation.name, &line.pool, &line.gpu, model, &hour, state.name(), &usd, kind, source];
                writer.write_record(line)?;
            }
        }
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn the_lines_of_an_allocation_add_up_to_its_cost() {
        let study = fixture::study();
        let table = spending_csv(&study).expect("writable");
        let mut reader = csv::Reader::from_reader(table.as_slice());
        let lines: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("lines of equal length");
        for allocation in &study.allocations {
            let own = lines.iter().filter(|line| line[0] == *allocation.name);
            let sum: f64 = own.map(|line| line[6].parse::<f64>().expect("dollars")).sum();
            let cost = allocation.results.as_ref().map_or(0.0, |results| results.spending.total_usd_month);
            assert!((sum - cost).abs() <= 1e-9 * cost, "{sum}, {cost}");
        }
    }

    #[test]
    fn what_is_rounded_up_has_no_model() {
        let mut study = fixture::study();
        let results = study.allocations[0].results.as_mut().expect("the baseline runs");
        results.spending.lines[0].model = None;
        let table = String::from_utf8(spending_csv(&study).expect("writable")).expect("text");
        assert!(table.lines().any(|line| line.starts_with("current,flux-schnell-pool,L40S,,0,busy,")), "{table}");
    }
}
