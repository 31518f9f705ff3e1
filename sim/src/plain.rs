//! The plain path: a pool whose containers serve one request at a time and whose requests never fail, simulated
//! without an event list, without jobs and without containers that have a name.
//!
//! What a trial needs to know about such a pool is little. Requests are served in order of arrival, so those that wait
//! are a stretch of the arrivals. An idle container is the instant at which it fell idle: the newest serves, the
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
mod trial;

use crate::boot_times::BootTimes;
use crate::group::Group;
use crate::histogram::LatencyHistogram;
use crate::horizon::Horizon;
use crate::job::{Arrival, Latencies};
use crate::outcome::Outcome;
use crate::pool::Pool;
use crate::trial::follows_requests_alone;
use array::{Array, LIMIT};
use calendar::Calendar;
use idle::IdleStack;
use trial::PlainTrial;

/// Memory that one trial leaves to the next.
#[derive(Debug, Default)]
pub(crate) struct PlainWorkspace {
    idle: IdleStack,
    booting: Vec<u64>,
    busy: Calendar,
    array: Array,
}

/// Up to so many containers busy on average an array of them beats a calendar.
const FEW: f64 = 48.0;

/// Whether a group is one pool with plain rules only. Services above its timeout are found by [`simulate`].
pub(crate) fn is_plain(group: &Group<'_>) -> bool {
    let [pool] = group.pools else { return false };
    let [model] = pool.models.as_slice() else { return false };
    follows_requests_alone(group)
        && pool.max_inputs == 1
        && !pool.starts_ready
        && model.failure_probability <= 0.0
        && model.switch_in.iter().all(|switch| switch.0 == 0)
}

/// Simulates one trial of a plain pool.
///
/// Returns `None`, and has recorded nothing, when the requests are not plain: a service above the timeout, or an
/// arrival after the horizon.
///
/// # Panics
/// If a conservation law is broken.
pub(crate) fn simulate(
    pool: &Pool,
    arrivals: &[Arrival],
    boots: &mut BootTimes<'_>,
    horizon: Horizon,
    workspace: &mut PlainWorkspace,
    latencies: &mut Latencies,
) -> Option<Outcome> {
    let work = Work::of(arrivals, horizon);
    let inside = arrivals.last().is_none_or(|last| last.at < horizon.end);
    if work.longest_ns > pool.timeout.0 || !inside {
        return None;
    }
    let is_small = work.all_ns as f64 <= FEW * horizon.end.0 as f64;
    let window_ns = pool.scaledown_window.fixed().map_or(0, |window| window.0);
    let given = Given { pool, window_ns, arrivals, horizon, histogram: &mut latencies[0], work: &work };
    Some(run(given, boots, workspace, is_small))
}

/// `is_small`: begins with an array, not with a calendar. A matter of speed only.
fn run(given: Given<'_>, boots: &mut BootTimes<'_>, workspace: &mut PlainWorkspace, is_small: bool) -> Outcome {
    let end = given.horizon.end.0;
    workspace.idle.clear();
    workspace.booting.clear();
    workspace.array.clear();
    workspace.busy.reset(end / given.work.requests.max(1), given.work.longest_ns);
    let trial = PlainTrial::new(given, boots, std::mem::take(workspace));
    let (outcome, used) = trial.run(is_small && end < LIMIT);
    *workspace = used;
    outcome
}

/// What a trial is given.
struct Given<'a> {
    pool: &'a Pool,
    /// Its idle window.
    window_ns: u64,
    arrivals: &'a [Arrival],
    horizon: Horizon,
    histogram: &'a mut LatencyHistogram,
    work: &'a Work,
}

/// What the requests of a trial bring, before any of them is served.
#[derive(Debug, Default)]
struct Work {
    /// The longest service.
    longest_ns: u64,
    /// The number of requests, and the sum of their arrivals, each moved into the horizon, modulo 2^64.
    requests: u64,
    arrived: u64,
    /// The number of those that arrive inside the horizon, and the sum of their services.
    counted: u64,
    counted_ns: u128,
    /// The sum of all services.
    all_ns: u128,
}

impl Work {
    fn of(arrivals: &[Arrival], horizon: Horizon) -> Self {
        let (run_in, counted) = arrivals.split_at(arrivals.partition_point(|arrival| arrival.at < horizon.start));
        let mut work = Self { requests: arrivals.len() as u64, counted: counted.len() as u64, ..Self::default() };
        for arrival in run_in {
            work.longest_ns = work.longest_ns.max(arrival.service.0);
            work.all_ns += u128::from(arrival.service.0);
        }
        work.arrived = horizon.start.0.wrapping_mul(run_in.len() as u64);
        for arrival in counted {
            work.longest_ns = work.longest_ns.max(arrival.service.0);
            work.arrived = work.arrived.wrapping_add(arrival.at.0);
            work.counted_ns += u128::from(arrival.service.0);
        }
        work.all_ns += work.counted_ns;
        work
    }
}

#[cfg(test)]
mod tests;
