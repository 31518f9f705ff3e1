//! The likeliest mixture of two lognormal laws.

use super::family::Family;
use super::jet::Jet;
use super::likelihood::Density;
use super::newton::{covariance, maximise};
use super::special::{HALF_LN_TAU, ln_normal_tail};
use super::times::Times;

/// Fewer times than these are no part: any two would be one, of a law as narrow as is allowed.
const PART_TIMES: f64 = 3.0;
/// How narrow a part may be, over the spread of all logarithms. Without a limit the likelihood has none (Kiefer and
/// Wolfowitz 1956); with one it has a maximum, which is consistent (Hathaway 1985, *Annals of Statistics* 13).
const NARROWEST: f64 = 0.02;
/// Shares of the sample at which it is cut in two for a start; the widest gap is another.
const CUTS: [f64; 7] = [0.05, 0.15, 0.3, 0.5, 0.7, 0.85, 0.95];
/// Steps from every start, and from the best of them.
const FIRST_STEPS: usize = 25;
const STEPS_MAX: usize = 2000;
const FINALISTS: usize = 3;

/// The coordinates of a mixture, as its density has them.
#[derive(Debug, Clone, Copy)]
pub(super) struct MixtureFit {
    pub(super) at: [f64; 5],
    pub(super) likelihood: f64,
    /// `None` where a part is as narrow as is allowed.
    pub(super) covariance: Option<[[f64; 5]; 5]>,
}

/// Weights, means and deviations of the logarithms.
#[derive(Debug, Clone, Copy)]
struct Parts {
    weight: [f64; 2],
    mu: [f64; 2],
    sigma: [f64; 2],
}

/// The sample as logarithms.
struct Logs {
    ended: Vec<f64>,
    cut_off: Vec<f64>,
    sigma_min: f64,
}

/// The mixture under which the sample is likeliest, among those with parts that are neither too narrow nor too rare:
/// expectation and maximisation (Dempster, Laird and Rubin 1977) from eight starts, the best three to the end, the last
/// steps by Newton's method. `None` where no start leads to two parts.
///
/// - `start`: mu and sigma of the parts and the probability of the first, where one start is enough.
pub(super) fn likeliest(times: &Times, start: Option<&[f64; 5]>) -> Option<MixtureFit> {
    let logs = Logs::of(times)?;
    let mut found: Vec<(Parts, f64)> = match start {
        Some(at) => vec![logs.climb(Parts::at(at), FIRST_STEPS)],
        None => logs.starts().into_iter().map(|start| logs.climb(start, FIRST_STEPS)).collect(),
    };
    found.retain(|(parts, _)| logs.are_two(parts));
    found.sort_by(|a, b| b.1.total_cmp(&a.1));
    found.truncate(FINALISTS);
    let fits = found.into_iter().filter_map(|(parts, _)| logs.finish(times, parts));
    fits.max_by(|a, b| a.likelihood.total_cmp(&b.likelihood))
}

impl Parts {
    fn at(&[logit, mu_0, ln_sigma_0, mu_1, ln_sigma_1]: &[f64; 5]) -> Self {
        let first = (1.0 + (-logit).exp()).recip();
        Self { weight: [first, 1.0 - first], mu: [mu_0, mu_1], sigma: [ln_sigma_0.exp(), ln_sigma_1.exp()] }
    }

    /// The part with the shorter times first.
    fn coordinates(&self) -> [f64; 5] {
        let [a, b] = if self.mu[0] <= self.mu[1] { [0, 1] } else { [1, 0] };
        let logit = (self.weight[a] / self.weight[b]).ln();
        [logit, self.mu[a], self.sigma[a].ln(), self.mu[b], self.sigma[b].ln()]
    }
}

impl Logs {
    fn of(times: &Times) -> Option<Self> {
        let ln = |seconds: &[f64]| seconds.iter().map(|x| x.ln()).collect::<Vec<f64>>();
        let [_, ln_sigma] = super::fit::moments(times.logs().into_iter());
        let sigma_min = NARROWEST * ln_sigma.exp();
        sigma_min.is_normal().then(|| Self { ended: ln(times.ended_s()), cut_off: ln(times.cut_off_s()), sigma_min })
    }

    fn count(&self) -> f64 {
        (self.ended.len() + self.cut_off.len()) as f64
    }

    /// Whether neither part is too rare.
    fn are_two(&self, parts: &Parts) -> bool {
        parts.weight.iter().all(|weight| weight * self.count() >= PART_TIMES)
    }

    /// The sample cut in two, in several ways.
    fn starts(&self) -> Vec<Parts> {
        let mut all: Vec<f64> = self.ended.iter().chain(&self.cut_off).copied().collect();
        all.sort_by(f64::total_cmp);
        let n = all.len();
        let gap = (2..n.saturating_sub(1)).max_by(|a, b| (all[*a] - all[*a - 1]).total_cmp(&(all[*b] - all[*b - 1])));
        let mut cuts: Vec<usize> = CUTS.iter().map(|share| (share * n as f64).round() as usize).chain(gap).collect();
        cuts.retain(|cut| (2..n.saturating_sub(1)).contains(cut));
        cuts.dedup();
        let of = |cut: usize| {
            let sides = [&all[..cut], &all[cut..]].map(|side| super::fit::moments(side.iter().copied()));
            Parts {
                weight: [cut as f64 / n as f64, (n - cut) as f64 / n as f64],
                mu: sides.map(|side| side[0]),
                sigma: sides.map(|side| side[1].exp().max(self.sigma_min)),
            }
        };
        cuts.into_iter().map(of).collect()
    }

    /// So many steps uphill, fewer where they no longer climb; the likelihood is that before the last step.
    fn climb(&self, mut parts: Parts, steps: usize) -> (Parts, f64) {
        let mut before = f64::NEG_INFINITY;
        for _ in 0..steps {
            let (next, likelihood) = self.step(&parts);
            if !likelihood.is_finite() || likelihood - before < 1e-9 * (1.0 + likelihood.abs()) {
                return (parts, likelihood);
            }
            (parts, before) = (next, likelihood);
        }
        (parts, before)
    }

    /// One step of expectation and maximisation, and the likelihood before it. A time that was cut off counts with the
    /// moments of what each part would have beyond it.
    fn step(&self, parts: &Parts) -> (Parts, f64) {
        let ln_weight = parts.weight.map(f64::ln);
        let ln_sigma = parts.sigma.map(f64::ln);
        let mut likelihood = 0.0;
        // Of the deviations from the present means: how many, their sum and the sum of their squares.
        let mut sums = [[0.0; 3]; 2];
        let mut add = |ln_parts: [f64; 2], ln_factor: f64, deviation: [f64; 2], square: [f64; 2]| {
            let high = ln_parts[0].max(ln_parts[1]);
            let shares = ln_parts.map(|ln_part| (ln_part - high).exp());
            let sum = shares[0] + shares[1];
            likelihood += high + sum.ln() + ln_factor;
            for (part, sums) in sums.iter_mut().enumerate() {
                let share = shares[part] / sum;
                for (sum, x) in sums.iter_mut().zip([1.0, deviation[part], square[part]]) {
                    *sum += share * x;
                }
            }
        };
        for y in &self.ended {
            let deviation = parts.mu.map(|mu| y - mu);
            let z = [0, 1].map(|part| deviation[part] / parts.sigma[part]);
            let ln_parts = [0, 1].map(|part| ln_weight[part] - ln_sigma[part] - 0.5 * z[part] * z[part]);
            add(ln_parts, -y - HALF_LN_TAU, deviation, deviation.map(|d| d * d));
        }
        for y in &self.cut_off {
            let z = [0, 1].map(|part| (y - parts.mu[part]) / parts.sigma[part]);
            let tail = z.map(ln_normal_tail);
            let ln_parts = [0, 1].map(|part| ln_weight[part] + tail[part][0]);
            let deviation = [0, 1].map(|part| -parts.sigma[part] * tail[part][1]);
            let square = [0, 1].map(|part| parts.sigma[part].powi(2) * (1.0 - z[part] * tail[part][1]));
            add(ln_parts, 0.0, deviation, square);
        }
        let mut next = *parts;
        for (part, [count, sum, squares]) in sums.into_iter().enumerate() {
            next.weight[part] = count / self.count();
            let moved = sum / count;
            next.mu[part] = parts.mu[part] + moved;
            next.sigma[part] = (squares / count - moved * moved).max(0.0).sqrt().max(self.sigma_min);
        }
        (next, likelihood)
    }

    /// To the summit, by Newton's method once it is near.
    fn finish(&self, times: &Times, start: Parts) -> Option<MixtureFit> {
        let of = |at: &[f64; 5]| Density::<5>::new(Family::LognormalMixture, &Jet::variables(at)).likelihood(times);
        let (mut parts, mut steps) = (start, 0);
        while steps < STEPS_MAX {
            let (climbed, likelihood) = self.climb(parts, 100);
            (parts, steps) = (climbed, steps + 100);
            if !likelihood.is_finite() || !self.are_two(&parts) {
                return None;
            }
            let floored = parts.sigma.iter().any(|sigma| *sigma <= self.sigma_min);
            if floored {
                continue;
            }
            let summit = maximise(parts.coordinates(), of).filter(|found| {
                let there = Parts::at(&found.at);
                let wide = there.sigma.iter().all(|sigma| *sigma > self.sigma_min);
                wide && self.are_two(&there) && found.jet.value >= likelihood - 1e-9 * (1.0 + likelihood.abs())
            });
            if let Some(found) = summit {
                let at = Parts::at(&found.at).coordinates();
                return Some(MixtureFit { at, likelihood: found.jet.value, covariance: covariance(&of(&at)) });
            }
        }
        let likelihood = self.step(&parts).1;
        self.are_two(&parts).then(|| MixtureFit { at: parts.coordinates(), likelihood, covariance: None })
    }
}

#[cfg(test)]
mod tests {
    use super::super::Time;
    use super::*;
    use approx::assert_relative_eq;
    use fleetfront_sim::Law;

    const TRUE: Law = Law::LognormalMixture { mu: [1.0, 3.0], sigma: [0.2, 0.5], first_probability: 0.4 };

    fn times(limit_s: f64) -> Times {
        let seconds = (0..1000).map(|k| TRUE.seconds_at((f64::from(k) + 0.5) / 1000.0));
        let time = |seconds: f64| Time { seconds: seconds.min(limit_s), censored: seconds > limit_s };
        Times::of(&seconds.map(time).collect::<Vec<_>>()).expect("a sample")
    }

    fn check(fit: &MixtureFit, tolerance: f64) {
        let parts = Parts::at(&fit.at);
        assert_relative_eq!(parts.weight[0], 0.4, epsilon = tolerance);
        for (found, expected) in parts.mu.iter().chain(&parts.sigma).zip([1.0, 3.0, 0.2, 0.5]) {
            assert_relative_eq!(*found, expected, epsilon = tolerance);
        }
    }

    #[test]
    fn two_parts_are_found_also_where_a_third_of_the_times_was_cut_off() {
        check(&likeliest(&times(1e9), None).expect("a fit"), 0.01);
        let cut = times(22.0);
        assert!((250..400).contains(&cut.cut_off_s().len()), "{}", cut.cut_off_s().len());
        check(&likeliest(&cut, None).expect("a fit"), 0.03);
    }

    /// Every step of expectation and maximisation climbs, and both likelihoods are the same function.
    #[test]
    fn steps_climb() {
        let times = times(22.0);
        let logs = Logs::of(&times).expect("a spread");
        let mut parts = logs.starts()[1];
        let mut before = f64::NEG_INFINITY;
        for _ in 0..50 {
            let at = parts.coordinates().map(Jet::<0>::constant);
            let expected = Density::new(Family::LognormalMixture, &at).likelihood(&times).value;
            let (next, likelihood) = logs.step(&parts);
            assert_relative_eq!(likelihood, expected, max_relative = 1e-12);
            assert!(likelihood >= before - 1e-9, "{likelihood} after {before}");
            (parts, before) = (next, likelihood);
        }
    }

    /// Two equal times among others are no part of width zero.
    #[test]
    fn a_part_is_neither_a_point_nor_a_pair() {
        let seconds: Vec<f64> = (0..40).map(|k| (1.0 + f64::from(k) / 13.0).exp()).chain([9.0, 9.0]).collect();
        if let Some(fit) = likeliest(&Times::ended(&seconds).expect("a sample"), None) {
            let parts = Parts::at(&fit.at);
            assert!(parts.weight.iter().all(|weight| weight * 42.0 >= PART_TIMES), "{parts:?}");
            assert!(parts.sigma.iter().all(|sigma| *sigma > 0.01), "{parts:?}");
        }
    }
}
