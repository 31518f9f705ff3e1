//! What no autoscaler can do without: bounds on the bill and on the latencies of a pool, from its requests alone.
//!
//! An autoscaler that knew the future would have a container ready for every request and pay for nothing but
//! executions. Whatever a pool does, it pays for those and for what it does besides: boots, idle time, model switches.
//! The one thing that may save it something is the end of the horizon: what is executed behind it is not billed. How
//! much that can be follows from the longest time that a request spent in the system.

use std::fmt;

use crate::group::Group;
use crate::histogram::LatencyHistogram;
use crate::horizon::Horizon;
use crate::job::{Arrival, Latencies};
use crate::outcome::{ModelOutcome, Outcome};
use crate::pool::{Execution, Pool};
use crate::trial::ROUNDING_NS;

/// Why nothing can be said of a pool for certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unbounded {
    /// A batch lasts as long as its first request wants.
    Batches,
    /// A fast host does a request in less than its service time.
    HostSpeed,
    /// A request may be killed while it waits inside a container.
    KilledInside,
    /// A container that is taken away gives its request another try, with other luck.
    Preempted,
    /// Requests that were rejected, given up or never served.
    TurnedAway,
    /// Requests that left for a fallback pool before they were executed, or were sent there a second time.
    Elsewhere,
    /// Later steps of chains, which come when the allocation lets them.
    Steps,
    /// Requests of clients who wait for answers, so that how many come is the allocation's doing.
    Clients,
}

impl fmt::Display for Unbounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Batches => "requests of a batch share one execution, and which do is the allocation's doing",
            Self::HostSpeed => "hosts differ in speed, and a request may meet a fast one",
            Self::KilledInside => "a request that waits inside a container may be killed before it is executed",
            Self::Preempted => "a request whose container is taken away tries again with other luck",
            Self::TurnedAway => "requests were rejected, given up or never served, and cost nothing",
            Self::Elsewhere => "requests left for a fallback pool before they were executed, or were sent there too",
            Self::Steps => "later steps of chains come when the allocation lets them",
            Self::Clients => {
                "its clients wait for answers, so that other requests come where it answers at another time"
            }
        })
    }
}

/// What the requests of one model that arrive inside the horizon cannot do without in their home pool, over some trials.
#[derive(Debug, Clone, Default)]
pub struct Floor {
    /// Whether other requests come than those that were added, of clients who wait for answers.
    is_open: bool,
    /// Requests.
    arrived: u64,
    /// Those that complete whatever happens, and the sum of their shortest latencies in nanoseconds.
    certain: u64,
    certain_ns: u128,
    /// The executions of those that complete whatever happens, and of the others.
    work: Work,
    other_work: Work,
}

/// What a pool must have billed at least, in nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeastBilled {
    /// The bound.
    pub least_ns: u128,
    /// What is missing from it because it may have been executed behind the horizon.
    pub behind_ns: u128,
}

/// What the completed requests of a model must have taken at least.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeastLatency {
    /// Sum over the requests that completed, in nanoseconds.
    pub sum_ns: u128,
    /// How many completed.
    pub completed: u64,
}

impl Floor {
    /// Further requests come from clients, other ones wherever they are answered at another time.
    pub fn leave_open(&mut self) {
        self.is_open = true;
    }

    /// Adds a request, if it counts.
    ///
    /// - `pool`: its home.
    /// - `soonest`: its shortest latency is recorded there. Where all requests are settled by their own luck, a pool with
    ///   a free container for everybody records the same.
    pub fn add(&mut self, pool: &Pool, horizon: Horizon, arrival: &Arrival, soonest: &mut LatencyHistogram) {
        if !horizon.contains(arrival.at) {
            return;
        }
        let alone = pool.unhindered(arrival);
        let left = (horizon.end - arrival.at).0;
        self.arrived += 1;
        match alone.completes_after {
            Some(latency) => soonest.record(latency),
            None => soonest.record_infinite(),
        }
        match alone.completes_after.filter(|_| alone.is_certain) {
            Some(latency) => {
                self.certain += 1;
                self.certain_ns += u128::from(latency.0);
                self.work.add(left, alone.executes.0);
            }
            None => self.other_work.add(left, alone.executes.0),
        }
    }

    /// Requests that complete whatever happens, and the sum of their shortest latencies in nanoseconds.
    #[must_use]
    pub fn certain(&self) -> (u64, u128) {
        (self.certain, self.certain_ns)
    }

    /// What is known of the completed requests of an outcome over the same trials.
    ///
    /// - `home`: index of the pool in which the model's requests arrive.
    ///
    /// # Errors
    /// Why nothing can be said.
    ///
    /// # Panics
    /// If the outcome is of other requests.
    pub fn latency(&self, group: &Group<'_>, model: usize, outcome: &ModelOutcome) -> Result<LeastLatency, Unbounded> {
        self.is_bounded(&group.pools[group.home(model as u16)], model, outcome)?;
        if group.is_step(model) {
            return Err(Unbounded::Steps);
        }
        assert_eq!(self.arrived, outcome.arrived, "the requests of the bound are those of the outcome");
        Ok(LeastLatency { sum_ns: self.certain_ns, completed: outcome.completed })
    }

    /// Whether its requests are known, and are executed in their home pool as long as their own luck says.
    fn is_bounded(&self, pool: &Pool, model: usize, outcome: &ModelOutcome) -> Result<(), Unbounded> {
        if self.is_open { Err(Unbounded::Clients) } else { is_bounded(pool, model, outcome) }
    }

    /// What the containers of its home must have executed for it inside the horizon, as if each served one at a time.
    fn executed(&self, outcome: &ModelOutcome, latencies: &LatencyHistogram) -> LeastBilled {
        let longest = latencies.longest();
        // Of those that did not complete only the sum of their times is known: none was longer than all together.
        let lost = u64::try_from(outcome.sojourn_ns - outcome.latency_ns).unwrap_or(u64::MAX);
        let behind = self.work.behind(longest.0) + self.other_work.behind(longest.0.max(lost));
        let all = self.work.total + self.other_work.total;
        LeastBilled { least_ns: all - behind.min(all), behind_ns: behind.min(all) }
    }
}

/// Whether the requests of a model are executed in their home pool, as long as their own luck says.
fn is_bounded(pool: &Pool, model: usize, outcome: &ModelOutcome) -> Result<(), Unbounded> {
    if pool.batching().is_some() {
        return Err(Unbounded::Batches);
    }
    if pool.host_speed_cv > 0.0 {
        return Err(Unbounded::HostSpeed);
    }
    if pool.timeout_from_accept && pool.execution == Execution::Serial && pool.max_inputs > 1 {
        return Err(Unbounded::KilledInside);
    }
    if pool.preemption.is_some() && (pool.models[model].failure_probability > 0.0 || pool.retries.fresh_service) {
        return Err(Unbounded::Preempted);
    }
    if outcome.rejected + outcome.abandoned + outcome.stuck > 0 {
        return Err(Unbounded::TurnedAway);
    }
    let leaves = pool.fallback.is_some_and(|fallback| fallback.on_rejection || fallback.on_wait.is_some());
    if leaves && outcome.fell_back > 0 || outcome.hedged > 0 { Err(Unbounded::Elsewhere) } else { Ok(()) }
}

/// What one of a group's pools must have billed at least for the requests that arrive there.
///
/// - `floors`, `latencies`: one entry a model of the group, over the same trials as `outcome`.
///
/// # Errors
/// Why nothing can be said.
pub fn least_billed(
    group: &Group<'_>,
    pool: usize,
    floors: &[Floor],
    outcome: &Outcome,
    latencies: &Latencies,
) -> Result<LeastBilled, Unbounded> {
    let rules = &group.pools[pool];
    let mut least = LeastBilled::default();
    let mut tries = 0;
    for model in (0..floors.len()).filter(|model| group.home(*model as u16) == pool) {
        let (floor, of_model) = (&floors[model], &outcome.models[model]);
        floor.is_bounded(rules, model, of_model)?;
        let executed = floor.executed(of_model, &latencies[model]);
        least.least_ns += executed.least_ns;
        least.behind_ns += executed.behind_ns;
        tries += of_model.executions;
    }
    // Several at once keep a container busy once.
    let shared = |total: f64| move |ns: u128| (ns as f64 / total) as u128;
    Ok(match &rules.execution {
        Execution::Parallel => {
            let at_once = u128::from(rules.max_inputs);
            LeastBilled { least_ns: least.least_ns / at_once, behind_ns: least.behind_ns / at_once }
        }
        Execution::Shared(efficiency) => {
            let fastest = (1..=rules.max_inputs).map(|inputs| efficiency.total(inputs)).fold(1.0, f64::max);
            let part = shared(fastest);
            let rounding = u128::from(tries) * u128::from(ROUNDING_NS);
            LeastBilled { least_ns: part(least.least_ns).saturating_sub(rounding), behind_ns: part(least.behind_ns) }
        }
        Execution::Serial | Execution::Batched(_) => least,
    })
}

/// The executions of all requests that arrive in a pool, one after the other.
fn work(group: &Group<'_>, pool: usize, floors: &[Floor]) -> u128 {
    let home = floors.iter().enumerate().filter(|(model, _)| group.home(*model as u16) == pool);
    home.map(|(_, floor)| floor.work.total + floor.other_work.total).sum()
}

/// Checks that what came out of a group over some trials lies within its bounds: every pool between what its requests
/// need and what its peak would cost all the time, every model's mean latency above execution alone.
///
/// - `floors`, `latencies`: one entry a model of the group, over the same trials as `outcome`.
/// - `name`: what came out, for the message.
///
/// # Panics
/// If it does not: a bug of ours.
pub fn assert_within_bounds(
    group: &Group<'_>,
    floors: &[Floor],
    outcome: &Outcome,
    latencies: &Latencies,
    name: &dyn Fn() -> String,
) {
    for (p, of_pool) in outcome.pools.iter().enumerate() {
        let billed = u128::from(of_pool.ledger().billed().0);
        let most = u128::from(of_pool.peak_containers) * u128::from(outcome.horizon_ns);
        // Most are billed for all their work and more: what may lie behind the horizon need not be asked.
        let least = if billed >= work(group, p, floors) {
            0
        } else {
            least_billed(group, p, floors, outcome, latencies).map_or(0, |least| least.least_ns)
        };
        assert!(
            billed >= least,
            "{} lies outside its bounds: pool {p} is billed {billed} ns, below the {least} ns that its requests need",
            name()
        );
        assert!(
            billed <= most,
            "{} lies outside its bounds: pool {p} is billed {billed} ns, above the {most} ns of its peak all the time",
            name()
        );
    }
    for (m, (floor, of_model)) in floors.iter().zip(&outcome.models).enumerate() {
        let Ok(least) = floor.latency(group, m, of_model) else { continue };
        assert!(
            of_model.latency_ns >= least.sum_ns,
            "{} lies outside its bounds: latencies of model {m} add up to {} ns, below the {} ns of execution alone",
            name(),
            of_model.latency_ns,
            least.sum_ns
        );
    }
}

/// Four steps an octave, from 1 s to 4.9 h: how late a request may end, for which it is known how much of the work may
/// lie behind the horizon.
const STEPS: usize = 56;
/// 2^30 ns.
const FIRST_EXPONENT: u32 = 30;

/// The `k`-th step, in nanoseconds.
const fn step(k: usize) -> u64 {
    (4 + (k as u64 & 3)) << (FIRST_EXPONENT - 2 + (k as u32 >> 2))
}

/// The first step that is so long or longer; [`STEPS`] if none is.
fn step_from(ns: u64) -> usize {
    if ns <= step(0) {
        return 0;
    }
    // The step below `ns`, or one too few: `ns - 1` has its exponent and two more digits.
    let below = ns - 1;
    let exponent = below.ilog2();
    let digits = (below >> (exponent - 2)) & 3;
    let place = ((exponent - FIRST_EXPONENT) as usize) << 2 | digits as usize;
    (place + 1).min(STEPS)
}

/// Work of requests, and how much of it lies behind the horizon at most if each ends a given time after its arrival.
#[derive(Debug, Clone)]
struct Work {
    total: u128,
    /// Of each step: the work that may lie behind the horizon as a whole from this step on, and, at this step alone, in
    /// part.
    whole: [u64; STEPS],
    part: [u64; STEPS],
}

impl Default for Work {
    fn default() -> Self {
        Self { total: 0, whole: [0; STEPS], part: [0; STEPS] }
    }
}

impl Work {
    /// - `left`: from the arrival to the end of the horizon, in nanoseconds.
    #[inline]
    fn add(&mut self, left: u64, work: u64) {
        self.total += u128::from(work);
        let mut k = step_from(left);
        while k < STEPS && step(k) < left.saturating_add(work) {
            self.part[k] += step(k) - left;
            k += 1;
        }
        if k < STEPS {
            self.whole[k] += work;
        }
    }

    /// Work that may lie behind the horizon if every request ends `latency` after its arrival at the latest.
    fn behind(&self, latency: u64) -> u128 {
        let k = step_from(latency);
        if k == STEPS {
            return self.total;
        }
        let whole: u128 = self.whole[..=k].iter().map(|ns| u128::from(*ns)).sum();
        whole + u128::from(self.part[k])
    }
}

#[cfg(test)]
mod tests;
