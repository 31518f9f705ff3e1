//! The requests of all trials, drawn once and shared by everything that is compared.

use fleetfront_sim::{Arrival, Law, Request};
use fleetfront_workloads::{Traffic, draw_requests};
use rayon::prelude::*;

/// The requests of every trial and model.
pub(crate) struct Requests {
    models: usize,
    /// Number of the first trial.
    first: u32,
    /// Row-major: trial, then model.
    drawn: Vec<Vec<Request>>,
}

impl Requests {
    pub(crate) fn draw(traffic: &Traffic, seed: u64, trials: u32) -> Self {
        let models = traffic.models.len();
        let drawn = (0..trials as usize * models)
            .into_par_iter()
            .map(|k| draw_requests(traffic, seed, (k / models) as u32, k % models))
            .collect();
        Self { models, first: 0, drawn }
    }

    /// The requests of one trial only.
    pub(crate) fn draw_trial(traffic: &Traffic, seed: u64, trial: u32) -> Self {
        let models = traffic.models.len();
        let drawn = (0..models).map(|model| draw_requests(traffic, seed, trial, model)).collect();
        Self { models, first: trial, drawn }
    }

    /// The requests of one model in one trial.
    pub(crate) fn of(&self, trial: u32, model: usize) -> &[Request] {
        &self.drawn[(trial - self.first) as usize * self.models + model]
    }

    /// The arrivals of one trial at a pool of several models, in order; of two at the same instant the pool's earlier
    /// model comes first.
    ///
    /// - `pool`: each model of the pool with its service law there.
    pub(crate) fn at_pool(&self, trial: u32, pool: &[(usize, Law)], arrivals: &mut Vec<Arrival>) {
        arrivals.clear();
        for (place, (model, law)) in pool.iter().enumerate() {
            Arrival::append(self.of(trial, *model), &law.ready(), place as u16, arrivals);
        }
        if pool.len() > 1 {
            arrivals.sort_by_key(|arrival| (arrival.at, arrival.model));
        }
    }
}
