//! The report in Markdown, for reviews that live in text: the same story, shorter.

use std::fmt::Write;

use crate::report::Report;
use crate::table::{Table, markdown};

/// The text of `report.md`.
pub(crate) fn report_md(report: &Report<'_>) -> String {
    let study = report.study;
    let mut out = format!("# {}: what the fleet costs, and how long requests take\n\n", markdown(&study.scenario));
    let _ = writeln!(out, "{}\n", markdown(&study.description));
    let _ = writeln!(out, "**{}** ({})\n", markdown(&study.verdict.headline), markdown(&report.judgement));
    let _ = writeln!(out, "**{}**\n", markdown(&study.recommendation.headline));
    list(&mut out, "What has to be said first", &study.verdict.first);
    table(&mut out, &report.naive);
    let _ = writeln!(
        out,
        "The spreadsheet allows {} a request and sees {} saved. Numbers in brackets are 95 % intervals.\n",
        report.naive_seconds, report.saving
    );
    out.push_str("![Cost and latency of every fleet](frontier.svg)\n\n");
    for criteria in &report.criteria {
        table(&mut out, criteria);
    }
    table(&mut out, &report.obstacles);
    table(&mut out, &report.bridges);
    out.push_str("![What a month costs, by what containers do](cost_by_state.svg)\n\n");
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
    list(&mut out, "Assumptions", &study.assumptions);
    list(&mut out, "Method", &report.method);
    let _ = writeln!(
        out,
        "fleetfront {}, seed {}, {} trials; inputs (SHA-256) {}. Again: {}",
        markdown(&study.version),
        study.seed,
        study.trials,
        study.inputs_sha256,
        markdown(report.command)
    );
    out
}

fn table(out: &mut String, table: &Table) {
    if !table.rows.is_empty() {
        let _ = writeln!(out, "## {}\n\n{}", markdown(&table.caption), table.markdown());
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
