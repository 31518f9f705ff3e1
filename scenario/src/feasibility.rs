//! Whether a variant can run on a GPU type: the one place that decides it.

use fleetfront_calibration::{BORDERLINE_SHARE, Fit};

use crate::failure_counts::SeenFailures;
use crate::resolved::{Cell, Feasibility, Gpu, Infeasible, Quality};

/// What a variant asks for, wherever it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Needs<'a> {
    pub(crate) peak_gib: f64,
    pub(crate) requires: &'a [String],
    pub(crate) quality: Option<&'a Quality>,
    /// Largest accepted perceptual distance; `None` when any is.
    pub(crate) lpips_max: Option<f64>,
    /// Every run of the cell failed.
    pub(crate) failed: Option<RunsFailed>,
    /// Some runs of the cell failed.
    pub(crate) seen: Option<SeenFailures>,
}

/// Runs that all failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunsFailed {
    pub(crate) runs: u64,
    pub(crate) out_of_memory: u64,
}

/// What was found of a cell, on a platform that offers its GPU type or does not.
///
/// - `missing`: the platform's name where it does not.
pub(crate) fn offered(found: &Cell, missing: Option<&str>, memory_gib: (f64, f64)) -> Feasibility {
    let mut reasons = match &found.feasibility {
        Feasibility::Infeasible { reasons } => reasons.clone(),
        _ => Vec::new(),
    };
    reasons.retain(|reason| !matches!(reason, Infeasible::NotOffered { .. }));
    reasons.extend(missing.map(|platform| Infeasible::NotOffered { platform: platform.to_owned() }));
    feasibility(reasons, memory_gib, found.failures.as_ref().and_then(|failures| failures.seen))
}

fn feasibility(
    reasons: Vec<Infeasible>,
    (peak_gib, usable_gib): (f64, f64),
    seen: Option<SeenFailures>,
) -> Feasibility {
    if !reasons.is_empty() {
        Feasibility::Infeasible { reasons }
    } else if seen.is_some_and(|seen| seen.out_of_memory > 0) {
        Feasibility::SometimesOutOfMemory
    } else if peak_gib > BORDERLINE_SHARE * usable_gib {
        Feasibility::Borderline { peak_gib, usable_gib }
    } else {
        Feasibility::Fits
    }
}

impl Needs<'_> {
    /// The cell of this variant on `gpu`, given what is known about its service and boot times there.
    pub(crate) fn cell(&self, gpu: &Gpu, service: Option<Fit>, boot: Option<Fit>) -> Cell {
        let mut reasons = self.refusals(gpu);
        // Of what never ended nobody misses the time.
        for (what, known) in
            [("service time", service.is_some() || self.failed.is_some()), ("boot time", boot.is_some())]
        {
            if !known {
                reasons.push(Infeasible::NoData { what: what.to_owned() });
            }
        }
        let feasibility = feasibility(reasons, (self.peak_gib, gpu.usable_gib), self.seen);
        Cell {
            feasibility,
            service,
            boot,
            boot_plan: None,
            failure_probability: None,
            failure_counts: None,
            failures: None,
            peak_gib: None,
            shape: None,
        }
    }

    /// Memory first, then what its runs showed, then features, then quality.
    fn refusals(&self, gpu: &Gpu) -> Vec<Infeasible> {
        let memory = (self.peak_gib > gpu.usable_gib)
            .then_some(Infeasible::Memory { peak_gib: self.peak_gib, usable_gib: gpu.usable_gib });
        let failed =
            self.failed.map(|RunsFailed { runs, out_of_memory }| Infeasible::RunsFailed { runs, out_of_memory });
        let features = self
            .requires
            .iter()
            .filter(|feature| !gpu.features.contains(feature))
            .map(|feature| Infeasible::Feature { feature: feature.clone() });
        let quality = self.quality.zip(self.lpips_max).filter(|(quality, limit)| quality.lpips > *limit);
        let quality = quality.map(|(quality, limit)| Infeasible::Quality { lpips: quality.lpips, limit });
        memory.into_iter().chain(failed).chain(features).chain(quality).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fleetfront_calibration::{Factor, Kind, Provenance};
    use fleetfront_sim::{Law, UsdPerSecond};

    fn source() -> Provenance {
        Provenance { kind: Kind::Assumed, source: "test".into(), date: "2026-11-23".into() }
    }

    fn gpu(usable_gib: f64, features: &[&str]) -> Gpu {
        Gpu {
            name: "T4".into(),
            offered: true,
            usd_per_second: UsdPerSecond::new(0.1).unwrap(),
            usable_gib,
            features: features.iter().map(ToString::to_string).collect(),
            price_provenance: source(),
            memory_provenance: source(),
        }
    }

    fn fit() -> Fit {
        let law = Law::Deterministic { seconds: 1.0 };
        Fit { law, kind: Kind::Assumed, n: 0, factor: Factor::EXACT, rests_on: None, sources: vec![], notes: vec![] }
    }

    fn needs(peak_gib: f64, requires: &[String]) -> Needs<'_> {
        Needs { peak_gib, requires, quality: None, lpips_max: None, failed: None, seen: None }
    }

    fn check(needs: Needs<'_>, gpu: &Gpu, expected: &Feasibility) {
        assert_eq!(needs.cell(gpu, Some(fit()), Some(fit())).feasibility, *expected);
    }

    #[test]
    fn memory_decides_with_its_two_numbers() {
        // FLUX with fp8 weights on a T4: peak and usable memory as published.
        let reasons = vec![Infeasible::Memory { peak_gib: 21.5, usable_gib: 14.74 }];
        check(needs(21.5, &[]), &gpu(14.74, &[]), &Feasibility::Infeasible { reasons });
        check(needs(14.0, &[]), &gpu(14.74, &[]), &Feasibility::Fits);
        // On an A10 or L4 the same variant leaves less than a twentieth.
        check(needs(21.5, &[]), &gpu(22.0, &[]), &Feasibility::Borderline { peak_gib: 21.5, usable_gib: 22.0 });
        check(needs(22.0, &[]), &gpu(22.0, &[]), &Feasibility::Borderline { peak_gib: 22.0, usable_gib: 22.0 });
    }

    #[test]
    fn runs_that_all_failed_are_a_reason_with_their_number() {
        let failed = Some(RunsFailed { runs: 3, out_of_memory: 2 });
        let cell = Needs { failed, ..needs(9.0, &[]) }.cell(&gpu(14.74, &[]), None, Some(fit()));
        let reasons = vec![Infeasible::RunsFailed { runs: 3, out_of_memory: 2 }];
        assert_eq!(cell.feasibility, Feasibility::Infeasible { reasons });
    }

    #[test]
    fn runs_of_which_some_ran_out_of_memory_leave_a_cell_at_its_limit() {
        let seen = |out_of_memory| Some(SeenFailures { failed: 6, runs: 12, out_of_memory });
        let with = |out_of_memory| Needs { seen: seen(out_of_memory), ..needs(9.0, &[]) };
        check(with(3), &gpu(14.74, &[]), &Feasibility::SometimesOutOfMemory);
        check(with(0), &gpu(14.74, &[]), &Feasibility::Fits);
        let reasons = vec![Infeasible::Memory { peak_gib: 9.0, usable_gib: 8.0 }];
        check(with(3), &gpu(8.0, &[]), &Feasibility::Infeasible { reasons });
    }

    #[test]
    fn a_missing_feature_is_named() {
        let bf16 = ["bf16".to_owned()];
        let reasons = vec![Infeasible::Feature { feature: "bf16".into() }];
        check(needs(9.0, &bf16), &gpu(14.74, &[]), &Feasibility::Infeasible { reasons });
        check(needs(9.0, &bf16), &gpu(14.74, &["bf16"]), &Feasibility::Fits);
    }

    #[test]
    fn quality_counts_against_the_scenario_s_limit_only() {
        let quality = Quality { lpips: 0.29, provenance: source() };
        let with = |lpips_max| Needs { quality: Some(&quality), lpips_max, ..needs(9.0, &[]) };
        let reasons = vec![Infeasible::Quality { lpips: 0.29, limit: 0.2 }];
        check(with(Some(0.2)), &gpu(14.74, &[]), &Feasibility::Infeasible { reasons });
        check(with(Some(0.3)), &gpu(14.74, &[]), &Feasibility::Fits);
        check(with(None), &gpu(14.74, &[]), &Feasibility::Fits);
    }

    #[test]
    fn every_reason_is_given() {
        let bf16 = ["bf16".to_owned()];
        let cell = needs(33.9, &bf16).cell(&gpu(14.74, &[]), Some(fit()), None);
        let reasons = vec![
            Infeasible::Memory { peak_gib: 33.9, usable_gib: 14.74 },
            Infeasible::Feature { feature: "bf16".into() },
            Infeasible::NoData { what: "boot time".into() },
        ];
        assert_eq!(cell.feasibility, Feasibility::Infeasible { reasons });
    }
}
