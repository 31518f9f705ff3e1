//! What a simulated trial shows in a log: the same that a platform writes down, and nothing that it does not.
//!
//! Observed and predicted numbers are read off such logs by one piece of code (`numbers.rs`), so that neither counts what the
//! other cannot: a container that boots and serves nobody, for one, stands in no log of requests.

use std::collections::BTreeMap;

use fleetfront_sim::{SimSpan, SimTime, TraceEvent, What};

use super::SeenRequest;

/// The requests of groups of pools, group by group.
#[derive(Debug, Default)]
pub(crate) struct SeenTrial {
    pub(crate) requests: Vec<SeenRequest>,
    containers: u32,
}

/// Boots of a pool that ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Boots {
    pub(crate) all: u64,
    /// Those whose container served a request, which shows them.
    pub(crate) shown: u64,
}

/// A container on its way.
#[derive(Debug, Clone, Copy)]
struct Seen {
    number: u32,
    starts: Option<SimTime>,
    boot: Option<SimSpan>,
}

impl SeenTrial {
    /// Adds what the events of a group show. The boots of its pools, by their places in the group.
    ///
    /// - `models`: the place of each of its models in the scenario.
    /// - `origin_ns`: when the trial begins, in nanoseconds since 1970.
    pub(crate) fn add(&mut self, events: &[TraceEvent], models: &[usize], origin_ns: i64) -> BTreeMap<u16, Boots> {
        let first = self.requests.len();
        let mut boots: BTreeMap<u16, Boots> = BTreeMap::new();
        // The place of a request by its number, and when its present try began.
        let mut places: Vec<Option<(usize, SimTime)>> = Vec::new();
        let mut containers: BTreeMap<(u16, u32), Seen> = BTreeMap::new();
        for event in events {
            if let Some(container) = event.container {
                let next = self.containers + containers.len() as u32;
                let seen = containers.entry((event.pool, container));
                let seen = seen.or_insert(Seen { number: next, starts: None, boot: None });
                match event.what {
                    What::Starts { .. } => seen.starts = Some(event.at),
                    // What it waits for capacity is no boot.
                    What::WaitsForCapacity { wait, .. } => seen.starts = Some(event.at + wait),
                    What::Ready => {
                        seen.boot = seen.starts.map(|starts| event.at - starts);
                        boots.entry(event.pool).or_default().all += 1;
                    }
                    _ => {}
                }
            }
            let Some((number, model)) = event.request else { continue };
            let number = number as usize;
            if places.len() <= number {
                places.resize(number + 1, None);
            }
            if event.what == What::Arrives && places[number].is_none() {
                places[number] = Some((self.requests.len(), event.at));
                self.requests.push(SeenRequest {
                    at_ns: origin_ns + event.at.0.cast_signed(),
                    model: models[usize::from(model)],
                    wait_s: None,
                    executed_s: None,
                    startup_s: None,
                    container: None,
                    is_ok: None,
                });
                continue;
            }
            let Some((place, began)) = &mut places[number] else { continue };
            let request = &mut self.requests[*place];
            match event.what {
                What::Executes { .. } => {
                    let since_ns = origin_ns + event.at.0.cast_signed() - request.at_ns;
                    request.wait_s = request.wait_s.or(Some(since_ns as f64 / 1e9));
                    *began = event.at;
                    let container = event.container.and_then(|own| containers.get_mut(&(event.pool, own)));
                    if let Some(container) = container.filter(|_| request.container.is_none()) {
                        request.container = Some(container.number);
                        // The platform tells the start of a container with the first call in it.
                        let boot = container.boot.take();
                        boots.entry(event.pool).or_default().shown += u64::from(boot.is_some());
                        request.startup_s = boot.map(SimSpan::as_secs_f64).filter(|boot| *boot > 0.0);
                    }
                }
                What::Completes { in_vain: false, .. } => {
                    request.executed_s = Some((event.at - *began).as_secs_f64());
                    request.is_ok = Some(true);
                }
                What::TryFails { .. } => request.executed_s = Some((event.at - *began).as_secs_f64()),
                What::Fails | What::GivesUp | What::Rejected => request.is_ok = Some(false),
                _ => {}
            }
        }
        self.containers += containers.len() as u32;
        self.requests[first..].sort_by_key(|request| request.at_ns);
        boots
    }

    /// In order of arrival.
    pub(crate) fn finish(mut self) -> Vec<SeenRequest> {
        self.requests.sort_by_key(|request| request.at_ns);
        self.requests
    }
}
