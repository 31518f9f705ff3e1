//! A backtest in words: the same in the tables of the screen and of the files.

use fleetfront_planner::{
    Backtest, BacktestLine, BacktestSubject, Based, Calibrated, HoursWithout, LawTold, Metric, Unshown,
};

use crate::format::{Unit, plain};

/// Headings of the lines.
pub const BACKTEST_COLUMNS: [&str; 7] = ["traffic", "of", "number", "observed", "predicted", "90 % band", "off"];

/// A line of the table; what lies outside its band is marked.
#[must_use]
pub fn backtest_cells(line: &BacktestLine) -> [String; 7] {
    let number = |value: f64| plain(value, metric_unit(line.metric));
    let mark = if line.is_inside { "" } else { " outside" };
    [
        line.traffic.word().to_owned(),
        line.subject.name(),
        line.metric.name().to_owned(),
        number(line.observed),
        number(line.predicted),
        format!("{}–{}{mark}", number(line.low), number(line.high)),
        off(line),
    ]
}

/// How far a prediction is off.
#[must_use]
pub fn off(line: &BacktestLine) -> String {
    line.off_percent.map_or("–".to_owned(), |off| format!("{off:+.1} %").replace('-', "−"))
}

/// The unit of a number.
#[must_use]
pub fn metric_unit(metric: Metric) -> Unit {
    match metric {
        Metric::FailedShare | Metric::ColdStartShare | Metric::OtherHours => Unit::Share,
        Metric::WaitMean
        | Metric::LatencyMean
        | Metric::LatencyP50
        | Metric::LatencyP95
        | Metric::LatencyP99
        | Metric::ExecutionMean
        | Metric::ExecutionP50
        | Metric::ExecutionP95
        | Metric::ExecutionP99
        | Metric::BootMean => Unit::Seconds,
        // A sum of seconds is a number of them, however many hours it is.
        Metric::RequestsPerDay | Metric::BusyPerDay | Metric::BootPerDay | Metric::IdlePerDay => Unit::Count,
        Metric::UsdPerDay => Unit::Usd,
    }
}

/// What the lines are: the observed numbers, and the predicted ones.
#[must_use]
pub fn backtest_basis(of: &Backtest) -> String {
    let bill = of.bill.as_ref().map_or(String::new(), |bill| format!("; dollars by {}", bill.name));
    format!("observed, {}{bill}. Predicted, {}", of.observed_basis(false).words(), of.basis().words())
}

/// What the numbers of the first part are.
#[must_use]
pub fn calibrated_basis(of: &Backtest) -> String {
    let own = "where it says too few, the scenario's own law holds, with its kind and source";
    format!("{}; {own}", of.calibrated_basis().words())
}

/// Headings of what the first part told.
pub const CALIBRATED_COLUMNS: [&str; 6] = ["model", "requests", "execution", "boots", "failed", "requests a day"];

/// What the first part told of a model.
#[must_use]
pub fn calibrated_cells(of: &Calibrated) -> [String; 6] {
    let law = |law: &Option<LawTold>| match law {
        Some(LawTold { law, family, n, unshown }) => {
            let mean = plain(law.mean_s(), Unit::Seconds);
            let unshown = unshown.map_or(String::new(), |of| unshown_words(of, law.mean_s()));
            format!("{family} {mean}, cv {:.2}, n = {n}{unshown}", law.cv())
        }
        None => "too few: the scenario's".to_owned(),
    };
    [
        of.model.clone(),
        of.requests.to_string(),
        law(&of.service),
        law(&of.boot),
        of.failed.map_or("not told".to_owned(), |(failed, tries)| format!("{failed} of {tries}")),
        of.requests_per_day.map_or("–".to_owned(), |per_day| plain(per_day, Unit::Count)),
    ]
}

/// What was corrected for boots that stand in no log.
fn unshown_words(of: Unshown, mean_s: f64) -> String {
    let share = plain(of.share, Unit::Share);
    format!(
        "; boots that served: {share} of boots are seen by no request, mean {mean_s:.1} s for {:.1} s seen",
        of.shown_mean_s
    )
}

/// The heading of [`bill_words`], with what they are.
#[must_use]
pub fn bill_heading(of: &Backtest) -> String {
    let name = of.bill.as_ref().map_or("", |bill| bill.name.as_str());
    format!("The bill (measured: {name}, {})", of.second.words())
}

/// The heading of [`rate_words`], with what they are.
#[must_use]
pub fn rate_heading(of: &Backtest) -> String {
    let file = of.rates_file.as_deref().unwrap_or("as given");
    format!("The platform's rates (measured: {file}) beside the prices of {}, with kind and source there", of.scenario)
}

/// What is said of the bill, a line each.
#[must_use]
pub fn bill_words(of: &Backtest) -> Vec<String> {
    let Some(bill) = &of.bill else { return Vec::new() };
    let usd = |usd: f64| plain(usd, Unit::Usd);
    let mut words: Vec<String> = Vec::new();
    for rows in &bill.matched {
        let pool = if rows.pool == "*" { "all pools together".to_owned() } else { format!("pool {}", rows.pool) };
        words.push(format!("\"{}\" is {pool}, {} ({})", rows.description, usd(rows.usd), rows.rule));
    }
    for rows in &bill.unmatched {
        words.push(format!("\"{}\" is no pool's, {}: compared with nothing", rows.description, usd(rows.usd)));
    }
    if bill.outside_usd > 0.0 {
        words.push(format!("{} of other days: compared with nothing", usd(bill.outside_usd)));
    }
    if !bill.days_without.is_empty() {
        words.push(format!("no row for {}: taken as days without cost", bill.days_without.join(", ")));
    }
    for HoursWithout { pool, hours, first, last } in &bill.hours_without {
        let whose = if pool == "*" { "any pool".to_owned() } else { format!("pool {pool}") };
        words.push(format!("no row of {whose} for {hours} hours ({first} to {last}): taken as hours without cost"));
    }
    if bill.elsewhere_usd > 0.0 {
        words.push(format!("{} of other environments: compared with nothing", usd(bill.elsewhere_usd)));
    }
    words.extend(bill.remarks.iter().cloned());
    words
}

/// What is said of the rates, a line each.
#[must_use]
pub fn rate_words(of: &Backtest) -> Vec<String> {
    let Some(rates) = &of.rates else { return Vec::new() };
    let check = |check: &fleetfront_calibration::RateCheck| {
        let (item, stated) = (&check.item, check.stated_usd_per_hour);
        match (&check.rate, check.rate_usd_per_hour) {
            (Some(name), Some(rate)) => {
                if check.is_per_second {
                    return format!(
                        "{item}: {stated:.4} USD an hour is about 3600 times the platform's {name}, {rate:.6}: are those dollars a \
                         second? Rates are taken as dollars an hour"
                    );
                }
                let word = if check.differs { "differs from" } else { "is" };
                format!("{item}: {stated:.4} USD an hour {word} the platform's {name}, {rate:.4}")
            }
            _ => format!("{item}: {stated:.4} USD an hour; the platform has no such rate"),
        }
    };
    let mut words: Vec<String> = rates.checks.iter().map(check).collect();
    if !rates.unmatched.is_empty() {
        words.push(format!("rates of nothing in this allocation: {}", rates.unmatched.join(", ")));
    }
    words
}

/// What every number holds and does not hold.
#[must_use]
pub fn backtest_holds(of: &Backtest) -> String {
    format!(
        "Calibrated on {}, predicted {} (days of {}), allocation \"{}\". {} worlds (seed {}): laws, failures and traffic as the \
         first part allows them, and the luck of a period as long; nine worlds in ten lie in a band. Requests count by their \
         arrival, latencies and executions are those of requests that did not fail, boots those of containers that served.",
        of.first.words(),
        of.second.words(),
        of.zone,
        of.allocation,
        of.worlds,
        of.seed
    )
}

/// Whether a line is one of those that a person looks at first: the fleet, pools and days, and of models the numbers that
/// differ most.
pub(crate) fn is_shown(line: &BacktestLine) -> bool {
    let of_model =
        [Metric::ColdStartShare, Metric::WaitMean, Metric::LatencyP95, Metric::ExecutionMean, Metric::BusyPerDay];
    !matches!(line.subject, BacktestSubject::Model(_)) || of_model.contains(&line.metric)
}
