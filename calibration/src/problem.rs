//! What is wrong with an input file, where, and how to mend it.

use std::fmt;

/// One thing to change in one place of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, as the user named it.
    pub file: String,
    /// The line, from 1; `None` when the whole file is meant.
    pub line: Option<u64>,
    /// The character in the line, from 1; `None` when `key` says enough.
    pub column: Option<u64>,
    /// The column of a table or the key path of a document; empty when the whole line is meant.
    pub key: String,
    /// What is wrong: a lower-case fragment that holds the offending value.
    pub message: String,
    /// What to write instead; may be empty.
    pub help: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
            if let Some(column) = self.column {
                write!(f, ":{column}")?;
            }
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)?;
        if !self.help.is_empty() {
            write!(f, "\n  help: {}", self.help)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem() -> Problem {
        Problem {
            file: "benchmarks.csv".into(),
            line: Some(12),
            column: None,
            key: "seconds".into(),
            message: "`NaN` is not a number".into(),
            help: "give seconds above zero".into(),
        }
    }

    #[test]
    fn a_problem_reads_as_place_message_and_help() {
        let expected = "benchmarks.csv:12: seconds: `NaN` is not a number\n  help: give seconds above zero";
        assert_eq!(problem().to_string(), expected);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let whole_file = Problem { line: None, key: String::new(), help: String::new(), ..problem() };
        assert_eq!(whole_file.to_string(), "benchmarks.csv: `NaN` is not a number");
        let exact = Problem { column: Some(5), help: String::new(), ..problem() };
        assert_eq!(exact.to_string(), "benchmarks.csv:12:5: seconds: `NaN` is not a number");
    }
}
