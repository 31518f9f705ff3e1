//! Trials in rounds, until every interval is as narrow as it has to be.

use fleetfront_planner::{Control, Look, replicate};
use fleetfront_scenario::Scenario;

use super::case::Case;
use super::metric::{Estimand, Quantity};
use super::sample::Sample;
use super::system::{Span, System};
use super::{Effort, Found, Plan, Question};

/// Seeds of the first run and of the second, for what the first left outside.
const SEEDS: [u64; 2] = [20_261_124, 76_543_210];
/// How many times more trials the second run has.
const SECOND: u32 = 4;
/// Bins of a cycle, or of a trial that has none.
const BINS: f64 = 100.0;
/// Trials that are held in memory at once.
const CHUNK: u32 = 64;

/// One question of one case.
struct Asked<'a> {
    case: usize,
    exact: f64,
    plan: &'a Plan,
    question: &'a Question,
}

/// The answers of all cases that simulate.
pub(crate) fn answers(cases: &[Case], plans: &[Plan], effort: Effort, progress: &dyn Fn(&str)) -> Vec<Option<Found>> {
    let asked: Vec<Asked<'_>> = plans.iter().enumerate().flat_map(|(case, plan)| asked(cases, case, plan)).collect();
    let mut answers: Vec<Option<Found>> = vec![None; cases.len()];
    for group in groups(&asked) {
        let (first, trials) = run(&asked, &group, effort, SEEDS[0], 0);
        // What is only wide would be so again.
        let outside: Vec<usize> = (group.iter().zip(&first)).filter(|(_, f)| !f.held()).map(|(k, _)| *k).collect();
        let names: Vec<&str> = group.iter().map(|k| cases[asked[*k].case].id.as_str()).collect();
        progress(&format!("{trials} trials: {}", names.join(", ")));
        group.iter().zip(first).filter(|(_, found)| found.held()).for_each(|(k, found)| {
            join(&mut answers[asked[*k].case], found);
        });
        if outside.is_empty() {
            continue;
        }
        let (second, trials) = run(&asked, &outside, effort, SEEDS[1], SECOND * trials);
        let names: Vec<&str> = outside.iter().map(|k| cases[asked[*k].case].id.as_str()).collect();
        progress(&format!("{trials} trials once more: {}", names.join(", ")));
        for (k, mut found) in outside.into_iter().zip(second) {
            let words = [found.note.as_str(), "second run"];
            found.note = words.iter().filter(|word| !word.is_empty()).copied().collect::<Vec<_>>().join(", ");
            join(&mut answers[asked[k].case], found);
        }
    }
    answers
}

fn asked<'a>(cases: &[Case], case: usize, plan: &'a Plan) -> Vec<Asked<'a>> {
    let questions: &[Question] = if let Plan::Simulate(_, questions) = plan { questions } else { &[] };
    questions.iter().map(|question| Asked { case, exact: cases[case].value, plan, question }).collect()
}

/// Questions about the same system, by place.
fn groups(asked: &[Asked<'_>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (k, one) in asked.iter().enumerate() {
        match groups.iter_mut().find(|group| asked[group[0]].question.system == one.question.system) {
            Some(group) => group.push(k),
            None => groups.push(vec![k]),
        }
    }
    groups
}

/// A case that asks several systems is as good as the worst of them.
fn join(before: &mut Option<Found>, found: Found) {
    let width = |found: &Found| (found.interval.high - found.interval.low) / found.value.abs();
    let keep = before.as_ref().is_some_and(|b| (!b.inside, width(b)) >= (!found.inside, width(&found)));
    if !keep {
        *before = Some(found);
    }
}

/// Simulates one system for the questions of a group. Returns what was found, in the group's order, and the trials.
fn run(asked: &[Asked<'_>], group: &[usize], effort: Effort, seed: u64, trials_min: u32) -> (Vec<Found>, u32) {
    let system = &asked[group[0]].question.system;
    let scenario = system.scenario_of(effort.requests_per_trial).expect("it was a scenario when it was short");
    let look = look(&scenario, system, group.iter().map(|k| asked[*k].question.estimand));
    let initial = initial(system);
    let mut samples: Vec<Sample> = group.iter().map(|k| Sample::new(asked[*k].question.estimand, initial)).collect();
    let least =
        group.iter().filter_map(|k| if let Plan::Simulate(t, _) = asked[*k].plan { Some(t.trials_min) } else { None });
    let mut wanted = least.max().unwrap_or(30).max(trials_min);
    let most = (effort.requests_max / system.requests(effort.requests_per_trial)) as u32;
    let most = most.max(wanted);
    let mut done = 0;
    loop {
        while done < wanted {
            let end = (done + CHUNK).min(wanted);
            let trials = replicate(&scenario, 0, done..end, seed, look, &Control::default());
            for trial in trials.expect("nobody interrupts") {
                for sample in &mut samples {
                    sample.record(&trial);
                }
            }
            done = end;
        }
        let found = group.iter().zip(&samples).map(|(k, sample)| judge(&asked[*k], sample));
        let (found, excess): (Vec<Found>, Vec<f64>) = found.unzip();
        let worst = excess.into_iter().fold(0.0, f64::max);
        if worst <= 1.0 || done >= most {
            return (found, done);
        }
        let more = f64::from(done) * (worst * worst * 1.1).clamp(1.2, 4.0);
        wanted = (more as u32 + 1).min(most);
    }
}

fn judge(asked: &Asked<'_>, sample: &Sample) -> (Found, f64) {
    let (value, interval) = sample.estimate();
    let Plan::Simulate(tolerance, _) = asked.plan else { unreachable!("only simulated cases are asked") };
    let excess = tolerance.excess(asked.exact, interval);
    // A probability of 1 that every trial confirms has an interval without width, but for rounding.
    let near = (value - asked.exact).abs() <= 1e-9 * asked.exact.abs();
    let holds = interval.contains(asked.exact) || near;
    let inside = holds && excess <= 1.0;
    let note = if holds && !inside { super::WIDE } else { "" }.to_owned();
    (Found { family: asked.question.family, value, interval, inside, note }, excess)
}

/// What has to be kept of each trial.
fn look(scenario: &Scenario, system: &System, estimands: impl Iterator<Item = Estimand>) -> Look {
    let horizon_s = scenario.traffic.horizon.get();
    let bins = |period_s: f64| if period_s > 0.0 { (horizon_s / period_s).round() * BINS } else { BINS } as usize;
    let hour = |quantity: Quantity| matches!(quantity, Quantity::HourCount(_));
    let mut look = Look::default();
    for estimand in estimands {
        match estimand {
            Estimand::Quantile { of_wait: true, .. } | Estimand::WaitsLonger(_) => look.waits = true,
            Estimand::BusyVariance | Estimand::Peakedness | Estimand::Ratio(Quantity::AliveAbove(_), _) => {
                look.occupancies = true;
            }
            Estimand::BusyAt { period_s, .. } | Estimand::Lag { period_s } => look.bins = bins(period_s),
            Estimand::Covariance(a, b) if hour(a) || hour(b) => look.bins = 24,
            _ => {}
        }
    }
    debug_assert!(look.bins == 0 || !system.pools.is_empty());
    look
}

/// Containers that a trial begins with and counts as started.
fn initial(system: &System) -> u64 {
    let ready = |pool: &&super::system::Pool| pool.rules.iter().any(|rule| rule == "starts_ready = true");
    let counted = matches!(system.span, Span::FromEmpty(_));
    let first = system.pools.first().filter(|_| counted).filter(ready);
    first.map_or(0, |pool| u64::from(pool.min))
}
