//! Load curves that are compiled in, for whoever has no log yet: `load = "builtin:office-hours"`.
//!
//! The files lie in `data/curves/`; each says at its top what it was computed from, and in which clock.

use fleetfront_workloads::hours_ahead;

use crate::file::ScenarioFile;
use crate::findings::Findings;

/// What a name begins with that is no file's.
const PREFIX: &str = "builtin:";

/// Names, the time zones of their clocks (none where every hour is alike), and texts.
const CURVES: [(&str, Option<&str>, &str); 3] = [
    ("flat", None, include_str!("../../data/curves/flat.csv")),
    ("office-hours", Some("America/New_York"), include_str!("../../data/curves/office-hours.csv")),
    ("weekly-consumer", Some("UTC"), include_str!("../../data/curves/weekly-consumer.csv")),
];

/// The name behind the prefix; none where a file is named.
pub(crate) fn built_in(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)
}

/// A name as a scenario writes it.
pub(crate) fn full_name(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// The text of a curve; the names that there are where there is none of this name.
pub(crate) fn text(name: &str) -> Result<&'static str, Vec<&'static str>> {
    let found = CURVES.iter().find(|(own, ..)| *own == name).map(|(.., text)| *text);
    found.ok_or_else(|| CURVES.map(|(own, ..)| own).to_vec())
}

/// Warns where a built-in curve is read by another clock than its own.
pub(crate) fn warn_of_clocks(file: &ScenarioFile, findings: &mut Findings<'_>) {
    let shared = &file.traffic.curve_time_zone;
    let drawn = || file.models.iter().enumerate().filter(|(_, model)| model.replay.is_none());
    if drawn().any(|(_, model)| model.curve_file.is_none()) {
        warn_of_clock(file, &file.files.load, shared, "traffic.curve_time_zone", findings);
    }
    for (index, model) in drawn() {
        let Some(name) = &model.curve_file else { continue };
        let own = model.curve_time_zone.as_ref();
        let path = own.map_or("curve_file", |_| "curve_time_zone");
        warn_of_clock(file, name, own.unwrap_or(shared), &format!("models[{index}].{path}"), findings);
    }
}

fn warn_of_clock(file: &ScenarioFile, name: &str, zone: &str, path: &str, findings: &mut Findings<'_>) {
    let built_in = built_in(name).and_then(|name| CURVES.iter().find(|(own, ..)| *own == name));
    let Some((_, Some(clock), _)) = built_in else { return };
    // An unknown zone or date is refused where the clock of the curve is made.
    let Ok(ahead_h) = hours_ahead(zone, clock, &file.traffic.date) else { return };
    if ahead_h != 0.0 {
        let by = if ahead_h > 0.0 { "earlier" } else { "later" };
        let message = format!(
            "the clock of \"{name}\" is {clock}, but it is read by that of {zone}: its hours come {} h {by} than they were \
             measured; unless that is meant, write curve_time_zone = \"{clock}\"",
            ahead_h.abs()
        );
        findings.warn(path, &message);
    }
}

#[cfg(test)]
mod tests {
    use fleetfront_calibration::read_load_curve;
    use fleetfront_workloads::LoadCurve;

    use super::*;
    use crate::testing::{check, edited};
    use crate::{Files, Scenario};

    fn curve(name: &str) -> LoadCurve {
        let (weights, _) = read_load_curve(name, text(name).expect("there is one")).expect("a curve");
        LoadCurve::new(&weights).expect("weights")
    }

    #[test]
    fn each_is_what_its_name_says() {
        assert!(curve("flat").hourly().iter().all(|weight| (weight - 1.0).abs() < 1e-12));
        let mean = |curve: &LoadCurve, hours: std::ops::Range<i64>, days: std::ops::Range<i64>| {
            let each = || days.clone().flat_map(|day| hours.clone().map(move |hour| 24 * day + hour));
            each().map(|hour| curve.weight(hour)).sum::<f64>() / each().count() as f64
        };
        let office = curve("office-hours");
        assert!(office.is_weekly() && mean(&office, 9..17, 0..5) > 2.0 * mean(&office, 0..6, 0..5));
        assert!(mean(&office, 0..24, 0..5) > 1.5 * mean(&office, 0..24, 5..7));
        // Evening in the United States is past midnight in UTC.
        let consumer = curve("weekly-consumer");
        assert!(consumer.is_weekly() && mean(&consumer, 16..20, 0..7) > 1.7 * mean(&consumer, 6..9, 0..7));
    }

    #[test]
    fn a_scenario_names_one_in_place_of_a_file() {
        let files = edited("load = \"load.csv\"", "load = \"builtin:flat\"");
        let scenario = Scenario::load(&files).expect("no problems");
        assert_eq!(scenario.traffic.models[0].curve, curve("flat"));
        // It is no file: a folder without one is whole.
        let text = files.text("scenario.toml").expect("it is there");
        assert!(Files::from_texts([("scenario.toml", text)]).text("builtin:flat").is_none());
        let (old, new) = ("load = \"load.csv\"", "load = \"builtin:ofice-hours\"");
        let message = "there is no built-in load curve \"ofice-hours\"";
        check(old, new, "\"builtin:ofice-hours\"", "files.load", message, "did you mean \"builtin:office-hours\"?");
        let (old, new) = ("load = \"load.csv\"", "load = \"builtin:xyz\"");
        let help = "write one of: builtin:flat, builtin:office-hours, builtin:weekly-consumer";
        check(old, new, "\"builtin:xyz\"", "files.load", "no built-in load curve \"xyz\"", help);
    }

    #[test]
    fn a_curve_that_is_read_by_another_clock_is_warned_about_with_both() {
        let warned = |load: &str, zone: &str, models: (&str, &str)| {
            let files = edited("load = \"load.csv\"", &format!("load = \"builtin:{load}\""));
            let text = files.text("scenario.toml").expect("it is there");
            let own = "curve_time_zone = \"America/New_York\"";
            assert!(text.contains(own) && text.contains(models.0));
            let text = text.replace(own, &format!("curve_time_zone = \"{zone}\"")).replacen(models.0, models.1, 1);
            let warnings = Scenario::load(&files.with("scenario.toml", &text)).expect("no problems").warnings;
            warnings.into_iter().filter(|words| words.contains("the clock of")).collect::<Vec<_>>()
        };
        let same = ("name = \"lora\"", "name = \"lora\"");
        // On 2026-11-23 New York is 5 hours behind UTC: what happened at 9:00 there would come at 9:00 UTC.
        let found = warned("office-hours", "UTC", same);
        assert_eq!(found.len(), 1, "{found:?}");
        let said = "traffic.curve_time_zone: the clock of \"builtin:office-hours\" is America/New_York, but it is read by \
                    that of UTC: its hours come 5 h earlier than they were measured";
        assert!(found[0].contains(said), "{found:?}");
        assert!(
            warned("weekly-consumer", "Asia/Tokyo", same)[0].contains("is UTC, but it is read by that of Asia/Tokyo")
        );
        for (load, zone) in [("office-hours", "America/New_York"), ("office-hours", "America/Toronto"), ("flat", "UTC")]
        {
            assert!(warned(load, zone, same).is_empty(), "{load} {zone}");
        }
        let own = ("name = \"lora\"", "name = \"lora\"\ncurve_file = \"builtin:weekly-consumer\"");
        let found = warned("office-hours", "America/New_York", own);
        assert!(found.len() == 1 && found[0].contains("models[3].curve_file: the clock of"), "{found:?}");
    }

    #[test]
    fn each_says_its_clock_at_its_top() {
        for (name, clock, text) in CURVES {
            let top: String = text.lines().take_while(|line| line.starts_with('#')).collect();
            assert!(clock.is_none_or(|clock| top.contains(clock)), "{name}");
        }
    }
}
