//! Every simulated point and allocation in columns, for data frames: `points.parquet`.
//!
//! A column a name, as in `frontier.csv`; before them `level` says what a row is: `point` (a setting of the grid),
//! `model` (an endpoint of an allocation) or `fleet` (an allocation as a whole). Cells that a level does not have are
//! null; infinite latencies are infinite.

use std::sync::Arc;

use fleetfront_planner::{AllocationResult, Based, Choice, Estimate, Metrics, PoolResult, Study};
use parquet::basic::{LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, Int64Type};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::{Type, TypePtr};

use crate::PlotError;
use crate::endpoints_csv::limit_s;
use crate::format::kind_word;
use crate::metric_columns::{headings, numbers};

/// A row before it is cut into columns.
#[derive(Debug, Clone)]
struct Row<'a> {
    level: &'static str,
    allocation: Option<&'a str>,
    pool: Option<&'a str>,
    choice: Option<Choice>,
    trials: u32,
    metrics: &'a Metrics,
    p95_over_limit: Estimate,
    on_model_frontier: Option<bool>,
}

/// The cells of a column, one a row.
#[derive(Debug, Clone, PartialEq)]
enum Cells {
    Text(Vec<Option<String>>),
    Number(Vec<Option<f64>>),
    Count(Vec<Option<i64>>),
    Flag(Vec<Option<bool>>),
}

/// The table as a Parquet file, with version, seed and digest of the inputs in its metadata.
///
/// # Errors
/// [`PlotError::Parquet`] when it cannot be written.
pub(crate) fn points_parquet(study: &Study) -> Result<Vec<u8>, PlotError> {
    let columns = columns(&rows(study));
    let mut bytes = Vec::new();
    let mut writer = SerializedFileWriter::new(&mut bytes, schema(&columns)?, Arc::new(properties(study)))?;
    let mut group = writer.next_row_group()?;
    for (_, cells) in &columns {
        let mut column = group.next_column()?.expect("as many columns as the schema has");
        write(&mut column, cells)?;
        column.close()?;
    }
    group.close()?;
    writer.close()?;
    Ok(bytes)
}

fn properties(study: &Study) -> WriterProperties {
    let pair = |key: &str, value: String| KeyValue::new(key.to_owned(), value);
    let about = vec![
        pair("fleetfront.version", study.version.clone()),
        pair("fleetfront.inputs_sha256", study.inputs_sha256.clone()),
        pair("fleetfront.seed", study.seed.to_string()),
        pair("fleetfront.trials", study.trials.to_string()),
        pair("fleetfront.scenario", study.scenario.clone()),
        pair("fleetfront.kind", study.basis().kind),
        pair("fleetfront.source", study.basis().source),
        pair("fleetfront.facts_as_of", study.deployment.facts_as_of.clone()),
    ];
    let by = format!("fleetfront version {}", study.version);
    WriterProperties::builder().set_created_by(by).set_key_value_metadata(Some(about)).build()
}

fn rows(study: &Study) -> Vec<Row<'_>> {
    let points = study.points.iter().map(|point| Row {
        level: "point",
        allocation: None,
        pool: None,
        choice: Some(point.choice.clone()),
        trials: point.trials,
        metrics: &point.metrics,
        p95_over_limit: point.p95_over_limit,
        on_model_frontier: Some(point.on_model_frontier),
    });
    points.chain(study.allocations.iter().flat_map(|allocation| of_allocation(study, allocation))).collect()
}

/// The fleet, then its endpoints; nothing of an allocation that cannot run.
fn of_allocation<'a>(study: &Study, allocation: &'a AllocationResult) -> Vec<Row<'a>> {
    let Some(results) = &allocation.results else { return Vec::new() };
    let fleet = Row {
        level: "fleet",
        allocation: Some(&allocation.name),
        pool: None,
        choice: None,
        trials: study.trials,
        metrics: &results.fleet,
        p95_over_limit: results.worst_p95_over_limit,
        on_model_frontier: None,
    };
    let models = results.models.iter().map(|result| {
        let pool = allocation.pools.iter().find(|pool| pool.models.iter().any(|(model, _)| *model == result.model));
        Row {
            level: "model",
            pool: pool.map(|pool| pool.name.as_str()),
            choice: pool.map(|pool| choice(pool, result)),
            metrics: &result.metrics,
            p95_over_limit: result
                .metrics
                .latency_s_p95
                .scaled(1.0 / limit_s(study, &result.model).unwrap_or(f64::NAN)),
            ..fleet.clone()
        }
    });
    std::iter::once(fleet.clone()).chain(models).collect()
}

fn choice(pool: &PoolResult, result: &fleetfront_planner::ModelResult) -> Choice {
    let settings = &pool.settings;
    Choice {
        model: result.model.clone(),
        variant: result.variant.clone(),
        gpu: result.gpu.clone(),
        scaledown_window_s: settings.scaledown_window.get(),
        min_containers: settings.min_containers,
        buffer_containers: Some(settings.buffer_containers),
        max_containers: settings.max_containers,
        max_inputs: Some(settings.max_inputs),
        rules: settings.rules.clone(),
        service_kind: result.service_kind,
    }
}

fn columns(rows: &[Row<'_>]) -> Vec<(String, Cells)> {
    type Of<'a, T> = &'a dyn Fn(&Row<'_>) -> Option<T>;
    let text = |of: Of<'_, String>| Cells::Text(rows.iter().map(of).collect());
    let count = |of: Of<'_, u32>| Cells::Count(rows.iter().map(|row| of(row).map(i64::from)).collect());
    let number = |of: Of<'_, f64>| Cells::Number(rows.iter().map(of).collect());
    let chosen = |of: fn(&Choice) -> &String| text(&move |row| row.choice.as_ref().map(|choice| of(choice).clone()));
    let set = |of: fn(&Choice) -> Option<u32>| count(&move |row| row.choice.as_ref().and_then(of));
    let mut all: Vec<(String, Cells)> = [
        ("level", text(&|row| Some(row.level.to_owned()))),
        ("allocation", text(&|row| row.allocation.map(str::to_owned))),
        ("pool", text(&|row| row.pool.map(str::to_owned))),
        ("model", chosen(|choice| &choice.model)),
        ("variant", chosen(|choice| &choice.variant)),
        ("gpu", chosen(|choice| &choice.gpu)),
        ("scaledown_window_s", number(&|row| row.choice.as_ref().map(|choice| choice.scaledown_window_s))),
        ("min_containers", set(|choice| Some(choice.min_containers))),
        ("buffer_containers", set(|choice| choice.buffer_containers)),
        ("max_containers", set(|choice| choice.max_containers)),
        ("max_inputs", set(|choice| choice.max_inputs)),
        ("trials", count(&|row| Some(row.trials))),
    ]
    .map(|(name, cells)| (name.to_owned(), cells))
    .into();
    let values: Vec<Vec<f64>> = rows.iter().map(|row| numbers(row.metrics, row.p95_over_limit).collect()).collect();
    for (index, name) in headings().enumerate() {
        let known = |row: &Vec<f64>| Some(row[index]).filter(|value| !value.is_nan());
        all.push((name, Cells::Number(values.iter().map(known).collect())));
    }
    let kind = |row: &Row<'_>| row.choice.as_ref().map(|choice| kind_word(choice.service_kind).to_owned());
    all.push(("containers_peak".to_owned(), count(&|row| Some(row.metrics.containers_peak))));
    all.push(("requests_per_day".to_owned(), number(&|row| Some(row.metrics.requests_per_day))));
    all.push(("service_kind".to_owned(), text(&kind)));
    let flags = rows.iter().map(|row| row.on_model_frontier).collect();
    all.push(("on_model_frontier".to_owned(), Cells::Flag(flags)));
    all
}

fn schema(columns: &[(String, Cells)]) -> Result<TypePtr, PlotError> {
    let field = |(name, cells): &(String, Cells)| {
        let (physical, logical) = match cells {
            Cells::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Cells::Number(_) => (Physical::DOUBLE, None),
            Cells::Count(_) => (Physical::INT64, None),
            Cells::Flag(_) => (Physical::BOOLEAN, None),
        };
        let of = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL);
        of.with_logical_type(logical).build().map(Arc::new)
    };
    let fields = columns.iter().map(field).collect::<Result<Vec<TypePtr>, _>>()?;
    Ok(Arc::new(Type::group_type_builder("points").with_fields(fields).build()?))
}

fn write(column: &mut SerializedColumnWriter<'_>, cells: &Cells) -> Result<(), PlotError> {
    /// The cells that are there, and which are.
    fn parts<T: Clone>(cells: &[Option<T>]) -> (Vec<T>, Vec<i16>) {
        (cells.iter().flatten().cloned().collect(), cells.iter().map(|cell| i16::from(cell.is_some())).collect())
    }
    match cells {
        Cells::Text(cells) => {
            let (values, there) = parts(cells);
            let values: Vec<ByteArray> = values.iter().map(|text| ByteArray::from(text.as_str())).collect();
            column.typed::<ByteArrayType>().write_batch(&values, Some(&there), None)?;
        }
        Cells::Number(cells) => {
            let (values, there) = parts(cells);
            column.typed::<DoubleType>().write_batch(&values, Some(&there), None)?;
        }
        Cells::Count(cells) => {
            let (values, there) = parts(cells);
            column.typed::<Int64Type>().write_batch(&values, Some(&there), None)?;
        }
        Cells::Flag(cells) => {
            let (values, there) = parts(cells);
            column.typed::<BoolType>().write_batch(&values, Some(&there), None)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use parquet::file::reader::{FileReader, SerializedFileReader};
    use parquet::record::{Field, Row as Record};

    use super::*;
    use crate::fixture;

    fn read(study: &Study) -> SerializedFileReader<File> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(&points_parquet(study).expect("writable")).expect("written");
        SerializedFileReader::new(file).expect("readable")
    }

    fn get<'a>(row: &'a Record, name: &str) -> &'a Field {
        row.get_column_iter().find(|(column, _)| *column == name).map(|(_, field)| field).expect(name)
    }

    #[test]
    fn every_row_comes_back_with_its_numbers() {
        let study = fixture::study();
        let file = read(&study);
        let rows: Vec<Record> =
            file.get_row_iter(None).expect("rows").collect::<Result<_, _>>().expect("rows that can be read");
        let text = |text: &str| Field::Str(text.to_owned());
        let of_level = |level: &str| rows.iter().filter(|row| *get(row, "level") == text(level)).collect::<Vec<_>>();
        let (points, models, fleets) = (of_level("point"), of_level("model"), of_level("fleet"));
        // Four of the five allocations can run.
        assert_eq!((points.len(), models.len(), fleets.len()), (study.points.len(), 24, 4));
        assert_eq!(rows.len(), study.points.len() + 28);
        for (row, point) in points.iter().zip(&study.points) {
            assert_eq!(*get(row, "model"), text(&point.choice.model));
            assert_eq!(*get(row, "scaledown_window_s"), Field::Double(point.choice.scaledown_window_s));
            assert_eq!(*get(row, "cost_usd_month_low"), Field::Double(point.metrics.cost_usd_month.low));
            assert_eq!(*get(row, "latency_s_p99"), Field::Double(point.metrics.latency_s_p99.value), "infinite too");
            assert_eq!(*get(row, "on_model_frontier"), Field::Bool(point.on_model_frontier));
            assert_eq!((get(row, "allocation"), get(row, "max_containers")), (&Field::Null, &Field::Null));
        }
        let results = study.allocations[0].results.as_ref().expect("the baseline runs");
        assert_eq!(*get(fleets[0], "allocation"), text("current"));
        assert_eq!(*get(fleets[0], "cost_usd_month"), Field::Double(results.fleet.cost_usd_month.value));
        assert_eq!(*get(models[0], "pool"), text("flux-schnell-pool"));
        assert_eq!(*get(models[0], "max_inputs"), Field::Long(5));
    }

    #[test]
    fn the_file_says_where_it_comes_from() {
        let file = read(&fixture::study());
        let about = file.metadata().file_metadata();
        assert_eq!(about.created_by(), Some("fleetfront version 0.1.0"));
        let pairs = about.key_value_metadata().expect("pairs");
        let get = |key: &str| pairs.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.as_deref());
        assert_eq!((get("fleetfront.seed"), get("fleetfront.version")), (Some("7"), Some("0.1.0")));
        assert!(get("fleetfront.inputs_sha256").is_some_and(|hash| hash.starts_with("8d1f")));
    }

    #[test]
    fn the_same_study_is_the_same_file_and_an_empty_one_is_a_file_too() {
        let mut study = fixture::study();
        assert!(points_parquet(&study).expect("writable") == points_parquet(&study).expect("writable"));
        study.points.clear();
        study.allocations.clear();
        assert_eq!(read(&study).metadata().file_metadata().num_rows(), 0);
    }
}
