//! Answers as lines.

use super::Answer;
use super::case::Case;

/// What the columns of a line are.
pub(crate) const HEADER: &str = "family | id | exact | estimate | 99.9 % interval | half width | inside";

/// A case and its answer.
pub(crate) fn line(case: &Case, answer: &Answer) -> String {
    match answer {
        Answer::Found(found) => {
            let (low, high) = (found.interval.low, found.interval.high);
            let half = 50.0 * (high - low) / case.value.abs();
            let inside = if found.inside { "inside" } else { "OUTSIDE" };
            let note = if found.note.is_empty() { String::new() } else { format!(" ({})", found.note) };
            let [exact, value, low, high] = [case.value, found.value, low, high].map(digits);
            format!(
                "{} | {} | {exact} | {value} | {low} to {high} | {half:.2} % | {inside}{note}",
                found.family, case.id
            )
        }
        Answer::NotExpressible(why) => {
            format!("not expressible | {} | {} | | | | {why}", case.id, digits(case.value))
        }
    }
}

/// How many are inside, outside and not expressible.
pub(crate) fn last_line(answers: &[Answer]) -> String {
    let count = |which: &dyn Fn(&Answer) -> bool| answers.iter().filter(|answer| which(answer)).count();
    let inside = count(&|answer| matches!(answer, Answer::Found(found) if found.inside));
    let outside = count(&|answer| matches!(answer, Answer::Found(found) if !found.inside));
    let without = count(&|answer| matches!(answer, Answer::NotExpressible(_)));
    format!("{inside} inside, {outside} outside, {without} not expressible")
}

/// Six significant digits.
fn digits(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let exponent = value.abs().log10().floor() as i32;
    if !(-5..9).contains(&exponent) {
        return format!("{value:.5e}");
    }
    format!("{value:.*}", (5 - exponent).max(0) as usize)
}
