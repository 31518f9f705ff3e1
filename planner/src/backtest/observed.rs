//! What was observed: the requests of a log, each with what the log says of how it was served.

use std::collections::BTreeMap;
use std::io::{self, BufRead};

use fleetfront_scenario::Scenario;
use fleetfront_workloads::{Entry, LogOptions, LogSummary, read_sorted};

use super::BacktestError;
use super::refused::{in_one_zone, is_empty_list, known_endings, possible};
use super::starts::{repeated, tell_once};

/// Most requests of a log: each takes some 90 bytes, and every draw meets those of the second part.
const REQUESTS_MAX: usize = 5_000_000;
/// Stamps as fine as this tell requests apart: two that are equal in everything are one that was written twice.
const TELLS_APART_NS: i64 = 1_000_000;
/// Times so many times longer than in the slowest cell that the scenario knows, or shorter than in the fastest, are asked
/// about: a thousand would be milliseconds. What ends at once, as calls that find their answer made, may be very short.
const UNIT_RATIOS: (f64, f64) = (30.0, 200.0);
/// Fewest times from which a unit is told.
const UNIT_MIN: usize = 5;
/// What a log without a column for models calls its only one.
const NAMELESS: &str = "";

/// A request as a log shows it. `None` is what the log does not say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SeenRequest {
    /// When it arrived, in nanoseconds since 1970.
    pub at_ns: i64,
    /// Its place among [`Observed::models`].
    pub model: usize,
    /// Seconds from its arrival to its execution.
    pub wait_s: Option<f64>,
    /// Seconds that it executed.
    pub executed_s: Option<f64>,
    /// Seconds that its container took to start, where it was not up.
    pub startup_s: Option<f64>,
    /// Its container.
    pub container: Option<u32>,
    /// Whether it succeeded.
    pub is_ok: Option<bool>,
}

/// A log of requests in the order of their arrivals.
#[derive(Debug, Clone, PartialEq)]
pub struct Observed {
    /// Its name, as answers quote it.
    pub name: String,
    /// Names of the models, in the order of their first requests.
    pub models: Vec<String>,
    /// Models that somebody said it is of; empty where nobody did.
    pub only: Vec<String>,
    /// In order of arrival.
    pub requests: Vec<SeenRequest>,
    /// All stamps are multiples of so many nanoseconds.
    pub resolution_ns: i64,
    /// What was repaired in the log or assumed.
    pub remarks: Vec<String>,
}

/// What a log says of its requests.
#[expect(clippy::struct_excessive_bools, reason = "columns that are there or not, each by itself")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Says {
    pub(crate) waits: bool,
    pub(crate) executions: bool,
    pub(crate) startups: bool,
    pub(crate) containers: bool,
    pub(crate) endings: bool,
}

impl Observed {
    /// Reads a log.
    ///
    /// - `open`: opens it from its beginning; is called twice or more.
    /// - `file`: its name in errors; `name`: in answers.
    /// - `served_as`: which model of the scenario a name of the log stands for; others stand for themselves. Where there are
    ///   any, the log is of these models and of those that it has.
    ///
    /// # Errors
    /// [`BacktestError`] when it cannot be read, counts requests instead of telling them apart, or has too many.
    pub fn read<B: BufRead>(
        mut open: impl FnMut() -> io::Result<B>,
        (file, name): (&str, &str),
        options: &LogOptions,
        served_as: &[(String, String)],
    ) -> Result<Self, BacktestError> {
        // A source that cannot be opened is told below.
        if open().is_ok_and(is_empty_list) {
            let what = format!("{file}: is an empty list and holds no calls");
            return Err(BacktestError::unfit(what, "give the calls of a period that has some"));
        }
        let mut reading = Reading { served_as, ..Reading::default() };
        let summary = read_sorted(open, file, options, |entry| reading.add(entry))?;
        reading.finish((file, name), &summary, options.wrong_share_max)
    }

    /// What any of its requests says.
    pub(crate) fn says(&self) -> Says {
        let any = |says: fn(&SeenRequest) -> bool| self.requests.iter().any(says);
        Says {
            waits: any(|request| request.wait_s.is_some()),
            executions: any(|request| request.executed_s.is_some()),
            startups: any(|request| request.startup_s.is_some()),
            containers: any(|request| request.container.is_some()),
            endings: any(|request| request.is_ok.is_some()),
        }
    }
}

/// A log that is being read.
#[derive(Debug, Default)]
struct Reading<'a> {
    served_as: &'a [(String, String)],
    requests: Vec<SeenRequest>,
    models: Vec<String>,
    model_numbers: BTreeMap<String, usize>,
    containers: BTreeMap<String, u32>,
    /// The line of the first entry that stands for other than one request.
    counted: Option<u64>,
    are_too_many: bool,
}

impl Reading<'_> {
    fn add(&mut self, entry: &Entry<'_>) {
        self.are_too_many |= self.requests.len() == REQUESTS_MAX;
        if entry.requests != 1 {
            self.counted = self.counted.or(Some(entry.line));
        }
        if self.are_too_many || self.counted.is_some() {
            return;
        }
        let model = self.model(entry.model);
        let next = self.containers.len() as u32;
        let container = (!entry.container.is_empty())
            .then(|| self.containers.get(entry.container).copied())
            .map(|known| known.unwrap_or_else(|| *self.containers.entry(entry.container.to_owned()).or_insert(next)));
        self.requests.push(SeenRequest {
            at_ns: entry.at_ns,
            model,
            wait_s: entry.wait_s,
            executed_s: entry.duration_s,
            // The platform writes 0 for containers that were up.
            startup_s: entry.startup_s.filter(|seconds| *seconds > 0.0),
            container,
            is_ok: entry.is_ok,
        });
    }

    fn model(&mut self, name: &str) -> usize {
        if let Some(number) = self.model_numbers.get(name) {
            return *number;
        }
        let alias = self.served_as.iter().find(|(written, _)| written == name);
        let model = alias.map_or(name, |(_, model)| model);
        let number = self.models.iter().position(|known| known == model).unwrap_or(self.models.len());
        if number == self.models.len() {
            self.models.push(model.to_owned());
        }
        self.model_numbers.insert(name.to_owned(), number);
        number
    }

    fn finish(
        self,
        (file, name): (&str, &str),
        summary: &LogSummary,
        wrong_share_max: f64,
    ) -> Result<Observed, BacktestError> {
        if let Some(line) = self.counted {
            let what = format!("{file}:{line}: stands for several requests, or for none");
            return Err(BacktestError::unfit(what, "give a log with a line for each request"));
        }
        if self.are_too_many {
            let what = format!("{file}: has more than {REQUESTS_MAX} requests");
            return Err(BacktestError::unfit(what, "give a log of fewer days"));
        }
        possible(file, summary)?;
        in_one_zone(file, summary)?;
        known_endings(file, summary, wrong_share_max)?;
        let mut requests = self.requests;
        let before = requests.len();
        if summary.resolution_ns <= TELLS_APART_NS {
            requests.dedup();
        }
        let twice = before - requests.len();
        // What equals the line before it is counted once here, and not kept.
        let duplicates = summary.duplicates.saturating_sub(twice as u64);
        let mut remarks = LogSummary { duplicates, ..summary.clone() }.remarks();
        if twice > 0 {
            remarks.push(format!("{twice} requests that come twice, equal in every column, are counted once"));
        }
        if summary.is_zone_assumed {
            let zone = &summary.zone;
            remarks.push(format!(
                "stamps name no zone and were taken as {zone}; --zone (or zone under [log]) says which clock wrote them"
            ));
        }
        let repeats = tell_once(&mut requests);
        if repeats > 0 {
            remarks.push(format!(
                "{repeats} starts on later calls of a container that had started are left out: it starts once"
            ));
        }
        remarks.extend(repeated(&requests, &self.models).into_iter().map(|model| {
            let model = if model == NAMELESS { String::new() } else { format!(" of {model}") };
            format!(
                "nearly every call{model} tells the same start as the one before it: where a log repeats a container's start \
                 on each of its calls, boots are counted too often; --container names the column that tells containers apart"
            )
        }));
        Ok(Observed {
            name: name.to_owned(),
            models: self.models,
            only: self.served_as.iter().map(|(_, model)| model.clone()).collect(),
            requests,
            resolution_ns: summary.resolution_ns,
            remarks,
        })
    }
}

impl Observed {
    /// The place in a scenario of each of its models, whose executions and boots are in seconds.
    ///
    /// # Errors
    /// [`BacktestError`] with the first model that the scenario does not have, or whose times are in another unit.
    pub(crate) fn models_in(&self, scenario: &Scenario) -> Result<Vec<usize>, BacktestError> {
        let names: Vec<&str> = scenario.models.iter().map(|model| model.name.as_str()).collect();
        let places = self.places(&names)?;
        self.in_seconds(scenario, &places)?;
        Ok(places)
    }

    /// The place in a scenario of each of its models.
    ///
    /// - `names`: those of the scenario.
    ///
    /// # Errors
    /// [`BacktestError`] with the first model that the scenario does not have.
    fn places(&self, names: &[&str]) -> Result<Vec<usize>, BacktestError> {
        let place = |model: &String| {
            if let Some(place) = names.iter().position(|name| name == model) {
                return Ok(place);
            }
            if model == NAMELESS && names.len() == 1 && self.models.len() == 1 {
                return Ok(0);
            }
            let known = names.join(", ");
            let (what, mend) = if model == NAMELESS {
                let what = format!("{}: has requests without a model, and the scenario several models", self.name);
                (what, "say which column names it, as with --model, or give a scenario with one model".to_owned())
            } else {
                let meant = fleetfront_scenario::nearest(model, names.iter().copied());
                let meant = meant.map_or(String::new(), |meant| format!("did you mean \"{meant}\"? "));
                let what = format!("{}: the scenario has no model \"{model}\"", self.name);
                (what, format!("{meant}It has {known}; --serves {model}=MODEL says which of them it is"))
            };
            Err(BacktestError::unfit(what, mend))
        };
        self.models.iter().map(place).collect()
    }

    /// Refuses executions and boots that are far longer, or shorter, than any the scenario knows of their model: times in
    /// another unit are no drift.
    ///
    /// - `places`: of its models in the scenario.
    ///
    /// # Errors
    /// [`BacktestError`] with the first model whose times are in another unit.
    fn in_seconds(&self, scenario: &Scenario, places: &[usize]) -> Result<(), BacktestError> {
        for (own, place) in places.iter().enumerate() {
            let model = &scenario.models[*place];
            let of_model = || self.requests.iter().filter(|request| request.model == own);
            let cells = (0..model.variants.len()).flat_map(|v| (0..scenario.gpus.len()).map(move |gpu| (v, gpu)));
            let service: Vec<f64> = cells.filter_map(|(variant, gpu)| model.mean_service_s(variant, gpu)).collect();
            let cells = model.variants.iter().flat_map(|variant| &variant.cells);
            let boots: Vec<f64> = cells.filter_map(|cell| Some(cell.boot.as_ref()?.law.mean_s())).collect();
            let executed = of_model().filter_map(|request| request.executed_s).collect();
            self.one_unit(("executions", &model.name), executed, &service)?;
            let started = of_model().filter_map(|request| request.startup_s).collect();
            self.one_unit(("boots", &model.name), started, &boots)?;
        }
        Ok(())
    }

    /// - `means`: what the scenario knows, in seconds.
    fn one_unit(&self, (what, model): (&str, &str), mut seconds: Vec<f64>, means: &[f64]) -> Result<(), BacktestError> {
        seconds.retain(|seconds| *seconds > 0.0);
        if seconds.len() < UNIT_MIN || means.is_empty() {
            return Ok(());
        }
        seconds.sort_by(f64::total_cmp);
        let median = seconds[seconds.len() / 2];
        let longest = means.iter().copied().fold(0.0, f64::max);
        let shortest = means.iter().copied().fold(f64::INFINITY, f64::min);
        if median <= UNIT_RATIOS.0 * longest && median >= shortest / UNIT_RATIOS.1 {
            return Ok(());
        }
        let name = &self.name;
        let said = format!(
            "{name}: {what} of \"{model}\" take {median:.3} s in the median, and the scenario knows {shortest:.3} to \
             {longest:.3} s: is that another unit?"
        );
        Err(BacktestError::unfit(said, format!("write seconds, or mend the times of {what} in the scenario")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, served_as: &[(String, String)]) -> Result<Observed, BacktestError> {
        Observed::read(|| Ok(text.as_bytes()), ("log.csv", "log.csv"), &LogOptions::default(), served_as)
    }

    #[test]
    fn a_log_is_kept_request_by_request_in_order() {
        let text = "created_at,model,started_at,duration_s,status,container_id,startup_s\n\
                    2026-01-05 00:00:09,b,2026-01-05 00:00:09,2,failed,c1,0\n\
                    2026-01-05 00:00:00,a,2026-01-05 00:00:08,3,ok,c1,7.5\n";
        let observed = read(text, &[("b".to_owned(), "bee".to_owned())]).expect("a log");
        assert_eq!(observed.models, ["a", "bee"]);
        let [first, second] = observed.requests[..] else { panic!("two requests") };
        assert_eq!(
            (first.wait_s, first.startup_s, first.container, first.is_ok),
            (Some(8.0), Some(7.5), Some(0), Some(true))
        );
        assert_eq!((second.wait_s, second.startup_s, second.container), (Some(0.0), None, Some(0)));
        assert_eq!((second.executed_s, second.is_ok, second.model), (Some(2.0), Some(false), 1));
        let Says { waits, executions, startups, containers, endings } = observed.says();
        assert!(waits && executions && startups && containers && endings);
        let plain = read("time\n2026-01-05 00:00:00\n", &[]).expect("a log");
        assert!(!plain.says().waits && !plain.says().executions && !plain.says().endings);
    }

    #[test]
    fn an_empty_list_is_said_to_hold_no_calls() {
        for text in ["[]", " [\n]\n"] {
            let said = read(text, &[]).expect_err("no calls").to_string();
            assert!(said.contains("is an empty list and holds no calls"), "{said}");
        }
        assert!(!read("[1]", &[]).expect_err("no log").to_string().contains("empty list"));
    }

    #[test]
    fn what_was_written_twice_is_counted_once() {
        let line = |at: &str, s: f64| format!("2026-01-05 00:00:{at},{s}\n");
        let once = line("00.123456", 2.5) + &line("07.654321", 2.5);
        let twice = read(&format!("time,duration_s\n{once}{once}"), &[]).expect("a log");
        assert_eq!(twice.requests.len(), 2);
        assert!(twice.remarks.iter().any(|remark| remark.starts_with("2 requests that come twice")), "{twice:?}");
        let (first, second) = (line("00.123456", 2.5), line("07.654321", 2.5));
        let (first, second) = (first.repeat(2), second.repeat(2));
        let paired = read(&format!("time,duration_s\n{first}{second}"), &[]).expect("a log");
        assert_eq!(paired.requests.len(), 2);
        assert!(!paired.remarks.iter().any(|remark| remark.contains("kept")), "{:?}", paired.remarks);
        // Stamps of whole seconds do not tell requests apart.
        let coarse = line("00", 2.5).repeat(2) + &line("07", 3.0);
        assert_eq!(read(&format!("time,duration_s\n{coarse}"), &[]).expect("a log").requests.len(), 3);
    }

    #[test]
    fn times_in_another_unit_are_asked_about() {
        let scenario = Scenario::load(&fleetfront_scenario::Files::embedded()).expect("it is valid");
        let log = |seconds: f64| {
            let line = |k: u32| format!("2026-01-05 00:00:0{k},{seconds},flux-schnell\n");
            let text: String = std::iter::once("time,duration_s,model\n".to_owned()).chain((0..6).map(line)).collect();
            let observed = read(&text, &[]).expect("a log");
            let places = observed.places(&["flux-schnell"]).expect("it is there");
            observed.in_seconds(&scenario, &places).map_err(|error| error.to_string())
        };
        assert_eq!(log(2.5), Ok(()));
        assert_eq!(log(60.0), Ok(()), "slow, but seconds");
        assert!(log(25_000.0).expect_err("milliseconds").contains("is that another unit?"));
        assert!(log(0.0025).is_err());
        let boots = |seconds: f64| {
            let line = |k: u32| format!("2026-01-05 00:00:0{k},2.5,flux-schnell,{seconds}\n");
            let header = "time,duration_s,model,startup_s\n".to_owned();
            let text: String = std::iter::once(header).chain((0..6).map(line)).collect();
            let observed = read(&text, &[]).expect("a log");
            observed.in_seconds(
                &scenario,
                &[scenario.models.iter().position(|own| own.name == "flux-schnell").expect("it")],
            )
        };
        assert_eq!(boots(40.0).map_err(|error| error.to_string()), Ok(()));
        let said = boots(41_000.0).expect_err("milliseconds").to_string();
        assert!(said.contains("boots of \"flux-schnell\" take 41000.000 s"), "{said}");
    }

    #[test]
    fn executions_that_begin_before_their_requests_are_no_sample() {
        let line = |k: u32, started: u32| format!("2026-01-05 00:00:{k:02},2026-01-05 00:00:{started:02},1\n");
        let log = |wrong: u32| {
            let lines = (10..20).map(|k| line(k, if k < 10 + wrong { k - 5 } else { k + 5 }));
            let text: String = std::iter::once("created_at,started_at,duration_s\n".to_owned()).chain(lines).collect();
            read(&text, &[])
        };
        let some = log(4).expect("a log");
        assert!(some.remarks.iter().any(|remark| remark.contains("started_at")), "{:?}", some.remarks);
        let said = log(6).expect_err("most of them").to_string();
        assert!(said.contains("log.csv:2: 6 of 10 values of `started_at` are impossible"), "{said}");
    }

    #[test]
    fn models_that_the_scenario_lacks_are_named() {
        let observed = read("time,model\n2026-01-05,flux-dve\n", &[]).expect("a log");
        let error = observed.places(&["flux-dev", "lora"]).expect_err("no such model").to_string();
        assert!(error.contains("no model \"flux-dve\"") && error.contains("did you mean \"flux-dev\"?"), "{error}");
        let nameless = read("time\n2026-01-05\n", &[]).expect("a log");
        assert_eq!(nameless.places(&["only"]).expect("the only one"), [0]);
        assert!(nameless.places(&["a", "b"]).expect_err("which?").to_string().contains("without a model"));
        let counts = read("time,count\n2026-01-05 00:00:00,3\n2026-01-05 01:00:00,1\n", &[]).expect_err("counts");
        assert!(counts.to_string().contains("log.csv:2: stands for several requests"), "{counts}");
    }

    #[test]
    fn words_for_endings_that_are_not_known_are_asked_about() {
        let line = |k: u32, status: &str| format!("2026-01-05 00:{:02}:{:02}Z,{status}\n", k / 60, k % 60);
        let log = |other: u32, all: u32| -> String {
            let lines = (0..all).map(|k| line(k, if k < other { "xyzzy" } else { "finished" }));
            std::iter::once("time,status\n".to_owned()).chain(lines).collect()
        };
        let refused = read(&log(4, 300), &[]).expect_err("words").to_string();
        assert!(
            refused.starts_with("log.csv:2: column `status`: is \"xyzzy\" a success or a failure? 4 of 300 requests"),
            "{refused}"
        );
        assert!(refused.contains("--status") && refused.contains("succeeded"), "{refused}");
        let few = read(&log(3, 300), &[]).expect("a hundredth");
        let ended: Vec<Option<bool>> = few.requests.iter().map(|of| of.is_ok).collect();
        assert_eq!((ended[2], ended[3]), (None, Some(true)));
        assert!(few.remarks[0].contains("3 x \"xyzzy\" (first in line 2)"), "{:?}", few.remarks);
    }

    #[test]
    fn zones_that_nobody_names_are_told_and_half_of_them_refused() {
        let plain = read("time\n2026-01-05 00:00:00\n", &[]).expect("a log");
        assert!(
            plain.remarks[0].starts_with("stamps name no zone and were taken as UTC; --zone"),
            "{:?}",
            plain.remarks
        );
        assert!(read("time\n2026-01-05 00:00:00Z\n", &[]).expect("a log").remarks.is_empty());
        let half = "enqueued_at,started_at\n2026-01-05T00:00:00,2026-01-05T05:00:01Z\n";
        let refused = read(half, &[]).expect_err("half").to_string();
        let said = "log.csv:2: stamps in `started_at` name their zone, and those in `enqueued_at` do not";
        assert!(refused.starts_with(said) && refused.contains("--zone"), "{refused}");
    }

    #[test]
    fn a_start_that_each_call_repeats_is_told_once() {
        let log = |container: &str| -> String {
            let lines = (0..30).map(|k| format!("2026-01-05 00:00:{k:02}Z,2026-01-05 00:00:{k:02}Z,7.5{container}\n"));
            let head = if container.is_empty() { "" } else { ",container_id" };
            std::iter::once(format!("time,started_at,startup_s{head}\n")).chain(lines).collect()
        };
        let told = read(&log(",c1"), &[]).expect("a log");
        assert_eq!(told.requests.iter().filter(|of| of.startup_s.is_some()).count(), 1);
        assert!(told.remarks[0].starts_with("29 starts on later calls of a container"), "{:?}", told.remarks);
        let nameless = read(&log(""), &[]).expect("a log");
        assert_eq!(nameless.requests.iter().filter(|of| of.startup_s.is_some()).count(), 30);
        assert!(nameless.remarks[0].starts_with("nearly every call tells the same start"), "{:?}", nameless.remarks);
    }
}
