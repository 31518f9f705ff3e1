//! The likeliest shifted lognormal law.

use super::family::Family;
use super::jet::Jet;
use super::likelihood::Density;
use super::newton::{Maximum, maximise};
use super::times::Times;

/// A shift with the law beyond it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shifted {
    pub(super) shift_s: f64,
    /// mu and ln sigma, given the shift.
    pub(super) beyond: [f64; 2],
    pub(super) likelihood: f64,
}

/// The distance from the shift to the shortest time is tried from all of that time to this share of it, which is less
/// than stamps tell.
const CLOSEST: f64 = 1e-6;
const TRIED: usize = 80;
/// Halvings of an interval by the golden section; each leaves 62 % of it.
const SECTIONS: usize = 80;

/// The law at the highest local maximum of the profile likelihood over shifts from zero to the shortest time, a shift of
/// zero included; `None` where there is none.
///
/// The likelihood itself has no maximum: at the shortest time it climbs to infinity, whatever the sample (Hill 1963,
/// *Journal of the American Statistical Association* 58). The local maximum is the remedy of Cohen and Whitten 1980,
/// same journal 75, and of Griffiths 1980, *Biometrics* 36; it is consistent and efficient. The cliff at the end has no
/// local maximum and is left alone.
pub(super) fn likeliest(times: &Times) -> Option<Shifted> {
    let shortest = times.ended_s()[0];
    let distance = |k: usize| shortest * CLOSEST.powf(k as f64 / TRIED as f64);
    let mut from = None;
    let profile: Vec<Option<Shifted>> = (0..=TRIED)
        .map(|k| {
            let found = at_shift(times, shortest - distance(k), from);
            from = found.map_or(from, |found| Some(found.beyond));
            found
        })
        .collect();
    let value = |k: usize| profile[k].map_or(f64::NEG_INFINITY, |found| found.likelihood);
    let mut best: Option<Shifted> = (value(0) > value(1)).then_some(profile[0]).flatten();
    for (k, found) in profile.iter().enumerate().take(TRIED).skip(1) {
        let Some(found) = *found else { continue };
        if value(k) >= value(k - 1) && value(k) > value(k + 1) {
            let refined = refine(times, [distance(k - 1), distance(k + 1)], found);
            if best.is_none_or(|best| refined.likelihood > best.likelihood) {
                best = Some(refined);
            }
        }
    }
    best
}

/// The maximum in a bracket of distances, by the golden section on their logarithm.
fn refine(times: &Times, bracket: [f64; 2], start: Shifted) -> Shifted {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    let shortest = times.ended_s()[0];
    let [mut high, mut low] = bracket.map(f64::ln);
    let at = |ln_distance: f64| at_shift(times, (shortest - ln_distance.exp()).max(0.0), Some(start.beyond));
    let value = |found: Option<Shifted>| found.map_or(f64::NEG_INFINITY, |found| found.likelihood);
    let mut best = start;
    let mut inner = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
    let mut found = inner.map(at);
    for _ in 0..SECTIONS {
        for found in found.into_iter().flatten() {
            if found.likelihood > best.likelihood {
                best = found;
            }
        }
        if value(found[0]) > value(found[1]) {
            high = inner[1];
            inner = [high - GOLDEN * (high - low), inner[0]];
            found = [at(inner[0]), found[0]];
        } else {
            low = inner[0];
            inner = [inner[1], low + GOLDEN * (high - low)];
            found = [found[1], at(inner[1])];
        }
        if high - low < 1e-9 {
            break;
        }
    }
    polish(times, best)
}

/// The summit in all three coordinates at once: a section alone is exact only to the root of the rounding.
fn polish(times: &Times, found: Shifted) -> Shifted {
    let start = [found.shift_s, found.beyond[0], found.beyond[1]];
    let near = |at: &[f64; 3]| (at[0] - found.shift_s).abs() < 1e-3 * (times.ended_s()[0] - found.shift_s);
    let of = |at: &[f64; 3]| {
        if near(at) && at[0] >= 0.0 {
            Density::<3>::new(Family::ShiftedLognormal, &Jet::variables(at)).likelihood(times)
        } else {
            Jet::constant(f64::NEG_INFINITY)
        }
    };
    match maximise(start, of) {
        Some(Maximum { at: [shift_s, mu, ln_sigma], jet }) => {
            Shifted { shift_s, beyond: [mu, ln_sigma], likelihood: jet.value }
        }
        None => found,
    }
}

/// The likeliest law with this shift.
///
/// - `from`: mu and ln sigma to begin with.
pub(super) fn at_shift(times: &Times, shift_s: f64, from: Option<[f64; 2]>) -> Option<Shifted> {
    let beyond = |seconds: &[f64]| -> Vec<f64> { seconds.iter().map(|x| x - shift_s).filter(|x| *x > 0.0).collect() };
    let (ended, cut_off) = (beyond(times.ended_s()), beyond(times.cut_off_s()));
    if ended.len() < times.ended_s().len() {
        return None;
    }
    if cut_off.is_empty() {
        let n = ended.len() as f64;
        let logs = || ended.iter().map(|x| x.ln());
        let mu = logs().sum::<f64>() / n;
        let variance = logs().map(|y| (y - mu).powi(2)).sum::<f64>() / n;
        let ln_sigma = 0.5 * variance.ln();
        let likelihood = -n * (mu + ln_sigma + 0.5 + super::special::HALF_LN_TAU);
        return variance.is_normal().then_some(Shifted { shift_s, beyond: [mu, ln_sigma], likelihood });
    }
    let of = |at: &[f64; 2]| {
        let density = Density::<2>::new(Family::Lognormal, &Jet::variables(at));
        let ended = ended.iter().fold(Jet::ZERO, |sum, x| sum + density.ended(*x));
        cut_off.iter().fold(ended, |sum, x| sum + density.beyond(*x))
    };
    let start = from.unwrap_or_else(|| super::fit::moments(ended.iter().chain(&cut_off).map(|x| x.ln())));
    let Maximum { at, jet } = maximise(start, of)?;
    Some(Shifted { shift_s, beyond: at, likelihood: jet.value })
}

/// The shifts that are less likely than the best by no more than `drop` in the logarithm, next to the best on either
/// side: the interval of the profile likelihood.
pub(super) fn likely_shifts(times: &Times, best: &Shifted, drop: f64) -> [f64; 2] {
    let shortest = times.ended_s()[0];
    let within = |shift_s: f64| {
        at_shift(times, shift_s, Some(best.beyond)).is_some_and(|found| found.likelihood >= best.likelihood - drop)
    };
    let edge = |mut inside: f64, mut outside: f64| {
        for _ in 0..60 {
            let middle = f64::midpoint(inside, outside);
            if within(middle) {
                inside = middle;
            } else {
                outside = middle;
            }
        }
        inside
    };
    // Walked in small steps of the logarithm of the distance, so that the cliff at the shortest time is not met first.
    let mut ends = [best.shift_s; 2];
    for (end, factor) in ends.iter_mut().zip([1.1, 1.0 / 1.1]) {
        let mut distance = shortest - best.shift_s;
        loop {
            let next = (shortest - distance * factor).max(0.0);
            if !within(next) {
                *end = edge(*end, next);
                break;
            }
            *end = next;
            distance = shortest - next;
            if next <= 0.0 || distance < CLOSEST * shortest {
                break;
            }
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;
    use fleetfront_sim::Law;

    fn quantiles(law: Law, n: u32) -> Vec<f64> {
        (0..n).map(|k| law.seconds_at((f64::from(k) + 0.5) / f64::from(n))).collect()
    }

    #[test]
    fn a_shift_is_found_and_none_is_none() {
        let times = |law| Times::ended(&quantiles(law, 400)).expect("a sample");
        let found = likeliest(&times(Law::ShiftedLognormal { shift_s: 20.0, mu: 2.0, sigma: 0.7 })).expect("a fit");
        assert_relative_eq!(found.shift_s, 20.0, max_relative = 0.02);
        assert_relative_eq!(found.beyond[0], 2.0, max_relative = 0.03);
        assert_relative_eq!(found.beyond[1].exp(), 0.7, max_relative = 0.05);
        let plain = Law::Lognormal { mu: 2.0, sigma: 0.7 };
        let found = likeliest(&times(plain)).expect("a fit");
        assert!(found.shift_s < 0.1, "{found:?}");
    }

    /// Below a sample whose logarithm is skewed to the left no shift is likelier than none.
    #[test]
    fn zero_is_a_local_maximum() {
        let times = Times::ended(&quantiles(Law::Weibull { shape: 1.0, scale_s: 5.0 }, 50)).expect("a sample");
        let found = likeliest(&times).expect("a fit");
        assert!(found.shift_s.abs() < 1e-12, "{found:?}");
        assert_relative_eq!(found.likelihood, at_shift(&times, 0.0, None).expect("a fit").likelihood);
    }

    /// The definition: of shifts nearby none is likelier, though some next to the shortest time is.
    #[test]
    fn the_local_maximum_is_not_the_cliff() {
        let times =
            Times::ended(&quantiles(Law::ShiftedLognormal { shift_s: 5.0, mu: 1.0, sigma: 0.5 }, 12)).expect("ok");
        let found = likeliest(&times).expect("a fit");
        let value = |shift_s| at_shift(&times, shift_s, None).expect("a fit").likelihood;
        for share in [0.9, 0.99, 1.01, 1.05] {
            assert!(value(share * found.shift_s) < found.likelihood, "{share} {found:?}");
        }
        let shortest = times.ended_s()[0];
        assert!(value(shortest * (1.0 - 1e-15)) > value(shortest * (1.0 - 1e-9)), "the cliff");
        let [low, high] = likely_shifts(&times, &found, 1.92);
        assert!(low < found.shift_s && found.shift_s < high && high < shortest);
        for end in [low, high] {
            let drop = found.likelihood - value(end);
            assert!(end <= 0.0 || (drop - 1.92).abs() < 1e-6, "{end}: {drop}");
        }
    }
}
