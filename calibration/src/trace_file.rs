//! The file of a trace: one request a line.

use std::io::{self, BufRead};

use crate::problem::{Problem, several};
use crate::table::NO_ROWS;

/// The header of a trace.
pub const TRACE_HEADER: &str = "day,at_s";
/// Most days: ten years, against a day that is a date.
const DAYS_MAX: u32 = 3653;
/// Milliseconds of a day.
const DAY_MS: f64 = 86_400_000.0;
/// So many problems are told at once: a file of the wrong kind has one in every line.
const PROBLEMS_MAX: usize = 20;

/// Reads the columns `day,at_s`: the number of the day from 0, and seconds after its 00:00, in order of time.
///
/// `each` gets the day and the milliseconds after its 00:00 of every line. A trace may have more lines than fit into
/// memory, so they are read one by one, without the comforts of a table.
///
/// # Errors
/// The first problems of the file, in the order of its lines; what `each` says is one of its line.
pub fn read_trace(
    file: &str,
    mut source: impl BufRead,
    mut each: impl FnMut(u32, u32) -> io::Result<()>,
) -> Result<(), Vec<Problem>> {
    let problem = |line: Option<u64>, key: &str, message: String, help: &str| Problem {
        file: file.to_owned(),
        line,
        column: None,
        key: key.to_owned(),
        message,
        help: help.to_owned(),
    };
    let header_help = format!("begin with the header line {TRACE_HEADER}");
    let mut problems = Vec::new();
    let (mut text, mut line, mut has_header) = (String::new(), 0, false);
    let mut last = None;
    while problems.len() < PROBLEMS_MAX {
        text.clear();
        line += 1;
        match source.read_line(&mut text) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                let message = match error.kind() {
                    io::ErrorKind::InvalidData => "is not UTF-8 text".to_owned(),
                    _ => format!("cannot be read: {error}"),
                };
                problems.push(problem(Some(line), "", message, "copy it again"));
                return Err(problems);
            }
        }
        let content = if line == 1 { text.trim_start_matches('\u{feff}') } else { &text };
        let content = content.strip_suffix('\n').unwrap_or(content);
        let content = content.strip_suffix('\r').unwrap_or(content);
        if content.trim().is_empty() || content.starts_with('#') {
            continue;
        }
        if !has_header {
            if content.trim() != TRACE_HEADER {
                return Err(vec![problem(Some(line), "", format!("the header is `{content}`"), &header_help)]);
            }
            has_header = true;
            continue;
        }
        match request(content).and_then(|request| in_order(&mut last, request)) {
            Ok((day, ms)) if problems.is_empty() => {
                if let Err(error) = each(day, ms) {
                    let help = "make room where temporary files are kept, or name another folder in TMPDIR";
                    problems.push(problem(Some(line), "", format!("cannot be kept: {error}"), help));
                    return Err(problems);
                }
            }
            Ok(_) => {}
            Err((key, message, help)) => problems.push(problem(Some(line), key, message, help)),
        }
    }
    if !has_header {
        problems.push(problem(None, "", "is empty".to_owned(), &header_help));
    } else if last.is_none() && problems.is_empty() {
        problems.push(problem(None, "", NO_ROWS.0.to_owned(), NO_ROWS.1));
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Column, message and help.
type Wrong = (&'static str, String, &'static str);

/// Day and millisecond of a line.
fn request(content: &str) -> Result<(u32, u32), Wrong> {
    let Some((day, at_s)) = content.split_once(',').filter(|(_, at_s)| !at_s.contains(',')) else {
        let fields = content.split(',').count();
        return Err((
            "",
            format!("has {}, the header has 2", several(fields, "field", "fields")),
            "write a day and the seconds after its 00:00",
        ));
    };
    let (day, at_s) = (day.trim(), at_s.trim());
    let Some(number) = day.parse::<u32>().ok().filter(|day| *day < DAYS_MAX) else {
        return Err(("day", format!("`{day}` is not the number of a day"), "write a whole number from 0 to 3652"));
    };
    // Cut off, not rounded: the order stays, and the last moment of a day stays in it.
    let Some(ms) = at_s.parse::<f64>().ok().map(|at_s| at_s * 1000.0).filter(|ms| (0.0..DAY_MS).contains(ms)) else {
        return Err((
            "at_s",
            format!("`{at_s}` is no time of a day"),
            "write seconds after 00:00, from 0 to below 86400",
        ));
    };
    Ok((number, ms as u32))
}

/// A request that comes after all others.
fn in_order(last: &mut Option<(u32, u32)>, (day, ms): (u32, u32)) -> Result<(u32, u32), Wrong> {
    let help = "sort the lines by day, then by time";
    if let Some((last_day, last_ms)) = *last {
        if day < last_day {
            return Err(("day", format!("day {day} comes after day {last_day}"), help));
        }
        if day == last_day && ms < last_ms {
            return Err(("at_s", "is before the line above".to_owned(), help));
        }
    }
    *last = Some((day, ms));
    Ok((day, ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(u32, u32)>, Vec<Problem>> {
        let mut requests = Vec::new();
        read_trace("calls.csv", text.as_bytes(), |day, ms| {
            requests.push((day, ms));
            Ok(())
        })?;
        Ok(requests)
    }

    fn problem(text: &str) -> String {
        let found = read(text).expect_err("bad input");
        assert_eq!(found.len(), 1, "{found:#?}");
        found[0].to_string()
    }

    #[test]
    fn requests_stand_with_their_days() {
        let text = "# of a week\nday,at_s\n0,0\n0,1.2345\n\n2,3600\n2, 86399.9999\n";
        let expected = [(0, 0), (0, 1234), (2, 3_600_000), (2, 86_399_999)];
        assert_eq!(read(text).expect("a trace"), expected);
        assert_eq!(read(&format!("\u{feff}{}", text.replace('\n', "\r\n"))).expect("a trace"), expected);
    }

    #[test]
    fn problems_name_line_cause_and_mend() {
        assert_eq!(problem(""), "calls.csv: is empty\n  help: begin with the header line day,at_s");
        assert!(problem("at_s,day\n").starts_with("calls.csv:1: the header is `at_s,day`"));
        assert!(problem("day,at_s\n").starts_with("calls.csv: has a header but no rows"));
        assert!(problem("day,at_s\n0\n").starts_with("calls.csv:2: has 1 field, the header has 2"));
        assert!(problem("day,at_s\n0,1,2\n").starts_with("calls.csv:2: has 3 fields"));
        for day in ["-1", "1.5", "2026-11-01", "3653"] {
            let expected = format!("calls.csv:2: day: `{day}` is not the number of a day");
            assert!(problem(&format!("day,at_s\n{day},5\n")).starts_with(&expected));
        }
        for at_s in ["-1", "86400", "nan", "noon"] {
            let expected = format!("calls.csv:2: at_s: `{at_s}` is no time of a day");
            assert!(problem(&format!("day,at_s\n0,{at_s}\n")).starts_with(&expected));
        }
        let sort = "help: sort the lines by day, then by time";
        let found = problem("day,at_s\n0,5\n0,4\n");
        assert!(found.starts_with("calls.csv:3: at_s: is before the line above") && found.contains(sort));
        let found = problem("day,at_s\n0,5\n2,4\n1,9\n");
        assert!(found.starts_with("calls.csv:4: day: day 1 comes after day 2") && found.contains(sort));
    }

    #[test]
    fn a_file_of_the_wrong_kind_is_not_told_line_by_line() {
        let text = format!("day,at_s\n{}", "x,y\n".repeat(1000));
        assert_eq!(read(&text).expect_err("problems").len(), 20);
        let latin = b"day,at_s\n0,1\n# caf\xe9\n0,2\n";
        let found = read_trace("calls.csv", &latin[..], |_, _| Ok(())).expect_err("a problem");
        assert!(found[0].to_string().starts_with("calls.csv:3: is not UTF-8 text"), "{found:?}");
    }

    #[test]
    fn what_cannot_be_kept_is_a_problem_of_its_line() {
        let full = |day, _| if day == 1 { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(()) };
        let found = read_trace("calls.csv", &b"day,at_s\n0,1\n1,1\n1,2\n"[..], full).expect_err("a problem");
        assert_eq!(found.len(), 1);
        assert!(found[0].to_string().starts_with("calls.csv:3: cannot be kept: "), "{found:?}");
        assert!(found[0].help.contains("TMPDIR"));
    }
}
