//! Two studies in sentences.

use super::answers::{in_both, metric_diff};
use super::{CriterionChange, DecisionDiff, InTime, Move, StudyDiff, Told};
use crate::estimate::Estimate;
use crate::study::{AllocationResult, Judgement, Study};

/// Moves that are spelled out in the first sentence; the others follow in a list.
const SPELLED_OUT: usize = 3;

/// Whether the decision changed, how, and what the recommended fleet costs.
pub(super) fn headline(old: &Study, new: &Study, diff: &StudyDiff) -> String {
    let decision = &diff.decision;
    let so = if decision.changed {
        format!("The decision changes: {}; {}.", verdict(decision), recommended(&decision.moves))
    } else {
        let (name, judgement) = &decision.new_verdict;
        format!("The decision stands: \"{name}\" still {}, and the same fleet is recommended.", verb(*judgement))
    };
    match cost(old, new) {
        Some(cost) => format!("{so} {cost}"),
        None => so,
    }
}

fn verdict(decision: &DecisionDiff) -> String {
    let ((old, was), (new, is)) = (&decision.old_verdict, &decision.new_verdict);
    match (old == new, was == is) {
        (true, true) => format!("\"{new}\" still {}", verb(*is)),
        (true, false) => format!("\"{new}\" {}, where it {}", verb(*is), past(*was)),
        (false, _) => format!("\"{new}\" {}, where \"{old}\" {}", verb(*is), past(*was)),
    }
}

fn verb(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Pass => "passes every criterion",
        Judgement::Undecided => "is not shown to pass its criteria",
        Judgement::Fail => "fails its criteria",
    }
}

fn past(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Pass => "passed every criterion",
        Judgement::Undecided => "was not shown to pass its criteria",
        Judgement::Fail => "failed its criteria",
    }
}

fn recommended(moves: &[Move]) -> String {
    let words: Vec<String> = moves.iter().take(SPELLED_OUT).map(Move::words).collect();
    match moves.len() {
        0 => "the same fleet is recommended".to_owned(),
        n if n > SPELLED_OUT => format!("recommended now: {}, and {} more moves", words.join("; "), n - SPELLED_OUT),
        _ => format!("recommended now: {}", words.join("; ")),
    }
}

/// What the recommended fleets cost.
fn cost(old: &Study, new: &Study) -> Option<String> {
    let of = |study: &Study| {
        let own = study.allocations.iter().find(|own| own.name == study.recommendation.allocation)?;
        own.results.as_ref().map(|results| results.fleet.cost_usd_month)
    };
    let (before, after) = (of(old)?, of(new)?);
    Some(match metric_diff("", "USD", before, after).told {
        Told::Same => format!("It costs {} a month, as before.", usd(after)),
        told => {
            let sure = if told == Told::MaybeLuck { ", which may be luck" } else { "" };
            format!("It costs {} a month instead of {}{sure}.", usd(after), usd(before))
        }
    })
}

fn usd(of: Estimate) -> String {
    let [value, low, high] = [of.value, of.low, of.high].map(|usd| format!("${usd:.0}"));
    if low == high { value } else { format!("{value} ({low} to {high})") }
}

/// What cannot be compared, and what the numbers mean.
pub(super) fn notes(old: &Study, new: &Study, diff: &StudyDiff) -> Vec<String> {
    let mut notes = Vec::new();
    if old.scenario != new.scenario {
        notes.push(format!(
            "The studies are of different scenarios, \"{}\" and \"{}\": only what has the same name is compared.",
            old.scenario, new.scenario
        ));
    }
    notes.extend(of_inputs(old, new, diff));
    if old.days_per_month.total_cmp(&new.days_per_month).is_ne() {
        notes.push(format!(
            "A month has {} days in the old study and {} in the new one: every cost moves with it.",
            old.days_per_month, new.days_per_month
        ));
    }
    let models = |study: &Study| study.models.iter().map(|model| model.name.clone()).collect::<Vec<_>>();
    notes.extend(in_one_only("Models", &models(old), &models(new)));
    let names = |study: &Study| study.allocations.iter().map(|own| own.name.clone()).collect::<Vec<_>>();
    notes.extend(in_one_only("Allocations", &names(old), &names(new)));
    for (before, after) in in_both(old, new) {
        let cannot = |of: &AllocationResult| of.results.is_none();
        let which = match (cannot(before), cannot(after)) {
            (false, false) => continue,
            (true, true) => "in both studies",
            (true, false) => "in the old study, but runs in the new one",
            (false, true) => "in the new study, and ran in the old one",
        };
        notes.push(format!("\"{}\" cannot run as written {which}.", after.name));
    }
    match (old.recommendation.passes_all, new.recommendation.passes_all) {
        (false, true) => {
            notes.push("The recommended fleet now meets all that is asked of it; before it did not.".into())
        }
        (true, false) => notes.push("The recommended fleet no longer meets all that is asked of it.".into()),
        _ => {}
    }
    notes.extend(of_luck(old, new, diff));
    notes
}

/// What can be said of the inputs beside their changes.
fn of_inputs(old: &Study, new: &Study, diff: &StudyDiff) -> Vec<String> {
    let without = |study: &Study| study.origin.files.is_empty();
    if without(old) || without(new) {
        let which = if without(old) { "old" } else { "new" };
        return vec![format!("The {which} study holds no inputs: what changed in them cannot be said.")];
    }
    let in_files = diff.inputs.len() > super::run_changes(old, new).len();
    match (old.inputs_sha256 == new.inputs_sha256, in_files) {
        (false, false) => vec!["The input files differ in comments and layout only.".to_owned()],
        _ => Vec::new(),
    }
}

fn in_one_only(what: &str, old: &[String], new: &[String]) -> Vec<String> {
    let only = |own: &[String], other: &[String]| -> Vec<String> {
        own.iter().filter(|name| !other.contains(name)).map(|name| format!("\"{name}\"")).collect()
    };
    let sides = [("old", only(old, new)), ("new", only(new, old))];
    let found = sides.into_iter().filter(|(_, names)| !names.is_empty());
    found.map(|(side, names)| format!("{what} of the {side} study only: {}.", names.join(", "))).collect()
}

/// What the intervals of differences mean.
fn of_luck(old: &Study, new: &Study, diff: &StudyDiff) -> Vec<String> {
    let compared = diff.answers.iter().flat_map(|answer| &answer.metrics);
    if compared.clone().all(|metric| metric.told == Told::Same) {
        return Vec::new();
    }
    let sure = "An interval of a difference takes the two studies as independent";
    let first = if old.seed == new.seed {
        format!(
            "{sure}; with the same seed ({}) the requests are the same wherever the traffic is, so it is wider than need \
             be: `fleetfront compare` pairs allocations of one scenario.",
            new.seed
        )
    } else {
        format!("{sure}, which they are: their seeds differ ({} and {}).", old.seed, new.seed)
    };
    let n = compared.count();
    vec![
        first,
        format!("Each of the {n} differences is judged by itself: one in twenty passes for more than luck by luck."),
    ]
}

impl CriterionChange {
    /// What is asked, and what was where that is another target.
    #[must_use]
    pub fn asked(&self) -> String {
        match &self.old_criterion {
            None => self.criterion.clone(),
            Some(old) => format!("{} (before: {old})", self.criterion),
        }
    }
}

impl InTime {
    /// In a sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let fleet = "The cheapest fleet that keeps every limit";
        match (&self.old, &self.new) {
            (None, None) => "No simulated fleet keeps every limit, before or now.".to_owned(),
            (Some(old), None) => {
                format!("No simulated fleet keeps every limit now; before, one cost {}.", { usd(old.cost_usd_month) })
            }
            (None, Some(new)) => format!("{fleet} costs {} a month; before, none did.", usd(new.cost_usd_month)),
            (Some(old), Some(new)) if old.choices == new.choices => {
                format!("{fleet} is the same: {} a month, {} before.", usd(new.cost_usd_month), usd(old.cost_usd_month))
            }
            (Some(old), Some(new)) => format!(
                "{fleet} is another: {} a month ({}), {} before ({}).",
                usd(new.cost_usd_month),
                new.label,
                usd(old.cost_usd_month),
                old.label
            ),
        }
    }
}
