//! The traffic of a log as a scenario has it: a section of `scenario.toml` to paste, and the load curve.

use std::fmt::Write;

use fleetfront_sim::Law;
use fleetfront_workloads::fit::{Mark, Marked, TrafficFit};
use fleetfront_workloads::{BatchSize, ModulatedState, Process, Redrawn, SlowRate, TrafficStudy};

use crate::arrivals::CV_MAX;
use crate::traffic_shapes::shape_lines;

/// What is written of the evening before, in hours, unless somebody edits it.
const RUN_IN_H: f64 = 2.0;

/// The day of a log that has none: a Monday.
const ASSUMED_DATE: &str = "2026-01-05";

/// What a study calls the only model of a log that names none.
const NAMELESS: &str = "all";

/// The section of `scenario.toml` that holds the traffic of a log, with comments on where each number comes from:
/// `[traffic]` as a whole, and of each `[[models]]` the lines that traffic decides.
///
/// - `log_name`: the log, as sources quote it.
#[must_use]
pub fn traffic_section(study: &TrafficStudy, log_name: &str) -> String {
    let source = Source::of(study, log_name);
    let mut out = String::new();
    comment(&mut out, &format!("Traffic of {}.", source.words));
    comment(
        &mut out,
        "In scenario.toml, [traffic] takes the place of the one there, and of the tables below it such as \
         [traffic.slow_rate.gamma]. The lines of each [[models]] take the place of the same \
         lines of that model. load.csv takes the place of the file there: it is the curve of all models together.",
    );
    out.push('\n');
    of_all(&mut out, study, &source);
    for (name, fit) in &study.fits {
        out.push('\n');
        let own = study.of_models.iter().find(|(other, _)| other == name);
        let how = own.map_or(String::new(), |(_, of)| format!("{} of the requests of ", of.requests));
        of_model(&mut out, (name, fit), &how, &source);
        if let Some((words, lines)) = shape_lines(study, name, &source.toml("measured", &how)) {
            comment(&mut out, &words);
            out.push_str(&lines);
        }
    }
    out
}

/// The load curve of all models of a log, as the scenario's `load.csv`.
///
/// - `log_name`: the log, as sources quote it.
#[must_use]
pub fn traffic_load_csv(study: &TrafficStudy, log_name: &str) -> String {
    let source = Source::of(study, log_name);
    let quoted = format!("\"curve fitted to {}\"", source.words.replace('"', "\"\""));
    let mut out = "hour,weight,kind,source,date\n".to_owned();
    for (hour, weight) in study.whole.curve.iter().enumerate() {
        let _ = writeln!(out, "{hour},{},measured,{quoted},{}", digits(*weight, 5), source.date);
    }
    out
}

/// Where the numbers come from.
struct Source {
    words: String,
    /// The last day, or that there is none.
    date: String,
}

/// What stands in the place of a date where the log has none.
const UNDATED: &str = "undated";

impl Source {
    fn of(study: &TrafficStudy, log_name: &str) -> Self {
        let fitted = study.fitted();
        let day = |stamp: &Option<String>| stamp.as_deref().and_then(|stamp| stamp.get(..10)).unwrap_or("").to_owned();
        let (first, last) = (day(&fitted.first), day(&fitted.last));
        // A name may hold what would end a comment or a line of a table.
        let name: String = log_name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        if study.log.is_origin_assumed {
            let hours = fitted.span_s / 3600.0;
            let words = format!("{name}: {} requests in {hours:.1} h, counted from zero (no date)", fitted.requests);
            return Self { words, date: UNDATED.to_owned() };
        }
        let words = format!("{name}: {} requests from {first} to {last} ({})", fitted.requests, fitted.zone);
        Self { words, date: last }
    }

    /// The day whose clocks count.
    fn write_date(&self, out: &mut String) {
        let is_undated = self.date == UNDATED;
        let what = if is_undated {
            "ASSUMED: the log counts from zero and has no date, so this is any Monday. It matters only where the two clocks \
             differ; `--start-of-zero DATE` gives the log its own. Days that are named below are as if zero were \
             1970-01-05."
        } else {
            "The day whose difference between the two clocks is taken: the last of the log."
        };
        comment(out, what);
        let _ = writeln!(out, "date = \"{}\"", if is_undated { ASSUMED_DATE } else { &self.date });
    }

    fn toml(&self, kind: &str, how: &str) -> String {
        format!("{{ kind = \"{kind}\", source = {}, date = \"{}\" }}", text(&format!("{how}{}", self.words)), self.date)
    }
}

/// `[traffic]`.
fn of_all(out: &mut String, study: &TrafficStudy, source: &Source) {
    let zone = text(&study.fitted().zone);
    out.push_str("[traffic]\n");
    comment(out, "The load curve is written by the clock of the log; results are reported by the other one.");
    let _ = writeln!(out, "reporting_time_zone = {zone}\ncurve_time_zone = {zone}");
    source.write_date(out);
    comment(
        out,
        "Hours of the evening before that are simulated and not counted. ASSUMED: make it longer than every window.",
    );
    let _ = writeln!(out, "run_in_h = {RUN_IN_H:?}");
    let slow_rates = study.whole.slow_rates();
    let scope = if study.fits.len() == 1 { "model" } else { "fleet" };
    comment(
        out,
        "How the rate departs from its curve: gamma factors that multiply, fitted to the index of dispersion of the log's \
         counts in windows of several lengths.",
    );
    if study.fits.len() > 1 {
        let together = study.fits.iter().all(|(_, fit)| fit.scope == fleetfront_workloads::Scope::Fleet);
        comment(
            out,
            if together {
                "They are those of all models together, which rise and fall together."
            } else {
                "They are those of all models together. The models of this log do not rise and fall together, which a \
                 scenario cannot say: a check draws each of them by itself, not what stands here."
            },
        );
    }
    let Some((first, more)) = slow_rates.split_first() else {
        comment(out, "It does not: given the curve, counts vary no more than by chance.");
        out.push_str("slow_rate = \"none\"\n");
        return;
    };
    comment(out, &when(first));
    let _ = writeln!(out, "slow_rate = {}", factor(first, scope, source));
    if !more.is_empty() {
        out.push_str("more_slow_rates = [\n");
        for slow in more {
            let _ = writeln!(out, "  # {}\n  {},", when(slow), factor(slow, scope, source));
        }
        out.push_str("]\n");
    }
}

/// A factor's comment.
fn when(slow: &SlowRate) -> String {
    match slow.redrawn {
        Redrawn::EachDay => "Some days are busier than others.".to_owned(),
        Redrawn::EachHour => "Some hours are busier than others.".to_owned(),
        Redrawn::AtRandom { correlation } => {
            let about = match correlation.get() {
                seconds if seconds >= 7200.0 => format!("{:.1} h", seconds / 3600.0),
                seconds if seconds >= 120.0 => format!("{:.0} min", seconds / 60.0),
                seconds => format!("{seconds:.1} s"),
            };
            format!("Busy and quiet stretches of {about} in the mean.")
        }
    }
}

fn factor(slow: &SlowRate, scope: &str, source: &Source) -> String {
    let cv = digits(slow.cv.min(CV_MAX), 3);
    let because = source.toml("derived", "fitted to the index of dispersion of ");
    let (key, correlation) = match slow.redrawn {
        Redrawn::EachDay => ("gamma_each_day", String::new()),
        Redrawn::EachHour => ("gamma_each_hour", String::new()),
        Redrawn::AtRandom { correlation } => ("gamma", format!("correlation_s = {}, ", digits(correlation.get(), 3))),
    };
    format!("{{ {key} = {{ cv = {cv}, {correlation}scope = \"{scope}\", provenance = {because} }} }}")
}

/// The lines of a model.
///
/// - `how`: how many of the log's requests it has, where it has not all of them.
fn of_model(out: &mut String, (name, fit): (&str, &TrafficFit), how: &str, source: &Source) {
    let _ = writeln!(out, "[[models]]\nname = {}", text(name));
    if name == NAMELESS {
        comment(out, "The log names no models: this is all of it.");
    }
    comment(
        out,
        "The mean over the curve, at the level of the end of the log, without the days and hours that are marked below.",
    );
    if let Some(growth) = fit.growth_per_week {
        let change = 100.0 * growth;
        comment(
            out,
            &format!(
                "The log changes by {change:+.1} % a week. That is not simulated: write the rate of the day in question."
            ),
        );
    }
    let _ = writeln!(out, "requests_per_day = {}", digits(fit.requests_per_day, 5));
    let _ = writeln!(out, "traffic_provenance = {}", source.toml("measured", how));
    for mark in &fit.marked {
        comment(out, &marked(mark));
    }
    if let Some((words, process)) = process(&fit.process()) {
        comment(out, words);
        let _ = writeln!(out, "process = {process}");
    }
}

/// What a marked stretch was.
fn marked(mark: &Marked) -> String {
    let (requests, expected) = (mark.requests, mark.expected);
    let hours = (mark.end_s - mark.start_s) as f64 / 3600.0;
    match mark.mark {
        Mark::Outage => format!("Left out: {}, no request for {hours:.1} h where {expected:.0} were due.", mark.date),
        Mark::QuietDay => format!("Left out: {}, a quiet day with {requests:.0} requests of {expected:.0}.", mark.date),
        Mark::BusyDay => format!("Left out: {}, a busy day with {requests:.0} requests for {expected:.0}.", mark.date),
    }
}

/// How requests come, given the rate, in words and as written; none for a Poisson process.
fn process(process: &Process) -> Option<(&'static str, String)> {
    let size = |size: &BatchSize| match size {
        BatchSize::Fixed { requests } => format!("{{ fixed = {requests} }}"),
        BatchSize::Geometric { mean } => format!("{{ geometric_mean = {} }}", digits(*mean, 4)),
    };
    match process {
        Process::Poisson => None,
        Process::Renewal { gap } => Some((
            "Gaps between requests are of this law, not exponential; only its cv matters.",
            format!("{{ renewal = {{ gap = {} }} }}", law(gap)),
        )),
        Process::Batches { gap, size: of } => Some((
            "Minutes with requests are what happens, and several requests come with each.",
            format!("{{ batches = {{ gap = {}, size = {} }} }}", law(gap), size(of)),
        )),
        Process::Sessions { requests, think } => Some((
            "Users send several requests, with a time to think between them.",
            format!("{{ sessions = {{ requests = {}, think = {} }} }}", size(requests), law(think)),
        )),
        Process::Modulated { states } => {
            let state = |state: &ModulatedState| {
                let (weight, sojourn_s) = (digits(state.weight, 4), digits(state.mean_sojourn_s, 4));
                format!("{{ weight = {weight}, mean_sojourn_s = {sojourn_s} }}")
            };
            let states: Vec<String> = states.iter().map(state).collect();
            let written = format!("{{ modulated = {{ states = [{}] }} }}", states.join(", "));
            Some(("The rate steps through states in a circle.", written))
        }
    }
}

/// A law as the scenario writes it.
fn law(of: &Law) -> String {
    let written = |name: &str, keys: &[(&str, f64)]| {
        let keys: Vec<String> = keys.iter().map(|(key, value)| format!("{key} = {}", digits(*value, 4))).collect();
        format!("{{ {name} = {{ {} }} }}", keys.join(", "))
    };
    match *of {
        Law::Deterministic { seconds } => written("deterministic", &[("seconds", seconds)]),
        Law::Exponential { mean_s } => written("exponential", &[("mean_s", mean_s)]),
        Law::Lognormal { .. } => written("lognormal", &[("mean_s", of.mean_s()), ("cv", of.cv())]),
        Law::Gamma { .. } => written("gamma", &[("mean_s", of.mean_s()), ("cv", of.cv())]),
        Law::Weibull { shape, scale_s } => written("weibull", &[("shape", shape), ("scale_s", scale_s)]),
        Law::TwoPoint { low_s, high_s, high_probability } => {
            written("two_point", &[("low_s", low_s), ("high_s", high_s), ("high_probability", high_probability)])
        }
        Law::Hyperexponential { mean_s: [first_s, second_s], first_probability } => {
            let means = [("first_mean_s", first_s), ("second_mean_s", second_s)];
            written("hyperexponential", &[means[0], means[1], ("first_probability", first_probability)])
        }
    }
}

/// A comment, wrapped.
fn comment(out: &mut String, words: &str) {
    const WIDTH: usize = 120;
    let mut line = "#".to_owned();
    for word in words.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > WIDTH {
            *out += &line;
            out.push_str("\n#");
            line.clear();
        }
        line.push(' ');
        line += word;
    }
    *out += &line;
    out.push('\n');
}

/// A string as TOML writes it.
fn text(value: &str) -> String {
    toml::Value::String(value.to_owned()).to_string()
}

/// A number with so many significant digits, as TOML and CSV read it: with a point.
fn digits(value: f64, significant: usize) -> String {
    if value == 0.0 || !value.is_finite() {
        return "0.0".to_owned();
    }
    let written = format!("{value:.*e}", significant - 1);
    let rounded: f64 = written.parse().unwrap_or(value);
    format!("{rounded:?}")
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use approx::assert_relative_eq;
    use fleetfront_sim::Seconds;
    use fleetfront_workloads::{LogOptions, StudyOptions, study_traffic};

    use super::*;
    use crate::files::{Files, SCENARIO_FILE};
    use crate::resolved::Scenario;
    use crate::testing::edited;

    /// Two weeks of a log: a request every ten minutes, and with some of them, at random, nine more within a minute.
    fn bursty(model: impl Fn(u32) -> &'static str) -> TrafficStudy {
        let mut text = "time,model\n".to_owned();
        for k in 0..14 * 144 {
            let (day, hour, minute) = (k / 144 + 1, k / 6 % 24, k % 6 * 10);
            let requests = if (k * 7919 + k * k) % 97 < 12 { 10 } else { 1 };
            for second in 0..requests {
                let _ = writeln!(text, "2024-01-{day:02} {hour:02}:{minute:02}:{:02},{}", second * 5, model(k));
            }
        }
        let options = StudyOptions { log: LogOptions::default(), check: None };
        study_traffic(|| Ok(Cursor::new(text.clone())), "log.csv", &options).expect("a study")
    }

    /// The default scenario with the traffic of a study in place of its own.
    fn pasted(study: &TrafficStudy) -> Files {
        let files = Files::embedded();
        let section = traffic_section(study, "log \"a\",\n.csv");
        let text = crate::pasted::pasted(files.text(SCENARIO_FILE).expect("it is there"), &section);
        files.with(SCENARIO_FILE, &text).with("load.csv", &traffic_load_csv(study, "log \"a\",\n.csv"))
    }

    #[test]
    fn what_is_pasted_is_the_traffic_of_the_log() {
        let study = bursty(|_| "flux");
        let scenario = Scenario::load(&pasted(&study)).unwrap_or_else(|problems| panic!("{problems:#?}"));
        let of_model = &scenario.traffic.models[0];
        assert_relative_eq!(of_model.requests_per_day, study.requests_per_day(), max_relative = 1e-4);
        assert_eq!(of_model.process, study.fits[0].1.process());
        assert_eq!(of_model.curve.hourly().len(), study.whole.curve.len());
        let (read, fitted) = (&scenario.traffic.slow_rates, study.whole.slow_rates());
        assert!(!fitted.is_empty(), "the log is bursty");
        assert_eq!(read.len(), fitted.len());
        for (read, fitted) in read.iter().zip(&fitted) {
            assert_relative_eq!(read.cv, fitted.cv, max_relative = 0.01);
            assert_eq!(read.scope, fitted.scope);
        }
    }

    #[test]
    fn several_models_share_the_factors_of_all_of_them() {
        let study = bursty(|k| if k % 4 == 0 { "b \"quoted\"" } else { "a" });
        let scenario = Scenario::load(&pasted(&study)).unwrap_or_else(|problems| panic!("{problems:#?}"));
        for (read, (_, fit)) in scenario.traffic.models.iter().zip(&study.fits) {
            assert_relative_eq!(read.requests_per_day, fit.requests_per_day, max_relative = 1e-4);
        }
        let scopes: Vec<_> = scenario.traffic.slow_rates.iter().map(|slow| slow.scope).collect();
        assert_eq!(scopes, vec![fleetfront_workloads::Scope::Fleet; study.whole.slow_rates().len()]);
    }

    #[test]
    fn a_log_without_a_date_gets_none_and_its_assumption_is_labelled() {
        let text: String = (0..4000).fold("t\n".to_owned(), |text, k| text + &(k * 60 + k * k % 37).to_string() + "\n");
        let columns = fleetfront_workloads::Columns { time: Some("t".into()), ..Default::default() };
        let study = |origin: Option<i64>| {
            let log = LogOptions { columns: columns.clone(), origin, ..LogOptions::default() };
            let options = StudyOptions { log, check: None };
            study_traffic(|| Ok(Cursor::new(text.clone())), "log.csv", &options).expect("a study")
        };
        let undated = study(None);
        let section = traffic_section(&undated, "log.csv");
        assert!(section.contains("# ASSUMED: the log counts from zero and has no date"), "{section}");
        assert!(section.contains("\ndate = \"2026-01-05\"\n") && section.contains("date = \"undated\""), "{section}");
        assert!(section.contains("log.csv: 4000 requests in 66.7 h, counted from zero (no date)"), "{section}");
        assert!(!traffic_load_csv(&undated, "log.csv").contains("1970"));
        let scenario = Scenario::load(&pasted(&undated)).unwrap_or_else(|problems| panic!("{problems:#?}"));
        assert_relative_eq!(
            scenario.traffic.models[0].requests_per_day,
            undated.requests_per_day(),
            max_relative = 1e-4
        );
        // 2024-05-06T00:00:00Z.
        let dated = traffic_section(&study(Some(1_714_953_600_000_000_000)), "log.csv");
        assert!(dated.contains("\ndate = \"2024-05-08\"\n") && !dated.contains("undated"), "{dated}");
    }

    /// Every process and law comes back as it was when the scenario is read.
    #[test]
    fn processes_are_written_as_they_are_read() {
        assert_eq!(process(&Process::Poisson), None);
        let laws = [
            Law::Exponential { mean_s: 60.0 },
            Law::Deterministic { seconds: 2.5 },
            Law::gamma(Seconds::new(4.0).expect("a span"), 0.5),
            Law::lognormal(Seconds::new(4.0).expect("a span"), 1.5),
            Law::Weibull { shape: 0.5, scale_s: 3.0 },
            Law::TwoPoint { low_s: 1.0, high_s: 9.0, high_probability: 0.25 },
            Law::Hyperexponential { mean_s: [1.0, 9.0], first_probability: 0.75 },
        ];
        let (size, fixed) = (BatchSize::Geometric { mean: 2.5 }, BatchSize::Fixed { requests: 3 });
        let mut processes: Vec<Process> = laws.iter().map(|gap| Process::Renewal { gap: *gap }).collect();
        processes.push(Process::Batches { gap: laws[0], size });
        processes.push(Process::Sessions { requests: fixed, think: laws[4] });
        let states = [(1.0, 600.0), (0.0, 60.0)];
        let state = |(weight, mean_sojourn_s)| ModulatedState { weight, mean_sojourn_s };
        processes.push(Process::Modulated { states: states.map(state).to_vec() });
        for of in processes {
            let written = process(&of).expect("it is not Poisson").1;
            let new = format!("name = \"lora\"\nprocess = {written}\nrequests");
            let scenario = Scenario::load(&edited("name = \"lora\"\nrequests", &new));
            let read =
                &scenario.unwrap_or_else(|problems| panic!("{written}: {problems:#?}")).traffic.models[3].process;
            assert_eq!(process(read), process(&of));
            assert_eq!(std::mem::discriminant(read), std::mem::discriminant(&of), "{written}");
        }
    }

    #[test]
    fn numbers_have_a_point_and_no_more_digits_than_wanted() {
        let written = [(1234.56, 3), (0.012_345, 3), (0.0, 3), (98_765.4, 5), (1.0, 3)].map(|(x, n)| digits(x, n));
        assert_eq!(written, ["1230.0", "0.0123", "0.0", "98765.0", "1.0"]);
    }
}
