//! What the grid tries: lists of windows, numbers and rules, and which combinations of them say what cannot be.

use fleetfront_sim::Execution;
use toml::de::DeTable;

use crate::document::{Document, join};
use crate::file::{GridBatchesFile, GridFile, ScenarioFile};
use crate::findings::Findings;
use crate::resolved::{Grid, PoolSettings};
use crate::rules::{BatchedFile, BoundsFile, ExecutionName};
use crate::rules_check::{check_batched, check_schedule, check_together};
use crate::settings::{COUNT_MAX, check_window};

/// The grid with all its lists.
pub(crate) fn grid(scenario: &ScenarioFile, strict: bool, findings: &mut Findings<'_>) -> Grid {
    let gpus: Vec<&str> = scenario.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    Grid {
        gpu_fallback: gpu_fallback(&scenario.grid, &gpus, findings),
        batched: batched(&scenario.grid, findings),
        snapshot: list("snapshot", scenario.grid.snapshot.as_ref(), findings),
        schedules: schedules(&scenario.grid, findings),
        ..numbers(&scenario.grid, strict, findings)
    }
}

/// The windows, and the numbers of containers and inputs.
fn numbers(file: &GridFile, strict: bool, findings: &mut Findings<'_>) -> Grid {
    if file.scaledown_window_s.is_empty() {
        findings.refuse("grid.scaledown_window_s", EMPTY.0, EMPTY.1);
    }
    for (index, &window) in file.scaledown_window_s.iter().enumerate() {
        let path = format!("grid.scaledown_window_s[{index}]");
        if strict {
            check_window(&path, window, findings);
        }
        if file.scaledown_window_s[..index].contains(&window) {
            findings.refuse(&path, format!("{window} stands here twice"), "remove one");
        }
    }
    let mut counts = |key: &str, counts: Option<&Vec<u32>>, least: f64, why: &str| {
        if counts.is_some_and(Vec::is_empty) {
            findings.refuse(&join("grid", key), EMPTY.0, EMPTY.1);
        }
        let counts = counts.cloned().unwrap_or_default();
        for (index, &count) in counts.iter().enumerate() {
            let path = format!("grid.{key}[{index}]");
            findings.within(&path, f64::from(count), least, f64::from(COUNT_MAX), why);
            if counts[..index].contains(&count) {
                findings.refuse(&path, format!("{count} stands here twice"), "remove one");
            }
        }
        counts
    };
    let most = "no more are simulated";
    let nobody = "none serve nobody, and no more are simulated";
    Grid {
        min_containers: counts("min_containers", Some(&file.min_containers), 0.0, most),
        buffer_containers: counts("buffer_containers", file.buffer_containers.as_ref(), 0.0, most),
        max_containers: counts("max_containers", file.max_containers.as_ref(), 1.0, nobody),
        max_inputs: counts("max_inputs", file.max_inputs.as_ref(), 1.0, nobody),
        windows: file.scaledown_window_s.iter().copied().map(Findings::seconds).collect(),
        gpu_fallback: Vec::new(),
        batched: Vec::new(),
        snapshot: Vec::new(),
        schedules: Vec::new(),
        pooled: Vec::new(),
    }
}

/// A list of the grid as it is written; refused where it is empty or says the same twice.
fn list<T: Clone + PartialEq>(key: &str, written: Option<&Vec<T>>, findings: &mut Findings<'_>) -> Vec<T> {
    let path = join("grid", key);
    let Some(values) = written else { return Vec::new() };
    if values.is_empty() {
        findings.refuse(&path, EMPTY.0, EMPTY.1);
    }
    for (index, value) in values.iter().enumerate() {
        if values[..index].contains(value) {
            findings.refuse(&format!("{path}[{index}]"), "this stands here twice", "remove one");
        }
    }
    values.clone()
}

fn gpu_fallback(file: &GridFile, gpus: &[&str], findings: &mut Findings<'_>) -> Vec<Vec<String>> {
    let ranked = list("gpu_fallback", file.gpu_fallback.as_ref(), findings);
    for (index, names) in ranked.iter().enumerate() {
        for (place, name) in names.iter().enumerate() {
            let path = format!("grid.gpu_fallback[{index}][{place}]");
            if findings.find(&path, "GPU", name, gpus).is_some() && names[..place].contains(name) {
                findings.refuse(&path, format!("\"{name}\" is asked already"), "name each GPU type once");
            }
        }
    }
    ranked
}

fn batched(file: &GridFile, findings: &mut Findings<'_>) -> Vec<Option<BatchedFile>> {
    let all = list("batched", file.batched.as_ref(), findings);
    let mut resolve = |(index, batches): (usize, &GridBatchesFile)| {
        let path = format!("grid.batched[{index}]");
        if *batches == GridBatchesFile::default() {
            return None;
        }
        let GridBatchesFile {
            max_batch_size: Some(max_batch_size),
            wait_ms: Some(wait_ms),
            item_share: Some(item_share),
        } = *batches
        else {
            let message = "this does not say how batches form";
            findings.refuse(&path, message, "give max_batch_size, wait_ms and item_share, or {} for no batches");
            return None;
        };
        let batched = BatchedFile { max_batch_size, wait_ms, item_share, wait_while_idle: None };
        check_batched(Some(&batched), &path, findings);
        Some(batched)
    };
    all.iter().enumerate().map(&mut resolve).collect()
}

fn schedules(file: &GridFile, findings: &mut Findings<'_>) -> Vec<Vec<BoundsFile>> {
    let all = list("schedules", file.schedules.as_ref(), findings);
    for (index, entries) in all.iter().enumerate() {
        let path = format!("grid.schedules[{index}]");
        check_schedule(entries, &path, findings);
        for (place, entry) in entries.iter().enumerate() {
            for (key, count) in
                [("min_containers", entry.min_containers), ("max_containers", entry.max_containers.unwrap_or(1))]
            {
                let why = "no more are simulated";
                findings.within(&format!("{path}[{place}].{key}"), f64::from(count), 0.0, f64::from(COUNT_MAX), why);
            }
        }
    }
    all
}

/// What settings say together that cannot be, in words; `None` where they go together. What a file says so is refused;
/// what the grid combines so is left out.
#[must_use]
pub fn contradiction(settings: &PoolSettings) -> Option<String> {
    if let Some(max) = settings.max_containers.filter(|max| settings.min_containers > *max) {
        return Some(format!("min_containers = {} is above max_containers = {max}", settings.min_containers));
    }
    let name = match settings.execution {
        Execution::Serial => ExecutionName::Serial,
        Execution::Parallel => ExecutionName::Parallel,
        Execution::Shared(_) => ExecutionName::Shared,
        Execution::Batched(_) => ExecutionName::Batched,
    };
    let nowhere = Document::new("", "", &DeTable::new());
    let mut findings = Findings { document: &nowhere, problems: Vec::new(), warnings: Vec::new() };
    check_together(settings, name, "", &mut findings);
    findings.problems.into_iter().next().map(|problem| problem.message)
}

/// What is said of an empty list.
const EMPTY: (&str, &str) = ("the grid is empty: nothing could be tried", "give one value or more");

/// Refuses to try numbers of inputs where the rules of a pool set them otherwise.
///
/// - `settings`: those of the defaults and of every pool.
pub(crate) fn check_rules<'s>(
    grid: &Grid,
    settings: impl Iterator<Item = &'s PoolSettings>,
    findings: &mut Findings<'_>,
) {
    let mut set = settings.filter(|of| of.rules.target_inputs.is_some() || of.rules.batched.is_some());
    if !grid.max_inputs.is_empty() && set.next().is_some() {
        let message = "a pool has `target_inputs` or `batched` under its rules, which go with its own max_inputs";
        findings.refuse("grid.max_inputs", message, "remove max_inputs from the grid");
    }
}

#[cfg(test)]
mod tests {
    use super::contradiction;
    use crate::Scenario;
    use crate::testing::{check, edited};

    #[test]
    fn an_empty_or_repeating_grid_is_refused() {
        let empty = "the grid is empty";
        check(
            "min_containers = [0, 1]",
            "min_containers = []",
            "[]",
            "grid.min_containers",
            empty,
            "one value or more",
        );
        check("10.0, 20.0", "2.0, 20.0", "2.0", "grid.scaledown_window_s[1]", "2 stands here twice", "remove one");
        let (old, more) = ("min_containers = [0, 1]", "min_containers = [0, 1]\n");
        for (list, value, key, message) in [
            ("buffer_containers = []", "[]", "grid.buffer_containers", empty),
            ("max_inputs = [1, 5, 1]", "1", "grid.max_inputs[2]", "1 stands here twice"),
            ("max_containers = [0]", "0", "grid.max_containers[0]", "0 is outside 1 to"),
        ] {
            let problem = crate::testing::only_problem(&edited(old, &format!("{more}{list}")));
            assert_eq!(problem.key, key);
            assert!(problem.message.contains(message), "{list}: {problem}, {value}");
        }
    }

    #[test]
    fn inputs_that_rules_set_are_not_tried() {
        let files = edited("min_containers = [0, 1]", "min_containers = [0, 1]\nmax_inputs = [1, 5]");
        let scenario = Scenario::load(&files).expect("no problems");
        assert_eq!(scenario.grid.max_inputs, [1, 5]);
        let text = files
            .text("scenario.toml")
            .expect("it is there")
            .replace("gpu = \"T4\"", "gpu = \"T4\"\nrules = { target_inputs = 2 }");
        let problem = crate::testing::only_problem(&files.with("scenario.toml", &text));
        assert_eq!(problem.key, "grid.max_inputs");
    }

    #[test]
    fn lists_of_rules_are_read_and_checked() {
        let old = "min_containers = [0, 1]";
        let more = |line: &str| edited(old, &format!("{old}\n{line}"));
        let grid = |line: &str| Scenario::load(&more(line)).expect("no problems").grid;
        assert_eq!(grid("gpu_fallback = [[], [\"L40S\", \"H100\"]]").gpu_fallback[1], ["L40S", "H100"]);
        let batched = grid("batched = [{}, { max_batch_size = 4, wait_ms = 50, item_share = 0.2 }]").batched;
        assert_eq!((batched[0].clone(), batched[1].as_ref().map(|b| b.max_batch_size)), (None, Some(4)));
        let schedules = grid("schedules = [[], [{ at = \"08:00\", min_containers = 1 }]]").schedules;
        assert_eq!((schedules[0].len(), schedules[1][0].min_containers), (0, 1));
        for (line, key, message) in [
            ("gpu_fallback = [[\"L4O\"]]", "grid.gpu_fallback[0][0]", "no GPU \"L4O\""),
            ("gpu_fallback = [[\"L4\", \"L4\"]]", "grid.gpu_fallback[0][1]", "is asked already"),
            ("gpu_fallback = []", "grid.gpu_fallback", "the grid is empty"),
            ("gpu_fallback = [[], []]", "grid.gpu_fallback[1]", "stands here twice"),
            ("batched = [{ max_batch_size = 4 }]", "grid.batched[0]", "does not say how batches form"),
            (
                "batched = [{ max_batch_size = 0, wait_ms = 50, item_share = 0.2 }]",
                "grid.batched[0].max_batch_size",
                "0 is outside 1 to 1000",
            ),
            ("snapshot = [true]", "grid.snapshot", "no model has a memory snapshot"),
            ("schedules = [[{ at = \"8\", min_containers = 1 }]]", "grid.schedules[0][0].at", "is no time of the day"),
            (
                "schedules = [[{ at = \"08:00\", min_containers = 99999 }]]",
                "grid.schedules[0][0].min_containers",
                "99999 is outside 0 to 10000",
            ),
        ] {
            let problem = crate::testing::only_problem(&more(line));
            assert_eq!(problem.key, key, "{problem}");
            assert!(problem.message.contains(message), "{line}: {problem}");
            assert!(problem.line.is_some() && !problem.help.is_empty(), "{problem}");
        }
    }

    /// What `[defaults]` may not say, the grid may not combine.
    #[test]
    fn contradictions_are_those_of_a_file() {
        let mut settings = crate::testing::default_scenario().defaults;
        assert_eq!(contradiction(&settings), None);
        (settings.min_containers, settings.max_containers) = (2, Some(1));
        assert!(contradiction(&settings).is_some_and(|why| why == "min_containers = 2 is above max_containers = 1"));
        (settings.min_containers, settings.buffer_containers) = (0, 1);
        assert!(contradiction(&settings).is_some_and(|why| why.contains("the buffer would never be complete")));
    }
}
