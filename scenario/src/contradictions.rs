//! What the pools of an allocation say together that cannot be, or will not go as its author thinks.

use crate::adapters;
use crate::criteria_check;
use crate::findings::Findings;
use crate::overload;
use crate::resolved::{Allocation, PoolPlan, Scenario};

/// Refuses fallback cycles, quotas that the warm containers alone exceed, pools that can never catch up, and boots that
/// never end in time; warns of windows below the boot time.
pub(crate) fn check(scenario: &Scenario, findings: &mut Findings<'_>) {
    warn_of_search(scenario, findings);
    criteria_check::check(scenario, findings);
    check_any_snapshot(scenario, findings);
    for (index, allocation) in scenario.allocations.iter().enumerate() {
        let path = format!("allocations[{index}]");
        check_cycle(allocation, &path, findings);
        check_quota(scenario, allocation, &path, findings);
        overload::check(scenario, allocation, &path, findings);
        for (place, pool) in allocation.pools.iter().enumerate() {
            let path = format!("{path}.pools[{place}]");
            check_fallback_cells(scenario, allocation, pool, &path, findings);
            check_hedge(allocation, pool, &path, findings);
            adapters::check_pool(scenario, allocation, pool, &path, findings);
            check_boots(scenario, pool, &path, findings);
            check_window(scenario, pool, &path, findings);
            check_snapshot(scenario, pool, &path, findings);
        }
    }
}

/// Requests that go from pool to pool are simulated in the named allocations, not in the search.
fn warn_of_search(scenario: &Scenario, findings: &mut Findings<'_>) {
    let falls_back =
        |allocation: &Allocation| allocation.pools.iter().any(|pool| pool.settings.rules.fallback.is_some());
    let tied = [
        ("chains of requests", scenario.models.iter().any(|model| model.next.is_some())),
        ("fallback to another pool", scenario.allocations.iter().any(falls_back)),
    ];
    let names: Vec<&str> = tied.iter().filter(|(_, is_on)| *is_on).map(|(name, _)| *name).collect();
    if !names.is_empty() {
        let message = format!(
            "the search for a recommendation takes pools one by one: {} counts in the named allocations only",
            names.join(" and ")
        );
        findings.warnings.push(message);
    }
}

/// Snapshots are spoken of only where some cell has one.
fn check_any_snapshot(scenario: &Scenario, findings: &mut Findings<'_>) {
    let mut cells = scenario.models.iter().flat_map(|model| &model.variants).flat_map(|variant| &variant.cells);
    if cells.any(crate::resolved::Cell::has_snapshot) {
        return;
    }
    for key in ["grid.snapshot", "defaults.rules.snapshot"] {
        if findings.document.has(key) {
            let help = "remove it, or give a cell a snapshot: [[cells]] with snapshot = { ... }";
            findings.refuse(key, "no model has a memory snapshot on any GPU type", help);
        }
    }
}

fn check_cycle(allocation: &Allocation, path: &str, findings: &mut Findings<'_>) {
    for (place, pool) in allocation.pools.iter().enumerate() {
        let mut names = vec![pool.name.as_str()];
        let mut at = allocation.fallback_of(pool);
        while let Some(next) = at.filter(|_| names.len() <= allocation.pools.len()) {
            names.push(&allocation.pools[next].name);
            if next == place {
                let message = format!("the fallback {} is a cycle", names.join(" -> "));
                let help = "let the last pool of the chain have no fallback";
                findings.refuse(&format!("{path}.pools[{place}].rules.fallback.pool"), message, help);
                return;
            }
            at = allocation.fallback_of(&allocation.pools[next]);
        }
    }
}

/// A quota must hold what is always up (at the greatest of each schedule), and one more container for each pool that may have more.
fn check_quota(scenario: &Scenario, allocation: &Allocation, path: &str, findings: &mut Findings<'_>) {
    let gpus_of = |pool: &PoolPlan| u64::from(pool.settings.rules.gpus_per_container.unwrap_or(1));
    let warm_of = |pool: &PoolPlan| u64::from(pool.settings.most_min_containers());
    let warm: u64 = allocation.pools.iter().map(warm_of).sum();
    let warm_gpus: u64 = allocation.pools.iter().map(|pool| warm_of(pool) * gpus_of(pool)).sum();
    let largest = allocation.pools.iter().filter(|pool| warm_of(pool) == 0).map(gpus_of).max();
    let one = u64::from(largest.is_some());
    let needs = [
        ("containers", scenario.quota.containers, warm + one),
        ("gpus", scenario.quota.gpus, warm_gpus + largest.unwrap_or(0)),
    ];
    for (what, limit, need) in needs {
        if limit.is_some_and(|limit| u64::from(limit) < need) {
            let limit = limit.unwrap_or(0);
            let message = format!(
                "allocation \"{}\" needs {need} {what} for its min_containers and one container of any pool without, \
                 above the quota of {limit}: some requests would never be served",
                allocation.name
            );
            let place = [format!("quota.{what}"), path.to_owned()];
            let place = findings.written(&place);
            findings.refuse(&place, message, "raise the quota or lower min_containers");
        }
    }
}

/// A pool and those to which its requests may fall back, one after the other.
pub(crate) fn ways<'a>(allocation: &'a Allocation, pool: &'a PoolPlan) -> impl Iterator<Item = &'a PoolPlan> {
    let next = |pool: &&PoolPlan| allocation.fallback_of(pool).map(|place| &allocation.pools[place]);
    // A cycle is refused elsewhere.
    std::iter::successors(Some(pool), next).take(allocation.pools.len())
}

/// What falls back must be able to run where it falls.
fn check_fallback_cells(
    scenario: &Scenario,
    allocation: &Allocation,
    pool: &PoolPlan,
    path: &str,
    findings: &mut Findings<'_>,
) {
    let ranked = pool.settings.rules.gpu_fallback.iter().flatten();
    let ranked = ranked.filter_map(|name| scenario.gpus.iter().position(|gpu| gpu.name == *name));
    let fallbacks = ways(allocation, pool).skip(1).map(|pool| (pool.gpu, "fallback.pool"));
    let places = fallbacks.chain(ranked.map(|gpu| (gpu, "gpu_fallback")));
    for (gpu, key) in places {
        for &(model, variant) in &pool.models {
            let of_model = &scenario.models[model];
            let of_variant = &of_model.variants[variant];
            if !of_variant.cells[gpu].feasibility.is_feasible() {
                let (name, gpu) = (&of_model.name, &scenario.gpus[gpu].name);
                let message = format!("{name} as {} cannot run on {gpu}, to which it would fall back", of_variant.name);
                let help = "name a GPU or pool that it runs on, or another variant";
                findings.refuse(&format!("{path}.rules.{key}"), message, help);
            }
            let fails = |gpu: usize| of_model.failure_probability_on(variant, gpu);
            if key == "gpu_fallback" && (fails(gpu) - fails(pool.gpu)).abs() > 0.0 {
                let (name, gpu) = (&of_model.name, &scenario.gpus[gpu].name);
                let message = format!(
                    "{name} fails with another probability on {gpu}: within one pool a model fails with one probability"
                );
                let help = "state the same failure_probability for both, or use a fallback pool";
                findings.refuse(&format!("{path}.rules.{key}"), message, help);
            }
        }
    }
}

/// Copies of a request are followed through pools that execute one input at a time: what a container has executed is
/// one try's then, and wasted if that try has lost.
fn check_hedge(allocation: &Allocation, pool: &PoolPlan, path: &str, findings: &mut Findings<'_>) {
    let rules = &pool.settings.rules;
    if rules.fallback.as_ref().is_none_or(|fallback| fallback.hedge_after_s.is_none()) {
        return;
    }
    let key = format!("{path}.rules.fallback.hedge_after_s");
    if rules.client_timeout.is_some() {
        let message = "hedge_after_s is not simulated together with client_timeout: whether a client gives up both \
                       copies is open";
        findings.refuse(&key, message, "remove client_timeout or hedge_after_s");
    }
    if let Some(several) = ways(allocation, pool).find(|pool| !pool.settings.executes_singly()) {
        let message = format!(
            "hedge_after_s is simulated where containers execute one input at a time; the pool \"{}\", where a copy of \
             a request may be, has another execution",
            several.name
        );
        let name = &several.name;
        let help = format!("write execution = \"serial\" or max_inputs = 1 for \"{name}\", or remove hedge_after_s");
        findings.refuse(&key, message, help);
    }
}

/// Boots that are killed before they can end.
fn check_boots(scenario: &Scenario, pool: &PoolPlan, path: &str, findings: &mut Findings<'_>) {
    let limit = pool.settings.startup_timeout();
    for &(model, variant) in &pool.models {
        let boot = scenario.models[model].variants[variant].cells[pool.gpu].boots(&pool.settings.rules);
        let Some(shortest) = boot.map(|boot| boot.shortest()).filter(|shortest| *shortest > limit.to_span()) else {
            continue;
        };
        let own = [format!("{path}.rules.startup_timeout_s"), "defaults.rules.startup_timeout_s".to_owned()];
        let timeout = [format!("{path}.timeout_s"), "defaults.timeout_s".to_owned()];
        let stated = pool.settings.rules.startup_timeout_s.is_some();
        let places = if stated { own } else { timeout };
        let place = findings.written(&places);
        let falls_back = if stated { "" } else { " (the platform takes timeout_s where none is given)" };
        let message = format!(
            "every boot of {} in the pool \"{}\" takes {:.1} s or more, above startup_timeout = {} s{falls_back}: no \
             container would ever be ready",
            scenario.models[model].name,
            pool.name,
            shortest.as_secs_f64(),
            limit.get()
        );
        findings.refuse(&place, message, "raise startup_timeout_s");
    }
}

/// A word on snapshots where there is none would mean nothing.
fn check_snapshot(scenario: &Scenario, pool: &PoolPlan, path: &str, findings: &mut Findings<'_>) {
    let key = format!("{path}.rules.snapshot");
    let ranked = pool.settings.rules.gpu_fallback.iter().flatten();
    let ranked = ranked.filter_map(|name| scenario.gpus.iter().position(|gpu| gpu.name == *name));
    let mut gpus = std::iter::once(pool.gpu).chain(ranked);
    let has = |gpu: usize, &(model, variant): &(usize, usize)| {
        scenario.models[model].variants[variant].cells[gpu].has_snapshot()
    };
    if findings.document.has(&key) && !gpus.any(|gpu| pool.models.iter().any(|model| has(gpu, model))) {
        let message = format!("no model of the pool \"{}\" has a memory snapshot on its GPU type", pool.name);
        findings.refuse(&key, message, "remove it, or give the cell a snapshot: [[cells]] with snapshot = { ... }");
    }
}

/// A window below the boot time makes every burst start cold: said, not refused.
fn check_window(scenario: &Scenario, pool: &PoolPlan, path: &str, findings: &mut Findings<'_>) {
    let key = format!("{path}.scaledown_window_s");
    if !findings.document.has(&key) || pool.settings.min_containers > 0 {
        return;
    }
    let window = pool.settings.scaledown_window.get();
    let boots = pool.models.iter().filter_map(|&(model, variant)| {
        scenario.models[model].variants[variant].cells[pool.gpu].boot.as_ref().map(|boot| boot.law.mean_s())
    });
    let boot = boots.fold(0.0, f64::max);
    if window < boot {
        let message = format!(
            "scaledown_window_s = {window} is below the mean boot of {boot:.1} s: a container is gone sooner than it \
             came, and every burst starts cold"
        );
        findings.warn(&key, &message);
    }
}

#[cfg(test)]
mod tests {
    use crate::Scenario;
    use crate::testing::{check, edited};

    /// The pool "wan2.1" of the first allocation, with more lines.
    fn pool(lines: &str) -> (String, String) {
        let old = "models = [\"wan2.1\"]\n".to_owned();
        let new = format!("{old}{lines}\n");
        (old, new)
    }

    #[test]
    fn a_fallback_cycle_is_refused_with_its_way() {
        let (old, new) = pool("rules = { fallback = { pool = \"seedvr2\", on_failure = true } }");
        let both = format!(
            "{new}\n[[allocations.pools]]\nname = \"seedvr2\"\ngpu = \"L40S\"\nmodels = [\"seedvr2\"]\nrules = {{ fallback = {{ pool = \"wan2.1\", on_failure = true }} }}\n"
        );
        let whole =
            format!("{old}\n[[allocations.pools]]\nname = \"seedvr2\"\ngpu = \"L40S\"\nmodels = [\"seedvr2\"]\n");
        let message = "the fallback wan2.1 -> seedvr2 -> wan2.1 is a cycle";
        let key = "allocations[0].pools[2].rules.fallback.pool";
        check(&whole, &both, "\"seedvr2\", on_failure", key, message, "let the last pool");
    }

    #[test]
    fn a_pool_is_not_its_own_fallback() {
        let (old, new) = pool("rules = { fallback = { pool = \"wan2.1\", on_failure = true } }");
        let key = "allocations[0].pools[2].rules.fallback.pool";
        check(&old, &new, "\"wan2.1\", on_failure", key, "its own fallback", "name another pool");
    }

    #[test]
    fn a_hedge_that_is_not_simulated_is_refused_by_name() {
        let key = "allocations[0].pools[2].rules.fallback.hedge_after_s";
        let spare = "\n[[allocations.pools]]\nname = \"spare\"\ngpu = \"H100\"\nmodels = []\n";
        let hedge = |rule: &str, more: &str, of_spare: &str| {
            let rules = format!("rules = {{ fallback = {{ pool = \"spare\", {rule} }}{more} }}");
            let (old, new) = pool(&rules);
            (old, format!("{new}{spare}{of_spare}"))
        };
        let is_fine = |rule: &str, of_spare: &str| {
            let (old, new) = hedge(rule, "", of_spare);
            let files = edited(&old, &new);
            Scenario::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"))
        };
        is_fine("hedge_after_s = 20.0", "");
        // It goes with the other reasons, and through one input at a time.
        let all = "hedge_after_s = 20.0, cancel_loser = true, on_wait_s = 5.0, on_failure = true, on_rejection = true";
        is_fine(all, "execution = \"parallel\"\nmax_inputs = 1\n");
        let one_at_a_time = "where containers execute one input at a time; the pool \"spare\"";
        let batched =
            "execution = \"batched\"\nrules = { batched = { max_batch_size = 2, wait_ms = 5.0, item_share = 0.5 } }\n";
        for (rule, more, of_spare, at, message, help) in [
            ("hedge_after_s = 0.0", "", "", "0.0", "a second time is 0", "above zero"),
            ("hedge_after_s = 86401.0", "", "", "86401.0", "is outside 0 to 86400", "no longer than a day"),
            (
                "hedge_after_s = 20.0",
                ", client_timeout = { after = { deterministic = { seconds = 60.0 } } }",
                "",
                "20.0",
                "hedge_after_s is not simulated together with client_timeout",
                "remove client_timeout or hedge_after_s",
            ),
            (
                "hedge_after_s = 20.0",
                "",
                "execution = \"parallel\"\nmax_inputs = 2\n",
                "20.0",
                one_at_a_time,
                "write execution = \"serial\"",
            ),
            ("hedge_after_s = 20.0", "", batched, "20.0", one_at_a_time, "or remove hedge_after_s"),
        ] {
            let (old, new) = hedge(rule, more, of_spare);
            check(&old, &new, at, key, message, help);
        }
        let (old, new) = hedge("on_failure = true, cancel_loser = true", "", "");
        let key = "allocations[0].pools[2].rules.fallback.cancel_loser";
        check(&old, &new, "true }", key, "no copy of a request loses", "add hedge_after_s");
    }

    #[test]
    fn a_quota_below_what_is_always_up_is_refused_with_the_number() {
        let new = "[quota]\ncontainers = 0\n\n[grid]";
        check("[grid]", new, "0", "quota.containers", "nothing ever starts", "give 1 or more");
        // One container of any of four (and six) pools without warm ones.
        assert!(Scenario::load(&edited("[grid]", "[quota]\ncontainers = 1\n\n[grid]")).is_ok());
        let files = edited("[grid]", "[quota]\ngpus = 3\n\n[grid]");
        let text = files.text("scenario.toml").expect("it is there").to_owned();
        let warm = text.replacen("min_containers = 0", "min_containers = 1", 1);
        let problems = Scenario::load(&files.with("scenario.toml", &warm)).expect_err("too many warm containers");
        assert!(problems[0].message.contains("needs 4 gpus"), "{problems:?}");
        assert_eq!(problems[0].key, "quota.gpus");
    }

    #[test]
    fn boots_that_never_end_in_time_are_refused_with_both_times() {
        let cell = "[[cells]]\nmodel = \"wan2.1\"\ngpu = \"L40S\"\nboot = { deterministic = { seconds = 40.0 } }\n\
                    provenance = { kind = \"assumed\", source = \"a test\", date = \"2026-11-24\" }\n";
        let load = |lines: &str| {
            let (old, new) = pool(lines);
            let files = edited(&old, &new);
            let text = format!("{}\n{cell}", files.text("scenario.toml").expect("it is there"));
            Scenario::load(&files.with("scenario.toml", &text))
        };
        let problems = load("rules = { startup_timeout_s = 39.0 }").expect_err("no container is ever ready");
        assert_eq!(problems[0].key, "allocations[0].pools[2].rules.startup_timeout_s");
        assert!(problems[0].message.contains("takes 40.0 s or more, above startup_timeout = 39 s:"), "{problems:?}");
        let problems = load("timeout_s = 39.0").expect_err("no container is ever ready");
        assert_eq!(problems[0].key, "allocations[0].pools[2].timeout_s");
        assert!(problems[0].message.contains("takes timeout_s where none is given"), "{problems:?}");
        assert!(load("timeout_s = 39.0\nrules = { startup_timeout_s = 40.0 }").is_ok());
    }

    #[test]
    fn a_model_may_fail_with_another_probability_on_another_gpu_type() {
        let cell = |gpu: &str, probability: f64| {
            format!(
                "\n[[cells]]\nmodel = \"wan2.1\"\ngpu = \"{gpu}\"\nfailure_probability = {probability:?}\n\
                 provenance = {{ kind = \"assumed\", source = \"a test\", date = \"2026-11-24\" }}\n"
            )
        };
        let load = |lines: &str, cells: &str| {
            let (old, new) = pool(lines);
            let files = edited(&old, &new);
            let text = format!("{}{cells}", files.text("scenario.toml").expect("it is there"));
            Scenario::load(&files.with("scenario.toml", &text))
        };
        let scenario = load("", &cell("L40S", 0.25)).expect("no problems");
        let gpu = |name: &str| scenario.gpus.iter().position(|gpu| gpu.name == name).expect("it is there");
        let model = scenario.models.iter().find(|model| model.name == "wan2.1").expect("it is there");
        assert_eq!(model.failure_probability_on(0, gpu("L40S")).to_bits(), 0.25f64.to_bits());
        assert_eq!(model.failure_probability_on(0, gpu("H100")).to_bits(), model.failure_probability.to_bits());
        let problems = load("", &cell("L40S", 1.5)).expect_err("no probability");
        assert_eq!(problems[0].key, "cells[0].failure_probability");
        // One pool has one probability of a model, whatever GPU type its container got.
        let ranked = "rules = { gpu_fallback = [\"H100\"] }";
        let problems = load(ranked, &cell("H100", 0.25)).expect_err("two probabilities");
        assert!(problems[0].message.contains("wan2.1 fails with another probability on H100"), "{problems:?}");
        assert!(load(ranked, &(cell("H100", 0.25) + &cell("L40S", 0.25))).is_ok());
    }

    #[test]
    fn a_schedule_may_not_keep_more_up_than_may_be() {
        let schedule = "rules = { schedule = [{ at = \"08:00\", min_containers = 3 }] }";
        let (old, new) = pool(&format!("max_containers = 2\n{schedule}"));
        let message = "the schedule keeps more containers up than max_containers allows";
        check(&old, &new, "[{ at", "allocations[0].pools[2].rules.schedule", message, "raise max_containers");
        // And not more than the quota either.
        let (old, new) = pool(schedule);
        let files = edited(&old, &new);
        let text = format!("{}\n[quota]\ncontainers = 3\n", files.text("scenario.toml").expect("it is there"));
        let problems = Scenario::load(&files.with("scenario.toml", &text)).expect_err("three, and one of another pool");
        assert!(problems[0].message.contains("needs 4 containers"), "{problems:?}");
    }

    #[test]
    fn what_could_never_happen_is_refused() {
        let retry = "initial_delay_s = 50.0, backoff_coefficient = 2.0, max_delay_s = 10.0";
        let retry = format!("rules = {{ retry = {{ max_retries = 2, {retry} }} }}");
        for (lines, text, key, message) in [
            ("rules = { early_drain_s = 300.0 }", "300.0", "rules.early_drain_s", "nothing would be drained early"),
            (retry.as_str(), "{ max_retries", "rules.retry", "initial_delay_s is above max_delay_s"),
            ("rules = { gpu_fallback = [\"H100\", \"L40S\"] }", "\"L40S\"]", "rules.gpu_fallback[1]", "tried already"),
            ("rules = { gpu_fallback = [\"H100\", \"H100\"] }", "\"H100\"]", "rules.gpu_fallback[1]", "tried already"),
            (
                "max_containers = 2\nbuffer_containers = 3",
                "3",
                "buffer_containers",
                "the buffer would never be complete",
            ),
        ] {
            let (old, new) = pool(lines);
            check(&old, &new, text, &format!("allocations[0].pools[2].{key}"), message, "");
        }
    }

    #[test]
    fn a_window_below_the_boot_is_warned_about_with_both_numbers() {
        let (old, new) = pool("scaledown_window_s = 5.0");
        let scenario = Scenario::load(&edited(&old, &new)).expect("no problems");
        let words = scenario.warnings.iter().find(|words| words.contains("scaledown_window_s = 5")).expect("a warning");
        assert!(words.contains("below the mean boot of") && words.contains("every burst starts cold"), "{words}");
    }

    #[test]
    fn what_the_search_does_not_see_is_said() {
        let warned = |old: &str, new: &str| {
            let warnings = Scenario::load(&edited(old, new)).expect("no problems").warnings;
            warnings.iter().any(|words| words.contains("takes pools one by one: fallback to another pool counts"))
        };
        let (old, new) = pool("rules = { fallback = { pool = \"seedvr2\", on_failure = true } }");
        assert!(warned(&old, &new));
        // What a quota does to fleets is simulated.
        assert!(!warned("[grid]", "[quota]\ncontainers = 50\n\n[grid]"));
    }

    #[test]
    fn snapshots_are_spoken_of_where_there_are_some() {
        let (old, new) = pool("rules = { snapshot = false }");
        let key = "allocations[0].pools[2].rules.snapshot";
        check(
            &old,
            &new,
            "false",
            key,
            "no model of the pool \"wan2.1\" has a memory snapshot",
            "give the cell a snapshot",
        );
        let new = "retries = 0\nrules = { snapshot = true }";
        check("retries = 0", new, "true", "defaults.rules.snapshot", "no model has a memory snapshot", "[[cells]]");
    }
}
