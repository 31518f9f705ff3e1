//! Pool settings: those of `[defaults]`, and what a pool says instead.

use crate::document::join;
use crate::file::{PoolFile, SettingsFile};
use crate::findings::Findings;
use crate::resolved::PoolSettings;
use crate::rules::{ExecutionName, Rules};
use crate::rules_check;

/// Scaledown windows that the platform accepts, in seconds (Modal documentation, read 2026-11).
pub(crate) const WINDOW_S: (f64, f64) = (2.0, 3600.0);
/// Above this the platform warns, in seconds (Modal documentation, read 2026-11).
const WINDOW_WARNED_S: f64 = 1200.0;
/// Execution timeouts that the platform accepts, in seconds: to one day (Modal documentation, read 2026-11).
const TIMEOUT_S: (f64, f64) = (1.0, 86_400.0);
/// Longest window or timeout where the platform's limits are lifted, in seconds: a year.
const SECONDS_MAX: f64 = 365.0 * 86_400.0;
/// Most containers, inputs or retries that a setting may ask for: a limit of this simulation, against typing errors.
pub(crate) const COUNT_MAX: u32 = 10_000;

/// The settings of `[defaults]`.
///
/// - `window_s`: the platform's default window, where a preset has one.
pub(crate) fn defaults(
    file: &SettingsFile,
    window_s: Option<f64>,
    strict: bool,
    findings: &mut Findings<'_>,
) -> PoolSettings {
    let window_s = file.scaledown_window_s.or(window_s).unwrap_or_else(|| {
        let help = "add `scaledown_window_s = ...`: how long an idle container stays, in seconds";
        findings.refuse("defaults.scaledown_window_s", "`scaledown_window_s` is missing", help);
        WINDOW_S.0
    });
    let settings = PoolSettings {
        min_containers: file.min_containers,
        max_containers: file.max_containers,
        buffer_containers: file.buffer_containers,
        scaledown_window: Findings::seconds(window_s),
        max_inputs: file.max_inputs,
        execution: file.execution.execution(&file.rules),
        timeout: Findings::seconds(file.timeout_s),
        retries: file.retries,
        rules: file.rules.clone(),
    };
    rules_check::check(&settings.rules, "defaults.rules", strict, findings);
    rules_check::check_together(&settings, file.execution, "defaults", findings);
    check_no_names(&file.rules, findings);
    check(&settings, "defaults", strict, findings);
    settings
}

/// Fallback names a pool of one allocation, or GPU types of one pool: no default can. Nor what is said of it.
fn check_no_names(rules: &Rules, findings: &mut Findings<'_>) {
    for (key, is_given) in [
        ("fallback", rules.fallback.is_some()),
        ("gpu_fallback", rules.gpu_fallback.is_some()),
        ("gpu_wait_s", rules.gpu_wait_s.is_some()),
    ] {
        if is_given {
            let message = format!("`{key}` cannot hold for every pool");
            findings.refuse(&join("defaults.rules", key), message, "write it in the rules of the pools that it is for");
        }
    }
}

/// The settings of a pool at `path`: what it leaves out is taken from `defaults`.
pub(crate) fn of_pool(
    pool: &PoolFile,
    defaults: (&PoolSettings, ExecutionName),
    strict: bool,
    path: &str,
    findings: &mut Findings<'_>,
) -> PoolSettings {
    let (defaults, execution) = (defaults.0, pool.execution.unwrap_or(defaults.1));
    let rules = pool.rules.clone().or(&defaults.rules);
    let settings = PoolSettings {
        min_containers: pool.min_containers.unwrap_or(defaults.min_containers),
        max_containers: pool.max_containers.or(defaults.max_containers),
        buffer_containers: pool.buffer_containers.unwrap_or(defaults.buffer_containers),
        scaledown_window: pool.scaledown_window_s.map_or(defaults.scaledown_window, Findings::seconds),
        max_inputs: pool.max_inputs.unwrap_or(defaults.max_inputs),
        execution: execution.execution(&rules),
        timeout: pool.timeout_s.map_or(defaults.timeout, Findings::seconds),
        retries: pool.retries.unwrap_or(defaults.retries),
        rules,
    };
    rules_check::check(&pool.rules, &join(path, "rules"), strict, findings);
    if pool.rules.gpu_wait_s.is_some() && settings.rules.gpu_fallback.as_ref().is_none_or(Vec::is_empty) {
        let message = "there is no other GPU type to wait before";
        findings.refuse(&join(path, "rules.gpu_wait_s"), message, "add gpu_fallback = [...], or remove gpu_wait_s");
    }
    // What is inherited as a whole was checked where it is written.
    let counts = [pool.min_containers, pool.max_containers, pool.buffer_containers, pool.max_inputs, pool.retries];
    let own = counts.iter().any(Option::is_some) || pool.scaledown_window_s.is_some();
    if own || pool.execution.is_some() || !pool.rules.is_none() {
        rules_check::check_together(&settings, execution, path, findings);
    }
    check(&settings, path, strict, findings);
    settings
}

/// Checks what is written at `path`; what is inherited was checked where it is written.
fn check(settings: &PoolSettings, path: &str, strict: bool, findings: &mut Findings<'_>) {
    let counts = [
        ("min_containers", settings.min_containers),
        ("max_containers", settings.max_containers.unwrap_or(0)),
        ("buffer_containers", settings.buffer_containers),
        ("max_inputs", settings.max_inputs),
        ("retries", settings.retries),
    ];
    for (key, count) in counts {
        if findings.document.has(&join(path, key)) && count > COUNT_MAX {
            let message = format!("{count} is more than {COUNT_MAX}, the most that is simulated");
            findings.refuse(&join(path, key), message, format!("give {COUNT_MAX} or less"));
        }
    }
    for (key, count) in [("max_containers", settings.max_containers), ("max_inputs", Some(settings.max_inputs))] {
        if findings.document.has(&join(path, key)) && count == Some(0) {
            findings.refuse(&join(path, key), format!("with {key} = 0 no request is ever served"), "give 1 or more");
        }
    }
    check_bounds(settings, path, findings);
    let (window, timeout) = (join(path, "scaledown_window_s"), join(path, "timeout_s"));
    if !strict {
        for (path, seconds) in [(&window, settings.scaledown_window.get()), (&timeout, settings.timeout.get())] {
            findings.within(path, seconds, 0.0, SECONDS_MAX, "a limit of this simulation, against typing errors");
        }
        return;
    }
    if findings.document.has(&window) {
        check_window(&window, settings.scaledown_window.get(), findings);
    }
    if findings.document.has(&timeout) {
        findings.within(&timeout, settings.timeout.get(), TIMEOUT_S.0, TIMEOUT_S.1, "the platform accepts no other");
    }
}

fn check_bounds(settings: &PoolSettings, path: &str, findings: &mut Findings<'_>) {
    let Some(max) = settings.max_containers else { return };
    let written = ["min_containers", "max_containers"].map(|key| join(path, key));
    if let Some(place) = written.iter().find(|place| findings.document.has(place))
        && settings.min_containers > max
    {
        let message = format!("min_containers = {} is above max_containers = {max}", settings.min_containers);
        findings.refuse(place, message, "lower min_containers or raise max_containers");
    }
}

pub(crate) fn check_window(path: &str, window_s: f64, findings: &mut Findings<'_>) {
    findings.within(path, window_s, WINDOW_S.0, WINDOW_S.1, "the platform accepts no other");
    if window_s > WINDOW_WARNED_S && window_s <= WINDOW_S.1 {
        findings.warn(path, &format!("{window_s} s is accepted, but the platform warns above {WINDOW_WARNED_S} s"));
    }
}

#[cfg(test)]
mod tests {
    use crate::Scenario;
    use crate::testing::{check, edited};

    #[test]
    fn windows_outside_the_platform_s_range_are_refused() {
        let key = "defaults.scaledown_window_s";
        for window in ["1", "3601", "0"] {
            let new = format!("scaledown_window_s = {window}\n#");
            let message = format!("{window} is outside 2 to 3600");
            check("scaledown_window_s = 300.0", &new, window, key, &message, "give 2 to 3600");
        }
        let key = "grid.scaledown_window_s[0]";
        check("[2.0, 10.0", "[1.0, 10.0", "1.0", key, "1 is outside 2 to 3600", "give 2 to 3600");
    }

    #[test]
    fn long_windows_are_warned_about() {
        let warnings = |window: &str| {
            let files = edited("scaledown_window_s = 300.0", &format!("scaledown_window_s = {window}"));
            let scenario = Scenario::load(&files).expect("no problems");
            scenario.warnings.into_iter().filter(|words| words.contains("scaledown_window_s")).collect::<Vec<_>>()
        };
        assert_eq!(warnings("1200"), Vec::<String>::new());
        let words = warnings("1201");
        assert!(words[0].starts_with("scenario.toml:"), "{words:?}");
        assert!(words[0].ends_with("1201 s is accepted, but the platform warns above 1200 s"), "{words:?}");
    }

    #[test]
    fn pools_that_could_serve_nothing_are_refused() {
        let never = "no request is ever served";
        check("max_inputs = 5", "max_inputs = 0", "0", "defaults.max_inputs", never, "give 1 or more");
        let new = "gpu = \"T4\"\nmax_containers = 0";
        check("gpu = \"T4\"", new, "0", "allocations[1].pools[0].max_containers", never, "give 1 or more");
    }

    #[test]
    fn bounds_hold_between_what_is_written_and_what_is_inherited() {
        let message = "min_containers = 2 is above max_containers = 1";
        let new = "min_containers = 2\nmax_containers = 1";
        check("min_containers = 0", new, "2", "defaults.min_containers", message, "raise max_containers");
        let text = crate::testing::edited_text(
            "scenario.toml",
            "min_containers = 0",
            "min_containers = 0\nmax_containers = 1",
        );
        let text = text.replacen("gpu = \"T4\"", "gpu = \"T4\"\nmin_containers = 2", 1);
        let problem = crate::testing::only_problem(&crate::Files::embedded().with("scenario.toml", &text));
        assert_eq!(
            (problem.key.as_str(), problem.message.as_str()),
            ("allocations[1].pools[0].min_containers", message)
        );
    }

    #[test]
    fn timeouts_and_counts_have_limits() {
        for timeout in ["0.5", "86401"] {
            let new = format!("timeout_s = {timeout}\n#");
            let message = format!("{timeout} is outside 1 to 86400");
            check("timeout_s = 1800.0", &new, timeout, "defaults.timeout_s", &message, "give 1 to 86400");
        }
        check("retries = 0", "retries = 10001", "10001", "defaults.retries", "more than 10000", "give 10000 or less");
    }

    #[test]
    fn fallback_is_no_default() {
        let (message, help) = ("cannot hold for every pool", "write it in the rules of the pools");
        let new = "retries = 0\nrules = { gpu_fallback = [\"L4\"] }";
        check("retries = 0", new, "[\"L4\"]", "defaults.rules.gpu_fallback", message, help);
        let new = "retries = 0\nrules = { gpu_wait_s = 5 }";
        check("retries = 0", new, "5", "defaults.rules.gpu_wait_s", message, help);
        let new = "retries = 0\nrules = { fallback = { pool = \"flux\", on_failure = true } }";
        check("retries = 0", new, "{ pool", "defaults.rules.fallback", message, help);
    }

    #[test]
    fn there_is_no_wait_before_gpu_types_that_are_not_listed() {
        let (message, help) = ("there is no other GPU type to wait before", "add gpu_fallback = [...]");
        for none in ["", "gpu_fallback = [], "] {
            let new = format!("gpu = \"L40S\"\nrules = {{ {none}gpu_wait_s = 5 }}");
            let key = "allocations[0].pools[0].rules.gpu_wait_s";
            check("gpu = \"L40S\"", &new, "5", key, message, help);
        }
    }

    #[test]
    fn a_pool_overrides_and_inherits() {
        let files = edited("gpu = \"T4\"", "gpu = \"T4\"\nscaledown_window_s = 60\nmin_containers = 1\nretries = 2");
        let scenario = Scenario::load(&files).expect("no problems");
        let settings = &scenario.allocations[1].pools[0].settings;
        assert_eq!((settings.min_containers, settings.retries, settings.max_inputs), (1, 2, 5));
        assert_eq!((settings.scaledown_window.get(), settings.timeout.get()), (60.0, 1800.0));
        assert_eq!(scenario.allocations[1].pools[1].settings, scenario.defaults);
    }
}
