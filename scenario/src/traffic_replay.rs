//! The traces of a log as a scenario replays them: the names of their files, and the lines that replay them.

use std::fmt::Write;

use fleetfront_workloads::Traces;

use crate::model_files::model_files;
use crate::traffic_section::{UNDATED, text};

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The files of the traces, in the order of their models: `trace.csv` where there is one, else `trace.MODEL.csv`.
#[must_use]
pub fn traffic_trace_files(traces: &Traces) -> Vec<String> {
    model_files("trace", traces.models.len() == 1, traces.models.iter().map(|of| of.model.as_str()))
}

/// The lines of `scenario.toml` that replay the traces, to be pasted below the names of their models.
///
/// - `zone`: of the log, whose clock the days are told by.
/// - `log_name`: the log, as sources quote it.
#[must_use]
pub fn traffic_replay_section(traces: &Traces, zone: &str, log_name: &str) -> String {
    // A name may hold what would end a comment or a line of a table.
    let log_name: String = log_name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut out = String::new();
    let Traces { first_date, last_date, left_out, .. } = traces;
    let _ = writeln!(
        out,
        "# In the place of drawn requests: the whole days of the log from {first_date} to {last_date} ({zone}), one after the \
         other.\n# {left_out} requests are left out: before or after these days, or in an hour that the clock repeated.\n# \
         [traffic] says reporting_time_zone = {zone:?}. The lines take the place of the same lines of each model; take out its \
         process, swing, slow_rates and curve_file.",
    );
    for (of, file) in traces.models.iter().zip(traffic_trace_files(traces)) {
        let _ = writeln!(out, "\n# {}: {} requests on {} days.", of.model.escape_debug(), of.requests, of.days);
        let weekday = traces.first_weekday.map(|first| WEEKDAYS[usize::from(first)]);
        let first = match weekday {
            Some(first) if of.is_weekly => format!(", first_weekday = \"{first}\""),
            _ => String::new(),
        };
        // As such only whole weeks are replayed.
        if let Some(first) = weekday.filter(|_| !of.is_weekly) {
            let _ = writeln!(out, "# Day 0 is a {first}; these are no whole weeks, so weekdays are not told apart.");
        }
        let (when, date) = match weekday {
            Some(_) => (format!("from {first_date} to {last_date} ({zone})"), last_date.as_str()),
            None => (format!("on {} days, counted from zero (no date)", of.days), UNDATED),
        };
        let source = text(&format!("{log_name}: {} requests {when}", of.requests));
        let _ = writeln!(
            out,
            "requests_per_day = {:?}\ntraffic_provenance = {{ kind = \"measured\", source = {source}, date = \"{date}\" }}\n\
             replay = {{ file = {file:?}, days = \"in_order\"{first} }}",
            of.requests_per_day,
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use fleetfront_workloads::ModelTrace;

    use super::*;

    fn traces(models: &[&str]) -> Traces {
        let of = |model: &&str| ModelTrace {
            model: (*model).to_owned(),
            requests: 20,
            days: 14,
            requests_per_day: 2.5,
            is_weekly: true,
        };
        Traces {
            first_date: "2024-01-03".into(),
            last_date: "2024-01-16".into(),
            first_weekday: Some(2),
            left_out: 7,
            models: models.iter().map(of).collect(),
        }
    }

    #[test]
    fn files_are_named_after_their_models() {
        assert_eq!(traffic_trace_files(&traces(&["a"])), ["trace.csv"]);
        assert_eq!(
            traffic_trace_files(&traces(&["a/b", "A_b", "c"])),
            ["trace.a_b.csv", "trace.A_b.2.csv", "trace.c.csv"]
        );
    }

    #[test]
    fn the_lines_are_toml_with_all_that_a_replay_needs() {
        let section = traffic_replay_section(&traces(&["a"]), "Europe/Berlin", "my \"log\"\n.csv");
        assert!(
            section.contains("from 2024-01-03 to 2024-01-16 (Europe/Berlin)") && section.contains("# 7 requests are")
        );
        let table: toml::Table = section.parse().expect("TOML");
        assert_eq!(table["requests_per_day"].as_float(), Some(2.5));
        let replay = &table["replay"];
        let of = |key: &str| replay[key].as_str().expect("a text").to_owned();
        assert_eq!([of("file"), of("days"), of("first_weekday")], ["trace.csv", "in_order", "wed"]);
        let why = &table["traffic_provenance"];
        assert_eq!([why["kind"].as_str(), why["date"].as_str()], [Some("measured"), Some("2024-01-16")]);
        let source = "my \"log\" .csv: 20 requests from 2024-01-03 to 2024-01-16 (Europe/Berlin)";
        assert_eq!(why["source"].as_str(), Some(source));
        let mut undated = traces(&["a"]);
        undated.first_weekday = None;
        let table: toml::Table = traffic_replay_section(&undated, "UTC", "log").parse().expect("TOML");
        assert_eq!(table["traffic_provenance"]["date"].as_str(), Some("undated"));
        let mut uneven = traces(&["a"]);
        uneven.models[0].is_weekly = false;
        let section = traffic_replay_section(&uneven, "UTC", "log");
        assert!(section.contains("\n# Day 0 is a wed;") && !section.contains("first_weekday"), "{section}");
    }
}
