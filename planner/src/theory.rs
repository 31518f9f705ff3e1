//! What queueing theory says about a pool, before anything is simulated.

use fleetfront_scenario::{PoolPlan, Scenario};
use fleetfront_sim::Execution;
use fleetfront_workloads::{Process, Rate};
use serde::{Deserialize, Serialize};

use crate::bounds::Stated;
use crate::engine_pool::{cell, container_price, fits, service};
use crate::statistics::{Busyness, SingleContainer, square_root_safety, square_root_staffing};

/// The mean number of busy containers is taken so many times an hour.
const LOOKS_AN_HOUR: u32 = 6;
/// At most so many hours of a trial are looked at: a week.
const HOURS_MOST: u32 = 168;
/// Below this load in the busiest hour, in erlangs, a second container is rare.
const RARE: f64 = 0.1;

/// What theory says of a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolTheory {
    /// Containers that the requests keep busy in the mean, λ·E\[S\], in erlangs.
    pub offered_load: f64,
    /// The same at the rate of the busiest hour.
    pub offered_load_peak: f64,
    /// Mean number of busy containers if no request ever waited (Mt/G/∞), by hour of the day, over all days of the
    /// week.
    pub busy_by_hour: Vec<f64>,
    /// The share of requests that may have to wait, for which containers are staffed.
    pub delay_probability: f64,
    /// The square roots of the load that have to be added for that (Halfin and Whitt 1981).
    pub safety: f64,
    /// Containers for the greatest mean number of busy ones.
    pub containers_at_peak: u32,
    /// What it costs a month to have so many by the hour, each for the greatest mean of its hour.
    pub staffed_usd_month: f64,
    /// The pool as if it had one container at most; `None` where that says nothing.
    pub single_container: Option<SingleContainerTheory>,
    /// What the numbers take for granted.
    pub assumptions: Vec<String>,
}

/// A pool of one container in closed form, hour by hour as if each were steady.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SingleContainerTheory {
    /// Share of the requests that find no container.
    pub cold_start_share: f64,
    /// Share of the time in which the container is billed.
    pub billed_share: f64,
    /// What that costs a month.
    pub usd_month: f64,
}

/// What theory says of one pool of an allocation.
pub(crate) fn theory(scenario: &Scenario, plan: &PoolPlan) -> Stated<PoolTheory> {
    let unknown = |why: &str| Stated::Unknown(why.to_owned());
    if plan.models.is_empty() {
        return unknown("no requests arrive there by themselves");
    }
    if plan.models.iter().any(|(model, _)| is_step(scenario, *model)) {
        return unknown("later steps of chains come when the earlier ones are done");
    }
    if plan.models.iter().any(|(model, _)| scenario.traffic.models[*model].process.waits_for_answers()) {
        return unknown("its clients wait for their answers, so that the rate of requests depends on the containers");
    }
    let at_once = match &plan.settings.execution {
        Execution::Serial => 1,
        Execution::Parallel => plan.settings.max_inputs,
        Execution::Shared(_) => return unknown("no formula for containers whose inputs slow each other down"),
        Execution::Batched(_) => return unknown("no formula for batches"),
    };
    let hours = Hours::of(scenario, plan, at_once);
    let delay_probability = 1.0 - scenario.criteria.latency_percentile;
    let safety = square_root_safety(delay_probability.clamp(1e-6, 0.999_999));
    let held = plan.settings.rules.gpus_per_container.unwrap_or(1);
    let usd_hour = container_price(&scenario.platform, &scenario.gpus[plan.gpu], held).get() * 3600.0;
    let usd_month_of_one = usd_hour * 24.0 * scenario.platform.days_per_month;
    let staffed: u32 = hours.most_busy.iter().map(|busy| square_root_staffing(*busy, safety)).sum();
    let single = hours.single_container(scenario, plan);
    let mut assumptions = vec![
        "a request that fails is executed to its end, and no model is loaded in place of another".to_owned(),
        "the square-root rule is a limit for great loads: at 10 erlangs 7.6 % wait where 5 % are asked for".to_owned(),
        "containers are there when the staffing wants them: boots and windows are left out".to_owned(),
    ];
    let in_sessions = |model: usize| matches!(scenario.traffic.models[model].process, Process::Sessions { .. });
    if plan.models.iter().any(|(model, _)| in_sessions(*model)) {
        assumptions.push(
            "requests of sessions come at the rate of the curve: that later ones follow its changes by their times to \
             think is left out"
                .to_owned(),
        );
    }
    if plan.models.iter().any(|(model, _)| scenario.traffic.models[*model].replay.is_some()) {
        assumptions.push("requests of a replayed model come at the mean rate of each hour of its trace".to_owned());
    }
    if plan.models.iter().any(|(model, _)| scenario.models[*model].adapters.is_some()) {
        assumptions.push("every request finds its adapter: loads only add to this".to_owned());
    }
    if single.is_some() {
        assumptions.push(
            "of the single container: Poisson arrivals at the rate of the hour, each hour as if it went on for ever, and \
             no second container while it boots or is busy"
                .to_owned(),
        );
    }
    Stated::Number(PoolTheory {
        offered_load: mean(&hours.load),
        offered_load_peak: hours.load.iter().copied().fold(0.0, f64::max),
        busy_by_hour: hours.busy_of_day(),
        delay_probability,
        safety,
        containers_at_peak: square_root_staffing(hours.most_busy.iter().copied().fold(0.0, f64::max), safety),
        staffed_usd_month: f64::from(staffed) / hours.most_busy.len() as f64 * usd_month_of_one,
        single_container: single.map(|(cold_start_share, billed_share)| SingleContainerTheory {
            cold_start_share,
            billed_share,
            usd_month: billed_share * usd_month_of_one,
        }),
        assumptions,
    })
}

/// Whether requests of a model come as later steps of chains too.
fn is_step(scenario: &Scenario, model: usize) -> bool {
    scenario.models.iter().any(|other| other.next.is_some_and(|step| step.model == model))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A pool hour by hour, over one trial of each day of the week where they differ.
struct Hours {
    /// Requests a second, over all models.
    rate: Vec<f64>,
    /// λ·E\[S\] in containers.
    load: Vec<f64>,
    /// Mean busy containers, the mean and the greatest of each hour.
    mean_busy: Vec<f64>,
    most_busy: Vec<f64>,
    /// Hours of a trial.
    of_trial: usize,
}

impl Hours {
    /// - `at_once`: requests that a container executes at a time, each as fast as alone.
    fn of(scenario: &Scenario, plan: &PoolPlan, at_once: u32) -> Self {
        let traffic = &scenario.traffic;
        let start_s = traffic.run_in.get();
        let of_trial = ((traffic.horizon.get() / 3600.0).ceil() as u32).clamp(1, HOURS_MOST);
        let of_model = |own: &(usize, usize)| {
            let service = service(scenario, *own, plan.gpu);
            (own.0, service.mean_s(), Busyness::of(&service))
        };
        let models: Vec<(usize, f64, Busyness)> = plan.models.iter().map(of_model).collect();
        let (mut rate, mut load, mut mean_busy, mut most_busy) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for trial in 0..if traffic.is_weekly() { 7 } else { 1 } {
            let rates: Vec<Rate> = models.iter().map(|(model, ..)| traffic.expected_rate(trial, *model)).collect();
            for hour in 0..of_trial {
                let from_s = start_s + f64::from(hour) * 3600.0;
                let to_s = (from_s + 3600.0).min(start_s + traffic.horizon.get());
                let per_second = |rate: &Rate| rate.integral(from_s, to_s) / (to_s - from_s);
                let own = || rates.iter().map(per_second);
                rate.push(own().sum());
                load.push(
                    own().zip(&models).map(|(rate, (_, mean_s, _))| rate * mean_s).sum::<f64>() / f64::from(at_once),
                );
                let looks: Vec<f64> = (0..LOOKS_AN_HOUR)
                    .map(|look| {
                        let at_s = from_s + (to_s - from_s) * (f64::from(look) + 0.5) / f64::from(LOOKS_AN_HOUR);
                        let busy =
                            rates.iter().zip(&models).map(|(rate, (.., busyness))| busyness.mean_busy(rate, at_s));
                        busy.sum::<f64>() / f64::from(at_once)
                    })
                    .collect();
                mean_busy.push(mean(&looks));
                most_busy.push(looks.into_iter().fold(0.0, f64::max));
            }
        }
        Self { rate, load, mean_busy, most_busy, of_trial: of_trial as usize }
    }

    /// Mean busy containers by hour of the day.
    fn busy_of_day(&self) -> Vec<f64> {
        let hours = self.of_trial.min(24);
        let of_hour = |hour: usize| {
            let same = |place: &usize| place % self.of_trial % 24 == hour;
            let busy: Vec<f64> = (0..self.mean_busy.len()).filter(same).map(|place| self.mean_busy[place]).collect();
            mean(&busy)
        };
        (0..hours).map(of_hour).collect()
    }

    /// Cold share and billed share of the pool as if it had one container, where that is so or nearly so.
    fn single_container(&self, scenario: &Scenario, plan: &PoolPlan) -> Option<(f64, f64)> {
        let [(model, variant)] = plan.models[..] else { return None };
        let settings = &plan.settings;
        let has_one = settings.max_containers == Some(1);
        let is_rare = self.load.iter().all(|load| *load < RARE) && settings.execution == Execution::Serial;
        let one_at_a_time = settings.execution == Execution::Serial || settings.max_inputs == 1;
        let may_stop = settings.most_min_containers() == 0 && settings.buffer_containers == 0;
        let is_renewal = settings.rules.window.is_none() && settings.rules.schedule.is_none();
        let traffic = &scenario.traffic.models[model];
        let is_poisson = traffic.process == Process::Poisson && traffic.replay.is_none();
        let loads = scenario.models[model].adapters.is_some();
        if loads || !((has_one || is_rare) && one_at_a_time && may_stop && is_renewal && is_poisson) {
            return None;
        }
        let service_s = service(scenario, (model, variant), plan.gpu).mean_s();
        let (_, boot) = fits(cell(scenario, model, variant, plan.gpu));
        let steady =
            |rate: &f64| SingleContainer::new(*rate, service_s, boot.law.mean_s(), settings.scaledown_window.get());
        let hours: Vec<SingleContainer> = self.rate.iter().map(steady).collect::<Option<_>>()?;
        let cold = hours.iter().zip(&self.rate).map(|(hour, rate)| hour.cold * rate).sum::<f64>();
        let requests = self.rate.iter().sum::<f64>();
        (requests > 0.0).then(|| (cold / requests, mean(&hours.iter().map(|hour| hour.billed).collect::<Vec<_>>())))
    }
}

#[cfg(test)]
pub(crate) mod tests;
