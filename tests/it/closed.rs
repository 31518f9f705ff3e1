//! Clients who wait for their answers, against exact results: how `theory.rs` compares, with 99.9 % intervals over days.

use fleetfront_sim::{Efficiency, Execution, Law, Pool, State};
use fleetfront_workloads::Process;

use crate::exact::MachineRepair;
use crate::theory::{DAY_S, Setting, Trial, check, fixed, pool, span, steady};

/// The clients of a model of theory in front of a pool, for some trials.
fn trials(name: &str, of: &MachineRepair, pool: Pool, [think, service]: [Law; 2], count: u32) -> Vec<Trial> {
    let process = Process::Closed { clients: f64::from(of.clients), think };
    Setting { process, ..steady(name, pool, 1000.0, service) }.trials(count)
}

fn per_second(trial: &Trial) -> f64 {
    trial.outcome.arrived as f64 / DAY_S
}

fn latency_s(trial: &Trial) -> f64 {
    trial.outcome.latency_ns as f64 / 1e9 / trial.outcome.completed as f64
}

fn check_repair(name: &str, of: &MachineRepair, think: Law, count: u32) {
    let service = Law::Exponential { mean_s: of.service_s };
    let trials = trials(name, of, fixed(of.servers), [think, service], count);
    let check = |what: &str, exact: f64, value: &dyn Fn(&Trial) -> f64| {
        check(&format!("{name}, {what}"), exact, &trials, value);
    };
    check("requests a second", of.per_second(), &per_second);
    check("mean wait", of.wait_s(), &Trial::wait_s);
    check("share that waits", of.waits(), &|t| t.share(t.outcome.waited));
    check("busy", of.busy(), &|t| t.mean_in(State::Busy));
}

#[test]
fn machines_are_repaired() {
    for (servers, clients, think_s, service_s, count) in
        [(1, 5, 6.0, 2.0, 40), (1, 10, 12.0, 0.8, 40), (2, 20, 12.0, 2.0, 40), (8, 60, 12.0, 2.0, 40)]
    {
        let of = MachineRepair { servers, clients, think_s, service_s };
        let name = format!("M/M/{servers}//{clients}");
        check_repair(&name, &of, Law::Exponential { mean_s: think_s }, count);
    }
}

/// Of the time to think only the mean matters in front of exponential servers (Baskett, Chandy, Muntz and Palacios 1975).
#[test]
fn how_regular_clients_think_does_not_matter() {
    let of = MachineRepair { servers: 2, clients: 9, think_s: 8.0, service_s: 2.0 };
    check_repair("clients like clockwork", &of, Law::Deterministic { seconds: 8.0 }, 40);
    check_repair("clients of two kinds", &of, Law::hyperexponential(span(8.0), 2.0), 60);
}

/// A container that gives each of its inputs an equal part of itself (M/G/1-PS with N clients): the law of the service
/// times matters by its mean only. First come, first served it would matter.
#[test]
fn where_a_container_is_shared_how_regular_services_are_does_not_matter() {
    let of = MachineRepair { servers: 1, clients: 6, think_s: 9.0, service_s: 2.0 };
    let shared = || Pool {
        max_inputs: of.clients,
        target_inputs: of.clients,
        execution: Execution::Shared(Efficiency::Power(0.0)),
        ..fixed(1)
    };
    let think = Law::Exponential { mean_s: of.think_s };
    let fixed_s = Law::Deterministic { seconds: of.service_s };
    for (name, service) in [
        ("fixed services", fixed_s),
        ("exponential services", Law::Exponential { mean_s: of.service_s }),
        ("services of two kinds", Law::hyperexponential(span(of.service_s), 2.0)),
    ] {
        let trials = trials(name, &of, shared(), [think, service], 60);
        check(&format!("{name}, shared: latency"), of.latency_s(), &trials, latency_s);
        check(&format!("{name}, shared: requests a second"), of.per_second(), &trials, per_second);
        check(&format!("{name}, shared: busy"), of.busy(), &trials, |t| t.mean_in(State::Busy));
    }
    let one_by_one = trials("fixed services in turn", &of, fixed(1), [think, fixed_s], 30);
    let mean_s = one_by_one.iter().map(latency_s).sum::<f64>() / one_by_one.len() as f64;
    assert!(mean_s < 0.95 * of.latency_s(), "{mean_s} s against {} s", of.latency_s());
}

/// Their clock runs as the curve does: with a container for everybody, a client thinks or is served, and the probability P
/// that it thinks follows P' = (1 - P) / S - P f / Z, where the curve is f. It sends P f / Z requests a second.
#[test]
fn clients_think_by_the_clock_of_the_curve() {
    let (clients, think_s, service_s) = (400.0, 1200.0, 600.0);
    let weights: Vec<f64> = (0..24).map(|hour| if hour % 6 < 4 { 0.25 } else { 2.5 }).collect();
    let think = Law::Exponential { mean_s: think_s };
    let process = Process::Closed { clients, think };
    let service = Law::Exponential { mean_s: service_s };
    let curve = steady("clients by the curve", pool(), 1000.0, service);
    let trials = Setting { process, weights: weights.clone(), ..curve }.trials(200);
    let mut thinking = 1.0;
    let mut expected_in = |hour: usize| {
        let (rate, back) = (weights[hour] / think_s, 1.0 / service_s);
        let (steady, speed) = (back / (back + rate), back + rate);
        let left = (-speed * 3600.0).exp();
        let integral = steady * 3600.0 + (thinking - steady) * (1.0 - left) / speed;
        thinking = steady + (thinking - steady) * left;
        clients * rate * integral
    };
    // The run-in is the last hour of the day before. All think when it begins.
    let _ = expected_in(23);
    for hour in 0..24 {
        let quarters = 4 * hour..4 * hour + 4;
        let in_hour = |t: &Trial| t.timeline.arrivals[quarters.clone()].iter().sum::<u64>() as f64;
        check(&format!("requests in hour {hour}"), expected_in(hour), &trials, in_hour);
    }
}
