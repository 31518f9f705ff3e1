//! What is known about service times: the rows of `benchmarks.csv`.

use crate::problem::Problem;
use crate::provenance::Provenance;
use crate::spread::{ANY, Scope};
use crate::table::{Bound, Row, Table};

const COLUMNS: [&str; 15] = [
    "model",
    "variant",
    "gpu",
    "phase",
    "seconds",
    "ratio",
    "ratio_low",
    "ratio_high",
    "relative_to",
    "cv",
    "use",
    "kind",
    "source",
    "date",
    "note",
];

/// The rows, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Benchmarks {
    pub(crate) rows: Vec<BenchmarkRow>,
}

/// One fact about service times.
#[derive(Debug, Clone, PartialEq)]
pub struct BenchmarkRow {
    /// Line in the file, from 1.
    pub line: u64,
    /// The model; `*` (all) only beside a [`Finding::Spread`].
    pub model: String,
    /// Its variant; `*` (all) beside a [`Finding::Ratio`] or [`Finding::Spread`].
    pub variant: String,
    /// The GPU type; `*` (all) only beside a [`Finding::Spread`].
    pub gpu: String,
    /// What was found.
    pub finding: Finding,
    /// Whether it is fitted; if not, it is evidence to be shown.
    pub used: bool,
    /// Where it comes from.
    pub provenance: Provenance,
    /// What a reader must know; may be empty.
    pub note: String,
}

/// What a row of the benchmarks states.
#[derive(Debug, Clone, PartialEq)]
pub enum Finding {
    /// Phase `warm`: a service time.
    Warm {
        /// The time of one request, alone in a warm container.
        seconds: f64,
        /// Standard deviation over mean, where the source states it.
        cv: Option<f64>,
    },
    /// Phase `ratio`: how much longer the same request takes than on another GPU.
    Ratio {
        /// Times the seconds on `relative_to`.
        ratio: f64,
        /// Lower and upper bound of the ratio.
        bounds: Option<(f64, f64)>,
        /// The other GPU.
        relative_to: String,
    },
    /// Phase `cv`: the spread of a repeated request.
    Spread {
        /// Standard deviation over mean.
        cv: f64,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Warm,
    Ratio,
    Cv,
}

impl Benchmarks {
    /// Reads the columns
    /// `model,variant,gpu,phase,seconds,ratio,ratio_low,ratio_high,relative_to,cv,use,kind,source,date,note`.
    ///
    /// # Errors
    /// Every problem of the file, in the order of its lines.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<Problem>> {
        let mut table = Table::read(file, text, &COLUMNS, read_row);
        table.reject_repeats("gpu", |row: &BenchmarkRow| {
            let phase = match row.finding {
                Finding::Warm { .. } => return None,
                Finding::Ratio { .. } => "ratio",
                Finding::Spread { .. } => "cv",
            };
            row.used.then(|| (row.line, format!("the {phase} of {} {} on {}", row.model, row.variant, row.gpu)))
        });
        reject_baseless_ratios(&mut table);
        Ok(Self { rows: table.finish()? })
    }

    /// All rows, evidence that is not fitted included.
    #[must_use]
    pub fn rows(&self) -> &[BenchmarkRow] {
        &self.rows
    }
}

impl BenchmarkRow {
    /// Whom the row speaks of.
    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope { model: &self.model, variant: &self.variant, gpu: &self.gpu }
    }
}

fn read_row(row: &mut Row<'_>) -> Option<BenchmarkRow> {
    let phases = [("warm", Phase::Warm), ("ratio", Phase::Ratio), ("cv", Phase::Cv)];
    let phase = row.choice("phase", &phases);
    let (model, variant, gpu) = (row.text("model"), row.text("variant"), row.text("gpu"));
    let used = row.used();
    let provenance = row.provenance();
    let finding = match phase? {
        Phase::Warm => read_warm(row),
        Phase::Ratio => read_ratio(row),
        Phase::Cv => read_spread(row),
    };
    Some(BenchmarkRow {
        line: row.line(),
        model: model?,
        variant: variant?,
        gpu: gpu?,
        finding: finding?,
        used: used?,
        provenance: provenance?,
        note: row.field("note").to_owned(),
    })
}

fn read_warm(row: &mut Row<'_>) -> Option<Finding> {
    reject_any(row, &["model", "variant", "gpu"]);
    row.must_be_empty(&["ratio", "ratio_low", "ratio_high", "relative_to"], "the phase is warm");
    let seconds = row.number("seconds", Bound::Positive);
    let cv = row.optional_number("cv", Bound::NotNegative);
    Some(Finding::Warm { seconds: seconds?, cv })
}

fn read_ratio(row: &mut Row<'_>) -> Option<Finding> {
    reject_any(row, &["model", "gpu"]);
    row.must_be_empty(&["seconds", "cv"], "the phase is ratio");
    let ratio = row.number("ratio", Bound::Positive);
    let low = row.optional_number("ratio_low", Bound::Positive);
    let high = row.optional_number("ratio_high", Bound::Positive);
    let relative_to = row.text("relative_to");
    if relative_to.as_deref() == Some(row.field("gpu")) {
        row.reject("relative_to", "is the row's own GPU".into(), "name the GPU that the ratio compares with");
    }
    let ratio = ratio?;
    if low.is_some_and(|low| low > ratio) {
        row.reject("ratio_low", format!("is above the ratio {ratio}"), "give a lower bound of the ratio");
    }
    if high.is_some_and(|high| high < ratio) {
        row.reject("ratio_high", format!("is below the ratio {ratio}"), "give an upper bound of the ratio");
    }
    for (bound, other) in [("ratio_low", "ratio_high"), ("ratio_high", "ratio_low")] {
        if row.field(bound).is_empty() && !row.field(other).is_empty() {
            row.reject(bound, "is empty beside the other bound".into(), "give both bounds or none");
        }
    }
    Some(Finding::Ratio { ratio, bounds: low.zip(high), relative_to: relative_to? })
}

fn read_spread(row: &mut Row<'_>) -> Option<Finding> {
    row.must_be_empty(&["seconds", "ratio", "ratio_low", "ratio_high", "relative_to"], "the phase is cv");
    Some(Finding::Spread { cv: row.number("cv", Bound::NotNegative)? })
}

fn reject_any(row: &mut Row<'_>, columns: &[&str]) {
    for column in columns {
        if row.field(column) == ANY {
            row.reject(column, "`*` stands for all, which cannot be meant here".into(), "name the one that is meant");
        }
    }
}

/// A ratio needs a service time to multiply. Rows dropped for other problems may be that base, so only a clean table
/// is judged.
fn reject_baseless_ratios(table: &mut Table<'_, BenchmarkRow>) {
    if !table.is_clean() {
        return;
    }
    let is_base = |base: &BenchmarkRow, row: &BenchmarkRow, gpu: &str| {
        base.used
            && matches!(base.finding, Finding::Warm { .. })
            && base.model == row.model
            && base.gpu == gpu
            && (row.variant == ANY || base.variant == row.variant)
    };
    let mut baseless = Vec::new();
    for row in table.rows() {
        if let Finding::Ratio { relative_to, .. } = &row.finding
            && !table.rows().iter().any(|base| is_base(base, row, relative_to))
        {
            baseless.push((row.line, format!("{} has no warm seconds on {relative_to}", row.model)));
        }
    }
    for (line, message) in baseless {
        let help = "add a warm line with use = yes for that GPU, or compare with another one";
        table.reject(Some(line), "relative_to", message, help);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "model,variant,gpu,phase,seconds,ratio,ratio_low,ratio_high,relative_to,cv,use,kind,source,date,note";
    const WARM: &str = "m,v,L40S,warm,2,,,,,,yes,measured,a log,2026,";

    /// Line, column and message of every problem; line 1 is the header, line 2 a good warm row.
    fn problems(lines: &[&str]) -> Vec<(u64, String, String)> {
        let text = format!("{HEADER}\n{WARM}\n{}\n", lines.join("\n"));
        let found = Benchmarks::read("benchmarks.csv", &text).expect_err("bad input");
        found.into_iter().map(|p| (p.line.expect("a line"), p.key, p.message)).collect()
    }

    #[track_caller]
    fn check(line: &str, column: &str, message: &str) {
        assert_eq!(problems(&[line]), [(3, column.to_owned(), message.to_owned())]);
    }

    #[test]
    fn rows_of_every_phase_are_read() {
        let text = format!(
            "# comment\n{HEADER}\n{WARM}\nm,*,T4,ratio,,7.3,6,11,L40S,,yes,derived,a sum,2026,\"quantised, only\"\n\
             *,*,*,cv,,,,,,0.04,no,published,a paper,2024,\n"
        );
        let rows = Benchmarks::read("benchmarks.csv", &text).expect("valid").rows;
        assert_eq!(rows[0].finding, Finding::Warm { seconds: 2.0, cv: None });
        let ratio = Finding::Ratio { ratio: 7.3, bounds: Some((6.0, 11.0)), relative_to: "L40S".into() };
        assert_eq!((&rows[1].finding, rows[1].note.as_str(), rows[1].line), (&ratio, "quantised, only", 4));
        assert_eq!((&rows[2].finding, rows[2].used), (&Finding::Spread { cv: 0.04 }, false));
    }

    #[test]
    fn numbers_that_are_no_seconds_are_named() {
        check("m,v,T4,warm,NaN,,,,,,yes,measured,a,b,", "seconds", "`NaN` is not a number above zero");
        check("m,v,T4,warm,-2,,,,,,yes,measured,a,b,", "seconds", "`-2` is not a number above zero");
        check("m,v,T4,warm,,,,,,,yes,measured,a,b,", "seconds", "is empty");
        check("m,v,T4,warm,2,,,,,-1,yes,measured,a,b,", "cv", "`-1` is not a number zero or more");
    }

    #[test]
    fn unknown_words_are_named() {
        check("m,v,T4,cold,2,,,,,,yes,measured,a,b,", "phase", "`cold` is unknown");
        check("m,v,T4,warm,2,,,,,,maybe,measured,a,b,", "use", "`maybe` is unknown");
        check("m,v,T4,warm,2,,,,,,yes,guessed,a,b,", "kind", "`guessed` is unknown");
    }

    #[test]
    fn all_problems_of_all_lines_are_reported_together() {
        let found = problems(&["m,v,T4,warm,x,,,,,,yes,,,,", ",,,warm,2,,,,,,yes,measured,a,b,"]);
        let places: Vec<_> = found.iter().map(|(line, key, _)| (*line, key.as_str())).collect();
        assert_eq!(
            places,
            [(3, "kind"), (3, "source"), (3, "date"), (3, "seconds"), (4, "model"), (4, "variant"), (4, "gpu")]
        );
    }

    #[test]
    fn a_ratio_needs_a_gpu_to_compare_with_and_bounds_round_it() {
        check("m,*,T4,ratio,,7,6,8,,,yes,derived,a,b,", "relative_to", "is empty");
        check("m,*,T4,ratio,,7,6,8,T4,,yes,derived,a,b,", "relative_to", "is the row's own GPU");
        check("m,*,T4,ratio,,7,6,8,H100,,yes,derived,a,b,", "relative_to", "m has no warm seconds on H100");
        check("m,w,T4,ratio,,7,6,8,L40S,,yes,derived,a,b,", "relative_to", "m has no warm seconds on L40S");
        check("m,*,T4,ratio,,7,7.5,8,L40S,,yes,derived,a,b,", "ratio_low", "is above the ratio 7");
        check("m,*,T4,ratio,,7,6,6.5,L40S,,yes,derived,a,b,", "ratio_high", "is below the ratio 7");
        check("m,*,T4,ratio,,7,,8,L40S,,yes,derived,a,b,", "ratio_low", "is empty beside the other bound");
    }

    #[test]
    fn fields_of_another_phase_and_wildcards_out_of_place_are_named() {
        check("m,v,T4,warm,2,7,,,,,yes,measured,a,b,", "ratio", "`7` has no meaning here: the phase is warm");
        check("m,*,T4,ratio,2,7,6,8,L40S,,yes,derived,a,b,", "seconds", "`2` has no meaning here: the phase is ratio");
        check("*,*,*,cv,2,,,,,0.1,yes,published,a,b,", "seconds", "`2` has no meaning here: the phase is cv");
        check("m,*,T4,warm,2,,,,,,yes,measured,a,b,", "variant", "`*` stands for all, which cannot be meant here");
    }

    #[test]
    fn two_ratios_for_one_cell_are_named_unless_one_is_only_shown() {
        let ratio = "m,*,T4,ratio,,7,6,8,L40S,,yes,derived,a,b,";
        let found = problems(&[ratio, ratio]);
        assert_eq!(found, [(4, "gpu".into(), "the ratio of m * on T4 is already given in line 3".into())]);
        let text = format!("{HEADER}\n{WARM}\n{ratio}\n{}\n", ratio.replace("yes", "no"));
        assert!(Benchmarks::read("benchmarks.csv", &text).is_ok());
    }
}
