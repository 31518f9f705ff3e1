//! Tests of pooling: published answers, drawn worlds, and the limits.

use super::effects::SpreadOfEffects;
use super::*;
use crate::percentiles::{Percentile, lognormal_of};
use approx::assert_relative_eq;
use fleetfront_sim::{Role, StreamKey, normal_quantile, stream};
use rand::RngExt;
use rand::rngs::ChaCha8Rng;

/// Thirteen trials of a vaccine against tuberculosis (Colditz et al. 1994): cases and others, vaccinated and not.
const TRIALS: [[f64; 4]; 13] = [
    [4.0, 119.0, 11.0, 128.0],
    [6.0, 300.0, 29.0, 274.0],
    [3.0, 228.0, 11.0, 209.0],
    [62.0, 13_536.0, 248.0, 12_619.0],
    [33.0, 5_036.0, 47.0, 5_761.0],
    [180.0, 1_361.0, 372.0, 1_079.0],
    [8.0, 2_537.0, 10.0, 619.0],
    [505.0, 87_886.0, 499.0, 87_892.0],
    [29.0, 7_470.0, 45.0, 7_232.0],
    [17.0, 1_699.0, 65.0, 1_600.0],
    [186.0, 50_448.0, 141.0, 27_197.0],
    [5.0, 2_493.0, 3.0, 2_338.0],
    [27.0, 16_886.0, 29.0, 17_825.0],
];

fn log_risks() -> Vec<(f64, f64)> {
    let one = |[a, b, c, d]: [f64; 4]| {
        let variance = 1.0 / a - 1.0 / (a + b) + 1.0 / c - 1.0 / (c + d);
        ((a / (a + b)).ln() - (c / (c + d)).ln(), variance.sqrt())
    };
    TRIALS.into_iter().map(one).collect()
}

/// Viechtbauer 2010, *Journal of Statistical Software* 36(3): restricted likelihood gives tau² 0.3132,
/// Q 152.2330, mean -0.7145 with error 0.1798; one more trial, with the normal quantile, between 0.1546 and 1.5490.
/// By moments: tau² 0.3088, mean -0.7141, error 0.1787.
#[test]
fn the_published_answers_of_a_meta_analysis_are_found() {
    let fit = RandomEffects::fit(&log_risks(), SpreadOfEffects::Likelihood, 0.0).expect("effects");
    assert_relative_eq!(fit.tau.powi(2), 0.3132, epsilon = 5e-5);
    assert_relative_eq!(fit.q, 152.2330, epsilon = 5e-5);
    assert_relative_eq!(fit.mu, -0.7145, epsilon = 5e-5);
    assert_relative_eq!(fit.mu_error, 0.1798, epsilon = 5e-5);
    let one_more = fit.predicted();
    let reach = 1.959_964 * one_more.error;
    assert_relative_eq!((one_more.mean - reach).exp(), 0.1546, epsilon = 5e-5);
    assert_relative_eq!((one_more.mean + reach).exp(), 1.5490, epsilon = 1.1e-4);
    // Student's t knows that tau is not known: 2.201 with 11 degrees of freedom.
    let (low, high) = one_more.interval_s(0.95);
    assert_relative_eq!(high.ln() - low.ln(), 2.0 * 2.200_985 * one_more.error, max_relative = 1e-5);
    let fit = RandomEffects::fit(&log_risks(), SpreadOfEffects::Moments, 0.0).expect("effects");
    assert_relative_eq!(fit.tau.powi(2), 0.3088, epsilon = 5e-5);
    assert_relative_eq!(fit.mu, -0.7141, epsilon = 5e-5);
    assert_relative_eq!(fit.mu_error, 0.1787, epsilon = 5e-5);
}

/// Eight schools (Rubin 1981): Gelman et al. 2013, *Bayesian Data Analysis*, 3rd edition, section 5.5: complete
/// pooling gives 7.7 with error 4.1, and moments find no spread between the schools.
#[test]
fn eight_schools_are_pooled_completely_by_moments() {
    let effects = [28.0, 8.0, -3.0, 7.0, -1.0, 1.0, 18.0, 12.0];
    let errors = [15.0, 10.0, 16.0, 11.0, 9.0, 11.0, 10.0, 18.0];
    let schools: Vec<(f64, f64)> = effects.into_iter().zip(errors).collect();
    let fit = RandomEffects::fit(&schools, SpreadOfEffects::Moments, 0.0).expect("effects");
    assert_eq!(fit.tau.to_bits(), 0);
    assert_relative_eq!(fit.mu, 7.7, epsilon = 0.05);
    assert_relative_eq!(fit.mu_error, 4.1, epsilon = 0.05);
    assert!(fit.shrunken.iter().all(|(mean, _)| (mean - fit.mu).abs() < 1e-12));
    // With a floor school A keeps 10² / (10² + 15²) of its distance.
    let floored = RandomEffects::fit(&schools, SpreadOfEffects::Moments, 10.0).expect("effects");
    let kept = (floored.shrunken[0].0 - floored.mu) / (28.0 - floored.mu);
    assert_relative_eq!(kept, 100.0 / 325.0, max_relative = 1e-12);
}

#[test]
fn what_cannot_be_pooled_is_refused() {
    assert_eq!(RandomEffects::fit(&[], SpreadOfEffects::Moments, 0.0), Err(PoolingError::Nothing));
    let zero = RandomEffects::fit(&[(1.0, 0.0)], SpreadOfEffects::Moments, 0.0);
    assert!(matches!(zero, Err(PoolingError::NotA { .. })));
    let once = [times("m", "T4", &[2.0])];
    assert_eq!(Pooling::fit(&once, None, "L40S", [0.0, TAU_FLOOR]), Err(PoolingError::NoSpread));
    assert!(matches!(
        Pooling::fit(&[times("m", "T4", &[2.0, -1.0])], None, "L40S", [0.0, TAU_FLOOR]),
        Err(PoolingError::NotA { value, .. }) if value < 0.0
    ));
    assert!(Pooling::fit(&[times("m", "T4", &[])], None, "L40S", [0.0, TAU_FLOOR]).is_err());
}

fn name(model: &str, gpu: &str) -> CellName {
    CellName { model: model.into(), variant: String::new(), gpu: gpu.into() }
}

fn times(model: &str, gpu: &str, seconds: &[f64]) -> CellTimes {
    CellTimes { seconds: seconds.to_vec(), ..CellTimes::none_of(name(model, gpu)) }
}

/// One run is never a point: its interval is Student's with what the prior is worth.
#[test]
fn one_run_has_a_wide_interval() {
    let stated = SpreadPrior::stated(0.04, 4.0).expect("a spread");
    let pooling = Pooling::fit(&[times("m", "T4", &[10.0])], Some(stated), "L40S", [0.0, TAU_FLOOR]).expect("a cell");
    let found = pooling.cell(&name("m", "T4")).expect("measured");
    assert_eq!((found.pooled.n, found.borrowed), (1, None));
    let (low, high) = found.pooled.interval_s(0.95);
    // t with 4 degrees of freedom: 2.776445.
    let reach = 2.776_445 * 0.04_f64.powi(2).ln_1p().sqrt();
    assert_relative_eq!(low.ln(), 10.0_f64.ln() - reach, max_relative = 1e-6);
    assert_relative_eq!(high.ln(), 10.0_f64.ln() + reach, max_relative = 1e-6);
    assert_eq!(pooling.cell(&name("m", "A10")), None);
}

/// A summary of 400 runs says of the median what 400·2/π runs say: the error of a median is √(π/2) that of a mean.
#[test]
fn a_summary_counts_as_as_many_runs_as_know_it_so_well() {
    let at = |share, seconds| Percentile { share, seconds };
    let law = lognormal_of(400, at(0.5, 10.0), at(0.95, 12.0)).expect("percentiles");
    let only = CellTimes { summaries: vec![law], ..times("m", "T4", &[]) };
    let pooling = Pooling::fit(&[only], None, "L40S", [0.0, TAU_FLOOR]).expect("a cell");
    let found = pooling.cell(&name("m", "T4")).expect("measured").pooled;
    assert_relative_eq!(found.median_s(), 10.0, max_relative = 1e-12);
    assert_relative_eq!(found.error, law.mu_error, max_relative = 1e-9);
    assert_relative_eq!(found.sigma, law.sigma, max_relative = 1e-9);
    assert_eq!(found.n, (400.0 * std::f64::consts::FRAC_2_PI).round() as usize);
    // With one run of 20 s beside it the mean moves by its share.
    let both = CellTimes { summaries: vec![law], ..times("m", "T4", &[20.0]) };
    let pooling = Pooling::fit(&[both], None, "L40S", [0.0, TAU_FLOOR]).expect("a cell");
    let runs = 400.0 * std::f64::consts::FRAC_2_PI;
    let expected = 10.0_f64.ln() + 2.0_f64.ln() / (runs + 1.0);
    assert_relative_eq!(pooling.cell(&name("m", "T4")).expect("measured").pooled.mean, expected, max_relative = 1e-9);
    let point = lognormal_of(400, at(0.5, 10.0), at(0.95, 10.0)).expect("percentiles");
    let without_spread = CellTimes { summaries: vec![point], ..times("m", "T4", &[]) };
    assert!(Pooling::fit(&[without_spread], None, "L40S", [0.0, TAU_FLOOR]).is_err());
}

/// With many runs of its own a cell borrows nothing; without spread across models it borrows all.
#[test]
fn the_limits_of_many_runs_and_of_no_spread_across_models() {
    let spread = |middle: f64, n: usize| -> Vec<f64> {
        (0..n).map(|k| middle * (0.05 * normal_quantile((k as f64 + 0.5) / n as f64)).exp()).collect()
    };
    let mut cells = vec![times("x", "L40S", &spread(2.0, 4)), times("x", "T4", &spread(20.0, 100_000))];
    for model in ["a", "b", "c", "d", "e"] {
        cells.push(times(model, "L40S", &spread(1.0, 50)));
        cells.push(times(model, "T4", &spread(5.0, 50)));
    }
    let pooling = Pooling::fit(&cells, None, "L40S", [0.0, TAU_FLOOR]).expect("cells");
    let many = pooling.cell(&name("x", "T4")).expect("measured").pooled;
    assert_relative_eq!(many.median_s(), 20.0, max_relative = 1e-4);
    let alike = Pooling::fit(&cells, None, "L40S", [0.0, 0.0]).expect("cells");
    let ratio = alike.ratio("T4", Some(("x", ""))).expect("others");
    assert!(ratio.tau < 1e-6, "{ratio:?}");
    cells[1] = times("x", "T4", &[]);
    cells.remove(1);
    let alike = Pooling::fit(&cells, None, "L40S", [0.0, 0.0]).expect("cells");
    let borrowed = alike.cell(&name("x", "T4")).expect("borrowed");
    assert_eq!(borrowed.own, None);
    assert_relative_eq!(borrowed.pooled.median_s(), 2.0 * 5.0, max_relative = 1e-9);
    // What is left is the error of the base and of the mean ratio.
    let base = alike.cell(&name("x", "L40S")).expect("measured").pooled.error;
    let mean = alike.ratio("T4", None).expect("others").mu_error;
    assert_relative_eq!(borrowed.pooled.error, base.hypot(mean), max_relative = 1e-6);
}

/// A world of eight models and five GPUs: spreads of cells from a scaled inverse chi-square with eight degrees of
/// freedom about 0.08, models that a GPU suits differently by 0.2, one to five runs a cell, a fifth of the cells
/// unmeasured.
struct World {
    truth: Vec<(CellName, f64)>,
    cells: Vec<CellTimes>,
}

fn world(rng: &mut ChaCha8Rng, runs: &[usize]) -> World {
    let mut normal = || normal_quantile(rng.random::<f64>());
    let gpus = ["L40S", "T4", "A10", "H100", "B200"];
    let speeds: Vec<f64> = gpus.iter().map(|gpu| if *gpu == "L40S" { 0.0 } else { normal() }).collect();
    let mut world = World { truth: Vec::new(), cells: Vec::new() };
    for model in 0..8 {
        let base = normal();
        for (index, gpu) in gpus.into_iter().enumerate() {
            let own = if index == 0 { 0.0 } else { 0.2 * normal() };
            let median = base + speeds[index] + own;
            let chi_square: f64 = (0..8).map(|_| normal().powi(2)).sum();
            let sigma = 0.08 * (8.0 / chi_square).sqrt();
            let n = if index == 0 { 3 } else { runs[(3 * model + 5 * index) % runs.len()] };
            let cell = name(&format!("m{model}"), gpu);
            world.truth.push((cell.clone(), median));
            if n > 0 {
                let seconds = (0..n).map(|_| (median + sigma * normal()).exp()).collect();
                world.cells.push(CellTimes { seconds, ..CellTimes::none_of(cell) });
            }
        }
    }
    world
}

/// Over 300 worlds the 95 % intervals hold the true median in 92 to 98 %: of cells with one run, with more, and with
/// none.
#[test]
fn intervals_cover_in_drawn_worlds() {
    let mut rng = stream(11, 0, StreamKey::of("pooling"), Role::Service);
    let mut inside = [[0_u32; 2]; 3];
    let mut narrower = 0;
    for _ in 0..300 {
        let world = world(&mut rng, &[1, 2, 0, 3, 5]);
        let pooling = Pooling::fit(&world.cells, None, "L40S", [0.0, TAU_FLOOR]).expect("cells");
        for (cell, median) in &world.truth {
            let Some(found) = pooling.cell(cell) else { continue };
            let (low, high) = found.pooled.interval_s(0.95);
            let which = found.pooled.n.min(2);
            inside[which][0] += u32::from(low.ln() <= *median && *median <= high.ln());
            inside[which][1] += 1;
            narrower += u32::from(found.own.is_some_and(|own| own.error > found.pooled.error));
        }
    }
    for (n, [hits, all]) in inside.into_iter().enumerate() {
        assert!(all > 1000, "{n} runs: {all} cells");
        let coverage = f64::from(hits) / f64::from(all);
        assert!((0.92..=0.98).contains(&coverage), "{n} runs: {coverage:.3} of {all}");
    }
    assert!(narrower > 1000, "borrowing helped {narrower} times");
}

/// Few models a GPU: the spread across models is that of all GPUs together, and still covers.
#[test]
fn few_models_borrow_the_spread_across_models_of_other_gpus() {
    let mut rng = stream(12, 0, StreamKey::of("pooling"), Role::Service);
    let (mut hits, mut all) = (0_u32, 0_u32);
    for _ in 0..400 {
        let mut world = world(&mut rng, &[3]);
        world.cells.retain(|times| times.cell.model.as_str() < "m4");
        let kept: Vec<CellTimes> = world.cells.iter().filter(|times| times.cell != name("m0", "T4")).cloned().collect();
        let pooling = Pooling::fit(&kept, None, "L40S", [0.0, 0.0]).expect("cells");
        assert_eq!(pooling.ratio("T4", None).expect("others").k, 3);
        let truth = world.truth.iter().find(|(cell, _)| *cell == name("m0", "T4")).expect("drawn").1;
        let (low, high) = pooling.cell(&name("m0", "T4")).expect("borrowed").pooled.interval_s(0.95);
        hits += u32::from(low.ln() <= truth && truth <= high.ln());
        all += 1;
    }
    // Two binomial standard errors of 400 draws are 2.2 %.
    let coverage = f64::from(hits) / f64::from(all);
    assert!((0.92..=0.98).contains(&coverage), "{coverage}");
}
