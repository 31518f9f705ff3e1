//! What a log says of the assumptions, in words and rows: the same on the screen and in the files.

use fleetfront_planner::{Assumption, Basis, Drift, Fired, Question};

use crate::format::{Unit, estimate, plain, prose};
use crate::sources::Sources;
use crate::trigger_words::{suffix, unit};

/// Columns of [`drift_rows`].
pub const DRIFT_COLUMNS: [&str; 7] =
    ["assumption", "scenario", "kind [from]", "log", "p, of all tests", "rejected", "tested by"];

/// Those of them that are numbers.
pub const DRIFT_NUMBERS: [usize; 3] = [1, 3, 4];

/// Columns of [`effect_rows`]; the last two are numbers.
pub const EFFECT_COLUMNS: [&str; 5] =
    ["what the log says otherwise", "in its place", "claim", "as assumed", "with the log"];

/// The answer in two sentences.
#[must_use]
pub fn drift_headline(drift: &Drift, now: &[Question]) -> String {
    let names = |is: fn(&Assumption) -> bool| -> Vec<&str> {
        drift.assumptions.iter().filter(|of| is(of)).map(|of| of.name.as_str()).collect()
    };
    let (rejected, known) = (names(|of| of.rejected), names(|of| of.known_better));
    let (tests, days) = (drift.assumptions.len(), drift.days);
    let days = if days == 1 { "1 day".to_owned() } else { format!("{days} days") };
    if rejected.is_empty() && known.is_empty() {
        return format!("{days} of calls reject none of {tests} assumptions: what was decided still rests on them.");
    }
    let list = |names: &[&str]| if names.is_empty() { String::new() } else { format!(": {}", names.join(", ")) };
    let known = match &known[..] {
        [] => String::new(),
        names => format!(" They know better what was uncertain{}.", list(names)),
    };
    let count = if rejected.is_empty() { "none".to_owned() } else { rejected.len().to_string() };
    let then = drift.together.as_ref().map_or_else(
        || "The log does not say what to put in its place.".to_owned(),
        |together| answers_then(now, together, drift.assumptions.iter().any(|of| of.rejected && !of.is_replaced())),
    );
    format!("{days} of calls reject {count} of {tests} assumptions{}.{known} {then}", list(&rejected))
}

/// What becomes of the answers.
///
/// - `is_left`: whether something is rejected that nothing takes the place of.
fn answers_then(now: &[Question], together: &[Question], is_left: bool) -> String {
    let turned: Vec<String> = (now.iter().zip(together))
        .filter(|(now, then)| now.holds() != then.holds())
        .map(|(now, then)| format!("{}: {}, now {}", prose(&now.claim), holds(now), holds(then)))
        .collect();
    let replaced = if is_left { "all that can be replaced" } else { "all of them replaced" };
    if turned.is_empty() {
        format!("With {replaced} no answer changes.")
    } else {
        format!("With {replaced}: {}.", turned.join("; "))
    }
}

/// What its numbers are: what was observed, and what the scenario says.
#[must_use]
pub fn drift_basis(drift: &Drift) -> String {
    format!(
        "scenario: kind and source of each row; log, {}; p: derived by the test of its row",
        drift.observed_basis.words()
    )
}

/// What the effects are: simulated, with numbers of the log where they say so.
#[must_use]
pub fn effect_basis(drift: &Drift, simulated: &Basis) -> String {
    format!("{}; in its place, {}", simulated.words(), drift.observed_basis.words())
}

/// A row an assumption.
///
/// - `sources`: of what the scenario says, cited by number.
#[must_use]
pub fn drift_rows(drift: &Drift, sources: &mut Sources) -> Vec<Vec<String>> {
    let row = |of: &Assumption| {
        let number = unit(of.unit);
        let observed = if of.observed.low < of.observed.high {
            estimate(of.observed, number)
        } else {
            plain(of.observed.value, number)
        };
        vec![
            of.name.clone(),
            plain(of.assumed, number) + suffix(of.unit),
            sources.cite(&of.assumed_basis),
            format!("{observed}{} of {}", suffix(of.unit), plain(of.n as f64, Unit::Count)),
            p_words(of.p_adjusted),
            match (of.rejected, of.known_better) {
                (true, _) => "rejected",
                (false, true) => "no, known better",
                (false, false) => "no",
            }
            .to_owned(),
            of.test.clone(),
        ]
    };
    drift.assumptions.iter().map(row).collect()
}

/// A row a claim under each assumption that was replaced, and under all of them together.
///
/// - `now`: the claims as they stand in the scenario.
#[must_use]
pub fn effect_rows(drift: &Drift, now: &[Question]) -> Vec<Vec<String>> {
    let ratio = |question: &Question| format!("{} ({})", estimate(question.value, Unit::Ratio), holds(question));
    let rows = |name: String, adopted: String, then: &[Question]| -> Vec<Vec<String>> {
        let row = |(place, (now, then)): (usize, (&Question, &Question))| {
            let is_first = place == 0;
            let head = |text: &String| if is_first { text.clone() } else { String::new() };
            vec![head(&name), head(&adopted), prose(&then.claim), ratio(now), ratio(then)]
        };
        now.iter().zip(then).enumerate().map(row).collect()
    };
    let replaced = drift.assumptions.iter().filter(|of| of.is_replaced());
    let mut all: Vec<Vec<String>> =
        replaced.clone().flat_map(|of| rows(of.name.clone(), of.adopted.clone(), &of.answers)).collect();
    if let Some(together) = drift.together.as_ref().filter(|_| replaced.count() > 1) {
        all.extend(rows("all of them".to_owned(), String::new(), together));
    }
    all
}

/// The triggers that the log has passed, or may have: one sentence each.
#[must_use]
pub fn fired_lines(drift: &Drift) -> Vec<String> {
    let line = |of: &Assumption, fired: &Fired| {
        let number = unit(of.unit);
        let verb = if fired.certainly { "has passed" } else { "may have passed" };
        let (at, seen) = (plain(fired.at.value, number), estimate(of.observed, number));
        prose(&format!("{} {verb} {at}{}: it is {seen}. This decides: {}", of.name, suffix(of.unit), fired.claim))
    };
    drift.assumptions.iter().flat_map(|of| of.fired.iter().map(|fired| line(of, fired))).collect()
}

fn holds(question: &Question) -> &'static str {
    question.holds().map_or("undecided", |holds| if holds { "yes" } else { "no" })
}

fn p_words(p: f64) -> String {
    if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::questions::drift;

    #[test]
    fn what_is_rejected_is_said_with_what_it_does() {
        let (drift, now) = drift();
        let headline = drift_headline(&drift, &now);
        assert!(
            headline.starts_with("7 days of calls reject 1 of 2 assumptions: traffic of a|b. With all"),
            "{headline}"
        );
        assert!(headline.contains("yes, now no"), "{headline}");
        let mut sources = Sources::default();
        let rows = drift_rows(&drift, &mut sources);
        let first = ["200 a day", "published [1]", "410 (390–430) a day of 2,870", "< 0.001", "rejected"];
        assert_eq!(rows[0][1..6], first);
        assert_eq!(rows[1][2..6], ["published [1]", "4.20 s (4.10–4.30) of 2,870", "0.412", "no"]);
        assert_eq!(sources.lines(), ["[1] a page (2026-11-23)"]);
        assert!(drift_basis(&drift).contains("log, measured: calls.csv, 7 days;"), "{}", drift_basis(&drift));
        let effects = effect_rows(&drift, &now);
        assert_eq!((effects.len(), effects[0][1].as_str()), (1, "2.050 times the traffic"));
        assert!(effects[0][3].ends_with("(yes)") && effects[0][4].ends_with("(no)"), "{effects:?}");
        let [fired] = fired_lines(&drift).try_into().expect("one");
        assert!(fired.contains("has passed 300 a day: it is 410 (390–430)"), "{fired}");
        let mut vague = drift.clone();
        (vague.assumptions[0].rejected, vague.assumptions[0].known_better) = (false, true);
        let words = drift_headline(&vague, &now);
        assert!(
            words.starts_with(
                "7 days of calls reject none of 2 assumptions. They know better what was uncertain: traffic"
            ),
            "{words}"
        );
        let rows = drift_rows(&vague, &mut sources);
        assert_eq!((rows[0][5].as_str(), effect_rows(&vague, &now).len()), ("no, known better", 1));
        let quiet = Drift { assumptions: drift.assumptions[1..].to_vec(), together: None, ..drift };
        assert!(drift_headline(&quiet, &now).contains("reject none of 1"));
    }
}
