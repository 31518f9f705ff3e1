//! Load curves that are compiled in, for whoever has no log yet: `load = "builtin:office-hours"`.
//!
//! The files lie in `data/curves/`; each says at its top what it was computed from, and in which clock.

/// What a name begins with that is no file's.
const PREFIX: &str = "builtin:";

/// Names and texts.
const CURVES: [(&str, &str); 3] = [
    ("flat", include_str!("../../data/curves/flat.csv")),
    ("office-hours", include_str!("../../data/curves/office-hours.csv")),
    ("weekly-consumer", include_str!("../../data/curves/weekly-consumer.csv")),
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
    let found = CURVES.iter().find(|(own, _)| *own == name).map(|(_, text)| *text);
    found.ok_or_else(|| CURVES.map(|(own, _)| own).to_vec())
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
}
