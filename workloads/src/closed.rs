//! Clients who wait for answers, as a trial meets them.

use fleetfront_sim::{Clients, Law, Luck, Pace, Quantile, ReadyService, Role, SimSpan, SimTime, StreamKey, stream};
use rand::Rng;

use crate::process::Process;
use crate::residual::residual_s;
use crate::traffic::Traffic;

/// The clients of some models in one trial; none for models whose requests arrive whatever happens to others.
///
/// All think when the trial begins, and what is left of that is residual: as if each had thought for ever. Their clock
/// runs as the rate does, with pace 1 where the rate is the mean of the curve. Client c keeps its luck whatever the other
/// numbers are.
///
/// - `models`: each by its place in the traffic, with its service law; they are numbered in this order.
///
/// # Panics
/// If there is no such model, or a rate is not legal (see [`Traffic::drawn_rate`]).
#[must_use]
pub fn clients(traffic: &Traffic, seed: u64, trial: u32, models: &[(usize, ReadyService)]) -> Vec<Clients> {
    let of_model = |(place, (model, service)): (usize, &(usize, ReadyService))| {
        let of_model = &traffic.models[*model];
        let Process::Closed { clients, think } = of_model.process else { return None };
        let (luck, first) = beginning(clients, &think, (seed, trial, of_model.key));
        let pace = pace(traffic, seed, trial, *model);
        Some(Clients { model: place as u16, first, think, service: service.service().clone(), pace, luck })
    };
    models.iter().enumerate().filter_map(of_model).collect()
}

/// The luck of all, and how long each still thinks.
fn beginning(clients: f64, think: &Law, (seed, trial, key): (u64, u32, StreamKey)) -> (Luck, Vec<SimSpan>) {
    let mut rng = stream(seed, trial, key, Role::Clients);
    let luck = Luck(rng.next_u64());
    let mut uniform = || Quantile(rng.next_u32()).uniform();
    let one_more = uniform() < clients.fract();
    // Two words a client, so that the first ones are the same however many there are.
    let first = (0..clients as u64 + u64::from(one_more)).map(|_| residual_s(think, [uniform(), uniform()]));
    (luck, first.map(SimSpan::from_secs_f64).collect())
}

/// How the clock of those who think runs in a trial.
fn pace(traffic: &Traffic, seed: u64, trial: u32, model: usize) -> Pace {
    let mean = traffic.models[model].requests_per_day / 86_400.0;
    let rate = traffic.drawn_rate(seed, trial, model);
    let step = |(start_s, _, per_second): (f64, f64, f64)| {
        (SimTime::START + SimSpan::from_secs_f64(start_s), per_second / mean)
    };
    Pace::new(&rate.stretches().map(step).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::assert_mean;
    use crate::{ArrivalStream, LoadCurve, ModelTraffic, Redrawn, Scope, SlowRate, draw_requests};
    use fleetfront_sim::{Arrivals, Seconds};

    const DAY: u64 = 86_400_000_000_000;

    /// Two models, the second of which has clients, over a day with a run-in of an hour.
    fn traffic(weights: &[f64], clients: f64, think: Law) -> Traffic {
        let model = |key: &str, process| ModelTraffic {
            key: StreamKey::of(key),
            requests_per_day: 777.0,
            curve: LoadCurve::new(weights).expect("a curve"),
            curve_ahead_h: 0.0,
            clock_changes: Vec::new(),
            process,
            swing: None,
            spikes: Vec::new(),
            replay: None,
            slow_rates: None,
        };
        let models = vec![model("a", Process::Poisson), model("b", Process::Closed { clients, think })];
        let [run_in, horizon] = [3600.0, 86_400.0].map(|seconds| Seconds::new(seconds).expect("a span"));
        Traffic { models, slow_rates: Vec::new(), run_in, horizon }
    }

    const SERVICE: Law = Law::Deterministic { seconds: 5.0 };
    const THINK: Law = Law::Exponential { mean_s: 60.0 };

    fn only(traffic: &Traffic, trial: u32) -> Clients {
        let mut all = clients(traffic, 1, trial, &[(1, SERVICE.into()), (0, THINK.into())]);
        assert_eq!(all.len(), 1);
        all.remove(0)
    }

    #[test]
    fn clients_are_handed_out_with_the_arrivals_and_their_requests_are_not_drawn() {
        let traffic = traffic(&[1.0; 24], 3.0, THINK);
        let stream = ArrivalStream::new(&traffic, 1, 0, &[(0, THINK.into()), (1, SERVICE.into())]);
        let [of_model] = stream.clients() else { panic!("one model has clients") };
        assert_eq!((of_model.model, of_model.first.len(), &of_model.service), (1, 3, &SERVICE.into()));
        assert_eq!(*of_model, Clients { model: 1, ..only(&traffic, 0) });
        assert!(draw_requests(&traffic, 1, 0, 1).is_empty() && draw_requests(&traffic, 1, 0, 0).len() > 600);
    }

    #[test]
    fn the_clock_runs_as_the_rate_does() {
        let span = SimSpan(DAY / 24);
        // A flat curve: hours are hours.
        let flat = only(&traffic(&[1.0; 24], 1.0, THINK), 0).pace;
        for at in [0, 12_345_678_901, DAY / 2] {
            assert_eq!(flat.after(SimTime(at), span), SimTime(at) + span);
        }
        // Half a day at a weight of 1.5 follows half a day at 0.5; the run-in is of the evening before.
        let halves: Vec<f64> = (0..24).map(|hour| if hour < 12 { 0.5 } else { 1.5 }).collect();
        let pace = only(&traffic(&halves, 1.0, THINK), 0).pace;
        let hour = |hours: f64| SimTime((hours * DAY as f64 / 24.0) as u64);
        assert_eq!(pace.after(hour(1.0), span), hour(3.0));
        assert_eq!(pace.after(hour(12.0), span), hour(13.0 + 1.0 / 3.0));
        // Slow rates are in it.
        let redrawn = Redrawn::EachHour;
        let slow = SlowRate { cv: 0.5, redrawn, scope: Scope::Fleet };
        let slow = Traffic { slow_rates: vec![slow], ..traffic(&[1.0; 24], 1.0, THINK) };
        let factor = slow.drawn_rate(1, 4, 1).at(5000.0) / (777.0 / 86_400.0);
        let minute = only(&slow, 4).pace.after(SimTime(5_000_000_000_000), SimSpan(60_000_000_000));
        assert!(((minute.0 as f64 / 1e9 - 5000.0) * factor - 60.0).abs() < 1e-6 && (factor - 1.0).abs() > 1e-3);
    }

    #[test]
    fn a_fraction_of_a_client_is_one_in_that_share_of_the_trials() {
        let traffic = traffic(&[1.0; 24], 2.3, THINK);
        let counts: Vec<f64> = (0..2000).map(|trial| only(&traffic, trial).first.len() as f64).collect();
        assert!(counts.iter().all(|count| [2.0, 3.0].contains(count)));
        assert_mean(counts.into_iter(), 2.3);
        // The others do not notice.
        let more = self::traffic(&[1.0; 24], 40.0, THINK);
        for trial in 0..5 {
            let (few, many) = (only(&traffic, trial), only(&more, trial));
            assert_eq!((few.luck, &few.first[..2]), (many.luck, &many.first[..2]));
            assert!(few.luck != only(&more, trial + 1).luck);
        }
    }

    /// What is left of a span of 60 s is uniform: clients do not march in step.
    #[test]
    fn the_beginning_is_like_any_other_instant() {
        let traffic = traffic(&[1.0; 24], 4000.0, Law::Deterministic { seconds: 60.0 });
        let first = only(&traffic, 0).first.into_iter().map(SimSpan::as_secs_f64);
        crate::testing::assert_kolmogorov_smirnov(first, |x| (x / 60.0).clamp(0.0, 1.0));
    }
}
