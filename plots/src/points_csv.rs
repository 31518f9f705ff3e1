//! Every simulated point of the grid as a table: `frontier.csv`.

use fleetfront_planner::{Study, StudyName, schedule_words};
use fleetfront_scenario::Rules;
use fleetfront_scenario::rules::BatchedFile;

use crate::PlotError;
use crate::csv_name::csv_name;
use crate::format::kind_word;
use crate::metric_columns::{headings, numbers};
use crate::sources::basis_cells;

/// The header, in the order of the cells.
fn header() -> Vec<String> {
    let choice = [
        "model",
        "variant",
        "gpu",
        "scaledown_window_s",
        "min_containers",
        "buffer_containers",
        "max_containers",
        "max_inputs",
        "trials",
    ];
    let choice = choice.map(str::to_owned);
    let rest = [
        "containers_peak",
        "requests_per_day",
        "service_kind",
        "on_model_frontier",
        "gpu_fallback",
        "max_batch_size",
        "batch_wait_ms",
        "batch_item_share",
        "snapshot",
        "schedule",
        "kind",
        "source",
    ];
    let rest = rest.map(str::to_owned);
    choice.into_iter().chain(headings()).chain(rest).collect()
}

/// The table, one line a point; infinite values are `inf`.
///
/// # Errors
/// [`PlotError::Table`] when a line cannot be written.
pub(crate) fn points_csv(study: &Study) -> Result<Vec<u8>, PlotError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header())?;
    let name = StudyName::of(study);
    for point in &study.points {
        let choice = &point.choice;
        let mut cells = vec![
            csv_name(&choice.model),
            csv_name(&choice.variant),
            csv_name(&choice.gpu),
            choice.scaledown_window_s.to_string(),
            choice.min_containers.to_string(),
        ];
        let tried = [choice.buffer_containers, choice.max_containers, choice.max_inputs];
        cells.extend(tried.map(|count| count.map_or_else(String::new, |count| count.to_string())));
        cells.push(point.trials.to_string());
        cells.extend(numbers(&point.metrics, point.p95_over_limit).map(|number| number.to_string()));
        cells.push(point.metrics.containers_peak.to_string());
        cells.push(point.metrics.requests_per_day.to_string());
        cells.push(kind_word(choice.service_kind).to_owned());
        cells.push(point.on_model_frontier.to_string());
        cells.extend(rules(&choice.rules));
        cells.extend(basis_cells(&StudyName { trials: point.trials, ..name.clone() }.basis()));
        writer.write_record(cells)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

/// The rules that the grid tries; nothing where one is off.
fn rules(rules: &Rules) -> [String; 6] {
    let batched = rules.batched.as_ref();
    let of = |read: fn(&BatchedFile) -> String| batched.map(read).unwrap_or_default();
    [
        rules.gpu_fallback.as_ref().map(|names| names.join(" ")).unwrap_or_default(),
        of(|batched| batched.max_batch_size.to_string()),
        of(|batched| batched.wait_ms.to_string()),
        of(|batched| batched.item_share.to_string()),
        rules.snapshot.map(|restores| restores.to_string()).unwrap_or_default(),
        rules.schedule.as_deref().map(schedule_words).unwrap_or_default(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    #[test]
    fn every_point_is_a_line_under_the_same_header() {
        let mut study = fixture::study();
        study.points[0].choice.rules.gpu_fallback = Some(vec!["H100".into(), "B200".into()]);
        study.points[0].choice.rules.snapshot = Some(true);
        let table = points_csv(&study).expect("writable");
        let mut reader = csv::Reader::from_reader(table.as_slice());
        let head = reader.headers().expect("a header").clone();
        let column = |name: &str| head.iter().position(|one| one == name).expect(name);
        let lines: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().expect("lines of equal length");
        assert_eq!(lines.len(), study.points.len());
        assert_eq!((&lines[0][column("gpu_fallback")], &lines[0][column("snapshot")]), ("H100 B200", "true"));
        assert_eq!((&lines[1][column("gpu_fallback")], &lines[1][column("schedule")]), ("", ""));
        for (line, point) in lines.iter().zip(&study.points) {
            assert_eq!(&line[column("model")], point.choice.model);
            let p99: f64 = line[column("latency_s_p99")].parse().expect("a number, `inf` too");
            assert!(p99.total_cmp(&point.metrics.latency_s_p99.value).is_eq(), "{p99}");
            let low: f64 = line[column("p95_over_limit_low")].parse().expect("a number");
            assert!(low.total_cmp(&point.p95_over_limit.low).is_eq(), "{low}");
            assert_eq!(&line[column("on_model_frontier")], point.on_model_frontier.to_string());
        }
    }
}
