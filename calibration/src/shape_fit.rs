//! How long a request takes by what it asks for: steps, size, frames, images.

mod misfit;
mod prediction;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::least_squares::{Least, MOST, Point, descend, inverse};
use crate::runs::Shape;

pub use misfit::ShapeMisfit;
pub use prediction::{Beyond, ShapePrediction};

/// What is known of an exponent that the runs do not tell: it is 1, give or take this standard deviation, so that nine in
/// ten are from 0.5 to 1.5. The linear layers of a transformer grow with the exponent 1 of its tokens and its attention
/// with 2, and small pictures do not fill a GPU; published times of sizes have 1.06. Our choice.
const EXPONENT_SIGMA: f64 = 0.3;

/// Fewest degrees of freedom that are left where an exponent is fitted.
const FREEDOM_FOR_EXPONENT: usize = 2;

/// A time a step below this share of the shortest run is taken for none.
const LEAST_SHARE_OF_WORK: f64 = 1e-6;

/// seconds = fixed + `per_step` · steps · megapixels^a · frames^b · images (· factor with a LoRA adapter), times a
/// lognormal residual.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ShapeFit {
    /// What every request takes, in seconds; zero or more.
    pub fixed_s: f64,
    /// What one step of one image of one megapixel and one frame takes beyond that, in seconds.
    pub per_step_s: f64,
    /// a; 1 unless it was fitted: see `held`.
    pub megapixels_exponent: f64,
    /// b; 1 unless it was fitted.
    pub frames_exponent: f64,
    /// How much longer a step takes with an adapter; 1 unless it was fitted.
    pub adapter_factor: f64,
    /// Standard deviation of the logarithm of the seconds at one shape.
    pub sigma: f64,
    /// Degrees of freedom of `sigma`: runs less fitted parameters.
    pub freedom: usize,
    /// How many runs were fitted.
    pub n: usize,
    /// Which parameters were fitted; a fixed part that the data want below zero is held at zero and is not among them.
    pub fitted: Vec<ShapeParameter>,
    /// Exponents whose column varies, but which the runs do not tell (standard error above 0.3): they are held at 1, and what
    /// is not known of them is in the covariance.
    #[serde(default)]
    pub held: Vec<ShapeParameter>,
    /// Least and greatest value of steps, megapixels, frames and images among the runs.
    pub measured: [(f64, f64); 4],
    /// Whether runs with and without an adapter were measured.
    pub adapters: (bool, bool),
    /// Covariance of (fixed, ln `per_step`, a, b, ln factor); zero for what was neither fitted nor held.
    pub covariance: [[f64; MOST]; MOST],
}

/// A parameter of a [`ShapeFit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShapeParameter {
    /// What every request takes.
    Fixed,
    /// What a step takes.
    PerStep,
    /// The exponent of the megapixels.
    MegapixelsExponent,
    /// The exponent of the frames.
    FramesExponent,
    /// The factor with an adapter.
    AdapterFactor,
}

/// Whether exponents may differ from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exponents {
    /// Each is fitted where the runs tell it.
    Fitted,
    /// Work is proportional to megapixels and frames.
    One,
}

/// Why runs make no shape fit, or the law says nothing about a shape.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// A time is zero, negative, infinite or NaN.
    #[error("{value} is no time; give seconds above zero and leave failed requests out")]
    NotPositive {
        /// The offending time.
        value: f64,
    },
    /// A column is filled in for some runs and empty for others.
    #[error("{column} is stated for {stated} of {n} runs; state it for all of them or for none")]
    SometimesStated {
        /// Which column.
        column: &'static str,
        /// For how many runs.
        stated: usize,
        /// Of how many.
        n: usize,
    },
    /// There are not more runs than parameters.
    #[error("{n} runs are too few for {parameters} parameters ({}); give at least {}", names(.fitted), parameters + 1)]
    TooFew {
        /// How many runs there are.
        n: usize,
        /// How many parameters are fitted.
        parameters: usize,
        /// Which.
        fitted: Vec<ShapeParameter>,
    },
    /// The runs do not vary in what would tell a parameter from others.
    #[error("the runs cannot tell {}: {because}; add runs that differ in {column} alone", .parameter.words())]
    NotTold {
        /// Which parameter.
        parameter: ShapeParameter,
        /// The column that the data cannot tell.
        column: &'static str,
        /// What of the data is at fault.
        because: String,
    },
    /// Requests with more work do not take longer.
    #[error("the times do not rise with steps, megapixels, frames or images; a law without a shape suits them")]
    NoWork,
    /// A shape outside of what was measured.
    #[error("{} outside of what was measured; ask for an extrapolation by name, or measure there", beyond(.outside))]
    Outside {
        /// In which columns, and how far.
        outside: Vec<Beyond>,
    },
}

impl ShapeParameter {
    const ALL: [Self; MOST] =
        [Self::Fixed, Self::PerStep, Self::MegapixelsExponent, Self::FramesExponent, Self::AdapterFactor];

    fn words(self) -> &'static str {
        match self {
            Self::Fixed => "what every request takes",
            Self::PerStep => "what a step takes",
            Self::MegapixelsExponent => "the exponent of megapixels",
            Self::FramesExponent => "the exponent of frames",
            Self::AdapterFactor => "the factor of an adapter",
        }
    }

    fn column(self) -> &'static str {
        match self {
            Self::Fixed | Self::PerStep => "steps",
            Self::MegapixelsExponent => "megapixels",
            Self::FramesExponent => "frames",
            Self::AdapterFactor => "adapter",
        }
    }
}

fn names(parameters: &[ShapeParameter]) -> String {
    parameters.iter().map(|parameter| parameter.words()).collect::<Vec<_>>().join(", ")
}

fn beyond(outside: &[Beyond]) -> String {
    outside.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The columns of a shape in numbers; what no run states counts as 1.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Asked {
    /// Steps, megapixels, frames, images.
    columns: [f64; 4],
    states_steps: bool,
    has_adapter: bool,
}

const COLUMNS: [&str; 4] = ["steps", "megapixels", "frames", "images"];

impl Asked {
    fn of(shape: &Shape) -> Self {
        let columns = stated(shape).map(|value| value.unwrap_or(1.0));
        Self { columns, states_steps: shape.steps.is_some(), has_adapter: !shape.adapter.is_empty() }
    }

    /// The predicted seconds at a point, and the derivatives of their logarithm.
    fn log_seconds(&self, point: &Point) -> (f64, Point) {
        let [fixed, ln_per_step, a, b, ln_factor] = *point;
        let [steps, megapixels, frames, images] = self.columns;
        let adapter = f64::from(u8::from(self.has_adapter));
        let ln_work =
            ln_per_step + steps.ln() + a * megapixels.ln() + b * frames.ln() + images.ln() + ln_factor * adapter;
        let work = ln_work.exp();
        let seconds = fixed + work;
        let share = work / seconds;
        (seconds.ln(), [1.0 / seconds, share, share * megapixels.ln(), share * frames.ln(), share * adapter])
    }
}

fn stated(shape: &Shape) -> [Option<f64>; 4] {
    [shape.steps, shape.megapixels, shape.frames, shape.images]
}

impl ShapeFit {
    /// The law that fits the logarithms of the seconds best.
    ///
    /// - `runs`: seconds above zero and what was asked for, of one model, variant and GPU; timeouts and failures left
    ///   out. A column is stated for all runs or for none.
    ///
    /// The factor of an adapter is fitted where some runs have one and others have none; which one does not matter. Runs that
    /// differ in nothing but their adapter tell the time of their one size and that factor: see [`Self::is_of_one_size`].
    ///
    /// # Errors
    /// [`ShapeError`] where the runs are not such, or cannot tell a parameter.
    ///
    /// # Source
    /// Least squares by Levenberg 1944 and Marquardt 1963; covariance and intervals by linearisation: Seber and Wild
    /// 1989, *Nonlinear Regression*, section 5.1.
    pub fn fit(runs: &[(f64, Shape)], exponents: Exponents) -> Result<Self, ShapeError> {
        if let Some((value, _)) = runs.iter().find(|(seconds, _)| !(seconds.is_finite() && *seconds > 0.0)) {
            return Err(ShapeError::NotPositive { value: *value });
        }
        check_stated(runs)?;
        let asked: Vec<(f64, Asked)> = runs.iter().map(|(seconds, shape)| (seconds.ln(), Asked::of(shape))).collect();
        let mut free = free_parameters(&asked, exponents);
        // Nothing tells a fixed part from steps, and nothing needs to.
        free[0] = !differ_in_adapters_alone(runs);
        let varying = free;
        loop {
            let fit = Self::with(&asked, free, varying);
            match to_hold(&fit, asked.len(), free) {
                Some(exponent) => free[exponent] = false,
                None => return fit.map(|(law, _)| law),
            }
        }
    }

    /// The law, and the standard errors of its parameters by the scatter of the runs alone.
    ///
    /// - `free`: the parameters that are fitted.
    /// - `varying`: those whose column varies; exponents among them that are not free are held.
    fn with(asked: &[(f64, Asked)], free: [bool; MOST], varying: [bool; MOST]) -> Result<(Self, Point), ShapeError> {
        let fitted: Vec<ShapeParameter> = (0..MOST).filter(|k| free[*k]).map(|k| ShapeParameter::ALL[k]).collect();
        if asked.len() <= fitted.len() {
            return Err(ShapeError::TooFew { n: asked.len(), parameters: fitted.len(), fitted });
        }
        let starts = starts(asked, free);
        check_told(asked, &starts[0], free)?;
        let residuals = |point: &Point| -> Vec<(f64, Point)> {
            asked.iter().map(|(ln_seconds, asked)| residual(*ln_seconds, asked, point)).collect()
        };
        let lowest = [0.0, least_ln_per_step(asked), f64::NEG_INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY];
        let fits = starts.into_iter().map(|start| descend(&residuals, start, free, lowest));
        let least = fits.reduce(|a, b| if b.sum_of_squares < a.sum_of_squares { b } else { a });
        let least = least.unwrap_or_else(|| unreachable!("there are starts"));
        if least.point[1] <= lowest[1] {
            return Err(ShapeError::NoWork);
        }
        Self::of(&least, asked, free, varying)
    }

    fn of(
        least: &Least,
        asked: &[(f64, Asked)],
        free: [bool; MOST],
        varying: [bool; MOST],
    ) -> Result<(Self, Point), ShapeError> {
        let chosen: Vec<usize> = (0..MOST).filter(|k| free[*k] && !(*k == 0 && least.point[0] <= 0.0)).collect();
        let freedom = asked.len() - (0..MOST).filter(|k| free[*k]).count();
        let variance = least.sum_of_squares / freedom as f64;
        let mut covariance = inverse(&least.normal, &chosen).map_err(|k| not_told(ShapeParameter::ALL[k], asked))?;
        let held: Vec<usize> = (0..MOST).filter(|k| varying[*k] && !free[*k]).collect();
        let moved: Vec<Point> = held.iter().map(|k| moved_with(*k, &least.normal, &covariance)).collect();
        covariance.iter_mut().flatten().for_each(|entry| *entry *= variance);
        let errors = std::array::from_fn(|k: usize| covariance[k][k].sqrt());
        for moved in moved {
            for (row, a) in covariance.iter_mut().zip(moved) {
                row.iter_mut().zip(moved).for_each(|(entry, b)| *entry += EXPONENT_SIGMA.powi(2) * a * b);
            }
        }
        let range = |k: usize| {
            let values = asked.iter().map(|(_, asked)| asked.columns[k]);
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)))
        };
        let [fixed_s, ln_per_step, megapixels_exponent, frames_exponent, ln_factor] = least.point;
        let law = Self {
            fixed_s,
            per_step_s: ln_per_step.exp(),
            megapixels_exponent,
            frames_exponent,
            adapter_factor: ln_factor.exp(),
            sigma: variance.sqrt(),
            freedom,
            n: asked.len(),
            fitted: chosen.into_iter().map(|k| ShapeParameter::ALL[k]).collect(),
            held: held.into_iter().map(|k| ShapeParameter::ALL[k]).collect(),
            measured: [0, 1, 2, 3].map(range),
            adapters: (
                asked.iter().any(|(_, asked)| asked.has_adapter),
                asked.iter().any(|(_, asked)| !asked.has_adapter),
            ),
            covariance,
        };
        Ok((law, errors))
    }

    /// Whether its runs differ in nothing but their adapter: it does not tell how times grow with the size.
    #[must_use]
    pub fn is_of_one_size(&self) -> bool {
        self.measured.iter().all(|(low, high)| low.total_cmp(high).is_eq())
    }

    /// The share of the time of a request that is what every request takes.
    #[must_use]
    pub fn fixed_share(&self, shape: &Shape) -> f64 {
        let (ln_seconds, _) = Asked::of(shape).log_seconds(&self.point());
        self.fixed_s / ln_seconds.exp()
    }

    /// Standard error of a parameter in its own unit: seconds of the fixed part and of a step, else without unit. Zero
    /// for what was not fitted.
    #[must_use]
    pub fn standard_error(&self, parameter: ShapeParameter) -> f64 {
        let k = parameter as usize;
        let error = self.covariance[k][k].sqrt();
        match parameter {
            ShapeParameter::PerStep => self.per_step_s * error,
            ShapeParameter::AdapterFactor => self.adapter_factor * error,
            _ => error,
        }
    }

    fn point(&self) -> Point {
        let Self { fixed_s, per_step_s, megapixels_exponent, frames_exponent, adapter_factor, .. } = *self;
        [fixed_s, per_step_s.ln(), megapixels_exponent, frames_exponent, adapter_factor.ln()]
    }
}

fn residual(ln_seconds: f64, asked: &Asked, point: &Point) -> (f64, Point) {
    let (predicted, derivatives) = asked.log_seconds(point);
    (predicted - ln_seconds, derivatives)
}

fn check_stated(runs: &[(f64, Shape)]) -> Result<(), ShapeError> {
    for (k, column) in COLUMNS.into_iter().enumerate() {
        let stated = runs.iter().filter(|(_, shape)| stated(shape)[k].is_some()).count();
        if stated != 0 && stated != runs.len() {
            return Err(ShapeError::SometimesStated { column, stated, n: runs.len() });
        }
    }
    Ok(())
}

fn differ_in_adapters_alone(runs: &[(f64, Shape)]) -> bool {
    let bare = |shape: &Shape| Shape { adapter: String::new(), ..shape.clone() };
    let Some((_, first)) = runs.first() else { return false };
    let differ = runs.iter().any(|(_, shape)| shape.adapter != first.adapter);
    differ && runs.iter().all(|(_, shape)| bare(shape) == bare(first))
}

fn free_parameters(asked: &[(f64, Asked)], exponents: Exponents) -> [bool; MOST] {
    let distinct = |k: usize| {
        let mut values: Vec<f64> = asked.iter().map(|(_, asked)| asked.columns[k]).collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        values.len()
    };
    let fitted = |k: usize| exponents == Exponents::Fitted && distinct(k) > 1;
    let with = asked.iter().filter(|(_, asked)| asked.has_adapter).count();
    [true, true, fitted(1), fitted(2), with > 0 && with < asked.len()]
}

/// The exponent that is to be held at 1 instead of being fitted; `None` where all are told.
fn to_hold(fit: &Result<(ShapeFit, Point), ShapeError>, runs: usize, free: [bool; MOST]) -> Option<usize> {
    let exponents = || [2, 3].into_iter().filter(|k| free[*k]);
    match fit {
        Err(ShapeError::NotTold { parameter, .. }) => {
            exponents().find(|k| ShapeParameter::ALL[*k] == *parameter).or_else(|| exponents().next_back())
        }
        Err(ShapeError::TooFew { .. }) => exponents().next_back(),
        Err(_) => None,
        Ok((_, errors)) => {
            let error = |k: &usize| errors[*k];
            let fitted = free.iter().filter(|is_free| **is_free).count();
            let is_untold =
                |k: &usize| runs < fitted + FREEDOM_FOR_EXPONENT || error(k).is_nan() || error(k) > EXPONENT_SIGMA;
            exponents().filter(is_untold).max_by(|a, b| error(a).total_cmp(&error(b)))
        }
    }
}

/// How the fitted parameters move with an exponent that is held, its own part included: those of least squares if it were
/// one more.
fn moved_with(held: usize, normal: &[Point; MOST], inverse: &[Point; MOST]) -> Point {
    let mut moved = [0.0; MOST];
    for (moved, row) in moved.iter_mut().zip(inverse) {
        *moved = -row.iter().zip(normal).map(|(entry, of)| entry * of[held]).sum::<f64>();
    }
    moved[held] = 1.0;
    moved
}

/// The logarithm of the work of a request at exponents of 1.
fn ln_work(asked: &Asked) -> f64 {
    asked.columns.iter().map(|value| value.ln()).sum()
}

/// Shares of the shortest run that are fixed, and exponents, from which the fit begins.
fn starts(asked: &[(f64, Asked)], free: [bool; MOST]) -> Vec<Point> {
    let shortest = asked.iter().map(|(ln, _)| *ln).fold(f64::INFINITY, f64::min).exp();
    let n = asked.len() as f64;
    let exponents: &[f64] = if free[2] || free[3] { &[1.0, 0.6, 1.5] } else { &[1.0] };
    let mut starts = Vec::new();
    for share in [0.5, 0.02, 0.9] {
        for exponent in exponents {
            let fixed = if free[0] { share * shortest } else { 0.0 };
            let rate = |(ln, asked): &(f64, Asked)| (ln.exp() - fixed).ln() - ln_work(asked);
            let ln_per_step = asked.iter().map(rate).sum::<f64>() / n;
            let of = |k: usize| if free[k] { *exponent } else { 1.0 };
            starts.push([fixed, ln_per_step, of(2), of(3), 0.0]);
        }
    }
    starts
}

fn least_ln_per_step(asked: &[(f64, Asked)]) -> f64 {
    let shortest = asked.iter().map(|(ln, _)| *ln).fold(f64::INFINITY, f64::min);
    let most = asked.iter().map(|(_, asked)| ln_work(asked)).fold(f64::NEG_INFINITY, f64::max);
    LEAST_SHARE_OF_WORK.ln() + shortest - most
}

/// Whether each parameter changes the predictions in a way that no other does.
fn check_told(asked: &[(f64, Asked)], start: &Point, free: [bool; MOST]) -> Result<(), ShapeError> {
    let mut normal = [[0.0; MOST]; MOST];
    for (_, asked) in asked {
        let (_, derivatives) = asked.log_seconds(start);
        for i in 0..MOST {
            for j in 0..MOST {
                normal[i][j] += derivatives[i] * derivatives[j];
            }
        }
    }
    let chosen: Vec<usize> = (0..MOST).filter(|k| free[*k]).collect();
    match inverse(&normal, &chosen) {
        Ok(_) => Ok(()),
        Err(k) => Err(not_told(ShapeParameter::ALL[k], asked)),
    }
}

fn not_told(parameter: ShapeParameter, asked: &[(f64, Asked)]) -> ShapeError {
    let first = &asked[0].1;
    let constant = |k: usize| asked.iter().all(|(_, other)| other.columns[k].total_cmp(&first.columns[k]).is_eq());
    let varying: Vec<&str> = (0..4).filter(|k| !constant(*k)).map(|k| COLUMNS[k]).collect();
    let because = match parameter {
        ShapeParameter::Fixed | ShapeParameter::PerStep if varying.is_empty() => same_of_all(first),
        ShapeParameter::Fixed | ShapeParameter::PerStep => {
            format!("{} vary, but not their product", varying.join(" and "))
        }
        ShapeParameter::AdapterFactor => {
            format!("those with an adapter differ from the others in {} too", varying.join(", "))
        }
        _ => format!("{} rise and fall together", varying.join(" and ")),
    };
    ShapeError::NotTold { parameter, column: parameter.column(), because }
}

fn same_of_all(asked: &Asked) -> String {
    let what = match asked.columns[0] {
        _ if !asked.states_steps => "the same steps,".to_owned(),
        steps if steps.total_cmp(&1.0).is_eq() => "1 step of the same".to_owned(),
        steps => format!("{steps} steps of the same"),
    };
    format!("all that ended ask for {what} size, frames and images")
}
