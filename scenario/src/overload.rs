//! Overload: the mean load of the day is above what all containers can do, and nothing lets requests go elsewhere.
//!
//! Means only: a load that is too great at the busiest hour alone makes a queue that the night empties.

use fleetfront_sim::Execution;
use fleetfront_workloads::ModelTraffic;

use crate::findings::Findings;
use crate::resolved::{Allocation, PoolPlan, Scenario};
use crate::rules::FallbackFile;
use crate::rules_check::time_of_day;

/// Refuses pools, pools with those that fall back to them, and quotas that can never catch up.
///
/// - `path`: of the allocation.
pub(crate) fn check(scenario: &Scenario, allocation: &Allocation, path: &str, findings: &mut Findings<'_>) {
    let loads: Vec<Load> = allocation.pools.iter().map(|pool| Load::of(scenario, pool)).collect();
    for place in 0..allocation.pools.len() {
        check_pool(allocation, place, &loads, &format!("{path}.pools[{place}]"), findings);
    }
    check_quota(scenario, allocation, &loads, path, findings);
}

/// A pool that can never catch up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overload {
    /// Containers that its requests keep busy on average.
    pub busy_containers: f64,
    /// Containers that it may have, on average over the day.
    pub most_containers: f64,
}

/// Whether the queue of a pool by itself grows without bound.
#[must_use]
pub fn overload(scenario: &Scenario, pool: &PoolPlan) -> Option<Overload> {
    let Load { busy, most, leaks } = Load::of(scenario, pool);
    (!leaks && busy > most).then_some(Overload { busy_containers: busy, most_containers: most })
}

/// What a pool has to do, and can.
struct Load {
    /// Containers that its requests keep busy on average.
    busy: f64,
    /// Containers that it may have, on average over the day; infinitely many without a limit.
    most: f64,
    /// Whether requests may leave its queue unserved.
    leaks: bool,
}

impl Load {
    fn of(scenario: &Scenario, pool: &PoolPlan) -> Self {
        let rules = &pool.settings.rules;
        // What is rejected goes to the fallback pool where there is one.
        let rejects = rules.max_pending.is_some() && !rules.fallback.as_ref().is_some_and(|f| f.on_rejection);
        let leaks = rejects || rules.client_timeout.is_some();
        Self { busy: busy_containers(scenario, pool), most: mean_maximum(pool), leaks }
    }
}

/// Requests a day of each model that come however long the queue is, those that follow others in chains included. Clients
/// who wait for answers let no queue grow beyond their number: none of theirs.
fn requests_per_day(scenario: &Scenario) -> Vec<f64> {
    let come = |model: &ModelTraffic| if model.process.waits_for_answers() { 0.0 } else { model.mean_per_day() };
    let mut rates: Vec<f64> = scenario.traffic.models.iter().map(come).collect();
    let own = rates.clone();
    for (first, model) in scenario.models.iter().enumerate() {
        let (mut rate, mut step) = (own[first], model.next);
        // Chains that come back are refused; none is longer than the models are many.
        for _ in 0..scenario.models.len() {
            let Some(next) = step else { break };
            rate *= next.probability;
            rates[next.model] += rate;
            step = scenario.models[next.model].next;
        }
    }
    rates
}

/// Containers that the requests of a pool keep busy on average: arrival rate times mean execution times tries, over what
/// one container does at once. Switches count as if the models came in random order; adapters are loaded by those requests
/// only that cannot but do so; a batch takes as long as if its items had one shape, which is never longer than it takes.
fn busy_containers(scenario: &Scenario, pool: &PoolPlan) -> f64 {
    let rates = requests_per_day(scenario);
    let all: f64 = pool.models.iter().map(|(model, _)| rates[*model]).sum();
    if all == 0.0 {
        return 0.0;
    }
    let of_model = |&(model, variant): &(usize, usize)| {
        let of_model = &scenario.models[model];
        let service_s = of_model.mean_service_s(variant, pool.gpu)?;
        // Whatever containers hold, so many requests need another adapter at least.
        let loads_s =
            of_model.adapters.as_ref().map_or(0.0, |mix| (1.0 - mix.adapters().hits_at_most()) * mix.load.mean_s());
        let switches = pool
            .models
            .iter()
            .map(|(from, _)| rates[*from] / all * of_model.switch_in_s.get(*from).map_or(0.0, |s| s.get()));
        let lasts_s = service_s + loads_s + switches.sum::<f64>();
        let fails = of_model.failure_probability_on(variant, pool.gpu);
        Some(rates[model] / 86_400.0 * executed_s(pool, fails, lasts_s))
    };
    let erlangs: f64 = pool.models.iter().filter_map(of_model).sum();
    match &pool.settings.execution {
        Execution::Serial => erlangs,
        Execution::Parallel => erlangs / f64::from(pool.settings.max_inputs),
        Execution::Shared(efficiency) => {
            let best = (1..=pool.settings.max_inputs.min(1000)).map(|n| efficiency.total(n)).fold(1.0, f64::max);
            erlangs / best
        }
        Execution::Batched(batching) => {
            let size = f64::from(batching.max_batch_size);
            erlangs * (1.0 + batching.item_share * (size - 1.0)) / size
        }
    }
}

/// Seconds that all tries of a request execute on average, if a try lasts `lasts_s`. A failing try ends anywhere, on
/// average half-way.
fn executed_s(pool: &PoolPlan, failure_probability: f64, lasts_s: f64) -> f64 {
    let settings = &pool.settings;
    let timeout_s = settings.timeout.get();
    let retries = settings.rules.retry.as_ref().map_or(settings.retries, |retry| retry.max_retries);
    if lasts_s > timeout_s {
        return timeout_s * f64::from(retries + 1);
    }
    let failures = (1..=retries.min(1000)).map(|k| failure_probability.powi(k.cast_signed())).sum::<f64>();
    lasts_s * (1.0 + failures / 2.0)
}

/// Containers that a pool may have, on average over the day.
fn mean_maximum(pool: &PoolPlan) -> f64 {
    let own = pool.settings.max_containers.map_or(f64::INFINITY, f64::from);
    let Some(schedule) = pool.settings.rules.schedule.as_ref().filter(|entries| !entries.is_empty()) else {
        return own;
    };
    let time = |text: &str| time_of_day(text).map_or(0.0, |at| at.0 as f64 / 86_400e9);
    let ends = schedule[1..].iter().map(|entry| time(&entry.at)).chain([1.0 + time(&schedule[0].at)]);
    let bounds = schedule.iter().zip(ends);
    bounds.map(|(entry, end)| entry.max_containers.map_or(own, f64::from) * (end - time(&entry.at))).sum()
}

/// Places of the pools whose requests may go to the one at `place` instead of waiting, itself first.
fn feeders(allocation: &Allocation, place: usize) -> Vec<usize> {
    let mut all = vec![place];
    let mut next = 0;
    while next < all.len() {
        let to = all[next];
        let feeds = |from: &usize| {
            let pool = &allocation.pools[*from];
            let rule = pool.settings.rules.fallback.as_ref();
            rule.is_some_and(FallbackFile::relieves) && allocation.fallback_of(pool) == Some(to)
        };
        let more: Vec<usize> = (0..allocation.pools.len()).filter(feeds).filter(|from| !all.contains(from)).collect();
        all.extend(more);
        next += 1;
    }
    all
}

/// Refuses a pool that can never catch up, with those that fall back to it.
fn check_pool(allocation: &Allocation, place: usize, loads: &[Load], path: &str, findings: &mut Findings<'_>) {
    let pool = &allocation.pools[place];
    let goes_on = pool.settings.rules.fallback.as_ref().is_some_and(FallbackFile::relieves);
    let together = feeders(allocation, place);
    if goes_on || together.iter().any(|place| loads[*place].leaks) {
        return;
    }
    let busy: f64 = together.iter().map(|place| loads[*place].busy).sum();
    let most: f64 = together.iter().map(|place| loads[*place].most).sum();
    if busy > most {
        let others = if together.len() > 1 { " and of those that fall back to it" } else { "" };
        let average = if pool.settings.rules.schedule.is_some() { " on average" } else { "" };
        let message = format!(
            "the requests of the pool \"{}\"{others} keep {busy:.2} containers busy on average, above max_containers = \
             {most}{average}: its queue grows without bound",
            pool.name
        );
        let places = [format!("{path}.max_containers"), "defaults.max_containers".to_owned(), path.to_owned()];
        let place = findings.written(&places);
        let help = "raise max_containers, or say where requests go: max_pending, client_timeout, or a fallback on wait \
                    or rejection";
        findings.refuse(&place, message, help);
    }
}

/// Refuses a quota that all pools together can never catch up with.
fn check_quota(scenario: &Scenario, allocation: &Allocation, loads: &[Load], path: &str, findings: &mut Findings<'_>) {
    if loads.iter().any(|load| load.leaks) {
        return;
    }
    let gpus = |pool: &PoolPlan| f64::from(pool.settings.rules.gpus_per_container.unwrap_or(1));
    let busy: f64 = loads.iter().map(|load| load.busy).sum();
    let busy_gpus: f64 = loads.iter().zip(&allocation.pools).map(|(load, pool)| load.busy * gpus(pool)).sum();
    for (what, limit, busy) in
        [("containers", scenario.quota.containers, busy), ("gpus", scenario.quota.gpus, busy_gpus)]
    {
        let Some(limit) = limit.filter(|limit| busy > f64::from(*limit)) else { continue };
        let message = format!(
            "the requests of allocation \"{}\" keep {busy:.2} {what} busy on average, above the quota of {limit}: the \
             queues grow without bound",
            allocation.name
        );
        let place = [format!("quota.{what}"), path.to_owned()];
        let place = findings.written(&place);
        findings.refuse(&place, message, "raise the quota, or say where requests go: max_pending or client_timeout");
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::edited;
    use crate::{Files, Scenario};

    /// What is wrong with the default scenario with so many requests of wan2.1 (7.3 s on an L40S) a day, and these lines
    /// in its pool of today.
    fn wrong(requests_per_day: f64, lines: &str, more: &str) -> Option<String> {
        let text = Files::embedded().text("scenario.toml").expect("it is there").to_owned();
        let head = "[[models]]\nname = \"wan2.1\"\nrequests_per_day = ";
        let rate = text.split(head).nth(1).and_then(|rest| rest.lines().next()).expect("a rate").to_owned();
        let busy = text.replacen(&format!("{head}{rate}"), &format!("{head}{requests_per_day:?}"), 1);
        let pool = "models = [\"wan2.1\"]\n";
        let busy = busy.replacen(pool, &format!("{pool}{lines}\n"), 1) + more;
        let problems = Scenario::load(&Files::embedded().with("scenario.toml", &busy)).err()?;
        assert_eq!(problems.len(), 1, "{problems:#?}");
        Some(format!("{}: {}", problems[0].key, problems[0].message))
    }

    #[test]
    fn a_queue_that_grows_without_bound_is_refused_with_its_load() {
        let message = wrong(20_000.0, "max_containers = 1", "").expect("overload");
        // 20,000 x 7.3 s / 86,400 s = 1.69, and 0.22 % of tries fail without a retry.
        assert!(message.starts_with("allocations[0].pools[2].max_containers: "), "{message}");
        assert!(message.contains("keep 1.69 containers busy on average, above max_containers = 1"), "{message}");
        assert_eq!(wrong(20_000.0, "max_containers = 2", ""), None);
        // With a way out it is a question, not a mistake. To be tried again elsewhere is none.
        assert_eq!(wrong(20_000.0, "max_containers = 1\nrules = { max_pending = 5 }", ""), None);
        let on_failure = "max_containers = 1\nrules = { fallback = { pool = \"seedvr2\", on_failure = true } }";
        assert!(wrong(20_000.0, on_failure, "").expect("overload").contains("keep 1.69 containers"));
    }

    /// Where there are as many clients as it takes to keep four containers busy, one container has a queue of them.
    #[test]
    fn clients_who_wait_let_no_queue_grow_without_bound() {
        let text = Files::embedded().text("scenario.toml").expect("it is there").to_owned();
        let head = "name = \"wan2.1\"\nrequests_per_day = ";
        let clients = "process = { closed = { clients = 40, think = { exponential = { mean_s = 60.0 } } } }";
        let busy = text.replacen(&format!("{head}20.0"), &format!("{head}50000.0\n{clients}"), 1);
        let busy = busy.replacen("models = [\"wan2.1\"]\n", "models = [\"wan2.1\"]\nmax_containers = 1\n", 1);
        let load = |text: &str| Scenario::load(&Files::embedded().with("scenario.toml", text));
        assert!(load(&busy).is_ok());
        // Others in the same pool do.
        let poisson = busy.replacen(clients, "process = \"poisson\"", 1);
        assert!(load(&poisson).expect_err("overload")[0].message.contains("grows without bound"));
    }

    #[test]
    fn retries_that_are_sure_and_lower_bounds_at_night_count() {
        // Every try is killed after 5 s, twice.
        let killed = wrong(20_000.0, "max_containers = 2\ntimeout_s = 5.0\nretries = 1", "").expect("overload");
        assert!(killed.contains("keep 2.31 containers"), "{killed}");
        let nights = "max_containers = 4\nrules = { schedule = [{ at = \"06:00\", min_containers = 0 }, \
                      { at = \"12:00\", min_containers = 0, max_containers = 1 }] }";
        // Six hours of four and eighteen of one.
        let message = wrong(25_000.0, nights, "").expect("overload");
        assert!(message.contains("keep 2.11 containers") && message.contains("= 1.75 on average"), "{message}");
        assert_eq!(wrong(20_000.0, nights, ""), None);
    }

    #[test]
    fn a_fallback_pool_must_take_both_loads() {
        let falls = "max_containers = 1\nrules = { fallback = { pool = \"spare\", on_wait_s = 30.0 } }";
        let spare = |max: u32| {
            format!(
                "\n\n[[allocations.pools]]\nname = \"spare\"\ngpu = \"L40S\"\nmodels = []\nmax_containers = {max}\n"
            )
        };
        let with_spare = |max: u32| format!("{falls}{}", spare(max));
        assert_eq!(wrong(20_000.0, &with_spare(1), ""), None);
        let message = wrong(30_000.0, &with_spare(1), "").expect("overload");
        let words = "the pool \"spare\" and of those that fall back to it keep 2.53 containers";
        assert!(message.contains(words), "{message}");
        // A second copy that is answered takes the first from the queue.
        let hedges = falls.replace("on_wait_s", "hedge_after_s");
        assert_eq!(wrong(20_000.0, &format!("{hedges}{}", spare(1)), ""), None);
        assert!(wrong(30_000.0, &format!("{hedges}{}", spare(1)), "").expect("overload").contains(words));
    }

    #[test]
    fn chains_bring_requests_too() {
        let head = "name = \"flux-schnell\"\nrequests_per_day = ";
        let chained = |rate: f64| {
            let next = "next = { model = \"wan2.1\", probability = 0.5 }";
            let files = edited(&format!("{head}400.0\n"), &format!("{head}{rate:?}\n{next}\n"));
            let text = files.text("scenario.toml").expect("it is there").to_owned();
            let limited = text.replacen("models = [\"wan2.1\"]\n", "models = [\"wan2.1\"]\nmax_containers = 1\n", 1);
            Scenario::load(&files.with("scenario.toml", &limited))
        };
        assert!(chained(10_000.0).is_ok());
        let problems = chained(40_000.0).expect_err("overload");
        // 20,020 x 7.3 s / 86,400 s.
        assert!(problems[0].message.contains("\"wan2.1\" keep 1.69 containers"), "{problems:?}");
    }

    #[test]
    fn a_quota_must_hold_the_load_of_all_pools() {
        let message = wrong(60_000.0, "", "\n[quota]\ncontainers = 4\n").expect("overload");
        assert!(message.starts_with("quota.containers: the requests of allocation \"current\" keep"), "{message}");
    }
}
