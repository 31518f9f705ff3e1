//! The files of a command that answers one question: a figure, a table, the data, and the answer in Markdown.

use std::fmt::Write;

use fleetfront_planner::Estimate;
use serde::Serialize;

use crate::PlotError;
use crate::bitmap::png;
use crate::figure::Figure;
use crate::render::Output;
use crate::svg::svg;
use crate::table::{Table, markdown};

/// Names of the figure twice, the table, the data and the answer.
pub(crate) type Names = [&'static str; 5];

/// The five files, in the order of their names.
///
/// # Errors
/// [`PlotError`] when one cannot be made.
pub(crate) fn pack(
    names: Names,
    figure: &Figure,
    csv: Vec<u8>,
    data: &impl Serialize,
    answer: String,
) -> Result<Vec<Output>, PlotError> {
    let mut json = serde_json::to_vec_pretty(data)?;
    json.push(b'\n');
    let bytes = [svg(figure).into_bytes(), png(figure)?, csv, json, answer.into_bytes()];
    Ok(names.into_iter().zip(bytes).map(|(name, bytes)| Output { name, bytes }).collect())
}

/// A table for programs: rows as long as the header.
pub(crate) fn csv_table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>, PlotError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()).into())
}

/// Value, lower and upper end as cells.
pub(crate) fn cells(of: Estimate) -> [String; 3] {
    [of.value, of.low, of.high].map(|number| number.to_string())
}

/// The answer in Markdown: the sentence, the figure, then whatever follows, and how it was made.
pub(crate) struct Answer<'a> {
    pub(crate) title: &'a str,
    pub(crate) sentences: Vec<String>,
    pub(crate) figure: &'a str,
    pub(crate) tables: Vec<&'a Table>,
    /// Written as it is.
    pub(crate) rest: String,
    pub(crate) command: &'a str,
    pub(crate) version: &'a str,
    pub(crate) inputs_sha256: &'a str,
}

impl Answer<'_> {
    pub(crate) fn markdown(&self) -> String {
        let mut out = format!("# {}\n", markdown(self.title));
        for sentence in &self.sentences {
            let _ = write!(out, "\n{}\n", markdown(sentence));
        }
        let _ = write!(out, "\n![{}]({})\n", markdown(self.title), self.figure);
        for table in &self.tables {
            let _ = write!(out, "\n**{}**\n\n{}", markdown(&table.caption), table.markdown());
        }
        if !self.rest.is_empty() {
            let _ = write!(out, "\n{}", self.rest);
        }
        let (version, inputs) = (self.version, self.inputs_sha256);
        out + &format!("\n{}\nfleetfront {version}, inputs {inputs}.\n", fenced("sh", self.command))
    }
}

/// A block of code whose fence is longer than any in it.
pub(crate) fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}{language}\n{}\n{fence}\n", text.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_cannot_end_its_own_block() {
        assert_eq!(fenced("sh", "ls\n"), "```sh\nls\n```\n");
        assert_eq!(fenced("", "a ```` b"), "`````\na ```` b\n`````\n");
    }
}
