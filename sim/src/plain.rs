//! The plain path: a pool whose containers serve one request at a time, once, simulated without an event list, without
//! jobs and without containers that have a name.
//!
//! What a trial needs to know about such a pool is little. Requests are served in order of arrival, so those that wait
//! are a stretch of the arrivals. A request that fails is one that executes for a time that is known when it arrives,
//! and does not count as completed. An idle container is the instant at which it fell idle: the newest serves, the
//! oldest expires. A busy one is the instant at which it comes free. Nothing happens between two arrivals that cannot
//! be settled at the second.
//!
//! Three facts make it exact, and not only fast:
//! - While a container is idle, no request waits. So no boot begins, the number of containers does not grow, and the
//!   floor of the scale-down is `min_containers`: what it holds back once, it holds back until it serves again.
//! - Each arrival begins one boot at most: the containers that boot are never fewer than the requests that wait,
//!   unless the pool has reached its maximum.
//! - A request is cold if its container became ready after it arrived. That is never so for a request that finds a
//!   container idle, nor later for a container that has been idle.
//!
//! Where few containers are up they stand in one sorted array ([`array`], [`in_array`]); where many are, in a
//! [`calendar`] and a stack ([`trial`]); where their number is fixed, they are a few registers ([`always_full`]).
//!
//! It is a second way through the same rules: to the nanosecond the same outcome as [`simulate`](crate::simulate)
//! reaches event by event, which its tests hold against it on random pools.

mod alone;
mod always_full;
mod array;
mod books;
mod calendar;
mod idle;
mod in_array;
mod incoming;
mod trial;

use crate::arrivals::Arrivals;
use crate::boot_times::BootTimes;
use crate::group::Group;
use crate::histogram::LatencyHistogram;
use crate::horizon::Horizon;
use crate::job::Latencies;
use crate::outcome::Outcome;
use crate::pool::Pool;
use crate::trial::follows_requests_alone;
use array::Array;
use calendar::Calendar;
use idle::IdleStack;
use incoming::Window;
use trial::PlainTrial;

/// Memory that one trial leaves to the next.
#[derive(Debug, Default)]
pub(crate) struct PlainWorkspace {
    window: Window,
    idle: IdleStack,
    booting: Vec<u64>,
    busy: Calendar,
    array: Array,
}

/// Up to so many busy containers an array of them beats a calendar.
const FEW: usize = 64;

/// Whether a group is one pool with plain rules only, and its requests are served once.
pub(crate) fn is_plain(group: &Group<'_>, arrivals: &dyn Arrivals) -> bool {
    let [pool] = group.pools else { return false };
    let [model] = pool.models.as_slice() else { return false };
    follows_requests_alone(group)
        && arrivals.clients().is_empty()
        && pool.max_inputs == 1
        && !pool.starts_ready
        && model.switch_in.iter().all(|switch| switch.0 == 0)
        && (pool.retries.max == 0 || model.failure_probability <= 0.0 && arrivals.longest_service() <= pool.timeout)
}

/// Simulates one trial of a plain pool.
///
/// # Panics
/// If a conservation law is broken, or a request arrives after the horizon.
pub(crate) fn simulate(
    pool: &Pool,
    arrivals: &mut dyn Arrivals,
    boots: &mut BootTimes<'_>,
    horizon: Horizon,
    workspace: &mut PlainWorkspace,
    latencies: &mut Latencies,
) -> Outcome {
    run(Given { pool, horizon, histogram: &mut latencies[0], few: FEW }, arrivals, boots, workspace)
}

fn run(
    given: Given<'_>,
    arrivals: &mut dyn Arrivals,
    boots: &mut BootTimes<'_>,
    workspace: &mut PlainWorkspace,
) -> Outcome {
    workspace.window.clear();
    workspace.idle.clear();
    workspace.booting.clear();
    workspace.array.clear();
    workspace.busy.clear();
    let trial = PlainTrial::new(given, boots, std::mem::take(workspace));
    let (outcome, used) = trial.run(arrivals);
    *workspace = used;
    outcome
}

/// What a trial is given.
struct Given<'a> {
    pool: &'a Pool,
    horizon: Horizon,
    histogram: &'a mut LatencyHistogram,
    /// The containers stand in an array until more than so many are busy. A matter of speed only.
    few: usize,
}

#[cfg(test)]
mod tests;
