use std::io::Write as _;
use std::path::Path;

use super::*;
use crate::log::{Columns, Entry, LogOptions, open_log, read_log};

const S: i64 = 1_000_000_000;

fn describe(requests: &[(&str, i64, u64)]) -> Clients {
    let mut sample = ClientSample::default();
    for (client, ..) in requests {
        sample.add(client);
    }
    let mut book = ClientBook::new(&sample, S, true);
    for (client, at_s, requests) in requests {
        book.push(client, at_s * S, *requests);
    }
    book.finish().expect("clients")
}

/// Every number against what can be counted by hand.
#[test]
fn clients_are_counted_with_their_gaps() {
    let log = [
        ("ann", 0, 1),
        ("bob", 5, 2),
        ("ann", 60, 1),
        ("", 70, 3),
        ("ann", 180, 1),
        ("ann", 4000, 1),
        ("bob", 4005, 1),
        ("cy", 4006, 1),
    ];
    let found = describe(&log);
    assert_eq!((found.tracked, found.is_sample, found.nameless_requests), (3, false, 3));
    let requests: Vec<f64> = found.requests.iter().map(|of| of.value).collect();
    assert_eq!((requests, found.clients, found.requests_mean), (vec![1.0, 3.0, 4.0, 4.0, 4.0], 3.0, 8.0 / 3.0));
    assert!((found.busiest_tenth_share - 0.5).abs() < 1e-12 && (found.once_share - 1.0 / 3.0).abs() < 1e-12);
    // Of ann 60, 120 and 3,820 s, of bob 0 and 4,000 s.
    let gaps = found.gaps.expect("gaps");
    assert_eq!(gaps.number, 5);
    assert!((gaps.mean_s - 1600.0).abs() < 1e-9);
    let squares = [60.0, 120.0, 3820.0, 0.0, 4000.0].map(|gap: f64| (gap - 1600.0).powi(2)).iter().sum::<f64>();
    assert!((gaps.cv.expect("a cv") - (squares / 5.0).sqrt() / 1600.0).abs() < 1e-9);
    // Five visits: two of ann, two of bob, one of cy.
    assert!((gaps.requests_of_visit - 8.0 / 5.0).abs() < 1e-12);
    assert!((gaps.gap_of_visit_s.expect("gaps within visits") - 60.0).abs() < 1e-9);
    assert_eq!((gaps.quantiles[2].gap_s, gaps.own_cv.len()), (120.0, 0));
}

/// Clients that come by a Weibull law are found to do so, and a client's own cv is the law's.
#[test]
fn the_law_of_the_gaps_is_found() {
    let (shape, scale_s) = (0.6_f64, 300.0);
    let names: Vec<String> = (0..40).map(|client| format!("c{client}")).collect();
    let mut log: Vec<(&str, i64, u64)> = Vec::new();
    for (k, name) in names.iter().enumerate() {
        let mut at_s = 0.0;
        // Van der Corput's points: as even as chance never is.
        for n in 1..400_u32 {
            let uniform = (f64::from(n.reverse_bits()) + 0.5 + k as f64 * 1e6) / 2_f64.powi(32) % 1.0;
            at_s += scale_s * (-uniform.max(1e-9).ln()).powf(1.0 / shape);
            log.push((name, at_s as i64, 1));
        }
    }
    log.sort_by_key(|(_, at_s, _)| *at_s);
    let gaps = describe(&log).gaps.expect("gaps");
    let (weibull, gamma) = (gaps.weibull.expect("a law"), gaps.gamma.expect("a law"));
    assert!((weibull.shape / shape - 1.0).abs() < 0.03, "{weibull:?}");
    assert!((weibull.scale_s / scale_s - 1.0).abs() < 0.03, "{weibull:?}");
    assert!(weibull.log_likelihood > gamma.log_likelihood, "{weibull:?} {gamma:?}");
    // The cv of a Weibull law of shape 0.6 is 1.758.
    assert!((gaps.own_cv[1].value / 1.758 - 1.0).abs() < 0.1, "{:?}", gaps.own_cv);
}

/// Of many clients a sample is looked at: a number of them that is near, and gaps that are theirs from the beginning.
#[test]
fn of_many_clients_a_sample_is_looked_at() {
    let names: Vec<String> = (0..70_000).map(|client| format!("client {client}")).collect();
    // Each comes three times, a minute apart, and one in ten a hundred times.
    let mut log: Vec<(&str, i64, u64)> = Vec::new();
    for (k, name) in (0_i64..).zip(&names) {
        let times = if k % 10 == 0 { 30 } else { 3 };
        (0..times).for_each(|n| log.push((name, k % 977 + 60 * n, 1)));
    }
    log.sort_by_key(|(_, at_s, _)| *at_s);
    let found = describe(&log);
    assert!(found.is_sample && found.tracked <= TRACKED_MAX as u64 && found.tracked > 4000, "{}", found.tracked);
    assert!((found.clients / 70_000.0 - 1.0).abs() < 0.05, "{}", found.clients);
    assert!((found.requests_mean / 5.7 - 1.0).abs() < 0.05, "{}", found.requests_mean);
    let gaps = found.gaps.expect("gaps");
    assert!((gaps.mean_s - 60.0).abs() < 1e-9 && gaps.cv.expect("a cv") < 1e-6, "{gaps:?}");
    assert_eq!(describe(&log).tracked, found.tracked, "the same for the same log");
}

#[test]
fn bins_tell_no_gaps_and_a_log_without_names_has_no_clients() {
    let mut sample = ClientSample::default();
    assert!(sample.is_empty());
    sample.add("");
    assert!(sample.is_empty());
    sample.add("o");
    assert!(!sample.is_empty());
    let mut book = ClientBook::new(&sample, 60 * S, false);
    book.push("o", 0, 5);
    book.push("o", 60 * S, 0);
    let found = book.finish().expect("a client");
    assert_eq!((found.gaps, found.requests_mean), (None, 5.0));
    assert_eq!(ClientBook::new(&ClientSample::default(), S, true).finish(), None);
}

/// A real log against what pandas counted in it, and a few lines of Python: visits and gaps within them.
#[test]
fn clients_of_a_real_log_are_those_that_others_count() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data");
    let path = shared.join("traces/gentd26_t2i_requests_a.csv.gz");
    if !path.exists() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: {} is not on this machine", path.display());
        return;
    }
    let columns = Columns { client: Some("groupId".into()), ..Columns::default() };
    let options = LogOptions { columns, ..LogOptions::default() };
    let mut sample = ClientSample::default();
    let read = |each: &mut dyn FnMut(&Entry<'_>)| {
        read_log(open_log(&path).expect("it opens"), "log", &options, each).expect("a log");
    };
    read(&mut |entry| sample.add(entry.client));
    let mut book = ClientBook::new(&sample, S, true);
    read(&mut |entry| book.push(entry.client, entry.at_ns, entry.requests));
    let found = book.finish().expect("clients");
    let reference = std::fs::read_to_string(shared.join("reference/open__gentd26_t2i_requests_a.json"));
    let reference: serde_json::Value = serde_json::from_str(&reference.expect("a reference")).expect("JSON");
    assert_eq!(Some(found.tracked), reference["groups"]["n"].as_u64());
    let most = reference["groups"]["top1"].as_f64().expect("a share") * 14_279.0;
    assert!((found.requests[4].value - most).abs() < 0.01, "{:?}", found.requests);
    let gaps = found.gaps.expect("gaps");
    assert_eq!((gaps.number, found.requests[1].value), (11_899, 2.0));
    assert!((gaps.requests_of_visit - 4.543_111_677).abs() < 1e-8, "{}", gaps.requests_of_visit);
    assert!((gaps.gap_of_visit_s.expect("gaps") - 123.916_576_868).abs() < 1e-8, "{gaps:?}");
}
