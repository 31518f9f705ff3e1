//! The pools of an allocation as the engine simulates them: those that a quota, fallback or chains tie together in one
//! group, the others one by one.

use fleetfront_scenario::{Allocation, PoolPlan, ScarcityProcess, Scenario};
use fleetfront_sim::{
    BootTimes, Capacity, ChainStep, Draws, Fallback, Group, GroupModel, Horizon, HourBook, Law, Observers, Outcome,
    Pool, PoolModel, PoolOutcome, Quota, ReadyLaw, ReadyService, Scarcity, SimSpan, StreamKey, Workspace,
    simulate_group,
};

use crate::engine_pool::{cell, engine_pool, gpus, pool_model, prices, service};
use crate::requests::{OfPool, Requests};
use crate::tally::Bill;
use crate::tariff::Tariff;

/// Pools ready to be simulated together.
pub(crate) struct ReadyGroup {
    /// Their places in the allocation.
    pub(crate) places: Vec<usize>,
    /// Their models by index in the scenario, in the group's order, with the service time at home.
    pub(crate) models: Vec<(usize, ReadyService)>,
    /// What a container costs: one entry a pool and GPU type of it.
    pub(crate) prices: Vec<Vec<Tariff>>,
    /// Pools of the group that are the home of each model, by place in the group.
    pub(crate) homes: Vec<usize>,
    pools: Vec<Pool>,
    group_models: Vec<GroupModel>,
    quota: Quota,
    capacity: Vec<Capacity>,
    boots: Vec<Vec<ReadyLaw>>,
    keys: Vec<StreamKey>,
}

/// All groups of an allocation, in the order of their first pools.
pub(crate) fn groups(scenario: &Scenario, allocation: &Allocation) -> Vec<ReadyGroup> {
    components(scenario, allocation).into_iter().map(|places| ReadyGroup::new(scenario, allocation, places)).collect()
}

/// Places of pools that have to be simulated together.
fn components(scenario: &Scenario, allocation: &Allocation) -> Vec<Vec<usize>> {
    let pools = allocation.pools.len();
    let mut part: Vec<usize> = (0..pools).collect();
    let mut join = |a: usize, b: usize| {
        let (from, to) = (part[a].max(part[b]), part[a].min(part[b]));
        part.iter_mut().filter(|p| **p == from).for_each(|p| *p = to);
    };
    let home = |model: usize| allocation.pools.iter().position(|pool| pool.models.iter().any(|(m, _)| *m == model));
    for (place, pool) in allocation.pools.iter().enumerate() {
        if scenario.quota.containers.is_some() || scenario.quota.gpus.is_some() {
            join(0, place);
        }
        if let Some(next) = allocation.fallback_of(pool) {
            join(place, next);
        }
        let steps = pool.models.iter().filter_map(|(model, _)| scenario.models[*model].next);
        for step in steps {
            if let Some(next) = home(step.model) {
                join(place, next);
            }
        }
    }
    let mut firsts: Vec<usize> = part.clone();
    firsts.sort_unstable();
    firsts.dedup();
    firsts.into_iter().map(|first| (0..pools).filter(|place| part[*place] == first).collect()).collect()
}

impl ReadyGroup {
    fn new(scenario: &Scenario, allocation: &Allocation, places: Vec<usize>) -> Self {
        let plans: Vec<&PoolPlan> = places.iter().map(|place| &allocation.pools[*place]).collect();
        // Every model with its variant and its home.
        let members: Vec<(usize, usize, usize)> = (plans.iter().enumerate())
            .flat_map(|(home, plan)| plan.models.iter().map(move |(model, variant)| (*model, *variant, home)))
            .collect();
        let index_of = |model: usize| members.iter().position(|(other, ..)| *other == model);
        let at_home = |&(model, variant, home): &(usize, usize, usize)| {
            (model, service(scenario, (model, variant), plans[home].gpu).ready())
        };
        let group_model = |&(model, _, home): &(usize, usize, usize)| {
            let step = scenario.models[model].next;
            let next = step.and_then(|step| Some((index_of(step.model)?, step.probability)));
            let next = next.map(|(model, probability)| ChainStep { model: model as u16, probability });
            GroupModel { home: home as u16, next }
        };
        let chained = members.iter().any(|(model, ..)| scenario.models[*model].next.is_some());
        let alone = plans.len() == 1 && !chained;
        let one_by_one = |place: usize| Member { scenario, allocation, places: &places, members: &members, place };
        Self {
            models: members.iter().map(at_home).collect(),
            prices: plans.iter().map(|plan| prices(scenario, plan.gpu, &plan.settings.rules)).collect(),
            homes: members.iter().map(|(.., home)| *home).collect(),
            pools: (0..plans.len()).map(|place| one_by_one(place).pool()).collect(),
            group_models: if alone { Vec::new() } else { members.iter().map(group_model).collect() },
            quota: Quota {
                containers: scenario.quota.containers.unwrap_or(u32::MAX),
                gpus: scenario.quota.gpus.unwrap_or(u32::MAX),
            },
            capacity: capacity(scenario),
            boots: (0..plans.len()).map(|place| one_by_one(place).boots()).collect(),
            keys: plans.iter().map(|plan| key(scenario, plan)).collect(),
            places,
        }
    }

    /// Index in the scenario of a GPU type of one of its pools.
    pub(crate) fn gpu(&self, pool: usize, hardware: usize) -> usize {
        usize::from(self.pools[pool].hardware[hardware].gpu)
    }

    /// Empty books, one a pool.
    pub(crate) fn hour_books(&self, horizon: Horizon) -> Vec<HourBook> {
        let book = |pool: &Pool| HourBook::new(horizon, pool.hardware.len(), self.models.len());
        self.pools.iter().map(book).collect()
    }

    /// What the containers of one of its pools cost in an outcome.
    pub(crate) fn cost_usd(&self, pool: usize, outcome: &PoolOutcome) -> f64 {
        let mut bill = Bill::default();
        bill.add_pool(outcome, &self.prices[pool], self.models.len());
        bill.usd.iter().sum()
    }

    /// The place of its pool in the allocation, where it is one pool that shares nothing with others.
    pub(crate) fn only_place(&self) -> Option<usize> {
        let [place] = self.places[..] else { return None };
        (self.group_models.is_empty() && self.pools[0].fallback.is_none() && self.quota == Quota::NONE).then_some(place)
    }

    /// As the engine takes it.
    pub(crate) fn group(&self) -> Group<'_> {
        Group { pools: &self.pools, models: &self.group_models, quota: self.quota, capacity: &self.capacity }
    }

    /// Simulates one trial.
    pub(crate) fn simulate(
        &self,
        scenario: &Scenario,
        requests: &Requests<'_>,
        trial: u32,
        scratch: &mut Scratch,
        observers: &mut Observers<'_>,
    ) -> Outcome {
        self.simulate_arrivals(scenario, &self.arrivals(requests, trial), (requests.seed, trial), scratch, observers)
    }

    /// The arrivals of one trial.
    pub(crate) fn arrivals<'p>(&'p self, requests: &'p Requests<'_>, trial: u32) -> OfPool<'p> {
        requests.of_pool(trial, &self.models)
    }

    /// Simulates one trial whose arrivals are there.
    pub(crate) fn simulate_arrivals(
        &self,
        scenario: &Scenario,
        arrivals: &OfPool<'_>,
        (seed, trial): (u64, u32),
        scratch: &mut Scratch,
        observers: &mut Observers<'_>,
    ) -> Outcome {
        let horizon = scenario.traffic.horizon();
        let boots = self.keys.iter().zip(&self.boots);
        let mut boots: Vec<BootTimes<'_>> = boots.map(|(key, laws)| BootTimes::new(seed, trial, *key, laws)).collect();
        let lucks: Vec<_> = boots.iter().map(BootTimes::luck).collect();
        let scarcity = scarcity(scenario, (seed, trial), horizon);
        let mut draws = Draws { boots: &mut boots, lucks: &lucks, scarcity: &scarcity };
        let group = self.group();
        let mut arrivals = arrivals.source();
        simulate_group(&group, &mut *arrivals, &mut draws, horizon, &mut scratch.workspace, observers)
    }
}

/// Memory that one trial leaves to the next.
#[derive(Default)]
pub(crate) struct Scratch {
    workspace: Workspace,
}

/// One pool among those of its group.
struct Member<'a> {
    scenario: &'a Scenario,
    allocation: &'a Allocation,
    places: &'a [usize],
    members: &'a [(usize, usize, usize)],
    place: usize,
}

impl Member<'_> {
    fn plan(&self) -> &PoolPlan {
        &self.allocation.pools[self.places[self.place]]
    }

    /// The GPU types of its containers, best first.
    fn gpus(&self) -> Vec<usize> {
        gpus(self.scenario, self.plan().gpu, &self.plan().settings.rules)
    }

    fn pool(&self) -> Pool {
        let plan = self.plan();
        let own = engine_pool(self.scenario, &plan.models, plan.gpu, &plan.settings);
        let indices: Vec<usize> = self.members.iter().map(|(model, ..)| *model).collect();
        let gpus = self.gpus();
        let needs_boots = gpus.len() > 1 || own.models.iter().any(|model| !model.boots.is_empty());
        let model = |&(model, variant, _): &(usize, usize, usize)| {
            let rules = needs_boots.then_some(&plan.settings.rules);
            let listed = pool_model(self.scenario, (model, variant), &gpus, rules, &indices);
            let runs = |gpu: &usize| cell(self.scenario, model, variant, *gpu).feasibility.is_feasible();
            // What cannot run here never comes here.
            if gpus.iter().all(runs) { listed } else { PoolModel { services: vec![], boots: vec![], ..listed } }
        };
        let fallback = plan.settings.rules.fallback.as_ref().and_then(|rule| {
            let place = self.allocation.fallback_of(plan)?;
            let pool = self.places.iter().position(|other| *other == place)? as u16;
            Some(Fallback {
                pool,
                on_rejection: rule.on_rejection,
                on_failure: rule.on_failure,
                on_wait: rule.on_wait_s.map(SimSpan::from_secs_f64),
                predicted: rule.predicted,
                hedge: rule.hedge(),
            })
        });
        Pool { models: self.members.iter().map(model).collect(), fallback, ..own }
    }

    /// The boot law of each model of the group in this pool; nothing boots with those that never come here.
    fn boots(&self) -> Vec<ReadyLaw> {
        let law = |&(model, variant, _): &(usize, usize, usize)| {
            let fit = cell(self.scenario, model, variant, self.plan().gpu).boot.as_ref();
            fit.map_or(Law::Deterministic { seconds: 0.0 }, |fit| fit.law).ready_for_few()
        };
        self.members.iter().map(law).collect()
    }
}

/// The luck of a pool's boots: that of its first model, so that a model's own pool meets the same boots here as in the
/// grid. A pool that serves only what falls back to it has the luck of its name.
fn key(scenario: &Scenario, plan: &PoolPlan) -> StreamKey {
    plan.models.first().map_or_else(|| StreamKey::of(&plan.name), |(model, _)| scenario.models[*model].key)
}

/// How containers of each GPU type come.
pub(crate) fn capacity(scenario: &Scenario) -> Vec<Capacity> {
    let of_gpu = |capacity: &fleetfront_scenario::Capacity| Capacity {
        wait: capacity.wait,
        scarcity: capacity.scarcity.map(|list| list as u16),
    };
    scenario.capacity.iter().map(of_gpu).collect()
}

/// The scarcity periods of one trial.
pub(crate) fn scarcity(scenario: &Scenario, (seed, trial): (u64, u32), horizon: Horizon) -> Vec<Vec<Scarcity>> {
    let draw = |process: &ScarcityProcess| {
        Scarcity::periods((seed, trial, process.key), &process.every, &process.lasts, horizon)
    };
    scenario.scarcity.iter().map(draw).collect()
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;
    use crate::control::Control;
    use crate::replications::{Look, replicate};

    /// One day of wan2.1 in its pool of today, which sends requests a second time to a pool of H100.
    fn hedged(hedge_after_s: f64) -> (u64, u64, u64) {
        let text = Files::embedded().text("scenario.toml").expect("it is there").to_owned();
        let old = "models = [\"wan2.1\"]\n";
        let rules = format!("rules = {{ fallback = {{ pool = \"spare\", hedge_after_s = {hedge_after_s:?} }} }}");
        let spare = "[[allocations.pools]]\nname = \"spare\"\ngpu = \"H100\"\nmodels = []\n";
        let text = text.replacen(old, &format!("{old}{rules}\n\n{spare}"), 1);
        let scenario = Scenario::load(&Files::embedded().with("scenario.toml", &text)).expect("no problems");
        let model = scenario.models.iter().position(|model| model.name == "wan2.1").expect("it is there");
        let days = replicate(&scenario, 0, 0..1, 7, Look::default(), &Control::default()).expect("not cancelled");
        let outcome = &days[0].models[model].outcome;
        assert_eq!(outcome.completed + outcome.failed, outcome.arrived);
        (outcome.arrived, outcome.hedged, outcome.hedge_wins)
    }

    #[test]
    fn a_rule_of_the_scenario_hedges_in_the_engine() {
        let (arrived, sent_twice, wins) = hedged(5.0);
        assert!(0 < wins && wins < sent_twice && sent_twice <= arrived, "{wins} of {sent_twice} of {arrived}");
        // After a day nobody is left.
        assert_eq!(hedged(86_400.0), (arrived, 0, 0));
    }
}
