//! A Modal app that moves the bounds of pools at times of the day: `schedule.py`.

use std::collections::BTreeMap;
use std::fmt::Write;

use fleetfront_planner::{AllocationResult, PoolResult, Study};
use fleetfront_scenario::{Clock, time_of_day};
use fleetfront_sim::PLATFORM_MAX_CONTAINERS;

use crate::PlotError;
use crate::config_py::CODING;
use crate::expectation::expectation;
use crate::python::{comments, literal};

/// Bounds by time of the day, and then by pool.
type Schedule<'a> = BTreeMap<(u64, u64), Vec<(&'a str, Bounds)>>;

/// Of a pool from a time of the day on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    min_containers: u32,
    /// `None` where no entry of the pool moves it.
    max_containers: Option<u32>,
}

/// Whether any pool has bounds that change.
pub(crate) fn has_schedule(allocation: &AllocationResult) -> bool {
    allocation.pools.iter().any(changes)
}

fn changes(pool: &PoolResult) -> bool {
    pool.settings.rules.schedule.as_ref().is_some_and(|schedule| !schedule.is_empty())
}

/// The text of the script.
///
/// # Errors
/// [`PlotError::CannotRun`] when the allocation cannot run, [`PlotError::NoSchedule`] when its bounds never change.
pub(crate) fn schedule_py(study: &Study, allocation: &AllocationResult) -> Result<String, PlotError> {
    PlotError::unless_it_runs(allocation)?;
    let schedule = schedule(allocation);
    if schedule.is_empty() {
        return Err(PlotError::NoSchedule { name: allocation.name.clone() });
    }
    let mut out = header(study, allocation);
    out.push_str("\nimport datetime\nimport zoneinfo\n\nimport modal\n");
    out.push_str("\n# Your deployed app, and the class in it that is each pool. CHANGE BOTH to your own names.\n");
    let _ = writeln!(out, "APP_NAME = {}\nCLASS_NAMES = {{", literal(&study.scenario));
    for pool in allocation.pools.iter().filter(|pool| changes(pool)) {
        let name = literal(&pool.name);
        let _ = writeln!(out, "    {name}: {name},");
    }
    let clock = &study.deployment.clock;
    let _ = writeln!(out, "}}\n\n# The clock of all times below.\nTIME_ZONE = {}", literal(zone(clock)));
    out.push_str("\n# From each time of the day on: arguments of update_autoscaler, by pool.\nSCHEDULE = {\n");
    for (time, pools) in &schedule {
        let _ = writeln!(out, "    \"{}\": {{", at(*time));
        for (pool, bounds) in pools {
            let max = bounds.max_containers.map_or(String::new(), |max| format!(", \"max_containers\": {max}"));
            let name = literal(pool);
            let _ = writeln!(out, "        {name}: {{\"min_containers\": {}{max}}},", bounds.min_containers);
        }
        out.push_str("    },\n");
    }
    out.push_str("}\n");
    out.push_str(APP);
    for &(hours, minutes) in schedule.keys() {
        let time = at((hours, minutes));
        let _ = write!(
            out,
            "\n\n@app.function(schedule=modal.Cron(\"{minutes} {hours} * * *\", timezone=TIME_ZONE))\n\
             def at_{hours:02}_{minutes:02}():\n    for pool in SCHEDULE[\"{time}\"]:\n        set_bounds(pool, \"{time}\")\n"
        );
    }
    out.push_str(MAIN);
    Ok(out)
}

const APP: &str = "
app = modal.App(\"fleetfront-schedule\")


def set_bounds(pool, time):
    deployed = modal.Cls.from_name(APP_NAME, CLASS_NAMES[pool])
    deployed().update_autoscaler(**SCHEDULE[time][pool])
";

const MAIN: &str = "

def holds(pool, now):
    \"\"\"The time since when the bounds of a pool hold at \"HH:MM\".\"\"\"
    times = sorted(time for time in SCHEDULE if pool in SCHEDULE[time])
    # Before the first time of the day holds what was set last the day before.
    return max((time for time in times if time <= now), default=times[-1])


@app.local_entrypoint()
def main():
    now = datetime.datetime.now(zoneinfo.ZoneInfo(TIME_ZONE)).strftime(\"%H:%M\")
    for pool in CLASS_NAMES:
        set_bounds(pool, holds(pool, now))
";

fn header(study: &Study, allocation: &AllocationResult) -> String {
    let mut out = CODING.to_owned();
    out.push_str(
        "# Moves the bounds of pools at times of the day, with the update_autoscaler of the package modal 1.6.4.\n#\n",
    );
    let mut lines = expectation(study, allocation);
    lines.push(String::new());
    lines.push("How to use it: write your own names below, then".to_owned());
    lines.push("    modal deploy schedule.py".to_owned());
    lines.push("    modal run schedule.py     # at once, and again after every deployment of your app: a".to_owned());
    lines.push("                              # deployment takes the bounds back to those of config.py".to_owned());
    lines.extend(clock_words(&study.deployment.clock));
    comments(&mut out, "", &lines);
    out
}

/// Which clock the schedule follows, and where the traffic follows another.
fn clock_words(clock: &Clock) -> Vec<String> {
    let own = zone(clock);
    let mut lines = vec![format!("Times are told by the clock of {own}, as they were simulated.")];
    let others: Vec<&str> = clock.curve_time_zones.iter().map(String::as_str).filter(|other| *other != own).collect();
    if !others.is_empty() {
        lines.push(format!(
            "The traffic follows the clock of {}, with its offset of {}. When clocks change for the summer, the traffic \
             moves against this schedule: move the times, or run the study with another date.",
            others.join(", "),
            clock.date
        ));
    }
    if own != "UTC" {
        let warning = "In the night in which this clock is put forward, times that it skips may not run.";
        lines.push(warning.to_owned());
    }
    lines
}

/// The zone of the schedule's times: that in which results are reported.
fn zone(clock: &Clock) -> &str {
    if clock.reporting_time_zone.is_empty() { "UTC" } else { &clock.reporting_time_zone }
}

fn schedule(allocation: &AllocationResult) -> Schedule<'_> {
    let mut all = Schedule::new();
    for pool in &allocation.pools {
        for (time, bounds) in of_pool(pool) {
            all.entry(time).or_default().push((&pool.name, bounds));
        }
    }
    all
}

fn of_pool(pool: &PoolResult) -> Vec<((u64, u64), Bounds)> {
    let entries = pool.settings.rules.schedule.as_deref().unwrap_or_default();
    // `None` would leave what an earlier entry has set: where one entry moves the maximum, all have to say it.
    let moves_max = entries.iter().any(|entry| entry.max_containers.is_some());
    let own_max = pool.settings.max_containers.unwrap_or(PLATFORM_MAX_CONTAINERS);
    let bounds = |entry: &fleetfront_scenario::rules::BoundsFile| {
        let minutes = time_of_day(&entry.at)?.0 / 60_000_000_000;
        let max_containers = moves_max.then(|| entry.max_containers.unwrap_or(own_max));
        Some(((minutes / 60, minutes % 60), Bounds { min_containers: entry.min_containers, max_containers }))
    };
    entries.iter().filter_map(bounds).collect()
}

fn at((hours, minutes): (u64, u64)) -> String {
    format!("{hours:02}:{minutes:02}")
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::rules::BoundsFile;

    use super::*;
    use crate::asking_python::python;
    use crate::fixture;

    fn entry(at: &str, min_containers: u32, max_containers: Option<u32>) -> BoundsFile {
        BoundsFile { at: at.to_owned(), min_containers, max_containers }
    }

    fn scheduled() -> Study {
        let mut study = fixture::study();
        let recommended = study.allocations.last_mut().expect("a recommended one");
        recommended.pools[0].settings.rules.schedule = Some(vec![entry("08:00", 2, None), entry("22:30", 0, None)]);
        recommended.pools[1].settings.rules.schedule = Some(vec![entry("8:00", 1, Some(3)), entry("12:05", 1, None)]);
        study
    }

    fn text(study: &Study) -> String {
        schedule_py(study, study.allocations.last().expect("a recommended one")).expect("it has a schedule")
    }

    #[test]
    fn every_time_has_a_cron_in_the_zone_of_the_results() {
        let text = text(&scheduled());
        for part in [
            "TIME_ZONE = \"UTC\"\n",
            "    \"08:00\": {\n        \"flux-schnell-pool\": {\"min_containers\": 2},\n        \
             \"flux-dev-pool\": {\"min_containers\": 1, \"max_containers\": 3},\n    },\n",
            // Without a limit of its own, the platform's holds again.
            "    \"12:05\": {\n        \"flux-dev-pool\": {\"min_containers\": 1, \"max_containers\": 4000},\n    },\n",
            "@app.function(schedule=modal.Cron(\"0 8 * * *\", timezone=TIME_ZONE))\ndef at_08_00():\n",
            "modal.Cron(\"5 12 * * *\", timezone=TIME_ZONE))\ndef at_12_05():\n",
            "modal.Cron(\"30 22 * * *\", timezone=TIME_ZONE))\ndef at_22_30():\n",
            "# Times are told by the clock of UTC, as they were simulated.\n# The traffic follows the clock of \
             America/New_York, with its offset of 2026-11-23.",
        ] {
            assert!(text.contains(part), "{part:?} is missing:\n{text}");
        }
        assert_eq!(text.matches("modal.Cron(").count(), 3);
    }

    #[test]
    fn another_zone_is_named_with_its_skipped_hour() {
        let mut study = scheduled();
        study.deployment.clock.reporting_time_zone = "America/New_York".into();
        let text = text(&study);
        assert!(text.contains("TIME_ZONE = \"America/New_York\"\n") && text.contains("put forward"), "{text}");
        assert!(!text.contains("The traffic follows"), "{text}");
    }

    #[test]
    fn bounds_that_never_change_need_no_script() {
        let study = fixture::study();
        let allocation = study.allocations.last().expect("a recommended one");
        assert!(!has_schedule(allocation));
        let error = schedule_py(&study, allocation).expect_err("no schedule");
        assert!(error.to_string().contains("\"recommended\" has the same bounds all day"), "{error}");
        assert!(has_schedule(scheduled().allocations.last().expect("a recommended one")));
    }

    /// Modal is played by a module that writes down what it is asked.
    #[test]
    fn python_sets_what_holds_at_every_time() {
        let program = "
import json, sys, types
calls = []
class Deployed:
    def __init__(self, *names): self.names = names
    def __call__(self): return self
    def update_autoscaler(self, **bounds): calls.append([*self.names, bounds])
class App:
    def __init__(self, name): pass
    def function(self, schedule): return lambda f: f
    def local_entrypoint(self): return lambda f: f
modal = types.ModuleType('modal')
modal.App, modal.Cron = App, lambda cron, timezone: (cron, timezone)
modal.Cls = types.SimpleNamespace(from_name=Deployed)
sys.modules['modal'] = modal
d = {}
exec(compile(sys.stdin.buffer.read(), 'schedule.py', 'exec'), d)
d['at_08_00'](), d['at_22_30']()
first = 'flux-schnell-pool'
print(json.dumps([calls, [d['holds'](first, t) for t in ('00:00', '07:59', '08:00', '22:29', '22:30', '23:59')]]))
";
        let Some(said) = python(program, &text(&scheduled())) else { return };
        let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
        let calls = serde_json::json!([
            ["image-studio", "flux-schnell-pool", {"min_containers": 2}],
            ["image-studio", "flux-dev-pool", {"min_containers": 1, "max_containers": 3}],
            ["image-studio", "flux-schnell-pool", {"min_containers": 0}],
        ]);
        assert_eq!(said, serde_json::json!([calls, ["22:30", "22:30", "08:00", "08:00", "22:30", "22:30"]]));
    }
}
