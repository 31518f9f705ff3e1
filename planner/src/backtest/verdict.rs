//! What is said of all lines together.

use fleetfront_calibration::RateChecks;
use serde::{Deserialize, Serialize};

use super::lines::{BAND, BacktestLine, GivenTraffic};
use super::numbers::{BacktestSubject, Metric};
use super::observed::Says;

/// What a line tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// How many requests come, and when.
    Arrivals,
    /// How long requests execute.
    Service,
    /// How long containers take to start.
    Boots,
    /// Which requests fail.
    Failures,
    /// When containers start and stop, and how requests find them.
    Rules,
    /// What containers cost.
    Prices,
}

impl Cause {
    fn of(metric: Metric) -> Self {
        match metric {
            Metric::RequestsPerDay => Self::Arrivals,
            Metric::ExecutionMean
            | Metric::ExecutionP50
            | Metric::ExecutionP95
            | Metric::ExecutionP99
            | Metric::BusyPerDay => Self::Service,
            Metric::BootMean => Self::Boots,
            Metric::FailedShare => Self::Failures,
            Metric::ColdStartShare
            | Metric::WaitMean
            | Metric::LatencyMean
            | Metric::LatencyP50
            | Metric::LatencyP95
            | Metric::LatencyP99
            | Metric::BootPerDay
            | Metric::IdlePerDay => Self::Rules,
            Metric::UsdPerDay => Self::Prices,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Arrivals => "arrivals",
            Self::Service => "service times",
            Self::Boots => "boots",
            Self::Failures => "failures",
            Self::Rules => "rules",
            Self::Prices => "prices or idle time",
        }
    }

    /// What is so if it is the cause.
    fn words(self) -> &'static str {
        match self {
            Self::Arrivals => "the second part's traffic is not that of the first",
            Self::Service => "requests execute otherwise than in the first part, or follow no law that was tried",
            Self::Boots => "containers take another time to start than in the first part",
            Self::Failures => "another share of the requests fails than in the first part",
            Self::Rules => "windows, scaling and routing of the scenario are not what was in force",
            Self::Prices => "what is paid is not what the scenario's containers would cost",
        }
    }
}

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
    /// What the lines outside point to, and how many they are: inputs, then rules and prices.
    pub points_to: Vec<(Cause, u32)>,
    /// Lines outside that may follow from an input that is.
    #[serde(default)]
    pub follow: u32,
    /// Inputs far outside, in words: with any of them the prediction does not pass.
    #[serde(default)]
    pub far_outside: Vec<String>,
    /// All of it in words.
    pub sentences: Vec<String>,
}

impl BacktestVerdict {
    pub(crate) fn of(lines: &[BacktestLine], rates: Option<&RateChecks>, pass_share: f64) -> Self {
        let count = lines.len() as u32;
        let inside = lines.iter().filter(|line| line.is_inside).count() as u32;
        let expected = BAND * f64::from(count);
        let far_outside: Vec<String> = lines.iter().filter(|line| is_far_outside(line)).map(far_words).collect();
        let passes = count > 0 && f64::from(inside) >= pass_share * f64::from(count) && far_outside.is_empty();
        let (points_to, follow) = causes(lines);
        let sentences = Vec::new();
        let mut verdict =
            Self { lines: count, inside, expected, pass_share, passes, points_to, follow, far_outside, sentences };
        verdict.sentences = verdict.words(lines, rates);
        verdict
    }

    fn words(&self, lines: &[BacktestLine], rates: Option<&RateChecks>) -> Vec<String> {
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
        sentences.extend(if self.passes { self.luck_words() } else { self.cause_words() });
        if let Some(fleet) = farthest(lines) {
            sentences.push(fleet);
        }
        let wrong: Vec<String> = rates.iter().flat_map(|rates| &rates.checks).filter_map(wrong_price).collect();
        if !wrong.is_empty() {
            sentences.push(format!("Prices of the scenario are not the platform's rates: {}.", wrong.join("; ")));
        }
        sentences
    }

    /// Of a prediction that does not pass.
    fn cause_words(&self) -> Vec<String> {
        let of_cause = |(cause, count): &(Cause, u32)| {
            let lines = if *count == 1 { "1 line points".to_owned() } else { format!("{count} lines point") };
            format!("{lines} to {}: {}.", cause.name(), cause.words())
        };
        let mut sentences: Vec<String> = self.points_to.iter().map(of_cause).collect();
        if self.follow > 0 {
            let lines = if self.follow == 1 { "1 more line".to_owned() } else { format!("{} more lines", self.follow) };
            sentences.push(format!(
                "{lines} outside (waits, seconds a day, dollars) may follow from that: what they say by themselves is told \
                 once it is mended."
            ));
        }
        sentences
    }

    /// Of one that passes: what is outside of bands that leave out one in ten has no cause but luck.
    fn luck_words(&self) -> Vec<String> {
        let mut parts: Vec<String> =
            self.points_to.iter().map(|(cause, count)| format!("{count} of {}", cause.name())).collect();
        if self.follow > 0 {
            parts.push(format!("{} of what follows from them", self.follow));
        }
        if parts.is_empty() {
            return Vec::new();
        }
        let outside = self.lines - self.inside;
        let lines = if outside == 1 { "1 line lies".to_owned() } else { format!("{outside} lines lie") };
        vec![format!(
            "{lines} outside ({}), which is what luck leaves outside: {:.0} of {} in the mean.",
            parts.join(", "),
            f64::from(self.lines) - self.expected,
            self.lines
        )]
    }
}

/// Whether a number is one that the prediction is made from, and no consequence.
fn is_input(metric: Metric) -> bool {
    !matches!(Cause::of(metric), Cause::Rules | Cause::Prices) && metric != Metric::BusyPerDay
}

/// A consequence may be off by so many times as much as the input that it is put down to.
const FOLLOWS: f64 = 3.0;

/// What lines outside point to, inputs first, and how many may follow from inputs that are outside. Causes come before
/// consequences: waits, seconds a day and dollars say something of rules and prices only where no input of the same traffic
/// that is outside as well is off by a third as much, and dollars say something of prices only where no seconds are.
fn causes(lines: &[BacktestLine]) -> (Vec<(Cause, u32)>, u32) {
    let (mut all, mut follow): (Vec<(Cause, u32)>, u32) = (Vec::new(), 0);
    let outside = || lines.iter().filter(|line| !line.is_inside);
    for line in outside() {
        let inputs = outside().filter(|own| own.traffic == line.traffic && is_input(own.metric));
        let explained = FOLLOWS * inputs.map(moved).fold(0.0, f64::max);
        let others = outside().filter(|own| own.traffic == line.traffic);
        let paid = Paid::of(others);
        let follows_from_seconds = line.metric == Metric::UsdPerDay && moved(line) <= FOLLOWS * paid.seconds_moved;
        if (!is_input(line.metric) && moved(line) <= explained) || follows_from_seconds {
            follow += 1;
            continue;
        }
        let is_by_bill = line.metric == Metric::IdlePerDay && !paid.has_witness;
        let cause = if is_by_bill { Cause::Prices } else { Cause::of(line.metric) };
        match all.iter_mut().find(|(own, _)| *own == cause) {
            Some((_, count)) => *count += 1,
            None => all.push((cause, 1)),
        }
    }
    let rank = |cause: Cause| match cause {
        Cause::Rules => 1,
        Cause::Prices => 2,
        _ => 0,
    };
    all.sort_by(|a, b| rank(a.0).cmp(&rank(b.0)).then(b.1.cmp(&a.1)).then(a.0.cmp(&b.0)));
    (all, follow)
}

/// What lines outside say of the seconds that dollars are paid for.
struct Paid {
    /// How far those are off, as a logarithm.
    seconds_moved: f64,
    /// Whether anything but the bill, which idle seconds are told from, says that containers were used otherwise.
    has_witness: bool,
}

impl Paid {
    fn of<'a>(outside: impl Iterator<Item = &'a BacktestLine> + Clone) -> Self {
        let is_witness = |metric: Metric| {
            metric == Metric::BusyPerDay || (Cause::of(metric) == Cause::Rules && metric != Metric::IdlePerDay)
        };
        let has_witness = outside.clone().any(|line| is_witness(line.metric));
        let is_paid = |metric: Metric| match metric {
            Metric::BusyPerDay | Metric::BootPerDay => true,
            Metric::IdlePerDay => has_witness,
            _ => false,
        };
        let seconds_moved = outside.filter(|line| is_paid(line.metric)).map(moved).fold(0.0, f64::max);
        Self { seconds_moved, has_witness }
    }
}

/// How far a prediction is off, as a logarithm; of failures as a share of all requests: they move others by so much.
fn moved(line: &BacktestLine) -> f64 {
    if line.metric == Metric::FailedShare {
        return (line.observed - line.predicted).abs();
    }
    let ratio = line.predicted / line.observed;
    if ratio > 0.0 { ratio.ln().abs() } else { f64::INFINITY }
}

/// Whether an input lies farther outside of its band than the band is wide, both as square roots, which makes counts about
/// normal: 4.9 standard deviations, one time in a million, if it were right; of five failures where none or one is expected
/// one in 25,000. The 99th of a hundred hangs on single requests and is left out, and so is a band of no width.
fn is_far_outside(line: &BacktestLine) -> bool {
    if !is_input(line.metric) || line.metric == Metric::ExecutionP99 {
        return false;
    }
    let [low, high, observed] = [line.low, line.high, line.observed].map(|of| of.max(0.0).sqrt());
    high > low && (observed - high).max(low - observed) > high - low
}

fn far_words(line: &BacktestLine) -> String {
    let (subject, name, traffic) = (line.subject.name(), line.metric.name(), line.traffic.word());
    let number = |of: f64| match line.metric {
        Metric::FailedShare => format!("{:.2} %", of * 100.0),
        Metric::RequestsPerDay => format!("{of:.0}"),
        _ => format!("{of:.3} s"),
    };
    let [observed, low, high] = [line.observed, line.low, line.high].map(number);
    format!("{name} of {subject}, observed {observed}, predicted {low} to {high} (traffic {traffic})")
}

/// The number of the fleet that is farthest off.
fn farthest(lines: &[BacktestLine]) -> Option<String> {
    let fleet = lines.iter().filter(|line| line.subject == BacktestSubject::Fleet && !line.is_inside);
    let off = |line: &BacktestLine| line.off_percent.map_or(0.0, f64::abs);
    let line = fleet.max_by(|a, b| off(a).total_cmp(&off(b)))?;
    let off = line.off_percent?;
    let (traffic, name) = (line.traffic.word(), line.metric.name());
    Some(format!("Farthest off of the fleet's numbers outside, with traffic {traffic}: {name}, predicted {off:+.0} %."))
}

fn wrong_price(check: &fleetfront_calibration::RateCheck) -> Option<String> {
    let rate = check.rate_usd_per_hour.filter(|_| check.differs)?;
    let (item, stated) = (&check.item, check.stated_usd_per_hour);
    Some(format!("{item} {stated:.4} against {rate:.4} USD an hour"))
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

    fn line(metric: Metric, is_inside: bool, off_percent: f64) -> BacktestLine {
        BacktestLine {
            traffic: GivenTraffic::Given,
            subject: BacktestSubject::Fleet,
            metric,
            observed: 1.0,
            predicted: 1.0 + off_percent / 100.0,
            low: 0.5,
            high: 1.5,
            is_inside,
            off_percent: Some(off_percent),
        }
    }

    #[test]
    fn a_verdict_counts_and_says_what_is_wrong() {
        let mut lines = vec![line(Metric::WaitMean, true, 1.0); 8];
        lines.push(line(Metric::BusyPerDay, false, 30.0));
        lines.push(line(Metric::ExecutionP99, false, -60.0));
        let verdict = BacktestVerdict::of(&lines, None, 0.8);
        assert!(verdict.passes && (verdict.inside, verdict.lines) == (8, 10) && (verdict.expected - 9.0).abs() < 1e-12);
        // Busy seconds follow from execution.
        assert_eq!((&verdict.points_to[..], verdict.follow), (&[(Cause::Service, 1)][..], 1));
        let words = verdict.sentences.join(" ");
        assert!(words.starts_with("The prediction passes: 8 of 10"), "{words}");
        let luck = "2 lines lie outside (1 of service times, 1 of what follows from them), which is what luck leaves outside: \
                    1 of 10 in the mean.";
        assert!(words.contains(luck) && words.contains("p99 execution, predicted -60 %"), "{words}");
        lines.push(line(Metric::UsdPerDay, false, 5.0));
        let fails = BacktestVerdict::of(&lines, None, 0.8);
        let words = fails.sentences.join(" ");
        assert!(!fails.passes && words.contains("1 line points to service times: requests"), "{words}");
        assert!(!BacktestVerdict::of(&[], None, 0.8).passes);
    }

    /// Boots twice as long: everything waits and costs more, and rules and prices are what they were.
    #[test]
    fn causes_come_before_what_follows_from_them() {
        let consequences =
            [Metric::WaitMean, Metric::LatencyP95, Metric::BootPerDay, Metric::UsdPerDay, Metric::IdlePerDay];
        let mut lines: Vec<BacktestLine> = consequences.map(|metric| line(metric, false, -20.0)).into();
        let verdict = BacktestVerdict::of(&lines, None, 0.8);
        assert_eq!((verdict.points_to, verdict.follow), (vec![(Cause::Rules, 4)], 1));
        lines.push(line(Metric::BootMean, false, -50.0));
        let verdict = BacktestVerdict::of(&lines, None, 0.8);
        assert_eq!((&verdict.points_to[..], verdict.follow), (&[(Cause::Boots, 1)][..], 5));
        let words = verdict.sentences.join(" ");
        assert!(words.contains("1 line points to boots") && words.contains("5 more lines outside"), "{words}");
        // Boots that are a hundredth shorter move nothing by a fifth.
        *lines.last_mut().expect("one") = line(Metric::BootMean, false, -1.5);
        let verdict = BacktestVerdict::of(&lines, None, 0.8);
        assert_eq!((verdict.points_to, verdict.follow), (vec![(Cause::Boots, 1), (Cause::Rules, 4)], 1));
        // With other arrivals they say what they say.
        *lines.last_mut().expect("one") = line(Metric::BootMean, false, -50.0);
        lines.last_mut().expect("one").traffic = GivenTraffic::Forecast;
        let verdict = BacktestVerdict::of(&lines, None, 0.8);
        assert_eq!((verdict.points_to.len(), verdict.follow), (2, 1));
    }

    /// Dollars follow from seconds: prices are named where seconds are right, and after rules.
    #[test]
    fn prices_are_named_only_where_seconds_do_not_explain_dollars() {
        let of = |lines: &[(Metric, f64)]| {
            let lines: Vec<BacktestLine> = lines.iter().map(|(metric, off)| line(*metric, false, *off)).collect();
            let verdict = BacktestVerdict::of(&lines, None, 0.8);
            (verdict.points_to, verdict.follow)
        };
        let usd = (Metric::UsdPerDay, -40.0);
        // Another window: waits and idle seconds.
        assert_eq!(of(&[usd, usd, usd, (Metric::WaitMean, 30.0)]), (vec![(Cause::Rules, 1), (Cause::Prices, 3)], 0));
        let window = [usd, usd, usd, (Metric::WaitMean, 30.0), (Metric::IdlePerDay, -50.0)];
        assert_eq!(of(&window), (vec![(Cause::Rules, 2)], 3));
        // Other prices: the idle seconds that the bill tells are wrong with its dollars.
        assert_eq!(of(&[usd, (Metric::IdlePerDay, -60.0)]), (vec![(Cause::Prices, 2)], 0));
        // Boots that are a hundredth off do not explain them.
        assert_eq!(of(&[usd, (Metric::BootPerDay, -1.0)]), (vec![(Cause::Rules, 1), (Cause::Prices, 1)], 0));
    }

    /// Bands of a Poisson number with mean 84 as a share of 8,400, and of one with mean 0.35.
    #[test]
    fn one_gross_miss_fails_whatever_the_others_do() {
        let failed = |low: f64, high: f64, observed: f64| {
            let own = line(Metric::FailedShare, low <= observed && observed <= high, 0.0);
            BacktestLine { observed, low, high, ..own }
        };
        let passes = |failed: BacktestLine| {
            let mut lines = vec![line(Metric::WaitMean, true, 1.0); 40];
            lines.push(failed);
            BacktestVerdict::of(&lines, None, 0.8)
        };
        assert!(passes(failed(0.0075, 0.0125, 0.0145)).passes);
        let gross = passes(failed(0.0075, 0.0125, 0.05));
        assert!(!gross.passes && gross.inside == 40, "{gross:?}");
        let words = gross.sentences.join(" ");
        assert!(words.contains("failed share of fleet, observed 5.00 %, predicted 0.75 % to 1.25 %"), "{words}");
        assert!(!passes(failed(0.0075, 0.0125, 0.0)).passes, "none fails any more");
        assert!(passes(failed(0.0, 0.01, 0.04)).passes && !passes(failed(0.0, 0.01, 0.05)).passes, "four and five");
        assert!(passes(failed(0.0, 0.0, 0.01)).passes, "a band of no width");
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
}
