//! The traffic: rates, curves with their clocks, and slow random rates.

use fleetfront_sim::{Seconds, StreamKey};
use fleetfront_workloads::{ClockChange, LoadCurve, ModelTraffic, TimeZoneError, Traffic, clock_changes, hours_ahead};

use crate::file::{DatesName, ScenarioFile};
use crate::findings::Findings;
use crate::tables::Tables;
use crate::{arrivals, curves, replay, spikes};

/// Longest run-in, in hours: it is the evening before. A queue that theory speaks of may need longer to forget how it
/// began: where limits are lifted, it is that of the horizon.
const RUN_IN_MAX_H: f64 = 24.0;
/// Longest horizon, in hours: a year.
const HORIZON_MAX_H: f64 = 8760.0;

/// The traffic of all models.
pub(crate) fn traffic(file: &ScenarioFile, tables: &Tables, findings: &mut Findings<'_>) -> Traffic {
    let traffic = &file.traffic;
    let lifted = file.platform.lift_limits == Some(true);
    let run_in_max_h = if lifted { HORIZON_MAX_H } else { RUN_IN_MAX_H };
    findings.within("traffic.run_in_h", traffic.run_in_h, 0.0, run_in_max_h, "it is the evening before");
    let shared_clock = curve_clock(file, &traffic.curve_time_zone, "traffic.curve_time_zone", findings);
    let flat = LoadCurve::new(&[1.0; 24]).expect("a flat day is a load curve");
    let shared = tables.load.as_ref().unwrap_or(&flat);
    let mut spikes = spikes::spikes(file, findings);
    let models = file.models.iter().enumerate().map(|(index, model)| {
        let path = format!("models[{index}].curve_time_zone");
        let own = model.curve_time_zone.as_ref();
        if let Some(zone) = own.filter(|_| model.curve_file.is_none()) {
            let message = format!("\"{zone}\" is the time zone of no curve: the model names no curve_file");
            findings.refuse(&path, message, "add curve_file = \"...\", or remove curve_time_zone");
        }
        let trace = tables.traces.get(index).and_then(Option::as_ref);
        let replay = replay::replay(model, &format!("models[{index}]"), trace, findings);
        let own_curve = tables.own_load.get(index).and_then(Option::as_ref);
        let curve = replay.as_ref().map(|replay| replay.trace.curve());
        let clock = own.map_or_else(|| shared_clock.clone(), |zone| curve_clock(file, zone, &path, findings));
        // A trace is written by the reporting clock.
        let CurveClock { ahead_h, changes } = if replay.is_some() { CurveClock::default() } else { clock };
        ModelTraffic {
            key: StreamKey::of(&model.name),
            requests_per_day: model.requests_per_day,
            curve: curve.unwrap_or_else(|| own_curve.unwrap_or(shared).clone()),
            curve_ahead_h: ahead_h,
            clock_changes: changes,
            process: arrivals::process(model, &format!("models[{index}]"), findings),
            swing: arrivals::swing(model.swing.as_ref(), &format!("models[{index}]"), findings),
            slow_rates: arrivals::own_slow_rates(model, &format!("models[{index}]"), findings),
            spikes: std::mem::take(&mut spikes[index]),
            replay,
        }
    });
    let models = models.collect();
    let traffic = Traffic {
        models,
        slow_rates: arrivals::slow_rates(traffic, findings),
        run_in: Findings::seconds(traffic.run_in_h * 3600.0),
        horizon: horizon(traffic.horizon_h, findings),
    };
    spikes::check(file, &traffic, findings);
    check_slow_rates(&traffic, findings);
    curves::warn_of_clocks(file, findings);
    let is_switched = traffic.models.iter().any(|model| !model.clock_changes.is_empty());
    if file.traffic.dates == Some(DatesName::WeekOfDate) && !is_switched {
        let message = format!("no clock changes in the week of {}: its days are like any others", file.traffic.date);
        findings.warn("traffic.dates", &message);
    }
    traffic
}

/// How the clock of a curve stands to the reporting clock.
#[derive(Debug, Clone, Default)]
struct CurveClock {
    /// Hours that it is ahead on the date.
    ahead_h: f64,
    /// Where it changes in the days that are simulated; empty where it does not.
    changes: Vec<ClockChange>,
}

/// The clock of `zone` in the days that are simulated.
fn curve_clock(file: &ScenarioFile, zone: &str, path: &str, findings: &mut Findings<'_>) -> CurveClock {
    let traffic = &file.traffic;
    let ahead_h = offset(file, zone, path, findings);
    if traffic.dates != Some(DatesName::WeekOfDate) {
        return CurveClock { ahead_h, changes: Vec::new() };
    }
    // From the run-in of a Monday to the end of a trial that begins on a Sunday.
    let hours = 6.0 * 24.0 + traffic.horizon_h.unwrap_or(24.0).clamp(0.0, HORIZON_MAX_H);
    let stretch_s = (-3600.0 * traffic.run_in_h.clamp(0.0, HORIZON_MAX_H), 3600.0 * hours);
    let changes = clock_changes(zone, &traffic.reporting_time_zone, &traffic.date, stretch_s);
    let changes = changes.unwrap_or_else(|error| {
        refuse_clock(file, path, &error, findings);
        Vec::new()
    });
    CurveClock { ahead_h, changes: if changes.len() > 1 { changes } else { Vec::new() } }
}

/// Says so where the slow rates of all models have an effect on none.
fn check_slow_rates(traffic: &Traffic, findings: &mut Findings<'_>) {
    if traffic.slow_rates.is_empty() || traffic.models.is_empty() {
        return;
    }
    if traffic.models.iter().all(|model| model.replay.is_some()) {
        findings.warn("traffic.slow_rate", "every model is replayed: no slow rate has any effect");
    } else if traffic.models.iter().all(|model| model.replay.is_some() || model.slow_rates.is_some()) {
        let message = "every model has slow_rates of its own: this one has no effect";
        findings.refuse("traffic.slow_rate", message, "write slow_rate = \"none\" and no more_slow_rates");
    }
}

/// How much of each trial counts.
fn horizon(hours: Option<f64>, findings: &mut Findings<'_>) -> Seconds {
    let hours = hours.unwrap_or(24.0);
    findings.positive("traffic.horizon_h", hours, "the horizon");
    findings.within("traffic.horizon_h", hours, 0.0, HORIZON_MAX_H, "no trial is longer than a year");
    Findings::seconds(hours * 3600.0)
}

/// Hours that the clock of `zone` is ahead of the reporting clock.
fn offset(file: &ScenarioFile, zone: &str, path: &str, findings: &mut Findings<'_>) -> f64 {
    let traffic = &file.traffic;
    hours_ahead(zone, &traffic.reporting_time_zone, &traffic.date).unwrap_or_else(|error| {
        refuse_clock(file, path, &error, findings);
        0.0
    })
}

/// Refuses the date or the zone that an error is about; `path` is the place of the curve's zone.
fn refuse_clock(file: &ScenarioFile, path: &str, error: &TimeZoneError, findings: &mut Findings<'_>) {
    let place = match error {
        TimeZoneError::NotADate { .. } => "traffic.date",
        TimeZoneError::UnevenDay { .. } => "traffic.reporting_time_zone",
        TimeZoneError::UnknownZone { zone } if *zone == file.traffic.reporting_time_zone => {
            "traffic.reporting_time_zone"
        }
        _ => path,
    };
    let words = error.to_string();
    let (message, help) = words.split_once("; ").unwrap_or((&words, ""));
    findings.refuse(place, message, help);
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, check_table, default_scenario, edited, edited_text, only_problem};
    use crate::{Files, Scenario};
    use approx::assert_relative_eq;
    use fleetfront_sim::Seconds;
    use fleetfront_workloads::Redrawn;

    /// A load file with the same weight in every hour.
    fn rows(hours: usize, weight: &str) -> String {
        let header = "hour,weight,kind,source,date\n".to_owned();
        (0..hours).fold(header, |text, hour| format!("{text}{hour},{weight},assumed,test,2026-11-23\n"))
    }

    #[test]
    fn time_zones_and_dates_are_located() {
        let (old, new) = ("reporting_time_zone = \"UTC\"", "reporting_time_zone = \"Utopia\"");
        let key = "traffic.reporting_time_zone";
        check(old, new, "\"Utopia\"", key, "\"Utopia\" is not a time zone", "IANA name");
        let (old, new) = ("curve_time_zone = \"America/New_York\"", "curve_time_zone = \"New York\"");
        check(old, new, "\"New York\"", "traffic.curve_time_zone", "\"New York\" is not a time zone", "IANA name");
        let new = "\ndate = \"2026-02-30\"";
        check("\ndate = \"2026-11-23\"", new, "\"2026", "traffic.date", "is not a date", "year, month and day");
        check("run_in_h = 2.0", "run_in_h = 25", "25", "traffic.run_in_h", "25 is outside 0 to 24", "evening before");
    }

    #[test]
    fn the_days_may_be_those_of_a_week_in_which_a_clock_changes() {
        let with = |date: &str, lines: &str| {
            let text =
                edited_text("scenario.toml", "\ndate = \"2026-11-23\"", &format!("\ndate = \"{date}\"\n{lines}"));
            Files::embedded().with("scenario.toml", &text)
        };
        let week = "dates = \"week_of_date\"";
        let scenario = Scenario::load(&with("2026-11-01", week)).expect("no problems");
        // New York, Sunday 06:00 UTC; the run-in is two hours.
        let changes: Vec<(f64, f64)> = scenario.traffic.models[0]
            .clock_changes
            .iter()
            .map(|change| (change.at_s / 3600.0, change.ahead_h))
            .collect();
        assert_eq!(changes, [(-2.0, -4.0), (150.0, -5.0)]);
        assert!(scenario.warnings.iter().all(|warning| !warning.contains("no clock changes")));
        // Without the key, and in a week without a change, it is the offset of the date.
        for (date, lines) in [("2026-11-01", ""), ("2026-11-01", "dates = \"one_offset\""), ("2026-11-23", week)] {
            let scenario = Scenario::load(&with(date, lines)).expect("no problems");
            let model = &scenario.traffic.models[0];
            assert_eq!((model.curve_ahead_h, model.clock_changes.len()), (-5.0, 0), "{date} {lines}");
            let said = scenario.warnings.iter().any(|warning| warning.contains("no clock changes in the week"));
            assert_eq!(said, date == "2026-11-23");
        }
        let text = with("2026-03-29", week).text("scenario.toml").expect("it is there").to_owned();
        let text = text.replace("reporting_time_zone = \"UTC\"", "reporting_time_zone = \"Europe/Berlin\"");
        let problem = only_problem(&Files::embedded().with("scenario.toml", &text));
        assert_eq!(problem.key, "traffic.reporting_time_zone");
        assert!(problem.message.contains("days of 23 or 25 hours are not simulated"), "{problem}");
        assert!(problem.help.contains("report in UTC"), "{problem}");
    }

    #[test]
    fn a_long_run_in_needs_lifted_limits() {
        let text = edited_text("scenario.toml", "run_in_h = 2.0", "run_in_h = 250.0");
        let lifted = text.replace("[platform]\n", "[platform]\nlift_limits = true\n");
        let scenario = Scenario::load(&Files::embedded().with("scenario.toml", &lifted)).expect("no problems");
        assert_relative_eq!(scenario.traffic.run_in.get(), 900_000.0);
        assert!(Scenario::load(&Files::embedded().with("scenario.toml", &text)).is_err());
    }

    #[test]
    fn traffic_follows_the_file() {
        let traffic = default_scenario().traffic;
        let rates: Vec<f64> = traffic.models.iter().map(|model| model.requests_per_day).collect();
        assert_eq!(rates, [400.0, 300.0, 200.0, 100.0, 20.0, 60.0]);
        // New York is five hours behind UTC in November.
        for model in &traffic.models {
            assert_relative_eq!(model.curve_ahead_h, -5.0);
            assert!(model.curve.is_weekly());
        }
        assert_relative_eq!(traffic.run_in.get(), 7_200.0);
        let [gamma] = traffic.slow_rates[..] else { panic!("the default has one") };
        let correlation = Seconds::new(980.0).expect("a span");
        assert_eq!((gamma.cv, gamma.redrawn), (0.49, Redrawn::AtRandom { correlation }));
        let text = edited_text("scenario.toml", "run_in_h = 2.0", "run_in_h = 2.0\nslow_rate = \"none\"");
        let start = text.find("[traffic.slow_rate.gamma]").expect("the table");
        let end = start + text[start..].find("\n\n").expect("its end");
        let none = Files::embedded().with("scenario.toml", &format!("{}{}", &text[..start], &text[end..]));
        assert_eq!(Scenario::load(&none).expect("no problems").traffic.slow_rates, []);
        check(
            "cv = 0.49",
            "cv = 60",
            "60",
            "traffic.slow_rate.gamma.cv",
            "60 is outside 0 to 10",
            "zero nearly always",
        );
        check("cv = 0.49", "cv = 0.0", "0.0", "traffic.slow_rate.gamma.cv", "is 0", "above zero");
    }

    #[test]
    fn slow_rates_of_several_time_scales_multiply() {
        let because = "provenance = { kind = \"assumed\", source = \"a test\", date = \"2026-12-01\" }";
        let with = |more: &str| format!("run_in_h = 2.0\nmore_slow_rates = [{more}]");
        let daily = format!("{{ gamma_each_day = {{ cv = 0.2, scope = \"model\", {because} }} }}");
        let fast = |cv: f64, correlation_s: f64| {
            format!("{{ gamma = {{ cv = {cv:?}, correlation_s = {correlation_s:?}, scope = \"fleet\", {because} }} }}")
        };
        let files = edited("run_in_h = 2.0", &with(&format!("{daily}, {}", fast(0.3, 60.0))));
        let traffic = Scenario::load(&files).expect("no problems").traffic;
        let cvs: Vec<f64> = traffic.slow_rates.iter().map(|slow| slow.cv).collect();
        assert_eq!(cvs, [0.49, 0.2, 0.3]);
        assert_eq!(traffic.slow_rates[1].redrawn, Redrawn::EachDay);
        let refuse = |more: &str, at: &str, key: &str, message: &str, help: &str| {
            check("run_in_h = 2.0", &with(more), at, &format!("traffic.more_slow_rates{key}"), message, help);
        };
        refuse("\"none\"", "\"none\"", "[0]", "is no further slow rate", "remove it");
        refuse(&fast(60.0, 9.0), "60.0", "[0].gamma.cv", "60 is outside 0 to 10", "zero nearly always");
        let two = format!("{daily}, {}", fast(0.3, 0.0));
        refuse(&two, "0.0,", "[1].gamma.correlation_s", "the correlation time is 0", "above zero");
        let many = [daily.as_str(); 8].join(", ");
        refuse(&many, "[{", "", "9 slow rates are more than the 8", "differ most");
        let text = edited_text("scenario.toml", "run_in_h = 2.0", &format!("{}\nslow_rate = \"none\"", with(&daily)));
        let start = text.find("[traffic.slow_rate.gamma]").expect("the table");
        let end = start + text[start..].find("\n\n").expect("its end");
        let files = Files::embedded().with("scenario.toml", &format!("{}{}", &text[..start], &text[end..]));
        assert!(only_problem(&files).help.contains("write one of them as slow_rate"));
    }

    #[test]
    fn a_model_may_have_slow_rates_of_its_own() {
        let because = "provenance = { kind = \"assumed\", source = \"a test\", date = \"2026-12-01\" }";
        let of =
            |cv: f64, scope: &str| format!("{{ gamma_each_day = {{ cv = {cv:?}, scope = \"{scope}\", {because} }} }}");
        let old = "name = \"lora\"\nrequests";
        let with = |list: &str| format!("name = \"lora\"\nslow_rates = [{list}]\nrequests");
        let two = with(&format!("{}, {}", of(0.3, "model"), of(0.2, "model")));
        let traffic = Scenario::load(&edited(old, &two)).expect("no problems").traffic;
        let cvs = |model: usize| traffic.slow_rates_of(model).iter().map(|slow| slow.cv).collect::<Vec<f64>>();
        assert_eq!((cvs(2), cvs(3)), (vec![0.49], vec![0.3, 0.2]));
        let none = Scenario::load(&edited(old, &with(""))).expect("no problems").traffic;
        assert_eq!(none.drawn_rate(1, 0, 3), none.expected_rate(0, 3));
        assert_ne!(none.drawn_rate(1, 0, 2), none.expected_rate(0, 2));
        let key = "models[3].slow_rates";
        check(
            old,
            &with(&of(0.3, "fleet")),
            "[{",
            key,
            "of \"lora\" alone is shared by the fleet",
            "scope = \"model\"",
        );
        check(old, &with("\"none\""), "\"none\"", &format!("{key}[0]"), "\"none\" is no slow rate", "remove it");
        check(
            old,
            &with(&[of(0.3, "model").as_str(); 9].join(", ")),
            "[{",
            key,
            "9 slow rates are more",
            "differ most",
        );
        let zero = of(0.0, "model");
        check(old, &with(&zero), "0.0", &format!("{key}[0].gamma_each_day.cv"), "is 0", "above zero");
        let all = edited_text("scenario.toml", "\nrequests_per_day", "\nslow_rates = []\nrequests_per_day");
        let all = all.replace("\nrequests_per_day", "\nslow_rates = []\nrequests_per_day");
        let all = all.replace("slow_rates = []\nslow_rates = []", "slow_rates = []");
        let problem = only_problem(&Files::embedded().with("scenario.toml", &all));
        assert_eq!(problem.key, "traffic.slow_rate");
        assert!(problem.message.contains("every model has slow_rates of its own"), "{problem}");
    }

    #[test]
    fn a_model_may_have_a_curve_of_its_own() {
        let new = "name = \"lora\"\ncurve_file = \"lora.csv\"\ncurve_time_zone = \"Asia/Tokyo\"\nrequests";
        let rows = rows(24, "1");
        let files = edited("name = \"lora\"\nrequests", new);
        let problem = only_problem(&files);
        assert_eq!(
            (problem.key.as_str(), problem.message.as_str()),
            ("models[3].curve_file", "there is no file \"lora.csv\"")
        );
        let files = files.with("lora.csv", &rows);
        let traffic = Scenario::load(&files).expect("no problems").traffic;
        assert_eq!((traffic.models[3].curve.hourly().len(), traffic.models[3].curve_ahead_h), (24, 9.0));
        assert_eq!((traffic.models[2].curve.hourly().len(), traffic.models[2].curve_ahead_h), (168, -5.0));
        let new = "name = \"lora\"\ncurve_time_zone = \"Asia/Tokyo\"\nrequests";
        let key = "models[3].curve_time_zone";
        check("name = \"lora\"\nrequests", new, "\"Asia", key, "time zone of no curve", "add curve_file");
    }

    #[test]
    fn a_load_curve_is_a_day_or_a_week_and_not_empty() {
        let load = |hours: usize, weight: &str| only_problem(&Files::embedded().with("load.csv", &rows(hours, weight)));
        let short = load(23, "1");
        assert_eq!((short.file.as_str(), short.message.as_str()), ("load.csv", "has 23 hours"));
        assert!(short.help.contains("24 (a day) or 168"), "{short}");
        assert_eq!(load(24, "0").message, "is zero in every hour");
        check_table("load.csv", "5,0.3955", "5,-0.3955", true, "`-0.3955` is not a number zero or more", "finite");
    }
}
