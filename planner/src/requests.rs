//! The requests of all trials, the same for everything that is compared: kept where they are few, drawn again where
//! they are many, so that memory does not grow with the traffic.

use fleetfront_sim::{Arrival, Arrivals, Attended, Clients, ReadyService, Request};
use fleetfront_workloads::{ArrivalStream, Traffic, clients, draw_requests};
use rayon::prelude::*;

/// So many expected requests of all trials are drawn once and kept (24 bytes each).
const KEPT: f64 = 5e6;
/// So many expected arrivals of one trial at one pool are kept while its settings are tried (32 bytes each, and one
/// section of trials a thread).
const KEPT_A_TRIAL: f64 = 1e5;

/// The requests of every trial and model. Those of clients who wait for answers are not among them: they are sent while a
/// trial is simulated, and the clients come with the arrivals.
pub(crate) struct Requests<'a> {
    traffic: &'a Traffic,
    pub(crate) seed: u64,
    /// Row-major: trial, then model. Nothing where they are too many.
    kept: Vec<Vec<Request>>,
}

impl<'a> Requests<'a> {
    /// Those of many trials.
    pub(crate) fn of_trials(traffic: &'a Traffic, seed: u64, trials: u32) -> Self {
        let models = traffic.models.len();
        let expected = f64::from(trials) * (0..models).map(|model| expected(traffic, model)).sum::<f64>();
        if expected > KEPT {
            return Self::on_demand(traffic, seed);
        }
        let kept = (0..trials as usize * models)
            .into_par_iter()
            .map(|k| draw_requests(traffic, seed, (k / models) as u32, k % models))
            .collect();
        Self { traffic, seed, kept }
    }

    /// Those of any trial, drawn when they are asked for.
    pub(crate) fn on_demand(traffic: &'a Traffic, seed: u64) -> Self {
        Self { traffic, seed, kept: Vec::new() }
    }

    /// The arrivals of one trial at the pools that serve these models.
    ///
    /// - `models`: each with its service time there.
    pub(crate) fn of_pool<'p>(&'p self, trial: u32, models: &'p [(usize, ReadyService)]) -> OfPool<'p> {
        let Self { traffic, seed, .. } = *self;
        if self.kept.is_empty() {
            let drawn = Drawn { traffic, seed, trial, models };
            let few = models.iter().map(|(model, _)| expected(traffic, *model)).sum::<f64>() <= KEPT_A_TRIAL;
            return if few { drawn.all() } else { OfPool::Drawn(drawn) };
        }
        let mut arrivals = Vec::new();
        for (place, (model, service)) in models.iter().enumerate() {
            let requests = &self.kept[trial as usize * traffic.models.len() + model];
            Arrival::append(requests, service, place as u16, &mut arrivals);
        }
        if models.len() > 1 {
            arrivals.sort_by_key(|arrival| (arrival.at, arrival.model));
        }
        OfPool::Kept { arrivals, clients: clients(traffic, seed, trial, models) }
    }
}

/// Expected requests of a model in one trial.
fn expected(traffic: &Traffic, model: usize) -> f64 {
    let run_in_days = traffic.run_in.get() / 86_400.0;
    traffic.models[model].mean_per_day() * (traffic.days() + run_in_days)
}

/// The arrivals of one trial at a pool, in order; of two at the same instant the pool's earlier model comes first.
pub(crate) enum OfPool<'a> {
    Kept { arrivals: Vec<Arrival>, clients: Vec<Clients> },
    Drawn(Drawn<'a>),
}

/// What they are drawn from.
pub(crate) struct Drawn<'a> {
    traffic: &'a Traffic,
    seed: u64,
    trial: u32,
    models: &'a [(usize, ReadyService)],
}

impl OfPool<'_> {
    /// All of them, from the first on.
    pub(crate) fn source(&self) -> Box<dyn Arrivals + '_> {
        match self {
            Self::Kept { arrivals, clients } => Box::new(Attended { arrivals, clients }),
            Self::Drawn(drawn) => Box::new(drawn.stream()),
        }
    }
}

impl Drawn<'_> {
    fn stream(&self) -> ArrivalStream {
        ArrivalStream::new(self.traffic, self.seed, self.trial, self.models)
    }

    fn all(&self) -> OfPool<'static> {
        let (mut stream, mut all) = (self.stream(), Vec::new());
        loop {
            let block = stream.next_block();
            if block.is_empty() {
                return OfPool::Kept { arrivals: all, clients: stream.clients().to_vec() };
            }
            all.extend_from_slice(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetfront_scenario::{Files, Scenario};
    use fleetfront_sim::Law;

    #[test]
    fn kept_or_drawn_again_they_are_the_same() {
        let scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let models: Vec<(usize, ReadyService)> =
            (0..3).map(|model| (model, Law::Exponential { mean_s: 5.0 }.into())).collect();
        let kept = Requests::of_trials(&scenario.traffic, 1, 3);
        let drawn = Requests::on_demand(&scenario.traffic, 1);
        for trial in 0..3 {
            let all = |requests: &Requests<'_>| match requests.of_pool(trial, &models) {
                OfPool::Kept { arrivals, .. } => arrivals,
                OfPool::Drawn(_) => unreachable!("few"),
            };
            assert!(all(&kept).len() > 10);
            assert_eq!(all(&kept), all(&drawn));
            let (traffic, seed) = (&scenario.traffic, 1);
            let again = OfPool::Drawn(Drawn { traffic, seed, trial, models: &models });
            assert_eq!(again.source().next_block()[..5], all(&kept)[..5]);
        }
    }

    #[test]
    fn clients_come_with_the_arrivals_however_those_are_kept() {
        let mut scenario = Scenario::load(&Files::embedded()).expect("the embedded scenario is valid");
        let think = Law::Exponential { mean_s: 60.0 };
        scenario.traffic.models[1].process = fleetfront_workloads::Process::Closed { clients: 7.0, think };
        let models: Vec<(usize, ReadyService)> =
            (0..3).map(|model| (model, Law::Exponential { mean_s: 5.0 }.into())).collect();
        let traffic = &scenario.traffic;
        let (kept, again) = (Requests::of_trials(traffic, 1, 3), Requests::on_demand(traffic, 1));
        let drawn = OfPool::Drawn(Drawn { traffic, seed: 1, trial: 2, models: &models });
        let all = [kept.of_pool(2, &models), again.of_pool(2, &models), drawn];
        for of_pool in &all {
            let source = of_pool.source();
            let [clients] = source.clients() else { panic!("one model has clients") };
            assert_eq!((clients.model, clients.first.len()), (1, 7));
            assert_eq!(source.clients(), all[0].source().clients());
        }
    }
}
