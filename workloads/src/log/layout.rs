//! How a log is laid out, and how that is told from its beginning.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::columns::{COUNT_NAMES, COUNTS_TIME_NAMES, Columns, DURATION_NAMES, STATUS_NAMES, position};

/// How a log is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Layout {
    /// A table with a header and a request a line; separated by commas, semicolons or tabs.
    RequestsCsv,
    /// A JSON object a line, or one JSON array of objects; a request each.
    RequestsJsonLines,
    /// What `modal function calls APP/FN --json` prints: an array (or lines) of objects, a call each. The stamp is
    /// `enqueued_at`.
    ModalCalls,
    /// The Azure Functions trace: one day of requests a minute and function, as a table `func,minute,count` (minutes 0 to
    /// 1439) or with a column for each minute (`HashOwner,HashApp,HashFunction,Trigger,1,...,1440`).
    AzureFunctions,
    /// The Azure LLM inference traces: a table `TIMESTAMP,ContextTokens,GeneratedTokens`, a request a line.
    AzureLlm,
    /// A table of stamps and numbers of requests, in bins of equal width.
    Counts,
}

impl Layout {
    /// All of them, in the order in which they are listed to users.
    pub const ALL: [Self; 6] = [
        Self::RequestsCsv,
        Self::RequestsJsonLines,
        Self::ModalCalls,
        Self::AzureFunctions,
        Self::AzureLlm,
        Self::Counts,
    ];

    /// The name by which a user asks for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RequestsCsv => "requests-csv",
            Self::RequestsJsonLines => "requests-json-lines",
            Self::ModalCalls => "modal-calls",
            Self::AzureFunctions => "azure-functions",
            Self::AzureLlm => "azure-llm",
            Self::Counts => "counts",
        }
    }

    /// The layout of this name; `None` for a name that none has.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|layout| layout.name() == name)
    }

    /// Whether it is made of JSON objects; else it is a table.
    #[must_use]
    pub const fn is_json(self) -> bool {
        matches!(self, Self::RequestsJsonLines | Self::ModalCalls)
    }

    /// Whether its entries are counts in bins; else each is a request.
    #[must_use]
    pub const fn has_bins(self) -> bool {
        matches!(self, Self::AzureFunctions | Self::Counts)
    }

    /// The layout of a table with this header, when the user names some of its columns.
    pub(super) fn of_table(header: &[String], given: &Columns) -> Self {
        let has = |name: &str| position(header, name).is_some();
        let has_any = |names: &[&str]| names.iter().any(|name| has(name));
        let is_wide = has("HashFunction") && has("1") && has("1440");
        if is_wide || has("func") && has("minute") && has("count") {
            return Self::AzureFunctions;
        }
        if has("TIMESTAMP") && has("ContextTokens") && has("GeneratedTokens") {
            return Self::AzureLlm;
        }
        let is_of_requests =
            given.duration.is_some() || given.status.is_some() || has_any(DURATION_NAMES) || has_any(STATUS_NAMES);
        let has_time = given.time.is_some() || has_any(COUNTS_TIME_NAMES);
        // `value` may be anything in a table with more columns.
        let has_count = given.count.is_some() || has_any(COUNT_NAMES) || header.len() == 2 && has("value");
        if has_time && has_count && !is_of_requests { Self::Counts } else { Self::RequestsCsv }
    }

    /// The layout of JSON objects with these keys.
    pub(super) fn of_objects(keys: &[String]) -> Self {
        let has = |name| keys.iter().any(|key| key == name);
        if has("function_call_id") && has("enqueued_at") { Self::ModalCalls } else { Self::RequestsJsonLines }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(header: &str) -> Layout {
        let header: Vec<String> = header.split(',').map(str::to_owned).collect();
        Layout::of_table(&header, &Columns::default())
    }

    #[test]
    fn tables_are_told_by_their_headers() {
        assert_eq!(of("timestamp,model,duration_s,status"), Layout::RequestsCsv);
        assert_eq!(of("gmt_create,predict_status,exec_time_seconds"), Layout::RequestsCsv);
        assert_eq!(of("func,minute,count"), Layout::AzureFunctions);
        assert_eq!(of("HashOwner,HashApp,HashFunction,Trigger,1,2,1440"), Layout::AzureFunctions);
        assert_eq!(of("TIMESTAMP,ContextTokens,GeneratedTokens"), Layout::AzureLlm);
        for header in ["time,count", "t,count", "timestamp,value", "time,model,requests"] {
            assert_eq!(of(header), Layout::Counts, "{header}");
        }
    }

    #[test]
    fn a_count_beside_durations_or_a_value_beside_others_makes_no_bins() {
        assert_eq!(of("time,count,duration_s"), Layout::RequestsCsv);
        assert_eq!(of("time,model,value"), Layout::RequestsCsv);
        let given = Columns { count: Some("n".into()), ..Columns::default() };
        assert_eq!(Layout::of_table(&["time".into(), "n".into()], &given), Layout::Counts);
    }

    #[test]
    fn names_lead_back_to_layouts() {
        for layout in Layout::ALL {
            assert_eq!(Layout::from_name(layout.name()), Some(layout));
            assert_eq!(serde_json::to_string(&layout).expect("a name"), format!("\"{layout}\""));
        }
        assert_eq!(Layout::from_name("xml"), None);
    }
}
