//! Boots that stand in no log, and what those that do say of all.
//!
//! A container that boots while another one serves the request it was started for may stop again without having served any. What
//! boots slowly is more often such a one, so that the boots in a log are shorter than boots are: of ten boots by a minute's
//! window two may be missing, and the mean is a hundredth too low. Logs that are simulated from a law select in the same way:
//! the law is matched to what is seen through them (indirect inference: Gourieroux, Monfort and Renault 1993, *Journal of
//! Applied Econometrics* 8).

use std::collections::BTreeMap;
use std::ops::Range;

use fleetfront_scenario::{Allocation, Scenario};
use rayon::prelude::*;

use super::days::{DAY_NS, Period};
use super::forecast::Stamps;
use super::measured::{LawTold, MeasuredModel, Unshown};
use super::seen::Boots;
use super::world::{Known, simulated, with_horizon};
use crate::control::{Control, Interrupted};

/// Most logs that are simulated: their noise is then a fifth of that of the log itself.
const LOGS_MAX: usize = 30;
/// Fewest.
const LOGS_MIN: usize = 4;
/// Fewer logs are simulated where they have more requests than these together.
const REQUESTS_MAX: usize = 2_000_000;
/// Of longer periods the first whole days, up to so many requests, say what is shown.
const REQUESTS_OF_LOG_MAX: usize = 400_000;
/// How often a law is matched: each time squares what is left of the error.
const MATCHES: u32 = 2;
/// Keeps the luck of these logs apart from that of any world.
const SHOWN_LUCK: u64 = 0x7368_6f77_6e2d_626f;

/// What a law of boots that was fitted to a log has to be multiplied with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ShownBoots {
    pub(crate) factor: f64,
    /// Of all boots, those that no request shows.
    pub(crate) unshown_share: f64,
}

impl ShownBoots {
    pub(crate) const ALL: Self = Self { factor: 1.0, unshown_share: 0.0 };

    pub(crate) fn told(self, law: LawTold) -> LawTold {
        if self.unshown_share <= 0.0 {
            return law;
        }
        let unshown = Unshown { share: self.unshown_share, shown_mean_s: law.law.mean_s() };
        LawTold { law: law.law.scaled(self.factor), unshown: Some(unshown), ..law }
    }
}

/// What simulated logs show of times, by models.
#[derive(Debug, Default)]
pub(crate) struct ShownTimes {
    /// Boots in seconds.
    pub(crate) boot_s: BTreeMap<usize, Vec<f64>>,
    /// Executions of requests that succeeded, in seconds.
    pub(crate) service_s: BTreeMap<usize, Vec<f64>>,
    /// Of the pools that serve a model.
    boots: BTreeMap<usize, Boots>,
    /// Boots of each log that requests of a model show which came in `counted_ns`.
    pub(crate) boot_counts: BTreeMap<usize, Vec<f64>>,
    /// Behind the beginning, when nothing was up, to the end of what was simulated.
    pub(crate) counted_ns: Range<i64>,
}

impl ShownTimes {
    /// Simulates logs of a period whose arrivals are given.
    ///
    /// - `scenario`: whose laws the logs have; the horizon is set here.
    /// - `stamps`: arrivals in order, with models by their places in the scenario.
    ///
    /// # Errors
    /// [`Interrupted`] when `control` was cancelled.
    pub(crate) fn of(
        scenario: &Scenario,
        allocation: &Allocation,
        (stamps, period): (&Stamps, &Period),
        seed: u64,
        control: &Control,
    ) -> Result<Self, Interrupted> {
        let (stamps, period) = first_days(stamps, period);
        let mut scenario = with_horizon(scenario, &period, 0);
        // Later steps of a chain stand in the log themselves.
        scenario.models.iter_mut().for_each(|model| model.next = None);
        let logs = (REQUESTS_MAX / stamps.len().max(1)).clamp(LOGS_MIN, LOGS_MAX) as u32;
        control.expect(u64::from(logs));
        let log = |number: u32| {
            let lived = simulated(&scenario, allocation, (seed ^ SHOWN_LUCK, number), &stamps, &period);
            control.step()?;
            let times = lived.requests.iter().filter(|request| request.is_ok != Some(false));
            let times: Vec<(usize, f64)> = times.filter_map(|own| Some((own.model, own.executed_s?))).collect();
            let boots = lived.requests.iter().filter_map(|own| Some((own.model, own.at_ns, own.startup_s?)));
            let boots: Vec<(usize, i64, f64)> = boots.collect();
            Ok((times, boots, lived.boots))
        };
        let logs: Vec<_> = (0..logs).into_par_iter().map(log).collect::<Result<_, Interrupted>>()?;
        let begun_ns = if period.days() > 1 { DAY_NS } else { DAY_NS / 4 };
        let counted_ns = period.start_ns() + begun_ns..period.end_ns();
        let mut all = Self { counted_ns, ..Self::default() };
        for (times, boots, of_pools) in logs {
            for model in 0..scenario.models.len() {
                let is_counted = |(of, at_ns, _): &&(usize, i64, f64)| *of == model && all.counted_ns.contains(at_ns);
                let count = boots.iter().filter(is_counted).count();
                all.boot_counts.entry(model).or_default().push(count as f64);
            }
            let boots = boots.into_iter().map(|(model, _, seconds)| (model, seconds)).collect();
            for (of, seconds) in [(&mut all.service_s, times), (&mut all.boot_s, boots)] {
                for (model, seconds) in seconds {
                    of.entry(model).or_default().push(seconds);
                }
            }
            for (pool, own) in allocation.pools.iter().zip(of_pools) {
                for (model, _) in &pool.models {
                    let of = all.boots.entry(*model).or_default();
                    (of.all, of.shown) = (of.all + own.all, of.shown + own.shown);
                }
            }
        }
        Ok(all)
    }

    /// The share of the boots in a model's pools that no request shows.
    pub(crate) fn unshown_share(&self, model: usize) -> f64 {
        let boots = self.boots.get(&model).copied().unwrap_or_default();
        if boots.all == 0 { 0.0 } else { (boots.all - boots.shown) as f64 / boots.all as f64 }
    }
}

/// The first whole days of a period that have no more requests than are simulated at once.
fn first_days(stamps: &Stamps, period: &Period) -> (Stamps, Period) {
    let until = |day: usize| stamps.partition_point(|(at_ns, _)| *at_ns < period.edges_ns[day]);
    let days = (2..=period.days()).take_while(|day| until(*day) <= REQUESTS_OF_LOG_MAX).last().unwrap_or(1);
    (stamps[..until(days)].to_vec(), period.part(0..days))
}

/// Days from zero on.
pub(crate) fn days_from_zero(days: u32) -> Period {
    let edges_ns = (0..=i64::from(days)).map(|day| day * DAY_NS).collect();
    Period { dates: vec![String::new(); days as usize], edges_ns }
}

/// The models of a first part with their boots matched: logs of that part, simulated from the matched laws, show boots of the
/// mean that was fitted to the log. The same factor holds in every world.
///
/// - `known`: with the models as they were fitted.
/// - `first`: the first part; `stamps`: its arrivals.
///
/// # Errors
/// [`Interrupted`] when `control` was cancelled.
pub(crate) fn matched(
    known: &Known<'_>,
    (stamps, first): (&Stamps, &Period),
    control: &Control,
) -> Result<Vec<MeasuredModel>, Interrupted> {
    let mut models = known.measured.to_vec();
    if models.iter().all(|model| model.boot.is_none()) {
        return Ok(models);
    }
    for _ in 0..MATCHES {
        let fitted = Known { measured: &models, ..*known }.fitted();
        let allocation = &fitted.allocations[known.allocation];
        let times = ShownTimes::of(&fitted, allocation, (stamps, first), known.seed, control)?;
        for model in &mut models {
            let (Some(law), Some(shown)) = (&model.boot, times.boot_s.get(&model.model)) else { continue };
            let unshown_share = times.unshown_share(model.model);
            // Where every boot is shown there is nothing to match but noise.
            if unshown_share > 0.0 {
                let shown_s = shown.iter().sum::<f64>() / shown.len() as f64;
                model.shown.factor *= law.fitted().mean_s() / shown_s;
                model.shown.unshown_share = unshown_share;
            }
        }
        if models.iter().all(|model| model.shown == ShownBoots::ALL) {
            break;
        }
    }
    Ok(models)
}

#[cfg(test)]
#[path = "shown_boots_tests.rs"]
pub(crate) mod tests;
