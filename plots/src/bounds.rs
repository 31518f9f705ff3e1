//! Between what an allocation's numbers lie, in words and cells: the report and the screen show the same.

use fleetfront_planner::{
    AllocationMetrics, AllocationResult, Based, Bounds, Estimate, PoolBounds, PoolResult, Stated, Study,
};

use crate::format::{Unit, estimate, plain};

/// A row's name and how it is read, of an allocation and of a pool.
type FleetRow = (&'static str, fn(&Bounds, &AllocationMetrics) -> String);
type PoolRow = (&'static str, fn(&PoolBounds, &PoolResult) -> String);

const FLEET: [FleetRow; 12] = [
    ("perfect autoscaler", |bounds, _| stated(&bounds.perfect_usd_month, Unit::Usd)),
    ("simulated", |_, results| estimate(results.fleet.cost_usd_month, Unit::Usd)),
    ("  of it the price of not knowing", |bounds, _| stated(&bounds.price_of_not_knowing, Unit::Share)),
    ("always-on fleet, as fast at p95", |bounds, _| exact(&bounds.static_as_fast_usd_month)),
    ("always-on fleet, within the limits", |bounds, _| exact(&bounds.static_within_limits_usd_month)),
    ("theory: staffed by the hour", |bounds, _| exact(&bounds.staffed_usd_month)),
    ("at the peak all the time", |bounds, _| plain(bounds.peak_usd_month, Unit::Usd)),
    ("spreadsheet", |bounds, _| plain(bounds.naive_usd_month, Unit::Usd)),
    ("mean latency, execution alone", |bounds, _| stated(&bounds.perfect_latency_s_mean, Unit::Seconds)),
    ("mean latency, simulated", |_, results| estimate(results.fleet.latency_s_mean, Unit::Seconds)),
    ("latency p95, execution alone", |bounds, _| stated(&bounds.perfect_latency_s_p95, Unit::Seconds)),
    ("latency p95, simulated", |_, results| estimate(results.fleet.latency_s_p95, Unit::Seconds)),
];

const POOL: [PoolRow; 12] = [
    ("perfect autoscaler", |bounds, _| stated(&bounds.perfect_usd_month, Unit::Usd)),
    ("simulated", |_, pool| pool.metrics.as_ref().map_or("–".into(), |m| estimate(m.cost_usd_month, Unit::Usd))),
    ("always on, as fast at p95", |bounds, _| always_on(&bounds.static_as_fast)),
    ("always on, within the limits", |bounds, _| always_on(&bounds.static_within_limits)),
    ("at the peak all the time", |bounds, _| plain(bounds.peak_usd_month, Unit::Usd)),
    ("theory: offered load", |bounds, _| of_theory(bounds, |theory| plain(theory.offered_load, Unit::Count))),
    ("  in the busiest hour", |bounds, _| of_theory(bounds, |theory| plain(theory.offered_load_peak, Unit::Count))),
    ("  containers for the peak", |bounds, _| of_theory(bounds, |theory| theory.containers_at_peak.to_string())),
    ("  staffed by the hour", |bounds, _| of_theory(bounds, |theory| plain(theory.staffed_usd_month, Unit::Usd))),
    ("  one container: cold starts", |bounds, _| {
        of_single(bounds, |single| plain(single.cold_start_share, Unit::Share))
    }),
    ("  one container: a month", |bounds, _| of_single(bounds, |single| plain(single.usd_month, Unit::Usd))),
    ("cold starts, simulated", |_, pool| {
        pool.metrics.as_ref().map_or("–".into(), |metrics| estimate(metrics.cold_start_share, Unit::Share))
    }),
];

/// What the spreadsheet's bill is, and the simulated one beside it.
#[must_use]
pub fn naive_basis(study: &Study) -> String {
    let seconds = plain(study.naive.seconds_per_request, Unit::Seconds);
    let simulated = study.basis().words();
    format!("spreadsheet, derived: requests times {seconds} (assumed) times the GPU's price; the rest, {simulated}")
}

/// What bounds are, beside what was simulated.
#[must_use]
pub fn bounds_basis(simulated: &str) -> String {
    format!("{simulated}; theory, peak and spreadsheet: derived from the same scenario")
}

/// The names of the rows of [`fleet_cells`].
pub fn fleet_rows() -> impl Iterator<Item = &'static str> {
    FLEET.iter().map(|(name, _)| *name)
}

/// Between what the whole fleet's bill and latencies lie; `None` for an allocation without bounds.
#[must_use]
pub fn fleet_cells(allocation: &AllocationResult) -> Option<Vec<String>> {
    let (bounds, results) = (allocation.bounds.as_ref()?, allocation.results.as_ref()?);
    Some(FLEET.iter().map(|(_, read)| read(bounds, results)).collect())
}

/// The names of the rows of [`pool_cells`].
pub fn pool_rows() -> impl Iterator<Item = &'static str> {
    POOL.iter().map(|(name, _)| *name)
}

/// The bounds of each pool, with its name; none for an allocation without bounds.
#[must_use]
pub fn pool_cells(allocation: &AllocationResult) -> Vec<(String, Vec<String>)> {
    let pools = allocation.bounds.iter().flat_map(|bounds| &bounds.pools).zip(&allocation.pools);
    pools.map(|pool| (pool.0.pool.clone(), POOL.iter().map(|(_, read)| read(pool.0, pool.1)).collect())).collect()
}

/// What it costs not to know the future, in a sentence; why that is unknown where it is.
#[must_use]
pub fn headline(allocation: &AllocationResult) -> Option<String> {
    let bounds = allocation.bounds.as_ref()?;
    Some(match (&bounds.perfect_usd_month, &bounds.price_of_not_knowing) {
        (Stated::Number(usd), Stated::Number(share)) => format!(
            "\"{}\": an autoscaler that knew the future would pay {} a month; {} of the bill is the price of not knowing.",
            allocation.name,
            estimate(*usd, Unit::Usd),
            estimate(*share, Unit::Share)
        ),
        (Stated::Unknown(why), _) | (_, Stated::Unknown(why)) => {
            format!("\"{}\": what an autoscaler that knew the future would pay is not known: {why}.", allocation.name)
        }
    })
}

/// Why numbers are missing from [`fleet_cells`], a sentence each.
#[must_use]
pub fn reasons(allocation: &AllocationResult) -> Vec<String> {
    let Some(bounds) = &allocation.bounds else { return Vec::new() };
    let why = |what: &str, why: Option<&str>| why.map(|why| format!("{}, {what}: {why}.", allocation.name));
    [
        why("perfect autoscaler", unknown(&bounds.perfect_usd_month)),
        why("latency of execution alone", unknown(&bounds.perfect_latency_s_mean)),
        why("always-on fleet, as fast at p95", unknown(&bounds.static_as_fast_usd_month)),
        why("always-on fleet, within the limits", unknown(&bounds.static_within_limits_usd_month)),
        why("theory", unknown(&bounds.staffed_usd_month)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn unknown<T>(stated: &Stated<T>) -> Option<&str> {
    match stated {
        Stated::Number(_) => None,
        Stated::Unknown(why) => Some(why),
    }
}

fn stated(of: &Stated<Estimate>, unit: Unit) -> String {
    of.number().map_or("–".to_owned(), |number| estimate(*number, unit))
}

fn exact(of: &Stated<f64>) -> String {
    of.number().map_or("–".to_owned(), |number| plain(*number, Unit::Usd))
}

fn always_on(of: &Stated<fleetfront_planner::StaticPool>) -> String {
    of.number()
        .map_or("–".to_owned(), |fleet| format!("{} × on, {}", fleet.containers, plain(fleet.usd_month, Unit::Usd)))
}

fn of_theory(bounds: &PoolBounds, read: impl Fn(&fleetfront_planner::PoolTheory) -> String) -> String {
    bounds.theory.number().map_or("–".to_owned(), read)
}

fn of_single(bounds: &PoolBounds, read: impl Fn(&fleetfront_planner::SingleContainerTheory) -> String) -> String {
    of_theory(bounds, |theory| theory.single_container.as_ref().map_or("–".to_owned(), &read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_a_dash_with_a_reason() {
        let mut study = crate::fixture::study();
        let allocation = &mut study.allocations[0];
        let cells = fleet_cells(allocation).expect("it has bounds");
        assert_eq!(cells.len(), fleet_rows().count());
        let said = headline(allocation).expect("it has bounds");
        assert!(said.contains("would pay $") && said.contains(" % ") && reasons(allocation).is_empty(), "{said}");
        let bounds = allocation.bounds.as_mut().expect("it has bounds");
        bounds.perfect_usd_month = Stated::Unknown("lora: hosts differ in speed".into());
        assert_eq!(fleet_cells(allocation).expect("it has bounds")[0], "–");
        let said = headline(allocation).expect("it has bounds");
        assert!(said.ends_with("is not known: lora: hosts differ in speed."), "{said}");
        assert_eq!(reasons(allocation), ["current, perfect autoscaler: lora: hosts differ in speed."]);
        // A study from before there were bounds is read all the same.
        let (results, pools) = (None, Vec::new());
        let old = AllocationResult { bounds: None, results, pools, criteria: Vec::new(), ..allocation.clone() };
        let json = serde_json::to_string(&old).expect("JSON");
        assert!(!json.contains("bounds"), "{json}");
        assert_eq!(serde_json::from_str::<AllocationResult>(&json).expect("it is read"), old);
        allocation.bounds = None;
        assert!(fleet_cells(allocation).is_none() && headline(allocation).is_none());
        assert!(pool_cells(allocation).is_empty() && reasons(allocation).is_empty());
    }
}
