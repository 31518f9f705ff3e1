//! One trial alone: its counts, and its first events in words.

use fleetfront_planner::{Replication, TracedEvent};
use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_sim::{FallbackReason, State, What};

use crate::screen::Screen;
use fleetfront_plots::format::{Unit, plain};

/// What came out of one trial, model by model and pool by pool.
pub(crate) fn show_trial(
    screen: &mut Screen,
    scenario: &Scenario,
    allocation: &Allocation,
    trial: &Replication,
    simulated: &str,
) {
    let seconds =
        |ns: u128, n: u64| if n == 0 { "–".to_owned() } else { plain(ns as f64 / 1e9 / n as f64, Unit::Seconds) };
    let columns =
        ["model", "arrived", "completed", "failed", "rejected", "given up", "cold", "mean wait", "mean latency", "p95"];
    let rows: Vec<Vec<String>> = (scenario.models.iter().zip(&trial.models))
        .map(|(model, of_model)| {
            let o = &of_model.outcome;
            let p95 = of_model.latencies.quantile_s(0.95);
            let counts = [o.arrived, o.completed, o.failed + o.stuck, o.rejected, o.abandoned, o.cold];
            let mut cells = vec![model.name.clone()];
            cells.extend(counts.map(|count| count.to_string()));
            cells.extend([seconds(o.wait_ns, o.arrived), seconds(o.latency_ns, o.completed)]);
            cells.push(p95.map_or("–".to_owned(), |p95| plain(p95, Unit::Seconds)));
            cells
        })
        .collect();
    screen.titled(&format!("Models in trial {}", trial.trial), simulated);
    screen.table(&columns, &rows, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let columns = ["pool", "boots", "most at once", "boot s", "busy s", "idle s", "wasted s", "cost"];
    let rows: Vec<Vec<String>> = (allocation.pools.iter().zip(&trial.pools))
        .map(|(pool, of_pool)| {
            let mut cells = vec![pool.name.clone(), of_pool.outcome.boots.to_string()];
            cells.push(of_pool.outcome.peak_containers.to_string());
            cells.extend(State::ALL.map(|state| format!("{:.1}", of_pool.ledger.get(state).as_secs_f64())));
            cells.push(format!("${:.4}", of_pool.cost_usd));
            cells
        })
        .collect();
    screen.titled(&format!("Pools in trial {}", trial.trial), simulated);
    screen.table(&columns, &rows, &[1, 2, 3, 4, 5, 6, 7]);
}

/// The events, a line each: when, in which pool, which container, which request, what, why.
pub(crate) fn show_events(screen: &mut Screen, events: &[TracedEvent], simulated: &str) {
    let rows: Vec<Vec<String>> = events
        .iter()
        .map(|traced| {
            let container = traced.event.container.map_or(String::new(), |number| format!("#{number}"));
            let request = traced.event.request.zip(traced.model.as_ref());
            let request = request.map_or(String::new(), |((number, _), model)| format!("{model} {number}"));
            vec![clock(traced.at_s), traced.pool.clone(), container, request, words(traced)]
        })
        .collect();
    screen.titled("Events", simulated);
    screen.table(&["time", "pool", "container", "request", "what"], &rows, &[]);
}

/// The time of the day to the millisecond; before midnight in the run-in.
fn clock(at_s: f64) -> String {
    let (sign, ms) = if at_s < 0.0 { ("-", -at_s) } else { ("", at_s) };
    let ms = (ms * 1000.0).round() as u64;
    let (s, m, h) = (ms / 1000 % 60, ms / 60_000 % 60, ms / 3_600_000);
    format!("{sign}{h:02}:{m:02}:{s:02}.{:03}", ms % 1000)
}

fn words(traced: &TracedEvent) -> String {
    let (pools, models) = &traced.names;
    let pool = |index: u16| pools[usize::from(index)].as_str();
    let s = |span: fleetfront_sim::SimSpan| format!("{:.3} s", span.as_secs_f64());
    match traced.event.what {
        What::Arrives => "arrives".to_owned(),
        What::Queues { before: 0 } => "queues: no container has room".to_owned(),
        What::Queues { before } => format!("queues behind {before}"),
        What::Rejected => "is rejected: max_pending are queued".to_owned(),
        What::FallsBack { because, to } => {
            let because = match because {
                FallbackReason::Rejection => "it would have been rejected",
                FallbackReason::Failure => "its try failed",
                FallbackReason::Wait => "it waits too long",
            };
            format!("falls back to {}: {because}", pool(to))
        }
        What::Hedges { to } => format!("is not answered in time: a second copy goes to {}", pool(to)),
        What::LeftToTheOther => "this copy is over: the other one is left".to_owned(),
        What::Withdrawn => "is withdrawn: the other copy has answered".to_owned(),
        What::WaitsInside => "is accepted and waits inside behind others".to_owned(),
        What::Executes { switch, load, cold } => {
            let cold = if cold { ", after waiting for a boot" } else { "" };
            let first = |what: &str, span: fleetfront_sim::SimSpan| {
                if span.0 > 0 { format!("; {what} first: {}", s(span)) } else { String::new() }
            };
            let (switch, load) = (first("the model is switched", switch), first("its adapter is loaded", load));
            format!("executes{cold}{switch}{load}")
        }
        What::Completes { latency, in_vain: false } => format!("completes after {}", s(latency)),
        What::Completes { in_vain: true, .. } => "completes in vain: nobody waits for it any more".to_owned(),
        What::TryFails { timed_out: false } => "a try fails".to_owned(),
        What::TryFails { timed_out: true } => "a try is killed at its timeout".to_owned(),
        What::WillRetry { after } => format!("will come back in {}", s(after)),
        What::Fails => "fails: no retry is left".to_owned(),
        What::GivesUp => "the client gives up".to_owned(),
        What::Continues { model } => format!("continues as {}", models[usize::from(model)]),
        What::Starts { wanted, have } => format!("is started: {wanted} wanted, {have} with it"),
        What::Denied => "a container is wanted, but the quota is used up".to_owned(),
        What::WaitsForCapacity { wait, hardware: 0 } => format!("waits for capacity: {}", s(wait)),
        What::WaitsForCapacity { wait, hardware } => {
            format!("waits for capacity: {}, on GPU type {} of the pool's list", s(wait), hardware + 1)
        }
        What::Ready => "is ready: its boot is over".to_owned(),
        What::BootFails => "its boot fails; it will be tried again".to_owned(),
        What::Cancelled => "its boot is cancelled: it is no longer wanted".to_owned(),
        What::Stops { idle } => format!("stops: idle for {}", s(idle)),
        What::Preempted => "is taken away; its inputs go back to the queue".to_owned(),
        What::Batch { size } => format!("starts a batch of {size}"),
        What::Bounds { min, max } => format!("bounds change: {min} to {max} containers"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_the_day_and_negative_in_the_run_in() {
        assert_eq!((clock(3725.25), clock(-60.5)), ("01:02:05.250".to_owned(), "-00:01:00.500".to_owned()));
    }
}
