//! Who looks: a trace in order, and occupancies.

use super::*;
use crate::trace::What;

#[test]
fn a_trace_names_what_happens_in_order() {
    let seen = group(vec![pool()], &[at(5.0)]).seen(7);
    let story: Vec<(f64, What)> = seen.trace.events.iter().map(|e| (SimSpan(e.at.0).as_secs_f64(), e.what)).collect();
    let expected = [
        (5.0, What::Arrives),
        (5.0, What::Queues { before: 0 }),
        (5.0, What::Starts { wanted: 1, have: 1 }),
        (25.0, What::Ready),
        (25.0, What::Executes { switch: SimSpan::ZERO, load: SimSpan::ZERO, cold: true }),
        (35.0, What::Completes { latency: s(30.0), in_vain: false }),
        (95.0, What::Stops { idle: s(60.0) }),
    ];
    assert_eq!(story, expected);
    let few = group(vec![pool()], &[at(5.0)]).seen(3);
    assert_eq!(few.trace.events, seen.trace.events[..3]);
}

#[test]
fn occupancies_count_containers_and_those_that_are_busy() {
    // Two containers 0-90 and 5-95, busy 20-30 and 25-35.
    let seen = group(vec![Pool { max_inputs: 1, ..pool() }], &[at(0.0), at(5.0)]).seen(0);
    let seconds = |times: &[u64]| times.iter().map(|ns| SimSpan(*ns).as_secs_f64()).collect::<Vec<_>>();
    let occupancy = &seen.occupancies[0];
    assert_eq!(seconds(&occupancy.alive_ns), [905.0, 5.0 + 5.0, 85.0]);
    assert_eq!(seconds(&occupancy.busy_ns), [985.0, 5.0 + 5.0, 5.0]);
}
