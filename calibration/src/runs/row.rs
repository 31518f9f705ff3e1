//! One row of `runs.csv`.

use crate::day::Day;
use crate::fit::Kind;
use crate::provenance::Provenance;
use crate::table::{Bound, KINDS, Row};

use super::{CellName, Phase, Run, RunEnd, RunsOptions, Shape};

const PHASES: [(&str, Phase); 4] =
    [("warm", Phase::Warm), ("cold", Phase::Cold), ("boot", Phase::Boot), ("adapter", Phase::Adapter)];

/// Which percentile the column `p95_s` holds.
const HIGH_SHARE: f64 = 0.95;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Yes,
    No,
    Timeout,
}

/// A row, or `None` after its problems were recorded.
pub(super) fn read_row(row: &mut Row<'_>, options: &RunsOptions<'_>) -> Option<Run> {
    let model = row.text("model");
    let gpu = row.text("gpu");
    let variant = row.optional_text("variant");
    let phase = row.choice("phase", &PHASES);
    let machine = row.optional_text("machine");
    let adapter = row.optional_text("adapter");
    let end = read_end(row);
    let shape = Shape {
        steps: row.optional_number("steps", Bound::Positive),
        megapixels: row.optional_number("megapixels", Bound::Positive),
        frames: row.optional_number("frames", Bound::Positive),
        images: row.optional_number("images", Bound::Positive),
        adapter: adapter?,
    };
    let peak_gib = if row.field("peak_gib").is_empty() { None } else { row.gib("peak_gib") };
    let provenance = read_provenance(row, options);
    Some(Run {
        line: row.line(),
        cell: CellName { model: model?, variant: variant?, gpu: gpu? },
        phase: phase?,
        end: end?,
        shape,
        peak_gib,
        machine: machine?,
        used: true,
        provenance: provenance?,
        note: row.field("note").to_owned(),
    })
}

fn read_end(row: &mut Row<'_>) -> Option<RunEnd> {
    let verdicts = [("yes", Verdict::Yes), ("no", Verdict::No), ("timeout", Verdict::Timeout)];
    // Programs write true and false, in the case of their language.
    let verdict = match row.field("ok").to_ascii_lowercase().as_str() {
        "" | "yes" | "true" => Verdict::Yes,
        "no" | "false" => Verdict::No,
        _ => row.choice("ok", &verdicts)?,
    };
    if verdict != Verdict::No {
        row.must_be_empty(&["cause"], "the run did not fail");
    }
    if !row.field("n").is_empty() || !row.field("p50_s").is_empty() || !row.field("p95_s").is_empty() {
        if verdict != Verdict::Yes {
            row.reject(
                "ok",
                "speaks of one run beside percentiles of several".into(),
                "give failures lines of their own",
            );
        }
        return read_summary(row);
    }
    match verdict {
        Verdict::Yes => Some(RunEnd::Took { seconds: row.number("seconds", Bound::Positive)? }),
        Verdict::Timeout => Some(RunEnd::CutOff { seconds: row.number("seconds", Bound::Positive)? }),
        Verdict::No => {
            let seconds = row.optional_number("seconds", Bound::Positive);
            let cause = row.optional_text("cause")?;
            if cause.is_empty() {
                let help = "write why it failed: oom (out of memory), error, or what is known";
                row.reject("cause", "is empty beside a failure".into(), help);
                return None;
            }
            match seconds {
                // A time that ran out is a time: it takes longer.
                Some(seconds) if is_timeout(&cause) => Some(RunEnd::CutOff { seconds }),
                _ => Some(RunEnd::Failed { seconds, cause }),
            }
        }
    }
}

/// Whether a cause says that the run was cut off, in the spelling of any program.
fn is_timeout(cause: &str) -> bool {
    let letters: String = cause.chars().filter(char::is_ascii_alphabetic).collect();
    ["timeout", "timedout"].contains(&letters.to_ascii_lowercase().as_str())
}

fn read_summary(row: &mut Row<'_>) -> Option<RunEnd> {
    row.must_be_empty(&["seconds"], "the row gives percentiles");
    let n = row.number("n", Bound::Positive);
    let p50_s = row.number("p50_s", Bound::Positive);
    let p95_s = row.number("p95_s", Bound::Positive);
    if n.is_some_and(|n| n.fract() != 0.0 || n < 2.0) {
        let message = format!("`{}` is no number of runs", row.field("n"));
        row.reject("n", message, "write a whole number from 2 on; one run is a line with seconds");
    }
    if let (Some(p50), Some(p95)) = (p50_s, p95_s)
        && p95 < p50
    {
        row.reject("p95_s", format!("{p95} s is below the median {p50} s"), "give the 95th percentile, in seconds");
    }
    Some(RunEnd::Summary { n: n? as u32, p50_s: p50_s?, high_s: p95_s?, high_share: HIGH_SHARE })
}

fn read_provenance(row: &mut Row<'_>, options: &RunsOptions<'_>) -> Option<Provenance> {
    let kind = if row.field("kind").is_empty() { Some(Kind::Measured) } else { row.choice("kind", &KINDS) };
    let source = text_or(row, "source", options.source);
    let date = text_or(row, "date", options.date);
    if let Some(date) = date.as_deref().filter(|date| Day::parse(date).is_none()) {
        let help = "write YYYY-MM-DD, or YYYY-MM if the day is not known";
        row.reject("date", format!("`{date}` is no date"), help);
    }
    Some(Provenance { kind: kind?, source: source?, date: date? })
}

fn text_or(row: &mut Row<'_>, column: &str, instead: Option<&str>) -> Option<String> {
    match instead {
        Some(text) if row.field(column).is_empty() => Some(text.to_owned()),
        _ => row.text(column),
    }
}
