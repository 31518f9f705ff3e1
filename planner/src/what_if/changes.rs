//! The changes that are tried, each a scenario and an allocation of its own.

use fleetfront_calibration::{Fit, Kind};
use fleetfront_scenario::{Allocation, BootPlan, Cell, PoolPlan, Scenario};
use fleetfront_sim::{Law, Seconds};

use super::ChangeGroup;
use super::lines::{cell_lines, float, law_value, models_line, rounded};
use crate::summary::feasibility_words;

/// Cold start to first image of an 18 GB model on L40S at Modal, with a GPU memory snapshot over without: 11.4 s over
/// 48.3 s (yuvraj97.com/deep-dives/image-generation-scale, as read 2026-11); taken as a share of the boot of every model and
/// GPU type, with the spread of the boot that it replaces.
const SNAPSHOT_SHARE: f64 = 11.4 / 48.3;
const SNAPSHOT_BASIS: &str = "48.3 s to the first image without and 11.4 s with a GPU memory snapshot, published for \
                              an 18 GB model on L40S (yuvraj97.com/deep-dives/image-generation-scale); taken for every \
                              model as a share of its boot, and no restore fails";
/// Service times with faster software, over the present ones.
const SOFTWARE: [f64; 2] = [0.8, 0.5];
/// Boot times of the same, over the present ones.
const BOOT: f64 = 0.5;
/// The platform's own default window (Modal's documentation of `scaledown_window`, 2026-11); shorter ones are halved.
const WINDOW_S: f64 = 60.0;
/// The platform accepts no shorter one.
const WINDOW_MIN_S: f64 = 2.0;

/// A change that will be simulated.
pub(crate) struct Planned {
    pub(crate) what: String,
    pub(crate) group: ChangeGroup,
    pub(crate) kind: Option<Kind>,
    pub(crate) basis: String,
    pub(crate) place: String,
    pub(crate) write: String,
    pub(crate) lpips: Option<[f64; 2]>,
    pub(crate) scenario: Scenario,
    pub(crate) allocation: Allocation,
}

/// All changes, and the precisions that cannot run where the model stands, with the reason.
pub(crate) fn all_changes(scenario: &Scenario, allocation: &Allocation) -> (Vec<Planned>, Vec<String>) {
    let from = Basis { scenario, allocation };
    let (mut changes, impossible) = from.precisions();
    changes.extend(from.snapshots());
    changes.extend(SOFTWARE.iter().map(|factor| from.software(*factor)));
    changes.push(from.boots());
    changes.extend(from.windows());
    (changes, impossible)
}

/// A variant of a model on a GPU type, by their indices.
type Place = (usize, usize, usize);

fn places(pools: &[PoolPlan]) -> Vec<Place> {
    let of_pool = |pool: &PoolPlan| pool.models.iter().map(|(m, v)| (*m, *v, pool.gpu)).collect::<Vec<_>>();
    pools.iter().flat_map(of_pool).collect()
}

/// What is changed.
struct Basis<'a> {
    scenario: &'a Scenario,
    allocation: &'a Allocation,
}

impl Basis<'_> {
    fn in_pool(&self, pool: &PoolPlan) -> String {
        format!("in pool \"{}\" of \"{}\"", pool.name, self.allocation.name)
    }

    /// Every other precision of every model, where it stands.
    fn precisions(&self) -> (Vec<Planned>, Vec<String>) {
        let (mut changes, mut impossible) = (Vec::new(), Vec::new());
        for (place, pool) in self.allocation.pools.iter().enumerate() {
            for (slot, (model, variant)) in pool.models.iter().enumerate() {
                let of = &self.scenario.models[*model];
                for (other, of_other) in of.variants.iter().enumerate().filter(|(other, _)| other != variant) {
                    let gpu = &self.scenario.gpus[pool.gpu].name;
                    let cell = &of_other.cells[pool.gpu];
                    if !cell.feasibility.is_feasible() {
                        let why = feasibility_words(&cell.feasibility);
                        impossible.push(format!("{} as {} on {gpu}: {why}", of.name, of_other.name));
                        continue;
                    }
                    let mut allocation = self.allocation.clone();
                    allocation.pools[place].models[slot] = (*model, other);
                    let lpips = |variant: usize| of.variants[variant].quality.as_ref().map_or(0.0, |q| q.lpips);
                    let of_quality = of_other.quality.as_ref().map(|quality| quality.provenance.kind);
                    let of_service = cell.service.as_ref().map(|fit| fit.kind);
                    changes.push(Planned {
                        what: format!("{} as {}", of.name, of_other.name),
                        group: ChangeGroup::Precision,
                        kind: of_quality.into_iter().chain(of_service).max(),
                        basis: format!(
                            "service time {}, quality {}",
                            of_service.map_or("unknown", Kind::word),
                            of_quality.map_or("of the reference", Kind::word)
                        ),
                        place: self.in_pool(pool),
                        write: models_line(self.scenario, &allocation.pools[place]) + "\n",
                        lpips: Some([lpips(*variant), lpips(other)]),
                        scenario: self.scenario.clone(),
                        allocation,
                    });
                }
            }
        }
        (changes, impossible)
    }

    /// A snapshot for each pool whose boots have none, and for all of them.
    fn snapshots(&self) -> Vec<Planned> {
        let without = |place: &Place| self.boot_plan(*place).is_none_or(|plan| plan.snapshot.is_none());
        let pools = self.allocation.pools.iter().map(|pool| (pool.name.clone(), std::slice::from_ref(pool)));
        let all = (self.allocation.pools.len() > 1).then(|| ("all pools".to_owned(), self.allocation.pools.as_slice()));
        let mut changes = Vec::new();
        for (name, pools) in all.into_iter().chain(pools) {
            let places: Vec<Place> = places(pools).into_iter().filter(without).collect();
            if !places.is_empty() {
                let what = format!("a memory snapshot for {name}");
                let state = |law: Law| {
                    let restore = rounded(law, SNAPSHOT_SHARE);
                    let line = format!("snapshot = {{ restore = {}, failure_probability = 0.0 }}", law_value(restore));
                    (restore, line)
                };
                let change = |cell: &mut Cell, restore: Law| set_snapshot(cell, restore);
                changes.push(self.of_boots(
                    what,
                    ChangeGroup::Snapshot,
                    (Kind::Derived, SNAPSHOT_BASIS),
                    &places,
                    state,
                    change,
                ));
            }
        }
        changes
    }

    /// All boots in half the time.
    fn boots(&self) -> Planned {
        let places: Vec<Place> = places(&self.allocation.pools);
        let basis = (Kind::Assumed, "half of the present boot time");
        let state = |law: Law| {
            let boot = rounded(law, BOOT);
            (boot, format!("boot = {}", law_value(boot)))
        };
        let what = "all boots twice as fast".to_owned();
        self.of_boots(what, ChangeGroup::Boot, basis, &places, state, set_boot)
    }

    /// Every service time times a factor.
    fn software(&self, factor: f64) -> Planned {
        let mut scenario = self.scenario.clone();
        let mut write = String::new();
        let basis = format!("{factor} times the present service time");
        for place in places(&self.allocation.pools) {
            let cell = cell_mut(&mut scenario, place);
            let Some(fit) = &mut cell.service else { continue };
            fit.law = rounded(fit.law, factor);
            let line = format!("service = {}", law_value(fit.law));
            write += &cell_lines(self.scenario, place, &line, (Kind::Assumed, &basis));
        }
        Planned {
            what: format!("all service times x {factor}"),
            group: ChangeGroup::Software,
            kind: Some(Kind::Assumed),
            basis,
            place: CELLS.to_owned(),
            write,
            lpips: None,
            scenario,
            allocation: self.allocation.clone(),
        }
    }

    /// Boots of some cells stated otherwise.
    ///
    /// - `state`: the law in place of a boot's, and the line that states it.
    fn of_boots(
        &self,
        what: String,
        group: ChangeGroup,
        (kind, basis): (Kind, &str),
        places: &[Place],
        state: impl Fn(Law) -> (Law, String),
        change: impl Fn(&mut Cell, Law),
    ) -> Planned {
        let mut scenario = self.scenario.clone();
        let mut write = String::new();
        for place in places {
            let cell = cell_mut(&mut scenario, *place);
            let Some(boot) = cell.boot.as_ref().map(|fit| fit.law) else { continue };
            let (law, line) = state(boot);
            change(cell, law);
            write += &cell_lines(self.scenario, *place, &line, (kind, basis));
        }
        let (basis, place) = (basis.to_owned(), CELLS.to_owned());
        let allocation = self.allocation.clone();
        Planned { what, group, kind: Some(kind), basis, place, write, lpips: None, scenario, allocation }
    }

    /// A shorter window for each pool, and for all of them.
    fn windows(&self) -> Vec<Planned> {
        let shorter = |pool: &PoolPlan| {
            let now = pool.settings.scaledown_window.get();
            let then = if now > WINDOW_S { WINDOW_S } else { (now / 2.0).max(WINDOW_MIN_S) };
            (then < now && pool.settings.rules.window.is_none()).then_some(then)
        };
        let pools = &self.allocation.pools;
        let window = |what: String, place: String, seconds: f64, is_meant: &dyn Fn(&PoolPlan) -> bool| {
            let mut allocation = self.allocation.clone();
            for pool in allocation.pools.iter_mut().filter(|pool| is_meant(pool)) {
                pool.settings.scaledown_window = Seconds::new(seconds).expect("a span");
            }
            Planned {
                what,
                group: ChangeGroup::Window,
                kind: None,
                basis: "nothing is assumed".to_owned(),
                place,
                write: format!("scaledown_window_s = {}\n", float(seconds)),
                lpips: None,
                scenario: self.scenario.clone(),
                allocation,
            }
        };
        let mut changes = Vec::new();
        let all: Vec<f64> = pools.iter().filter_map(shorter).collect();
        if let [first, _, ..] = all[..]
            && all.iter().all(|seconds| seconds.to_bits() == first.to_bits())
        {
            let what = format!("a {first} s window for all pools");
            let place = format!("in every pool of \"{}\"", self.allocation.name);
            changes.push(window(what, place, first, &|pool| shorter(pool).is_some()));
        }
        for pool in pools {
            if let Some(seconds) = shorter(pool) {
                let what = format!("a {seconds} s window for {}", pool.name);
                changes.push(window(what, self.in_pool(pool), seconds, &|other| other.name == pool.name));
            }
        }
        changes
    }

    fn boot_plan(&self, (model, variant, gpu): Place) -> Option<&BootPlan> {
        self.scenario.models[model].variants[variant].cells[gpu].boot_plan.as_ref()
    }
}

/// Where the tables go.
const CELLS: &str = "at the end of the file; into the [[cells]] table of the same model and GPU where there is one";

fn cell_mut(scenario: &mut Scenario, (model, variant, gpu): Place) -> &mut Cell {
    &mut scenario.models[model].variants[variant].cells[gpu]
}

/// The snapshot in place of the phases; a boot that was one time is then one phase.
fn set_snapshot(cell: &mut Cell, restore: Law) {
    let phases = cell.boot.iter().map(|fit| fit.law).collect();
    let plan = cell.boot_plan.get_or_insert(BootPlan { image: None, bill_image: true, phases, snapshot: None });
    plan.snapshot = Some((restore, 0.0));
    let mean = Law::Deterministic { seconds: plan.mean_s() };
    cell.boot.iter_mut().for_each(|fit: &mut Fit| fit.law = mean);
}

/// One time in place of whatever a boot was.
fn set_boot(cell: &mut Cell, boot: Law) {
    cell.boot.iter_mut().for_each(|fit| fit.law = boot);
    cell.boot_plan = None;
}
