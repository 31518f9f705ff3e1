//! One allocation of a study as a file to act on.

use fleetfront_planner::{AllocationResult, Based, Study};
use serde::Serialize;

use crate::config_py::config_py;
use crate::endpoints_csv::endpoints_csv;
use crate::pull_request::pull_request;
use crate::schedule_py::schedule_py;
use crate::sources::with_basis;
use crate::{PlotError, RenderConfig};

/// What a file says, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// Python: arguments of Modal's decorators, by pool and endpoint.
    ConfigPy,
    /// Python: a Modal app that moves bounds at times of the day.
    SchedulePy,
    /// Markdown for a pull request.
    PullRequest,
    /// The allocation with its settings and results as JSON.
    Json,
    /// A line an endpoint, with settings and results.
    Csv,
    /// Points and allocations in columns, for data frames. Needs the feature `parquet`.
    Parquet,
}

impl ExportFormat {
    /// The name that the file has by itself.
    #[must_use]
    pub fn file_name(self) -> &'static str {
        match self {
            Self::ConfigPy => "config.py",
            Self::SchedulePy => "schedule.py",
            Self::PullRequest => "pull_request.md",
            Self::Json => "allocation.json",
            Self::Csv => "endpoints.csv",
            Self::Parquet => "points.parquet",
        }
    }

    /// Whether the file is text that a terminal can show.
    #[must_use]
    pub fn is_text(self) -> bool {
        self != Self::Parquet
    }
}

/// An allocation of a study as a file: the same bytes for the same study.
///
/// - `allocation`: its name.
///
/// # Errors
/// [`PlotError::UnknownAllocation`] when the study has none of that name; [`PlotError::CannotRun`] when it cannot be
/// deployed as it is; [`PlotError::NoSchedule`]; [`PlotError::NoParquet`] in a build without it.
pub fn export(
    study: &Study,
    allocation: &str,
    format: ExportFormat,
    config: &RenderConfig,
) -> Result<Vec<u8>, PlotError> {
    let found = named(study, allocation)?;
    match format {
        ExportFormat::ConfigPy => config_py(study, found).map(String::into_bytes),
        ExportFormat::SchedulePy => schedule_py(study, found).map(String::into_bytes),
        ExportFormat::PullRequest => pull_request(study, found, config).map(String::into_bytes),
        ExportFormat::Json => allocation_json(study, found, config),
        ExportFormat::Csv => endpoints_csv(study, found),
        #[cfg(feature = "parquet")]
        ExportFormat::Parquet => crate::points_parquet::points_parquet(study),
        #[cfg(not(feature = "parquet"))]
        ExportFormat::Parquet => Err(PlotError::NoParquet),
    }
}

/// An allocation by its name.
pub(crate) fn named<'a>(study: &'a Study, name: &str) -> Result<&'a AllocationResult, PlotError> {
    let found = study.allocations.iter().find(|allocation| allocation.name == name);
    found.ok_or_else(|| PlotError::UnknownAllocation { name: name.to_owned() })
}

/// An allocation and where it comes from. Infinite numbers are `null`, as in `study.json`.
#[derive(Debug, Serialize)]
struct Exported<'a> {
    version: &'a str,
    inputs_sha256: &'a str,
    seed: u64,
    trials: u32,
    scenario: &'a str,
    facts_as_of: &'a str,
    time_zone: &'a str,
    command: &'a str,
    allocation: &'a AllocationResult,
}

fn allocation_json(study: &Study, allocation: &AllocationResult, config: &RenderConfig) -> Result<Vec<u8>, PlotError> {
    let exported = Exported {
        version: &study.version,
        inputs_sha256: &study.inputs_sha256,
        seed: study.seed,
        trials: study.trials,
        scenario: &study.scenario,
        facts_as_of: &study.deployment.facts_as_of,
        time_zone: &study.deployment.clock.reporting_time_zone,
        command: &config.command,
        allocation,
    };
    let mut bytes = serde_json::to_vec_pretty(&with_basis(&exported, &study.basis()))?;
    bytes.push(b'\n');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn exported(name: &str, format: ExportFormat) -> Result<Vec<u8>, PlotError> {
        export(&fixture::study(), name, format, &RenderConfig { command: "fleetfront run".into() })
    }

    #[test]
    fn any_allocation_can_be_read_and_only_what_runs_can_be_deployed() {
        for format in [ExportFormat::Json, ExportFormat::Csv] {
            for name in ["current", "proposed", "recommended"] {
                let bytes = exported(name, format).expect("readable");
                assert!(String::from_utf8(bytes).expect("text").contains(name));
            }
        }
        for format in [ExportFormat::ConfigPy, ExportFormat::SchedulePy, ExportFormat::PullRequest] {
            let error = exported("proposed", format).expect_err("it cannot run");
            assert!(matches!(error, PlotError::CannotRun { .. }), "{error}");
        }
        assert!(matches!(exported("nobody", ExportFormat::Json), Err(PlotError::UnknownAllocation { .. })));
        assert!(matches!(exported("current", ExportFormat::SchedulePy), Err(PlotError::NoSchedule { .. })));
    }

    #[test]
    fn json_says_where_it_comes_from() {
        let bytes = exported("current", ExportFormat::Json).expect("readable");
        let value: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!((&value["seed"], &value["facts_as_of"]), (&7.into(), &"2026-11-23".into()));
        assert_eq!(value["allocation"]["pools"].as_array().map(Vec::len), Some(6));
    }

    #[cfg(not(feature = "parquet"))]
    #[test]
    fn a_build_without_parquet_says_so() {
        let error = exported("current", ExportFormat::Parquet).expect_err("not built");
        assert!(error.to_string().contains("--features parquet"), "{error}");
    }
}
