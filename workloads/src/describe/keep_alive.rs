//! How many active minutes would find no warm container, by how long containers are kept.

use super::gaps::Moments;
use super::{ActiveMinutes, KeepAlive};

/// The keep-alives, in minutes.
const KEEP_ALIVES_MIN: [u64; 8] = [1, 2, 5, 10, 15, 20, 30, 60];

/// Counts active minutes and those of them that are cold.
#[derive(Debug, Clone, Default)]
pub(super) struct KeepAliveCounts {
    /// By model: its last active minute.
    last: Vec<Option<u64>>,
    active: u64,
    /// By keep-alive.
    cold: [u64; KEEP_ALIVES_MIN.len()],
    /// Minutes from one active minute to the next of the same model.
    steps: Moments,
}

impl KeepAliveCounts {
    /// Counts a request of `model` in a minute that is not before that of the call before.
    pub(super) fn push(&mut self, minute: u64, model: usize) {
        if self.last.len() <= model {
            self.last.resize(model + 1, None);
        }
        let last = self.last[model].replace(minute);
        if last == Some(minute) {
            return;
        }
        self.active += 1;
        let idle = last.map_or(u64::MAX, |last| minute - last);
        if last.is_some() {
            self.steps.add(1, idle as f64, (idle as f64).powi(2));
        }
        for (cold, _) in self.cold.iter_mut().zip(KEEP_ALIVES_MIN).filter(|(_, minutes)| idle > *minutes) {
            *cold += 1;
        }
    }

    /// The active minutes; none where nothing was active.
    pub(super) fn active_minutes(&self) -> Option<ActiveMinutes> {
        (self.active > 0).then(|| ActiveMinutes {
            minutes: self.active,
            stretch_min: self.steps.sum() as u64,
            step_cv: self.steps.cv(),
        })
    }

    /// The counts by keep-alive; empty where nothing was active.
    pub(super) fn describe(&self) -> Vec<KeepAlive> {
        let rows = KEEP_ALIVES_MIN.iter().zip(self.cold).filter(|_| self.active > 0);
        rows.map(|(&minutes, cold)| KeepAlive {
            minutes,
            cold_active_minutes: cold,
            active_minutes: self.active,
            share: cold as f64 / self.active as f64,
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_cold_where_the_last_one_is_too_long_ago() {
        let mut counts = KeepAliveCounts::default();
        for (minute, model) in [(0, 0), (0, 1), (0, 0), (1, 0), (3, 0), (8, 0), (100, 1)] {
            counts.push(minute, model);
        }
        let rows = counts.describe();
        // The first minutes of both models, then gaps of 1, 2, 5 and 100 minutes.
        let cold: Vec<u64> = rows.iter().map(|row| row.cold_active_minutes).collect();
        assert_eq!(cold, [5, 4, 3, 3, 3, 3, 3, 3]);
        assert!(rows.iter().all(|row| row.active_minutes == 6));
        assert!((rows[0].share - 5.0 / 6.0).abs() < 1e-12);
        let active = counts.active_minutes().expect("some are");
        // Model 0 from 0 to 8, model 1 from 0 to 100.
        assert_eq!((active.minutes, active.stretch_min), (6, 108));
        assert!(KeepAliveCounts::default().describe().is_empty());
    }
}
