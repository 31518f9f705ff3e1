//! Every fleet of the two frontiers as a table: `fleets.csv`.

use fleetfront_planner::{Estimate, Frontier};

use crate::PlotError;
use crate::csv_name::csv_name;

const HEADER: [&str; 11] = [
    "frontier",
    "cost_usd_month",
    "cost_usd_month_low",
    "cost_usd_month_high",
    "worst_p95_over_limit",
    "worst_p95_over_limit_low",
    "worst_p95_over_limit_high",
    "latency_s_mean",
    "latency_s_mean_low",
    "latency_s_mean_high",
    "pools",
];

/// The table, one line a fleet: first the frontier of cost against the worst ratio of p95 to limit (`worst_ratio`), then
/// that against the request-weighted mean latency (`mean_latency`), each cheapest first. `pools` says what the fleet is.
///
/// # Errors
/// [`PlotError::Table`] when a line cannot be written.
pub(crate) fn fleets_csv(frontier: &Frontier) -> Result<Vec<u8>, PlotError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    let both = [("worst_ratio", &frontier.by_worst_ratio), ("mean_latency", &frontier.by_mean_latency)];
    for (name, fleet) in both.iter().flat_map(|(name, fleets)| fleets.iter().map(move |fleet| (name, fleet))) {
        let mut cells = vec![(*name).to_owned()];
        for Estimate { value, low, high } in [fleet.cost_usd_month, fleet.worst_p95_over_limit, fleet.latency_s_mean] {
            cells.extend([value, low, high].map(|number| number.to_string()));
        }
        cells.push(csv_name(&fleet.label));
        writer.write_record(cells)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn every_fleet_of_both_frontiers_is_a_line_that_says_what_it_is() {
        let mut frontier = fixture::study().frontier;
        frontier.by_worst_ratio[0].label = "flux-dev bf16 on L40S, 300 s; lora nf4 on A10, 60 s".to_owned();
        let table = fleets_csv(&frontier).expect("writable");
        let mut reader = csv::Reader::from_reader(table.as_slice());
        let lines: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("lines of equal length");
        assert_eq!(lines.len(), frontier.by_worst_ratio.len() + frontier.by_mean_latency.len());
        assert_eq!(&lines[0][0], "worst_ratio");
        assert_eq!(lines[0][1].parse(), Ok(frontier.by_worst_ratio[0].cost_usd_month.value));
        assert_eq!(&lines[0][10], frontier.by_worst_ratio[0].label);
    }
}
