//! The file of a trace: one request a line.

use crate::problem::Problem;
use crate::table::{NO_ROWS, filled_lines};

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
/// Returns a list a day, of milliseconds after 00:00; a day without a line is empty. A trace may have millions of lines,
/// so they are read without the comforts of a table.
///
/// # Errors
/// The first problems of the file, in the order of its lines.
pub fn read_trace(file: &str, text: &str) -> Result<Vec<Vec<u32>>, Vec<Problem>> {
    let problem = |line: Option<u64>, key: &str, message: String, help: &str| Problem {
        file: file.to_owned(),
        line,
        column: None,
        key: key.to_owned(),
        message,
        help: help.to_owned(),
    };
    let header_help = format!("begin with the header line {TRACE_HEADER}");
    let mut lines = filled_lines(text);
    match lines.next() {
        None => return Err(vec![problem(None, "", "is empty".to_owned(), &header_help)]),
        Some((line, header)) if header.trim() != TRACE_HEADER => {
            return Err(vec![problem(Some(line), "", format!("the header is `{header}`"), &header_help)]);
        }
        Some(_) => {}
    }
    let mut days: Vec<Vec<u32>> = Vec::new();
    let mut problems = Vec::new();
    for (line, content) in lines {
        match request(content).and_then(|request| add(&mut days, request)) {
            Ok(()) => {}
            Err((key, message, help)) => problems.push(problem(Some(line), key, message, help)),
        }
        if problems.len() == PROBLEMS_MAX {
            break;
        }
    }
    if days.is_empty() && problems.is_empty() {
        problems.push(problem(None, "", NO_ROWS.0.to_owned(), NO_ROWS.1));
    }
    if problems.is_empty() { Ok(days) } else { Err(problems) }
}

/// Column, message and help.
type Wrong = (&'static str, String, &'static str);

/// Day and millisecond of a line.
fn request(content: &str) -> Result<(u32, u32), Wrong> {
    let Some((day, at_s)) = content.split_once(',').filter(|(_, at_s)| !at_s.contains(',')) else {
        let fields = content.split(',').count();
        return Err((
            "",
            format!("has {fields} fields, the header has 2"),
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

/// Adds a request that comes after all others.
fn add(days: &mut Vec<Vec<u32>>, (day, ms): (u32, u32)) -> Result<(), Wrong> {
    let help = "sort the lines by day, then by time";
    let place = day as usize;
    if place + 1 < days.len() {
        return Err(("day", format!("day {day} comes after day {}", days.len() - 1), help));
    }
    if days.get(place).and_then(|day| day.last()).is_some_and(|before| *before > ms) {
        return Err(("at_s", "is before the line above".to_owned(), help));
    }
    days.resize_with(place + 1, Vec::new);
    days[place].push(ms);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        let found = read_trace("calls.csv", text).expect_err("bad input");
        assert_eq!(found.len(), 1, "{found:#?}");
        found[0].to_string()
    }

    #[test]
    fn requests_stand_with_their_days() {
        let text = "# of a week\nday,at_s\n0,0\n0,1.2345\n\n2,3600\n2, 86399.9999\n";
        let days = read_trace("calls.csv", text).expect("a trace");
        assert_eq!(days, [vec![0, 1234], vec![], vec![3_600_000, 86_399_999]]);
    }

    #[test]
    fn problems_name_line_cause_and_mend() {
        assert_eq!(problem(""), "calls.csv: is empty\n  help: begin with the header line day,at_s");
        assert!(problem("at_s,day\n").starts_with("calls.csv:1: the header is `at_s,day`"));
        assert!(problem("day,at_s\n").starts_with("calls.csv: has a header but no rows"));
        assert!(problem("day,at_s\n0\n").starts_with("calls.csv:2: has 1 fields, the header has 2"));
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
        assert_eq!(read_trace("calls.csv", &text).expect_err("problems").len(), 20);
    }
}
