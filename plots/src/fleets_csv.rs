//! Every fleet of the three frontiers as a table: `fleets.csv`.

use fleetfront_planner::{Based, Estimate, Study};

use crate::PlotError;
use crate::csv_name::csv_name;
use crate::sources::basis_cells;

const HEADER: [&str; 19] = [
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
    "latency_s_p95",
    "latency_s_p95_low",
    "latency_s_p95_high",
    "place",
    "indistinguishable",
    "simulated_together",
    "kind",
    "source",
];

/// The table, one line a fleet: first the frontier of cost against the worst ratio of p95 to limit (`worst_ratio`), then
/// those against the request-weighted mean latency (`mean_latency`) and the 95th percentile of all requests together
/// (`pooled_p95`), each cheapest first. `pools` says what the fleet is, `place` where it stands on its frontier, from 0,
/// and `indistinguishable` the places of the neighbours that luck does not let tell from it.
///
/// # Errors
/// [`PlotError::Table`] when a line cannot be written.
pub(crate) fn fleets_csv(study: &Study) -> Result<Vec<u8>, PlotError> {
    let (frontier, basis) = (&study.frontier, study.basis());
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    let all = [
        ("worst_ratio", &frontier.by_worst_ratio),
        ("mean_latency", &frontier.by_mean_latency),
        ("pooled_p95", &frontier.by_pooled_p95),
    ];
    let lines = all.iter().flat_map(|(name, fleets)| fleets.iter().enumerate().map(move |fleet| (name, fleet)));
    for (name, (place, fleet)) in lines {
        let mut cells = vec![(*name).to_owned()];
        for Estimate { value, low, high } in [fleet.cost_usd_month, fleet.worst_p95_over_limit, fleet.latency_s_mean] {
            cells.extend([value, low, high].map(|number| number.to_string()));
        }
        cells.push(csv_name(&fleet.label));
        let p95 = fleet.latency_s_p95.map(|p95| [p95.value, p95.low, p95.high].map(|number| number.to_string()));
        cells.extend(p95.unwrap_or_default());
        let alike: Vec<String> = fleet.indistinguishable.iter().map(usize::to_string).collect();
        cells.extend([place.to_string(), alike.join(" "), fleet.simulated_together.to_string()]);
        cells.extend(basis_cells(&basis));
        writer.write_record(cells)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn every_fleet_of_the_frontiers_is_a_line_that_says_what_it_is() {
        let mut study = fixture::study();
        let frontier = &mut study.frontier;
        frontier.by_worst_ratio[0].label = "flux-dev bf16 on L40S, 300 s; lora nf4 on A10, 60 s".to_owned();
        frontier.by_worst_ratio[0].indistinguishable = vec![1, 2];
        frontier.by_pooled_p95.truncate(1);
        let table = fleets_csv(&study).expect("writable");
        let mut reader = csv::Reader::from_reader(table.as_slice());
        let lines: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("lines of equal length");
        assert_eq!(lines.len(), study.frontier.by_worst_ratio.len() + study.frontier.by_mean_latency.len() + 1);
        assert_eq!((&lines[0][14], &lines[0][15], &lines[1][14]), ("0", "1 2", "1"));
        let last = lines.last().expect("lines");
        assert_eq!((&last[0], &last[14]), ("pooled_p95", "0"));
        assert_eq!(last[11].parse().ok(), study.frontier.by_pooled_p95[0].latency_s_p95.map(|p95| p95.value));
        assert_eq!(&lines[0][0], "worst_ratio");
        assert_eq!(lines[0][1].parse(), Ok(study.frontier.by_worst_ratio[0].cost_usd_month.value));
        assert_eq!(&lines[0][10], study.frontier.by_worst_ratio[0].label);
    }
}
