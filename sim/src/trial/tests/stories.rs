//! Traces of random groups, followed event by event: each must tell a story that can be true.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::trace::{TraceEvent, What};
use crate::trial::random_group::{config, setting};

/// Events that are followed: containers that are preempted may come and go for long.
const LONGEST: usize = 1_000;

/// Where a request stands, as its events tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    /// Between two places at an instant, or bound to a boot.
    Between,
    Queued,
    Inside((u16, u32)),
    Executing((u16, u32)),
    Pausing,
    Gone,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    Starting,
    Up,
    Gone,
}

/// What has been told so far.
#[derive(Debug, Default)]
struct Story {
    requests: BTreeMap<Copy, Stands>,
    /// What nobody needs any more: the client has given up, or the other copy has answered.
    in_vain: BTreeSet<Copy>,
    /// First copies that are in the fallback pool after all, when the second was over.
    followed: BTreeSet<u32>,
    containers: BTreeMap<(u16, u32), Life>,
    /// By model: arrivals, completions, failures, rejections, clients that gave up, fallbacks, executions, hedges.
    counts: BTreeMap<u16, [u64; 8]>,
}

/// A request, and whether it is its second copy.
type Copy = (u32, bool);

impl Story {
    fn count(&mut self, model: u16, what: usize) {
        self.counts.entry(model).or_default()[what] += 1;
    }

    fn executing(&self, container: (u16, u32)) -> usize {
        self.requests.values().filter(|stands| **stands == Stands::Executing(container)).count()
    }

    /// Lives of containers.
    fn container(&mut self, key: (u16, u32), pool: &Pool, what: What) {
        let life = self.containers.get(&key).copied();
        let next = match what {
            What::Starts { .. } => {
                assert_eq!(life, None);
                Life::Starting
            }
            What::Ready => {
                assert!(life == Some(Life::Starting) || (life.is_none() && pool.starts_ready));
                Life::Up
            }
            What::WaitsForCapacity { .. } | What::BootFails => {
                assert_eq!(life, Some(Life::Starting));
                Life::Starting
            }
            What::Cancelled => {
                assert_eq!(life, Some(Life::Starting));
                Life::Gone
            }
            What::Stops { .. } => {
                assert_eq!((life, self.executing(key)), (Some(Life::Up), 0));
                Life::Gone
            }
            What::Preempted => {
                assert_eq!(life, Some(Life::Up));
                for stands in self.requests.values_mut() {
                    if matches!(*stands, Stands::Executing(at) | Stands::Inside(at) if at == key) {
                        *stands = Stands::Queued;
                    }
                }
                Life::Gone
            }
            _ => {
                assert_eq!(life, Some(Life::Up), "{what:?}");
                Life::Up
            }
        };
        self.containers.insert(key, next);
    }

    /// Which copy of a request an event is about: the first is at home, and the second never.
    fn copy(&self, request: u32, at_home: bool) -> Copy {
        (request, !at_home && self.requests.contains_key(&(request, true)) && !self.followed.contains(&request))
    }

    /// Whether the other copy may still answer.
    fn has_twin(&self, (request, second): Copy) -> bool {
        let twin = self.requests.get(&(request, !second));
        twin.is_some_and(|stands| *stands != Stands::Gone)
    }

    /// The way of a request, or of one of two copies of it.
    fn request(&mut self, request: Copy, model: u16, event: &TraceEvent, pool: &Pool) {
        let stands = self.requests.get(&request).copied();
        let container = event.container.map(|ordinal| (event.pool, ordinal));
        let gave_up = self.in_vain.contains(&request);
        let next = match event.what {
            What::Arrives => {
                assert_eq!(stands, None);
                self.count(model, 0);
                Stands::Between
            }
            What::Queues { before } => {
                assert!(matches!(stands, Some(Stands::Between | Stands::Pausing)));
                assert!(pool.max_pending.is_none_or(|limit| before < limit
                    || pool.batching().is_some()
                    || stands == Some(Stands::Pausing)));
                Stands::Queued
            }
            What::WaitsInside => {
                assert!(pool.execution == Execution::Serial && self.executing(container.expect("inside one")) == 1);
                Stands::Inside(container.expect("inside one"))
            }
            What::Executes { .. } => {
                let container = container.expect("in one");
                let most = if pool.execution == Execution::Serial { 1 } else { pool.capacity() };
                assert!(self.executing(container) < most as usize);
                assert!(!matches!(stands, None | Some(Stands::Gone | Stands::Executing(_))));
                assert!(!matches!(stands, Some(Stands::Inside(at)) if at != container));
                if !gave_up {
                    self.count(model, 6);
                }
                Stands::Executing(container)
            }
            What::Completes { in_vain, .. } => {
                assert!(matches!(stands, Some(Stands::Executing(_))) && in_vain == gave_up);
                if !gave_up {
                    self.count(model, 1);
                    if self.has_twin(request) {
                        self.in_vain.insert((request.0, !request.1));
                    }
                }
                Stands::Gone
            }
            What::Hedges { .. } => {
                assert!(!request.1 && !gave_up && stands.is_some_and(|stands| stands != Stands::Gone));
                self.count(model, 7);
                assert_eq!(self.requests.insert((request.0, true), Stands::Between), None);
                return;
            }
            What::LeftToTheOther => {
                assert!(stands == Some(Stands::Between) && self.has_twin(request) && !gave_up);
                Stands::Gone
            }
            What::Withdrawn => {
                assert!(gave_up && stands != Some(Stands::Gone));
                Stands::Gone
            }
            What::TryFails { .. } => {
                assert!(matches!(stands, Some(Stands::Executing(_) | Stands::Inside(_))));
                if gave_up { Stands::Gone } else { Stands::Between }
            }
            What::WillRetry { .. } => Stands::Pausing,
            What::FallsBack { .. } => {
                assert!(request.1 || !self.has_twin(request));
                if !request.1 {
                    self.count(model, 5);
                    self.followed.insert(request.0);
                }
                Stands::Between
            }
            What::Fails => {
                assert_eq!(stands, Some(Stands::Between));
                self.count(model, 2);
                Stands::Gone
            }
            What::Rejected => {
                assert_eq!(stands, Some(Stands::Between));
                self.count(model, 3);
                Stands::Gone
            }
            What::GivesUp => {
                assert!(!gave_up && stands.is_some_and(|stands| stands != Stands::Gone));
                self.count(model, 4);
                self.in_vain.insert(request);
                match stands {
                    Some(Stands::Inside(_) | Stands::Executing(_)) => return,
                    _ => Stands::Gone,
                }
            }
            _ => return,
        };
        self.requests.insert(request, next);
    }
}

proptest! {
    #![proptest_config(config(1_000))]

    #[test]
    fn a_trace_tells_a_story_that_can_be_true(setting in setting(true)) {
        // All requests count, so that the story can be compared with the outcome.
        let horizon = Horizon { start: SimTime::START, ..setting.horizon };
        let setting = Setting { horizon, ..setting };
        let seen = setting.seen(LONGEST);
        let mut story = Story::default();
        prop_assert!(seen.trace.events.is_sorted_by_key(|event| event.at));
        for event in &seen.trace.events {
            let pool = &setting.pools[usize::from(event.pool)];
            if let Some(ordinal) = event.container {
                story.container((event.pool, ordinal), pool, event.what);
            }
            if let Some((request, model)) = event.request {
                let at_home = event.pool == setting.models[usize::from(model)].home;
                story.request(story.copy(request, at_home), model, event, pool);
            }
            let alive = |life: &&Life| **life != Life::Gone;
            prop_assert!(story.containers.values().filter(alive).count() <= setting.quota.containers.min(setting.quota.gpus) as usize);
        }
        if seen.trace.events.len() == LONGEST {
            return Ok(());
        }
        for (m, model) in (0..).zip(&seen.outcome.models) {
            let told = story.counts.get(&m).copied().unwrap_or_default();
            let counted = [model.arrived, model.completed, model.failed, model.rejected, model.abandoned, model.fell_back, model.executions, model.hedged];
            prop_assert_eq!(told, counted);
        }
    }
}
