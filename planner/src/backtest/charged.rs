//! A bill by pool and day: which of its rows are those of which pool, and which of none.

use std::collections::BTreeMap;

use fleetfront_calibration::BillingRow;
use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_workloads::parse_instant;
use serde::{Deserialize, Serialize};

use super::BacktestError;
use super::days::{DAY_NS, Period};

/// Stands for all pools together in the place of a pool's name.
const ALL_POOLS: &str = "*";

/// A bill and what its owner says of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Bill {
    /// Its name, as answers quote it.
    pub name: String,
    /// Its rows.
    pub rows: Vec<BillingRow>,
    /// Which pool the description of a row stands for; `*` for all pools together.
    pub apps: Vec<(String, String)>,
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

/// Whose a row is: a pool, or all of them; and by which rule.
type Target = (Option<usize>, &'static str);

/// Gives the rows of a bill to pools.
///
/// The first rule that holds counts: the owner says so (`apps`); a tag has the name of a pool; the description has the words of
/// one pool's name in it, of several the longest; the description is the name of the scenario, which is all pools together.
/// Letters may be small or capital.
///
/// # Errors
/// [`BacktestError`] when an app's pool is unknown, no row lies in the period, or none is a pool's, or days of UTC are not the
/// days of the report.
pub(crate) fn charged(
    bill: &Bill,
    scenario: &Scenario,
    allocation: &Allocation,
    period: &Period,
) -> Result<Charged, BacktestError> {
    let names: Vec<&str> = allocation.pools.iter().map(|pool| pool.name.as_str()).collect();
    check_apps(&bill.apps, &names)?;
    let placed = placed(bill, period, &scenario.clock.reporting_time_zone)?;
    let days = period.days();
    let mut usd: BTreeMap<Option<usize>, Vec<f64>> = BTreeMap::new();
    let (mut matched, mut unmatched) = (BTreeMap::<_, f64>::new(), BTreeMap::<_, f64>::new());
    let mut by_resource: BTreeMap<&str, f64> = BTreeMap::new();
    let (mut outside_usd, mut has_row) = (0.0, vec![false; days]);
    for (row, day) in bill.rows.iter().zip(placed) {
        let Some(day) = day else {
            outside_usd += row.cost_usd;
            continue;
        };
        has_row[day] = true;
        let Some((target, rule)) = target(row, &bill.apps, &names, &scenario.name) else {
            *unmatched.entry(&row.description).or_default() += row.cost_usd;
            continue;
        };
        usd.entry(target).or_insert_with(|| vec![0.0; days])[day] += row.cost_usd;
        let pool = target.map_or(ALL_POOLS, |place| names[place]);
        *matched.entry((&row.description, pool, rule)).or_default() += row.cost_usd;
        if !row.resource.is_empty() {
            *by_resource.entry(&row.resource).or_default() += row.cost_usd;
        }
    }
    if !has_row.contains(&true) {
        let what = format!("{}: no row lies in {}, which is predicted", bill.name, period.words());
        return Err(BacktestError::unfit(what, "give the bill of that period"));
    }
    if usd.is_empty() {
        let known: Vec<String> = unmatched.keys().map(|description| format!("\"{description}\"")).collect();
        let what = format!("{}: no row is that of a pool; it has {}", bill.name, known.join(", "));
        let help =
            format!("say whose they are, as with --bill-app NAME=POOL, or NAME=* for all of: {}", names.join(", "));
        return Err(BacktestError::unfit(what, help));
    }
    let are_together = usd.contains_key(&None);
    let covered: Vec<usize> =
        if are_together { (0..names.len()).collect() } else { usd.keys().flatten().copied().collect() };
    let sum = |day: usize| usd.values().map(|days| days[day]).sum();
    let without = has_row.iter().zip(&period.dates).filter(|(has, _)| !**has);
    let told = BillTold {
        name: bill.name.clone(),
        matched: matched
            .into_iter()
            .map(|((description, pool, rule), usd)| MatchedRows {
                description: description.clone(),
                pool: pool.to_owned(),
                rule: rule.to_owned(),
                usd,
            })
            .collect(),
        unmatched: unmatched
            .into_iter()
            .map(|(description, usd)| UnmatchedRows { description: description.clone(), usd })
            .collect(),
        by_resource: by_resource.into_iter().map(|(resource, usd)| (resource.to_owned(), usd)).collect(),
        outside_usd,
        days_without: without.map(|(_, date)| date.clone()).collect(),
    };
    let days_usd = (0..days).map(sum).collect();
    let pools = (!are_together).then(|| usd.into_values().collect());
    Ok(Charged { covered, pools, days_usd, told: told.sorted() })
}

impl BillTold {
    fn sorted(mut self) -> Self {
        self.matched.sort_by(|a, b| b.usd.total_cmp(&a.usd));
        self.unmatched.sort_by(|a, b| b.usd.total_cmp(&a.usd));
        self.by_resource.sort_by(|a, b| b.1.total_cmp(&a.1));
        self
    }
}

fn check_apps(apps: &[(String, String)], names: &[&str]) -> Result<(), BacktestError> {
    let unknown = apps.iter().find(|(_, pool)| pool != ALL_POOLS && !names.contains(&pool.as_str()));
    let Some((app, pool)) = unknown else { return Ok(()) };
    let meant = fleetfront_scenario::nearest(pool, names.iter().copied());
    let meant = meant.map_or(String::new(), |meant| format!("did you mean \"{meant}\"? "));
    let what = format!("--bill-app {app}={pool}: the allocation has no pool \"{pool}\"");
    Err(BacktestError::unfit(what, format!("{meant}It has {}; * stands for all", names.join(", "))))
}

/// The day of each row; `None` outside the period.
fn placed(bill: &Bill, period: &Period, zone: &str) -> Result<Vec<Option<usize>>, BacktestError> {
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
    Ok(at_ns.into_iter().map(|at_ns| period.day_of(at_ns)).collect())
}

fn target(row: &BillingRow, apps: &[(String, String)], names: &[&str], scenario: &str) -> Option<Target> {
    if let Some((_, pool)) = apps.iter().find(|(app, _)| *app == row.description) {
        return Some((names.iter().position(|name| name == pool), "--bill-app"));
    }
    let tagged = names.iter().position(|name| row.tags.values().any(|value| value.eq_ignore_ascii_case(name)));
    if let Some(place) = tagged {
        return Some((Some(place), "a tag is the pool's name"));
    }
    let own = words(&row.description);
    let is_in = |name: &str| {
        let name = words(name);
        !name.is_empty() && own.windows(name.len()).any(|part| *part == name[..])
    };
    let longest = names.iter().filter(|name| is_in(name)).map(|name| words(name).len()).max();
    let mut best = (0..names.len()).filter(|place| is_in(names[*place]) && Some(words(names[*place]).len()) == longest);
    if let (Some(place), None) = (best.next(), best.next()) {
        return Some((Some(place), "the pool's name is in the description"));
    }
    (own == words(scenario)).then_some((None, "the description is the scenario's name"))
}

/// Letters and digits that stand together, in lower case.
fn words(name: &str) -> Vec<String> {
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect()
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
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let apps = apps.iter().map(|(app, pool)| ((*app).to_owned(), (*pool).to_owned())).collect();
        let bill = Bill { name: "bill.csv".into(), rows, apps };
        let edges_ns = (0..3).map(|day| start_ns + day * DAY_NS).collect();
        let period = Period { dates: vec!["2026-01-05".into(), "2026-01-06".into()], edges_ns };
        charged(&bill, &scenario, &scenario.allocations[0], &period)
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
}
