//! Whether the frontier of a study is the true one: two models with one container each, whose settings' cost and mean
//! latency have closed forms.

use fleetfront_planner::{Choice, Control, Effort, FleetPoint, frontier_of_sums, search_frontier};

use crate::{Quantity, Single, TRIALS, scenario};

/// The models of `frontier.toml`.
const MODELS: [Single; 2] = [
    Single { per_second: 0.02, service_s: 10.0, boot_s: 40.0 },
    Single { per_second: 0.005, service_s: 25.0, boot_s: 60.0 },
];
/// Its grid; the last is a container that is always up.
const WINDOWS_S: [f64; 5] = [5.0, 30.0, 90.0, 300.0, f64::INFINITY];

/// Cost a month and mean latency of a fleet, from the windows of its two pools.
fn exact(windows_s: [f64; 2]) -> (f64, f64) {
    let of_each = || MODELS.iter().zip(windows_s);
    let rate: f64 = MODELS.iter().map(|model| model.per_second).sum();
    let usd = of_each().map(|(model, window_s)| model.usd_month(window_s)).sum();
    let in_system: f64 = of_each().map(|(model, window_s)| model.per_second * model.latency_s(window_s)).sum();
    (usd, in_system / rate)
}

fn windows_s(fleet: &FleetPoint) -> [f64; 2] {
    let window_s = |choice: &Choice| if choice.min_containers > 0 { f64::INFINITY } else { choice.scaledown_window_s };
    ["often", "seldom"].map(|model| {
        let own = fleet.choices.iter().find(|choice| choice.model == model);
        window_s(own.expect("each model has a pool of its own"))
    })
}

/// Prints the shares; whether they lie in what is accepted.
pub(crate) fn print(studies: u64, control: &Control) -> bool {
    let scenario = scenario(include_str!("frontier.toml"), ["often", "seldom"]);
    let truth = true_frontier();
    // What is told of a fleet on the frontier, over what it is in truth.
    let mut cost = Quantity::new("frontier: cost / exact", 1.0);
    let mut latency = Quantity::new("frontier: latency / exact", 1.0);
    let (mut told, mut costs, mut found) = (0, 0, 0);
    for seed in 1..=studies {
        let effort = Effort { trials: TRIALS, seed };
        let frontier = search_frontier(&scenario, effort, control).expect("nobody interrupts");
        let fleets = &frontier.by_mean_latency;
        told += fleets.len() as u64;
        for fleet in fleets {
            let (usd, mean_s) = exact(windows_s(fleet));
            let told_usd = fleet.cost_usd_month.scaled(1.0 / usd);
            if told_usd.half_width() > 0.0 {
                cost.meet(told_usd);
                costs += 1;
            } else {
                // Containers that are always up cost the same every day.
                assert!((told_usd.value - 1.0).abs() < 1e-9, "{} of {usd} USD", fleet.cost_usd_month.value);
            }
            latency.meet(fleet.latency_s_mean.scaled(1.0 / mean_s));
        }
        let bits = |windows: [f64; 2]| windows.map(f64::to_bits);
        let holds = |windows: &&[f64; 2]| fleets.iter().any(|fleet| bits(windows_s(fleet)) == bits(**windows));
        found += truth.iter().filter(holds).count() as u64;
    }
    let all = truth.len() as u64 * studies;
    println!(
        "frontier: {studies} studies, {} fleets in truth; {:.2} % of them are on the frontiers, which hold {:.2} each",
        truth.len(),
        100.0 * found as f64 / all as f64,
        told as f64 / studies as f64
    );
    // All but one in two hundred: neighbours on the frontier may change places by luck.
    let accepted = [cost.print(costs), latency.print(told), 200 * (all - found) <= all];
    !accepted.contains(&false)
}

/// The windows of the fleets on the true frontier.
fn true_frontier() -> Vec<[f64; 2]> {
    let fleets = || WINDOWS_S.iter().flat_map(|a| WINDOWS_S.map(|b| [*a, b]));
    // Two pools of which the second adds nothing: the frontier of the fleets themselves.
    let frontier = frontier_of_sums(&[fleets().map(exact).collect()]);
    fleets().filter(|windows| frontier.contains(&exact(*windows))).collect()
}
