//! What is moved in the recommended fleet, model by model.

use fleetfront_scenario::Rules;
use fleetfront_sim::Execution;

use super::{Move, SettingMove};
use crate::study::{PoolResult, Role, Study};

/// The settings of a pool, in the order of what matters to a reader.
const SETTINGS: [(&str, fn(&PoolResult) -> String); 10] = [
    ("GPU", |pool| pool.gpu.clone()),
    ("window", |pool| seconds(pool.settings.scaledown_window.get())),
    ("always warm", |pool| pool.settings.min_containers.to_string()),
    ("at most", |pool| pool.settings.max_containers.map_or("no limit".to_owned(), |most| most.to_string())),
    ("buffer", |pool| pool.settings.buffer_containers.to_string()),
    ("inputs", |pool| pool.settings.max_inputs.to_string()),
    ("execution", |pool| execution(&pool.settings.execution).to_owned()),
    ("timeout", |pool| seconds(pool.settings.timeout.get())),
    ("retries", |pool| pool.settings.retries.to_string()),
    ("rules", |pool| rules(&pool.settings.rules)),
];
/// A model that a study does not have.
const NOWHERE: &str = "nowhere";

/// Whatever is set otherwise, the models of a pool together where the same happens to them.
pub(super) fn moves(old: &Study, new: &Study) -> Vec<Move> {
    let (old, new) = (pools(old), pools(new));
    let mut moves: Vec<(Option<&str>, Move)> = Vec::new();
    for model in models(old, new) {
        let (before, after) = (pool_of(old, model), pool_of(new, model));
        let settings = match (before, after) {
            (Some(before), Some(after)) => differing(model, before, after),
            (before, after) => vec![SettingMove {
                what: "GPU".to_owned(),
                old: before.map_or(NOWHERE, |pool| &pool.gpu).to_owned(),
                new: after.map_or(NOWHERE, |pool| &pool.gpu).to_owned(),
            }],
        };
        if settings.is_empty() {
            continue;
        }
        let pool = after.map(|pool| pool.name.as_str());
        let alike = moves.iter_mut().find(|(other, like)| *other == pool && like.settings == settings);
        match alike {
            Some((_, like)) => like.models.push(model.to_owned()),
            None => moves.push((pool, Move { models: vec![model.to_owned()], settings })),
        }
    }
    moves.into_iter().map(|(_, one)| one).collect()
}

/// The pools of the recommended allocation; none in a study that recommends what it does not have.
fn pools(study: &Study) -> &[PoolResult] {
    let is_meant = |name: &str, role| role == Role::Recommended && name == study.recommendation.allocation;
    let recommended = study.allocations.iter().find(|own| is_meant(&own.name, own.role));
    recommended.map_or(&[], |own| &own.pools)
}

/// Every model of either, the later ones first: they are what is to be done.
fn models<'a>(old: &'a [PoolResult], new: &'a [PoolResult]) -> Vec<&'a str> {
    let mut models: Vec<&str> = Vec::new();
    for (model, _) in new.iter().chain(old).flat_map(|pool| &pool.models) {
        if !models.contains(&model.as_str()) {
            models.push(model);
        }
    }
    models
}

fn pool_of<'a>(pools: &'a [PoolResult], model: &str) -> Option<&'a PoolResult> {
    pools.iter().find(|pool| pool.models.iter().any(|(own, _)| own == model))
}

fn differing(model: &str, old: &PoolResult, new: &PoolResult) -> Vec<SettingMove> {
    let variant = |pool: &PoolResult| {
        let own = pool.models.iter().find(|(own, _)| own == model);
        own.map_or(String::new(), |(_, variant)| variant.clone())
    };
    let mates = |pool: &PoolResult| {
        let mut mates: Vec<&str> =
            pool.models.iter().map(|(own, _)| own.as_str()).filter(|own| *own != model).collect();
        mates.sort_unstable();
        if mates.is_empty() { "alone".to_owned() } else { format!("with {}", mates.join(" + ")) }
    };
    let sides = |what: &str, of: &dyn Fn(&PoolResult) -> String| SettingMove {
        what: what.to_owned(),
        old: of(old),
        new: of(new),
    };
    let mut all = vec![sides("pool", &mates), sides("variant", &variant)];
    all.extend(SETTINGS.iter().map(|(what, of)| sides(what, of)));
    all.retain(|setting| setting.old != setting.new);
    all
}

fn seconds(seconds: f64) -> String {
    format!("{seconds} s")
}

fn execution(of: &Execution) -> &'static str {
    match of {
        Execution::Serial => "serial",
        Execution::Parallel => "parallel",
        Execution::Shared(_) => "shared",
        Execution::Batched(_) => "batched",
    }
}

fn rules(rules: &Rules) -> String {
    if rules.is_none() { "none".to_owned() } else { rules.written() }
}

impl Move {
    /// In words: "instantid: L40S -> A10, window 120 s -> 60 s".
    #[must_use]
    pub fn words(&self) -> String {
        let setting = |setting: &SettingMove| {
            let SettingMove { what, old, new } = setting;
            // A GPU type says by itself what it is.
            let what = if what == "GPU" { String::new() } else { format!("{what} ") };
            format!("{what}{old} -> {new}")
        };
        let settings: Vec<String> = self.settings.iter().map(setting).collect();
        format!("{}: {}", self.models.join(" + "), settings.join(", "))
    }
}
