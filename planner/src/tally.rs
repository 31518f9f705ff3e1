//! What is summed over trials, and the metrics made of it.

use fleetfront_sim::{LatencyHistogram, Ledger, ModelOutcome, PoolOutcome, State};

use crate::estimate::{Estimate, ratio, sectioned};
use crate::metrics::{CostByState, Metrics};
use crate::tariff::Tariff;

/// The percentiles that are reported.
pub(crate) const PERCENTILES: [f64; 3] = [0.50, 0.95, 0.99];
/// The place of the 95th in [`PERCENTILES`].
pub(crate) const P95: usize = 1;

/// The sums of one section of trials for one subject: a model, a pool or the fleet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) days: f64,
    pub(crate) arrived: f64,
    pub(crate) completed: f64,
    pub(crate) cold: f64,
    pub(crate) late: f64,
    pub(crate) boots: f64,
    pub(crate) latency_s: f64,
    pub(crate) wait_s: f64,
    /// Container seconds and dollars by state, in the order of [`State::ALL`].
    pub(crate) seconds: [f64; 4],
    pub(crate) usd: [f64; 4],
    /// The section's own [`PERCENTILES`], in seconds.
    pub(crate) percentiles_s: [f64; 3],
}

/// Container seconds and dollars by state, in the order of [`State::ALL`].
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bill {
    pub(crate) seconds: [f64; 4],
    pub(crate) usd: [f64; 4],
}

impl Bill {
    /// Adds container time at a price.
    pub(crate) fn add(&mut self, ledger: &Ledger, price: Tariff) {
        for state in State::ALL {
            let seconds = ledger.get(state).as_secs_f64();
            self.seconds[state as usize] += seconds;
            self.usd[state as usize] += seconds * price.get(state);
        }
    }

    /// Adds what a model caused in a pool.
    ///
    /// - `prices`: one a GPU type of the pool.
    /// - `models`: how many the pool lists, and which of them is meant.
    pub(crate) fn add_model(&mut self, pool: &PoolOutcome, prices: &[Tariff], (models, own): (usize, usize)) {
        for (hardware, price) in prices.iter().enumerate() {
            self.add(&pool.ledgers[hardware * models + own], *price);
        }
    }

    /// Adds what the containers of a pool cost, whoever used them, and what the platform rounds up.
    pub(crate) fn add_pool(&mut self, pool: &PoolOutcome, prices: &[Tariff], models: usize) {
        for (hardware, price) in prices.iter().enumerate() {
            let mut of_type = Ledger::default();
            for ledger in &pool.ledgers[hardware * models..][..models] {
                of_type += *ledger;
            }
            self.add(&of_type, *price);
            self.add_rounding(pool.rounding_ns[hardware], *price);
        }
    }

    /// Adds what the platform rounds up, as idle time.
    pub(crate) fn add_rounding(&mut self, nanoseconds: u64, price: Tariff) {
        let seconds = nanoseconds as f64 / 1e9;
        self.seconds[State::Idle as usize] += seconds;
        self.usd[State::Idle as usize] += seconds * price.get(State::Idle);
    }
}

impl Tally {
    pub(crate) fn billed(days: f64, outcome: &ModelOutcome, bill: Bill, latencies: &LatencyHistogram) -> Self {
        Self {
            days,
            arrived: outcome.arrived as f64,
            completed: outcome.completed as f64,
            cold: outcome.cold as f64,
            late: outcome.late as f64,
            boots: outcome.boots as f64,
            latency_s: outcome.latency_ns as f64 / 1e9,
            wait_s: outcome.wait_ns as f64 / 1e9,
            seconds: bill.seconds,
            usd: bill.usd,
            percentiles_s: percentiles_s(latencies),
        }
    }

    /// Adds another subject of the same section. The percentiles do not add: give those of the merged latencies.
    pub(crate) fn join(&mut self, other: &Self, percentiles_s: [f64; 3]) {
        assert!(self.days == 0.0 || (self.days - other.days).abs() < 1e-6, "subjects of different sections");
        self.days = other.days;
        self.arrived += other.arrived;
        self.completed += other.completed;
        self.cold += other.cold;
        self.late += other.late;
        self.boots += other.boots;
        self.latency_s += other.latency_s;
        self.wait_s += other.wait_s;
        for state in 0..4 {
            self.seconds[state] += other.seconds[state];
            self.usd[state] += other.usd[state];
        }
        self.percentiles_s = percentiles_s;
    }

    pub(crate) fn cost_usd(&self) -> f64 {
        self.usd.iter().sum()
    }
}

pub(crate) fn percentiles_s(latencies: &LatencyHistogram) -> [f64; 3] {
    PERCENTILES.map(|p| latencies.quantile_s(p).unwrap_or(f64::NAN))
}

/// All sections of one subject.
#[derive(Debug, Clone, Default)]
pub(crate) struct Subject {
    pub(crate) sections: Vec<Tally>,
    /// Of all sections together.
    pub(crate) percentiles_s: [f64; 3],
    /// Most containers at once in any trial.
    pub(crate) peak_containers: u32,
}

impl Subject {
    /// One number a section.
    pub(crate) fn each(&self, number: impl Fn(&Tally) -> f64) -> Vec<f64> {
        self.sections.iter().map(number).collect()
    }

    pub(crate) fn cost_usd(&self) -> Vec<f64> {
        self.each(Tally::cost_usd)
    }

    /// The percentiles of the last section.
    pub(crate) fn last_percentiles_s(&self) -> [f64; 3] {
        self.sections.last().map_or([f64::NAN; 3], |section| section.percentiles_s)
    }

    pub(crate) fn percentile(&self, place: usize) -> Estimate {
        sectioned(self.percentiles_s[place], &self.each(|t| t.percentiles_s[place]))
    }

    pub(crate) fn mean_latency(&self) -> Estimate {
        ratio(&self.each(|t| t.latency_s), &self.each(|t| t.completed))
    }

    pub(crate) fn late_share(&self) -> Estimate {
        share(&self.each(|t| t.late), &self.each(|t| t.arrived))
    }

    pub(crate) fn success_rate(&self) -> Estimate {
        let (completed, arrived) = (self.each(|t| t.completed), self.each(|t| t.arrived));
        let rate = share(&completed, &arrived);
        // Without a single failure the sections do not differ; the exact bound does not vanish with them
        // (Clopper and Pearson 1934).
        let low = if rate.value < 1.0 { rate.low } else { 0.025_f64.powf(1.0 / arrived.iter().sum::<f64>()) };
        Estimate { low, ..rate }
    }

    /// Everything that is reported of the subject.
    pub(crate) fn metrics(&self, days_per_month: f64) -> Metrics {
        let days = self.each(|t| t.days);
        let arrived = self.each(|t| t.arrived);
        let billed = self.each(|t| t.seconds.iter().sum());
        let a_month = |of: &[f64]| ratio(of, &days).scaled(days_per_month);
        let by_state = |state: State| a_month(&self.each(|t| t.usd[state as usize]));
        Metrics {
            cost_usd_month: a_month(&self.cost_usd()),
            cost_usd_per_request: ratio(&self.cost_usd(), &arrived),
            cost_by_state: CostByState {
                boot_usd: by_state(State::Boot),
                busy_usd: by_state(State::Busy),
                idle_usd: by_state(State::Idle),
                wasted_usd: by_state(State::Wasted),
            },
            wait_s_mean: ratio(&self.each(|t| t.wait_s), &arrived),
            latency_s_mean: self.mean_latency(),
            latency_s_p50: self.percentile(0),
            latency_s_p95: self.percentile(P95),
            latency_s_p99: self.percentile(2),
            late_share: self.late_share(),
            success_rate: self.success_rate(),
            cold_start_share: share(&self.each(|t| t.cold), &arrived),
            utilisation: share(&self.each(|t| t.seconds[State::Busy as usize]), &billed),
            containers_mean: ratio(&billed, &days).scaled(1.0 / 86_400.0),
            containers_peak: self.peak_containers,
            boots_per_day: ratio(&self.each(|t| t.boots), &days),
            requests_per_day: ratio(&arrived, &days).value,
        }
    }
}

/// A ratio that cannot leave [0, 1].
pub(crate) fn share(numerator: &[f64], denominator: &[f64]) -> Estimate {
    let Estimate { value, low, high } = ratio(numerator, denominator);
    Estimate { value, low: low.max(0.0), high: high.min(1.0) }
}
