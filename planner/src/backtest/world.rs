//! One draw of all that is not known, and the second part simulated with it.

use std::collections::BTreeMap;

use fleetfront_calibration::Fit;
use fleetfront_scenario::{Allocation, Scenario};
use fleetfront_sim::{
    Arrival, LatencyHistogram, Law, Luck, Observers, Quantile, Request, SimTime, State, Timeline, Trace,
};

use super::SeenRequest;
use super::days::Period;
use super::forecast::Stamps;
use super::measured::{MeasuredLaw, MeasuredModel, failure_probability, fit_of};
use super::seen::{Boots, SeenTrial};
use crate::groups::{ReadyGroup, Scratch, groups};
use crate::knob::multiply_boot;
use crate::requests::OfPool;
use crate::worlds::{Doubt, share};

/// Keeps the luck of requests and of refitted laws apart from that of anything else.
const REQUEST_LUCK: u64 = 0x6261_636B_2D72_6571;
const LAW_LUCK: u64 = 0x6261_636B_2D6C_6177;
/// Whose luck decides which days a world is made of.
const DAYS: &str = "days";
/// Sparse enough to mean "as many as there are".
const NO_LIMIT: usize = usize::MAX;

/// What every world is drawn from.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    /// With the horizon of the second part.
    pub(crate) scenario: &'a Scenario,
    pub(crate) allocation: usize,
    pub(crate) measured: &'a [MeasuredModel],
    pub(crate) second: &'a Period,
    pub(crate) seed: u64,
}

/// The second part as it came out in a world.
#[derive(Debug, Clone)]
pub(crate) struct Lived {
    /// In order of arrival, those of the run-in among them; models by their places in the scenario.
    pub(crate) requests: Vec<SeenRequest>,
    /// Dollars of each pool, in the allocation's order, day by day.
    pub(crate) usd: Vec<Vec<f64>>,
    /// Seconds of containers that were billed, by pool: all states.
    pub(crate) container_s: Vec<f64>,
    /// Boots by pool.
    pub(crate) boots: Vec<Boots>,
}

impl Known<'_> {
    fn allocation(&self) -> &Allocation {
        &self.scenario.allocations[self.allocation]
    }

    /// Simulates the second part in world `number`.
    ///
    /// - `stamps`: arrivals from the run-in on, with models by their places in the scenario.
    pub(crate) fn lived(&self, number: u32, stamps: &Stamps) -> Lived {
        let world = self.world(Some(number));
        simulated(&world, self.allocation(), (self.seed, number), stamps, self.second)
    }

    /// The scenario with the laws and probabilities of the first part.
    pub(crate) fn fitted(&self) -> Scenario {
        self.world(None)
    }

    /// The scenario with laws and probabilities that the first part allows.
    ///
    /// - `number`: which draw of them; `None` for those that were fitted.
    fn world(&self, number: Option<u32>) -> Scenario {
        let mut world = self.scenario.clone();
        for pool in &self.allocation().pools {
            for &(model, variant) in &pool.models {
                let name = &self.scenario.models[model].name;
                let measured = self.measured.iter().find(|own| own.model == model);
                let own = &mut world.models[model];
                let cell = &mut own.variants[variant].cells[pool.gpu];
                let of = format!("service time of {name}");
                if let Some(law) = measured.and_then(|own| own.service.as_ref()) {
                    cell.service = Some(fit_of(self.law(law, number, &of), law.n));
                    // The times are those of all shapes.
                    (cell.shape, own.shape) = (None, None);
                } else {
                    let factor = cell.service.as_ref().map_or(1.0, |fit| self.factor(fit, number, &of));
                    cell.service.iter_mut().for_each(|fit| fit.law = fit.law.scaled(factor));
                }
                let cell = &mut own.variants[variant].cells[pool.gpu];
                let of = format!("boot time of {name}");
                if let Some((law, shown)) = measured.and_then(|own| Some((own.boot.as_ref()?, own.shown))) {
                    cell.boot = Some(fit_of(self.law(law, number, &of).scaled(shown.factor), law.n));
                    cell.boot_plan = None;
                } else {
                    let factor = cell.boot.as_ref().map_or(1.0, |fit| self.factor(fit, number, &of));
                    multiply_boot(cell, factor);
                }
                if let Some(counts) = measured.and_then(|own| own.failures) {
                    let of = format!("failures of {name}");
                    let of_request =
                        failure_probability(counts, number.map_or(0.5, |number| share(self.seed, number, &of)));
                    // A request fails with its last try: each fails by itself.
                    let stated = pool.settings.rules.retry.as_ref().map(|retry| retry.max_retries);
                    let tries = f64::from(stated.unwrap_or(pool.settings.retries)) + 1.0;
                    own.failure_probability = of_request.powf(1.0 / tries);
                    own.variants[variant].cells[pool.gpu].failure_probability = None;
                }
            }
        }
        world
    }

    /// What a law of the scenario leaves open about its mean, in a world.
    fn factor(&self, fit: &Fit, number: Option<u32>, of: &str) -> f64 {
        let doubt = number.and_then(|number| Some((Doubt::of(fit)?, number)));
        doubt.map_or(1.0, |(doubt, number)| doubt.factor(share(self.seed, number, of)))
    }

    /// A law of the first part, as it may have been in a world.
    fn law(&self, law: &MeasuredLaw, number: Option<u32>, of: &str) -> Law {
        number.map_or(law.fitted(), |number| law.redrawn(self.luck(number, of), self.luck(number, DAYS)))
    }

    fn luck(&self, number: u32, of: &str) -> Luck {
        Luck(share(self.seed ^ LAW_LUCK, number, of).to_bits())
    }
}

/// Simulates a period of whole days: its requests as a log shows them, and what the containers cost.
///
/// - `scenario`: whose horizon is the period's length, behind a run-in.
/// - `stamps`: arrivals from the run-in on, in order, with models by their places in the scenario.
pub(crate) fn simulated(
    scenario: &Scenario,
    allocation: &Allocation,
    (seed, trial): (u64, u32),
    stamps: &Stamps,
    period: &Period,
) -> Lived {
    let horizon = scenario.traffic.horizon();
    let origin_ns = period.start_ns() - horizon.start.0.cast_signed();
    let requests = requests(stamps, origin_ns, (seed, trial));
    let mut shown = SeenTrial::default();
    let pools = allocation.pools.len();
    let (mut usd, mut container_s) = (vec![Vec::new(); pools], vec![0.0; pools]);
    let mut boots = vec![Boots::default(); pools];
    for group in groups(scenario, allocation) {
        let arrivals = OfPool::Kept { arrivals: arrivals(&group, &requests), clients: Vec::new() };
        let mut latencies = vec![LatencyHistogram::default(); group.models.len()];
        let mut timelines = vec![Timeline::new(horizon, period.days()); group.places.len()];
        let mut trace = Trace::new(NO_LIMIT);
        let mut observers =
            Observers { timelines: &mut timelines, trace: Some(&mut trace), ..Observers::latencies(&mut latencies) };
        let mut scratch = Scratch::default();
        let outcome = group.simulate_arrivals(scenario, &arrivals, (seed, trial), &mut scratch, &mut observers);
        let models: Vec<usize> = group.models.iter().map(|(model, _)| *model).collect();
        for (place, own) in shown.add(&trace.events, &models, origin_ns) {
            boots[group.places[usize::from(place)]] = own;
        }
        for (place, timeline) in timelines.iter().enumerate() {
            let pool = group.places[place];
            let billed = outcome.pools[place].ledger().billed().as_secs_f64();
            let rounding: u64 = outcome.pools[place].rounding_ns.iter().sum();
            container_s[pool] = billed + rounding as f64 / 1e9;
            usd[pool] = by_day(timeline, group.cost_usd(place, &outcome.pools[place]));
        }
    }
    Lived { requests: shown.finish(), usd, container_s, boots }
}

/// The dollars of a pool by day: the container seconds of each day at the mean price of a second.
fn by_day(timeline: &Timeline, usd: f64) -> Vec<f64> {
    let of_day = |states: &[u64; 4]| State::ALL.map(|state| states[state as usize]).iter().sum::<u64>() as f64;
    let seconds: Vec<f64> = timeline.states_ns.iter().map(of_day).collect();
    let all: f64 = seconds.iter().sum();
    seconds.into_iter().map(|own| if all > 0.0 { usd * own / all } else { 0.0 }).collect()
}

/// Requests of every model that has any, with luck of their own in every world.
fn requests(stamps: &Stamps, origin_ns: i64, (seed, trial): (u64, u32)) -> BTreeMap<usize, Vec<Request>> {
    let mut of_models: BTreeMap<usize, (Luck, Vec<Request>)> = BTreeMap::new();
    for (at_ns, model) in stamps {
        let (luck, requests) = of_models.entry(*model as usize).or_insert_with(|| {
            let own = Luck(seed ^ REQUEST_LUCK).child(trial).child(*model);
            (Luck::first(own.0), Vec::new())
        });
        // The place in the law comes from a child of the request's luck: its own draws decide failures.
        let quantile = Quantile::of_uniform(luck.child(0).uniform(0, 0));
        let at = SimTime((at_ns - origin_ns).max(0).cast_unsigned());
        requests.push(Request { at, luck: *luck, quantile });
        *luck = luck.next();
    }
    of_models.into_iter().map(|(model, (_, requests))| (model, requests)).collect()
}

fn arrivals(group: &ReadyGroup, requests: &BTreeMap<usize, Vec<Request>>) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    for (place, (model, service)) in group.models.iter().enumerate() {
        let own = requests.get(model).map_or(&[][..], Vec::as_slice);
        Arrival::append(own, service, place as u16, &mut arrivals);
    }
    arrivals.sort_by_key(|arrival| (arrival.at, arrival.model));
    arrivals
}

/// The scenario with the horizon of a period behind so long a run-in.
pub(crate) fn with_horizon(scenario: &Scenario, period: &Period, run_in_ns: i64) -> Scenario {
    let seconds = |ns: i64| fleetfront_sim::Seconds::new(ns as f64 / 1e9).expect("a span");
    let mut own = scenario.clone();
    own.traffic.horizon = seconds(period.end_ns() - period.start_ns());
    own.traffic.run_in = seconds(run_in_ns);
    own
}
