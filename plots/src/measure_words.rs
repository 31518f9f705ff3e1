//! Worlds in words: the same in the tables of the screen and of the files.

use fleetfront_planner::{AllocationWorlds, Based, Components, CriterionChance, Measurement, MonthBill, Worlds};

use crate::format::{Unit, estimate, kind_word, plain, whole_usd};
use crate::sources::Sources;
use crate::trigger_words::{suffix, unit};

/// Headings of what a month may come to.
pub const MONTH_COLUMNS: [&str; 6] =
    ["allocation", "90 % of months", "by luck alone", "nobody measured", "acceptable in", "right in"];

/// What a month of an allocation may come to, and how often it is the right one.
#[must_use]
pub fn month_cells(of: &AllocationWorlds) -> [String; 6] {
    let bill = |bill: MonthBill| format!("{}–{}", whole_usd(bill.p5), whole_usd(bill.p95).replace('$', ""));
    [
        of.name.clone(),
        bill(of.bill_usd),
        bill(of.bill_usd_luck),
        of.cost_usd_month.map_or("0 %".to_owned(), |cost| estimate(cost.ignorance_share, Unit::Share)),
        share(of.acceptable_share),
        share(of.right_share),
    ]
}

/// Headings of luck and ignorance.
pub const SPLIT_COLUMNS: [&str; 6] =
    ["allocation", "a month's", "mean", "luck, ±", "ignorance, ±", "share of ignorance"];

/// Every number of an allocation that was split.
#[must_use]
pub fn split_rows(of: &AllocationWorlds) -> Vec<[String; 6]> {
    let row = |(what, unit, number): (&str, Unit, Option<Components>)| {
        let of_number = number?;
        Some([
            of.name.clone(),
            what.to_owned(),
            estimate(of_number.mean, unit),
            estimate(of_number.luck_sd, unit),
            estimate(of_number.ignorance_sd, unit),
            estimate(of_number.ignorance_share, Unit::Share),
        ])
    };
    let numbers = [
        ("cost", Unit::Usd, of.cost_usd_month),
        ("saving", Unit::PerCent, of.saving_percent),
        ("mean latency", Unit::Seconds, of.latency_s_mean),
        ("p95", Unit::Seconds, of.latency_s_p95),
    ];
    numbers.into_iter().filter_map(row).collect()
}

/// Headings of what to measure.
pub const MEASURE_COLUMNS: [&str; 7] =
    ["measure", "now", "90 % of worlds", "rests on [from]", "worth a month", "decides", "still wrong"];

/// What the numbers of the table are: those that are known now, and those that came out.
#[must_use]
pub fn measure_basis(of: &Worlds) -> String {
    format!("now, and 90 % of worlds: kind and source of each row. Worth, decides, still wrong: {}", of.basis().words())
}

/// What measuring a number would bring.
///
/// - `sources`: cited by number.
#[must_use]
pub fn measure_cells(of: &Measurement, sources: &mut Sources) -> [String; 7] {
    let unknown = &of.unknown;
    let (unit, suffix) = (unit(unknown.unit), suffix(unknown.unit));
    let [low, high] = unknown.factor.map(|factor| plain(factor * unknown.now, unit));
    let (kind, from) = (kind_word(unknown.kind), sources.number(&unknown.source));
    let rests_on = match unknown.n {
        0 => format!("{kind} [{from}]"),
        n => format!("{kind}, n = {n} [{from}]"),
    };
    let (worth, decides) = if of.is_shown {
        let error = of.value_usd_standard_error;
        (format!("{} ± {}", plain(of.value_usd_month, Unit::Usd), plain(error, Unit::Usd)), share(of.share))
    } else {
        ("not shown".to_owned(), "–".to_owned())
    };
    let still_wrong = if of.is_shown { share(of.wrong_after) } else { "–".to_owned() };
    let now = format!("{}{suffix}", plain(unknown.now, unit));
    [of.words(), now, format!("{low}–{high}"), rests_on, worth, decides, still_wrong]
}

/// Measurements that are shown to decide something.
#[must_use]
pub fn worth_showing(of: &Worlds) -> Vec<&Measurement> {
    of.measurements.iter().filter(|measurement| measurement.is_shown).collect()
}

/// The criteria that are met in some worlds and not in others, of an allocation.
#[must_use]
pub fn open_criteria(of: &AllocationWorlds) -> Vec<String> {
    let is_open = |chance: &&CriterionChance| chance.met > 0.0 && chance.met < 1.0;
    let words = |chance: &CriterionChance| {
        let counts = if chance.decides > 0.0 { "" } else { " (does not decide: the first misses it too)" };
        format!("{}: {} {}: in {} of the worlds{counts}", of.name, chance.subject, chance.criterion, share(chance.met))
    };
    of.criteria.iter().filter(is_open).map(words).collect()
}

/// What every number of the answer holds and does not hold.
#[must_use]
pub fn holds(of: &Worlds) -> String {
    if of.worlds == 0 {
        return format!("Nothing is drawn: luck alone, over {} days (seed {}).", of.present_trials, of.seed);
    }
    let truncated = match of.truncated {
        0 => String::new(),
        n => format!(" In {n} of them a number was taken at the end of what a scenario accepts."),
    };
    let (loss, shown) = (of.choice.loss_usd_month.value, of.choice.loss_shown_usd_month);
    let luck = if of.choice.is_open && shown < 0.9 * loss {
        let (loss, left) = (plain(loss, Unit::Usd), plain(loss - shown, Unit::Usd));
        format!(" Of the {loss} that choosing now loses, {left} may be the luck of so few days.")
    } else {
        String::new()
    };
    format!(
        "{} worlds of {} days (seed {}), the same for all allocations.{truncated}{luck} In each the right allocation is the \
         cheapest that meets what \"{}\" meets; one that does not is paid in vain. Luck is the spread between months of \
         one world, ignorance that between worlds; brackets are 95 % intervals over worlds.",
        of.worlds, of.trials, of.seed, of.allocations[0].name
    )
}

/// A share of worlds, with the digits that they support.
#[must_use]
pub fn share(of: f64) -> String {
    match of {
        of if of > 0.0 && of < 0.01 => "< 1 %".to_owned(),
        of if of < 1.0 && of > 0.99 => "> 99 %".to_owned(),
        of => format!("{:.0} %", of * 100.0),
    }
}
