//! The engine against a second, independent reading of the platform's contract.
//!
//! `contract.json` holds small random pools, their arrivals and what must come out, exactly; `contract.py` beside it
//! makes them, and shares neither code nor design with the engine.

use fleetfront_sim::{
    Arrival, Attended, BootTimes, Clients, Draws, Execution, Group, Horizon, LatencyHistogram, Law, Luck, ModelOutcome,
    Observers, Outcome, Pace, Pool, PoolModel, Quantile, Retries, SimSpan, SimTime, State, StreamKey, Window,
    Workspace, simulate_group,
};
use serde::Deserialize;

/// Times are in ticks of `tick_ns`.
#[derive(Debug, Deserialize)]
struct Case {
    tick_ns: u64,
    pool: CasePool,
    /// The boot of each model.
    boots: Vec<u64>,
    horizon: [u64; 2],
    /// Instant, service time, model.
    arrivals: Vec<(u64, u64, u16)>,
    #[serde(default)]
    clients: Vec<CaseClients>,
    expected: Expected,
}

#[derive(Debug, Deserialize)]
struct CasePool {
    min: u32,
    max: u32,
    buffer: u32,
    window: u64,
    max_inputs: u32,
    execution: Execution,
    timeout: u64,
    retries: u32,
    retry_delay: u64,
    /// Row: the model that is wanted; column: the model that is loaded.
    switch: Vec<Vec<u64>>,
    limit: u64,
}

/// Clients who always think and are served for as long.
#[derive(Debug, Deserialize)]
struct CaseClients {
    model: u16,
    think: u64,
    service: u64,
    /// For how long each still thinks when the trial begins.
    first: Vec<u64>,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
struct Expected {
    /// Per model, in the order of [`State::ALL`].
    ledgers: Vec<[u64; 4]>,
    peak: u32,
    /// Per model: arrived, completed, failed, cold, late, boots, sum of latencies, sum of waits.
    models: Vec<[u64; 8]>,
}

impl Case {
    fn pool(&self) -> Pool {
        let span = |ticks: u64| SimSpan(ticks * self.tick_ns);
        let p = &self.pool;
        let models = p.switch.len();
        let model = |row: &Vec<u64>| PoolModel {
            switch_in: row.iter().map(|ticks| span(*ticks)).collect(),
            ..PoolModel::new(models, span(p.limit))
        };
        let delay = span(p.retry_delay);
        Pool {
            min_containers: p.min,
            max_containers: p.max,
            buffer_containers: p.buffer,
            scaledown_window: Window::Fixed(span(p.window)),
            max_inputs: p.max_inputs,
            target_inputs: p.max_inputs,
            execution: p.execution.clone(),
            timeout: span(p.timeout),
            retries: Retries { max: p.retries, initial_delay: delay, max_delay: delay, ..Retries::none() },
            ..Pool::new(p.switch.iter().map(model).collect())
        }
    }

    fn simulate(&self, workspace: &mut Workspace) -> Expected {
        let instant = |ticks: u64| SimTime(ticks * self.tick_ns);
        let arrival = |&(at, service, model): &(u64, u64, u16)| Arrival {
            at: instant(at),
            service: SimSpan(service * self.tick_ns),
            luck: Luck(0),
            quantile: Quantile::default(),
            model,
        };
        let arrivals: Vec<Arrival> = self.arrivals.iter().map(arrival).collect();
        let law = |ticks: &u64| Law::Deterministic { seconds: (ticks * self.tick_ns) as f64 / 1e9 };
        let laws: Vec<_> = self.boots.iter().map(|ticks| law(ticks).ready_for_few()).collect();
        let clients = |of: &CaseClients| Clients {
            model: of.model,
            first: of.first.iter().map(|ticks| SimSpan(ticks * self.tick_ns)).collect(),
            think: law(&of.think),
            service: law(&of.service).into(),
            pace: Pace::steady(),
            luck: Luck(0),
        };
        let clients: Vec<Clients> = self.clients.iter().map(clients).collect();
        let mut boots = BootTimes::new(1, 0, StreamKey::FLEET, &laws);
        let horizon = Horizon { start: instant(self.horizon[0]), end: instant(self.horizon[1]) };
        let mut latencies = vec![LatencyHistogram::default(); laws.len()];
        let (pool, lucks) = (self.pool(), [boots.luck()]);
        let mut draws = Draws { boots: std::slice::from_mut(&mut boots), lucks: &lucks, scarcity: &[] };
        let (mut arrivals, group) = (Attended { arrivals: &arrivals, clients: &clients }, Group::of(&pool));
        let mut observers = Observers::latencies(&mut latencies);
        let outcome = simulate_group(&group, &mut arrivals, &mut draws, horizon, workspace, &mut observers);
        self.in_ticks(&outcome)
    }

    /// # Panics
    /// If a time is not a whole number of ticks: every time of a case is.
    fn in_ticks(&self, outcome: &Outcome) -> Expected {
        let ticks = |nanoseconds: u64| {
            assert_eq!(nanoseconds % self.tick_ns, 0, "{nanoseconds} ns of {self:?}");
            nanoseconds / self.tick_ns
        };
        let small = |sum: u128| u64::try_from(sum).expect("a small case");
        let model = |m: &ModelOutcome| {
            let (latency, wait) = (ticks(small(m.latency_ns)), ticks(small(m.wait_ns)));
            [m.arrived, m.completed, m.failed, m.cold, m.late, m.boots, latency, wait]
        };
        let ledger = |m: &ModelOutcome| State::ALL.map(|state| ticks(m.ledger.get(state).0));
        Expected {
            ledgers: outcome.models.iter().map(ledger).collect(),
            peak: outcome.peak_containers,
            models: outcome.models.iter().map(model).collect(),
        }
    }
}

#[test]
fn the_engine_and_an_independent_reading_of_the_contract_agree_to_the_nanosecond() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("contract.json")).expect("cases");
    assert!(cases.len() >= 200, "{} cases", cases.len());
    let with_clients = cases.iter().filter(|case| !case.clients.is_empty());
    assert!(with_clients.count() >= 100, "too few cases with clients");
    let mut workspace = Workspace::default();
    for (number, case) in cases.iter().enumerate() {
        let outcome = case.simulate(&mut workspace);
        assert_eq!(outcome, case.expected, "case {number} (left: the engine): {case:?}");
    }
}
