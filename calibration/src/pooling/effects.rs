//! How much faster or slower a GPU is, over models that it suits differently.

use serde::{Deserialize, Serialize};

use super::PoolingError;
use super::estimate::LogMedian;
use crate::runs::CellName;

/// The least standard deviation of log ratios across models that is believed where few models say otherwise: six
/// precisions of one model on an A10G against an L40S differ by 0.12
/// (huggingface.co/datasets/anla1234-itachi/comfyui-quant-bench, read 2026-10).
pub const TAU_FLOOR: f64 = 0.1;

/// Fewest models whose own spread about their mean is taken for that of the GPU.
const OWN_TAU_MODELS: usize = 5;

/// How many times longer a model takes on a GPU than on the reference, as a logarithm.
#[derive(Debug, Clone, PartialEq)]
pub struct RatioOfModel {
    /// The model on the GPU.
    pub cell: CellName,
    /// Logarithm of the ratio of the medians.
    pub ln_ratio: f64,
    /// Its standard error.
    pub error: f64,
}

/// Effects that are themselves drawn from a normal law, each measured with an error.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RandomEffects {
    /// Mean of the law.
    pub mu: f64,
    /// Standard error of `mu`.
    pub mu_error: f64,
    /// Standard deviation of the law: what is left between the effects after their errors.
    pub tau: f64,
    /// Cochran's Q: the weighted sum of squares about the mean without `tau`.
    pub q: f64,
    /// How many effects.
    pub k: usize,
    /// Degrees of freedom of `tau`, for intervals of one more effect.
    pub freedom: f64,
    /// Each effect drawn towards the mean, with its posterior standard deviation; in the order of the input.
    pub shrunken: Vec<(f64, f64)>,
}

/// How the spread between effects is estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpreadOfEffects {
    /// The moment estimator of DerSimonian and Laird 1986, *Controlled Clinical Trials* 7.
    Moments,
    /// Restricted maximum likelihood: Viechtbauer 2005, *Journal of Educational and Behavioral Statistics* 30.
    Likelihood,
}

impl RandomEffects {
    /// - `effects`: (effect, standard error) of each, errors above zero.
    /// - `floor`: the least `tau`.
    ///
    /// # Errors
    /// [`PoolingError::Nothing`] without effects; [`PoolingError::NotA`] for what is no error.
    pub fn fit(effects: &[(f64, f64)], between: SpreadOfEffects, floor: f64) -> Result<Self, PoolingError> {
        if effects.is_empty() {
            return Err(PoolingError::Nothing);
        }
        if let Some((_, value)) = effects.iter().find(|(_, error)| !(error.is_finite() && *error > 0.0)) {
            return Err(PoolingError::NotA { what: "standard error above zero", value: *value });
        }
        let tau = match between {
            SpreadOfEffects::Moments => moments(effects).sqrt(),
            SpreadOfEffects::Likelihood => likelihood(&[effects.to_vec()]).sqrt(),
        };
        // Two degrees are spent on mu and tau: Higgins, Thompson and Spiegelhalter 2009.
        let freedom = (effects.len() as f64 - 2.0).max(1.0);
        Ok(Self::with(effects, tau.max(floor), freedom))
    }

    fn with(effects: &[(f64, f64)], tau: f64, freedom: f64) -> Self {
        let (mu, mu_error) = weighted(effects, tau * tau);
        let (fixed, _) = weighted(effects, 0.0);
        let q = effects.iter().map(|(y, error)| ((y - fixed) / error).powi(2)).sum();
        let shrunken = effects.iter().map(|(y, error)| {
            let own = tau * tau / (tau * tau + error * error);
            let mean = own * y + (1.0 - own) * mu;
            (mean, (own * error * error + ((1.0 - own) * mu_error).powi(2)).sqrt())
        });
        Self { mu, mu_error, tau, q, k: effects.len(), freedom, shrunken: shrunken.collect() }
    }

    /// One more effect: of a model that was never measured on the GPU.
    ///
    /// # Source
    /// Higgins, Thompson and Spiegelhalter 2009, *Journal of the Royal Statistical Society A* 172: Student's
    /// t about mu with variance tau² + `mu_error`².
    #[must_use]
    pub fn predicted(&self) -> LogMedian {
        LogMedian { mean: self.mu, error: self.tau.hypot(self.mu_error), freedom: self.freedom, sigma: 0.0, n: 0 }
    }
}

/// Mean weighted by 1/(error² + between), and its standard error.
fn weighted(effects: &[(f64, f64)], between: f64) -> (f64, f64) {
    let weight = |error: f64| 1.0 / (error * error + between);
    let total: f64 = effects.iter().map(|(_, error)| weight(*error)).sum();
    let mean = effects.iter().map(|(y, error)| weight(*error) * y).sum::<f64>() / total;
    (mean, total.sqrt().recip())
}

/// tau² by moments.
fn moments(effects: &[(f64, f64)]) -> f64 {
    let (mean, _) = weighted(effects, 0.0);
    let weights = effects.iter().map(|(_, error)| error.powi(-2));
    let (sum, squares) = weights.fold((0.0, 0.0), |(sum, squares), w| (sum + w, squares + w * w));
    let q: f64 = effects.iter().map(|(y, error)| ((y - mean) / error).powi(2)).sum();
    let scale = sum - squares / sum;
    if scale > 0.0 { ((q - (effects.len() as f64 - 1.0)) / scale).max(0.0) } else { 0.0 }
}

/// tau² common to several groups, each with a mean of its own, by Fisher's scoring.
fn likelihood(groups: &[Vec<(f64, f64)>]) -> f64 {
    let start: f64 = groups.iter().map(|group| moments(group)).sum::<f64>() / groups.len().max(1) as f64;
    let mut between = start;
    for _ in 0..200 {
        let (mut score, mut information) = (0.0, 0.0);
        for group in groups.iter().filter(|group| group.len() > 1) {
            let (mean, _) = weighted(group, between);
            let weights: Vec<f64> = group.iter().map(|(_, error)| 1.0 / (error * error + between)).collect();
            let power = |k: i32| weights.iter().map(|w| w.powi(k)).sum::<f64>();
            let (one, two, three) = (power(1), power(2), power(3));
            let squares: f64 = group.iter().zip(&weights).map(|((y, _), w)| (w * (y - mean)).powi(2)).sum();
            score += 0.5 * (squares - one + two / one);
            information += 0.5 * (two - 2.0 * three / one + (two / one).powi(2));
        }
        if information <= 0.0 {
            return 0.0;
        }
        let next = (between + score / information).max(0.0);
        if (next - between).abs() <= 1e-12 * (1.0 + between) {
            return next;
        }
        between = next;
    }
    between
}

/// tau over all GPUs, each with a mean of its own, and its degrees of freedom; 0 where no GPU has two models.
pub(super) fn common_tau(ratios: &[RatioOfModel]) -> (f64, f64) {
    let mut groups: Vec<(&str, Vec<(f64, f64)>)> = Vec::new();
    for ratio in ratios {
        let effect = (ratio.ln_ratio, ratio.error);
        match groups.iter_mut().find(|(gpu, _)| *gpu == ratio.cell.gpu) {
            Some((_, group)) => group.push(effect),
            None => groups.push((&ratio.cell.gpu, vec![effect])),
        }
    }
    let groups: Vec<Vec<(f64, f64)>> = groups.into_iter().map(|(_, group)| group).collect();
    let freedom: usize = groups.iter().map(|group| group.len() - 1).sum();
    (likelihood(&groups).sqrt(), freedom as f64)
}

/// The effects of one GPU, with its own spread from [`OWN_TAU_MODELS`] on, else the common one.
pub(super) fn of_gpu(effects: &[(f64, f64)], common: f64, freedom: f64, floor: f64) -> Option<RandomEffects> {
    let own = RandomEffects::fit(effects, SpreadOfEffects::Likelihood, floor).ok()?;
    if effects.len() >= OWN_TAU_MODELS {
        return Some(own);
    }
    Some(RandomEffects::with(effects, common.max(floor), (freedom - 1.0).max(1.0)))
}
