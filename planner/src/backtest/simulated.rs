//! A period that was simulated, as if it had been observed: what backtests are tried on whose truth is known.

use fleetfront_calibration::BillingRow;
use fleetfront_scenario::Scenario;
use fleetfront_sim::Seconds;
use fleetfront_workloads::{TimeZoneError, draw_requests, midnights};

use super::days::{DAY_NS, Period};
use super::forecast::Stamps;
use super::world::{Lived, simulated};
use super::{Bill, Observed};

/// The log and the bill of days that were simulated.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulatedPeriod {
    /// The log, as the platform would write it.
    pub observed: Observed,
    /// The bill, by pool and day.
    pub bill: Bill,
}

impl SimulatedPeriod {
    /// Simulates days of a scenario with its own traffic.
    ///
    /// - `allocation`: its index in the scenario; can run.
    /// - `from_ns`: an instant of the first day, which has to be a Monday, in nanoseconds since 1970.
    /// - `days`: how many.
    /// - `(seed, trial)`: of all random numbers.
    ///
    /// # Errors
    /// [`TimeZoneError`] when the scenario's zone is unknown.
    ///
    /// # Panics
    /// If there is no such allocation, it cannot run, or a conservation law is broken.
    pub fn of(
        scenario: &Scenario,
        allocation: usize,
        from_ns: i64,
        days: u32,
        address: (u64, u32),
    ) -> Result<Self, TimeZoneError> {
        let zone = &scenario.clock.reporting_time_zone;
        let mut edges = midnights(zone, from_ns, from_ns + i64::from(days) * DAY_NS)?;
        edges.truncate(days as usize + 1);
        let dates = edges[..days as usize].iter().map(|(date, _)| date.clone()).collect();
        let period = Period { dates, edges_ns: edges.iter().map(|(_, at_ns)| *at_ns).collect() };
        let mut own = scenario.clone();
        own.traffic.horizon = Seconds::new(f64::from(days) * DAY_NS as f64 / 1e9).expect("a span");
        let run_in_ns = own.traffic.run_in.to_span().0.cast_signed();
        let mut stamps = Stamps::new();
        for model in 0..own.models.len() {
            // Trials follow each other through the week; the first begins on a Monday.
            let requests =
                draw_requests(&own.traffic, address.0 ^ u64::from(address.1).wrapping_mul(0x9E37_79B9), 0, model);
            let at_ns = |at: u64| period.start_ns() - run_in_ns + at.cast_signed();
            stamps.extend(requests.iter().map(|request| (at_ns(request.at.0), model as u32)));
        }
        stamps.sort_unstable();
        let plan = &own.allocations[allocation];
        let Lived { requests, usd, .. } = simulated(&own, plan, address, &stamps, &period);
        let observed = Observed {
            name: "simulated".to_owned(),
            models: own.models.iter().map(|model| model.name.clone()).collect(),
            only: Vec::new(),
            requests: requests.into_iter().filter(|request| period.holds(request.at_ns)).collect(),
            resolution_ns: 1,
            remarks: Vec::new(),
        };
        let row = |pool: &str, date: &String, cost_usd: f64| BillingRow {
            line: 1,
            object_id: String::new(),
            description: pool.to_owned(),
            environment: String::new(),
            interval_start: date.clone(),
            resource: String::new(),
            cost_usd,
            tags: std::collections::BTreeMap::new(),
        };
        let of_pool = |(pool, days): (&fleetfront_scenario::PoolPlan, &Vec<f64>)| {
            let rows = period.dates.iter().zip(days).map(|(date, usd)| row(&pool.name, date, *usd));
            rows.collect::<Vec<_>>()
        };
        let rows = plan.pools.iter().zip(&usd).flat_map(of_pool).collect();
        Ok(Self { observed, bill: Bill { name: "simulated bill".to_owned(), rows, ..Bill::default() } })
    }
}
