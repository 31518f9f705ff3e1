//! Clients who wait: services last 10 s, boots 20 s, thinking 30 s unless a test says otherwise.

use super::*;
use crate::clients::Clients;
use crate::fallback::{Fallback, Hedge};
use crate::group::ChainStep;
use crate::pace::Pace;
use crate::patience::Patience;

/// Clients of the first model who still think for so many seconds when the trial begins.
fn clients(first: &[f64]) -> Clients {
    let first = first.iter().map(|seconds| s(*seconds)).collect();
    Clients {
        model: 0,
        first,
        think: lasting(30.0),
        service: lasting(10.0).into(),
        pace: Pace::steady(),
        luck: Luck(3),
    }
}

/// The seconds at which requests arrive until `end`, in the first of some pools.
fn arrivals(pools: Vec<Pool>, clients: Clients, end: f64) -> Vec<f64> {
    let setting = Setting { clients: vec![clients], ..group(pools, &[]) };
    arrivals_of(&Setting { horizon: Horizon { start: SimTime::START, end: SimTime(s(end).0) }, ..setting })
}

fn arrivals_of(setting: &Setting) -> Vec<f64> {
    let events = setting.seen(usize::MAX).trace.events;
    let arrive = events.iter().filter(|event| event.what == What::Arrives);
    arrive.map(|event| event.at.0 as f64 / 1e9).collect()
}

fn never_more_than(containers: u32) -> Pool {
    Pool { max_containers: containers, ..pool() }
}

#[test]
fn a_client_thinks_from_the_answer_on_and_sends_nothing_after_the_day() {
    // Sent at 5, boot 5-25, service 25-35; thinks 35-65, warm 65-75; thinks until 105, 145, 185.
    assert_eq!(arrivals(vec![pool()], clients(&[5.0]), 185.0), [5.0, 65.0, 105.0, 145.0]);
    assert_eq!(arrivals(vec![pool()], clients(&[5.0]), 185.000_001), [5.0, 65.0, 105.0, 145.0, 185.0]);
}

#[test]
fn who_waits_longer_sends_later() {
    // One container: the second waits for the first, 25-35 and 35-45, then each finds it free.
    let one = arrivals(vec![never_more_than(1)], clients(&[5.0, 6.0]), 130.0);
    assert_eq!(one, [5.0, 6.0, 65.0, 75.0, 105.0, 115.0]);
    // Two: the second boots 6-26.
    assert_eq!(arrivals(vec![pool()], clients(&[5.0, 6.0]), 130.0), [5.0, 6.0, 65.0, 66.0, 105.0, 106.0]);
}

#[test]
fn requests_that_come_anyway_come_among_those_of_clients() {
    let setting = Setting { clients: vec![clients(&[5.0])], ..group(vec![never_more_than(1)], &[at(5.0), at(70.0)]) };
    let setting = Setting { horizon: Horizon { start: SimTime::START, end: SimTime(s(200.0).0) }, ..setting };
    // At 5 the client is first: served 25-35, the other 35-45. At 65 it is served until 75, the other 75-85, and so on.
    assert_eq!(arrivals_of(&setting), [5.0, 5.0, 65.0, 70.0, 105.0, 145.0, 185.0]);
    assert_eq!(setting.outcome().0.total().latency_ns, u128::from(s(30.0 + 40.0 + 10.0 + 15.0 + 3.0 * 10.0).0));
}

#[test]
fn the_clock_of_the_curve_decides_how_long_thirty_seconds_are() {
    // The clock runs three times as fast until 40 and stands still until 100: sent at 2, served 22-32; 24 s thought by
    // 40, the other 6 s by 106.
    let pace = Pace::new(&[(SimTime::START, 3.0), (SimTime(s(40.0).0), 0.0), (SimTime(s(100.0).0), 1.0)]);
    assert_eq!(arrivals(vec![pool()], Clients { pace, ..clients(&[6.0]) }, 140.0), [2.0, 106.0]);
}

#[test]
fn whichever_way_a_request_ends_its_client_thinks_again() {
    // 5-15; rejected at 6, back for 36-46; the first, back at 45, is rejected, and at 75 is before the other one.
    let rejects = Pool { max_pending: Some(0), starts_ready: true, min_containers: 1, ..never_more_than(1) };
    assert_eq!(arrivals(vec![rejects], clients(&[5.0, 6.0]), 80.0), [5.0, 6.0, 36.0, 45.0, 75.0, 76.0]);
    // Killed after 4 s: 25-29, a retry 30-34, then it thinks.
    let kills = Pool { timeout: s(4.0), retries: Retries::fixed(1), ..pool() };
    assert_eq!(arrivals(vec![kills], clients(&[5.0]), 70.0), [5.0, 64.0]);
    // It gives up at 10, while its container boots; and at 27, while it is executed: the work goes on until 35.
    let gives_up = |after: f64| {
        let patience = Some(Patience { law: lasting(after), in_queue_only: false });
        Pool { patience, ..never_more_than(1) }
    };
    assert_eq!(arrivals(vec![gives_up(5.0)], clients(&[5.0]), 50.0), [5.0, 40.0]);
    let setting = Setting { clients: vec![clients(&[5.0])], ..group(vec![gives_up(22.0)], &[]) };
    let setting = Setting { horizon: Horizon { start: SimTime::START, end: SimTime(s(60.0).0) }, ..setting };
    let outcome = setting.outcome().0;
    assert_eq!(arrivals_of(&setting), [5.0, 57.0]);
    assert_eq!((outcome.total().abandoned, outcome.total().completed, pool_ledger(&outcome, 0)[1]), (1, 1, 13.0));
}

#[test]
fn the_first_answer_is_the_answer() {
    // The second copy is sent at 10, boots 10-30 and would answer at 40; the first does at 35. The client is told once.
    let fallback = Fallback {
        pool: 1,
        on_rejection: false,
        on_failure: false,
        on_wait: None,
        predicted: false,
        hedge: Some(Hedge { after: s(5.0), cancel_loser: false }),
    };
    let first = Pool { fallback: Some(fallback), ..pool() };
    assert_eq!(arrivals(vec![first, pool()], clients(&[5.0]), 110.0), [5.0, 65.0, 105.0]);
}

#[test]
fn a_client_waits_for_the_end_of_the_chain() {
    // 5-35 in the first pool, 35-65 in the second.
    let mut setting = Setting { clients: vec![clients(&[5.0])], ..group(vec![pool(), pool()], &[]) };
    setting.models[0].next = Some(ChainStep { model: 1, probability: 1.0 });
    setting.horizon.end = SimTime(s(100.0).0);
    assert_eq!(arrivals_of(&setting), [5.0, 35.0, 95.0, 105.0]);
}

/// What an allocation cannot influence is the same under each.
#[test]
fn the_kth_request_of_a_client_has_the_same_luck_everywhere() {
    // How long each request is executed, and how long the client thinks behind it.
    let spans = |boot: f64| -> Vec<[f64; 2]> {
        let (think, service) = (Law::Exponential { mean_s: 50.0 }, Law::Exponential { mean_s: 10.0 });
        let clients = vec![Clients { think, service: service.into(), ..clients(&[0.0]) }];
        let setting = Setting { clients, boots: vec![vec![lasting(boot)]], ..group(vec![pool()], &[]) };
        let events = setting.seen(usize::MAX).trace.events;
        let times = |is: fn(What) -> bool| -> Vec<f64> {
            events.iter().filter(|event| is(event.what)).map(|event| event.at.0 as f64 / 1e9).collect()
        };
        let begin = times(|what| matches!(what, What::Executes { .. }));
        let end = times(|what| matches!(what, What::Completes { .. }));
        let arrive = times(|what| what == What::Arrives);
        let next = arrive.iter().skip(1);
        begin.iter().zip(end).zip(next).map(|((begin, end), next)| [end - begin, next - end]).collect()
    };
    let (quick, slow) = (spans(0.0), spans(19.0));
    assert!(slow.len() > 8 && slow.len() < quick.len());
    for (quick, slow) in quick.iter().zip(&slow) {
        for k in [0, 1] {
            approx::assert_relative_eq!(quick[k], slow[k], epsilon = 1e-6);
        }
    }
}
