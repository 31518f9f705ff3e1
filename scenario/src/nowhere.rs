//! Why a model can run nowhere: which constraint stops which of its variants where, and what would mend it.

use crate::resolved::{Feasibility, Gpu, Infeasible, Variant};

impl Infeasible {
    /// The constraint, without its numbers.
    #[must_use]
    pub fn constraint(&self) -> &'static str {
        match self {
            Self::Memory { .. } => "more memory than the GPU has",
            Self::RunsFailed { .. } => "every run failed",
            Self::Feature { .. } => "a feature that the GPU lacks",
            Self::Quality { .. } => "quality beyond criteria.quality_lpips_max",
            Self::NotOffered { .. } => "not offered by the platform",
            Self::NoData { .. } => "no service or boot time known",
        }
    }
}

impl Feasibility {
    /// All that stands in the way; nothing where it runs.
    #[must_use]
    pub fn reasons(&self) -> &[Infeasible] {
        match self {
            Self::Infeasible { reasons } => reasons,
            Self::Fits | Self::Borderline { .. } | Self::SometimesOutOfMemory => &[],
        }
    }
}

/// Why no variant of a model runs anywhere, and what to do.
pub(crate) fn runs_nowhere(model: &str, variants: &[Variant], gpus: &[Gpu]) -> (String, String) {
    let cells = || variants.iter().flat_map(|variant| &variant.cells);
    if cells().all(|cell| cell.service.is_none()) {
        let help = "add a row for it to the benchmark file, or a table `[[cells]]` with its service";
        return (format!("no service time of \"{model}\" is known on any GPU"), help.to_owned());
    }
    if cells().all(|cell| cell.boot.is_none()) {
        let help = "add a row for it to the boot file, or a table `[[cells]]` with its boot";
        return (format!("no boot time of \"{model}\" is known on any GPU"), help.to_owned());
    }
    let why = constraints(variants, gpus).join("; ");
    (format!("no variant of \"{model}\" can run on any GPU: {why}"), mend(model, variants, gpus))
}

/// Each constraint with how many variants it stops, in all and by GPU type.
fn constraints(variants: &[Variant], gpus: &[Gpu]) -> Vec<String> {
    let mut names: Vec<&'static str> = Vec::new();
    for reason in variants.iter().flat_map(|variant| &variant.cells).flat_map(|cell| cell.feasibility.reasons()) {
        if !names.contains(&reason.constraint()) {
            names.push(reason.constraint());
        }
    }
    let words = |name: &&'static str| {
        let stops = |variant: &&Variant, gpu: usize| {
            variant.cells[gpu].feasibility.reasons().iter().any(|reason| reason.constraint() == *name)
        };
        let on = |gpu: usize| variants.iter().filter(|variant| stops(variant, gpu)).count();
        let by_gpu: Vec<(usize, usize)> = (0..gpus.len()).map(|gpu| (gpu, on(gpu))).filter(|(_, n)| *n > 0).collect();
        let all: usize = by_gpu.iter().map(|(_, count)| count).sum();
        let places: Vec<String> = by_gpu.iter().map(|(gpu, count)| format!("{} {count}", gpus[*gpu].name)).collect();
        format!("{name} {all} of {} ({})", variants.len() * gpus.len(), places.join(", "))
    };
    names.iter().map(words).collect()
}

/// The least change that lets a variant run: of the cells that one constraint alone stops.
fn mend(model: &str, variants: &[Variant], gpus: &[Gpu]) -> String {
    let cells = variants.iter().flat_map(|variant| variant.cells.iter().zip(gpus).map(move |cell| (variant, cell)));
    let alone: Vec<(&Variant, &Gpu, &Infeasible)> = cells
        .filter_map(|(variant, (cell, gpu))| match cell.feasibility.reasons() {
            [one] => Some((variant, gpu, one)),
            _ => None,
        })
        .collect();
    let lpips = alone.iter().filter_map(|(.., reason)| match reason {
        Infeasible::Quality { lpips, .. } => Some(*lpips),
        _ => None,
    });
    let lpips = lpips.fold(f64::INFINITY, f64::min);
    if lpips.is_finite() {
        return format!("write quality_lpips_max = {lpips} or more in [criteria], or add a variant of better quality");
    }
    for (variant, gpu, reason) in &alone {
        if let Infeasible::NoData { what } = reason {
            return format!(
                "give the {what} of {model} as {} on {}: a row of its table, or [[cells]]",
                variant.name, gpu.name
            );
        }
    }
    let Some(smallest) = variants.iter().min_by(|a, b| a.peak_gib.total_cmp(&b.peak_gib)) else {
        return "add a variant".to_owned();
    };
    let features = smallest.requires.iter().fold(String::new(), |words, feature| words + " and " + feature);
    format!(
        "add a GPU type with {} GiB or more{features} and its times, or a variant that one of these fits",
        smallest.peak_gib
    )
}

#[cfg(test)]
mod tests {
    use crate::testing::{edited, edited_text, only_problem};
    use crate::{Files, Scenario};

    #[test]
    fn a_quality_limit_that_nothing_meets_is_named_with_the_one_that_something_does() {
        let files = edited("quality_lpips_max = 0.30", "quality_lpips_max = 0.05");
        let problems = Scenario::load(&files).expect_err("a FLUX without a good enough variant");
        let schnell = problems.iter().find(|problem| problem.key == "models[0].name").expect("it runs nowhere");
        // All three variants on all ten GPU types; the first of them does not fit a T4 either.
        assert!(schnell.message.contains("criteria.quality_lpips_max 30 of 30 (T4 3, L4 3, A10 3, "), "{schnell}");
        assert!(schnell.message.contains("more memory than the GPU has 2 of 30 (T4 2)"), "{schnell}");
        assert!(schnell.help.starts_with("write quality_lpips_max = 0.09 or more"), "{schnell}");
        assert!(problems.iter().all(|problem| problem.line.is_some()));
    }

    #[test]
    fn gpus_that_are_too_small_are_named_with_what_would_do() {
        let memory = edited_text("memory.csv", "variant,instantid,fp16,14.5", "variant,instantid,fp16,1000");
        let problem = only_problem(&Files::embedded().with("memory.csv", &memory));
        assert!(problem.message.ends_with("H200 1, B200 1)"), "{problem}");
        assert!(problem.message.contains("more memory than the GPU has 10 of 10 (T4 1, "), "{problem}");
        assert!(problem.help.starts_with("add a GPU type with 1000 GiB or more"), "{problem}");
    }
}
