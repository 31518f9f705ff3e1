//! What is said of all lines together.

use std::collections::BTreeSet;

use fleetfront_calibration::{RateCheck, RateChecks};
use serde::{Deserialize, Serialize};

use super::BillTold;
use super::causes::{Cause, Named, causes, far_outside};
use super::lines::{BAND, BacktestLine, GivenTraffic, Held};
use super::numbers::{BacktestSubject, Metric};
use super::observed::Says;

/// What is said of all lines together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BacktestVerdict {
    /// Lines.
    pub lines: u32,
    /// Those whose observed number lies in its band.
    pub inside: u32,
    /// How many would in the mean, if the prediction were right.
    pub expected: f64,
    /// The share that has to.
    pub pass_share: f64,
    /// Whether it does.
    pub passes: bool,
    /// What the lines outside point to, and how many of those that tell it are outside: inputs, then rules and prices. Of a
    /// prediction that passes none.
    pub points_to: Vec<(Cause, u32)>,
    /// The other lines outside.
    #[serde(default)]
    pub follow: u32,
    /// Inputs far outside, in words: with any of them the prediction does not pass.
    #[serde(default)]
    pub far_outside: Vec<String>,
    /// All of it in words.
    pub sentences: Vec<String>,
}

impl BacktestVerdict {
    /// - `rates`, `bill`: what they tell, where there are such.
    pub(crate) fn of(held: &[Held], (rates, bill): (Option<&RateChecks>, Option<&BillTold>), pass_share: f64) -> Self {
        let count = held.len() as u32;
        let inside = held.iter().filter(|held| held.line.is_inside).count() as u32;
        let expected = BAND * f64::from(count);
        let far_outside: Vec<String> = far_outside(held).into_iter().map(far_words).collect();
        let passes = count > 0 && f64::from(inside) >= pass_share * f64::from(count) && far_outside.is_empty();
        // What luck leaves outside has no cause.
        let silent = silent_pools(held);
        let named = if passes { Vec::new() } else { causes(held, silent.is_empty()) };
        let points_to: Vec<(Cause, u32)> = named.iter().map(|own| (own.cause, own.outside)).collect();
        let follow = count - inside - points_to.iter().map(|(_, outside)| outside).sum::<u32>();
        let sentences = Vec::new();
        let mut verdict =
            Self { lines: count, inside, expected, pass_share, passes, points_to, follow, far_outside, sentences };
        let lines: Vec<&BacktestLine> = held.iter().map(|held| &held.line).collect();
        let silent: Vec<String> = silent.into_iter().map(|pool| silent_words(pool, bill)).collect();
        verdict.sentences = verdict.words(&lines, (&named, silent), rates);
        verdict
    }

    fn words(
        &self,
        lines: &[&BacktestLine],
        (named, silent): (&[Named], Vec<String>),
        rates: Option<&RateChecks>,
    ) -> Vec<String> {
        if self.lines == 0 {
            return vec!["Nothing could be compared: the log tells no number that is predicted.".to_owned()];
        }
        let word = if self.passes { "The prediction passes" } else { "The prediction does not pass" };
        let mut sentences = vec![format!(
            "{word}: {} of {} observed numbers lie in their 90 % bands, and {:.0} % have to. If it were right, {:.0} would in the \
             mean; but the numbers hang together, so that several are inside or outside at once.",
            self.inside,
            self.lines,
            self.pass_share * 100.0,
            self.expected
        )];
        let has_silent = !silent.is_empty();
        sentences.extend(silent);
        if !self.far_outside.is_empty() {
            sentences.push(format!(
                "It does not pass whatever the others do, because an input lies farther outside of its band than the band is \
                 wide: {}.",
                self.far_outside.join("; ")
            ));
        }
        let of_traffic = |traffic: GivenTraffic| lines.iter().filter(move |line| line.traffic == traffic);
        let (given, forecast) = (of_traffic(GivenTraffic::Given), of_traffic(GivenTraffic::Forecast));
        if let (given @ 1.., forecast @ 1..) = (given.count(), forecast.count()) {
            let inside = |traffic| of_traffic(traffic).filter(|line| line.is_inside).count();
            sentences.push(format!(
                "With the arrivals given {} of {given} lie inside, with forecast ones {} of {forecast}: what is outside in the \
                 second alone is the traffic's.",
                inside(GivenTraffic::Given),
                inside(GivenTraffic::Forecast)
            ));
        }
        sentences.extend(if self.passes { self.luck_words() } else { self.cause_words(named, has_silent) });
        if let Some(fleet) = farthest(lines) {
            sentences.push(fleet);
        }
        let checks = || rates.iter().flat_map(|rates| &rates.checks);
        let asked: Vec<String> = checks().filter(|check| check.is_per_second).filter_map(price_words).collect();
        if !asked.is_empty() {
            let asked = asked.join("; ");
            sentences.push(format!(
                "Are the platform's rates dollars a second? They are taken as dollars an hour: {asked}."
            ));
        }
        let wrong = checks().filter(|check| check.differs && !check.is_per_second);
        let wrong: Vec<String> = wrong.filter_map(price_words).collect();
        if !wrong.is_empty() {
            sentences.push(format!("Prices of the scenario are not the platform's rates: {}.", wrong.join("; ")));
        }
        sentences
    }

    /// Of a prediction that does not pass.
    fn cause_words(&self, named: &[Named], has_silent: bool) -> Vec<String> {
        let mut sentences: Vec<String> = named.iter().map(Named::words).collect();
        if named.is_empty() && !has_silent {
            sentences.push(
                "No cause stands out: of no group of numbers more are outside than one world in twenty has by luck."
                    .to_owned(),
            );
        } else if self.follow > 0 && !named.is_empty() {
            let lines = if self.follow == 1 { "1 more line".to_owned() } else { format!("{} more lines", self.follow) };
            sentences.push(format!(
                "{lines} outside (the same numbers with other arrivals, those of the fleet, waits, seconds a day, dollars) may \
                 follow from that or be luck: what they say by themselves is told once it is mended."
            ));
        }
        sentences
    }

    /// Of one that passes: what is outside of bands that leave out one in ten has no cause but luck.
    fn luck_words(&self) -> Vec<String> {
        let outside = self.lines - self.inside;
        if outside == 0 {
            return Vec::new();
        }
        let lines = if outside == 1 { "1 line lies".to_owned() } else { format!("{outside} lines lie") };
        vec![format!(
            "{lines} outside, which is what luck leaves outside: {:.0} of {} in the mean.",
            f64::from(self.lines) - self.expected,
            self.lines
        )]
    }
}

fn far_words(line: &BacktestLine) -> String {
    let (subject, name, traffic) = (line.subject.name(), line.metric.name(), line.traffic.word());
    let number = |of: f64| match line.metric {
        Metric::FailedShare | Metric::OtherHours => format!("{:.2} %", of * 100.0),
        Metric::RequestsPerDay => format!("{of:.0}"),
        _ => format!("{of:.3} s"),
    };
    let [observed, low, high] = [line.observed, line.low, line.high].map(number);
    format!("{name} of {subject}, observed {observed}, predicted {low} to {high} (traffic {traffic})")
}

/// The number of the fleet that is farthest off.
fn farthest(lines: &[&BacktestLine]) -> Option<String> {
    let fleet = lines.iter().filter(|line| line.subject == BacktestSubject::Fleet && !line.is_inside);
    let off = |line: &BacktestLine| line.off_percent.map_or(0.0, f64::abs);
    let line = fleet.max_by(|a, b| off(a).total_cmp(&off(b)))?;
    let off = line.off_percent?;
    let (traffic, name) = (line.traffic.word(), line.metric.name());
    Some(format!("Farthest off of the fleet's numbers outside, with traffic {traffic}: {name}, predicted {off:+.0} %."))
}

/// Pools that are billed, and for which no world pays anything: they have no call.
fn silent_pools(held: &[Held]) -> BTreeSet<&str> {
    let of_line = |line: &'_ BacktestLine| line.metric == Metric::UsdPerDay && line.high <= 0.0 && line.observed > 0.0;
    let lines = held.iter().map(|held| &held.line).filter(|line| of_line(line));
    lines
        .filter_map(|line| if let BacktestSubject::Pool(name) = &line.subject { Some(name.as_str()) } else { None })
        .collect()
}

fn silent_words(pool: &str, bill: Option<&BillTold>) -> String {
    let rows = bill.iter().flat_map(|bill| &bill.matched).filter(|rows| rows.pool == pool);
    let usd: f64 = rows.map(|rows| rows.usd).sum();
    format!(
        "Pool {pool} is billed ${usd:.2} and has no call in the second part of the log, so that dollars and idle seconds say \
         nothing of prices: give the log of all functions, or the bill of those in the log (--bill-app \"DESCRIPTION=-\" \
         leaves others out)."
    )
}

fn price_words(check: &RateCheck) -> Option<String> {
    let (item, stated, rate) = (&check.item, check.stated_usd_per_hour, check.rate_usd_per_hour?);
    let digits = if check.is_per_second { 6 } else { 4 };
    Some(format!("{item} {stated:.4} against {rate:.digits$} USD an hour"))
}

/// What the log does not tell, and what is not compared for it.
///
/// - `has_bill`: whether there is a bill; `tells_idle`: whether idle time could be told from it.
pub(crate) fn absent(says: Says, has_bill: bool, tells_idle: bool) -> Vec<String> {
    let mut absent = Vec::new();
    let mut note = |is_told: bool, words: &str| {
        if !is_told {
            absent.push(words.to_owned());
        }
    };
    note(says.endings, "failed share: no column says how requests ended");
    note(says.executions, "execution and busy seconds: no column says how long requests executed");
    note(
        says.waits,
        "wait and latency: no column says when execution began, so that times are those of execution alone",
    );
    note(says.startups, "cold-start share and boot seconds: no column says how long containers took to start");
    let containers = "cold starts of requests that waited for another's start: no column names containers, so that those count \
                      alone whose own line has a start";
    note(says.containers || !says.startups, containers);
    let idle = "idle seconds: starts or executions are not told, the bill does not cover every pool, or containers execute \
                several requests at a time, so that dollars do not tell them";
    note(tells_idle || !has_bill, idle);
    note(has_bill, "dollars and idle seconds: they are those of a bill, and none is given");
    absent
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A line that no world lies outside of.
    fn line(metric: Metric, is_inside: bool, off_percent: f64) -> Held {
        let line = BacktestLine {
            traffic: GivenTraffic::Given,
            subject: BacktestSubject::Fleet,
            metric,
            observed: 1.0,
            predicted: 1.0 + off_percent / 100.0,
            low: 0.5,
            high: 1.5,
            is_inside,
            off_percent: Some(off_percent),
        };
        Held { line, worlds_outside: vec![false; 19] }
    }

    #[test]
    fn a_verdict_counts_and_says_what_is_wrong() {
        let mut lines = vec![line(Metric::WaitMean, true, 1.0); 8];
        lines.push(line(Metric::BusyPerDay, false, 30.0));
        lines.push(line(Metric::ExecutionP99, false, -60.0));
        let verdict = BacktestVerdict::of(&lines, (None, None), 0.8);
        assert!(verdict.passes && (verdict.inside, verdict.lines) == (8, 10) && (verdict.expected - 9.0).abs() < 1e-12);
        assert_eq!((verdict.points_to.len(), verdict.follow), (0, 2), "luck has no cause");
        let words = verdict.sentences.join(" ");
        assert!(words.starts_with("The prediction passes: 8 of 10"), "{words}");
        let luck = "2 lines lie outside, which is what luck leaves outside: 1 of 10 in the mean.";
        assert!(words.contains(luck) && words.contains("p99 execution, predicted -60 %"), "{words}");
        lines.push(line(Metric::UsdPerDay, false, 5.0));
        let fails = BacktestVerdict::of(&lines, (None, None), 0.8);
        let words = fails.sentences.join(" ");
        let named = "The only line that tells it points to service times: requests";
        assert!(!fails.passes && words.contains(named) && words.contains("2 more lines outside"), "{words}");
        // Busy seconds and dollars follow from execution.
        assert_eq!((&fails.points_to[..], fails.follow), (&[(Cause::Service, 1)][..], 2));
        assert!(!BacktestVerdict::of(&[], (None, None), 0.8).passes);
    }

    /// Bands of a Poisson number with mean 84 as a share of 8,400, and of one with mean 0.35.
    #[test]
    fn one_gross_miss_fails_whatever_the_others_do() {
        let failed = |low: f64, high: f64, observed: f64| {
            let own = line(Metric::FailedShare, low <= observed && observed <= high, 0.0);
            Held { line: BacktestLine { observed, low, high, ..own.line.clone() }, ..own }
        };
        let passes = |failed: Held| {
            let mut lines = vec![line(Metric::WaitMean, true, 1.0); 40];
            lines.push(failed);
            BacktestVerdict::of(&lines, (None, None), 0.8)
        };
        assert!(passes(failed(0.0075, 0.0125, 0.0145)).passes);
        let gross = passes(failed(0.0075, 0.0125, 0.05));
        assert!(!gross.passes && gross.inside == 40, "{gross:?}");
        let words = gross.sentences.join(" ");
        assert!(words.contains("failed share of fleet, observed 5.00 %, predicted 0.75 % to 1.25 %"), "{words}");
        assert!(!passes(failed(0.0075, 0.0125, 0.0)).passes, "none fails any more");
        assert!(passes(failed(0.0, 0.01, 0.04)).passes && !passes(failed(0.0, 0.01, 0.05)).passes, "four and five");
        assert!(passes(failed(0.0, 0.0, 0.01)).passes, "a band of no width");
        // Where models have lines of their own, what the fleet's tells follows from their mix.
        let mut lines = vec![line(Metric::WaitMean, true, 1.0); 40];
        lines.push(failed(0.0075, 0.0125, 0.05));
        let mut own = failed(0.0075, 0.0125, 0.01);
        own.line.subject = BacktestSubject::Model("a".into());
        lines.push(own);
        assert!(BacktestVerdict::of(&lines, (None, None), 0.8).passes);
    }

    #[test]
    fn what_a_log_does_not_tell_is_named() {
        let says = Says { waits: false, executions: true, startups: false, containers: false, endings: true };
        let words = absent(says, false, false);
        assert_eq!(words.len(), 3);
        assert!(words[0].starts_with("wait and latency") && words[1].starts_with("cold-start share"), "{words:?}");
        let all = Says { waits: true, executions: true, startups: true, containers: true, endings: true };
        assert!(absent(all, true, true).is_empty());
        assert!(absent(all, true, false)[0].starts_with("idle seconds"));
    }

    /// A pool that no world pays for: 7 days at 24.95 are on the bill.
    #[test]
    fn a_pool_without_calls_is_said_before_prices_are_blamed() {
        let mut lines = vec![line(Metric::UsdPerDay, false, -40.0)];
        let mut own = line(Metric::UsdPerDay, false, -100.0);
        own.line = BacktestLine { observed: 24.95, predicted: 0.0, low: 0.0, high: 0.0, ..own.line };
        own.line.subject = BacktestSubject::Pool("vid".into());
        lines.push(own);
        let rows = |description: &str, usd: f64| super::super::MatchedRows {
            description: description.to_owned(),
            pool: "vid".to_owned(),
            rule: String::new(),
            usd,
        };
        let bill = BillTold {
            name: "bill.csv".to_owned(),
            matched: vec![rows("a", 100.0), rows("b", 74.65)],
            unmatched: Vec::new(),
            by_resource: Vec::new(),
            outside_usd: 0.0,
            days_without: Vec::new(),
            hours_without: Vec::new(),
            elsewhere_usd: 0.0,
            remarks: Vec::new(),
        };
        let verdict = BacktestVerdict::of(&lines, (None, Some(&bill)), 0.8);
        assert_eq!((verdict.points_to.len(), verdict.follow), (0, 2));
        let second = &verdict.sentences[1];
        assert!(
            second.starts_with("Pool vid is billed $174.65 and has no call in the second part of the log"),
            "{second}"
        );
        assert!(!verdict.sentences.join(" ").contains("prices or idle time"));
    }

    #[test]
    fn rates_by_the_second_are_asked_about() {
        let check = |is_per_second: bool| RateCheck {
            item: "L40S".to_owned(),
            rate: Some("L40S".to_owned()),
            stated_usd_per_hour: 1.9512,
            rate_usd_per_hour: Some(0.000_542),
            differs: true,
            is_per_second,
        };
        let words = |is_per_second: bool| {
            let rates = RateChecks { checks: vec![check(is_per_second)], unmatched: Vec::new() };
            let lines = [line(Metric::WaitMean, true, 1.0)];
            BacktestVerdict::of(&lines, (Some(&rates), None), 0.8).sentences.join(" ")
        };
        let asked = "Are the platform's rates dollars a second? They are taken as dollars an hour: L40S 1.9512 against 0.000542";
        assert!(words(true).contains(asked) && !words(true).contains("Prices of the scenario"), "{}", words(true));
        assert!(words(false).contains("Prices of the scenario are not the platform's rates: L40S"), "{}", words(false));
    }
}
