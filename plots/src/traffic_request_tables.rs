//! Tables of who asks for what: clients, sizes of requests, adapters.

use fleetfront_workloads::clients::{ClientGaps, ClientQuantile, Clients};
use fleetfront_workloads::fit::Session;
use fleetfront_workloads::likelihood::LikeliestLaw;
use fleetfront_workloads::shapes::Shapes;
use fleetfront_workloads::{Size, TrafficStudy};

use crate::format::{Unit, plain};
use crate::traffic_tables::{TrafficTable, or_dash};
use crate::traffic_words::{count, span};

/// Those of a study; none without rows.
pub(crate) fn request_tables(study: &TrafficStudy) -> [TrafficTable; 4] {
    [clients(study), sizes(study), correlations(study), adapters(study)]
}

/// One line on the clients; none where the log does not say.
pub(crate) fn client_words(study: &TrafficStudy) -> Option<String> {
    let clients = study.clients.as_ref()?;
    let (about, number) = (if clients.is_sample { "about " } else { "" }, count(clients.clients));
    let mean = plain(clients.requests_mean, Unit::Count);
    let busiest = plain(clients.busiest_tenth_share, Unit::Share);
    let session = study.whole.events.session.as_ref();
    let visits = clients.gaps.as_ref().map_or(String::new(), |gaps| format!(" {}", visit_words(gaps, session)));
    Some(format!(
        "The requests are of {about}{number} clients, {mean} each in the mean; the busiest tenth of them has {busiest}.{visits}"
    ))
}

/// How clients come back, beside what the model has.
fn visit_words(gaps: &ClientGaps, session: Option<&Session>) -> String {
    let size = plain(gaps.requests_of_visit, Unit::Count);
    let apart = gaps.gap_of_visit_s.map_or(String::new(), |gap_s| format!(", {} apart in the mean", span(gap_s)));
    let model = session.map_or_else(
        || "the model has no sessions, and draws every request for itself".to_owned(),
        |session| {
            let size = plain(session.mean_requests, Unit::Count);
            format!("the model's sessions have {size}, {} apart", span(session.think.mean_s()))
        },
    );
    format!("A client that was away for half an hour comes anew: its visits have {size} requests{apart}; {model}.")
}

fn at(quantiles: &[ClientQuantile], percent: f64) -> Option<f64> {
    quantiles.iter().find(|of| (of.percent - percent).abs() < 1e-9).map(|of| of.value)
}

fn clients(study: &TrafficStudy) -> TrafficTable {
    let mut table = TrafficTable::new("Clients", &["what", "how much"]);
    let Some(clients) = &study.clients else { return table };
    let mut row = |what: &str, value: String| table.rows.push(vec![what.to_owned(), value]);
    let number = |value: f64| plain(value, Unit::Count);
    let Clients { tracked, .. } = clients;
    if clients.is_sample {
        row("clients, estimated", count(clients.clients));
        row("of these, a random sample that is looked at", count(*tracked as f64));
    } else {
        row("clients", count(clients.clients));
    }
    if clients.nameless_requests > 0 {
        row("requests that name no client", count(clients.nameless_requests as f64));
    }
    row("requests of a client, mean", number(clients.requests_mean));
    for (percent, what) in [(50.0, "requests of the middle client"), (90.0, "p90"), (99.0, "p99"), (100.0, "most")] {
        row(what, or_dash(at(&clients.requests, percent), Unit::Count));
    }
    row("clients with one request", plain(clients.once_share, Unit::Share));
    row("requests of the busiest tenth", plain(clients.busiest_tenth_share, Unit::Share));
    let Some(gaps) = &clients.gaps else { return table };
    row("gap between requests of the same client, mean", span(gaps.mean_s));
    for of in &gaps.quantiles {
        row(&format!("p{} of these gaps", of.percent), span(of.gap_s));
    }
    row("cv of these gaps", or_dash(gaps.cv, Unit::Count));
    if let [Some(low), Some(middle), Some(high)] = [10.0, 50.0, 90.0].map(|percent| at(&gaps.own_cv, percent)) {
        let words = format!("{} ({} to {})", number(middle), number(low), number(high));
        row("cv of a client's own gaps (ten or more), middle (p10 to p90)", words);
    }
    let law = |law: &LikeliestLaw| format!("shape {}, scale {}", number(law.shape), span(law.scale_s));
    for (name, fitted, other) in [("gamma", &gaps.gamma, &gaps.weibull), ("Weibull", &gaps.weibull, &gaps.gamma)] {
        if let (Some(own), Some(other)) = (fitted, other) {
            let likelier = if own.log_likelihood > other.log_likelihood { " (the likelier)" } else { "" };
            row(&format!("likeliest {name} law of these gaps{likelier}"), law(own));
        }
    }
    row("requests of a visit (no pause above 30 min), mean", number(gaps.requests_of_visit));
    row("gap within a visit, mean", gaps.gap_of_visit_s.map_or("–".to_owned(), span));
    let session = study.whole.events.session;
    row("requests of a session of the model, mean", or_dash(session.map(|of| of.mean_requests), Unit::Count));
    row("time to think in it, mean", session.map_or("–".to_owned(), |of| span(of.think.mean_s())));
    table
}

fn sizes(study: &TrafficStudy) -> TrafficTable {
    let columns = ["column", "is", "requests", "mean", "cv", "least", "p10", "p50", "p90", "most"];
    let mut table = TrafficTable::new("Sizes of requests", &columns);
    for of in study.shapes.iter().flat_map(|Shapes { columns, .. }| columns) {
        let quantile = |percent: f64| {
            let found = of.quantiles.iter().find(|quantile| (quantile.percent - percent).abs() < 1e-9);
            or_dash(found.map(|quantile| quantile.value), Unit::Count)
        };
        let mut row = vec![of.column.clone(), of.size.map_or("–", Size::name).to_owned()];
        row.extend([count(of.requests as f64), plain(of.mean, Unit::Count), or_dash(of.cv, Unit::Count)]);
        row.extend([0.0, 10.0, 50.0, 90.0, 100.0].map(quantile));
        table.rows.push(row);
    }
    table
}

fn correlations(study: &TrafficStudy) -> TrafficTable {
    let mut table = TrafficTable::new("Sizes that go together: coefficients of correlation", &["sizes", "r"]);
    for of in study.shapes.iter().flat_map(|shapes| &shapes.correlations) {
        // What is constant goes with nothing.
        if let Some(coefficient) = of.coefficient {
            table.rows.push(vec![of.columns.join(", "), format!("{coefficient:.2}")]);
        }
    }
    table
}

fn adapters(study: &TrafficStudy) -> TrafficTable {
    let mut table = TrafficTable::new("Adapters", &["adapter", "requests", "share"]);
    let Some(adapters) = &study.adapters else { return table };
    let least = if adapters.is_complete { "" } else { " or more" };
    let zipf = adapters.zipf.map_or(String::new(), |zipf| format!(", popular as k^-{zipf:.2} (Zipf's law)"));
    table.heading = format!("Adapters: {}{least}{zipf}", count(adapters.distinct as f64));
    for of in &adapters.top {
        table.rows.push(vec![of.name.clone(), count(of.requests as f64), plain(of.share, Unit::Share)]);
    }
    let top: u64 = adapters.top.iter().map(|of| of.requests).sum();
    let all = adapters.requests + adapters.without;
    let mut row = |what: &str, requests: u64, of: u64| {
        if requests > 0 {
            let share = plain(requests as f64 / of as f64, Unit::Share);
            table.rows.push(vec![what.to_owned(), count(requests as f64), share]);
        }
    };
    row("(all others)", adapters.requests - top, adapters.requests);
    row("(requests without one, of all)", adapters.without, all);
    table
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::io::Cursor;

    use fleetfront_workloads::fit::CurveKind;
    use fleetfront_workloads::{LogOptions, StudyOptions, study_traffic};

    use super::*;
    use crate::traffic_tables::traffic_tables;
    use crate::traffic_words::traffic_sentences;

    /// Three days of two clients who send three requests a minute apart every hour.
    fn study() -> TrafficStudy {
        let mut text = "time,user,steps,images,lora\n".to_owned();
        for k in 0..3 * 24 * 3_u32 {
            let (day, hour, minute) = (k / 72 + 1, k / 3 % 24, k % 3);
            for (user, steps, images, lora) in [("ann", 20 + 10 * (k % 2), 1 + k % 2, "x"), ("bob", 30, 2, "")] {
                let _ = writeln!(text, "2024-01-{day:02} {hour:02}:{minute:02}:00,{user},{steps},{images},{lora}");
            }
        }
        let options = StudyOptions { log: LogOptions::default(), curve: CurveKind::Steps, check: None };
        study_traffic(|| Ok(Cursor::new(text.clone())), "log.csv", &options).expect("a study")
    }

    #[test]
    fn clients_sizes_and_adapters_have_tables_and_clients_a_line() {
        let study = study();
        let said = traffic_sentences(&study);
        let wanted = "The requests are of 2 clients, 216 each in the mean; the busiest tenth of them has 50 %. A client that \
                      was away for half an hour comes anew: its visits have 3 requests, 1 min apart in the mean; the model";
        assert!(said.iter().any(|sentence| sentence.starts_with(wanted)), "{said:#?}");
        let tables = traffic_tables(&study);
        let table = |heading: &str| {
            let found = tables.iter().find(|table| table.heading.starts_with(heading));
            found.unwrap_or_else(|| panic!("no table {heading}"))
        };
        let cell = |heading: &str, row: &str| {
            let rows = &table(heading).rows;
            rows.iter().find(|cells| cells[0] == row).unwrap_or_else(|| panic!("no row {row}: {rows:?}"))[1..].to_vec()
        };
        assert_eq!(cell("Clients", "requests of the middle client"), ["216"]);
        assert_eq!(cell("Clients", "requests of a visit (no pause above 30 min), mean"), ["3"]);
        assert_eq!(cell("Sizes of requests", "steps")[..3], ["steps", "432", "27.5"]);
        assert_eq!(cell("Sizes that go together", "steps, images"), ["1.00"]);
        assert_eq!(cell("Adapters: 1", "x"), ["216", "100 %"]);
        assert_eq!(cell("Adapters: 1", "(requests without one, of all)"), ["216", "50 %"]);
        assert!(tables.iter().all(|table| table.rows.iter().all(|row| row.len() == table.columns.len())));
    }
}
