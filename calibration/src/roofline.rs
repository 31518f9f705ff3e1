//! Times of cells that nobody measured, from arithmetic and what others achieved of it.

mod facts;
#[cfg(test)]
mod tests;

use fleetfront_sim::{Law, Seconds};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::fit::{Factor, Fit, Kind};
use crate::problem::Problem;

pub use facts::{Achieved, Chip, Work};

/// What GPUs can, what models ask for, and what was achieved.
#[derive(Debug, Clone, PartialEq)]
pub struct Roofline {
    chips: Vec<Chip>,
    achieved: Vec<Achieved>,
    work: Vec<Work>,
    /// One matrix product reaches this share of the vendor's rate: geometric mean over the GPUs where both are known.
    gemm_share: f64,
    sigma_of_unmeasured: f64,
    sigma_of_measured: f64,
}

/// The time of a request on a GPU, as its arithmetic predicts it. It can refute a limit, never confirm one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RooflinePrediction {
    /// The middle of what is predicted, in seconds.
    pub seconds: f64,
    /// One sigma: the time is between `seconds / factor` and `seconds · factor` two times in three.
    pub factor: f64,
    /// No request is faster: every pass reads the weights once. `None` where the bandwidth is not known.
    pub least_s: Option<f64>,
    /// Share of the GPU's matrix rate that was taken.
    pub efficiency: f64,
    /// GPUs on which the family was measured, besides or including this one.
    pub gpus: usize,
    /// Whether this GPU is one of them.
    pub is_measured_gpu: bool,
    /// Always derived.
    pub kind: Kind,
    /// Runs of this cell behind it: always 0.
    pub n: u32,
    /// Sources of the efficiency and of the GPU's rate.
    pub sources: Vec<String>,
}

/// What a prediction says about a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RooflineVerdict {
    /// The time is above the limit, at the confidence asked for or because of the bandwidth.
    Refuted,
    /// Nothing is known: only a measurement can confirm it.
    Open,
}

/// How well the other GPUs of a family predict one of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The family.
    pub family: String,
    /// The GPU that was left out.
    pub gpu: String,
    /// Logarithm of its efficiency over what the others predict: above 0 it was faster.
    pub ln_error: f64,
}

/// Why nothing is predicted.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RooflineError {
    /// Nobody measured the family.
    #[error("no efficiency of the family `{family}` is known; known: {known}")]
    UnknownFamily {
        /// As asked for.
        family: String,
        /// Those that there are.
        known: String,
    },
    /// The GPU has no row.
    #[error("the rates of the GPU `{gpu}` are not known; known: {known}")]
    UnknownGpu {
        /// As asked for.
        gpu: String,
        /// Those that there are.
        known: String,
    },
    /// What is asked for is no arithmetic.
    #[error("{value} is no amount of work; give tera floating-point operations above zero")]
    NotWork {
        /// The offending value.
        value: f64,
    },
}

impl Roofline {
    /// What is known as of 2026-10, compiled in: `data/hardware`.
    ///
    /// # Panics
    /// Never: a test reads the files.
    #[must_use]
    pub fn shipped() -> Self {
        let gpus = ("gpus.csv", include_str!("../../data/hardware/gpus.csv"));
        let achieved = ("achieved.csv", include_str!("../../data/hardware/achieved.csv"));
        let work = ("work.csv", include_str!("../../data/hardware/work.csv"));
        Self::read(gpus, achieved, work).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    /// Reads three tables, each (name, text); their first lines say what the columns mean.
    ///
    /// # Errors
    /// Every problem of the three files.
    pub fn read(
        (gpus_file, gpus): (&str, &str),
        (achieved_file, achieved): (&str, &str),
        (work_file, work): (&str, &str),
    ) -> Result<Self, Vec<Problem>> {
        let chips = facts::read_chips(gpus_file, gpus);
        let names: Vec<String> = chips.iter().flatten().map(|chip| chip.gpu.clone()).collect();
        let achieved = facts::read_achieved(achieved_file, achieved, &names);
        let work = facts::read_work(work_file, work);
        match (chips, achieved, work) {
            (Ok(chips), Ok(achieved), Ok(work)) => Ok(Self::of(chips, achieved, work)),
            (chips, achieved, work) => {
                let all = [chips.err(), achieved.err(), work.err()];
                Err(all.into_iter().flatten().flatten().collect())
            }
        }
    }

    fn of(chips: Vec<Chip>, achieved: Vec<Achieved>, work: Vec<Work>) -> Self {
        let shares: Vec<f64> =
            chips.iter().filter_map(|chip| Some((chip.gemm_tflops? / chip.peak_tflops).ln())).collect();
        let gemm_share = if shares.is_empty() { 1.0 } else { mean(&shares).exp() };
        let mut roofline = Self { chips, achieved, work, gemm_share, sigma_of_unmeasured: 0.0, sigma_of_measured: 0.0 };
        let errors: Vec<f64> = roofline.left_out().iter().map(|left| left.ln_error.powi(2)).collect();
        roofline.sigma_of_unmeasured = mean(&errors).sqrt();
        roofline.sigma_of_measured = roofline.spread_within_gpus();
        roofline
    }

    /// The row of a model's work by its name and setting, as written in `work.csv`.
    #[must_use]
    pub fn work(&self, model: &str) -> Vec<&Work> {
        self.work.iter().filter(|work| work.model == model).collect()
    }

    /// What one matrix product reaches on a GPU, in tera floating-point operations a second: as measured, else the
    /// vendor's rate times the mean share that is reached elsewhere.
    fn rate_tflops(&self, chip: &Chip) -> f64 {
        chip.gemm_tflops.unwrap_or(chip.peak_tflops * self.gemm_share)
    }

    /// The logarithm of the share of its GPU's rate that a request achieved.
    fn ln_efficiency(&self, row: &Achieved) -> f64 {
        let chip = self.chips.iter().find(|chip| chip.gpu == row.gpu).expect("every GPU of the table has rates");
        (row.tflop / row.seconds / self.rate_tflops(chip)).ln()
    }

    /// GPUs of a family, each with the mean logarithm of the efficiencies on it and their number.
    fn efficiencies(&self, family: &str) -> Vec<(&str, f64, usize)> {
        let mut gpus: Vec<(&str, Vec<f64>)> = Vec::new();
        for row in self.achieved.iter().filter(|row| row.family == family) {
            let efficiency = self.ln_efficiency(row);
            match gpus.iter_mut().find(|(gpu, _)| *gpu == row.gpu) {
                Some((_, logs)) => logs.push(efficiency),
                None => gpus.push((&row.gpu, vec![efficiency])),
            }
        }
        gpus.into_iter().map(|(gpu, logs)| (gpu, mean(&logs), logs.len())).collect()
    }

    fn families(&self) -> Vec<&str> {
        let mut families: Vec<&str> = Vec::new();
        for row in &self.achieved {
            if !families.contains(&row.family.as_str()) {
                families.push(&row.family);
            }
        }
        families
    }

    /// Every GPU of every family, predicted from the others of the family: the geometric mean of their efficiencies.
    #[must_use]
    pub fn left_out(&self) -> Vec<LeftOut> {
        let mut errors = Vec::new();
        for family in self.families() {
            let gpus = self.efficiencies(family);
            for (gpu, own, _) in &gpus {
                let others: Vec<f64> = gpus.iter().filter(|(other, ..)| other != gpu).map(|(_, log, _)| *log).collect();
                if !others.is_empty() {
                    let ln_error = own - mean(&others);
                    errors.push(LeftOut { family: family.to_owned(), gpu: (*gpu).to_owned(), ln_error });
                }
            }
        }
        errors
    }

    /// Standard deviation of log efficiencies of different requests of one family on one GPU.
    fn spread_within_gpus(&self) -> f64 {
        let (mut squares, mut freedom) = (0.0, 0);
        for family in self.families() {
            for (gpu, middle, n) in self.efficiencies(family) {
                let rows = self.achieved.iter().filter(|row| row.family == family && row.gpu == gpu);
                squares += rows.map(|row| (self.ln_efficiency(row) - middle).powi(2)).sum::<f64>();
                freedom += n - 1;
            }
        }
        if freedom == 0 { self.sigma_of_unmeasured } else { (squares / freedom as f64).sqrt() }
    }

    /// The seconds of a request: its operations over what its family achieves on the GPU, and never less than reading
    /// its weights takes.
    ///
    /// - `family`: of `achieved.csv`; a GPU on which it was not measured takes the geometric mean over the others.
    /// - `tflop`: tera floating-point operations of the request.
    /// - `read_gb`: gigabytes of weights that it reads, over all passes; 0 if that is not known.
    /// - `gpu`: of `gpus.csv`.
    ///
    /// The factor of a GPU on which the family was not measured is the root mean square of the errors with each GPU
    /// left out, over all families; else that of different requests of a family on one GPU.
    ///
    /// # Errors
    /// [`RooflineError`].
    ///
    /// # Source
    /// Williams, Waterman and Patterson 2009, *Communications of the ACM* 52(4), 65.
    pub fn predict(
        &self,
        family: &str,
        tflop: f64,
        read_gb: f64,
        gpu: &str,
    ) -> Result<RooflinePrediction, RooflineError> {
        for value in [tflop, read_gb] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(RooflineError::NotWork { value });
            }
        }
        if tflop <= 0.0 {
            return Err(RooflineError::NotWork { value: tflop });
        }
        let gpus = self.efficiencies(family);
        if gpus.is_empty() {
            let known = self.families().join(", ");
            return Err(RooflineError::UnknownFamily { family: family.to_owned(), known });
        }
        let chip = self.chips.iter().find(|chip| chip.gpu == gpu).ok_or_else(|| {
            let known: Vec<&str> = self.chips.iter().map(|chip| chip.gpu.as_str()).collect();
            RooflineError::UnknownGpu { gpu: gpu.to_owned(), known: known.join(", ") }
        })?;
        let own = gpus.iter().find(|(name, ..)| *name == gpu);
        let all: Vec<f64> = gpus.iter().map(|(_, log, _)| *log).collect();
        let (ln_efficiency, sigma) = match own {
            Some((_, log, n)) => (*log, self.sigma_of_measured * (1.0 + 1.0 / *n as f64).sqrt()),
            None => (mean(&all), self.sigma_of_unmeasured),
        };
        let by_arithmetic = tflop / (ln_efficiency.exp() * self.rate_tflops(chip));
        let least_s = chip.bandwidth_gb_s.filter(|_| read_gb > 0.0).map(|bandwidth| read_gb / bandwidth);
        let rows = self.achieved.iter().filter(|row| row.family == family && (own.is_none() || row.gpu == gpu));
        let mut sources: Vec<String> = Vec::new();
        for source in rows.map(|row| row.provenance.cite()).chain([chip.provenance.cite()]) {
            if !sources.contains(&source) {
                sources.push(source);
            }
        }
        Ok(RooflinePrediction {
            seconds: by_arithmetic.max(least_s.unwrap_or(0.0)),
            factor: sigma.exp(),
            least_s,
            efficiency: ln_efficiency.exp(),
            gpus: gpus.len(),
            is_measured_gpu: own.is_some(),
            kind: Kind::Derived,
            n: 0,
            sources,
        })
    }

    /// The prediction for a row of `work.csv` with another number of passes.
    ///
    /// # Errors
    /// [`RooflineError`].
    pub fn predict_work(&self, work: &Work, forwards: f64, gpu: &str) -> Result<RooflinePrediction, RooflineError> {
        self.predict(&work.family, work.tflop(forwards), work.weight_gb_per_forward * forwards, gpu)
    }
}

impl RooflinePrediction {
    /// Interval of the time in seconds, by the factor as a lognormal error; never below the bandwidth's bound.
    ///
    /// # Panics
    /// If `confidence` is not between 0 and 1.
    #[must_use]
    pub fn interval_s(&self, confidence: f64) -> (f64, f64) {
        assert!(confidence > 0.0 && confidence < 1.0, "{confidence} is no confidence");
        let reach = Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence));
        let by = self.factor.powf(reach);
        let least = self.least_s.unwrap_or(0.0);
        ((self.seconds / by).max(least), (self.seconds * by).max(least))
    }

    /// Whether the time is above a limit.
    ///
    /// - `limit_s`: in seconds.
    /// - `confidence`: with which the lower end must be above it, one-sided, such as 0.95.
    ///
    /// # Panics
    /// If `confidence` is not between 0.5 and 1.
    #[must_use]
    pub fn judge(&self, limit_s: f64, confidence: f64) -> RooflineVerdict {
        assert!(confidence > 0.5 && confidence < 1.0, "{confidence} is no one-sided confidence");
        let (low, _) = self.interval_s(2.0 * confidence - 1.0);
        if low > limit_s { RooflineVerdict::Refuted } else { RooflineVerdict::Open }
    }

    /// As a law for the simulation: derived, from no measurement, with 90 % of what the factor leaves open as what is not known.
    ///
    /// - `cv`: the spread of a repeated request, from elsewhere.
    ///
    /// # Panics
    /// If `cv` is negative or not finite.
    #[must_use]
    pub fn as_fit(&self, cv: f64) -> Fit {
        let mean = Seconds::new(self.seconds).expect("a predicted time is a span");
        let measured = if self.is_measured_gpu { "on this GPU" } else { "on other GPUs" };
        Fit {
            law: Law::lognormal(mean, cv),
            kind: self.kind,
            n: self.n,
            factor: Factor::of_sigmas_log([self.factor.ln(); 2]),
            sources: self.sources.clone(),
            notes: vec![format!(
                "roofline: {:.0} % of the matrix rate, as achieved {measured}",
                100.0 * self.efficiency
            )],
            rests_on: None,
        }
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}
