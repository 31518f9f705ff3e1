//! The arrivals of one trial at a pool, drawn as they are asked for.

use fleetfront_sim::{Arrival, Arrivals, Clients, ReadyService, Request, SimSpan};

use crate::closed::clients;
use crate::request_stream::RequestStream;
use crate::traffic::Traffic;

/// The arrivals of several models in one trial, in order; of two at the same instant the earlier model's comes first.
///
/// They are drawn block by block: the memory it takes does not grow with their number.
#[derive(Debug)]
pub struct ArrivalStream {
    models: Vec<OfModel>,
    /// Who sends more of them.
    clients: Vec<Clients>,
    /// Those that were handed out last.
    block: Vec<Arrival>,
}

/// The arrivals of one model.
#[derive(Debug)]
struct OfModel {
    requests: RequestStream,
    service: ReadyService,
    longest: SimSpan,
    drawn: Vec<Request>,
    /// Drawn, but perhaps later than those of another model; the first `taken` are handed out.
    ahead: Vec<Arrival>,
    taken: usize,
}

impl ArrivalStream {
    /// The arrivals of trial `trial`, run-in included: the requests of [`RequestStream`] with their service times.
    ///
    /// - `models`: each by its place in the traffic, with its service time; they are numbered in this order.
    ///
    /// # Panics
    /// As [`RequestStream::new`].
    #[must_use]
    pub fn new(traffic: &Traffic, seed: u64, trial: u32, models: &[(usize, ReadyService)]) -> Self {
        let of_model = |(model, service): &(usize, ReadyService)| OfModel {
            requests: RequestStream::new(traffic, seed, trial, *model),
            service: service.clone(),
            longest: service.service().longest(),
            drawn: Vec::new(),
            ahead: Vec::new(),
            taken: 0,
        };
        let clients = clients(traffic, seed, trial, models);
        Self { models: models.iter().map(of_model).collect(), clients, block: Vec::new() }
    }

    /// Takes those that come before any that is still to be drawn.
    fn merge(&mut self) {
        for (place, of_model) in self.models.iter_mut().enumerate() {
            if of_model.taken == of_model.ahead.len() {
                of_model.draw(place as u16);
            }
        }
        // Of a model whose requests are all drawn nothing later is to come.
        let last = |of_model: &OfModel| of_model.ahead.last().map(|arrival| (arrival.at, arrival.model));
        let Some(until) = self.models.iter().filter_map(last).min() else { return };
        for of_model in &mut self.models {
            let ahead = &of_model.ahead[of_model.taken..];
            let ready = ahead.partition_point(|arrival| (arrival.at, arrival.model) <= until);
            self.block.extend_from_slice(&ahead[..ready]);
            of_model.taken += ready;
        }
        self.block.sort_by_key(|arrival| (arrival.at, arrival.model));
    }
}

impl Arrivals for ArrivalStream {
    fn next_block(&mut self) -> &[Arrival] {
        // A model by itself waits for no other.
        if self.models.len() == 1 {
            self.models[0].draw(0);
            return &self.models[0].ahead;
        }
        self.block.clear();
        self.merge();
        &self.block
    }

    fn longest_service(&self) -> SimSpan {
        self.models.iter().map(|model| model.longest).max().unwrap_or(SimSpan::ZERO)
    }

    fn clients(&self) -> &[Clients] {
        &self.clients
    }
}

impl OfModel {
    /// Replaces those that were handed out by the next.
    fn draw(&mut self, model: u16) {
        self.taken = 0;
        self.ahead.clear();
        self.requests.fill(&mut self.drawn);
        Arrival::append(&self.drawn, &self.service, model, &mut self.ahead);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LoadCurve, ModelTraffic, Process, draw_requests};
    use fleetfront_sim::{Law, Seconds, Service, Shape, ShapeLaw, Shapes, StreamKey, Work};
    use std::sync::Arc;

    /// Three models of a day, of very different volume.
    fn traffic() -> Traffic {
        let curve = LoadCurve::new(&(1..=24).map(f64::from).collect::<Vec<f64>>()).expect("a curve");
        let model = |(key, requests_per_day)| ModelTraffic {
            key: StreamKey::of(key),
            requests_per_day,
            curve: curve.clone(),
            curve_ahead_h: 0.0,
            clock_changes: Vec::new(),
            process: Process::Poisson,
            swing: None,
            slow_rates: None,
            spikes: Vec::new(),
            replay: None,
        };
        Traffic {
            models: [("a", 20_000.0), ("b", 3.0), ("c", 5_000.0)].map(model).to_vec(),
            slow_rates: Vec::new(),
            run_in: Seconds::ZERO,
            horizon: Seconds::new(86_400.0).expect("a day"),
        }
    }

    fn together(stream: &mut ArrivalStream) -> Vec<Arrival> {
        let mut all = Vec::new();
        loop {
            let block = stream.next_block();
            if block.is_empty() {
                return all;
            }
            assert!(block.len() <= 4_000, "a block of {}", block.len());
            all.extend_from_slice(block);
        }
    }

    #[test]
    fn blocks_are_the_drawn_requests_in_order() {
        let traffic = traffic();
        let law = |mean_s| Service::from(Law::Exponential { mean_s });
        let reference = Shape { steps: 20.0, megapixels: 1.0, frames: 1.0, images: 1.0 };
        let mix = Shapes::Joint(vec![(2.0, reference), (1.0, Shape { steps: 50.0, ..reference })]);
        let grows = ShapeLaw { fixed_share: 0.1, megapixels_exponent: 1.0, frames_exponent: 1.0 };
        let shaped = Service { work: Some(Arc::new(Work::of(&mix, &reference, &grows))), ..law(4.0) };
        let three = vec![(2, law(1.0)), (0, shaped), (1, law(0.5))];
        for models in [vec![(0, law(2.0))], three, vec![(1, law(9.0))]] {
            let models: Vec<_> = models.into_iter().map(|(model, law)| (model, law.ready())).collect();
            for trial in 0..5 {
                let mut expected = Vec::new();
                for (place, (model, law)) in models.iter().enumerate() {
                    let requests = draw_requests(&traffic, 7, trial, *model);
                    Arrival::append(&requests, law, place as u16, &mut expected);
                }
                expected.sort_by_key(|arrival| (arrival.at, arrival.model));
                let mut stream = ArrivalStream::new(&traffic, 7, trial, &models);
                let longest = stream.longest_service();
                assert!(expected.iter().all(|arrival| arrival.service <= longest));
                assert_eq!(together(&mut stream), expected);
                assert!(stream.next_block().is_empty());
            }
        }
    }
}
