//! Worlds whose truth is known: the scenario of `backtest.toml`, and others whose service and boot times, failures and traffic
//! are drawn around it. A backtest is given the former and has to learn the latter from its log.

use fleetfront_scenario::{Files, Scenario};
use fleetfront_sim::{Luck, exp, normal_quantile};

const PRICES: &str = "item,usd_per_second,kind,source,date\nGPU,0.0005,assumed,chosen,2026-11-24\n\
    cpu_core,0.0001,assumed,chosen,2026-11-24\nmemory_gib,0.0001,assumed,chosen,2026-11-24\n";
const MEMORY: &str = "scope,name,variant,gib,kind,source,date,note\ngpu,GPU,,2,assumed,chosen,2026-11-24,\n\
    variant,often,only,1,assumed,chosen,2026-11-24,\nvariant,seldom,only,1,assumed,chosen,2026-11-24,\n";
const BENCHMARKS: &str = "model,variant,gpu,phase,seconds,ratio,ratio_low,ratio_high,relative_to,cv,use,kind,source,date,note\n\
    *,*,*,cv,,,,,,0.3,yes,assumed,chosen,2026-11-24,\n";
const BOOTS: &str = "model,variant,gpu,seconds,cv,use,kind,source,date,note\n\
    often,*,*,1,0.1,yes,assumed,chosen,2026-11-24,\nseldom,*,*,1,0.1,yes,assumed,chosen,2026-11-24,\n";
/// A truth is so far from the scenario in one standard deviation, as a logarithm.
const SIGMA: f64 = 0.35;

/// The scenario that a backtest is given.
pub(crate) fn scenario() -> Scenario {
    // From a sixth of the mean at night to 1.8 times the mean in the evening.
    let weight = |hour: u32| 1.0 - 0.8 * (f64::from(hour + 4) / 24.0 * std::f64::consts::TAU).cos();
    let hours = (0..24).map(|hour| format!("{hour},{:.3},assumed,chosen,2026-11-24", weight(hour)));
    let load = std::iter::once("hour,weight,kind,source,date".to_owned()).chain(hours).collect::<Vec<_>>().join("\n");
    let files = Files::from_texts([
        ("scenario.toml", include_str!("backtest.toml")),
        ("prices.csv", PRICES),
        ("memory.csv", MEMORY),
        ("benchmarks.csv", BENCHMARKS),
        ("boots.csv", BOOTS),
        ("load.csv", &load),
    ]);
    Scenario::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// A truth: every number of the scenario times a factor of its own.
pub(crate) fn truth(number: u32) -> Scenario {
    let mut scenario = scenario();
    let mut draws = 0;
    let mut factor = || {
        draws += 1;
        exp(SIGMA
            * normal_quantile(Luck(0x7472_7574_6873).child(number).child(draws).uniform(0, 0).clamp(1e-9, 1.0 - 1e-9)))
    };
    for model in 0..scenario.models.len() {
        let own = &mut scenario.models[model];
        own.failure_probability *= factor();
        for fit in own.variants[0].cells.iter_mut().flat_map(|cell| cell.service.iter_mut().chain(&mut cell.boot)) {
            fit.law = fit.law.scaled(factor());
        }
        let per_day = factor();
        own.requests_per_day *= per_day;
        scenario.traffic.models[model].requests_per_day *= per_day;
    }
    scenario
}
