//! Criteria that contradict each other or the rest of the scenario: refused where no allocation could ever meet them,
//! warned about where it is only the data that speak against it.

use crate::findings::Findings;
use crate::resolved::{Allocation, LatencyReading, Model, PoolSettings, Scenario};

/// Refuses criteria that nothing can meet, and warns of those that no GPU type is known to meet.
pub(crate) fn check(scenario: &Scenario, findings: &mut Findings<'_>) {
    check_proposed(scenario, findings);
    check_success(scenario, findings);
    if scenario.criteria.latency_readings.contains(&LatencyReading::WarmService) {
        warn_of_ratio(scenario, findings);
        warn_of_limits(scenario, findings);
    }
}

/// What is proposed must be able to differ from what it is held against.
fn check_proposed(scenario: &Scenario, findings: &mut Findings<'_>) {
    let criteria = &scenario.criteria;
    let key = "criteria.cost_reduction_min";
    match criteria.cost_reduction_min {
        Some(least) if least >= 1.0 => {
            let help = "give less than 1: 40 % is 0.40";
            findings.refuse(key, "a reduction by all of the cost: no fleet that answers requests is free", help);
        }
        Some(least) if scenario.baseline == scenario.proposed && least > 0.0 => {
            let name = &scenario.allocations[scenario.baseline].name;
            let message = format!(
                "the allocation \"{name}\" is both the baseline and the proposed one, and cannot cost {:.0} % less than \
                 itself",
                least * 100.0
            );
            findings.refuse(key, message, "name another allocation in `proposed`, or leave cost_reduction_min out");
        }
        _ => {}
    }
    let ratio = criteria.latency_ratio_max.filter(|ratio| *ratio < 1.0 && scenario.baseline == scenario.proposed);
    if let Some(ratio) = ratio {
        let message = format!(
            "the allocation \"{}\" is both the baseline and the proposed one, and cannot take {ratio} times as long as \
             itself",
            scenario.allocations[scenario.baseline].name
        );
        let help = "name another allocation in `proposed`, or give a ratio of 1 or more";
        findings.refuse("criteria.latency_ratio_max", message, help);
    }
}

/// A share of requests that complete must be possible with the failures that the scenario states: a request fails when
/// its last try does, and the tries of a request fail independently.
fn check_success(scenario: &Scenario, findings: &mut Findings<'_>) {
    let Some(target) = scenario.criteria.success_rate_min else { return };
    let tries = most_tries(scenario);
    for model in &scenario.models {
        let failure = least_failure(scenario, model);
        let best = 1.0 - failure.powi(i32::try_from(tries).unwrap_or(i32::MAX));
        // Equal to the last digit is meant.
        if target > best + 1e-12 {
            let name = &model.name;
            let how_often = if tries == 1 { "once".to_owned() } else { format!("{tries} times") };
            let message = format!(
                "at least {} % of requests must complete, but a try of {name} fails with probability {failure} wherever \
                 it runs, and is made {how_often} at most: {:.3} % can complete",
                percent(target),
                best * 100.0
            );
            let help = "lower success_rate_min, raise retries, or correct failure_probability";
            findings.refuse("criteria.success_rate_min", message, help);
            return;
        }
    }
}

/// 0.95 as `95`, 0.9999 as `99.99`.
fn percent(share: f64) -> String {
    let text = format!("{:.6}", share * 100.0);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Smallest probability that a try of the model fails, over all places where it can run.
fn least_failure(scenario: &Scenario, model: &Model) -> f64 {
    let places = (0..model.variants.len()).flat_map(|v| (0..scenario.gpus.len()).map(move |g| (v, g)));
    let runs = places.filter(|(v, g)| model.variants[*v].cells[*g].feasibility.is_feasible());
    runs.map(|(v, g)| model.failure_probability_on(v, g)).fold(model.failure_probability, f64::min)
}

/// Most tries that a request may have anywhere: those of the pool with the most retries, and as many again for every
/// pool that it may fall back to.
fn most_tries(scenario: &Scenario) -> u32 {
    let of_pool = |settings: &PoolSettings| {
        settings.rules.retry.as_ref().map_or(settings.retries, |retry| retry.max_retries).saturating_add(1)
    };
    let of_allocation = |allocation: &Allocation| {
        let most = allocation.pools.iter().map(|pool| of_pool(&pool.settings)).max().unwrap_or(1);
        let falls = allocation.pools.iter().filter(|pool| pool.settings.rules.fallback.is_some()).count() as u32;
        most.saturating_mul(falls + 1)
    };
    scenario.allocations.iter().map(of_allocation).max().unwrap_or(1).max(of_pool(&scenario.defaults))
}

/// Mean warm service time in seconds where a model is fastest, as far as benchmarks leave that open.
fn fastest(model: &Model) -> Option<(f64, usize)> {
    let variants = model.variants.iter().enumerate();
    let cells =
        variants.flat_map(|(variant, own)| own.cells.iter().enumerate().map(move |(gpu, cell)| (variant, gpu, cell)));
    let known = cells.filter(|(.., cell)| cell.feasibility.is_feasible());
    let times = known.filter_map(|(variant, gpu, cell)| {
        let low = cell.service.as_ref()?.factor.low;
        Some((model.mean_service_s(variant, gpu)? * low, gpu))
    });
    times.min_by(|a, b| a.0.total_cmp(&b.0))
}

fn warn_of_ratio(scenario: &Scenario, findings: &mut Findings<'_>) {
    let Some(most) = scenario.criteria.latency_ratio_max else { return };
    let baseline = &scenario.allocations[scenario.baseline];
    for (index, model) in scenario.models.iter().enumerate() {
        let pool = baseline
            .pools
            .iter()
            .find_map(|pool| pool.models.iter().find(|(m, _)| *m == index).map(|(_, variant)| (*variant, pool.gpu)));
        let now_s = pool.and_then(|(variant, gpu)| model.mean_service_s(variant, gpu));
        let (Some(now_s), Some((least, gpu))) = (now_s, fastest(model)) else { continue };
        if least > most * now_s {
            let message = format!(
                "no allocation can meet it: {} takes {least:.1} s warm on {}, where it is fastest, more than {most} times \
                 the {now_s:.1} s of the baseline",
                model.name, scenario.gpus[gpu].name
            );
            findings.warn("criteria.latency_ratio_max", &message);
        }
    }
}

fn warn_of_limits(scenario: &Scenario, findings: &mut Findings<'_>) {
    if !scenario.criteria.latency_limit {
        return;
    }
    for (index, model) in scenario.models.iter().enumerate() {
        let limit = model.latency_limit_s.get();
        if let Some((least, gpu)) = fastest(model).filter(|(least, _)| *least > limit) {
            let message = format!(
                "no allocation can meet it: {} takes {least:.1} s warm on {}, where it is fastest",
                model.name, scenario.gpus[gpu].name
            );
            findings.warn(&format!("models[{index}].latency_limit_s"), &message);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Scenario;
    use crate::testing::{check, edited};

    #[test]
    fn an_allocation_cannot_be_cheaper_or_faster_than_itself() {
        // The only edit that makes the two one: both lines stand together.
        let (old, same) = ("proposed = \"proposed\"", "proposed = \"current\"");
        let files = edited(old, same);
        let problems = Scenario::load(&files).expect_err("it asks for 40 %");
        assert_eq!((problems.len(), problems[0].key.as_str()), (1, "criteria.cost_reduction_min"));
        assert!(problems[0].message.contains("cannot cost 40 % less than itself"), "{problems:?}");
        assert!(problems[0].line.is_some() && problems[0].help.contains("name another allocation"), "{problems:?}");
        let text = files.text("scenario.toml").expect("it is there").to_owned();
        let open = text.replace("cost_reduction_min = 0.40\n", "");
        assert!(Scenario::load(&files.clone().with("scenario.toml", &open)).is_ok());
        let faster = open.replace("latency_ratio_max = 1.20", "latency_ratio_max = 0.9");
        let problems = Scenario::load(&files.with("scenario.toml", &faster)).expect_err("it asks for 0.9 times");
        assert_eq!((problems.len(), problems[0].key.as_str()), (1, "criteria.latency_ratio_max"));
        assert!(problems[0].message.contains("cannot take 0.9 times as long as itself"), "{problems:?}");
    }

    #[test]
    fn nothing_is_free() {
        let key = "criteria.cost_reduction_min";
        let (old, new) = ("cost_reduction_min = 0.40", "cost_reduction_min = 1.0");
        check(old, new, "1.0", key, "no fleet that answers requests is free", "give less than 1");
    }

    /// By hand: a failure probability of 0.0022 leaves 99.78 % with one try, and 1 - 0.0022^2 with two.
    #[test]
    fn success_must_be_possible_with_the_failures_that_are_stated() {
        let key = "criteria.success_rate_min";
        let old = "success_rate_min = 0.95";
        let message = "99.9 % of requests must complete, but a try of flux-schnell fails with probability 0.0022 wherever \
                       it runs, and is made once at most: 99.780 % can complete";
        check(old, "success_rate_min = 0.999", "0.999", key, message, "raise retries");
        assert!(Scenario::load(&edited(old, "success_rate_min = 0.9978")).is_ok());
        let retried = edited(old, "success_rate_min = 0.999");
        let text = retried.text("scenario.toml").expect("it is there").replacen("retries = 0", "retries = 1", 1);
        assert!(Scenario::load(&retried.with("scenario.toml", &text)).is_ok());
    }

    #[test]
    fn what_no_gpu_is_known_to_meet_is_warned_about_with_the_fastest() {
        let warned = |old: &str, new: &str, words: &str| {
            let scenario = Scenario::load(&edited(old, new)).expect("no problems");
            assert!(scenario.warnings.iter().any(|warning| warning.contains(words)), "{:?}", scenario.warnings);
        };
        let limit = "models[0].latency_limit_s: no allocation can meet it: flux-schnell takes 0.5 s warm on B200";
        warned("latency_limit_s = 30.0", "latency_limit_s = 0.2", limit);
        let ratio = "criteria.latency_ratio_max: no allocation can meet it: flux-schnell takes 0.5 s warm on B200";
        warned("latency_ratio_max = 1.20", "latency_ratio_max = 0.1", ratio);
        let default = Scenario::load(&crate::Files::embedded()).expect("no problems");
        assert!(default.warnings.iter().all(|warning| !warning.contains("no allocation can meet it")));
    }
}
