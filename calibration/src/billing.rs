//! The platform's bill: what `modal billing report --csv` prints.
//!
//! # Source
//! The platform's client 1.6.4, `modal/cli/billing.py`, read 2026-11: a row for each object and interval, with the columns of
//! [`BILLING_COLUMNS`]. `Resource` is there with `--show-resources` (a row a resource then), `Tags` with `--tag-names`, as a
//! JSON object. Intervals are days of UTC, or hours with `--resolution h`; their starts name no zone where none was asked for,
//! and are UTC then.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::day::Day;
use crate::problem::Problem;
use crate::table::{Bound, Row, Table};

/// The columns, as the platform names them.
pub const BILLING_COLUMNS: [&str; 7] =
    ["Object ID", "Description", "Environment", "Interval Start", "Resource", "Cost", "Tags"];
/// Those that every report has.
const NEEDED: [&str; 4] = ["Object ID", "Description", "Interval Start", "Cost"];

/// What one object cost in one interval, of one resource where the report tells them apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BillingRow {
    /// The line in the file, from 1.
    pub line: u64,
    /// The platform's own name of the object.
    pub object_id: String,
    /// What its owner calls it: the name of the app, mostly. May be empty.
    pub description: String,
    /// The environment; empty where the report does not say.
    pub environment: String,
    /// When the interval begins: a date, or a date with a time of day. Without a zone it is UTC.
    pub interval_start: String,
    /// The resource; empty where the report does not tell them apart.
    pub resource: String,
    /// Dollars, zero or more.
    pub cost_usd: f64,
    /// The tags of the object and their values.
    pub tags: BTreeMap<String, String>,
}

/// Reads a report.
///
/// - `file`: its name in errors.
///
/// # Errors
/// Every problem of the file, in the order of its lines: a column that is missing or unknown, an interval that is no date, a
/// cost that is none or below zero (credits are no cost of containers), tags that are no JSON object of texts, an interval
/// that comes twice.
pub fn read_billing_report(file: &str, text: &str) -> Result<Vec<BillingRow>, Vec<Problem>> {
    let mut table = Table::read_named(file, text, &BILLING_COLUMNS, &NEEDED, read_row);
    table.reject_repeats("Interval Start", |row: &BillingRow| {
        let BillingRow { object_id, environment, interval_start, resource, .. } = row;
        let of = if resource.is_empty() { object_id.clone() } else { format!("{object_id}, {resource}") };
        let place = if environment.is_empty() { String::new() } else { format!(" in {environment}") };
        Some((row.line, format!("the cost of {of}{place} from {interval_start} on")))
    });
    table.finish_filled()
}

fn read_row(row: &mut Row<'_>) -> Option<BillingRow> {
    let object_id = row.text("Object ID");
    let interval_start = row.text("Interval Start").filter(|start| {
        let is_instant = Day::parse(start).is_some() && start.len() >= 10;
        if !is_instant {
            let message = format!("`{start}` is no day and no hour");
            row.reject(
                "Interval Start",
                message,
                "give the report as the platform prints it, such as 2026-01-05T00:00:00",
            );
        }
        is_instant
    });
    let cost_usd = row.number("Cost", Bound::NotNegative);
    let tags = read_tags(row);
    Some(BillingRow {
        line: row.line(),
        object_id: object_id?,
        description: row.field("Description").to_owned(),
        environment: row.field("Environment").to_owned(),
        interval_start: interval_start?,
        resource: row.field("Resource").to_owned(),
        cost_usd: cost_usd?,
        tags: tags?,
    })
}

fn read_tags(row: &mut Row<'_>) -> Option<BTreeMap<String, String>> {
    let text = row.field("Tags").to_owned();
    if text.is_empty() {
        return Some(BTreeMap::new());
    }
    let tags = serde_json::from_str(&text).ok();
    if tags.is_none() {
        row.reject("Tags", format!("`{text}` is no JSON object of texts"), "give the report as the platform prints it");
    }
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `csv.writer` of Python writes such a report.
    const REPORT: &str = "Object ID,Description,Environment,Interval Start,Resource,Cost,Tags\r\n\
        ap-123,image-studio,main,2026-01-05T00:00:00,CPU,0.5,\"{\"\"team\"\": \"\"images\"\"}\"\r\n\
        ap-123,image-studio,main,2026-01-05T00:00:00,L40S,12.25,\"{\"\"team\"\": \"\"images\"\"}\"\r\n\
        ap-9,\"train, nightly\",main,2026-01-06T00:00:00,H100,3,{}\r\n";

    #[test]
    fn a_report_is_read_by_its_columns() {
        let rows = read_billing_report("bill.csv", REPORT).expect("a report");
        assert_eq!(rows.len(), 3);
        assert_eq!(rows[1].resource, "L40S");
        assert!((rows.iter().map(|row| row.cost_usd).sum::<f64>() - 15.75).abs() < 1e-12);
        assert_eq!(rows[0].tags.get("team").map(String::as_str), Some("images"));
        assert_eq!((rows[2].description.as_str(), rows[2].line, rows[2].tags.len()), ("train, nightly", 4, 0));
        let plain =
            "Object ID,Description,Environment,Interval Start,Cost\nap-1,a,main,2026-01-05T03:00:00+01:00,1e-3\n";
        let rows = read_billing_report("bill.csv", plain).expect("without resources and tags");
        assert_eq!((rows[0].resource.as_str(), rows[0].cost_usd), ("", 1e-3));
    }

    #[test]
    fn what_is_no_report_is_refused_by_line_and_column() {
        let problems = |text: &str| {
            let problems = read_billing_report("bill.csv", text).expect_err("a problem");
            problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let with = |row: &str| format!("Object ID,Description,Environment,Interval Start,Cost,Tags\n{row}\n");
        let negative = problems(&with("ap-1,a,main,2026-01-05T00:00:00,-2.5,"));
        assert!(negative.contains("bill.csv:2: Cost: `-2.5` is not a number zero or more"), "{negative}");
        assert!(problems(&with("ap-1,a,main,2026-13-05,1,")).contains("Interval Start: `2026-13-05` is no day"));
        assert!(problems(&with("ap-1,a,main,2026-01,1,")).contains("`2026-01` is no day and no hour"));
        assert!(problems(&with("ap-1,a,main,2026-01-05,1,[3]")).contains("Tags: `[3]` is no JSON object"));
        let twice = with("ap-1,a,main,2026-01-05,1,\nap-1,a,main,2026-01-05,1,");
        assert!(problems(&twice).contains("bill.csv:3: "), "{}", problems(&twice));
        assert!(problems("Object ID,Description,Environment,Interval Start\n").contains("Cost"));
        assert!(problems("Object ID,Description,Interval Start,Cost,Colour\na,b,2026-01-05,1,2\n").contains("Colour"));
    }
}
