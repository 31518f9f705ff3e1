//! What a recommendation rests on that nobody measured: numbers that it needs and the baseline does not.

use fleetfront_calibration::Kind;
use fleetfront_scenario::{Allocation, PoolPlan, Scenario};

use crate::engine_pool::{cell, fits, service as mean_service};

/// The numbers, in words; none where all that is new was measured or published.
pub(crate) fn rests_on(scenario: &Scenario, plan: &Allocation, baseline: &Allocation) -> Vec<String> {
    let mut all = Vec::new();
    for pool in &plan.pools {
        for &(model, variant) in &pool.models {
            let name = &scenario.models[model].name;
            let home = home_of(baseline, model);
            all.extend(switch(scenario, pool, model, home).map(|words| format!("switching to {name} ({words})")));
            if home.is_none_or(|home| home.gpu != pool.gpu || !home.models.contains(&(model, variant))) {
                let (service, boot) = fits(cell(scenario, model, variant, pool.gpu));
                let service_s = mean_service(scenario, (model, variant), pool.gpu).mean_s();
                let gpu = &scenario.gpus[pool.gpu].name;
                for (what, fit) in
                    [("service", service), ("boot", boot)].into_iter().filter(|(_, fit)| is_weak(fit.kind))
                {
                    let (seconds, kind) = (if what == "boot" { fit.law.mean_s() } else { service_s }, fit.kind.word());
                    all.push(format!("the {what} time of {name} on {gpu} ({seconds:.1} s, {kind})"));
                }
            }
        }
    }
    all
}

fn home_of(allocation: &Allocation, model: usize) -> Option<&PoolPlan> {
    allocation.pools.iter().find(|pool| pool.models.iter().any(|(other, _)| *other == model))
}

fn is_weak(kind: Kind) -> bool {
    kind >= Kind::Derived
}

/// The longest switch to a model from those that it shares no pool with in the baseline.
fn switch(scenario: &Scenario, pool: &PoolPlan, model: usize, home: Option<&PoolPlan>) -> Option<String> {
    let of_model = &scenario.models[model];
    let is_new = |other: &usize| home.is_none_or(|home| home.models.iter().all(|(at_home, _)| at_home != other));
    let others = pool.models.iter().map(|(other, _)| *other).filter(|other| *other != model && is_new(other));
    let seconds = others.map(|other| of_model.switch_in_s[other].get()).fold(0.0, f64::max);
    let kind = of_model.switch_provenance.kind;
    (seconds > 0.0 && is_weak(kind)).then(|| format!("{seconds:.1} s, {}", kind.word()))
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;

    fn scenario() -> Scenario {
        Scenario::load(&Files::embedded()).expect("the embedded scenario is valid")
    }

    #[test]
    fn what_is_as_in_the_baseline_rests_on_nothing_new() {
        let scenario = scenario();
        let baseline = &scenario.allocations[scenario.baseline];
        assert_eq!(rests_on(&scenario, baseline, baseline), Vec::<String>::new());
    }

    #[test]
    fn new_partners_and_new_gpus_are_named() {
        let mut scenario = scenario();
        let baseline = scenario.allocations[scenario.baseline].clone();
        let mut plan = baseline.clone();
        // instantid joins wan2.1 on L40S; seedvr2 moves to A10.
        plan.pools[1].models.push((4, 0));
        plan.pools.remove(2);
        plan.pools[2].gpu = 2;
        let words = rests_on(&scenario, &plan, &baseline);
        let begins =
            ["switching to instantid (6.3 s, ", "switching to wan2.1 (8.0 s, ", "the service time of seedvr2 on A10 ("];
        for begin in begins {
            assert!(words.iter().any(|words| words.starts_with(begin)), "{begin}: {words:?}");
        }
        assert!(!words.iter().any(|words| words.contains("flux")), "{words:?}");
        scenario.models[4].switch_provenance.kind = Kind::Measured;
        assert!(!rests_on(&scenario, &plan, &baseline).iter().any(|words| words.contains("wan2.1")));
    }
}
