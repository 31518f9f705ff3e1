//! The answer in sentences.

use fleetfront_calibration::Kind;
use fleetfront_scenario::Criteria;

use super::grid::Levels;
use super::payoff::Payoff;
use super::policy::FallbackPolicy;
use super::region::{Region, percent};
use super::study::{FallbackAnswer, FallbackPoint, PolicyResult};
use crate::estimate::Estimate;
use crate::study::Judgement;

/// What an answer says: whether fallback pays, what the cheap type alone does, and where anything is cheaper.
pub(crate) fn sentences(answer: &FallbackAnswer, levels: &Levels, criteria: &Criteria) -> Vec<String> {
    let speaker = Speaker { answer, levels, criteria };
    vec![speaker.of_fallback(), speaker.of_cheap_alone(), speaker.of_cost()]
}

struct Speaker<'a> {
    answer: &'a FallbackAnswer,
    levels: &'a Levels,
    criteria: &'a Criteria,
}

impl Speaker<'_> {
    fn region(&self, holds: impl Fn(&FallbackPoint) -> bool) -> Region {
        let holds: Vec<bool> = self.answer.points.iter().map(holds).collect();
        Region::new(self.levels, &holds, &self.answer.cheap.gpu)
    }

    fn of_fallback(&self) -> String {
        let FallbackAnswer { model, cheap, dear, .. } = self.answer;
        let subject = format!("Fallback from {} to {}", cheap.gpu, dear.gpu);
        let reaches = |worst: Payoff| self.region(|p| p.best_fallback().is_some_and(|best| best.payoff <= worst));
        let own = self.answer.own_point().best_fallback();
        let now = own.map_or(String::new(), |own| format!(" As the scenario stands, {}.", self.result(own)));
        let pays = reaches(Payoff::Pays);
        if pays != Region::Nowhere {
            return format!("{subject} pays for {model} {}.{now}", pays.words());
        }
        let range = self.range();
        let open = reaches(Payoff::Open);
        if open == Region::Nowhere {
            return format!("{subject} pays for {model} nowhere in the range tried ({range}).{now}");
        }
        let mut bests = self.answer.points.iter().filter_map(FallbackPoint::best_fallback);
        let what = bests.find(|best| best.payoff == Payoff::Open).map_or(String::new(), |best| self.what_is_open(best));
        let open = open.words();
        format!(
            "{subject} is shown to pay for {model} nowhere in the range tried ({range}); it may {open}: {what}.{now}"
        )
    }

    fn of_cheap_alone(&self) -> String {
        let cheap = &self.answer.cheap.gpu;
        let alone = |p: &FallbackPoint| p.of(FallbackPolicy::CheapOnly).map_or(Payoff::NotCheaper, |own| own.payoff);
        let reaches = |worst: Payoff| self.region(|p| alone(p) <= worst);
        let said = match (reaches(Payoff::Pays), reaches(Payoff::Open)) {
            (Region::Nowhere, Region::Nowhere) => {
                format!("{cheap} alone, without fallback, pays nowhere in that range")
            }
            (Region::Nowhere, open) => format!("{cheap} alone, without fallback, may pay {}", open.words()),
            (pays, _) => format!("{cheap} alone, without fallback, pays {}", pays.words()),
        };
        let count = self.answer.points.iter().filter(|point| point.needs_fallback()).count();
        let all = self.answer.points.len();
        let own = self.answer.own_point().of(FallbackPolicy::CheapOnly);
        let now = own.map_or(String::new(), |own| format!(" As the scenario stands, {}.", self.result(own)));
        let more = match count {
            0 => "nowhere does fallback pay, or may it, where that does not".to_owned(),
            n if n == all => "everywhere fallback pays, or may, where that does not".to_owned(),
            n => format!("at {n} of the {all} points tried fallback pays, or may, where that does not"),
        };
        format!("{said}; {more}.{now}")
    }

    fn of_cost(&self) -> String {
        let cheaper = self.region(|p| p.best_fallback().is_some_and(|best| best.payoff < Payoff::NotCheaper));
        let subject = "Whatever becomes of latency and success, fallback";
        match cheaper {
            Region::Nowhere => format!("{subject} is nowhere cheaper in the range tried."),
            other => format!("{subject} is cheaper {}.", other.words()),
        }
    }

    /// "fallback on failure costs -12.0 % (-13.0 to -11.0), and its p95 is 1.90 (1.80 to 2.00) times as long", and what
    /// that breaks.
    fn result(&self, of: &PolicyResult) -> String {
        let percent = |ratio: f64| (ratio - 1.0) * 100.0;
        let Estimate { value, low, high } = of.cost_ratio;
        let cost = format!("{:+.1} % ({:+.1} to {:+.1})", percent(value), percent(low), percent(high));
        let ratio = of.latency_p95_ratio;
        let latency = if ratio.value.is_finite() {
            format!("its p95 is {:.2} ({:.2} to {:.2}) times as long", ratio.value, ratio.low, ratio.high)
        } else {
            "more than one request in twenty never completes".to_owned()
        };
        let most = self.criteria.latency_ratio_max.filter(|_| of.latency == Some(Judgement::Fail));
        let breaks = most.map_or(String::new(), |most| format!(", more than the {most:.2} accepted"));
        let success = of.success_rate;
        let least = self.criteria.success_rate_min.filter(|_| of.success == Some(Judgement::Fail));
        let fails = least.map_or(String::new(), |least| {
            let [value, low, high] = [success.value, success.low, success.high].map(|share| share * 100.0);
            format!(", and only {value:.1} % ({low:.1} to {high:.1}) complete where {:.0} % have to", least * 100.0)
        });
        let FallbackAnswer { cheap, dear, .. } = self.answer;
        let subject = of.policy.subject(&cheap.gpu, &dear.gpu);
        let verb = if of.payoff == Payoff::NotCheaper && value < 1.0 { "may cost" } else { "costs" };
        format!("{subject} {verb} {cost} against {} alone, and {latency}{breaks}{fails}", dear.gpu)
    }

    /// What stands between a policy and paying.
    fn what_is_open(&self, of: &PolicyResult) -> String {
        let FallbackAnswer { model, cheap, .. } = self.answer;
        let Estimate { value, low, high } = cheap.service_s;
        match (of.latency, of.success) {
            (Some(Judgement::Undecided), _) if cheap.service_kind >= Kind::Derived || low < high => format!(
                "the service time of {model} on {}, {value:.1} s ({low:.1} to {high:.1}), has to be measured",
                cheap.gpu
            ),
            (Some(Judgement::Undecided), _) => "more trials would tell the latency".to_owned(),
            _ => "more trials would tell the success rate".to_owned(),
        }
    }

    fn range(&self) -> String {
        let cheap = &self.answer.cheap.gpu;
        let failures = self.levels.failures.iter().map(|level| level.probability);
        let (least, most) = failures.fold((1.0, 0.0), |(least, most): (f64, f64), p| (least.min(p), most.max(p)));
        let share = self.levels.scarcities.iter().map(|level| level.share).fold(0.0, f64::max);
        format!(
            "{} to {} of tries on {cheap} failing, {cheap} not to be had for up to {} of the time",
            percent(least),
            percent(most),
            percent(share)
        )
    }
}

/// The answer over several pairs.
pub(crate) fn headline(answers: &[FallbackAnswer]) -> String {
    if let [only] = answers {
        return only.sentences[0].clone();
    }
    let nearest = |answer: &FallbackAnswer| {
        let best = answer.points.iter().filter_map(FallbackPoint::best_fallback).map(|best| best.payoff);
        best.min().unwrap_or(Payoff::NotCheaper)
    };
    let whole = answers.len();
    let named = |payoff: Payoff| -> Vec<&FallbackAnswer> {
        answers.iter().filter(|answer| nearest(answer) == payoff).collect()
    };
    let pays = named(Payoff::Pays);
    let first = if pays.is_empty() {
        format!("is shown to pay for none of {whole} pairs of a model and a cheaper type")
    } else {
        let words = |answer: &&FallbackAnswer| format!("{}, {} to {}", answer.model, answer.cheap.gpu, answer.dear.gpu);
        let all = pays.iter().map(words).collect::<Vec<_>>().join("; ");
        format!("pays for {} of {whole} pairs of a model and a cheaper type ({all})", pays.len())
    };
    let parts = [
        (Payoff::Open, "may pay, which a measured service time or more trials would tell"),
        (Payoff::CheaperOnly, "is cheaper, but breaks a criterion at every point tried"),
        (Payoff::NotCheaper, "is nowhere cheaper"),
    ];
    let said = parts.into_iter().map(|(payoff, words)| (named(payoff).len(), words)).filter(|(count, _)| *count > 0);
    let of = |count: usize| if count == whole { "all".to_owned() } else { count.to_string() };
    let said: Vec<String> = said.map(|(count, words)| format!("; for {} it {words}", of(count))).collect();
    let needed = answers.iter().filter(|answer| answer.own_point().needs_fallback()).count();
    let alone = match needed {
        0 => "for none of them does fallback pay, or may it, where the cheaper type alone does not".to_owned(),
        n => format!("for {n} of them fallback pays, or may, where the cheaper type alone does not"),
    };
    format!(
        "Trying a cheaper GPU type first, with fallback, {first} anywhere in the range tried{}. As the scenario stands, \
         {alone}.",
        said.concat()
    )
}
