//! Why an allocation is not the one to choose: which fleets of a study beat it, and by what.

use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, ratio};
use crate::study::{AllocationMetrics, AllocationResult, FleetPoint, Role, Study};

/// An allocation among all fleets of a study.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Why {
    /// Its name; that of what was made of it where it cannot run as written.
    pub allocation: String,
    /// A month's cost.
    pub cost_usd_month: Estimate,
    /// Greatest ratio of a model's p95 to its limit.
    pub worst_p95_over_limit: Estimate,
    /// Mean latency over all requests.
    pub latency_s_mean: Estimate,
    /// The 95th percentile over all requests.
    pub latency_s_p95: Estimate,
    /// The fleets that beat it, each in its own way; empty when none of the frontiers beats it.
    pub rivals: Vec<Rival>,
    /// The answer in a sentence.
    pub headline: String,
}

/// A fleet that beats an allocation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rival {
    /// In what, in words.
    pub beats: String,
    /// The fleet.
    pub fleet: FleetPoint,
    /// What it costs less a month, on the same requests. Of a study that was read from a file, which holds no sections,
    /// the interval is that of requests of their own, and so wider.
    pub saves_usd_month: Estimate,
}

/// Which fleets beat an allocation of the study; `None` when it has none of that name, or nothing that runs.
#[must_use]
pub fn why(study: &Study, name: &str) -> Option<Why> {
    let place = study.allocations.iter().position(|allocation| allocation.name == name)?;
    // What was made of an allocation that cannot run follows it.
    let runs = |allocation: &&AllocationResult| allocation.results.is_some();
    let mended = |allocation: &&AllocationResult| allocation.role == Role::Repaired;
    let own = study.allocations.get(place).filter(runs);
    let own = own.or_else(|| study.allocations.get(place + 1).filter(mended))?;
    let results = own.results.as_ref()?;
    let rivals = rivals(study, results);
    Some(Why {
        allocation: own.name.clone(),
        cost_usd_month: results.fleet.cost_usd_month,
        worst_p95_over_limit: results.worst_p95_over_limit,
        latency_s_mean: results.fleet.latency_s_mean,
        latency_s_p95: results.fleet.latency_s_p95,
        headline: headline(&own.name, results, &rivals),
        rivals,
    })
}

fn rivals(study: &Study, own: &AllocationMetrics) -> Vec<Rival> {
    type Of = fn(&FleetPoint) -> f64;
    let cost: Of = |fleet| fleet.cost_usd_month.value;
    let (own_cost, frontier) = (own.fleet.cost_usd_month, &study.frontier);
    let worst: (&[FleetPoint], Of, f64, &str) = (
        &frontier.by_worst_ratio,
        |f| f.worst_p95_over_limit.value,
        own.worst_p95_over_limit.value,
        "worst p95 / limit",
    );
    let mean: (&[FleetPoint], Of, f64, &str) =
        (&frontier.by_mean_latency, |f| f.latency_s_mean.value, own.fleet.latency_s_mean.value, "mean latency");
    let pooled: (&[FleetPoint], Of, f64, &str) = (
        &frontier.by_pooled_p95,
        |f| f.latency_s_p95.map_or(f64::NAN, |p95| p95.value),
        own.fleet.latency_s_p95.value,
        "p95 of all requests",
    );
    let mut rivals: Vec<Rival> = Vec::new();
    for (fleets, latency, own_latency, of) in [worst, mean, pooled] {
        let beats = |fleet: &&FleetPoint| {
            let (usd, slow) = (cost(fleet), latency(fleet));
            usd <= own_cost.value && slow <= own_latency && (usd < own_cost.value || slow < own_latency)
        };
        let all = || fleets.iter().filter(beats);
        let cheapest = all().min_by(|a, b| cost(a).total_cmp(&cost(b)));
        let fastest = all().min_by(|a, b| latency(a).total_cmp(&latency(b)));
        let found = [(cheapest, "cheapest with no greater"), (fastest, "least, at no greater cost,")];
        for (fleet, how) in found.into_iter().filter_map(|(fleet, how)| fleet.map(|fleet| (fleet, how))) {
            let beats = format!("{how} {of}");
            match rivals.iter_mut().find(|rival| rival.fleet.choices == fleet.choices) {
                Some(same) => same.beats = format!("{}; {beats}", same.beats),
                None => rivals.push(Rival { beats, fleet: fleet.clone(), saves_usd_month: saving(own, fleet) }),
            }
        }
    }
    rivals
}

fn saving(own: &AllocationMetrics, fleet: &FleetPoint) -> Estimate {
    let (cost, other) = (own.fleet.cost_usd_month, fleet.cost_usd_month);
    let value = cost.value - other.value;
    let (of, to) = (&own.cost_usd_sections, &fleet.cost_usd_sections);
    if of.len() < 2 || of.len() != to.len() {
        return Estimate { value, low: cost.low - other.high, high: cost.high - other.low };
    }
    // Dollars a month over dollars of all sections: their mean difference is that of a month but for a factor.
    let (n, a_month) = (of.len() as f64, cost.value / of.iter().sum::<f64>());
    let differences: Vec<f64> = of.iter().zip(to).map(|(own, other)| own - other).collect();
    let half = ratio(&differences, &vec![1.0; of.len()]).half_width() * n * a_month;
    Estimate { value, low: value - half, high: value + half }
}

fn headline(name: &str, own: &AllocationMetrics, rivals: &[Rival]) -> String {
    let usd = own.fleet.cost_usd_month.value;
    let stands = format!(
        "\"{name}\" costs ${usd:.0} a month with a worst p95 of {:.2} times its limit",
        own.worst_p95_over_limit.value
    );
    let cheapest = rivals.iter().min_by(|a, b| a.fleet.cost_usd_month.value.total_cmp(&b.fleet.cost_usd_month.value));
    match cheapest {
        None => format!("{stands}: no simulated fleet is cheaper and as fast, or as cheap and faster."),
        Some(rival) => {
            let other = rival.fleet.cost_usd_month.value;
            let change = (other / usd - 1.0) * 100.0;
            let told = if rival.saves_usd_month.low > 0.0 { "" } else { ", which luck may explain" };
            let how = rival.beats.replace("cheapest ", "");
            format!("{stands}. It is beaten: {} costs ${other:.0} ({change:+.0} %{told}), {how}.", rival.fleet.label)
        }
    }
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::{Files, Scenario};

    use super::*;
    use crate::control::{Control, Effort};
    use crate::run::run_study;

    fn study() -> Study {
        let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        scenario.grid.pooled.clear();
        run_study(&scenario, Effort { trials: 14, seed: 1 }, &Control::default()).expect("nobody interrupts")
    }

    #[test]
    fn every_rival_is_as_cheap_and_as_fast_and_none_is_missed() {
        let study = study();
        let own = why(&study, "current").expect("it runs");
        assert!(!own.rivals.is_empty() && own.headline.contains("It is beaten"), "{}", own.headline);
        for rival in &own.rivals {
            let fleet = &rival.fleet;
            assert!(fleet.cost_usd_month.value <= own.cost_usd_month.value);
            let by_p95 = fleet.worst_p95_over_limit.value <= own.worst_p95_over_limit.value;
            let by_mean = fleet.latency_s_mean.value <= own.latency_s_mean.value;
            let by_pooled = fleet.latency_s_p95.is_some_and(|p95| p95.value <= own.latency_s_p95.value);
            for (name, is_so) in [("worst p95", by_p95), ("mean", by_mean), ("p95 of all", by_pooled)] {
                assert!(is_so || !rival.beats.contains(name), "{rival:?}");
            }
            let saved = own.cost_usd_month.value - fleet.cost_usd_month.value;
            assert!((rival.saves_usd_month.value - saved).abs() < 1e-9);
        }
        // By hand: nothing on the frontier that is as fast costs less than the cheapest of them.
        let as_fast = study.frontier.by_worst_ratio.iter();
        let as_fast = as_fast.filter(|f| f.worst_p95_over_limit.value <= own.worst_p95_over_limit.value);
        let least = as_fast.map(|f| f.cost_usd_month.value).fold(f64::INFINITY, f64::min);
        assert!(own.rivals.iter().any(|rival| (rival.fleet.cost_usd_month.value - least).abs() < 1e-9));
    }

    #[test]
    fn what_cannot_run_is_answered_for_as_it_was_mended_and_strangers_are_not() {
        let study = study();
        assert_eq!(why(&study, "proposed").map(|own| own.allocation), Some("proposed (repaired)".to_owned()));
        assert_eq!(why(&study, "nobody"), None);
    }

    #[test]
    fn a_fleet_of_the_frontier_has_no_rival() {
        let mut study = study();
        let best = study.frontier.by_worst_ratio[0].clone();
        let current = study.allocations.iter_mut().find(|own| own.name == "current").expect("it is there");
        let results = current.results.as_mut().expect("it runs");
        results.fleet.cost_usd_month = best.cost_usd_month;
        results.worst_p95_over_limit = best.worst_p95_over_limit;
        results.fleet.latency_s_mean = Estimate::exact(0.0);
        results.fleet.latency_s_p95 = Estimate::exact(0.0);
        let own = why(&study, "current").expect("it runs");
        assert!(own.rivals.is_empty() && own.headline.contains("no simulated fleet"), "{}", own.headline);
    }
}
