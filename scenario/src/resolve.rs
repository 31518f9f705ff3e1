//! From what the user wrote to what it means.

use std::collections::BTreeSet;

use fleetfront_calibration::{Benchmarks, Boots, PriceRow, Provenance};
use fleetfront_sim::UsdPerSecond;

use crate::clock::clock;
use crate::file::{PlatformFile, ScenarioFile};
use crate::files::Files;
use crate::findings::Findings;
use crate::platform::Platform;
use crate::presets::{self, Preset};
use crate::resolved::{Gpu, Grid, Scenario};
use crate::tables::Tables;
use crate::{contradictions, coupling, criteria, grid, models, pooling, pools, runs, seen, settings, shapes, traffic};

/// The only version of the file format so far.
const FORMAT: u32 = 1;
/// Most days that a month can have.
const DAYS_MAX: f64 = 31.0;
/// Most physical cores, most GiB of memory and largest region multiplier: limits against typing errors.
const CORES_MAX: f64 = 1024.0;
const MEMORY_GIB_MAX: f64 = 16_384.0;
const REGION_MAX: f64 = 100.0;
const PLAN_USD_MAX: f64 = 1e6;
/// Largest budget, in dollars a month: a limit against typing errors.
const BUDGET_USD_MAX: f64 = 1e9;

/// Resolves a file of the right shape. What is returned holds only when the findings hold no problem.
pub(crate) fn resolve(files: &Files, file: &ScenarioFile, findings: &mut Findings<'_>) -> Scenario {
    if file.format != FORMAT {
        let message = format!("format {} is not known", file.format);
        findings.refuse("format", message, format!("write format = {FORMAT}"));
    }
    let tables = Tables::read(files, file, findings);
    let gpus = gpus(file, &tables, findings);
    let strict = file.platform.lift_limits != Some(true);
    let preset = preset(&file.platform, findings);
    let window_s = preset.as_ref().and_then(|preset| preset.window.as_ref()).map(|window| window.default_s);
    let defaults = settings::defaults(&file.defaults, window_s, strict, findings);
    let models = models::models(file, &gpus, &tables, findings);
    coupling::check_cells(file, findings);
    runs::check(file, findings);
    if findings.problems.is_empty() {
        shapes::check_measured(file, &models, &gpus, &tables, findings);
    }
    let scarcity = coupling::scarcity(file, findings);
    let scenario = Scenario {
        name: file.name.clone(),
        description: file.description.clone(),
        inputs_sha256: files.sha256(),
        platform: platform(&file.platform, file, &tables, findings),
        traffic: traffic::traffic(file, &tables, findings),
        grid: Grid { pooled: pooling::pooled(file, findings), ..grid::grid(file, strict, findings) },
        allocations: pools::allocations(file, &defaults, strict, findings),
        baseline: pools::named(file, "baseline", &file.baseline, findings),
        proposed: pools::named(file, "proposed", &file.proposed, findings),
        criteria: criteria::criteria(&file.criteria, findings),
        naive: criteria::naive(&file.naive, &file.models, findings),
        gpus,
        models,
        defaults,
        quota: coupling::quota(file, findings),
        capacity: coupling::capacity(file, findings),
        scarcity,
        warnings: Vec::new(),
        clock: clock(file),
        log: file.log.clone(),
    };
    let scenario = on_preset(scenario, &file.platform, preset.as_ref(), findings);
    if findings.problems.is_empty() {
        let pools = scenario.allocations.iter().flat_map(|allocation| &allocation.pools);
        let settings = std::iter::once(&scenario.defaults).chain(pools.map(|pool| &pool.settings));
        grid::check_rules(&scenario.grid, settings, findings);
        pooling::check(&scenario, file, findings);
        warn(&scenario, findings);
        contradictions::check(&scenario, findings);
        warn_unused(files, file, &tables, findings);
        seen::warn(&scenario.models, &scenario.gpus, findings);
        file.files.runs.iter().for_each(|name| runs::warn(&files.label(name), &tables, findings));
        findings.warnings.extend(tables.best_known().rows_against_each_other());
    }
    Scenario { warnings: std::mem::take(&mut findings.warnings), ..scenario }
}

/// The platform whose prices and rules hold, if the scenario names one.
fn preset(platform: &PlatformFile, findings: &mut Findings<'_>) -> Option<Preset> {
    let name = platform.preset.as_ref()?;
    let found = presets::preset(name);
    if found.is_none() {
        let all = presets::presets();
        let known: Vec<&str> = all.iter().map(|preset| preset.name.as_str()).collect();
        let meant = crate::suggest::nearest(name, known.iter().copied());
        let meant = meant.map_or(String::new(), |name| format!("did you mean \"{name}\"? "));
        let help = format!("{meant}Known: {}", known.join(", "));
        findings.refuse("platform.preset", format!("there is no platform \"{name}\""), help);
    }
    found
}

/// Prices and rules of the preset in the place of the files', but for what the scenario states; its caveats are
/// warnings.
fn on_preset(
    scenario: Scenario,
    file: &PlatformFile,
    preset: Option<&Preset>,
    findings: &mut Findings<'_>,
) -> Scenario {
    let mut scenario = match preset {
        Some(preset) => scenario.on_platform(preset),
        None => scenario,
    };
    let platform = &mut scenario.platform;
    platform.bills_boot = file.bills_boot.unwrap_or(platform.bills_boot);
    platform.bills_idle = file.bills_idle.unwrap_or(platform.bills_idle);
    for caveat in preset.iter().flat_map(|preset| &preset.caveats) {
        findings.warn("platform.preset", caveat);
    }
    check_free_parts(&scenario, findings);
    check_offered(&scenario, findings);
    scenario
}

/// Others are compared with the baseline, so it has to have a price. What the spreadsheet leaves out is said.
fn check_offered(scenario: &Scenario, findings: &mut Findings<'_>) {
    let Some(preset) = scenario.platform.preset.as_ref().filter(|_| findings.problems.is_empty()) else { return };
    let missing = |allocation: usize| {
        let pools = scenario.allocations[allocation].pools.iter();
        let gpus = pools.map(|pool| &scenario.gpus[pool.gpu]).filter(|gpu| !gpu.offered);
        gpus.map(|gpu| gpu.name.as_str()).collect::<BTreeSet<&str>>().into_iter().collect::<Vec<_>>().join(", ")
    };
    let (baseline, proposed) = (missing(scenario.baseline), missing(scenario.proposed));
    if !baseline.is_empty() {
        let offered: Vec<&str> = scenario.gpus.iter().filter(|gpu| gpu.offered).map(|gpu| gpu.name.as_str()).collect();
        let message = format!("the baseline runs on {baseline}, which {preset} does not offer");
        let help = format!("put its pools on what is offered there: {}", offered.join(", "));
        findings.refuse("platform.preset", message, help);
    } else if !proposed.is_empty() {
        let words = format!("{proposed} is not offered by {preset}: the spreadsheet counts nothing for it");
        findings.warn("platform.preset", &words);
    }
}

/// The bill rounds whole containers: what is free of their lives does not go with it.
fn check_free_parts(scenario: &Scenario, findings: &mut Findings<'_>) {
    let platform = &scenario.platform;
    let pools = scenario.allocations.iter().flat_map(|allocation| &allocation.pools).map(|pool| &pool.settings);
    let mut rules = pools.chain([&scenario.defaults]).map(|settings| &settings.rules);
    let in_pools = rules.any(|rules| rules.billing_increment_s.is_some() || rules.billing_minimum_s.is_some());
    let rounds = in_pools || platform.billing_increment_s > 0.0 || platform.billing_minimum_s > 0.0;
    for (key, is_billed) in [("bills_boot", platform.bills_boot), ("bills_idle", platform.bills_idle)] {
        let path = format!("platform.{key}");
        if rounds && !is_billed {
            let path = if findings.document.has(&path) { path } else { "platform.preset".to_owned() };
            let message = "what is free does not go with rounding: the bill rounds whole containers";
            findings.refuse(&path, message, "remove billing_increment_s and billing_minimum_s, or bill everything");
        }
    }
}

/// A baseline that cannot run is no baseline to be compared with.
fn warn(scenario: &Scenario, findings: &mut Findings<'_>) {
    let baseline = &scenario.allocations[scenario.baseline];
    for pool in &baseline.pools {
        for &(model, variant) in &pool.models {
            let (gpu, model) = (&scenario.gpus[pool.gpu].name, &scenario.models[model]);
            let variant = &model.variants[variant];
            if !variant.cells[pool.gpu].feasibility.is_feasible() {
                let message = format!("the baseline runs {} as {} on {gpu}, which it cannot", model.name, variant.name);
                findings.warn("baseline", &message);
            }
        }
    }
}

/// Rows of models that the scenario does not have are legal, but may be misspelt.
fn warn_unused(files: &Files, file: &ScenarioFile, tables: &Tables, findings: &mut Findings<'_>) {
    let benchmarks = tables.benchmarks.iter().flat_map(Benchmarks::rows);
    let benchmarks = benchmarks.map(|row| (&file.files.benchmarks, row.line, &row.model));
    let boots = tables.boots.iter().flat_map(Boots::rows).map(|row| (&file.files.boots, row.line, &row.model));
    let mut seen = BTreeSet::new();
    for (name, line, model) in benchmarks.chain(boots) {
        let known = model == "*" || file.models.iter().any(|other| other.name == *model);
        if !known && seen.insert((name, model)) {
            let label = files.label(name);
            let words = format!("{label}:{line}: \"{model}\" is no model of the scenario: its rows are not used");
            findings.warnings.push(words);
        }
    }
}

fn gpus(file: &ScenarioFile, tables: &Tables, findings: &mut Findings<'_>) -> Vec<Gpu> {
    let names: Vec<&str> = file.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    findings.names("GPU", &names, |index| format!("gpus[{index}].name"));
    if names.is_empty() {
        findings.refuse("gpus", "there is no GPU", "add a table `[[gpus]]`");
    }
    let mut gpus = Vec::new();
    for (index, gpu) in file.gpus.iter().enumerate() {
        let path = format!("gpus[{index}].name");
        let price = price(file, tables, &gpu.name, &path, findings);
        let memory = tables.memory.as_ref().map(|memory| memory.gpu(&gpu.name));
        if memory == Some(None) {
            let message = format!("the memory of the GPU \"{}\" is not known", gpu.name);
            findings.refuse(&path, message, format!("add a row gpu,{},,... to {}", gpu.name, file.files.memory));
        }
        // Without a price or memory there is a problem, and nothing reads the stand-ins.
        let (usd_per_second, price_provenance) = price.unwrap_or_else(|| (free(), nobody()));
        let memory = memory.flatten();
        gpus.push(Gpu {
            name: gpu.name.clone(),
            offered: true,
            usd_per_second,
            usable_gib: memory.map_or(f64::INFINITY, |row| row.gib),
            features: gpu.features.clone(),
            price_provenance,
            memory_provenance: memory.map_or_else(nobody, |row| row.provenance.clone()),
        });
    }
    gpus
}

fn platform(platform: &PlatformFile, file: &ScenarioFile, tables: &Tables, findings: &mut Findings<'_>) -> Platform {
    findings.positive("platform.region_multiplier", platform.region_multiplier, "the region multiplier");
    findings.positive("platform.days_per_month", platform.days_per_month, "the number of days");
    findings.within("platform.days_per_month", platform.days_per_month, 0.0, DAYS_MAX, "no month is longer");
    let holds = "a container holds no more";
    findings.within("platform.cpu_cores", platform.cpu_cores, 0.0, CORES_MAX, holds);
    findings.within("platform.memory_gib", platform.memory_gib, 0.0, MEMORY_GIB_MAX, holds);
    let why = "it multiplies the prices, 1 leaves them";
    findings.within("platform.region_multiplier", platform.region_multiplier, 0.0, REGION_MAX, why);
    for (key, usd) in [("plan_fee_usd", platform.plan_fee_usd), ("included_credits_usd", platform.included_credits_usd)]
    {
        if let Some(usd) = usd {
            findings.within(&format!("platform.{key}"), usd, 0.0, PLAN_USD_MAX, "a limit against typing errors");
        }
    }
    if let Some(usd) = platform.budget_usd_month {
        findings.positive("platform.budget_usd_month", usd, "the budget");
        findings.within("platform.budget_usd_month", usd, 0.0, BUDGET_USD_MAX, "a limit against typing errors");
    }
    let mut item = |name| price(file, tables, name, "files.prices", findings).unwrap_or_else(|| (free(), nobody()));
    let ((cpu, of_cpu), (memory, of_memory)) = (item("cpu_core"), item("memory_gib"));
    Platform {
        name: platform.name.clone(),
        cpu_cores: platform.cpu_cores,
        memory_gib: platform.memory_gib,
        cpu_usd_per_core_s: cpu,
        memory_usd_per_gib_s: memory,
        region_multiplier: platform.region_multiplier,
        days_per_month: platform.days_per_month,
        plan_fee_usd: platform.plan_fee_usd.unwrap_or(0.0),
        included_credits_usd: platform.included_credits_usd.unwrap_or(0.0),
        budget_usd_month: platform.budget_usd_month,
        preset: None,
        bills_boot: true,
        bills_idle: true,
        billing_increment_s: 0.0,
        billing_minimum_s: 0.0,
        container_provenance: (&platform.container_provenance).into(),
        price_provenance: both(of_cpu, of_memory),
    }
}

/// The price of an item; `None` when it is not known, which is a problem unless the whole file has one.
fn price(
    file: &ScenarioFile,
    tables: &Tables,
    item: &str,
    path: &str,
    findings: &mut Findings<'_>,
) -> Option<(UsdPerSecond, Provenance)> {
    let prices = tables.prices.as_ref()?;
    // A preset has prices of its own.
    if prices.price(item).is_none() && file.platform.preset.is_none() {
        let known: Vec<&str> = prices.rows().iter().map(|row| row.item.as_str()).collect();
        let meant = crate::suggest::nearest(item, known).map_or(String::new(), |name| format!("; is it `{name}`?"));
        let help = format!("add a row {item},... to {}{meant}", file.files.prices);
        findings.refuse(path, format!("the price of \"{item}\" is not known"), help);
    }
    prices.price(item).map(|PriceRow { usd_per_second, provenance, .. }| (*usd_per_second, provenance.clone()))
}

/// What stands behind two numbers: the weaker kind, both sources, the later date as text.
fn both(a: Provenance, b: Provenance) -> Provenance {
    let source = if a.source == b.source { a.source } else { format!("{}; {}", a.source, b.source) };
    Provenance { kind: a.kind.max(b.kind), source, date: a.date.max(b.date) }
}

fn free() -> UsdPerSecond {
    UsdPerSecond::new(0.0).expect("zero is a price")
}

fn nobody() -> Provenance {
    Provenance { kind: fleetfront_calibration::Kind::Assumed, source: String::new(), date: String::new() }
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, check_table, default_scenario, edited_text, only_problem};
    use crate::{Files, Scenario};

    #[test]
    fn the_platform_follows_the_files() {
        let scenario = default_scenario();
        let platform = &scenario.platform;
        assert_eq!((platform.cpu_cores, platform.memory_gib, platform.days_per_month), (1.0, 16.0, 30.0));
        assert_eq!(
            (platform.cpu_usd_per_core_s.get(), platform.memory_usd_per_gib_s.get()),
            (0.000_013_1, 0.000_002_22)
        );
        let gpus: Vec<&str> = scenario.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
        let expected = ["T4", "L4", "A10", "L40S", "A100-40GB", "A100-80GB", "RTX-PRO-6000", "H100", "H200", "B200"];
        assert_eq!(gpus, expected);
        assert_eq!((scenario.gpus[0].usd_per_second.get(), scenario.gpus[0].usable_gib), (0.000_164, 14.74));
        assert_eq!((scenario.name.as_str(), scenario.inputs_sha256.len()), ("image-studio", 64));
    }

    #[test]
    fn only_known_formats_are_read() {
        check("format = 1", "format = 2", "2", "format", "format 2 is not known", "write format = 1");
    }

    #[test]
    fn months_and_regions_are_positive() {
        let (old, key) = ("days_per_month = 30.0", "platform.days_per_month");
        check(old, "days_per_month = 0", "0", key, "the number of days is 0", "above zero");
        check(old, "days_per_month = 32", "32", key, "32 is outside 0 to 31", "no month is longer");
        let new = "days_per_month = 30.0\nplan_fee_usd = 1e9";
        check(old, new, "1e9", "platform.plan_fee_usd", "1000000000 is outside 0 to 1000000", "typing errors");
        let new = "budget_usd_month = 0\ndays_per_month = 30.0";
        check(old, new, "0", "platform.budget_usd_month", "the budget is 0", "above zero");
        let new = "days_per_month = 30.0\nbudget_usd_month = 2e9";
        check(old, new, "2e9", "platform.budget_usd_month", "2000000000 is outside 0 to", "typing errors");
        let new = "cpu_cores = 4000";
        check("cpu_cores = 1.0", new, "4000", "platform.cpu_cores", "4000 is outside 0 to 1024", "holds no more");
        let (old, new) = ("region_multiplier = 1.0", "region_multiplier = 0.0");
        check(old, new, "0.0", "platform.region_multiplier", "is 0", "above zero");
    }

    #[test]
    fn a_gpu_needs_a_price_and_a_memory() {
        let prices = edited_text("prices.csv", "A100-40GB,", "A100-41GB,");
        let problem = only_problem(&Files::embedded().with("prices.csv", &prices));
        assert_eq!((problem.file.as_str(), problem.key.as_str()), ("scenario.toml", "gpus[4].name"));
        assert_eq!(problem.message, "the price of \"A100-40GB\" is not known");
        assert_eq!(problem.help, "add a row A100-40GB,... to prices.csv; is it `A100-41GB`?");
        let memory = edited_text("memory.csv", "gpu,H200,", "gpu,H2000,");
        let problem = only_problem(&Files::embedded().with("memory.csv", &memory));
        assert_eq!(problem.message, "the memory of the GPU \"H200\" is not known");
        assert_eq!(problem.help, "add a row gpu,H200,,... to memory.csv");
        let prices = edited_text("prices.csv", "cpu_core,", "cpu,");
        let problem = only_problem(&Files::embedded().with("prices.csv", &prices));
        assert_eq!(
            (problem.key.as_str(), problem.message.as_str()),
            ("files.prices", "the price of \"cpu_core\" is not known")
        );
    }

    #[test]
    fn problems_of_the_tables_have_their_line() {
        check_table("prices.csv", "0.000306", "cheap", true, "`cheap` is not a number", "such as");
        let problem = only_problem(&Files::embedded().with("benchmarks.csv", ""));
        assert_eq!(problem.file, "benchmarks.csv");
        assert!(!problem.message.is_empty() && !problem.help.is_empty(), "{problem}");
    }

    #[test]
    fn problems_of_all_files_are_reported_together() {
        let prices = edited_text("prices.csv", "0.000306", "cheap");
        let scenario = edited_text("scenario.toml", "max_inputs = 5", "max_inputs = 0");
        let files = Files::embedded().with("prices.csv", &prices).with("scenario.toml", &scenario);
        let problems = Scenario::load(&files).expect_err("problems");
        let places: Vec<&str> = problems.iter().map(|problem| problem.file.as_str()).collect();
        assert_eq!(places, ["scenario.toml", "prices.csv"]);
    }

    #[test]
    fn evidence_that_contradicts_is_a_warning() {
        let warnings = default_scenario().warnings;
        assert!(
            warnings.iter().any(|words| words.starts_with("flux-dev bf16, L40S (warm requests): 37 s")),
            "{warnings:?}"
        );
        assert!(warnings.iter().all(|words| !words.contains("baseline")), "{warnings:?}");
    }

    #[test]
    fn a_baseline_that_cannot_run_is_a_warning() {
        let files = crate::testing::edited("baseline = \"current\"", "baseline = \"proposed\"");
        // What is its own baseline cannot be asked to be cheaper.
        let text = files.text("scenario.toml").expect("it is there").replace("cost_reduction_min = 0.40", "");
        let files = files.with("scenario.toml", &text);
        let warnings = Scenario::load(&files).expect("no problems").warnings;
        let words = "baseline: the baseline runs flux-schnell as fp8 on T4, which it cannot";
        assert!(warnings[0].contains(words), "{warnings:?}");
    }

    #[test]
    fn rows_of_strangers_are_a_warning() {
        let boots = edited_text("boots.csv", "\nwan2.1,*,*,", "\nwan2.2,*,*,");
        let warnings = Scenario::load(&Files::embedded().with("boots.csv", &boots)).expect("no problems").warnings;
        assert!(warnings.iter().any(|words| words.contains("\"wan2.2\" is no model of the scenario")), "{warnings:?}");
    }
}
