//! The numbers of a scenario that are not known, each once, by name.

use fleetfront_calibration::{Fit, Kind, RestsOn, RowsOf};
use fleetfront_scenario::{Allocation, FailureCounts, PoolPlan, Provenance, Scenario};
use serde::{Deserialize, Serialize};

use crate::basis::Basis;
use crate::engine_pool::{cell, gpus};
use crate::knob::KnobUnit;
use crate::worlds::doubt::Doubt;

/// A number that is not known, as it is reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unknown {
    /// Its name, by which it can be fixed.
    pub name: String,
    /// What it is taken to be.
    pub now: f64,
    /// In which unit.
    pub unit: KnobUnit,
    /// How good it is.
    pub kind: Kind,
    /// Who says so.
    #[serde(default)]
    pub source: String,
    /// How many measurements it rests on; 0 for none.
    pub n: u32,
    /// Standard deviation of its logarithm.
    pub sd_log: f64,
    /// Nine worlds in ten have it between so many times what it is taken to be.
    pub factor: [f64; 2],
    /// What would tell it.
    pub measure: String,
    /// What is counted there: runs, boots, switches, tries, days.
    pub counted: String,
    /// Spread of one of those about the number: standard deviation over mean.
    pub cv: f64,
}

/// Model, variant and GPU type, by index.
pub(crate) type Place = (usize, usize, usize);

/// What a factor is put on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    /// Service times.
    Services(Vec<Place>),
    /// Boot times.
    Boots(Vec<Place>),
    /// The time to become the loaded model.
    Switch(usize),
    /// The probability that a try of a model fails, where no GPU type has its own.
    Failure(usize),
    /// The same on a GPU type that has its own.
    FailureOn(Place),
    /// Requests of a model.
    Traffic(usize),
}

/// An unknown with all that is needed to draw it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Drawn {
    pub(crate) unknown: Unknown,
    pub(crate) doubt: Doubt,
    pub(crate) target: Target,
}

/// The unknowns that can move these allocations, in the order of their pools, and what of them is taken as known
/// although nothing says how well.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Unknowns {
    pub(crate) drawn: Vec<Drawn>,
    pub(crate) taken_as_known: Vec<String>,
}

/// The unknowns that can move these allocations.
///
/// - `allocations`: all of whose cells are feasible.
#[must_use]
pub fn unknowns(scenario: &Scenario, allocations: &[Allocation]) -> Vec<Unknown> {
    Unknowns::of(scenario, allocations).drawn.into_iter().map(|drawn| drawn.unknown).collect()
}

/// How good a number is, and who says so.
type Told = (Kind, String);

/// One number that a mean is a product of.
struct Part<'a> {
    name: String,
    fit: &'a Fit,
    now: f64,
    unit: KnobUnit,
    measure: String,
}

impl Unknowns {
    pub(crate) fn of(scenario: &Scenario, allocations: &[Allocation]) -> Self {
        let mut all = Self::default();
        let places = places(scenario, allocations);
        for &place in &places {
            for part in service_parts(scenario, place) {
                let cells = sharing(scenario, service_parts, place.0, &part.name);
                all.add_time(part, "runs", Target::Services(cells));
            }
            for part in boot_parts(scenario, place) {
                let cells = sharing(scenario, boot_parts, place.0, &part.name);
                all.add_time(part, "boots", Target::Boots(cells));
            }
        }
        for &place in &places {
            all.add_failure_on(scenario, place);
        }
        for model in models(scenario, allocations) {
            all.add_switch(scenario, allocations, model);
            all.add_traffic(scenario, model);
            all.add_failure(scenario, model);
        }
        all.add_what_is_never_drawn(scenario, &places);
        all
    }

    fn add_what_is_never_drawn(&mut self, scenario: &Scenario, places: &[Place]) {
        let reserved = "cores and memory that a container reserves";
        self.known_by_assumption(reserved, &scenario.platform.container_provenance);
        if !scenario.traffic.slow_rates.is_empty() {
            self.taken_as_known.push("how bursty the traffic is".to_owned());
        }
        for (index, (gpu, capacity)) in scenario.gpus.iter().zip(&scenario.capacity).enumerate() {
            if let Some(provenance) = &capacity.provenance
                && places.iter().any(|(.., asked)| *asked == index)
            {
                self.known_by_assumption(&format!("waits for capacity of {}", gpu.name), provenance);
            }
        }
    }

    fn known_by_assumption(&mut self, what: &str, provenance: &Provenance) {
        if provenance.kind >= Kind::Derived {
            self.taken_as_known.push(format!("{what} ({})", provenance.kind.word()));
        }
    }

    fn add_time(&mut self, part: Part<'_>, counted: &str, target: Target) {
        if self.drawn.iter().any(|other| other.unknown.name == part.name) {
            return;
        }
        let Some(doubt) = Doubt::of(part.fit) else {
            let words = format!("{} ({}, no bounds or count stated)", part.name, part.fit.kind.word());
            if !self.taken_as_known.contains(&words) {
                self.taken_as_known.push(words);
            }
            return;
        };
        let number = (part.now, part.unit, (part.fit.kind, Basis::fitted(part.fit).source), part.fit.n);
        let measure = (part.measure, counted, part.fit.law.cv());
        self.drawn.push(Drawn::new(part.name, number, doubt, measure, target));
    }

    /// Switch times matter where a pool has several models.
    fn add_switch(&mut self, scenario: &Scenario, allocations: &[Allocation], model: usize) {
        let of_model = &scenario.models[model];
        let others = |pool: &PoolPlan| -> f64 {
            let lists = |of: usize| pool.models.iter().any(|(other, _)| *other == of);
            let spans = of_model.switch_in_s.iter().enumerate().filter(|(other, _)| lists(*other) && lists(model));
            spans.map(|(_, span)| span.get()).fold(0.0, f64::max)
        };
        let longest_s = allocations.iter().flat_map(|allocation| &allocation.pools).map(others).fold(0.0, f64::max);
        if longest_s <= 0.0 {
            return;
        }
        let (name, kind) = (format!("switch time to {}", of_model.name), of_model.switch_provenance.kind);
        if kind < Kind::Derived {
            self.taken_as_known.push(format!("{name} ({}, no count stated)", kind.word()));
            return;
        }
        let measure = (format!("time switches to {}", of_model.name), "switches", 0.0);
        let number = (longest_s, KnobUnit::Seconds, (kind, of_model.switch_provenance.cite()), 0);
        self.drawn.push(Drawn::new(name, number, Doubt::derived(), measure, Target::Switch(model)));
    }

    /// Failures are unknown where somebody counted them, and taken as known where nobody says from how many tries.
    fn add_failure(&mut self, scenario: &Scenario, model: usize) {
        let of_model = &scenario.models[model];
        let (taken, Provenance { kind, .. }) = (of_model.failure_probability, &of_model.failure_provenance);
        let name = format!("failure probability of {}", of_model.name);
        match of_model.failure_counts {
            Some(counts) if taken > 0.0 => {
                let told = (*kind, of_model.failure_provenance.cite());
                self.add_counted(&of_model.name, (taken, told), counts, Target::Failure(model));
            }
            _ if taken > 0.0 => self.taken_as_known.push(format!("{name} ({}, no counts stated)", kind.word())),
            _ => {}
        }
    }

    /// What the runs of a cell tell of its own failures.
    fn add_failure_on(&mut self, scenario: &Scenario, place @ (model, variant, gpu): Place) {
        let (of_model, of_cell) = (&scenario.models[model], cell(scenario, model, variant, gpu));
        let (Some(counts), Some(taken)) = (of_cell.failure_counts, of_cell.failure_probability) else { return };
        let who = format!("{} {} on {}", of_model.name, of_model.variants[variant].name, scenario.gpus[gpu].name);
        if taken > 0.0 {
            let told = (Kind::Measured, format!("runs of the cell: {} of {} failed", counts.failed, counts.tries));
            self.add_counted(&who, (taken, told), counts, Target::FailureOn(place));
        }
    }

    fn add_counted(&mut self, who: &str, (taken, told): (f64, Told), counts: FailureCounts, target: Target) {
        let measure = (format!("count the failures of {who}"), "tries", (1.0 / taken - 1.0).sqrt());
        let number = (taken, KnobUnit::Share, told, counts.tries);
        let name = format!("failure probability of {who}");
        self.drawn.push(Drawn::new(name, number, Doubt::Counted { counts, taken }, measure, target));
    }

    /// A level that was counted is as uncertain as the count: that of the recorded days, else of one day, the least that
    /// a level a day can rest on.
    fn add_traffic(&mut self, scenario: &Scenario, model: usize) {
        let of_model = &scenario.models[model];
        let (per_day, kind) = (of_model.requests_per_day, of_model.traffic_provenance.kind);
        if per_day <= 0.0 {
            return;
        }
        let replay = scenario.traffic.models[model].replay.as_ref();
        let counted = replay.map_or(per_day, |replay| replay.trace.mean_per_day() * replay.trace.len() as f64);
        let (doubt, n) = if kind >= Kind::Derived {
            (Doubt::derived(), 0)
        } else {
            (Doubt::normal(1.0 / counted.sqrt()), counted.round() as u32)
        };
        let measure = (format!("count the requests of {}", of_model.name), "days", 1.0 / per_day.sqrt());
        let number = (per_day, KnobUnit::RequestsADay, (kind, of_model.traffic_provenance.cite()), n);
        let name = format!("traffic of {}", of_model.name);
        self.drawn.push(Drawn::new(name, number, doubt, measure, Target::Traffic(model)));
    }
}

impl Drawn {
    fn new(
        name: String,
        (now, unit, (kind, source), n): (f64, KnobUnit, Told, u32),
        doubt: Doubt,
        (measure, counted, cv): (String, &str, f64),
        target: Target,
    ) -> Self {
        let (sd_log, factor, counted) = (doubt.sd_log(), doubt.bounds(), counted.to_owned());
        let unknown = Unknown { name, now, unit, kind, source, n, sd_log, factor, measure, counted, cv };
        Self { unknown, doubt, target }
    }
}

/// The models that stand in any pool, in the scenario's order.
fn models(scenario: &Scenario, allocations: &[Allocation]) -> Vec<usize> {
    let stands = |model: &usize| {
        let mut pools = allocations.iter().flat_map(|allocation| &allocation.pools);
        pools.any(|pool| pool.models.iter().any(|(other, _)| other == model))
    };
    (0..scenario.models.len()).filter(stands).collect()
}

/// Every cell that a request of these allocations can come to: those of the pools, of the GPU types that they may take
/// in place of their own, and of the pools that they fall back to.
fn places(scenario: &Scenario, allocations: &[Allocation]) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for allocation in allocations {
        for pool in &allocation.pools {
            let fallback = allocation.fallback_of(pool).map(|index| &allocation.pools[index]);
            for of in std::iter::once(pool).chain(fallback) {
                for gpu in gpus(scenario, of.gpu, &of.settings.rules) {
                    places.extend(pool.models.iter().map(|&(model, variant)| (model, variant, gpu)));
                }
            }
        }
    }
    let mut once: Vec<Place> = Vec::new();
    for place in places {
        if !once.contains(&place) {
            once.push(place);
        }
    }
    once
}

/// Every cell of a model that has a part of this name.
fn sharing(scenario: &Scenario, parts: fn(&Scenario, Place) -> Vec<Part<'_>>, model: usize, name: &str) -> Vec<Place> {
    let variants = 0..scenario.models[model].variants.len();
    let cells = variants.flat_map(|variant| (0..scenario.gpus.len()).map(move |gpu| (model, variant, gpu)));
    cells.filter(|place| parts(scenario, *place).iter().any(|part| part.name == name)).collect()
}

/// The numbers whose product is a cell's service time.
fn service_parts(scenario: &Scenario, place: Place) -> Vec<Part<'_>> {
    let (model, variant, gpu) = place;
    let Some(fit) = &cell(scenario, model, variant, gpu).service else { return Vec::new() };
    if let Some(RestsOn::Ratio { rows, relative_to, base }) = &fit.rests_on {
        return ratio_parts(scenario, place, (fit, rows), (relative_to, base), ("service time", "ratio", "benchmark"));
    }
    let of = said(scenario, place);
    let (name, measure) = (format!("service time of {of}"), format!("benchmark {of}"));
    vec![Part { name, fit, now: fit.law.mean_s(), unit: KnobUnit::Seconds, measure }]
}

/// The mean on another GPU type, and the ratio to it.
///
/// - `words`: for the mean, for the ratio, and for what tells them.
fn ratio_parts<'a>(
    scenario: &'a Scenario,
    place @ (model, _, gpu): Place,
    (fit, rows): (&'a Fit, &RowsOf),
    (relative_to, base): (&str, &'a Fit),
    (mean, ratio, tell): (&str, &str, &str),
) -> Vec<Part<'a>> {
    let (model, variant) = (&scenario.models[model].name, variant_name(scenario, place));
    let of = format!("{model} {variant} on {relative_to}");
    let (name, measure) = (format!("{mean} of {of}"), format!("{tell} {of}"));
    let base_part = Part { name, fit: base, now: base.law.mean_s(), unit: KnobUnit::Seconds, measure };
    let whose = if rows.variant == ANY { model.clone() } else { format!("{model} {variant}") };
    let gpu = &scenario.gpus[gpu].name;
    let ratio = Part {
        name: format!("{ratio} of {gpu} to {relative_to} for {whose}"),
        fit,
        now: fit.law.mean_s() / base.law.mean_s(),
        unit: KnobUnit::Factor,
        measure: format!("{tell} {whose} on {gpu}"),
    };
    vec![base_part, ratio]
}

/// The numbers that a cell's boot time is a product of, shared by all that the same rows speak of.
fn boot_parts(scenario: &Scenario, place: Place) -> Vec<Part<'_>> {
    let (model, variant, gpu) = place;
    let Some(fit) = &cell(scenario, model, variant, gpu).boot else { return Vec::new() };
    let of = match &fit.rests_on {
        Some(RestsOn::Ratio { rows, relative_to, base }) => {
            let words = ("boot time", "ratio of boots", "time boots of");
            return ratio_parts(scenario, place, (fit, rows), (relative_to, base), words);
        }
        Some(RestsOn::Rows(rows)) => {
            let variant = if rows.variant == ANY { String::new() } else { format!(" {}", rows.variant) };
            let gpu = if rows.gpu == ANY { String::new() } else { format!(" on {}", rows.gpu) };
            format!("{}{variant}{gpu}", rows.model)
        }
        None => said(scenario, place),
    };
    let (name, measure) = (format!("boot time of {of}"), format!("time boots of {of}"));
    vec![Part { name, fit, now: fit.law.mean_s(), unit: KnobUnit::Seconds, measure }]
}

fn variant_name(scenario: &Scenario, (model, variant, _): Place) -> &str {
    &scenario.models[model].variants[variant].name
}

fn said(scenario: &Scenario, place @ (model, _, gpu): Place) -> String {
    format!("{} {} on {}", scenario.models[model].name, variant_name(scenario, place), scenario.gpus[gpu].name)
}

/// Stands for every variant or GPU type in a row.
const ANY: &str = "*";
