//! Fits against other programs, and what is refused.

use super::super::Time;
use super::*;
use approx::assert_relative_eq;

const ENDED_S: [f64; 8] = [3.2, 4.1, 2.8, 3.9, 5.0, 4.4, 3.1, 4.7];
const CUT_OFF_S: [f64; 3] = [6.0, 6.0, 5.5];
const SHIFTED_S: [f64; 12] = [12.1, 12.6, 13.0, 13.3, 13.9, 14.2, 15.0, 15.8, 17.1, 19.6, 23.0, 30.5];
const TWO_HEAPS_S: [f64; 18] =
    [2.1, 2.3, 2.2, 2.5, 1.9, 2.4, 2.6, 2.0, 18.0, 25.0, 31.0, 22.0, 40.0, 28.0, 16.0, 35.0, 50.0, 21.0];

fn cut_off() -> Times {
    let of = |seconds: &[f64], censored| seconds.iter().map(|&seconds| Time { seconds, censored }).collect::<Vec<_>>();
    Times::of(&[of(&ENDED_S, false), of(&CUT_OFF_S, true)].concat()).expect("a sample")
}

fn check(fit: &LawFit, expected: &[f64], log_likelihood: f64) {
    for (found, expected) in fit.parameters().iter().zip(expected) {
        assert_relative_eq!(found.value, *expected, max_relative = 1e-5);
    }
    assert_relative_eq!(fit.log_likelihood.expect("a density"), log_likelihood, max_relative = 1e-10);
}

/// `scipy.stats.{lognorm,gamma,weibull_min}.fit(CensoredData(uncensored=ended, right=cut_off), floc=0)`, polished by
/// `scipy.optimize.minimize(..., "Nelder-Mead", xatol=1e-12, fatol=1e-14)` on the negative sum of `logpdf` and `logsf`;
/// scipy 1.17.1, 2026-11. Exponential: 48.7 s over eight that ended.
#[test]
fn times_that_were_cut_off_are_fitted_as_another_program_fits_them() {
    let fit = |family| fit_law(family, &cut_off()).expect("a fit");
    check(&fit(Family::Exponential), &[48.7 / 8.0], -22.449_899_907_269_66);
    check(&fit(Family::Lognormal), &[1.508_671_877_8, 0.331_272_954_2], -16.224_181_980_212_27);
    check(&fit(Family::Gamma), &[9.844_141_610_3, 0.479_814_815_4], -16.502_737_574_212_98);
    check(&fit(Family::Weibull), &[3.439_973_294_0, 5.184_235_201_8], -17.210_984_275_121_36);
}

/// `lifelines.LogNormalFitter().fit(T, E)`, `WeibullFitter`, `ExponentialFitter`: column `se(coef)` of the summary,
/// lifelines 0.30.3, 2026-11. Those of positive parameters are relative here, and widened by n / (n - k) and Student's t.
#[test]
fn standard_errors_are_those_of_another_program() {
    let error = |family, parameter: usize| {
        let fit = fit_law(family, &cut_off()).expect("a fit");
        let [t, scale] = student(8, family.parameters()).expect("degrees of freedom");
        let estimate = fit.parameters()[parameter];
        let [low, high] = estimate.interval.expect("an interval");
        let whole = t * scale.sqrt();
        if parameter == 0 && family == Family::Lognormal {
            (high - low) / 2.0 / whole
        } else {
            (high / low).ln() / 2.0 / whole * estimate.value
        }
    };
    assert_relative_eq!(error(Family::Lognormal, 0), 0.104_979, max_relative = 1e-4);
    assert_relative_eq!(error(Family::Lognormal, 1), 0.089_211, max_relative = 1e-4);
    assert_relative_eq!(error(Family::Weibull, 0), 1.019_104, max_relative = 1e-4);
    assert_relative_eq!(error(Family::Weibull, 1), 0.533_214, max_relative = 1e-4);
    assert_relative_eq!(error(Family::Exponential, 0), 2.152_256, max_relative = 1e-4);
}

/// A dense search of the profile likelihood (`scipy.optimize.minimize_scalar`, bounded), and `minimize(...,
/// "Nelder-Mead")` on the negative log-likelihood of the mixture; scipy 1.17.1, 2026-11.
#[test]
fn shifts_and_mixtures_are_fitted_as_another_program_fits_them() {
    let shifted = fit_law(Family::ShiftedLognormal, &Times::ended(&SHIFTED_S).expect("a sample")).expect("a fit");
    check(&shifted, &[11.826_238_97, 1.014_891_191, 1.134_332_022], -30.718_484_103_480_99);
    let two = fit_law(Family::LognormalMixture, &Times::ended(&TWO_HEAPS_S).expect("a sample")).expect("a fit");
    let expected = [0.444_444_444_7, 0.805_696_973, 0.102_566_115_5, 3.293_984_346, 0.342_213_526_3];
    check(&two, &expected, -48.350_435_936_079_97);
}

/// The closed forms of complete samples and Newton's method are two ways to the same law.
#[test]
fn newtons_method_finds_the_closed_forms() {
    let seconds = [3.2, 4.1, 2.8, 6.5, 3.9, 5.0, 4.4, 3.1, 7.9, 4.7];
    let times = Times::ended(&seconds).expect("a sample");
    for family in [Family::Lognormal, Family::Gamma, Family::Weibull] {
        let of = |at: &[f64; 2]| Density::<2>::new(family, &Jet::variables(at)).likelihood(&times);
        let newton = maximise(start::<2>(family, &times), of).expect("a maximum");
        let (law, likelihood) = complete::likeliest(family, &seconds);
        assert_relative_eq!(newton.jet.value, likelihood, max_relative = 1e-13);
        for (found, expected) in newton.at.iter().zip(coordinates(&law).expect("a family").1) {
            assert_relative_eq!(*found, expected, max_relative = 1e-8);
        }
    }
}

/// By hand for ten times with Σ (ln x - mu)² = S: mu ± t(9) · sqrt(S / 9 / 10), and the median by the delta method with
/// t(8) · sqrt(S / 10 / 10 · 10 / 8) of its logarithm; and the mean of exponential times, by e^(± t(9) sqrt(1 / 10 · 10 / 9)).
#[test]
fn intervals_of_complete_samples_are_those_of_the_formula() {
    let seconds = [3.2, 4.1, 2.8, 6.5, 3.9, 5.0, 4.4, 3.1, 7.9, 4.7];
    let times = Times::ended(&seconds).expect("a sample");
    let [mu, ln_sigma] = moments(seconds.iter().map(|x: &f64| x.ln()));
    let lognormal = fit_law(Family::Lognormal, &times).expect("a fit");
    let [low, high] = lognormal.parameters()[0].interval.expect("an interval");
    let half = 2.262_157_163 * ln_sigma.exp() / 3.0;
    assert_relative_eq!(low, mu - half, max_relative = 1e-7);
    assert_relative_eq!(high, mu + half, max_relative = 1e-7);
    let half = 2.306_004_135 * (ln_sigma.exp().powi(2) / 8.0).sqrt();
    let [median_low, _] = lognormal.quantile(0.5).interval.expect("an interval");
    assert_relative_eq!(median_low.ln(), mu - half, max_relative = 1e-6);
    let [low, high] = fit_law(Family::Exponential, &times).expect("a fit").mean().interval.expect("an interval");
    assert_relative_eq!((high / low).ln(), 2.0 * 2.262_157_163 / 3.0, max_relative = 1e-6);
}

#[test]
fn a_sample_of_one_or_two_has_no_interval_and_three_a_wide_one() {
    let fit = |family, seconds: &[f64]| fit_law(family, &Times::ended(seconds).expect("a sample")).expect("a fit");
    let one = fit(Family::Exponential, &[4.0]);
    assert_relative_eq!(one.mean().value, 4.0, max_relative = 1e-12);
    assert_eq!((one.mean().interval, one.aicc), (None, None));
    assert_eq!(fit(Family::Deterministic, &[4.0]).mean(), FitEstimate { value: 4.0, interval: None });
    let two = fit(Family::Lognormal, &[4.0, 5.0]);
    assert_eq!((two.mean().interval, two.quantile(0.95).interval, two.aicc), (None, None, None));
    let [low, high] = fit(Family::Lognormal, &[4.0, 5.0, 4.4]).mean().interval.expect("an interval");
    assert!(low < 2.0 && high > 10.0, "[{low}, {high}]");
}

#[test]
fn samples_without_a_fit_say_what_to_change() {
    let time = |(seconds, censored)| Time { seconds, censored };
    let error = |family, times: &[(f64, bool)]| {
        let times: Vec<Time> = times.iter().copied().map(time).collect();
        fit_law(family, &Times::of(&times).expect("a sample")).expect_err("no fit")
    };
    let fewer = error(Family::LognormalMixture, &[(1.0, false), (2.0, false)]);
    assert_eq!(fewer, FitError::FewerThanParameters { family: Family::LognormalMixture, ended: 2, parameters: 5 });
    assert!(fewer.to_string().contains("5 parameters (mixture of two lognormals)"), "{fewer}");
    let equal = error(Family::Gamma, &[(2.5, false), (2.5, false), (1.0, true)]);
    assert_eq!(equal, FitError::NoSpread { n: 2, value: 2.5 });
    let varies = error(Family::Deterministic, &[(2.0, false), (2.0, false), (3.0, true)]);
    assert_eq!(varies, FitError::Varies { shortest: 2.0, longest: 3.0 });
    // Everything that was cut off was so before anything ended: nothing bounds the larger part of the law.
    let heaps: Vec<(f64, bool)> = (0..8).map(|k| (5.0 + f64::from(k), false)).collect();
    let narrow = error(Family::LognormalMixture, &heaps[..5]);
    assert_eq!(narrow, FitError::NoMaximum { family: Family::LognormalMixture });
}

#[test]
fn a_fit_is_read_as_it_was_written() {
    for (family, seconds) in [(Family::ShiftedLognormal, &SHIFTED_S[..]), (Family::LognormalMixture, &TWO_HEAPS_S)] {
        let fit = fit_law(family, &Times::ended(seconds).expect("a sample")).expect("a fit");
        let again: LawFit = serde_json::from_str(&serde_json::to_string(&fit).expect("JSON")).expect("a fit");
        assert_eq!(again, fit);
        assert_eq!(again.quantile(0.95), fit.quantile(0.95));
    }
}

/// By scipy 1.17.1: `t.ppf(0.975, 2)` times the standard error of the logarithms; `chi2.ppf` of two degrees of freedom.
#[test]
fn three_times_tell_a_spread_as_well_as_three_can() {
    let fit = fit_law(Family::Lognormal, &Times::ended(&[2.51, 2.133, 2.9]).expect("a sample")).expect("a fit");
    let [mu, sigma] = &fit.parameters()[..] else { panic!("{fit:?}") };
    assert_relative_eq!(mu.value, 0.914_174_309_9, max_relative = 1e-9);
    assert_relative_eq!(mu.interval.expect("an interval")[1] - mu.value, 0.381_766_565_4, max_relative = 1e-8);
    assert_relative_eq!(sigma.value, 0.125_480_601_9, max_relative = 1e-8);
    let [low, high] = sigma.interval.expect("an interval");
    assert_relative_eq!(low, 0.080_015_659_9, max_relative = 1e-6);
    assert_relative_eq!(high, 0.965_848_861_0, max_relative = 1e-6);
}
