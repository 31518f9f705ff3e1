//! Numbers of a scenario that may turn out otherwise: what a decision is tried against.

use fleetfront_calibration::{Fit, Kind};
use fleetfront_scenario::{Allocation, Cell, Provenance, Scenario};
use fleetfront_sim::{Seconds, UsdPerSecond};
use fleetfront_workloads::Process;
use serde::{Deserialize, Serialize};

use crate::basis::Basis;

/// One number, by what it belongs to (indices in the scenario).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knob {
    /// Requests a day of all models together.
    AllTraffic,
    /// Requests a day of one model.
    Traffic { model: usize },
    /// The price of a GPU type.
    Price { gpu: usize },
    /// The service time of a model's variant on a GPU type.
    Service { model: usize, variant: usize, gpu: usize },
    /// Its boot time.
    Boot { model: usize, variant: usize, gpu: usize },
    /// The idle window of every pool.
    Window,
}

/// What a knob's number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KnobUnit {
    /// Requests a day.
    RequestsADay,
    /// Dollars an hour.
    UsdAnHour,
    /// Seconds.
    Seconds,
    /// Times what it is.
    Factor,
    /// A fraction.
    Share,
    /// How many.
    Count,
}

impl Knob {
    /// Every number that can move these allocations, once.
    pub(crate) fn all(scenario: &Scenario, allocations: &[Allocation]) -> Vec<Self> {
        let mut knobs = vec![Self::AllTraffic];
        knobs.extend((0..scenario.models.len()).map(|model| Self::Traffic { model }));
        let (mut prices, mut services, mut boots) = (Vec::new(), Vec::new(), Vec::new());
        for pool in allocations.iter().flat_map(|allocation| &allocation.pools) {
            prices.push(Self::Price { gpu: pool.gpu });
            for &(model, variant) in &pool.models {
                services.push(Self::Service { model, variant, gpu: pool.gpu });
                boots.push(Self::Boot { model, variant, gpu: pool.gpu });
            }
        }
        for knob in prices.into_iter().chain(services).chain(boots).chain([Self::Window]) {
            if !knobs.contains(&knob) {
                knobs.push(knob);
            }
        }
        knobs
    }

    /// Factors of a first look, the present number (1) among them.
    pub(crate) fn grid(self) -> &'static [f64] {
        match self {
            Self::AllTraffic | Self::Traffic { .. } => &[0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0],
            Self::Price { .. } | Self::Service { .. } | Self::Boot { .. } => &[0.1, 0.3, 1.0, 3.0, 10.0],
            Self::Window => &[0.01, 0.1, 0.3, 1.0, 4.0],
        }
    }

    /// Its name.
    pub(crate) fn name(self, scenario: &Scenario) -> String {
        let model = |model: usize| &scenario.models[model].name;
        let gpu = |gpu: usize| &scenario.gpus[gpu].name;
        match self {
            Self::AllTraffic => "traffic of all models".to_owned(),
            Self::Traffic { model: m } => format!("traffic of {}", model(m)),
            Self::Price { gpu: g } => format!("price of {}", gpu(g)),
            Self::Service { model: m, gpu: g, .. } => format!("service time of {} on {}", model(m), gpu(g)),
            Self::Boot { model: m, gpu: g, .. } => format!("boot time of {} on {}", model(m), gpu(g)),
            Self::Window => "idle windows of all pools".to_owned(),
        }
    }

    /// What it is now, and in which unit.
    pub(crate) fn now(self, scenario: &Scenario) -> (f64, KnobUnit) {
        let mean_s = |fit: Option<&Fit>| fit.map_or(f64::NAN, |fit| fit.law.mean_s());
        let cell = |model: usize, variant: usize, gpu: usize| &scenario.models[model].variants[variant].cells[gpu];
        match self {
            Self::AllTraffic => {
                (scenario.models.iter().map(|model| model.requests_per_day).sum(), KnobUnit::RequestsADay)
            }
            Self::Traffic { model } => (scenario.models[model].requests_per_day, KnobUnit::RequestsADay),
            Self::Price { gpu } => (scenario.gpus[gpu].usd_per_second.get() * 3600.0, KnobUnit::UsdAnHour),
            Self::Service { model, variant, gpu } => {
                let mean_s = scenario.models[model].mean_service_s(variant, gpu);
                (mean_s.unwrap_or(f64::NAN), KnobUnit::Seconds)
            }
            Self::Boot { model, variant, gpu } => (mean_s(cell(model, variant, gpu).boot.as_ref()), KnobUnit::Seconds),
            Self::Window => (1.0, KnobUnit::Factor),
        }
    }

    /// What kind that is, and who says so.
    pub(crate) fn basis(self, scenario: &Scenario) -> Basis {
        let fitted = |fit: Option<&Fit>| fit.map_or_else(Basis::default, Basis::fitted);
        let cell = |model: usize, variant: usize, gpu: usize| &scenario.models[model].variants[variant].cells[gpu];
        match self {
            Self::AllTraffic => all_traffic(scenario),
            Self::Traffic { model } => Basis::stated(&scenario.models[model].traffic_provenance),
            Self::Price { gpu } => Basis::stated(&scenario.gpus[gpu].price_provenance),
            Self::Service { model, variant, gpu } => fitted(cell(model, variant, gpu).service.as_ref()),
            Self::Boot { model, variant, gpu } => fitted(cell(model, variant, gpu).boot.as_ref()),
            Self::Window => Basis::setting("the windows of the two allocations"),
        }
    }

    /// The scenario and its allocations with the number multiplied by a factor.
    ///
    /// # Panics
    /// If the factor is not positive.
    pub(crate) fn turned(
        self,
        scenario: &Scenario,
        allocations: &[Allocation],
        factor: f64,
    ) -> (Scenario, Vec<Allocation>) {
        assert!(factor > 0.0 && factor.is_finite(), "a factor of {factor}");
        let (mut scenario, mut allocations) = (scenario.clone(), allocations.to_vec());
        match self {
            Self::AllTraffic => {
                (0..scenario.models.len()).for_each(|model| multiply_traffic(&mut scenario, model, factor));
            }
            Self::Traffic { model } => multiply_traffic(&mut scenario, model, factor),
            Self::Price { gpu } => {
                let price = &mut scenario.gpus[gpu].usd_per_second;
                *price = UsdPerSecond::new(price.get() * factor).expect("a price times a factor is a price");
            }
            Self::Service { model, variant, gpu } => {
                let cell = &mut scenario.models[model].variants[variant].cells[gpu];
                cell.service.iter_mut().for_each(|fit| fit.law = fit.law.scaled(factor));
            }
            Self::Boot { model, variant, gpu } => {
                multiply_boot(&mut scenario.models[model].variants[variant].cells[gpu], factor);
            }
            Self::Window => {
                for pool in allocations.iter_mut().flat_map(|allocation| &mut allocation.pools) {
                    let window = &mut pool.settings.scaledown_window;
                    // The platform accepts no others.
                    *window = Seconds::new((window.get() * factor).clamp(2.0, 3600.0)).expect("a span");
                }
            }
        }
        (scenario, allocations)
    }

    /// How many times as many requests it brings, to simulate fewer days of more.
    pub(crate) fn load(self, scenario: &Scenario, factor: f64) -> f64 {
        let total: f64 = scenario.models.iter().map(|model| model.requests_per_day).sum();
        match self {
            Self::AllTraffic => factor,
            Self::Traffic { model } => 1.0 + (factor - 1.0) * scenario.models[model].requests_per_day / total,
            _ => 1.0,
        }
    }
}

/// A sum is as good as the weakest of what it adds up.
fn all_traffic(scenario: &Scenario) -> Basis {
    let of_models = scenario.models.iter().map(|model| &model.traffic_provenance);
    let kind = of_models.clone().map(|of| of.kind).max().map_or("", Kind::word);
    let mut sources: Vec<String> = Vec::new();
    for source in of_models.map(Provenance::cite) {
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    Basis { kind: kind.to_owned(), source: sources.join("; ") }
}

/// More traffic from clients who wait is more clients.
pub(crate) fn multiply_traffic(scenario: &mut Scenario, model: usize, factor: f64) {
    scenario.models[model].requests_per_day *= factor;
    let traffic = &mut scenario.traffic.models[model];
    traffic.requests_per_day *= factor;
    if let Process::Closed { clients, .. } = &mut traffic.process {
        *clients *= factor;
    }
}

pub(crate) fn multiply_boot(cell: &mut Cell, factor: f64) {
    cell.boot.iter_mut().for_each(|fit| fit.law = fit.law.scaled(factor));
    if let Some(plan) = &mut cell.boot_plan {
        plan.phases.iter_mut().chain(&mut plan.image).for_each(|law| *law = law.scaled(factor));
        plan.snapshot.iter_mut().for_each(|(law, _)| *law = law.scaled(factor));
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;
    use fleetfront_scenario::Files;

    use super::*;

    #[test]
    fn more_traffic_of_clients_who_wait_is_more_clients() {
        let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let think = fleetfront_sim::Law::Exponential { mean_s: 60.0 };
        scenario.traffic.models[2].process = Process::Closed { clients: 20.0, think };
        let (turned, _) = Knob::AllTraffic.turned(&scenario, &[], 0.3);
        assert_eq!(turned.traffic.models[2].process, Process::Closed { clients: 6.0, think });
        assert_relative_eq!(turned.models[2].requests_per_day, 0.3 * scenario.models[2].requests_per_day);
    }

    #[test]
    fn every_knob_moves_its_number_and_no_other() {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let allocations = [scenario.allocations[scenario.baseline].clone()];
        let knobs = Knob::all(&scenario, &allocations);
        // All traffic and that of six models, one GPU type, six services and boots, the windows.
        assert_eq!(knobs.len(), 1 + 6 + 1 + 6 + 6 + 1);
        for knob in &knobs {
            let (turned, moved) = knob.turned(&scenario, &allocations, 2.0);
            let (now, then) = (knob.now(&scenario).0, knob.now(&turned).0);
            if *knob == Knob::Window {
                let window = |of: &[Allocation]| of[0].pools[0].settings.scaledown_window.get();
                assert_relative_eq!(window(&moved), 2.0 * window(&allocations));
                assert_eq!(turned, scenario);
                continue;
            }
            assert_relative_eq!(then, 2.0 * now, max_relative = 1e-9);
            let others = knobs.iter().filter(|other| *other != knob && other.now(&scenario) != other.now(&turned));
            let related = |other: &Knob| *other == Knob::AllTraffic || *knob == Knob::AllTraffic;
            assert!(others.into_iter().all(related), "{knob:?}");
        }
    }
}
