//! Predicting a period that was observed: how far off are we?
//!
//! The first part of a log is calibrated on, the second predicted: in many worlds, each with laws, probabilities and traffic
//! that the first part allows, and each with luck of its own. What comes out of the worlds is read off a log as the platform
//! writes it, by the code that reads the observed one, and nine worlds in ten are a band for each number of the second part.
//!
//! With traffic that is given every world meets the arrivals of the second part itself, which tries service, starts and rules;
//! with traffic that is forecast it draws them too, which tries everything.

mod causes;
mod charged;
mod days;
mod error;
mod forecast;
mod lines;
mod measured;
mod numbers;
mod observed;
mod refused;
mod seen;
mod shown_boots;
mod silences;
mod simulated;
mod starts;
#[cfg(test)]
mod tests;
mod times_by_day;
mod verdict;
mod whose;
mod world;

use fleetfront_calibration::{RateChecks, StatedPrice, check_rates};
use fleetfront_scenario::Scenario;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::control::{Control, Interrupted};
use crate::results::infeasible_reasons;

use charged::{Charged, charged};
use days::parts;
pub(crate) use days::{DAY_NS, even, whole_days};
use forecast::{Forecast, Stamps};
use lines::{Comparing, Held, lines};
use measured::MeasuredModel;
use numbers::{DayCurves, sheet};
use shown_boots::matched;
use world::{Known, with_horizon};

pub use causes::Cause;
pub use charged::{Bill, BillTold, HoursWithout, MatchedRows, UnmatchedRows};
pub use days::{Dates, Period};
pub use error::BacktestError;
pub use lines::{BacktestLine, GivenTraffic};
pub use measured::{Calibrated, LawTold, Unshown};
pub use numbers::{BacktestSubject, Metric};
pub(crate) use observed::Says;
pub use observed::{Observed, SeenRequest};
#[cfg(test)]
pub(crate) use shown_boots::tests::{short_window, short_window_log};
pub(crate) use shown_boots::{ShownTimes, days_from_zero};
pub(crate) use silences::{silence_remarks, silences};
pub use simulated::SimulatedPeriod;
pub use verdict::BacktestVerdict;

/// Fewest worlds: the band of 19 is between their least and their greatest.
pub const BACKTEST_WORLDS_MIN: u32 = 19;
/// So much of the first part is simulated before the second: containers that are up at its beginning are up then.
const RUN_IN_NS: i64 = DAY_NS;

/// What is predicted, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct BacktestOptions {
    /// The allocation that was in force, by its index in the scenario.
    pub allocation: usize,
    /// Which days.
    pub dates: Dates,
    /// The arrivals that worlds meet, each once.
    pub traffic: Vec<GivenTraffic>,
    /// How many worlds, 19 or more.
    pub worlds: u32,
    /// Seed of all random numbers.
    pub seed: u64,
    /// The share of the lines that has to lie in their bands.
    pub pass_share: f64,
}

/// A prediction beside what was observed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Backtest {
    /// Version of the program.
    pub version: String,
    /// SHA-256 of the scenario's files.
    pub inputs_sha256: String,
    /// Name of the scenario.
    pub scenario: String,
    /// The allocation that was in force.
    pub allocation: String,
    /// Name of the log.
    pub log: String,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Worlds that were drawn.
    pub worlds: u32,
    /// The zone of all days.
    pub zone: String,
    /// What was calibrated on.
    pub first: Period,
    /// What was predicted.
    pub second: Period,
    /// What is said of all of it.
    pub verdict: BacktestVerdict,
    /// Every number that is compared.
    pub lines: Vec<BacktestLine>,
    /// Numbers that the log does not tell, and why.
    pub absent: Vec<String>,
    /// What the first part told of each model.
    pub calibrated: Vec<Calibrated>,
    /// What was made of the bill, where there is one.
    pub bill: Option<BillTold>,
    /// The scenario's prices beside the platform's rates, where those are given.
    pub rates: Option<RateChecks>,
    /// Name of the file of those rates; whoever read it fills it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rates_file: Option<String>,
    /// What was repaired in the log or assumed, and what a reader must know.
    pub remarks: Vec<String>,
}

/// What is held against each other.
#[derive(Debug, Clone, Copy)]
pub struct Backtested<'a> {
    /// Whose pools, prices and rules were in force.
    pub scenario: &'a Scenario,
    /// The log.
    pub observed: &'a Observed,
    /// The bill, where there is one.
    pub bill: Option<&'a Bill>,
    /// The platform's rates, where they are given.
    pub rates: Option<&'a std::collections::BTreeMap<String, f64>>,
}

/// A backtest that can be run: everything that can be wrong with its inputs has been looked at.
#[derive(Debug)]
pub struct ReadyBacktest<'a> {
    given: Backtested<'a>,
    options: &'a BacktestOptions,
    /// With the horizon of the second part.
    scenario: Scenario,
    parts: [Period; 2],
    /// The log's requests, with models by their places in the scenario.
    requests: Vec<SeenRequest>,
    measured: Vec<MeasuredModel>,
    forecast: Option<Forecast>,
    charged: Option<Charged>,
}

impl<'a> ReadyBacktest<'a> {
    /// Splits the log and calibrates on its first part.
    ///
    /// # Errors
    /// [`BacktestError`] when the log is too short, a part of it is empty, it has a model that the scenario has not, the
    /// allocation cannot be simulated, or the bill is of another period or of nobody.
    ///
    /// # Panics
    /// If there is no such allocation or there are too few worlds.
    pub fn new(given: Backtested<'a>, options: &'a BacktestOptions) -> Result<Self, BacktestError> {
        assert!(options.worlds >= BACKTEST_WORLDS_MIN, "{} worlds make no band", options.worlds);
        let Backtested { scenario, observed, bill, .. } = given;
        check_rules(scenario, options.allocation)?;
        let places = observed.models_in(scenario)?;
        let zone = &scenario.clock.reporting_time_zone;
        let parts = parts(observed, zone, &options.dates)?;
        let allocation = &scenario.allocations[options.allocation];
        let charged = bill.map(|bill| charged(bill, scenario, allocation, &parts[1])).transpose()?;
        let own = |request: &SeenRequest| SeenRequest { model: places[request.model], ..*request };
        let requests: Vec<SeenRequest> = observed.requests.iter().map(own).collect();
        let first: Vec<&SeenRequest> = requests.iter().filter(|request| parts[0].holds(request.at_ns)).collect();
        let mut models = places.clone();
        models.sort_unstable();
        models.dedup();
        let measured = models.iter().map(|model| MeasuredModel::of(*model, &first, &parts)).collect();
        let forecast = if options.traffic.contains(&GivenTraffic::Forecast) {
            let stamps = first.iter().map(|request| (request.at_ns, request.model as u32)).collect();
            let names: Vec<String> = scenario.models.iter().map(|model| model.name.clone()).collect();
            let address = (options.seed, options.worlds);
            Some(Forecast::of(&stamps, &names, (zone, observed.resolution_ns), &parts, address)?)
        } else {
            None
        };
        let run_in_ns = RUN_IN_NS.min(parts[1].start_ns() - parts[0].start_ns());
        let own = with_horizon(scenario, &parts[1], run_in_ns);
        Ok(Self { given, options, scenario: own, parts, requests, measured, forecast, charged })
    }

    /// Draws the worlds and compares.
    ///
    /// # Errors
    /// [`Interrupted`] when `control` was cancelled.
    ///
    /// # Panics
    /// If a conservation law is broken.
    pub fn run(&self, control: &Control) -> Result<Backtest, Interrupted> {
        self.compared(&self.matched(control)?, control)
    }

    /// - `measured`: what the first part told.
    fn compared(&self, measured: &[MeasuredModel], control: &Control) -> Result<Backtest, Interrupted> {
        control.expect(u64::from(self.options.worlds) * self.options.traffic.len() as u64);
        let says = self.given.observed.says();
        let names: Vec<String> = self.scenario.models.iter().map(|model| model.name.clone()).collect();
        let second = &self.parts[1];
        let comparing = Comparing {
            scenario: &self.scenario,
            allocation: &self.scenario.allocations[self.options.allocation],
            charged: self.charged.as_ref(),
            second,
        };
        let unknown = DayCurves::new();
        let curves = self.forecast.as_ref().map_or(&unknown, |forecast| &forecast.curves);
        let observed = comparing.observed(sheet(&self.requests, says, &names, (second, curves)));
        let known = self.known(measured);
        let mut all = Vec::new();
        for traffic in &self.options.traffic {
            let draw = |number: u32| {
                let lived = known.lived(number, &self.stamps(*traffic, number));
                control.step()?;
                Ok(comparing.predicted(sheet(&lived.requests, says, &names, (second, curves)), &lived))
            };
            let worlds: Vec<numbers::Sheet> =
                (0..self.options.worlds).into_par_iter().map(draw).collect::<Result<_, Interrupted>>()?;
            all.extend(lines(*traffic, &observed, &worlds));
        }
        Ok(self.answer(all, measured))
    }

    /// What the first part told, with its boots matched to all boots.
    fn matched(&self, control: &Control) -> Result<Vec<MeasuredModel>, Interrupted> {
        let first = &self.parts[0];
        let of_first = self.requests.iter().filter(|request| first.holds(request.at_ns));
        let stamps = of_first.map(|request| (request.at_ns, request.model as u32)).collect();
        matched(&self.known(&self.measured), (&stamps, first), control)
    }

    fn known<'b>(&'b self, measured: &'b [MeasuredModel]) -> Known<'b> {
        Known {
            scenario: &self.scenario,
            allocation: self.options.allocation,
            measured,
            second: &self.parts[1],
            seed: self.options.seed,
        }
    }

    /// The arrivals that a world meets: those of the run-in as they were, and the second part given or drawn.
    fn stamps(&self, traffic: GivenTraffic, number: u32) -> Stamps {
        let from_ns = self.parts[1].start_ns() - self.scenario.traffic.run_in.to_span().0.cast_signed();
        let until_ns = match traffic {
            GivenTraffic::Given => self.parts[1].end_ns(),
            GivenTraffic::Forecast => self.parts[1].start_ns(),
        };
        let is_met = |request: &&SeenRequest| (from_ns..until_ns).contains(&request.at_ns);
        let mut stamps: Stamps =
            self.requests.iter().filter(is_met).map(|request| (request.at_ns, request.model as u32)).collect();
        if let (GivenTraffic::Forecast, Some(forecast)) = (traffic, &self.forecast) {
            stamps.extend(forecast.draw(self.options.seed, number).expect("the zone was found before"));
        }
        stamps
    }

    fn answer(&self, held: Vec<Held>, measured: &[MeasuredModel]) -> Backtest {
        let Backtested { scenario, observed, rates, .. } = self.given;
        let [first, second] = self.parts.clone();
        let told = |own: &MeasuredModel| {
            let name = &scenario.models[own.model].name;
            own.told(name, self.forecast.as_ref().map(|forecast| forecast.requests_per_day(name)))
        };
        let rates = rates.map(|rates| check_rates(rates, &stated_prices(scenario, self.options.allocation)));
        let verdict = BacktestVerdict::of(
            &held,
            (rates.as_ref(), self.charged.as_ref().map(|charged| &charged.told)),
            self.options.pass_share,
        );
        let lines: Vec<BacktestLine> = held.into_iter().map(|held| held.line).collect();
        let tells_idle = lines.iter().any(|line| line.metric == Metric::IdlePerDay);
        Backtest {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            inputs_sha256: scenario.inputs_sha256.clone(),
            scenario: scenario.name.clone(),
            allocation: scenario.allocations[self.options.allocation].name.clone(),
            log: observed.name.clone(),
            seed: self.options.seed,
            worlds: self.options.worlds,
            zone: scenario.clock.reporting_time_zone.clone(),
            first,
            second,
            verdict,
            absent: verdict::absent(observed.says(), self.charged.is_some(), tells_idle),
            calibrated: measured.iter().map(told).collect(),
            bill: self.charged.as_ref().map(|charged| charged.told.clone()),
            rates,
            rates_file: None,
            remarks: self.remarks(),
            lines,
        }
    }

    fn remarks(&self) -> Vec<String> {
        let Backtested { scenario, observed, .. } = self.given;
        let mut remarks = observed.remarks.clone();
        let zone = &scenario.clock.reporting_time_zone;
        let known = "the zone was found before";
        let silent = silences(observed, zone).expect(known);
        let told = self.parts.iter().map(|part| silence_remarks(&silent, observed, zone, part).expect(known));
        for remark in told.flatten() {
            // One may lie across the split.
            if !remarks.contains(&remark) {
                remarks.push(remark);
            }
        }
        let silent = scenario.models.iter().enumerate().filter(|(place, _)| {
            let is_there = |request: &SeenRequest| request.model == *place && self.parts[1].holds(request.at_ns);
            !self.requests.iter().any(is_there)
        });
        let silent: Vec<&str> = silent.map(|(_, model)| model.name.as_str()).collect();
        if !silent.is_empty() {
            remarks.push(format!("no request in the second part: {}", silent.join(", ")));
        }
        for pool in &scenario.allocations[self.options.allocation].pools {
            let rules = &pool.settings.rules;
            if rules.gpu_fallback.is_some() || rules.fallback.is_some() {
                let name = &pool.name;
                remarks.push(format!(
                    "pool {name} falls back, and the log does not say what served a request: its times are taken for those of \
                     the pool's own GPU type"
                ));
            }
        }
        remarks
    }
}

/// Refuses what a log would count twice, and what cannot run.
fn check_rules(scenario: &Scenario, allocation: usize) -> Result<(), BacktestError> {
    let own = &scenario.allocations[allocation];
    let reasons = infeasible_reasons(scenario, own);
    if !reasons.is_empty() {
        let what = format!("allocation \"{}\" cannot run: {}", own.name, reasons.join("; "));
        return Err(BacktestError::unfit(what, "name the allocation that was in force"));
    }
    let chained = scenario.models.iter().find(|model| model.next.is_some());
    if let Some(model) = chained {
        let what = format!("\"{}\" leads to further requests, which stand in the log themselves", model.name);
        return Err(BacktestError::unfit(what, "leave `next` out of the scenario: the log has every step"));
    }
    Ok(())
}

/// What containers of an allocation are made of, and what it costs.
fn stated_prices(scenario: &Scenario, allocation: usize) -> Vec<StatedPrice> {
    let mut gpus: Vec<usize> = scenario.allocations[allocation].pools.iter().map(|pool| pool.gpu).collect();
    gpus.sort_unstable();
    gpus.dedup();
    let gpu = |gpu: &usize| (scenario.gpus[*gpu].name.as_str(), scenario.gpus[*gpu].usd_per_second);
    let platform = &scenario.platform;
    let beside = [("cpu", platform.cpu_usd_per_core_s), ("memory", platform.memory_usd_per_gib_s)];
    let prices = gpus.iter().map(gpu).chain(beside);
    prices.map(|(item, usd)| StatedPrice { item: item.to_owned(), usd_per_second: usd.get() }).collect()
}
