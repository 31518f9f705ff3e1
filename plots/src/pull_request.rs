//! What a reviewer of the change has to know, on a screen of Markdown: `pull_request.md`.

use std::fmt::Write;

use fleetfront_planner::{AllocationResult, Based, CriterionResult, Judgement, Metrics, PoolResult, Role, Study};
use fleetfront_sim::Execution;

use crate::expectation::circumstances;
use crate::format::{Unit, estimate, in_unit, judgement_symbol, judgement_word, prose};
use crate::table::{Table, head, markdown, number, words};
use crate::{PlotError, RenderConfig};

/// Failed criteria, undecided ones, and assumptions: so many of each are shown, the others counted.
const CRITERIA_SHOWN: usize = 3;
const ASSUMPTIONS_SHOWN: usize = 3;
/// Letters of an assumption: the report has it whole.
const ASSUMPTION_LETTERS: usize = 160;

/// The text of the file.
///
/// # Errors
/// [`PlotError::CannotRun`] when the allocation cannot run.
pub(crate) fn pull_request(
    study: &Study,
    allocation: &AllocationResult,
    config: &RenderConfig,
) -> Result<String, PlotError> {
    PlotError::unless_it_runs(allocation)?;
    let baseline = study.allocations.iter().find(|other| other.role == Role::Baseline);
    let baseline = baseline.filter(|baseline| baseline.name != allocation.name);
    let mut out = format!("## GPU fleet: {}\n\n", markdown(&allocation.name));
    let _ = writeln!(out, "**{}**\n", markdown(&prose(&verdict(study, allocation))));
    match baseline {
        Some(baseline) => {
            let _ = writeln!(
                out,
                "Changes against {}, all settings:\n\n{}",
                markdown(&baseline.name),
                changes(baseline, allocation)
            );
        }
        None => out.push_str("It is what others are compared with: nothing changes.\n\n"),
    }
    let simulated = markdown(&study.basis().words());
    let _ = writeln!(
        out,
        "Expected, {simulated} (95 % intervals hold luck, not wrong inputs):\n\n{}",
        expected(baseline, allocation)
    );
    criteria(&mut out, &allocation.criteria, &simulated);
    assumptions(&mut out, &study.assumptions);
    reproduce(&mut out, study, &config.command);
    Ok(out)
}

/// The answer in a sentence: the study's own where it has one about this allocation.
fn verdict(study: &Study, allocation: &AllocationResult) -> String {
    if allocation.name == study.recommendation.allocation {
        return study.recommendation.words();
    }
    if allocation.name == study.verdict.allocation {
        return study.verdict.headline.clone();
    }
    let cost = allocation.results.as_ref().map(|results| estimate(results.fleet.cost_usd_month, Unit::Usd));
    let cost = cost.map_or("has no results in the study".to_owned(), |cost| format!("costs {cost} a month"));
    let counts = counts(&allocation.criteria);
    format!("\"{}\" {cost}; criteria: {}.", allocation.name, if counts.is_empty() { "none" } else { &counts })
}

/// What is set for an endpoint, and how it is read.
type Setting = (&'static str, fn(&PoolResult, &str) -> String);

const SETTINGS: [Setting; 11] = [
    ("GPU", |pool, _| gpu(pool)),
    ("variant", |pool, model| {
        pool.models.iter().find(|(name, _)| name == model).map_or(String::new(), |(_, variant)| variant.clone())
    }),
    ("pool", |pool, model| {
        let others = pool.models.iter().map(|(name, _)| name.as_str()).filter(|name| *name != model);
        let others: Vec<&str> = others.collect();
        if others.is_empty() { "alone".to_owned() } else { format!("with {}", others.join(", ")) }
    }),
    ("window", |pool, _| format!("{} s", pool.settings.scaledown_window.get())),
    ("min", |pool, _| pool.settings.min_containers.to_string()),
    ("max", |pool, _| pool.settings.max_containers.map_or("–".to_owned(), |most| most.to_string())),
    ("buffer", |pool, _| pool.settings.buffer_containers.to_string()),
    ("inputs", |pool, _| inputs(pool)),
    ("timeout", |pool, _| format!("{} s", pool.settings.timeout.get())),
    ("retries", |pool, _| pool.settings.retries.to_string()),
    ("other rules", |pool, _| other_rules(pool)),
];
/// So many of them are shown whether they change or not.
const ALWAYS: usize = 2;

fn gpu(pool: &PoolResult) -> String {
    let gpus = pool.settings.rules.gpus_per_container.unwrap_or(1);
    let count = if gpus > 1 { format!(":{gpus}") } else { String::new() };
    let others = pool.settings.rules.gpu_fallback.iter().flatten();
    let all: Vec<String> = std::iter::once(&pool.gpu).chain(others).map(|name| format!("{name}{count}")).collect();
    all.join(", else ")
}

fn inputs(pool: &PoolResult) -> String {
    let most = pool.settings.max_inputs;
    match (&pool.settings.execution, &pool.settings.rules.batched) {
        (_, Some(batched)) => format!("batches of {}, {} ms", batched.max_batch_size, batched.wait_ms),
        (_, None) if most == 1 => "1".to_owned(),
        (Execution::Serial, None) => format!("{most}, one after another"),
        (_, None) => format!("{most} at once"),
    }
}

/// The names of rules that no other column shows.
fn other_rules(pool: &PoolResult) -> String {
    let rules = serde_json::to_value(&pool.settings.rules).unwrap_or_default();
    let shown = ["batched", "gpu_fallback", "gpus_per_container"];
    let names = rules.as_object().into_iter().flatten().map(|(name, value)| format!("{name} {value}"));
    let names: Vec<String> = names.filter(|name| !shown.iter().any(|shown| name.starts_with(shown))).collect();
    if names.is_empty() { "–".to_owned() } else { names.join(", ") }
}

/// Endpoint by endpoint, from what it is to what it will be; settings that stay for all are left out.
fn changes(from: &AllocationResult, to: &AllocationResult) -> String {
    let pool_of = |allocation: &AllocationResult, model: &str| {
        allocation.pools.iter().find(|pool| pool.models.iter().any(|(name, _)| name == model)).cloned()
    };
    let models = to.pools.iter().flat_map(|pool| pool.models.iter().map(move |(model, _)| (model, pool)));
    let before: Vec<(&String, Option<PoolResult>, &PoolResult)> =
        models.map(|(model, pool)| (model, pool_of(from, model), pool)).collect();
    let cell = |read: fn(&PoolResult, &str) -> String, row: &(&String, Option<PoolResult>, &PoolResult)| {
        let (model, from, to) = row;
        let (old, new) = (from.as_ref().map_or("–".to_owned(), |pool| read(pool, model)), read(to, model));
        if old == new { (new, false) } else { (format!("{old} → {new}"), true) }
    };
    let shown = SETTINGS
        .iter()
        .enumerate()
        .filter(|(index, (_, read))| *index < ALWAYS || before.iter().any(|row| cell(*read, row).1));
    let shown: Vec<&Setting> = shown.map(|(_, setting)| setting).collect();
    let columns: Vec<&str> = std::iter::once("endpoint").chain(shown.iter().map(|(name, _)| *name)).collect();
    let mut table = Table::new("changes", &columns);
    for row in &before {
        let cells = shown.iter().map(|(_, read)| words(cell(*read, row).0));
        table.push(std::iter::once(head(row.0.as_str())).chain(cells).collect());
    }
    table.markdown()
}

/// A line of results and how it is read.
type Line = (&'static str, fn(&Metrics) -> String);

const RESULTS: [Line; 5] = [
    ("cost a month", |m| estimate(m.cost_usd_month, Unit::Usd)),
    ("mean latency", |m| estimate(m.latency_s_mean, Unit::Seconds)),
    ("p95 latency", |m| estimate(m.latency_s_p95, Unit::Seconds)),
    ("completed", |m| estimate(m.success_rate, Unit::Share)),
    ("cold starts", |m| estimate(m.cold_start_share, Unit::Share)),
];

/// Cost, latency and success of the fleet, then cost and latency of each endpoint, before and after.
fn expected(from: Option<&AllocationResult>, to: &AllocationResult) -> String {
    let both: Vec<&AllocationResult> = from.into_iter().chain([to]).collect();
    let columns: Vec<&str> = std::iter::once("").chain(both.iter().map(|of| of.name.as_str())).collect();
    let mut table = Table::new("results", &columns);
    let mut row = |name: String, read: &dyn Fn(&AllocationResult) -> Option<String>| {
        let cells = both.iter().map(|of| number(read(of).unwrap_or("–".to_owned())));
        table.push(std::iter::once(head(name)).chain(cells).collect());
    };
    for (name, read) in RESULTS {
        row(name.to_owned(), &|of| of.results.as_ref().map(|results| read(&results.fleet)));
    }
    row("worst p95 over limit".to_owned(), &|of| {
        let worst = |results: &fleetfront_planner::AllocationMetrics| {
            format!("{} ({})", estimate(results.worst_p95_over_limit, Unit::Ratio), results.worst_model)
        };
        of.results.as_ref().map(worst)
    });
    for (model, _) in to.pools.iter().flat_map(|pool| &pool.models) {
        row(format!("{model}: cost, p95"), &|of| {
            let metrics = of.results.as_ref()?.models.iter().find(|result| result.model == *model)?;
            let (cost, p95) = (metrics.metrics.cost_usd_month, metrics.metrics.latency_s_p95);
            Some(format!("{}, {}", estimate(cost, Unit::Usd), estimate(p95, Unit::Seconds)))
        });
    }
    table.markdown()
}

/// How many of each judgement, such as "9 pass, 2 undecided, 1 fail".
fn counts(criteria: &[CriterionResult]) -> String {
    let count = |judgement| criteria.iter().filter(|criterion| criterion.judgement == judgement).count();
    let all = [Judgement::Pass, Judgement::Undecided, Judgement::Fail].map(|judgement| (count(judgement), judgement));
    let words = all.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> =
        words.map(|(count, judgement)| format!("{count} {}", judgement_word(*judgement))).collect();
    words.join(", ")
}

fn criteria(out: &mut String, criteria: &[CriterionResult], simulated: &str) {
    if criteria.is_empty() {
        out.push_str("The study holds no criteria against it.\n\n");
        return;
    }
    let _ = writeln!(out, "Criteria: {}.", counts(criteria));
    let of = |judgement| {
        let mut all: Vec<&CriterionResult> = criteria.iter().filter(|one| one.judgement == judgement).collect();
        // What decides first, in the study's order.
        all.sort_by_key(|one| one.note.starts_with("for information"));
        all
    };
    let both = [of(Judgement::Fail), of(Judgement::Undecided)];
    let shown: Vec<&CriterionResult> = both.iter().flat_map(|all| all.iter().take(CRITERIA_SHOWN)).copied().collect();
    let hidden = both.iter().map(Vec::len).sum::<usize>() - shown.len();
    let mut table = Table::new("criteria", &["criterion", "subject", "found", "judgement", "note"]);
    for one in &shown {
        table.push(vec![
            head(prose(&one.criterion)),
            words(&one.subject),
            number(in_unit(one.value, &one.unit)),
            words(format!("{} {}", judgement_symbol(one.judgement), judgement_word(one.judgement))),
            words(prose(&one.note)),
        ]);
    }
    if !shown.is_empty() {
        let _ = write!(out, "\nFound, {simulated}:\n\n{}", table.markdown());
    }
    if hidden > 0 {
        let _ = writeln!(out, "\n{hidden} more are not met for sure; report.md has them.");
    }
    out.push('\n');
}

fn assumptions(out: &mut String, assumptions: &[String]) {
    if assumptions.is_empty() {
        return;
    }
    out.push_str("Assumed, not measured:\n\n");
    for assumption in assumptions.iter().take(ASSUMPTIONS_SHOWN) {
        let is_long = assumption.chars().count() > ASSUMPTION_LETTERS;
        let shown: String = assumption.chars().take(ASSUMPTION_LETTERS).collect();
        let _ = writeln!(out, "- {}{}", markdown(shown.trim_end()), if is_long { " …" } else { "" });
    }
    if assumptions.len() > ASSUMPTIONS_SHOWN {
        let _ = writeln!(out, "- and {} more in report.md", assumptions.len() - ASSUMPTIONS_SHOWN);
    }
    out.push('\n');
}

fn reproduce(out: &mut String, study: &Study, command: &str) {
    let _ = writeln!(out, "The same numbers again:\n\n{}", code(command));
    let _ = writeln!(
        out,
        "fleetfront {}, {}; inputs (SHA-256) {}",
        markdown(&study.version),
        circumstances(study),
        markdown(&study.inputs_sha256)
    );
}

/// A block of code whose fence is longer than any in it.
fn code(text: &str) -> String {
    let line: String = text.chars().map(|c| if crate::python::is_invisible(c) { ' ' } else { c }).collect();
    let longest = line.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}sh\n{line}\n{fence}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn text_of(study: &Study, name: &str) -> String {
        let allocation = study.allocations.iter().find(|allocation| allocation.name == name).expect(name);
        let config = RenderConfig { command: "fleetfront run --seed 7".into() };
        pull_request(study, allocation, &config).expect("it can run")
    }

    fn lines<'a>(text: &'a str, begin: &str) -> Vec<&'a str> {
        text.lines().filter(|line| line.starts_with(begin)).collect()
    }

    #[test]
    fn the_change_stands_endpoint_by_endpoint() {
        let text = text_of(&fixture::study(), "recommended");
        assert!(text.starts_with("## GPU fleet: recommended\n\n**Nothing meets all criteria at once; "), "{text}");
        // All windows change, nothing but the GPU of flux-schnell besides; settings that stay are left out.
        assert_eq!(lines(&text, "| endpoint"), ["| endpoint | GPU | variant | window |"]);
        assert_eq!(lines(&text, "| flux-schnell |"), ["| flux-schnell | L40S → A10 | fp8 | 300 s → 60 s |"]);
        assert_eq!(lines(&text, "| seedvr2 |"), ["| seedvr2 | L40S | 3b | 300 s → 60 s |"]);
        assert_eq!(lines(&text, "| cost a month |").len(), 1);
        assert!(text.contains("```sh\nfleetfront run --seed 7\n```\n"), "{text}");
        assert!(text.contains("seed 7, 56 trials; facts as of 2026-11-23; inputs (SHA-256) 8d1f"), "{text}");
        assert!(text.lines().count() <= 60, "a screen: {} lines", text.lines().count());
    }

    #[test]
    fn every_judgement_is_counted_and_the_failed_ones_come_first() {
        let study = fixture::study();
        let text = text_of(&study, "recommended");
        let criteria = &study.allocations.last().expect("a recommended one").criteria;
        let count = |judgement| criteria.iter().filter(|one| one.judgement == judgement).count();
        let (pass, open, fail) = (count(Judgement::Pass), count(Judgement::Undecided), count(Judgement::Fail));
        assert!(pass > 0 && open > 0 && fail > 0 && pass + open + fail == criteria.len());
        assert!(text.contains(&format!("Criteria: {pass} pass, {open} undecided, {fail} fail.\n")), "{text}");
        let first_open = text.find("? undecided").expect("an open one");
        assert!(text.rfind("✗ fail").is_some_and(|last| last < first_open), "{text}");
    }

    #[test]
    fn an_allocation_without_a_sentence_of_the_study_gets_one() {
        let text = text_of(&fixture::study(), "all-h100");
        assert!(text.contains("**\"all-h100\" costs $"), "{text}");
        let text = text_of(&fixture::study(), "proposed, repaired");
        assert!(text.contains("**No: the proposed allocation cannot run"), "{text}");
        let text = text_of(&fixture::study(), "current");
        assert!(text.contains("nothing changes"), "{text}");
    }

    #[test]
    fn no_name_is_more_than_text() {
        let mut study = fixture::study();
        let hostile = "x` | <script>@team #12 ![](http://a.example)\n# y";
        for allocation in &mut study.allocations {
            let name = allocation.pools[0].models[0].0.clone();
            allocation.pools[0].models[0].0 = hostile.into();
            allocation.pools[0].gpu = hostile.into();
            for result in allocation.results.iter_mut().flat_map(|results| &mut results.models) {
                if result.model == name {
                    result.model = hostile.into();
                }
            }
        }
        study.assumptions[0] = hostile.into();
        let allocation = study.allocations.last().expect("a recommended one");
        let config = RenderConfig { command: "fleetfront run '```\n# z'".into() };
        let text = pull_request(&study, allocation, &config).expect("it can run");
        for part in ["<script", "@team", "#12", "![", "http://", "\n# "] {
            assert!(!text.contains(part), "{part:?} is in:\n{text}");
        }
        assert!(text.contains("````sh\nfleetfront run '``` # z'\n````\n"), "{text}");
        // As many columns in every row as in the head.
        let bars = |line: &str| line.replace("\\|", "").matches('|').count();
        for table in text.split("\n\n").filter(|part| part.starts_with('|')) {
            let head = bars(table.lines().next().expect("a head"));
            assert!(table.lines().all(|line| bars(line) == head), "{table}");
        }
    }

    #[test]
    fn what_cannot_run_is_not_proposed() {
        let study = fixture::study();
        let config = RenderConfig { command: String::new() };
        let error = pull_request(&study, &study.allocations[1], &config).expect_err("it cannot run");
        assert!(error.to_string().contains("needs 21.5 GiB"), "{error}");
    }
}
