//! A bill by pool and day: which of its rows are those of which pool, and which of none.

use std::collections::{BTreeMap, BTreeSet};

use fleetfront_calibration::BillingRow;
use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_workloads::parse_instant;
use serde::{Deserialize, Serialize};

use super::BacktestError;
use super::days::{DAY_NS, Period};
use super::whose::{ALL_POOLS, Whose};

const HOURS_A_DAY: usize = 24;

/// A bill and what its owner says of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bill {
    /// Its name, as answers quote it.
    pub name: String,
    /// Its rows.
    pub rows: Vec<BillingRow>,
    /// Which pool the description of a row stands for; `*` for all pools together, `-` for none.
    pub apps: Vec<(String, String)>,
    /// The environment whose rows count; `None` for all, which have to be one.
    pub environment: Option<String>,
}

/// What was made of a bill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BillTold {
    /// Its name.
    pub name: String,
    /// Dollars of the period by description and pool (`*`: all together), the most first.
    pub matched: Vec<MatchedRows>,
    /// Dollars of the period that are no pool's, by description, the most first: they are compared with nothing.
    pub unmatched: Vec<UnmatchedRows>,
    /// Dollars of the pools by resource, the most first; empty where the bill does not tell resources.
    pub by_resource: Vec<(String, f64)>,
    /// Dollars of other days.
    pub outside_usd: f64,
    /// Days of the period without a row: taken as days without cost.
    pub days_without: Vec<String>,
    /// Of a bill by the hour, hours of other days that have no row of a pool: taken as hours without cost.
    #[serde(default)]
    pub hours_without: Vec<HoursWithout>,
    /// Dollars of other environments.
    #[serde(default)]
    pub elsewhere_usd: f64,
    /// What a reader must know of how rows were given to pools.
    #[serde(default)]
    pub remarks: Vec<String>,
}

/// Hours without a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoursWithout {
    /// Whose: a pool, or `*` for every one that the bill has.
    pub pool: String,
    /// How many.
    pub hours: u32,
    /// The first, as date and time of the reporting zone.
    pub first: String,
    /// The last.
    pub last: String,
}

/// Rows that are a pool's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchedRows {
    /// As in the bill.
    pub description: String,
    /// The pool, or `*`.
    pub pool: String,
    /// By which rule.
    pub rule: String,
    /// Dollars.
    pub usd: f64,
}

/// Rows that are nobody's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UnmatchedRows {
    /// As in the bill.
    pub description: String,
    /// Dollars.
    pub usd: f64,
}

/// A bill over a period.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Charged {
    /// Places of the pools that it covers, rising.
    pub(crate) covered: Vec<usize>,
    /// Dollars by day of each of them; `None` where some stand for all pools together.
    pub(crate) pools: Option<Vec<Vec<f64>>>,
    /// Dollars of all of them by day.
    pub(crate) days_usd: Vec<f64>,
    pub(crate) told: BillTold,
}

/// Gives the rows of a bill to pools.
///
/// # Errors
/// [`BacktestError`] when an app's pool or the environment is unknown, no row lies in the period, none is a pool's, pools have
/// rows of several environments, or days of UTC are not the days of the report.
pub(crate) fn charged(
    bill: &Bill,
    scenario: &Scenario,
    allocation: &Allocation,
    period: &Period,
) -> Result<Charged, BacktestError> {
    let names: Vec<&str> = allocation.pools.iter().map(|pool| pool.name.as_str()).collect();
    check_environment(bill)?;
    let placed = placed(bill, period, &scenario.clock.reporting_time_zone)?;
    let rows = || bill.rows.iter().zip(&placed).filter(|(row, _)| bill.counts(row));
    let in_period = rows().filter(|(_, slot)| slot.is_some()).map(|(row, _)| row);
    let whose = Whose::of(in_period, &bill.apps, names.clone(), &scenario.name)?;
    let mut given = Given { has_row: vec![false; period.days()], ..Given::default() };
    for (row, slot) in rows() {
        given.add(row, *slot, &whose, &names);
    }
    let elsewhere = bill.rows.iter().zip(&placed).filter(|(row, slot)| !bill.counts(row) && slot.is_some());
    given.elsewhere_usd = elsewhere.map(|(row, _)| row.cost_usd).sum();
    given.check(bill, &names, period)?;
    let is_hourly = placed.iter().flatten().any(|slot| slot.hour > 0);
    Ok(given.finish(bill, &names, period, is_hourly))
}

/// Where a row lies in the period.
#[derive(Debug, Clone, Copy)]
struct Slot {
    day: usize,
    hour: usize,
}

/// Rows that have been given to pools.
#[derive(Debug, Default)]
struct Given<'a> {
    usd: BTreeMap<Option<usize>, Vec<f64>>,
    /// Hours since the period began that have a row.
    hours: BTreeMap<Option<usize>, BTreeSet<usize>>,
    matched: BTreeMap<(&'a str, &'a str, &'static str), f64>,
    unmatched: BTreeMap<&'a str, f64>,
    by_resource: BTreeMap<&'a str, f64>,
    /// Dollars of pools.
    environments: BTreeMap<&'a str, f64>,
    has_row: Vec<bool>,
    remarks: BTreeSet<String>,
    outside_usd: f64,
    elsewhere_usd: f64,
}

impl<'a> Given<'a> {
    fn add(&mut self, row: &'a BillingRow, slot: Option<Slot>, whose: &Whose<'a>, names: &[&'a str]) {
        let Some(Slot { day, hour }) = slot else {
            self.outside_usd += row.cost_usd;
            return;
        };
        self.has_row[day] = true;
        self.remarks.extend(whose.doubt(row));
        let Some((target, rule)) = whose.target(row) else {
            *self.unmatched.entry(&row.description).or_default() += row.cost_usd;
            return;
        };
        let days = self.has_row.len();
        self.usd.entry(target).or_insert_with(|| vec![0.0; days])[day] += row.cost_usd;
        self.hours.entry(target).or_default().insert(day * HOURS_A_DAY + hour);
        *self.environments.entry(&row.environment).or_default() += row.cost_usd;
        let pool = target.map_or(ALL_POOLS, |place| names[place]);
        *self.matched.entry((&row.description, pool, rule)).or_default() += row.cost_usd;
        if !row.resource.is_empty() {
            *self.by_resource.entry(&row.resource).or_default() += row.cost_usd;
        }
    }

    fn check(&self, bill: &Bill, names: &[&str], period: &Period) -> Result<(), BacktestError> {
        let name = &bill.name;
        if !self.has_row.contains(&true) {
            let what = format!("{name}: no row lies in {}, which is predicted", period.words());
            return Err(BacktestError::unfit(what, "give the bill of that period"));
        }
        if self.usd.is_empty() {
            let known: Vec<String> = self.unmatched.keys().map(|description| format!("\"{description}\"")).collect();
            let what = format!("{name}: no row is that of a pool; it has {}", known.join(", "));
            let pools = names.join(", ");
            let help = format!("say whose they are, as with --bill-app NAME=POOL, or NAME=* for all of: {pools}");
            return Err(BacktestError::unfit(what, help));
        }
        if self.environments.len() > 1 {
            let all: Vec<String> =
                self.environments.iter().map(|(own, usd)| format!("\"{own}\" (${usd:.2})")).collect();
            let what = format!("{name}: pools have rows of several environments: {}", all.join(", "));
            let mend = "say whose log this is with --environment NAME, or give the bill of that environment";
            return Err(BacktestError::unfit(what, mend));
        }
        Ok(())
    }

    fn finish(self, bill: &Bill, names: &[&str], period: &Period, is_hourly: bool) -> Charged {
        let are_together = self.usd.contains_key(&None);
        let covered: Vec<usize> =
            if are_together { (0..names.len()).collect() } else { self.usd.keys().flatten().copied().collect() };
        let sum = |day: usize| self.usd.values().map(|days| days[day]).sum();
        let without = self.has_row.iter().zip(&period.dates).filter(|(has, _)| !**has);
        let matched = self.matched.iter().map(|((description, pool, rule), usd)| MatchedRows {
            description: (*description).to_owned(),
            pool: (*pool).to_owned(),
            rule: (*rule).to_owned(),
            usd: *usd,
        });
        let unmatched = self.unmatched.iter();
        let unmatched =
            unmatched.map(|(description, usd)| UnmatchedRows { description: (*description).to_owned(), usd: *usd });
        let told = BillTold {
            name: bill.name.clone(),
            matched: matched.collect(),
            unmatched: unmatched.collect(),
            by_resource: self.by_resource.iter().map(|(resource, usd)| ((*resource).to_owned(), *usd)).collect(),
            outside_usd: self.outside_usd,
            days_without: without.map(|(_, date)| date.clone()).collect(),
            hours_without: if is_hourly { self.hours_without(names, period) } else { Vec::new() },
            elsewhere_usd: self.elsewhere_usd,
            remarks: self.remarks.iter().cloned().collect(),
        };
        let days_usd = (0..period.days()).map(sum).collect();
        let pools = (!are_together).then(|| self.usd.into_values().collect());
        Charged { covered, pools, days_usd, told: told.sorted() }
    }

    /// Of days that have rows, the hours that have none: of each pool, or of all if they are the same.
    fn hours_without(&self, names: &[&str], period: &Period) -> Vec<HoursWithout> {
        let all = || (0..HOURS_A_DAY * period.days()).filter(|hour| self.has_row[hour / HOURS_A_DAY]);
        let word = |hour: usize| format!("{} {:02}:00", period.dates[hour / HOURS_A_DAY], hour % HOURS_A_DAY);
        let told = |(target, has): (&Option<usize>, &BTreeSet<usize>)| {
            let missing: Vec<usize> = all().filter(|hour| !has.contains(hour)).collect();
            let (first, last) = (word(*missing.first()?), word(*missing.last()?));
            let pool = target.map_or(ALL_POOLS, |place| names[place]).to_owned();
            Some(HoursWithout { pool, hours: missing.len() as u32, first, last })
        };
        let mut sets = self.hours.values();
        let one = sets.next().filter(|first| sets.all(|own| own == *first));
        match one {
            Some(hours) => told((&None, hours)).into_iter().collect(),
            None => self.hours.iter().filter_map(told).collect(),
        }
    }
}

impl Bill {
    /// Whether a row is of the environment that is asked for.
    fn counts(&self, row: &BillingRow) -> bool {
        self.environment.as_ref().is_none_or(|name| *name == row.environment)
    }
}

fn check_environment(bill: &Bill) -> Result<(), BacktestError> {
    let Some(name) = &bill.environment else { return Ok(()) };
    if bill.rows.iter().any(|row| bill.counts(row)) {
        return Ok(());
    }
    let known: BTreeSet<&str> = bill.rows.iter().map(|row| row.environment.as_str()).collect();
    let meant = fleetfront_scenario::nearest(name, known.iter().copied());
    let meant = meant.map_or(String::new(), |meant| format!("did you mean \"{meant}\"? "));
    let what = format!("--environment {name}: no row of {} is of it", bill.name);
    let known: Vec<String> = known.iter().map(|own| format!("\"{own}\"")).collect();
    Err(BacktestError::unfit(what, format!("{meant}The bill has {}", known.join(", "))))
}

impl BillTold {
    fn sorted(mut self) -> Self {
        self.matched.sort_by(|a, b| b.usd.total_cmp(&a.usd));
        self.unmatched.sort_by(|a, b| b.usd.total_cmp(&a.usd));
        self.by_resource.sort_by(|a, b| b.1.total_cmp(&a.1));
        self
    }
}

/// The day and hour of each row; `None` outside the period.
fn placed(bill: &Bill, period: &Period, zone: &str) -> Result<Vec<Option<Slot>>, BacktestError> {
    let instant = |row: &BillingRow| {
        let at_ns = parse_instant(&row.interval_start, "UTC").ok().flatten();
        at_ns.ok_or_else(|| {
            let what = format!("{}:{}: Interval Start: `{}` is no instant", bill.name, row.line, row.interval_start);
            BacktestError::unfit(what, "give the report as the platform prints it")
        })
    };
    let at_ns = bill.rows.iter().map(instant).collect::<Result<Vec<i64>, _>>()?;
    let are_days = at_ns.iter().all(|at_ns| at_ns.rem_euclid(DAY_NS) == 0);
    if are_days && period.edges_ns.iter().any(|edge_ns| edge_ns.rem_euclid(DAY_NS) != 0) {
        let what = format!("{}: has days of UTC, and results are reported in days of {zone}", bill.name);
        return Err(BacktestError::unfit(what, "give the bill by the hour (modal billing report --resolution h)"));
    }
    let slot = |at_ns: i64| Some(Slot { day: period.day_of(at_ns)?, hour: period.hour_of(at_ns)? });
    Ok(at_ns.into_iter().map(slot).collect())
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;

    const START_NS: i64 = 1_767_571_200_000_000_000;

    fn row(description: &str, date: &str, cost_usd: f64) -> BillingRow {
        BillingRow {
            line: 2,
            object_id: "ap-1".into(),
            description: description.into(),
            environment: "main".into(),
            interval_start: date.into(),
            resource: "L40S".into(),
            cost_usd,
            tags: BTreeMap::new(),
        }
    }

    fn of(rows: Vec<BillingRow>, apps: &[(&str, &str)], start_ns: i64) -> Result<Charged, BacktestError> {
        let apps = apps.iter().map(|(app, pool)| ((*app).to_owned(), (*pool).to_owned())).collect();
        of_bill(&Bill { name: "bill.csv".into(), rows, apps, environment: None }, start_ns)
    }

    fn of_bill(bill: &Bill, start_ns: i64) -> Result<Charged, BacktestError> {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let edges_ns = (0..3).map(|day| start_ns + day * DAY_NS).collect();
        let period = Period { dates: vec!["2026-01-05".into(), "2026-01-06".into()], edges_ns };
        charged(bill, &scenario, &scenario.allocations[0], &period)
    }

    fn pool(place: usize) -> String {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        scenario.allocations[0].pools[place].name.clone()
    }

    #[test]
    fn rows_go_to_pools_and_none_is_dropped() {
        let (first, second) = (pool(0), pool(1));
        let mut tagged = row("x", "2026-01-06T00:00:00", 4.0);
        tagged.tags.insert("pool".into(), second.to_uppercase());
        let rows = vec![
            row(&format!("My {first} app"), "2026-01-05T00:00:00", 1.0),
            row(&format!("My {first} app"), "2026-01-06", 2.0),
            tagged,
            row("training", "2026-01-06T00:00:00", 8.0),
            row("training", "2026-01-07T00:00:00", 16.0),
            row("whatever", "2026-01-05T00:00:00", 32.0),
        ];
        let charged = of(rows, &[("whatever", &second)], START_NS).expect("a bill");
        assert_eq!(charged.covered, [0, 1]);
        assert_eq!(charged.pools, Some(vec![vec![1.0, 2.0], vec![32.0, 4.0]]));
        assert_eq!(charged.days_usd, [33.0, 6.0]);
        assert_eq!(charged.told.unmatched, [UnmatchedRows { description: "training".into(), usd: 8.0 }]);
        assert!((charged.told.outside_usd - 16.0).abs() < 1e-12);
        let all: f64 = charged.days_usd.iter().sum::<f64>() + 8.0 + 16.0;
        assert!((all - 63.0).abs() < 1e-12, "every dollar stands somewhere: {all}");
        assert_eq!(charged.told.matched[0].rule, "--bill-app");
    }

    #[test]
    fn one_app_may_be_all_pools() {
        for (apps, description) in [(&[("studio", "*")][..], "studio"), (&[], "image-studio")] {
            let charged = of(vec![row(description, "2026-01-06", 5.0)], apps, START_NS).expect("a bill");
            assert_eq!((charged.pools, charged.days_usd), (None, vec![0.0, 5.0]));
            assert_eq!(charged.told.days_without, ["2026-01-05"]);
            assert!(charged.covered.len() > 1);
        }
    }

    #[test]
    fn bills_that_fit_nothing_are_refused() {
        let said = |rows, apps: &[(&str, &str)], start_ns| of(rows, apps, start_ns).expect_err("an error").to_string();
        let row = |date: &str| vec![row("training", date, 1.0)];
        assert!(said(row("2026-02-05"), &[], START_NS).contains("no row lies in 2026-01-05 to 2026-01-06"));
        assert!(said(row("2026-01-05"), &[], START_NS).contains("no row is that of a pool; it has \"training\""));
        assert!(said(row("2026-01-05"), &[("training", "nobody")], START_NS).contains("no pool \"nobody\""));
        let shifted = said(row("2026-01-06"), &[], START_NS - DAY_NS / 24);
        assert!(shifted.contains("has days of UTC") && shifted.contains("--resolution h"), "{shifted}");
    }

    /// A bill by the hour of two days, without the afternoon of the second (12 hours).
    #[test]
    fn hours_without_a_row_are_told_as_days_are() {
        let hours = |name: String, until: usize| {
            (0..until).map(move |hour| row(&name, &format!("2026-01-{:02}T{:02}:00:00", 5 + hour / 24, hour % 24), 1.0))
        };
        let told = |second: usize| {
            let rows = hours(pool(0), 36).chain(hours(pool(1), second)).collect();
            of(rows, &[], START_NS).expect("a bill").told.hours_without
        };
        let without = |pool: &str, hours: u32, first: &str| HoursWithout {
            pool: pool.to_owned(),
            hours,
            first: first.to_owned(),
            last: "2026-01-06 23:00".to_owned(),
        };
        assert_eq!(told(36), [without("*", 12, "2026-01-06 12:00")]);
        let own = |first: usize| pool(first);
        let two = [without(&own(0), 12, "2026-01-06 12:00"), without(&own(1), 6, "2026-01-06 18:00")];
        assert_eq!(told(42), two);
        let whole = (0..2).flat_map(|place| hours(own(place), 48)).collect();
        assert!(of(whole, &[], START_NS).expect("a bill").told.hours_without.is_empty());
        // A whole day is told as one, and a bill by the day lacks no hours.
        let of_a_day = of(hours(own(0), 24).collect(), &[], START_NS).expect("a bill").told;
        assert_eq!((of_a_day.days_without.len(), of_a_day.hours_without.len()), (1, 0));
        let by_day = of(vec![row(&own(0), "2026-01-05", 1.0)], &[], START_NS).expect("a bill").told;
        assert!(by_day.hours_without.is_empty());
    }

    #[test]
    fn environments_are_not_added_up() {
        let staging = BillingRow { environment: "staging".into(), ..row(&pool(0), "2026-01-05", 2.0) };
        let other = BillingRow { environment: "research".into(), ..row("training", "2026-01-05", 4.0) };
        let rows = vec![row(&pool(0), "2026-01-05", 1.0), other, staging];
        let with = |name: Option<&str>| Bill {
            name: "bill.csv".into(),
            rows: rows.clone(),
            apps: Vec::new(),
            environment: name.map(str::to_owned),
        };
        let said = of_bill(&with(None), START_NS).expect_err("two environments").to_string();
        assert!(said.contains("several environments: \"main\" ($1.00), \"staging\" ($2.00)"), "{said}");
        assert!(said.contains("--environment NAME"), "{said}");
        let charged = of_bill(&with(Some("staging")), START_NS).expect("one environment");
        assert_eq!((charged.days_usd, charged.told.elsewhere_usd), (vec![2.0, 0.0], 5.0));
        let said = of_bill(&with(Some("stagign")), START_NS).expect_err("unknown").to_string();
        assert!(said.contains("did you mean \"staging\"?"), "{said}");
    }
}
