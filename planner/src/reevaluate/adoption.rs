//! A scenario in which a number is what a log says.

use fleetfront_calibration::{Fit, RestsOn};
use fleetfront_scenario::Scenario;
use fleetfront_sim::{Law, Seconds};
use fleetfront_workloads::{LoadCurve, Redrawn, Scope, SlowRate};

use crate::knob::{multiply_boot, multiply_traffic};

use super::model_tests::NEW_CORRELATION_S;
use super::traffic_tests::{Compared, class};

/// Hours of a week.
const WEEK_H: usize = 168;

/// Times of a model's variant on a GPU type, by their places in the scenario: of service, or of boots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    /// Model, variant, GPU type.
    pub(super) place: (usize, usize, usize),
    pub(super) of_boots: bool,
}

/// A number of the log in the place of an assumption.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Adopted {
    /// Requests a day times a factor.
    Traffic { model: usize, factor: f64 },
    /// The hours of weekdays and of weekends as they were, by the reporting clock.
    Curve { model: usize, weights: Vec<f64> },
    /// Random factors that spread more or less, or a new one.
    Burstiness { model: usize, cv_factor: f64, new_cv: Option<f64> },
    /// Times of a cell times a factor.
    Times { cell: Cell, factor: f64 },
    /// A lognormal law of another spread.
    Spread { cell: Cell, cv: f64 },
    /// The share of tries that fail: in the cell, where it has a share of its own, or of the model.
    Failures { model: usize, own: Option<(usize, usize)>, probability: f64 },
}

impl Adopted {
    /// The curve of a log: that of the scenario, each hour of weekdays and of weekends times what was seen over what was
    /// expected, drawn towards 1 by one request.
    pub(super) fn curve(model: usize, compared: &Compared, first_weekday: u32) -> Self {
        let (seen, expected): (f64, f64) = (compared.hours.iter().sum(), compared.expected.iter().sum());
        let mut classes = [(1.0, 1.0); 48];
        for (hour, (seen_in, expected_in)) in compared.hours.iter().zip(&compared.expected).enumerate() {
            let of = &mut classes[class(hour, first_weekday)];
            (of.0, of.1) = (of.0 + seen_in, of.1 + expected_in * seen / expected);
        }
        let days = compared.expected.len() / 24;
        let weight = |hour: usize| {
            let day = (hour / 24 + 7 - first_weekday as usize) % 7;
            let (seen, share) = classes[class(hour, 0)];
            // A weekday that the log does not have is like the nearest that it has.
            let hour = if day < days { day * 24 + hour % 24 } else { (days - 1) * 24 + hour % 24 };
            compared.expected[hour] * seen / share
        };
        Self::Curve { model, weights: (0..WEEK_H).map(weight).collect() }
    }

    /// In words.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Traffic { factor, .. } => format!("{factor:.3} times the traffic"),
            Self::Curve { .. } => "the log's hours of weekdays and weekends".to_owned(),
            Self::Burstiness { new_cv: Some(cv), .. } => {
                format!("a random factor of cv {cv:.3}, {NEW_CORRELATION_S} s")
            }
            Self::Burstiness { cv_factor, .. } => format!("random factors of {cv_factor:.3} times the cv"),
            Self::Times { cell, factor } => {
                format!("{factor:.3} times the {} time", if cell.of_boots { "boot" } else { "service" })
            }
            Self::Spread { cv, .. } => format!("a lognormal law of cv {cv:.3}"),
            Self::Failures { probability, .. } => format!("a failure probability of {probability:.5}"),
        }
    }

    /// Puts it into a scenario.
    pub(super) fn put(&self, scenario: &mut Scenario) {
        match self {
            Self::Traffic { model, factor } => multiply_traffic(scenario, *model, factor.max(1e-6)),
            Self::Curve { model, weights } => {
                let of = &mut scenario.traffic.models[*model];
                // Their effects are in the log.
                (of.swing, of.spikes) = (None, Vec::new());
                (of.curve_ahead_h, of.clock_changes) = (0.0, Vec::new());
                of.curve = LoadCurve::new(weights).expect("hours with requests, none below zero");
            }
            Self::Burstiness { model, cv_factor, new_cv } => {
                let mut rates = scenario.traffic.slow_rates_of(*model).to_vec();
                for slow in &mut rates {
                    slow.cv *= cv_factor;
                }
                if let Some(cv) = *new_cv {
                    let correlation = Seconds::new(NEW_CORRELATION_S).expect("a span");
                    rates.push(SlowRate { cv, redrawn: Redrawn::AtRandom { correlation }, scope: Scope::Model });
                }
                scenario.traffic.models[*model].slow_rates = Some(rates);
            }
            Self::Times { cell: Cell { place: (model, variant, gpu), of_boots: false }, factor } => {
                let on = scenario.gpus[*gpu].name.clone();
                for (index, cell) in scenario.models[*model].variants[*variant].cells.iter_mut().enumerate() {
                    for fit in cell.service.iter_mut().filter(|fit| index == *gpu || is_scaled_from(fit, &on)) {
                        fit.law = fit.law.scaled(*factor);
                    }
                }
            }
            Self::Times { cell: Cell { place: (model, variant, gpu), of_boots: true }, factor } => {
                multiply_boot(&mut scenario.models[*model].variants[*variant].cells[*gpu], *factor);
            }
            Self::Spread { cell: Cell { place: (model, variant, gpu), of_boots }, cv } => {
                let cell = &mut scenario.models[*model].variants[*variant].cells[*gpu];
                if *of_boots {
                    // One law takes the place of phases.
                    cell.boot_plan = None;
                }
                if let Some(fit) = if *of_boots { &mut cell.boot } else { &mut cell.service } {
                    let mean = Seconds::new(fit.law.mean_s()).expect("the mean of a law is a span");
                    fit.law = Law::lognormal(mean, *cv);
                }
            }
            Self::Failures { model, own, probability } => {
                let (of_model, probability) = (&mut scenario.models[*model], probability.min(0.999));
                match *own {
                    Some((variant, gpu)) => {
                        of_model.variants[variant].cells[gpu].failure_probability = Some(probability);
                    }
                    None => of_model.failure_probability = probability,
                }
            }
        }
    }
}

/// Whether a time is that on another GPU type times a ratio: then it moves with that.
fn is_scaled_from(fit: &Fit, gpu: &str) -> bool {
    matches!(&fit.rests_on, Some(RestsOn::Ratio { relative_to, .. }) if relative_to == gpu)
}
