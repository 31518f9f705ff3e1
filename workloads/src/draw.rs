//! Drawing one trial's requests.

use fleetfront_sim::Request;

use crate::request_stream::{RequestStream, ample};
use crate::traffic::Traffic;

/// The requests of model `model` in trial `trial`, run-in included, in order of arrival, all before the end of
/// [`Traffic::horizon`]: all that [`RequestStream`] gives.
///
/// A trial of a day is the weekday `t mod 7` (0 = Monday) of the reporting clock; its run-in is the evening before.
///
/// Events in expected requests are mapped to time by the inverse of the cumulative rate, [`Traffic::drawn_rate`]; for
/// a Poisson process this is exact (Çınlar 1975, *Introduction to Stochastic Processes*). Request `k` of a trial keeps
/// its quantile and luck when the curve or a slow rate changes.
///
/// # Panics
/// If there is no such model, its `requests_per_day` or a slow rate's `cv` is negative, infinite or NaN, or its
/// process is not legal.
#[must_use]
pub fn draw_requests(traffic: &Traffic, seed: u64, trial: u32, model: usize) -> Vec<Request> {
    let mut stream = RequestStream::new(traffic, seed, trial, model);
    let mut requests = Vec::with_capacity(ample(stream.expected()));
    while stream.append(&mut requests) {}
    requests
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{assert_kolmogorov_smirnov, assert_mean};
    use crate::{
        LoadCurve, ModelTraffic, Process, Redrawn, Scope, SlowRate, slow_rate_dispersion, slow_rates_dispersion,
    };
    use fleetfront_sim::{Seconds, StreamKey};
    use statrs::distribution::ContinuousCDF;

    const DAY_S: f64 = 86_400.0;
    const RUN_IN_H: f64 = 6.0;

    fn model(name: &str, requests_per_day: f64, weights: &[f64]) -> ModelTraffic {
        let curve = LoadCurve::new(weights).expect("a curve");
        let (key, process) = (StreamKey::of(name), Process::Poisson);
        let (spikes, replay) = (Vec::new(), None);
        ModelTraffic {
            key,
            requests_per_day,
            curve,
            curve_ahead_h: 0.0,
            clock_changes: Vec::new(),
            process,
            swing: None,
            slow_rates: None,
            spikes,
            replay,
        }
    }

    fn traffic(models: Vec<ModelTraffic>) -> Traffic {
        let [run_in, horizon] = [RUN_IN_H * 3600.0, DAY_S].map(|s| Seconds::new(s).expect("a span"));
        Traffic { models, slow_rates: Vec::new(), run_in, horizon }
    }

    fn flat(requests_per_day: f64) -> ModelTraffic {
        model("flux-dev", requests_per_day, &[1.0; 24])
    }

    /// Busy evenings, empty nights, quiet weekends.
    fn weekly() -> Vec<f64> {
        let weight = |hour: u32| {
            let day = f64::from(1 + (hour % 24).saturating_sub(6));
            let night = if hour % 24 < 3 { 0.0 } else { 1.0 };
            let weekend = if hour >= 120 { 0.4 } else { 1.0 };
            day * night * weekend
        };
        (0..168).map(weight).collect()
    }

    fn slow(cv: f64, correlation_s: f64, scope: Scope) -> SlowRate {
        let correlation = Seconds::new(correlation_s).expect("a span");
        SlowRate { cv, redrawn: Redrawn::AtRandom { correlation }, scope }
    }

    /// Seconds since the start of the horizon; negative in the run-in.
    fn seconds(request: &Request) -> f64 {
        request.at.0 as f64 / 1e9 - RUN_IN_H * 3600.0
    }

    /// Requests of the horizon in each window of `window_s` seconds.
    fn counts(requests: &[Request], window_s: f64) -> Vec<f64> {
        let mut counts = vec![0.0; (DAY_S / window_s) as usize];
        for at_s in requests.iter().map(seconds).filter(|at_s| *at_s >= 0.0) {
            counts[(at_s / window_s) as usize] += 1.0;
        }
        counts
    }

    #[test]
    fn a_weekday_has_its_share_of_requests() {
        let traffic = traffic(vec![model("flux-dev", 300.0, &weekly())]);
        for weekday in [0, 5] {
            let share: f64 = traffic.models[0].curve.hourly()[weekday * 24..][..24].iter().sum::<f64>() / 24.0;
            let trials = (0..300).map(|week| 7 * week + weekday as u32);
            let days = trials.map(|trial| counts(&draw_requests(&traffic, 1, trial, 0), DAY_S)[0]);
            assert_mean(days, 300.0 * share);
        }
    }

    #[test]
    fn hours_follow_the_curve() {
        let traffic = traffic(vec![model("flux-dev", 50_000.0, &weekly())]);
        let curve = &traffic.models[0].curve;
        let mut distance = 0.0;
        let mut cells = 0.0;
        for trial in 0..7 {
            let drawn = counts(&draw_requests(&traffic, 2, trial, 0), 3600.0);
            for (hour, count) in drawn.iter().enumerate() {
                let expected = 50_000.0 / 24.0 * curve.hourly()[24 * trial as usize + hour];
                if expected == 0.0 {
                    assert!(*count == 0.0, "hour {hour} of trial {trial} has no traffic");
                } else {
                    distance += (count - expected).powi(2) / expected;
                    cells += 1.0;
                }
            }
        }
        let law = statrs::distribution::ChiSquared::new(cells).expect("a chi-square law");
        assert!(cells > 140.0 && distance < law.inverse_cdf(0.999), "chi-square {distance} of {cells} hours");
    }

    #[test]
    fn gaps_in_expected_requests_are_exponential() {
        let traffic = traffic(vec![model("flux-dev", 20_000.0, &weekly())]);
        let rate = traffic.expected_rate(4, 0);
        let mut before_s = 0.0;
        let requests = draw_requests(&traffic, 3, 4, 0);
        let gaps = requests.iter().map(|request| {
            let at_s = request.at.0 as f64 / 1e9;
            let gap = rate.integral(before_s, at_s);
            before_s = at_s;
            gap
        });
        assert_kolmogorov_smirnov(gaps, |x| 1.0 - (-x).exp());
    }

    #[test]
    fn quantiles_and_lucks_are_uniform() {
        let requests = draw_requests(&traffic(vec![flat(20_000.0)]), 4, 0, 0);
        assert_kolmogorov_smirnov(requests.iter().map(|request| request.quantile.uniform()), |u| u);
        assert_kolmogorov_smirnov(requests.iter().map(|request| request.luck.uniform(1, 0)), |u| u);
    }

    #[test]
    fn the_slow_rate_gives_counts_the_dispersion_of_its_formula() {
        let per_day = 4000.0;
        for (cv, correlation_s, window_s) in [(0.5, 1200.0, 60.0), (0.5, 1200.0, 900.0), (1.2, 300.0, 900.0)] {
            let traffic =
                Traffic { slow_rates: vec![slow(cv, correlation_s, Scope::Model)], ..traffic(vec![flat(per_day)]) };
            let mean = per_day * window_s / DAY_S;
            let dispersions = (0..400).map(|trial| {
                let counts = counts(&draw_requests(&traffic, 5, trial, 0), window_s);
                counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (mean * counts.len() as f64)
            });
            assert_mean(dispersions, slow_rate_dispersion(per_day / DAY_S, window_s, cv, correlation_s));
        }
    }

    #[test]
    fn several_slow_rates_give_counts_the_dispersion_of_their_product() {
        let per_day = 4000.0;
        let scales = [(0.6, 60.0), (0.5, 1500.0)];
        let slow_rates = scales.map(|(cv, correlation_s)| slow(cv, correlation_s, Scope::Fleet)).to_vec();
        let traffic = Traffic { slow_rates, ..traffic(vec![flat(per_day)]) };
        for window_s in [30.0, 300.0, 2400.0] {
            let mean = per_day * window_s / DAY_S;
            let dispersions = (0..600).map(|trial| {
                let counts = counts(&draw_requests(&traffic, 9, trial, 0), window_s);
                counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (mean * counts.len() as f64)
            });
            assert_mean(dispersions, slow_rates_dispersion(per_day / DAY_S, window_s, &scales));
        }
    }

    /// Given the factor X the count is Poisson with mean m X, so that its variance is m + cv^2 m^2.
    #[test]
    fn a_daily_factor_gives_days_their_variance() {
        for (cv, per_day) in [(0.3, 200.0), (1.3, 50.0)] {
            let slow_rates = vec![SlowRate { cv, redrawn: Redrawn::EachDay, scope: Scope::Fleet }];
            let traffic = Traffic { slow_rates, ..traffic(vec![flat(per_day)]) };
            let days = (0..6000).map(|trial| counts(&draw_requests(&traffic, 8, trial, 0), DAY_S)[0]);
            assert_mean(days.map(|count| (count - per_day).powi(2)), per_day + (cv * per_day).powi(2));
        }
    }

    #[test]
    fn without_a_slow_rate_counts_are_poisson() {
        let traffic = traffic(vec![flat(4000.0)]);
        let mean = 4000.0 * 900.0 / DAY_S;
        let dispersions = (0..100).map(|trial| {
            let counts = counts(&draw_requests(&traffic, 6, trial, 0), 900.0);
            counts.iter().map(|count| (count - mean).powi(2)).sum::<f64>() / (mean * counts.len() as f64)
        });
        assert_mean(dispersions, 1.0);
    }

    /// Mean product of two models' deviations from their mean counts, window by window, one value a trial.
    fn covariances(traffic: &Traffic, mean: f64) -> impl Iterator<Item = f64> {
        (0..300).map(move |trial| {
            let [a, b] = [0, 1].map(|model| counts(&draw_requests(traffic, 7, trial, model), 900.0));
            a.iter().zip(&b).map(|(a, b)| (a - mean) * (b - mean)).sum::<f64>() / a.len() as f64
        })
    }

    #[test]
    fn models_rise_and_fall_together_under_the_fleets_slow_rate_only() {
        let models = vec![flat(4000.0), model("lora", 4000.0, &[1.0; 24])];
        let mean = 4000.0 * 900.0 / DAY_S;
        let together = Traffic { slow_rates: vec![slow(0.5, 1200.0, Scope::Fleet)], ..traffic(models.clone()) };
        // What the shared factor adds to one model's variance it adds to the covariance.
        let shared = mean * (slow_rate_dispersion(4000.0 / DAY_S, 900.0, 0.5, 1200.0) - 1.0);
        assert_mean(covariances(&together, mean), shared);
        let apart = Traffic { slow_rates: vec![slow(0.5, 1200.0, Scope::Model)], ..traffic(models) };
        assert_mean(covariances(&apart, mean), 0.0);
    }

    /// Pinned: a change here changes every result, and belongs into the changelog.
    #[test]
    fn the_first_requests_are_stable() {
        let traffic = Traffic { slow_rates: vec![slow(0.5, 1200.0, Scope::Fleet)], ..traffic(vec![flat(1000.0)]) };
        let requests = draw_requests(&traffic, 1, 0, 0);
        let found: Vec<_> = requests.iter().take(2).map(|r| (r.at.0, r.quantile.0, r.luck.0)).collect();
        assert_eq!(found, PINNED);
    }

    /// Nanoseconds, quantile, luck.
    const PINNED: [(u64, u32, u64); 2] = [
        (170_770_591_023, 3_470_392_531, 7_021_819_479_584_738_004),
        (172_387_803_044, 199_920_185, 1_941_559_521_722_829_524),
    ];

    #[test]
    fn the_same_arguments_give_the_same_requests_and_others_do_not() {
        let traffic = Traffic { slow_rates: vec![slow(0.5, 1200.0, Scope::Fleet)], ..traffic(vec![flat(1000.0)]) };
        let base = draw_requests(&traffic, 1, 3, 0);
        assert_eq!(base, draw_requests(&traffic, 1, 3, 0));
        assert_ne!(base, draw_requests(&traffic, 2, 3, 0));
        assert_ne!(base, draw_requests(&traffic, 1, 4, 0));
    }

    #[test]
    fn adding_or_moving_a_model_leaves_the_others_alone() {
        for scope in [Scope::Fleet, Scope::Model] {
            let with = |models| Traffic { slow_rates: vec![slow(0.5, 1200.0, scope)], ..traffic(models) };
            let alone = with(vec![flat(1000.0)]);
            let joined = with(vec![model("lora", 500.0, &[1.0; 24]), flat(1000.0)]);
            assert_eq!(draw_requests(&alone, 1, 0, 0), draw_requests(&joined, 1, 0, 1));
        }
    }

    #[test]
    fn a_change_of_traffic_keeps_the_luck_of_the_kth_request() {
        let before = traffic(vec![flat(1000.0)]);
        let mut after = Traffic { slow_rates: vec![slow(0.5, 1200.0, Scope::Fleet)], ..before.clone() };
        after.models[0] = model("flux-dev", 2000.0, &weekly());
        let [before, after] = [before, after].map(|traffic| draw_requests(&traffic, 1, 0, 0));
        for (a, b) in before.iter().zip(&after).take(500) {
            assert_ne!(a.at, b.at);
            assert_eq!((a.quantile, a.luck), (b.quantile, b.luck));
        }
    }

    #[test]
    fn a_change_of_curve_moves_arrivals_and_keeps_their_gaps_in_expected_requests() {
        let positions = |weights: &[f64]| -> Vec<f64> {
            let traffic = traffic(vec![model("flux-dev", 2000.0, weights)]);
            let rate = traffic.expected_rate(2, 0);
            let requests = draw_requests(&traffic, 1, 2, 0);
            requests.iter().map(|request| rate.integral(0.0, request.at.0 as f64 / 1e9)).collect()
        };
        let (even, uneven) = (positions(&[1.0; 24]), positions(&weekly()));
        assert!(even.len().min(uneven.len()) > 1500);
        for (a, b) in even.iter().zip(&uneven) {
            approx::assert_relative_eq!(a, b, epsilon = 1e-6);
        }
    }

    #[test]
    fn half_an_hour_ahead_moves_the_requests() {
        let mut midnight = [0.0; 24];
        midnight[0] = 1.0;
        let mut traffic = traffic(vec![model("flux-dev", 10_000.0, &midnight)]);
        traffic.models[0].curve_ahead_h = 5.5;
        let requests = draw_requests(&traffic, 1, 0, 0);
        let at_h: Vec<f64> = requests.iter().map(|r| seconds(r) / 3600.0).filter(|h| *h > 0.0).collect();
        // Midnight of the curve's clock is 18:30 of the reporting clock; the run-in has 18:30 of the day before.
        assert!(at_h.iter().all(|h| (18.5..19.5).contains(h)));
        assert!(at_h[0] < 18.51 && at_h[at_h.len() - 1] > 19.49);
        assert!((9600..10_400).contains(&at_h.len()), "{} requests", at_h.len());
        let evening_before: Vec<f64> = requests.iter().map(|r| seconds(r) / 3600.0).filter(|h| *h < 0.0).collect();
        assert!(evening_before.len() > 9600 && evening_before.iter().all(|h| (-5.5..-4.5).contains(h)));
    }

    #[test]
    fn the_evening_before_monday_is_sunday() {
        let mut sunday_evening = [0.0; 168];
        sunday_evening[162..].fill(1.0);
        let traffic = traffic(vec![model("flux-dev", 1000.0, &sunday_evening)]);
        let per_trial = |trial| draw_requests(&traffic, 1, trial, 0);
        assert!(per_trial(0).len() > 6500 && per_trial(0).iter().all(|r| seconds(r) < 0.0));
        assert!(per_trial(1).is_empty());
        assert!(per_trial(6).len() > 6500 && per_trial(6).iter().all(|r| seconds(r) >= 18.0 * 3600.0));
    }

    #[test]
    fn requests_are_in_order_inside_the_trial_and_fill_it() {
        let traffic = Traffic { slow_rates: vec![slow(1.5, 30.0, Scope::Model)], ..traffic(vec![flat(100_000.0)]) };
        let requests = draw_requests(&traffic, 1, 0, 0);
        assert!(requests.windows(2).all(|pair| pair[0].at <= pair[1].at));
        let end = traffic.horizon().end;
        assert!(requests.iter().all(|request| request.at < end));
        assert!(requests[0].at.0 < 600_000_000_000 && requests[requests.len() - 1].at.0 > end.0 - 600_000_000_000);
    }

    #[test]
    fn no_traffic_is_no_requests() {
        assert!(draw_requests(&traffic(vec![flat(0.0)]), 1, 0, 0).is_empty());
    }
}
