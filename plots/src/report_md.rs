//! The report in Markdown, for reviews that live in text: the same story, shorter.

use std::fmt::Write;

use crate::report::Report;
use crate::table::{Cell, Look, Table, markdown};

/// The text of `report.md`.
pub(crate) fn report_md(report: &Report<'_>) -> String {
    let study = report.study;
    let mut out = format!("# {}: what the fleet costs, and how long requests take\n\n", markdown(&study.scenario));
    let _ = writeln!(out, "{}\n", markdown(&study.description));
    let _ = writeln!(out, "**{}** ({})\n", markdown(&report.answer), markdown(&report.judgement));
    let _ = writeln!(out, "**{}**\n", markdown(&report.instead));
    table(&mut out, &report.obstacles);
    list(&mut out, "What has to be said first", &report.first);
    table(&mut out, &report.naive);
    let _ = writeln!(
        out,
        "The spreadsheet allows {} a request and sees {} saved. Numbers in brackets are 95 % intervals.\n",
        report.naive_seconds, report.saving
    );
    out.push_str("![Cost and latency of every fleet](frontier.svg)\n\n");
    for criteria in &report.criteria {
        table(&mut out, &not_passed(criteria));
    }
    table(&mut out, &report.bridges);
    list(&mut out, "What it costs not to know the future", &report.bounds.headlines);
    table(&mut out, &report.bounds.table);
    list(&mut out, "Bounds that are not known, and why", &report.bounds.reasons);
    out.push_str("![What a month costs, by what containers do](cost_by_state.svg)\n\n");
    table(&mut out, &report.spending);
    out.push_str("![When the money is spent, by GPU type](spending.svg)\n\n");
    table(&mut out, &report.months);
    let _ = writeln!(out, "{}\n", markdown(&report.months_rest_on));
    table(&mut out, &report.fleet_bills);
    table(&mut out, &report.fleet_latencies);
    for section in &report.sections {
        let of = section.of;
        list(&mut out, &format!("Why {} cannot run", of.name), &of.infeasible);
        list(&mut out, &format!("What {} changes", of.name), &of.repairs);
    }
    out.push_str("![Requests done after a time](latency_cdf.svg)\n\n![The average day](day.svg)\n\n");
    table(&mut out, &report.feasibility);
    list(&mut out, "Warnings", &study.warnings);
    list(&mut out, "Assumptions: nobody measured these", &study.assumptions);
    list(&mut out, "Method", &report.method);
    let _ = writeln!(
        out,
        "fleetfront {}, seed {}, {} trials; inputs (SHA-256) {}. The same files again: {}",
        markdown(&study.version),
        study.seed,
        study.trials,
        study.inputs_sha256,
        markdown(report.command)
    );
    out
}

/// The criteria that are not met; `report.html` has them all.
fn not_passed(criteria: &Table) -> Table {
    let all = criteria.rows.len();
    let judged = |cell: &&Cell| matches!(cell.look, Look::Good | Look::Open | Look::Bad);
    let passed = |row: &[Cell]| row.iter().find(judged).is_some_and(|cell| cell.look == Look::Good);
    let rows: Vec<Vec<Cell>> = criteria.rows.iter().filter(|row| !passed(row)).cloned().collect();
    let caption = format!("{}: {} of {all} passed, and these did not", criteria.caption, all - rows.len());
    Table { caption, columns: criteria.columns.clone(), rows, basis: criteria.basis.clone() }
}

fn table(out: &mut String, table: &Table) {
    if !table.rows.is_empty() {
        let _ = writeln!(out, "## {}\n\n{}\n\n{}", markdown(&table.caption), markdown(&table.basis), table.markdown());
    }
}

fn list(out: &mut String, title: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    let _ = writeln!(out, "## {}\n", markdown(title));
    for item in items {
        let _ = writeln!(out, "- {}", markdown(item));
    }
    out.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{cell, head};

    #[test]
    fn criteria_that_are_met_are_only_counted() {
        let mut all = Table::new("Criteria: a", &["criterion", "judgement", "baseline"]);
        all.push(vec![head("met"), cell(Look::Good, "✓ pass"), cell(Look::Bad, "✗ fail")]);
        all.push(vec![head("missed"), cell(Look::Bad, "✗ fail"), cell(Look::Good, "✓ pass")]);
        all.push(vec![head("open"), cell(Look::Open, "? undecided"), cell(Look::Text, "–")]);
        let left = not_passed(&all);
        assert_eq!(left.caption, "Criteria: a: 1 of 3 passed, and these did not");
        assert_eq!(left.rows.iter().map(|row| row[0].text.as_str()).collect::<Vec<_>>(), ["missed", "open"]);
    }
}
