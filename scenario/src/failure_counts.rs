//! Failures that were counted: how far the probability of a model may be off.

use fleetfront_calibration::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::document::join;
use crate::file::ModelFile;
use crate::findings::Findings;

/// Tries that were looked at, and those of them that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FailureCounts {
    /// Tries that failed
    pub failed: u32,
    /// All tries
    pub tries: u32,
}

/// What stands behind the failure probability of one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellFailures {
    /// How good the probability is.
    pub kind: Kind,
    /// Sources, in words, with dates.
    pub sources: Vec<String>,
    /// What its runs showed; `None` where the probability is stated and no run failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<SeenFailures>,
}

/// Runs of a cell, of which some failed and not all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenFailures {
    /// Runs that failed, for whatever cause.
    pub failed: u32,
    /// All that ended.
    pub runs: u32,
    /// How many of the failed ones ran out of memory, although others fitted.
    pub out_of_memory: u32,
}

impl SeenFailures {
    /// Failed runs and all.
    #[must_use]
    pub fn counts(self) -> FailureCounts {
        FailureCounts { failed: self.failed, tries: self.runs }
    }
}

/// The counts of a model, which its probability has to be that of.
pub(crate) fn counts(model: &ModelFile, path: &str, findings: &mut Findings<'_>) -> Option<FailureCounts> {
    let counts = model.failure_counts?;
    let FailureCounts { failed, tries } = counts;
    let path = join(path, "failure_counts");
    if failed > tries || tries == 0 {
        let message = format!("{failed} of {tries} tries cannot have failed");
        findings.refuse(&path, message, "give at least one try, and no more failed ones than tries");
    } else if (model.failure_probability * f64::from(tries) - f64::from(failed)).abs() > 0.5 {
        let share = f64::from(failed) / f64::from(tries);
        let message = format!(
            "{failed} of {tries} tries are {share:.4}, and failure_probability is {}",
            model.failure_probability
        );
        findings.refuse(&path, message, "give the counts that the probability was computed from, or leave them out");
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use crate::Scenario;
    use crate::testing::{check, edited};

    #[test]
    fn counts_are_those_of_the_probability() {
        let old = "failure_probability = 0.0022";
        let with = |counts: &str| format!("{old}\nfailure_counts = {counts}");
        let loaded = Scenario::load(&edited(old, &with("{ failed = 3, tries = 1400 }"))).expect("no problems");
        let counts = loaded.models[0].failure_counts.expect("they are there");
        assert_eq!((counts.failed, counts.tries, loaded.models[1].failure_counts), (3, 1400, None));
        let key = "models[0].failure_counts";
        let few = "{ failed = 3, tries = 44 }";
        check(
            old,
            &with(few),
            few,
            key,
            "3 of 44 tries are 0.0682, and failure_probability is 0.0022",
            "leave them out",
        );
        let wrong = "{ failed = 3, tries = 2 }";
        check(old, &with(wrong), wrong, key, "3 of 2 tries cannot have failed", "no more failed ones");
    }
}
