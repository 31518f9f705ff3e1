//! A distribution as it was measured, with a smooth tail.

use fleetfront_sim::{KNOTS, Law};

use super::error::FitError;
use super::kaplan_meier::kaplan_meier;
use super::times::Times;

/// Probability between two knots of a law.
const STEP: f64 = 1.0 / 32.0;
/// Where the tail begins.
const TAIL_FROM: f64 = STEP * (KNOTS - 1) as f64;
/// Fewest times beyond the threshold from which a tail is told: fewer leave its weight open to a factor of two.
const TAIL_TIMES: usize = 10;
/// Fewest for a tail with a shape of its own.
const SHAPED_TIMES: usize = 40;
/// Shapes from lighter than exponential to a variance that is well below infinite (at 1/2): theory and intervals rest on
/// it. Heavier tails are fitted as if they had the last of these shapes.
const SHAPES: [f64; 2] = [-0.5, 0.4];

/// The distribution of a sample: [`Law::Empirical`].
///
/// A knot is the mean of the sample over the thirty-second of all probabilities around it (the first over the half of one
/// above it): that rises, stays inside the sample, leaves the mean of the body as it is, and smooths times that a clock
/// has rounded. The last knot is the threshold itself. The tail is exponential; generalised Pareto with 40 times or more
/// in it, where that has the smaller AICc. Both by maximum likelihood on what the times exceed the threshold by, cut off or
/// not. All of it is then multiplied by the factor, nearly one, with which the mean is the sample's: what the threshold lies
/// above the mean around it.
///
/// # Errors
/// [`FitError::TooFew`] when fewer than ten times beyond the threshold ended.
///
/// # Source
/// Davison and Smith 1990, *Journal of the Royal Statistical Society* B 52; the profile likelihood of the tail is
/// Grimshaw's 1993, *Technometrics* 35.
pub(super) fn empirical(times: &Times) -> Result<Law, FitError> {
    let steps = kaplan_meier(times);
    // Shares are sums with roundings.
    let threshold = steps.partition_point(|(_, share)| *share < TAIL_FROM - 1e-12);
    let too_few =
        FitError::TooFew { ended: times.ended_s().len(), needed: (TAIL_TIMES as f64 / (1.0 - TAIL_FROM)) as usize };
    let Some(&(threshold_s, _)) = steps.get(threshold) else { return Err(too_few) };
    let beyond = |seconds: &[f64]| -> Vec<f64> {
        seconds.iter().filter(|x| **x > threshold_s).map(|x| x - threshold_s).collect()
    };
    let (ended, cut_off) = (beyond(times.ended_s()), beyond(times.cut_off_s()));
    if ended.len() < TAIL_TIMES {
        return Err(too_few);
    }
    let [tail_scale_s, tail_shape] = tail(&ended, &cut_off);
    let ends: Vec<f64> = (0..KNOTS).map(|k| mean_below(&steps, ((k as f64 + 0.5) * STEP).min(TAIL_FROM))).collect();
    let mean_around = |k: usize| match k {
        0 => ends[0] / (0.5 * STEP),
        _ if k == KNOTS - 1 => threshold_s,
        _ => (ends[k] - ends[k - 1]) / STEP,
    };
    // Differences of sums may fall by a rounding where the sample stands still.
    let mut risen_s = 0.0f64;
    let knots_s = std::array::from_fn(|k| {
        risen_s = risen_s.max(mean_around(k));
        risen_s as f32
    });
    let law = Law::Empirical { knots_s, tail_scale_s, tail_shape };
    let mean_s = ends[KNOTS - 1] + (1.0 - TAIL_FROM) * (threshold_s + tail_scale_s / (1.0 - tail_shape));
    Ok(law.scaled(mean_s / law.mean_s()))
}

/// What the times below the quantile at `probability` add to the mean.
fn mean_below(steps: &[(f64, f64)], probability: f64) -> f64 {
    let (mut sum, mut below) = (0.0, 0.0);
    for (at, share) in steps {
        let upto = share.min(probability);
        sum += at * (upto - below);
        below = upto;
        if *share >= probability {
            break;
        }
    }
    sum
}

/// The probability of no more than `seconds` under an empirical law.
pub(super) fn below(knots_s: &[f32; KNOTS], [tail_scale_s, tail_shape]: [f64; 2], seconds: f64) -> f64 {
    let above = knots_s.partition_point(|knot_s| f64::from(*knot_s) <= seconds);
    if above == 0 {
        return 0.0;
    }
    let at = |k: usize| f64::from(knots_s[k]);
    let beyond_s = seconds - at(above - 1);
    if above < KNOTS {
        return STEP * ((above - 1) as f64 + beyond_s / (at(above) - at(above - 1)));
    }
    let ln_beyond = if tail_shape == 0.0 {
        -beyond_s / tail_scale_s
    } else {
        // Beyond the end of a tail that ends nothing is left.
        -(tail_shape * beyond_s / tail_scale_s).max(-1.0).ln_1p() / tail_shape
    };
    1.0 - (1.0 - TAIL_FROM) * ln_beyond.exp()
}

/// Scale and shape of the tail.
fn tail(ended: &[f64], cut_off: &[f64]) -> [f64; 2] {
    let n = ended.len() as f64;
    let exponential = ended.iter().chain(cut_off).sum::<f64>() / n;
    if ended.len() < SHAPED_TIMES {
        return [exponential, 0.0];
    }
    // AICc of one parameter and of two.
    let plain = 2.0 + 4.0 / (n - 2.0) + 2.0 * n * (exponential.ln() + 1.0);
    match pareto(ended, cut_off) {
        Some((scale_s, shape, likelihood)) if 4.0 + 12.0 / (n - 3.0) - 2.0 * likelihood < plain => [scale_s, shape],
        _ => [exponential, 0.0],
    }
}

/// The likeliest generalised Pareto law (scale, shape, likelihood) with a shape in [`SHAPES`].
///
/// Given θ = shape / scale the likeliest shape is the sum of ln(1 + θ y) over all, over the number that ended.
fn pareto(ended: &[f64], cut_off: &[f64]) -> Option<(f64, f64, f64)> {
    let n = ended.len() as f64;
    let longest = ended.iter().chain(cut_off).fold(0.0f64, |longest, y| longest.max(*y));
    let at = |theta: f64| {
        let sum = |excesses: &[f64]| excesses.iter().map(|y| (theta * y).ln_1p()).sum::<f64>();
        let of_ended = sum(ended);
        let shape = (of_ended + sum(cut_off)) / n;
        let likelihood = -n * (shape / theta).ln() - of_ended - n;
        (shape / theta, shape, likelihood)
    };
    let allowed = |(scale, shape, likelihood): &(f64, f64, f64)| {
        scale.is_finite() && likelihood.is_finite() && (SHAPES[0]..=SHAPES[1]).contains(shape)
    };
    // θ times the longest excess from -1 to a thousand, and never quite zero, where the tail is exponential.
    let positive = (0..600).map(|k| 1e-4 * 10f64.powf(7.0 * f64::from(k) / 600.0));
    let negative = (0..300).map(|k| -(1.0 - 1e-4) * f64::from(k + 1) / 300.0);
    let thetas: Vec<f64> = positive.chain(negative).map(|theta| theta / longest).collect();
    let best = |thetas: &mut dyn Iterator<Item = f64>| {
        thetas
            .map(|theta| (theta, at(theta)))
            .filter(|(_, found)| allowed(found))
            .max_by(|a, b| a.1.2.total_cmp(&b.1.2))
    };
    let (theta, _) = best(&mut thetas.into_iter())?;
    // Once more, finely, around the best.
    best(&mut (-500..=500).map(|k| theta * (1.0 + 6e-5 * f64::from(k)))).map(|(_, found)| found)
}

#[cfg(test)]
mod tests {
    use super::super::Time;
    use super::*;
    use approx::assert_relative_eq;

    fn shares(n: usize) -> impl Iterator<Item = f64> {
        (0..n).map(move |k| (k as f64 + 0.5) / n as f64)
    }

    fn fit(seconds: &[f64]) -> (Law, [f32; KNOTS], [f64; 2]) {
        let law = empirical(&Times::ended(seconds).expect("a sample")).expect("a law");
        let Law::Empirical { knots_s, tail_scale_s, tail_shape } = law else { panic!("{law:?}") };
        (law, knots_s, [tail_scale_s, tail_shape])
    }

    #[test]
    fn an_exponential_sample_keeps_its_quantiles_its_tail_and_its_mean() {
        let law = Law::Exponential { mean_s: 4.0 };
        let seconds: Vec<f64> = shares(3200).map(|u| law.seconds_at(u)).collect();
        let (found, _, [scale_s, shape]) = fit(&seconds);
        assert_relative_eq!(scale_s, 4.0, max_relative = 0.01);
        assert!(shape.abs() < 1e-12);
        for u in [0.1, 0.3, 0.5, 0.9, 0.95, 0.99, 0.9999] {
            assert_relative_eq!(found.seconds_at(u), law.seconds_at(u), max_relative = 0.015);
        }
        let mean = seconds.iter().sum::<f64>() / 3200.0;
        assert_relative_eq!(found.mean_s(), mean, max_relative = 1e-7);
        assert_relative_eq!(found.cv(), 1.0, max_relative = 0.01);
    }

    /// Nine in ten take a second, the others fifty: straight lines between quantiles would miss the mean by a tenth.
    #[test]
    fn two_heaps_keep_their_mean_and_stay_inside_the_sample() {
        let seconds: Vec<f64> = shares(640).map(|u| if u < 0.9 { 1.0 } else { 50.0 } + 0.01 * u).collect();
        let (found, knots_s, _) = fit(&seconds);
        assert_relative_eq!(found.mean_s(), seconds.iter().sum::<f64>() / 640.0, max_relative = 1e-3);
        assert!(knots_s.is_sorted() && knots_s[0] > 0.99 && knots_s[28] < 30.0 && knots_s[30] < 50.02, "{knots_s:?}");
    }

    /// Excesses with P(X > y) = (1 + 0.6 y)^(-1 / 0.3): shape 0.3, scale ½; also where the longest tenth was cut off.
    #[test]
    fn a_heavy_tail_has_its_shape() {
        let excess = |u: f64| ((1.0 - u).powf(-0.3) - 1.0) / 0.6;
        let all: Vec<f64> = shares(2000).map(excess).collect();
        let (scale, shape, _) = pareto(&all, &[]).expect("a tail");
        assert_relative_eq!(shape, 0.3, epsilon = 0.02);
        assert_relative_eq!(scale, 0.5, epsilon = 0.02);
        let limit = excess(0.9);
        let ended: Vec<f64> = all.iter().copied().filter(|y| *y < limit).collect();
        let (scale, shape, _) = pareto(&ended, &vec![limit; 2000 - ended.len()]).expect("a tail");
        assert_relative_eq!(shape, 0.3, epsilon = 0.02);
        assert_relative_eq!(scale, 0.5, epsilon = 0.02);
        // A tail without a variance is given one.
        let wild: Vec<f64> = shares(2000).map(|u| (1.0 - u).powf(-0.8)).collect();
        let (law, _, [_, shape]) = fit(&wild);
        assert!((0.3..=SHAPES[1]).contains(&shape) && law.cv().is_finite(), "{shape}");
    }

    #[test]
    fn probabilities_invert_the_quantiles_of_the_law() {
        let seconds: Vec<f64> = shares(2000).map(|u| 2.0 + (1.0 - u).powf(-0.3)).collect();
        for seconds in [seconds, shares(2000).map(|u| 1.0 + u * u).collect()] {
            let (law, knots_s, tail) = fit(&seconds);
            for u in shares(500) {
                assert_relative_eq!(below(&knots_s, tail, law.seconds_at(u)), u, max_relative = 1e-9);
            }
            assert!(below(&knots_s, tail, 0.5) <= 0.0 && below(&knots_s, tail, 1e9) > 1.0 - 1e-6);
        }
    }

    #[test]
    fn a_tail_of_few_times_is_none() {
        let times = |n: usize| Times::ended(&shares(n).map(|u| 1.0 + u).collect::<Vec<_>>()).expect("a sample");
        assert_eq!(empirical(&times(100)), Err(FitError::TooFew { ended: 100, needed: 160 }));
        assert!(empirical(&times(200)).is_ok());
        // Where so many were cut off that the tail was never seen.
        let time = |u: f64| Time { seconds: (1.0 + u).min(1.9), censored: u > 0.9 };
        let cut = Times::of(&shares(1000).map(time).collect::<Vec<_>>()).expect("a sample");
        assert!(matches!(empirical(&cut), Err(FitError::TooFew { .. })));
    }

    /// The longest two in a hundred were cut off, some earlier ones too: as the whole sample but for that.
    #[test]
    fn times_that_were_cut_off_count_as_longer_than_their_limit() {
        let law = Law::Weibull { shape: 0.8, scale_s: 5.0 };
        let limit = |k: usize| law.seconds_at(0.98).min(if k.is_multiple_of(10) { 20.0 } else { f64::INFINITY });
        let time = |(k, u): (usize, f64)| {
            let seconds = law.seconds_at(u);
            Time { seconds: seconds.min(limit(k)), censored: seconds > limit(k) }
        };
        let times = Times::of(&shares(4001).enumerate().map(time).collect::<Vec<_>>()).expect("a sample");
        let found = empirical(&times).expect("a law");
        assert_relative_eq!(found.mean_s(), law.mean_s(), max_relative = 0.02);
        for u in [0.1, 0.5, 0.9, 0.97] {
            assert_relative_eq!(found.seconds_at(u), law.seconds_at(u), max_relative = 0.03);
        }
    }
}
