//! The traffic of a log as a scenario has it: a section of `scenario.toml` to paste, and load curves.

use std::fmt::Write;

use fleetfront_sim::Law;
use fleetfront_workloads::describe::Trend;
use fleetfront_workloads::fit::{Mark, Marked, TrafficFit};
use fleetfront_workloads::{BatchSize, ModulatedState, Process, Redrawn, Scope, SlowRate, TrafficStudy};

use crate::arrivals::CV_MAX;
use crate::traffic_section::adapters::adapter_lines;
use crate::traffic_shapes::shape_lines;

/// What is written of the evening before, in hours, unless somebody edits it.
const RUN_IN_H: f64 = 2.0;

/// The day of a log that has none: a Monday.
const ASSUMED_DATE: &str = "2026-01-05";

/// What a study calls the only model of a log that names none.
const NAMELESS: &str = "all";

/// The section of `scenario.toml` that holds the traffic of a log, with comments on where each number comes from:
/// `[traffic]` as a whole, and of each `[[models]]` the lines that traffic decides. With the files of
/// [`traffic_load_files`] it is the model that was fitted, and that a check draws from.
///
/// - `log_name`: the log, as sources quote it.
#[must_use]
pub fn traffic_section(study: &TrafficStudy, log_name: &str) -> String {
    let source = Source::of(study, log_name);
    let curve_files = curve_files(study);
    let mut out = String::new();
    comment(&mut out, &format!("Traffic of {}.", source.words));
    comment(
        &mut out,
        "In scenario.toml, [traffic] takes the place of the one there, and of the tables below it such as \
         [traffic.slow_rate.gamma]. The lines of each [[models]] take the place of the same \
         lines of that model. load.csv takes the place of the file there: it is the curve of all models together.",
    );
    if curve_files.iter().any(Option::is_some) {
        comment(&mut out, "The files that curve_file names lie beside it: the models' own curves.");
    }
    out.push('\n');
    of_all(&mut out, study, &source);
    for ((name, fit), curve_file) in study.fits.iter().zip(&curve_files) {
        out.push('\n');
        let own = study.of_models.iter().find(|(other, _)| other == name);
        let how = own.map_or(String::new(), |(_, of)| format!("{} of the requests of ", of.requests));
        let apart = own.filter(|_| curve_file.is_some()).map(|(_, of)| of);
        let trend = apart.unwrap_or(study.fitted()).trend.as_ref();
        of_model(&mut out, (name, fit), &how, (curve_file.as_deref(), trend), &source);
        if let Some((words, lines)) = shape_lines(study, name, &source.toml("measured", &how)) {
            comment(&mut out, &words);
            out.push_str(&lines);
        }
        if let Some((words, lines)) = adapter_lines(study, name, &source.toml("derived", &how)) {
            comment(&mut out, &words);
            out.push_str(&lines);
        }
    }
    out
}

/// The load curves of a log by the names of their files: `load.csv` of all models together, and one for each model that
/// does not rise and fall with the others.
///
/// - `log_name`: the log, as sources quote it.
#[must_use]
pub fn traffic_load_files(study: &TrafficStudy, log_name: &str) -> Vec<(String, String)> {
    let source = Source::of(study, log_name);
    let of_all = shared(study).unwrap_or(&study.whole);
    let own = curve_files(study).into_iter().zip(&study.fits);
    let own = own.filter_map(|(file, (_, fit))| Some((file?, load_csv(fit, &source))));
    std::iter::once(("load.csv".to_owned(), load_csv(of_all, &source))).chain(own).collect()
}

fn load_csv(fit: &TrafficFit, source: &Source) -> String {
    let (kind, curve) = match &fit.harmonics {
        None => ("measured", "curve".to_owned()),
        Some(harmonics) => ("derived", format!("smooth curve (Poisson regression on {})", harmonics.words())),
    };
    let quoted = format!("\"{curve} fitted to {}\"", source.words.replace('"', "\"\""));
    let mut out = "hour,weight,kind,source,date\n".to_owned();
    for (hour, weight) in fit.curve.iter().enumerate() {
        let _ = writeln!(out, "{hour},{},{kind},{quoted},{}", digits(*weight, 5), source.date);
    }
    out
}

/// What `[traffic]` and `load.csv` say: the fit of the only model, or of those that rise and fall together. None where
/// each model has its own.
fn shared(study: &TrafficStudy) -> Option<&TrafficFit> {
    match &study.fits[..] {
        [(_, only)] => Some(only),
        fits => fits.iter().any(|(_, fit)| fit.scope == Scope::Fleet).then_some(&study.whole),
    }
}

/// The file of each model's own curve; none for those that follow what all share.
fn curve_files(study: &TrafficStudy) -> Vec<Option<String>> {
    let mut names: Vec<String> = Vec::new();
    let file = |(name, fit): &(String, TrafficFit)| {
        if study.fits.len() == 1 || fit.scope == Scope::Fleet {
            return None;
        }
        let plain = file_word(name);
        // Some file systems do not tell capital letters from small ones.
        let is_free = |word: &str| !names.iter().any(|other| other.eq_ignore_ascii_case(word));
        let numbered = (2..).map(|number| format!("{plain}-{number}"));
        let word = std::iter::once(plain.clone()).chain(numbered).find(|word| is_free(word))?;
        names.push(word.clone());
        Some(format!("load.{word}.csv"))
    };
    study.fits.iter().map(file).collect()
}

/// A model's name as a part of a file's name that every file system takes.
fn file_word(name: &str) -> String {
    const LENGTH_MAX: usize = 60;
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
    name.chars().map(plain).take(LENGTH_MAX).collect()
}

/// Where the numbers come from.
struct Source {
    words: String,
    /// The last day, or that there is none.
    date: String,
}

/// What stands in the place of a date where the log has none.
pub(crate) const UNDATED: &str = "undated";

/// The log and its days, as sections of it are cited: `log.csv: 4200 requests from 2026-01-05 to 2026-01-18 (UTC)`.
#[must_use]
pub fn traffic_source(study: &TrafficStudy, log_name: &str) -> String {
    Source::of(study, log_name).words
}

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
    if source.date != UNDATED && study.fits.iter().any(|(_, fit)| fit.growth_per_week.is_some()) {
        comment(
            out,
            "The day whose volume is simulated: the last of the log. A later one plans ahead: requests a day are extrapolated \
             to it by the growth of each model.",
        );
        let _ = writeln!(out, "volume_at = \"{}\"", source.date);
    }
    comment(
        out,
        "Hours of the evening before that are simulated and not counted. ASSUMED: make it longer than every window.",
    );
    let _ = writeln!(out, "run_in_h = {RUN_IN_H:?}");
    of_factors(out, study, source);
}

/// The slow rates of `[traffic]`.
fn of_factors(out: &mut String, study: &TrafficStudy, source: &Source) {
    let Some(shared) = shared(study) else {
        comment(out, "The models of this log do not rise and fall together: each has factors of its own, below.");
        out.push_str("slow_rate = \"none\"\n");
        return;
    };
    let scope = if study.fits.len() == 1 { "model" } else { "fleet" };
    comment(
        out,
        "How the rate departs from its curve: gamma factors that multiply, fitted to the index of dispersion of the log's \
         counts in windows of several lengths.",
    );
    if study.fits.len() > 1 {
        comment(out, "They are those of all models together, which rise and fall together.");
    }
    let slow_rates = shared.slow_rates();
    let Some((first, more)) = slow_rates.split_first() else {
        comment(out, "It does not: given the curve, counts vary no more than by chance.");
        out.push_str("slow_rate = \"none\"\n");
        return;
    };
    comment(out, &when(first));
    let _ = writeln!(out, "slow_rate = {}", factor(first, scope, source));
    if !more.is_empty() {
        list_factors(out, "more_slow_rates", more, scope, source);
    }
}

/// A list of factors, a line each.
fn list_factors(out: &mut String, key: &str, factors: &[SlowRate], scope: &str, source: &Source) {
    let _ = writeln!(out, "{key} = [");
    for slow in factors {
        let _ = writeln!(out, "  # {}\n  {},", when(slow), factor(slow, scope, source));
    }
    out.push_str("]\n");
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
/// - `curve_file`: of its own curve, where it has one; `trend`: what its growth comes from.
fn of_model(
    out: &mut String,
    (name, fit): (&str, &TrafficFit),
    how: &str,
    (curve_file, trend): (Option<&str>, Option<&Trend>),
    source: &Source,
) {
    let _ = writeln!(out, "[[models]]\nname = {}", text(name));
    if name == NAMELESS {
        comment(out, "The log names no models: this is all of it.");
    }
    comment(
        out,
        "The mean over the curve, at the level of the end of the log, without the days and hours that are marked below.",
    );
    let _ = writeln!(out, "requests_per_day = {}", digits(fit.requests_per_day, 5));
    let _ = writeln!(out, "traffic_provenance = {}", source.toml("measured", how));
    if let Some(per_week) = fit.growth_per_week {
        comment(out, &format!("The log changes by {:+.1} % a week.", 100.0 * per_week));
        let _ = writeln!(out, "growth = {}", growth(per_week, trend, how, source));
    }
    for mark in &fit.marked {
        comment(out, &marked(mark));
    }
    if let Some(curve_file) = curve_file {
        let _ = writeln!(out, "curve_file = {}", text(curve_file));
        match &fit.slow_rates()[..] {
            [] => {
                comment(out, "Given its curve, its counts vary no more than by chance.");
                out.push_str("slow_rates = []\n");
            }
            factors => {
                comment(out, "How its own rate departs from its curve, in the place of what [traffic] says.");
                list_factors(out, "slow_rates", factors, "model", source);
            }
        }
    }
    if let Some((words, process)) = process(&fit.process()) {
        comment(out, words);
        let _ = writeln!(out, "process = {process}");
    }
}

/// Growth as a scenario has it, with the interval of the trend that it comes from.
fn growth(per_week: f64, trend: Option<&Trend>, how: &str, source: &Source) -> String {
    let factor = |share: f64| digits(1.0 + share, 5);
    let interval = trend.map_or(String::new(), |trend| {
        format!("weekly_factor_low = {}, weekly_factor_high = {}, ", factor(trend.low), factor(trend.high))
    });
    let because = source.toml("derived", &format!("trend of the totals of days, weekdays apart: {how}"));
    let (weekly, date) = (factor(per_week), &source.date);
    format!("{{ weekly_factor = {weekly}, {interval}from = \"{date}\", provenance = {because} }}")
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
        Process::Closed { clients, think } => Some((
            "Clients wait for an answer, and think before they send the next request.",
            format!("{{ closed = {{ clients = {clients:.0}, think = {} }} }}", law(think)),
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
        Law::ShiftedLognormal { shift_s, .. } => {
            written("shifted_lognormal", &[("shift_s", shift_s), ("mean_s", of.mean_s()), ("cv", of.cv())])
        }
        Law::LognormalMixture { mu, sigma, first_probability } => {
            let [first, second] = [0, 1].map(|part| Law::Lognormal { mu: mu[part], sigma: sigma[part] });
            let parts = [
                ("first_mean_s", first.mean_s()),
                ("first_cv", first.cv()),
                ("second_mean_s", second.mean_s()),
                ("second_cv", second.cv()),
                ("first_probability", first_probability),
            ];
            written("lognormal_mixture", &parts)
        }
        Law::Empirical { .. } => panic!("gaps and times to think have a law of a family, not a measured table"),
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
pub(crate) fn text(value: &str) -> String {
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

mod adapters;
#[cfg(test)]
mod growing;
#[cfg(test)]
mod independent_models;
#[cfg(test)]
mod tests;
