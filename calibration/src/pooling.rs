//! What few measurements borrow from many: spreads from all cells, speeds of a GPU from other models.

mod cut_off;
mod effects;
mod estimate;
mod spreads;
#[cfg(test)]
mod tests;
mod timed_at;

use serde::{Deserialize, Serialize};

use estimate::combined;
use timed_at::at_shape_of;

pub use effects::{RandomEffects, RatioOfModel, SpreadOfEffects, TAU_FLOOR};
pub use estimate::LogMedian;
pub use spreads::{CellSpread, SPREAD_FLOOR, SpreadPrior};
pub use timed_at::TimedAt;

use crate::percentiles::TwoPercentiles;
use crate::runs::{CellName, Shape};

/// The times of one cell, in seconds above zero.
#[derive(Debug, Clone, PartialEq)]
pub struct CellTimes {
    /// Which cell.
    pub cell: CellName,
    /// One a run, ended ones only.
    pub seconds: Vec<f64>,
    /// After how long others were cut off: they take longer.
    pub cut_off_s: Vec<f64>,
    /// Percentiles of further runs: each counts as as many runs as would know its mean and its spread so well.
    pub summaries: Vec<TwoPercentiles>,
    /// The shape that all of them are of.
    pub timed: TimedAt,
}

impl CellTimes {
    /// None yet.
    #[must_use]
    pub fn none_of(cell: CellName) -> Self {
        Self { cell, seconds: Vec::new(), cut_off_s: Vec::new(), summaries: Vec::new(), timed: TimedAt::default() }
    }
}

/// From so many cells on with two runs or more, their spreads alone tell the spread of one more.
pub const ENOUGH_CELLS: usize = 3;

/// Why nothing can be pooled.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PoolingError {
    /// No cell was measured twice.
    #[error(
        "no cell has two runs that differ, so nothing is known of their spread; measure one twice, or state a spread"
    )]
    NoSpread,
    /// A variance, freedom, error or time is not what it must be.
    #[error("{value} is no {what}")]
    NotA {
        /// What it should be.
        what: &'static str,
        /// The offending value.
        value: f64,
    },
    /// No effects to pool.
    #[error("there is nothing to pool; give at least one ratio")]
    Nothing,
}

/// All cells of some models on some GPUs, pooled.
///
/// In drawn worlds the 95 % intervals hold in 93 to 98 %. Where the spreads of cells differ as much as chi-squares with
/// three degrees of freedom do, it is 91 to 95 %: of one run nobody can tell whether it is from a cell that spreads
/// widely.
#[derive(Debug, Clone, PartialEq)]
pub struct Pooling {
    cells: Vec<Own>,
    prior: SpreadPrior,
    reference: String,
    tau_floor: f64,
    ratios: Vec<RatioOfModel>,
    common_tau: f64,
    common_freedom: f64,
}

/// What the runs of a cell say by themselves, their spread shrunken.
#[derive(Debug, Clone, PartialEq)]
struct Own {
    cell: CellName,
    median: LogMedian,
    timed: TimedAt,
}

/// What is known of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct CellEstimate {
    /// From its own runs and those of other models and GPUs together.
    pub pooled: LogMedian,
    /// From its own runs alone; `None` if it has none.
    pub own: Option<LogMedian>,
    /// From other models alone; `None` if the model was not measured on the reference or the GPU with no other model.
    pub borrowed: Option<LogMedian>,
}

impl Pooling {
    /// Pools the cells.
    ///
    /// - `cells`: each cell once, with at least one time or summary.
    /// - `stated`: a spread that a source states; taken where no cell was measured twice. Where fewer than three were, both
    ///   are weighted by their degrees of freedom: one or two cells say little of a third, and no more than the source.
    /// - `reference`: the GPU type that the others are compared with.
    /// - `spread_floor`: the least standard deviation of logarithms that is believed of few runs; [`SPREAD_FLOOR`] where nobody
    ///   knows better.
    /// - `tau_floor`: the least standard deviation of log ratios across models that is believed; [`TAU_FLOOR`] where
    ///   nobody knows better.
    ///
    /// # Errors
    /// [`PoolingError`].
    ///
    /// # Source
    /// Empirical Bayes as in Morris 1983, *Journal of the American Statistical Association* 78; the spreads by Smyth
    /// 2004, the ratios by DerSimonian and Laird 1986 and by restricted likelihood, see [`SpreadPrior`] and
    /// [`RandomEffects`].
    pub fn fit(
        cells: &[CellTimes],
        stated: Option<SpreadPrior>,
        reference: &str,
        [spread_floor, tau_floor]: [f64; 2],
    ) -> Result<Self, PoolingError> {
        let summaries = cells.iter().map(summary).collect::<Result<Vec<_>, _>>()?;
        let spreads: Vec<CellSpread> = summaries.iter().filter_map(|summary| summary.spread).collect();
        let prior = match (SpreadPrior::fit(&spreads), stated) {
            (Ok(prior), Some(stated)) if prior.cells < ENOUGH_CELLS => prior.with_stated(stated),
            (Ok(prior), _) => prior,
            (Err(PoolingError::NoSpread), Some(stated)) => stated,
            (Err(error), _) => return Err(error),
        }
        .no_less_than(spread_floor);
        let own = |(times, summary): (&CellTimes, &Summary)| {
            let known =
                if prior.cells == 1 && !prior.is_least && summary.spread.is_some() { stated } else { Some(prior) };
            let with_cut_off = || cut_off::median_of(times, known.as_ref(), prior.posterior(summary.spread).freedom);
            let median = with_cut_off().unwrap_or_else(|| prior.median_of(summary.mean, summary.n, summary.spread));
            Own { cell: times.cell.clone(), median, timed: times.timed.clone() }
        };
        let cells: Vec<Own> = cells.iter().zip(&summaries).map(own).collect();
        let ratios = ratios(&cells, reference);
        let (common_tau, common_freedom) = effects::common_tau(&ratios);
        Ok(Self { cells, prior, reference: reference.to_owned(), tau_floor, ratios, common_tau, common_freedom })
    }

    /// What all spreads have in common.
    #[must_use]
    pub fn prior(&self) -> &SpreadPrior {
        &self.prior
    }

    /// The GPU type that the others are compared with.
    #[must_use]
    pub fn reference(&self) -> &str {
        &self.reference
    }

    /// The cells of a GPU that are compared with those of their models on the reference.
    pub fn compared(&self, gpu: &str) -> impl Iterator<Item = &CellName> {
        self.ratios.iter().map(|ratio| &ratio.cell).filter(move |cell| cell.gpu == gpu)
    }

    /// The shapes of a cell and of its model on the reference, where these keep the two from being compared.
    #[must_use]
    pub fn shapes_apart(&self, cell: &CellName) -> Option<[&Shape; 2]> {
        let (own, base) = (self.own(cell)?, self.base_of(cell)?);
        let apart = at_shape_of(own, base).is_none();
        own.timed.shape.as_ref().zip(base.timed.shape.as_ref()).filter(|_| apart).map(<[&Shape; 2]>::from)
    }

    /// Log ratios of a GPU to the reference over models, `without` left out; `None` where no other model was measured
    /// on both at one shape.
    ///
    /// The spread across models is the GPU's own from five models on, else that of all GPUs together; never below the
    /// floor.
    #[must_use]
    pub fn ratio(&self, gpu: &str, without: Option<(&str, &str)>) -> Option<RandomEffects> {
        let of_gpu = self.ratios.iter().filter(|ratio| ratio.cell.gpu == gpu);
        let others = of_gpu.filter(|ratio| without != Some((&ratio.cell.model, &ratio.cell.variant)));
        let effects: Vec<(f64, f64)> = others.map(|ratio| (ratio.ln_ratio, ratio.error)).collect();
        effects::of_gpu(&effects, self.common_tau, self.common_freedom, self.tau_floor)
    }

    /// What is known of a cell; `None` where neither it nor what it could borrow from was measured.
    ///
    /// A cell that borrows takes the ratio of its GPU over the other models, never over itself.
    #[must_use]
    pub fn cell(&self, cell: &CellName) -> Option<CellEstimate> {
        let own = self.own(cell).map(|own| own.median);
        let borrowed = self.borrowed(cell);
        let pooled = match (own, borrowed) {
            (Some(own), Some(borrowed)) => combined(own, borrowed),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => return None,
        };
        Some(CellEstimate { pooled, own, borrowed })
    }

    fn own(&self, cell: &CellName) -> Option<&Own> {
        self.cells.iter().find(|own| own.cell == *cell)
    }

    /// The model of a cell on the reference.
    fn base_of(&self, cell: &CellName) -> Option<&Own> {
        base_of(&self.cells, cell, &self.reference)
    }

    fn borrowed(&self, cell: &CellName) -> Option<LogMedian> {
        if cell.gpu == self.reference {
            return None;
        }
        let base = self.base_of(cell)?;
        let base = self.own(cell).map_or(Some(base.median), |own| at_shape_of(own, base))?;
        let ratio = self.ratio(&cell.gpu, Some((&cell.model, &cell.variant)))?;
        Some(base.plus(&ratio.predicted()))
    }
}

/// Mean and spread of the logarithms of the times of a cell.
struct Summary {
    mean: f64,
    n: f64,
    spread: Option<CellSpread>,
}

fn summary(times: &CellTimes) -> Result<Summary, PoolingError> {
    let seconds = &times.seconds;
    if let Some(value) = seconds.iter().find(|s| !(s.is_finite() && **s > 0.0)) {
        return Err(PoolingError::NotA { what: "time above zero", value: *value });
    }
    let usable = |summary: &&TwoPercentiles| summary.sigma > 0.0 && summary.mu_error > 0.0 && summary.sigma_error > 0.0;
    if let Some(summary) = times.summaries.iter().find(|summary| !usable(summary)) {
        return Err(PoolingError::NotA { what: "spread above zero", value: summary.sigma });
    }
    let own = seconds.len() as f64;
    let mut n = own;
    let mut sum: f64 = seconds.iter().map(|s| s.ln()).sum();
    // Deviations from the first and not from the mean, whose last digit would be a spread of equal times.
    let first = seconds.first().map_or(0.0, |s| s.ln());
    let off: Vec<f64> = seconds.iter().map(|s| s.ln() - first).collect();
    let middle = off.iter().sum::<f64>() / own;
    let mut squares: f64 = off.iter().map(|x| (x - middle).powi(2)).sum();
    let mut freedom = (own - 1.0).max(0.0);
    for summary in &times.summaries {
        // A mean of so many runs has this error; a deviation with so many degrees of freedom has that.
        let runs = (summary.sigma / summary.mu_error).powi(2);
        let worth = 0.5 * (summary.sigma / summary.sigma_error).powi(2);
        n += runs;
        sum += runs * summary.mu;
        squares += worth * summary.sigma.powi(2);
        freedom += worth;
    }
    if n <= 0.0 {
        return Err(PoolingError::NotA { what: "number of runs from 1 on", value: 0.0 });
    }
    let spread = if times.cut_off_s.is_empty() {
        (freedom >= 1.0).then(|| CellSpread { variance: squares / freedom, freedom })
    } else {
        cut_off::spread_of(times, freedom)
    };
    Ok(Summary { mean: sum / n, n, spread })
}

fn base_of<'a>(cells: &'a [Own], cell: &CellName, reference: &str) -> Option<&'a Own> {
    let is_base =
        |name: &CellName| name.gpu == reference && (&name.model, &name.variant) == (&cell.model, &cell.variant);
    cells.iter().find(|own| is_base(&own.cell))
}

fn ratios(cells: &[Own], reference: &str) -> Vec<RatioOfModel> {
    let elsewhere = cells.iter().filter(|own| own.cell.gpu != reference);
    elsewhere
        .filter_map(|own| {
            let base = at_shape_of(own, base_of(cells, &own.cell, reference)?)?;
            let ln_ratio = own.median.mean - base.mean;
            Some(RatioOfModel { cell: own.cell.clone(), ln_ratio, error: own.median.error.hypot(base.error) })
        })
        .collect()
}
