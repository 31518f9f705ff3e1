//! Worlds: a factor for every unknown, and the scenario with all of them.
//!
//! What a world draws for an unknown depends on the seed, the number of the world and the unknown's name, and on nothing
//! else: another unknown or another allocation changes no other draw.

use fleetfront_calibration::{Factor, Kind};
use fleetfront_scenario::{Cell, Scenario};
use fleetfront_sim::{Luck, Seconds};

use crate::knob::{multiply_boot, multiply_traffic};
use crate::worlds::unknown::{Drawn, Place, Target};

/// Keeps the draws of worlds apart from those of anything else.
const WORLD_LUCK: u64 = 0x0077_6F72_6C64_7321;
/// What a scenario accepts: service, boot and switch times of a day at most, requests a day of each model.
const DAY_S: f64 = 86_400.0;
/// A probability below one.
const FAILURE_MAX: f64 = 0.999;
const REQUESTS_PER_DAY_MAX: f64 = 1e7;
const REQUESTS_PER_DAY_MIN: f64 = 1.0;

/// Where a world stands in the law of an unknown: uniform between 0 and 1, both excluded.
pub(crate) fn share(seed: u64, world: u32, name: &str) -> f64 {
    let hash = name_hash(name);
    let luck = Luck(seed ^ WORLD_LUCK).child(world).child(hash as u32).child((hash >> 32) as u32);
    // The 2^53 numbers of a uniform draw, each in the middle of its part.
    luck.uniform(0, 0) + 0.5 / (1u64 << 53) as f64
}

/// 64 bits of FNV-1a (Fowler, Noll and Vo 1991).
fn name_hash(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

/// A scenario in which nothing is unknown.
pub(crate) struct World {
    pub(crate) scenario: Scenario,
    /// Whether a number would have left what a scenario accepts, and was taken at its end.
    pub(crate) truncated: bool,
}

impl World {
    /// The scenario with every unknown times a factor of its own.
    pub(crate) fn new(scenario: &Scenario, drawn: &[Drawn], factor: impl Fn(&Drawn) -> f64) -> Self {
        let mut world = Self { scenario: scenario.clone(), truncated: false };
        for unknown in drawn {
            world.turn(&unknown.target, factor(unknown));
        }
        for cell in cells(&mut world.scenario) {
            // What is drawn is known here.
            for fit in cell.service.iter_mut().chain(&mut cell.boot) {
                (fit.kind, fit.factor, fit.rests_on) = (Kind::Measured, Factor::EXACT, None);
            }
        }
        world
    }

    /// World `number` of a seed.
    pub(crate) fn drawn(scenario: &Scenario, drawn: &[Drawn], seed: u64, number: u32) -> Self {
        Self::new(scenario, drawn, |unknown| unknown.doubt.factor(share(seed, number, &unknown.unknown.name)))
    }

    fn turn(&mut self, target: &Target, factor: f64) {
        match target {
            Target::Services(places) => places.iter().for_each(|place| self.turn_service(*place, factor)),
            Target::Boots(places) => places.iter().for_each(|place| self.turn_boot(*place, factor)),
            Target::Switch(model) => {
                for from in 0..self.scenario.models[*model].switch_in_s.len() {
                    let now = self.scenario.models[*model].switch_in_s[from].get();
                    let span = now * self.within(now, factor, 0.0, DAY_S);
                    self.scenario.models[*model].switch_in_s[from] = Seconds::new(span).expect("a span within a day");
                }
            }
            Target::Failure(model) => {
                let now = self.scenario.models[*model].failure_probability;
                self.scenario.models[*model].failure_probability = now * self.within(now, factor, 0.0, FAILURE_MAX);
            }
            Target::FailureOn(place) => {
                let now = cell(&mut self.scenario, *place).failure_probability.unwrap_or(0.0);
                let drawn = now * self.within(now, factor, 0.0, FAILURE_MAX);
                cell(&mut self.scenario, *place).failure_probability = Some(drawn);
            }
            Target::Traffic(model) => {
                let now = self.scenario.models[*model].requests_per_day;
                let others: f64 = self.scenario.models.iter().map(|of| of.requests_per_day).sum::<f64>() - now;
                let most = (REQUESTS_PER_DAY_MAX - others).max(now);
                let factor = self.within(now, factor, REQUESTS_PER_DAY_MIN.min(now), most);
                multiply_traffic(&mut self.scenario, *model, factor);
            }
        }
    }

    fn turn_service(&mut self, place: Place, factor: f64) {
        let now = cell(&mut self.scenario, place).service.as_ref().map_or(0.0, |fit| fit.law.mean_s());
        let factor = self.within(now, factor, 0.0, DAY_S);
        let cell = cell(&mut self.scenario, place);
        cell.service.iter_mut().for_each(|fit| fit.law = fit.law.scaled(factor));
    }

    fn turn_boot(&mut self, place: Place, factor: f64) {
        let now = cell(&mut self.scenario, place).boot.as_ref().map_or(0.0, |fit| fit.law.mean_s());
        let factor = self.within(now, factor, 0.0, DAY_S);
        multiply_boot(cell(&mut self.scenario, place), factor);
    }

    /// The factor, or the one that leads to the nearer end of what is accepted.
    fn within(&mut self, now: f64, factor: f64, least: f64, most: f64) -> f64 {
        let accepted = (now * factor).clamp(least, most.max(now));
        if now <= 0.0 || accepted.to_bits() == (now * factor).to_bits() {
            return factor;
        }
        self.truncated = true;
        accepted / now
    }
}

fn cell(scenario: &mut Scenario, (model, variant, gpu): Place) -> &mut Cell {
    &mut scenario.models[model].variants[variant].cells[gpu]
}

fn cells(scenario: &mut Scenario) -> impl Iterator<Item = &mut Cell> {
    scenario.models.iter_mut().flat_map(|model| &mut model.variants).flat_map(|variant| &mut variant.cells)
}
