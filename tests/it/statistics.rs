//! Each statistic once through its public path, with figures from books or from arithmetic that a reader can repeat.

use approx::assert_relative_eq;
use fleetfront_calibration::{Family, FitError, TimeOnTest, Times, choose_law, fit_law};
use fleetfront_planner::frontier_of_sums;
use fleetfront_planner::statistics::{
    Interval, Mmc, clopper_pearson, erlang_b, erlang_c, failure_rate_bound, holm, jackknife_ratio, ocba,
    quantile_interval, ratio_of_sums, relative_change, sample_size_for_maximum, t_factor, wilson,
};
use fleetfront_sim::Law;

/// Four decimals, as books print them.
fn rounds_to(found: Interval, low: f64, high: f64) {
    assert!((found.low - low).abs() <= 0.5e-4 && (found.high - high).abs() <= 0.5e-4, "{found:?}: {low} to {high}");
}

/// Newcombe 1998, *Statistics in Medicine* 17, table I, methods 3 (score) and 5 (Clopper-Pearson).
#[test]
fn intervals_of_proportions_are_those_of_newcombes_table() {
    rounds_to(wilson(81, 263, 0.95), 0.2553, 0.3662);
    rounds_to(wilson(15, 148, 0.95), 0.0624, 0.1605);
    rounds_to(wilson(0, 20, 0.95), 0.0, 0.1611);
    rounds_to(wilson(1, 29, 0.95), 0.0061, 0.1718);
    rounds_to(clopper_pearson(81, 263, 0.95), 0.2527, 0.3676);
    rounds_to(clopper_pearson(15, 148, 0.95), 0.0578, 0.1617);
    rounds_to(clopper_pearson(0, 20, 0.95), 0.0, 0.1684);
    rounds_to(clopper_pearson(1, 29, 0.95), 0.0009, 0.1776);
}

/// One failure in two at most with rate r has probability 1 - r²; none in three has (1 - r)³.
#[test]
fn failure_rates_are_bounded_exactly() {
    assert_relative_eq!(failure_rate_bound(1, 2, 0.95), 0.95_f64.sqrt(), max_relative = 1e-12);
    assert_relative_eq!(failure_rate_bound(0, 3, 0.875), 0.5, max_relative = 1e-12);
    assert_relative_eq!(failure_rate_bound(2, 2, 0.95), 1.0);
}

/// Of ten observations the second and the ninth bound the median: 1 - 2·(1 + 10)/1024. Wilks 1941: 29 observations for
/// 90 % at 95 %, 90 for 95 % at 99 %, 299 for 99 % at 95 %.
#[test]
fn sorted_observations_bound_quantiles() {
    let median = quantile_interval(10, 0.5, 0.95).expect("enough observations");
    assert_eq!((median.lower, median.upper), (2, 9));
    assert_relative_eq!(median.coverage, 1002.0 / 1024.0, max_relative = 1e-12);
    let sizes = [(0.9, 0.95), (0.95, 0.99), (0.99, 0.95)].map(|(q, confidence)| sample_size_for_maximum(q, confidence));
    assert_eq!(sizes, [29, 90, 299]);
}

/// x = 2, 4 over y = 1, 3: ratio 3/2, deviations ½ and -½, error √(2·½)/4. Leaving one out: 4/3 and 2, so
/// 2·3/2 - 5/3 = 4/3, and √(½·2/9) = 1/3. The 97.5 % quantile of t with one degree of freedom is tan(0.475·π).
#[test]
fn ratios_of_two_sections_by_hand() {
    let (x, y) = ([2.0, 4.0], [1.0, 3.0]);
    let delta = ratio_of_sums(&x, &y);
    assert_relative_eq!(delta.value, 1.5, max_relative = 1e-14);
    assert_relative_eq!(delta.standard_error, 0.25, max_relative = 1e-14);
    let t = (0.475 * std::f64::consts::PI).tan();
    assert_relative_eq!(t_factor(2, 0.95), t, max_relative = 1e-8);
    assert_relative_eq!(delta.half_width(0.95), 0.25 * t, max_relative = 1e-8);
    let jackknife = jackknife_ratio(&x, &y);
    assert_relative_eq!(jackknife.value, 4.0 / 3.0, max_relative = 1e-14);
    assert_relative_eq!(jackknife.standard_error, 1.0 / 3.0, max_relative = 1e-14);
    let change = relative_change(&x, &y, 0.95);
    assert_relative_eq!(change.value, 0.5, max_relative = 1e-14);
    assert_relative_eq!(change.interval.low, 1.5 * (-t / 6.0).exp() - 1.0, max_relative = 1e-7);
    assert_relative_eq!(change.interval.high, 1.5 * (t / 6.0).exp() - 1.0, max_relative = 1e-7);
}

#[test]
fn holm_multiplies_by_the_tests_that_are_left() {
    let adjusted = holm(&[0.5, 0.0625, 0.125]);
    assert_eq!(adjusted, [0.5, 0.1875, 0.25]);
}

/// Rivals at distances 1 and 3 with deviations 2 and 3 weigh 4 and 1; the best, with 1, takes √(16/4 + 1/9).
#[test]
fn a_budget_goes_where_the_choice_is_hard() {
    let shares = ocba(&[6.0, 8.0, 5.0], &[2.0, 3.0, 1.0], 100.0);
    let best = (4.0_f64 + 1.0 / 9.0).sqrt();
    for (found, weight) in shares.iter().zip([4.0, 1.0, best]) {
        assert_relative_eq!(*found, 100.0 * weight / (5.0 + best), max_relative = 1e-12);
    }
}

/// Tables of Erlang B: ten lines carry 4.46 erlangs, and twenty 12.0, at a loss of one per cent.
#[test]
fn erlangs_formulas_are_those_of_the_tables() {
    assert!((erlang_b(10, 4.46) - 0.01).abs() < 5e-5, "{}", erlang_b(10, 4.46));
    assert!((erlang_b(20, 12.03) - 0.01).abs() < 5e-5, "{}", erlang_b(20, 12.03));
    // Three servers, two erlangs: 4/9 wait.
    assert_relative_eq!(erlang_c(3, 2.0), 4.0 / 9.0, max_relative = 1e-14);
}

/// The same queue with a service of 5 s: the mean wait is 4/9 of 5 s, the tails are 4/9·exp(-t) and, the rates being
/// equal, exp(-t)·(1 + 4/9·t), t in service times.
#[test]
fn a_fixed_fleet_waits_as_long_as_it_should() {
    let fleet = Mmc::new(3, 0.4, 5.0);
    assert_relative_eq!(fleet.waiting_mean_s(), 20.0 / 9.0, max_relative = 1e-12);
    assert_relative_eq!(fleet.waiting_tail(5.0), 4.0 / 9.0 * (-1.0_f64).exp(), max_relative = 1e-12);
    assert_relative_eq!(fleet.waiting_quantile_s(0.95), 5.0 * (80.0_f64 / 9.0).ln(), max_relative = 1e-12);
    assert_relative_eq!(fleet.sojourn_tail(5.0), 13.0 / 9.0 * (-1.0_f64).exp(), max_relative = 1e-9);
    let quantile = fleet.sojourn_quantile_s(0.95) / 5.0;
    assert_relative_eq!((-quantile).exp() * (1.0 + 4.0 / 9.0 * quantile), 0.05, max_relative = 1e-9);
    // exp(-4)·(1 + 16/9) = 5.09 % and exp(-4.2)·(1 + 16.8/9) = 4.30 %: the quantile is between 20 s and 21 s. Below
    // 5·ln 20 = 14.98 s the service alone takes too long.
    assert_eq!(Mmc::fewest_servers(0.4, 5.0, 0.95, 21.0), Some(3));
    assert_eq!(Mmc::fewest_servers(0.4, 5.0, 0.95, 20.0), Some(4));
    assert_eq!(Mmc::fewest_servers(0.4, 5.0, 0.95, 14.9), None);
}

/// Of nine sums of two pools, those that cost (3, 9), (5, 6), (6, 5) and (8, 2) are beaten by nothing.
#[test]
fn fleets_of_two_pools_add_up() {
    let pools = [vec![(2.0, 5.0), (4.0, 2.0), (5.0, 4.0)], vec![(1.0, 4.0), (4.0, 0.0), (4.5, 3.0)]];
    assert_eq!(frontier_of_sums(&pools), [(3.0, 9.0), (5.0, 6.0), (6.0, 5.0), (8.0, 2.0)]);
    assert!(frontier_of_sums(&[vec![(1.0, f64::INFINITY)], vec![(1.0, 1.0)]]).is_empty());
}

/// The times that divide an exponential law of mean 8 s into 4000 equal shares belong to a gamma and to a Weibull law
/// of shape 1, and to no lognormal.
#[test]
fn exponential_times_are_recognised_by_the_families_that_hold_them() {
    let seconds: Vec<f64> = (0..4000).map(|k| -8.0 * (1.0 - (f64::from(k) + 0.5) / 4000.0).ln()).collect();
    let times = Times::ended(&seconds).expect("times");
    for family in [Family::Gamma, Family::Weibull] {
        let fit = fit_law(family, &times).expect("a fit");
        let (Law::Gamma { shape, scale_s } | Law::Weibull { shape, scale_s }) = fit.law else {
            panic!("{fit:?} has no shape");
        };
        assert_relative_eq!(shape, 1.0, epsilon = 2e-3);
        assert_relative_eq!(scale_s, 8.0, epsilon = 2e-2);
        // Minus the entropy of the law a time.
        assert_relative_eq!(
            fit.log_likelihood.expect("a density"),
            -4000.0 * (1.0 + 8.0_f64.ln()),
            max_relative = 1e-3
        );
    }
    let choice = choose_law(&times).expect("a choice");
    assert_eq!(choice.best().family, Family::Exponential);
    let lognormal = choice.fits.iter().find(|fit| fit.family == Family::Lognormal).expect("a fit");
    assert!(lognormal.aicc > choice.best().aicc.map(|aicc| aicc + 100.0), "{choice:?}");
}

/// Logarithms of ±½ about 2: sigma ½, and AICc = 4 - 2L + 12/(4 - 3).
#[test]
fn a_lognormal_is_fitted_by_its_logarithms() {
    let times = Times::ended(&[1.5, 2.5, 1.5, 2.5].map(f64::exp)).expect("times");
    let fit = fit_law(Family::Lognormal, &times).expect("a fit");
    let Law::Lognormal { mu, sigma } = fit.law else { panic!("{fit:?}") };
    assert_relative_eq!(mu, 2.0, max_relative = 1e-12);
    assert_relative_eq!(sigma, 0.5, max_relative = 1e-12);
    let likelihood = -4.0 * (2.0 + 0.5_f64.ln() + 0.5 + 0.5 * std::f64::consts::TAU.ln());
    assert_relative_eq!(fit.log_likelihood.expect("a density"), likelihood, max_relative = 1e-12);
    assert_relative_eq!(fit.aicc.expect("four times"), 16.0 - 2.0 * likelihood, max_relative = 1e-12);
}

#[test]
fn times_that_were_cut_off_count_as_long_as_they_were_watched() {
    let test = TimeOnTest::of(&[4.0, 6.0], &[10.0, 10.0, 10.0]).expect("times");
    assert_relative_eq!(test.mean_s().expect("some ended"), 20.0);
    assert_eq!(TimeOnTest { total_s: 30.0, ended: 0 }.mean_s(), Err(FitError::NoneEnded));
}
