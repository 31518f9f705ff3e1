//! Replayed traces: recorded days in the place of drawn ones.

use std::sync::Arc;

use fleetfront_workloads::{RecordedDays, Replay, ReplayedDays, Trace, TraceError};

use crate::document::join;
use crate::file::{ModelFile, ReplayFile, ReplayedDaysName, WeekdayName};
use crate::findings::Findings;

/// Most recorded days that are laid over each other: more traffic than that is nothing that the trace knows of.
const VOLUME_MAX: f64 = 100.0;

/// The replay of the model at `path`.
///
/// - `days`: what its file says; `None` where it has problems, or is not there.
pub(crate) fn replay(
    model: &ModelFile,
    path: &str,
    days: Option<&RecordedDays>,
    findings: &mut Findings<'_>,
) -> Option<Replay> {
    let file = model.replay.as_ref()?;
    refuse_drawing(model, path, findings);
    let replayed = match file.days {
        ReplayedDaysName::InOrder => ReplayedDays::InOrder,
        ReplayedDaysName::Resampled => ReplayedDays::Resampled,
    };
    let trace = trace(file, days?, replayed, &join(path, "replay"), findings)?;
    let replay = Replay { trace: Arc::new(trace), days: replayed };
    check_volume(model.requests_per_day, &replay, path, findings);
    Some(replay)
}

/// What says how requests are drawn says nothing of a recorded day.
fn refuse_drawing(model: &ModelFile, path: &str, findings: &mut Findings<'_>) {
    let keys = [
        ("process", model.process.is_some()),
        ("swing", model.swing.is_some()),
        ("slow_rates", model.slow_rates.is_some()),
        ("curve_file", model.curve_file.is_some()),
    ];
    for (key, _) in keys.into_iter().filter(|(_, is_there)| *is_there) {
        let message = format!("the requests of a replayed model come when the trace says: `{key}` has no effect");
        findings.refuse(&join(path, key), message, format!("remove `{key}`, or `replay`"));
    }
}

fn trace(
    file: &ReplayFile,
    days: &RecordedDays,
    replayed: ReplayedDays,
    path: &str,
    findings: &mut Findings<'_>,
) -> Option<Trace> {
    let first_weekday = file.first_weekday.map(WeekdayName::index).map(|index| index as u32);
    let trace = Trace::of(days.clone(), first_weekday, replayed == ReplayedDays::InOrder);
    trace
        .map_err(|error| match error {
            TraceError::NoWeek { days } => {
                let message = format!("the {days} days of \"{}\" do not have every weekday", file.file);
                findings.refuse(&join(path, "first_weekday"), message, "leave it out, or record seven days or more");
            }
            TraceError::Empty => {
                let message = format!("the whole weeks of \"{}\" have no request", file.file);
                findings.refuse(&join(path, "file"), message, "leave out first_weekday, or write days = \"resampled\"");
            }
            other => findings.refuse(&join(path, "file"), other.to_string(), "sort its lines by day, then by time"),
        })
        .ok()
}

/// Refuses volumes that the trace cannot give.
fn check_volume(requests_per_day: f64, replay: &Replay, path: &str, findings: &mut Findings<'_>) {
    let (path, mean) = (join(path, "requests_per_day"), replay.trace.mean_per_day());
    let volume = replay.volume(requests_per_day);
    let more = format!("{requests_per_day} requests a day are more than the {mean} of the trace");
    if replay.days == ReplayedDays::InOrder && volume > 1.0 {
        let help = format!("give {mean} or less, or write days = \"resampled\": then days are laid over each other");
        findings.refuse(&path, format!("{more}, whose days come in order, one at a time"), help);
    } else if volume > VOLUME_MAX {
        findings.refuse(
            &path,
            format!("{more}, {VOLUME_MAX} times over"),
            "record a longer trace, or draw the requests",
        );
    } else if volume > replay.trace.alike_min() as f64 && volume > 1.0 {
        let words = format!("{more} {volume:.1} times over: some of its days are laid over themselves");
        findings.warn(&path, &words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{edited_text, only_problem};
    use crate::{Files, Scenario};
    use approx::assert_relative_eq;

    /// Ten days with 10 to 19 requests, one an hour from midnight on.
    fn calls() -> String {
        let rows = (0..10).flat_map(|day| (0..10 + day).map(move |hour| (day, 3600 * hour)));
        rows.fold("day,at_s\n".to_owned(), |text, (day, at_s)| format!("{text}{day},{at_s}\n"))
    }

    /// The default scenario with `lora` replayed.
    fn files(replay: &str, requests_per_day: &str, more: &str) -> Files {
        let new = format!(
            "name = \"lora\"\n{more}replay = {{ file = \"calls.csv\", {replay} }}\nrequests_per_day = {requests_per_day}"
        );
        let text = edited_text("scenario.toml", "name = \"lora\"\nrequests_per_day = 100.0", &new);
        Files::embedded().with("scenario.toml", &text).with("calls.csv", &calls())
    }

    #[test]
    fn a_replayed_model_has_the_traces_days_and_curve() {
        let scenario = Scenario::load(&files("days = \"resampled\"", "29.0", "")).expect("no problems");
        let model = &scenario.traffic.models[3];
        let replay = model.replay.as_ref().expect("a replay");
        assert_eq!((replay.days, replay.trace.len(), replay.trace.is_weekly()), (ReplayedDays::Resampled, 10, false));
        assert_relative_eq!(replay.volume(29.0), 2.0);
        assert_eq!((model.curve.hourly().len(), model.curve_ahead_h), (24, 0.0));
        let of_hour = |hour: f64| scenario.traffic.expected_rate(0, 3).integral(3600.0 * hour, 3600.0 * (hour + 1.0));
        // Seven of ten days have a request at noon; the run-in is two hours.
        assert_relative_eq!(of_hour(2.0), 2.0, max_relative = 1e-12);
        assert_relative_eq!(of_hour(14.0), 1.4, max_relative = 1e-12);
        assert!(scenario.warnings.iter().all(|warning| !warning.contains("laid over themselves")));
        let weekly = Scenario::load(&files("days = \"in_order\", first_weekday = \"wed\"", "13.0", ""));
        let weekly = weekly.expect("no problems");
        let replay = weekly.traffic.models[3].replay.as_ref().expect("a replay");
        assert_eq!((replay.trace.len(), replay.trace.is_weekly()), (7, true));
        assert_relative_eq!(replay.volume(13.0), 1.0);
    }

    #[test]
    fn volumes_that_the_trace_cannot_give_are_refused() {
        let problem = only_problem(&files("days = \"in_order\"", "15.0", ""));
        assert_eq!(problem.key, "models[3].requests_per_day");
        assert!(problem.message.starts_with("15 requests a day are more than the 14.5 of the trace"), "{problem}");
        assert!(problem.help.contains("give 14.5 or less") && problem.line.is_some(), "{problem}");
        assert!(Scenario::load(&files("days = \"in_order\"", "14.5", "")).is_ok());
        let problem = only_problem(&files("days = \"resampled\"", "2000.0", ""));
        assert!(problem.message.contains("100 times over"), "{problem}");
        let scenario = Scenario::load(&files("days = \"resampled\"", "150.0", "")).expect("no problems");
        assert!(scenario.warnings.iter().any(|warning| warning.contains("laid over themselves")));
    }

    #[test]
    fn what_has_no_effect_beside_a_replay_is_refused() {
        for (key, line) in [
            ("process", "process = \"poisson\"\n"),
            ("swing", "swing = { share = 0.5, period_s = 60 }\n"),
            ("slow_rates", "slow_rates = []\n"),
        ] {
            let problem = only_problem(&files("days = \"in_order\"", "10.0", line));
            assert_eq!(problem.key, format!("models[3].{key}"));
            assert!(problem.help.contains(&format!("remove `{key}`, or `replay`")), "{problem}");
        }
        let spike = "[[traffic.spikes]]\nat = \"18:00\"\nlength_s = 60\nfactor = 2\nmodels = [\"lora\"]\n\n";
        let with_spike =
            |text: &str| text.replacen("[traffic.slow_rate.gamma]", &format!("{spike}[traffic.slow_rate.gamma]"), 1);
        let replayed = files("days = \"in_order\"", "10.0", "");
        let text = with_spike(replayed.text("scenario.toml").expect("it is there"));
        let problem = only_problem(&replayed.with("scenario.toml", &text));
        assert_eq!(problem.key, "traffic.spikes[0].models[0]");
        assert!(problem.message.contains("\"lora\" is replayed"), "{problem}");
    }

    #[test]
    fn a_trace_has_to_be_there_and_to_be_one() {
        let problem = only_problem(&files("days = \"in_order\"", "10.0", "").with("calls.csv", "day,at_s\n0,5\n0,4\n"));
        assert_eq!((problem.file.as_str(), problem.line), ("calls.csv", Some(3)));
        let short = "day,at_s\n0,5\n5,4\n";
        let weekly = files("days = \"in_order\", first_weekday = \"mon\"", "0.0", "").with("calls.csv", short);
        let problems = Scenario::load(&weekly).expect_err("problems");
        assert!(problems.iter().any(|problem| problem.message.contains("the 6 days of \"calls.csv\"")), "{problems:?}");
        let text = edited_text(
            "scenario.toml",
            "name = \"lora\"\n",
            "name = \"lora\"\nreplay = { file = \"no.csv\", days = \"in_order\" }\n",
        );
        let problem = only_problem(&Files::embedded().with("scenario.toml", &text));
        assert_eq!(
            (problem.key.as_str(), problem.message.as_str()),
            ("models[3].replay.file", "there is no file \"no.csv\"")
        );
    }
}
