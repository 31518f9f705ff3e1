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

/// So many lines with one message are shown; of more it is said how many they are.
const SHOWN: usize = 3;

/// The problems with only the first of those that have one key and message; the next of them says how many more they are.
pub(crate) fn gathered(problems: Vec<Problem>) -> Vec<Problem> {
    let mut shown: Vec<Problem> = Vec::new();
    // Of each key and message the places of those that are shown, and how many there are.
    let mut same: Vec<(Vec<usize>, usize)> = Vec::new();
    for problem in problems {
        let is_same = |(places, _): &&mut (Vec<usize>, usize)| {
            let first = &shown[places[0]];
            (&first.file, &first.key, &first.message) == (&problem.file, &problem.key, &problem.message)
        };
        let Some((places, count)) = same.iter_mut().find(is_same) else {
            same.push((vec![shown.len()], 1));
            shown.push(problem);
            continue;
        };
        *count += 1;
        if *count <= SHOWN + 1 {
            places.push(shown.len());
            shown.push(problem);
        }
    }
    for (places, count) in same {
        if let Some(last) = places.get(SHOWN).filter(|_| count > SHOWN + 1) {
            let message = &mut shown[*last].message;
            *message = format!("{} lines more, this one the first: {message}", count - SHOWN);
        }
    }
    shown
}

/// A count with its noun: `1 run`, `2 runs`.
pub fn several<N: Copy + fmt::Display + PartialEq + From<u8>>(n: N, one: &str, many: &str) -> String {
    format!("{n} {}", if n == N::from(1) { one } else { many })
}

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
    fn after_three_of_one_message_it_is_said_how_many_more() {
        let at = |line: u64| Problem { line: Some(line), ..problem() };
        let other = Problem { message: "is empty".into(), ..at(4) };
        let mut all: Vec<Problem> = (2..=41).map(at).collect();
        all.insert(2, other.clone());
        let found = gathered(all);
        assert_eq!(found.len(), 5);
        assert_eq!((&found[1], &found[2], &found[3]), (&at(3), &other, &at(4)));
        let said = "benchmarks.csv:5: seconds: 37 lines more, this one the first: `NaN` is not a number\n  help: ";
        assert!(found[4].to_string().starts_with(said), "{}", found[4]);
        let four: Vec<Problem> = (2..=5).map(at).collect();
        assert_eq!(gathered(four.clone()), four);
    }

    #[test]
    fn one_is_no_plural() {
        let words = [0, 1, 2].map(|n: u64| several(n, "run", "runs"));
        assert_eq!(words, ["0 runs", "1 run", "2 runs"]);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let whole_file = Problem { line: None, key: String::new(), help: String::new(), ..problem() };
        assert_eq!(whole_file.to_string(), "benchmarks.csv: `NaN` is not a number");
        let exact = Problem { column: Some(5), help: String::new(), ..problem() };
        assert_eq!(exact.to_string(), "benchmarks.csv:12:5: seconds: `NaN` is not a number");
    }
}
