//! Whether a peak of memory fits a GPU, and by how much.

use serde::{Deserialize, Serialize};

use crate::runs::{Run, RunEnd};

/// Above this share of the usable memory a fit is borderline: fragmentation or a larger image may break it. The
/// scenario decides by it too.
pub const BORDERLINE_SHARE: f64 = 0.95;

/// How a peak stands to what a GPU has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryClass {
    /// At most 95 % of the usable memory.
    Fits,
    /// More than that, but not more than there is.
    Borderline,
    /// More than there is: every request fails.
    No,
}

/// A peak beside what a GPU has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MemoryFit {
    /// How it stands.
    pub class: MemoryClass,
    /// Peak of a request in GiB.
    pub peak_gib: f64,
    /// What a process can use of the GPU, in GiB.
    pub usable_gib: f64,
}

impl MemoryFit {
    /// - `peak_gib`: of one request with everything that is loaded, in GiB.
    /// - `usable_gib`: what a process can use of the GPU, in GiB: less than what is printed on it.
    ///
    /// # Panics
    /// If one of them is not above zero and finite.
    #[must_use]
    pub fn of(peak_gib: f64, usable_gib: f64) -> Self {
        assert!(peak_gib.is_finite() && peak_gib > 0.0, "{peak_gib} is no peak of memory");
        assert!(usable_gib.is_finite() && usable_gib > 0.0, "{usable_gib} is no memory");
        let class = if peak_gib > usable_gib {
            MemoryClass::No
        } else if peak_gib > BORDERLINE_SHARE * usable_gib {
            MemoryClass::Borderline
        } else {
            MemoryClass::Fits
        };
        Self { class, peak_gib, usable_gib }
    }

    /// The greatest peak of the runs of a cell that ended; `None` where none states one. A run that ran out of memory
    /// had need of more than it states, so its own is not taken.
    ///
    /// - `usable_gib`: as in [`Self::of`].
    ///
    /// # Panics
    /// If `usable_gib` is not above zero and finite.
    #[must_use]
    pub fn of_runs(runs: &[&Run], usable_gib: f64) -> Option<Self> {
        let ended = runs.iter().filter(|run| !matches!(run.end, RunEnd::Failed { .. }));
        let peak = ended.filter_map(|run| run.peak_gib).reduce(f64::max)?;
        Some(Self::of(peak, usable_gib))
    }

    /// What is left, in GiB; negative where it does not fit.
    #[must_use]
    pub fn margin_gib(&self) -> f64 {
        self.usable_gib - self.peak_gib
    }

    /// Share of the usable memory that the peak takes; above 1 where it does not fit.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.peak_gib / self.usable_gib
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Memory;
    use crate::runs::{Runs, RunsOptions};
    use approx::assert_relative_eq;

    /// Peaks and memory as published: FLUX in fp8 on a T4, A10 and L40S.
    #[test]
    fn published_peaks_are_classified_as_their_sources_say() {
        let memory = Memory::read("memory.csv", include_str!("../../data/image-studio/memory.csv")).expect("valid");
        let class = |model: &str, variant: &str, gpu: &str| {
            let peak = memory.variant(model, variant).expect("a peak").gib;
            MemoryFit::of(peak, memory.gpu(gpu).expect("a GPU").gib).class
        };
        assert_eq!(class("flux-dev", "fp8", "T4"), MemoryClass::No);
        assert_eq!(class("flux-dev", "fp8", "A10"), MemoryClass::Borderline);
        assert_eq!(class("flux-dev", "fp8", "L40S"), MemoryClass::Fits);
        assert_eq!(class("instantid", "fp16", "T4"), MemoryClass::Borderline);
        assert_eq!(class("flux-dev", "bf16", "L40S"), MemoryClass::Fits);
    }

    #[test]
    fn the_ends_belong_to_the_better_class() {
        assert_eq!(MemoryFit::of(22.0, 22.0).class, MemoryClass::Borderline);
        assert_eq!(MemoryFit::of(19.0, 20.0).class, MemoryClass::Fits);
        let over = MemoryFit::of(25.0, 20.0);
        assert_relative_eq!(over.margin_gib(), -5.0);
        assert_relative_eq!(over.share(), 1.25);
    }

    #[test]
    fn the_greatest_peak_of_runs_that_ended_counts() {
        let text = "model,gpu,phase,seconds,ok,cause,peak_gib,date,source\nm,T4,warm,2,yes,,12.5,2026-11-01,kit\n\
                    m,T4,warm,2.1,yes,,13.5,2026-11-01,kit\nm,T4,warm,,no,oom,14.6,2026-11-01,kit\n";
        let options = RunsOptions::on(crate::Day::parse("2026-11-26").expect("a date"));
        let runs = Runs::read("runs.csv", text, &options).expect("valid");
        let rows: Vec<&Run> = runs.rows.iter().collect();
        let found = MemoryFit::of_runs(&rows, 14.74).expect("peaks");
        assert_eq!((found.peak_gib.to_bits(), found.class), (13.5_f64.to_bits(), MemoryClass::Fits));
        assert_eq!(MemoryFit::of_runs(&rows[2..], 14.74), None);
    }
}
