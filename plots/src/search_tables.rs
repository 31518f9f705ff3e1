//! The tables of what was searched: fleets on the frontiers, and what was left out.

use fleetfront_planner::{Estimate, FleetPoint, Study};

use crate::format::{Unit, estimate, prose};
use crate::table::{Table, head, number, words};

/// So many fleets of a frontier are shown, spread over it; fleets.csv has all.
const SHOWN: usize = 12;

/// Some fleets of each frontier.
pub(crate) fn fleets(study: &Study) -> Vec<Table> {
    let frontier = &study.frontier;
    let all = [
        ("worst p95 / limit", &frontier.by_worst_ratio),
        ("mean latency", &frontier.by_mean_latency),
        ("p95 of all requests", &frontier.by_pooled_p95),
    ];
    all.iter().filter(|(_, fleets)| !fleets.is_empty()).map(|(against, fleets)| shown(against, fleets)).collect()
}

fn shown(against: &str, fleets: &[FleetPoint]) -> Table {
    let places: Vec<usize> = match fleets.len() {
        n if n <= SHOWN => (0..n).collect(),
        n => (0..SHOWN).map(|k| k * (n - 1) / (SHOWN - 1)).collect(),
    };
    let some =
        if places.len() < fleets.len() { format!(" ({} of {})", places.len(), fleets.len()) } else { String::new() };
    let columns =
        ["place", "cost a month", "worst p95 / limit", "mean latency", "p95 of all requests", "like places", "pools"];
    let mut table = Table::new(format!("Fleets: cost against {against}{some}"), &columns);
    for place in places {
        let fleet = &fleets[place];
        let p95 = |p95: Estimate| estimate(p95, Unit::Seconds);
        table.push(vec![
            head(place.to_string()),
            number(estimate(fleet.cost_usd_month, Unit::Usd)),
            number(estimate(fleet.worst_p95_over_limit, Unit::Ratio)),
            number(estimate(fleet.latency_s_mean, Unit::Seconds)),
            number(fleet.latency_s_p95.map_or("–".to_owned(), p95)),
            words(alike(&fleet.indistinguishable)),
            words(prose(&fleet.label)),
        ]);
    }
    table
}

/// Places that luck does not let tell from one, as a range: they are neighbours.
fn alike(places: &[usize]) -> String {
    match places {
        [] => "–".to_owned(),
        [one] => one.to_string(),
        [first, .., last] => format!("{first} to {last}"),
    }
}

/// What was not tried, and why.
pub(crate) fn pruned(study: &Study) -> Table {
    let mut table = Table::new("What was not tried", &["what", "why", "how many"]);
    for pruned in &study.search.pruned {
        table.push(vec![head(&pruned.what), words(prose(&pruned.why)), number(pruned.count.to_string())]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::study;

    #[test]
    fn a_long_frontier_is_shown_from_end_to_end() {
        let mut study = study();
        let first = study.frontier.by_pooled_p95[0].clone();
        study.frontier.by_pooled_p95 = vec![first; 100];
        study.frontier.by_pooled_p95[99].indistinguishable = vec![97, 98];
        let table = fleets(&study).pop().expect("tables");
        assert_eq!(table.caption, "Fleets: cost against p95 of all requests (12 of 100)");
        let places: Vec<&str> = table.rows.iter().map(|row| row[0].text.as_str()).collect();
        assert_eq!((places[0], places[11]), ("0", "99"));
        assert_eq!((table.rows[0][5].text.as_str(), table.rows[11][5].text.as_str()), ("–", "97 to 98"));
    }

    #[test]
    fn what_was_left_out_is_told_with_its_reason() {
        let table = pruned(&study());
        assert_eq!(table.rows[0][2].text, "12");
        assert!(table.rows[0][1].text.contains("is above max_containers"));
    }
}
