//! What is kept of each trial for one estimand, and the estimate from all of them.

use fleetfront_planner::Replication;
use fleetfront_planner::statistics::{Interval, ratio_of_sums};
use fleetfront_sim::{LatencyHistogram, State, Timeline};

use super::metric::{Estimand, Quantity};
use super::tolerance::CONFIDENCE;

/// The trials so far, as one estimand sees them.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    estimand: Estimand,
    /// Containers that a trial counts as started because it begins with them.
    initial: u64,
    /// One entry a trial in each; how many there are depends on the estimand.
    columns: Vec<Vec<f64>>,
    /// Latencies or waits of all trials.
    merged: LatencyHistogram,
}

impl Sample {
    pub(crate) fn new(estimand: Estimand, initial: u64) -> Self {
        Self { estimand, initial, columns: vec![Vec::new(); 3], merged: LatencyHistogram::default() }
    }

    /// Adds a trial.
    pub(crate) fn record(&mut self, trial: &Replication) {
        let row = self.row(trial);
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.push(value);
        }
    }

    fn row(&mut self, trial: &Replication) -> [f64; 3] {
        let of = |quantity: Quantity| quantity_of(quantity, trial, self.initial);
        match self.estimand {
            Estimand::Ratio(above, below) => [of(above), of(below), 0.0],
            Estimand::Covariance(a, b) => [of(a), of(b), 1.0],
            Estimand::Quantile { of_wait, p } => {
                let model = &trial.models[0];
                let histogram = if of_wait { model.waits.as_ref() } else { Some(&model.latencies) };
                let histogram = histogram.expect("waits are looked at where they are asked for");
                self.merged.merge(histogram);
                [histogram.quantile_s(p).unwrap_or(f64::NAN), 1.0, 0.0]
            }
            Estimand::WaitsLonger(seconds) => {
                let waits = trial.models[0].waits.as_ref().expect("waits are looked at where they are asked for");
                let all = waits.total() as f64;
                [all - waits.count_up_to(seconds), all, 0.0]
            }
            Estimand::BusyVariance | Estimand::Peakedness => {
                let busy = &last_pool(trial).occupancy.as_ref().expect("occupancies are looked at").busy_ns;
                let moment =
                    |k: i32| busy.iter().enumerate().map(|(n, ns)| (n as f64).powi(k) * *ns as f64 / 1e9).sum();
                [moment(0), moment(1), moment(2)]
            }
            Estimand::BusyAt { at_s, period_s } => {
                let timeline = last_pool(trial).timeline.as_ref().expect("the timeline is looked at");
                [busy_at(timeline, at_s, period_s), 1.0, 0.0]
            }
            Estimand::Lag { period_s } => {
                let timeline = last_pool(trial).timeline.as_ref().expect("the timeline is looked at");
                let [cosine, sine] = wave(timeline, period_s);
                [-cosine, sine, 0.0]
            }
        }
    }

    /// Trials recorded.
    pub(crate) fn trials(&self) -> usize {
        self.columns[0].len()
    }

    /// The estimate and its interval.
    pub(crate) fn estimate(&self) -> (f64, Interval) {
        let (a, b) = (&self.columns[0], &self.columns[1]);
        match self.estimand {
            Estimand::Ratio(..) | Estimand::WaitsLonger(_) => {
                let ratio = ratio_of_sums(a, b);
                (ratio.value, ratio.interval(CONFIDENCE))
            }
            Estimand::BusyAt { .. } => around(mean(a), a),
            Estimand::Quantile { p, .. } => around(self.merged.quantile_s(p).unwrap_or(f64::NAN), a),
            Estimand::Covariance(..) => {
                let (of_a, of_b, trials) = (mean(a), mean(b), self.trials() as f64);
                let product = |(a, b): (&f64, &f64)| (a - of_a) * (b - of_b) * trials / (trials - 1.0);
                let products: Vec<f64> = a.iter().zip(b).map(product).collect();
                around(mean(&products), &products)
            }
            Estimand::BusyVariance => self.spread(false),
            Estimand::Peakedness => self.spread(true),
            Estimand::Lag { period_s } => {
                let ratio = ratio_of_sums(a, b);
                let interval = ratio.interval(CONFIDENCE);
                let lag = |tangent: f64| tangent.atan() * period_s / std::f64::consts::TAU;
                (lag(ratio.value), Interval { low: lag(interval.low), high: lag(interval.high) })
            }
        }
    }

    /// Variance in time, from the integrals of 1, n and n squared; or the same over the mean. Delta method: the
    /// interval is that of a sum whose weights are the derivatives by the mean integrals.
    fn spread(&self, over_mean: bool) -> (f64, Interval) {
        let [time, first, second] = [0, 1, 2].map(|k| mean(&self.columns[k]));
        let (level, square) = (first / time, second / time);
        let variance = square - level * level;
        let of_variance = [(2.0 * level * level - square) / time, -2.0 * level / time, 1.0 / time];
        let of_level = [-level / time, 1.0 / time, 0.0];
        let (value, weights) = if over_mean {
            let of_ratio = |k: usize| (of_variance[k] - variance / level * of_level[k]) / level;
            (variance / level, [0, 1, 2].map(of_ratio))
        } else {
            (variance, of_variance)
        };
        let weigh = |trial: usize| (0..3).map(|k| weights[k] * self.columns[k][trial]).sum();
        around(value, &(0..self.trials()).map(weigh).collect::<Vec<f64>>())
    }
}

fn mean(column: &[f64]) -> f64 {
    column.iter().sum::<f64>() / column.len() as f64
}

/// A value with the interval that the mean of `column` has.
fn around(value: f64, column: &[f64]) -> (f64, Interval) {
    let half = ratio_of_sums(column, &vec![1.0; column.len()]).half_width(CONFIDENCE);
    (value, Interval { low: value - half, high: value + half })
}

fn last_pool(trial: &Replication) -> &fleetfront_planner::PoolReplication {
    trial.pools.last().expect("an allocation has pools")
}

fn quantity_of(quantity: Quantity, trial: &Replication, initial: u64) -> f64 {
    use Quantity as Q;
    let models = |count: &dyn Fn(&fleetfront_sim::ModelOutcome) -> u64| {
        trial.models.iter().map(|model| count(&model.outcome)).sum::<u64>() as f64
    };
    let seconds = |sum: &dyn Fn(&fleetfront_sim::ModelOutcome) -> u128| {
        trial.models.iter().map(|model| sum(&model.outcome)).sum::<u128>() as f64 / 1e9
    };
    let (first, last) = (&trial.pools[0], last_pool(trial));
    match quantity {
        Q::Trial => 1.0,
        Q::HorizonS => trial.horizon_s,
        Q::Arrived => models(&|m| m.arrived),
        Q::ArrivedOf(model) => trial.models[model].outcome.arrived as f64,
        Q::Accepted => models(&|m| m.arrived - m.rejected),
        Q::Completed => models(&|m| m.completed),
        Q::Rejected => models(&|m| m.rejected),
        Q::RejectedOf(model) => trial.models[model].outcome.rejected as f64,
        Q::Abandoned => models(&|m| m.abandoned),
        Q::Waited => models(&|m| m.waited),
        Q::FellBack => models(&|m| m.fell_back),
        Q::Executions => models(&|m| m.executions),
        Q::WaitS => seconds(&|m| m.wait_ns),
        Q::LatencyS => seconds(&|m| m.latency_ns),
        Q::SojournS => seconds(&|m| m.sojourn_ns),
        Q::Starts => first.outcome.boots as f64 - initial as f64,
        Q::BilledS => first.ledger.billed().as_secs_f64(),
        Q::BootS => first.ledger.get(State::Boot).as_secs_f64(),
        Q::BusyS => last.ledger.get(State::Busy).as_secs_f64() + last.ledger.get(State::Wasted).as_secs_f64(),
        Q::IdleS => first.ledger.get(State::Idle).as_secs_f64(),
        Q::Batches => first.outcome.batches as f64,
        Q::FullBatches => first.outcome.full_batches as f64,
        Q::AliveAbove(count) => {
            let alive = &first.occupancy.as_ref().expect("occupancies are looked at").alive_ns;
            alive.iter().skip(count as usize + 1).map(|ns| *ns as f64 / 1e9).sum()
        }
        Q::HourCount(hour) => {
            let arrivals = &first.timeline.as_ref().expect("the timeline is looked at").arrivals;
            let bins = arrivals.len() / 24;
            arrivals[hour * bins..(hour + 1) * bins].iter().sum::<u64>() as f64
        }
        Q::CountAbove(limit) => f64::from(u8::from(models(&|m| m.arrived) > limit)),
    }
}

/// Containers executing in each bin, in the mean.
fn busy(timeline: &Timeline) -> impl Fn(usize) -> f64 {
    let bin_ns = timeline.bin().0 as f64;
    move |bin: usize| {
        let states = &timeline.states_ns[bin];
        (states[State::Busy as usize] + states[State::Wasted as usize]) as f64 / bin_ns
    }
}

/// Mean containers executing at an instant of each cycle, or of the trial, between the middles of two bins.
fn busy_at(timeline: &Timeline, at_s: f64, period_s: f64) -> f64 {
    let (busy, bin_s) = (busy(timeline), timeline.bin().as_secs_f64());
    let (mut sum, mut instants, mut at) = (0.0, 0.0, at_s);
    loop {
        let place = at / bin_s - 0.5;
        let (bin, part) = (place.floor(), place - place.floor());
        if bin + 1.0 >= timeline.states_ns.len() as f64 {
            return sum / instants;
        }
        if bin >= 0.0 {
            sum += (1.0 - part) * busy(bin as usize) + part * busy(bin as usize + 1);
            instants += 1.0;
        }
        at += if period_s > 0.0 { period_s } else { f64::INFINITY };
    }
}

/// Cosine and sine part of the containers executing, over cycles of a period.
fn wave(timeline: &Timeline, period_s: f64) -> [f64; 2] {
    let (busy, bin_s) = (busy(timeline), timeline.bin().as_secs_f64());
    let mut parts = [0.0; 2];
    for bin in 0..timeline.states_ns.len() {
        let (sine, cosine) = (std::f64::consts::TAU * (bin as f64 + 0.5) * bin_s / period_s).sin_cos();
        parts[0] += busy(bin) * cosine;
        parts[1] += busy(bin) * sine;
    }
    parts
}
