//! The tables of variants on GPU types: memory, features, quality and failures.

use fleetfront_calibration::{CalibrationStudy, FailureOnGpu, MemoryClass, PeakOfVariant, PeakOnGpu, QualityOfVariant};

use crate::calibration_tables::{CalibrationTable, table};
use crate::calibration_words::{source_numbers, sources_of_use};
use crate::format::{Unit, plain};

/// Peaks of memory, and the GPU types that have so much.
pub(crate) fn memory(study: &CalibrationStudy, sources: &[String]) -> CalibrationTable {
    let columns = ["variant", "peak, GiB", "kind", "fits, from", "borderline (left)", "does not fit (short)", "from"];
    let gpus: Vec<String> =
        study.memory.iter().take(1).flat_map(|peak| &peak.gpus).map(|on| on.provenance.cite()).collect();
    let of_gpus = source_numbers(sources, &gpus);
    let heading = format!("Memory in GiB: peaks of a request, and the GPU types that have so much [{of_gpus}]");
    let mut out = table(heading, &columns, &[1]);
    for peak in &study.memory {
        let gpus = by_memory(peak);
        let of = |class: MemoryClass| gpus.iter().filter(move |on| on.fit.class == class);
        let with_margin = |class: MemoryClass| {
            let margin = |on: &&PeakOnGpu| format!("{} ({})", on.gpu, plain(on.fit.margin_gib().abs(), Unit::Count));
            list(&of(class).map(margin).collect::<Vec<_>>())
        };
        // Classes follow the size of the memory alone: what fits, fits on everything larger.
        let fits: Vec<&str> = of(MemoryClass::Fits).map(|on| on.gpu.as_str()).collect();
        let fits = match fits[..] {
            [] => "none".to_owned(),
            [only] => only.to_owned(),
            [least, ..] => format!("{least} on, {} of {}", fits.len(), gpus.len()),
        };
        let kind = peak.provenance.kind.word();
        out.rows.push(vec![
            variant_words(peak),
            plain(peak.peak_gib, Unit::Count),
            peak.measured_on.as_ref().map_or(kind.to_owned(), |gpu| format!("{kind} on {gpu}")),
            fits,
            with_margin(MemoryClass::Borderline),
            with_margin(MemoryClass::No),
            source_numbers(sources, &[peak.provenance.cite()]),
        ]);
    }
    out
}

/// Features, quality and failures of those variants of which anything is said.
pub(crate) fn usable(study: &CalibrationStudy, sources: &[String]) -> CalibrationTable {
    let columns =
        ["variant", "needs (lacked by)", "LPIPS", "kind", "a request fails", "kind", "fails for certain", "from"];
    let limit = study.memory.iter().find_map(|peak| match &peak.quality {
        QualityOfVariant::Stated { lpips_max, .. } => *lpips_max,
        _ => None,
    });
    let accepted = limit.map_or(String::new(), |most| format!(", accepted up to {}", plain(most, Unit::Count)));
    let heading = format!("Features, quality (LPIPS: distance to the reference precision{accepted}) and failures");
    let mut out = table(heading, &columns, &[]);
    for peak in &study.memory {
        let says_nothing = peak.quality == QualityOfVariant::NotStated
            && peak.requires.is_empty()
            && peak.gpus.iter().all(|on| on.failure.is_none());
        if says_nothing {
            continue;
        }
        let (probability, kind) = failures(peak);
        let certain = by_memory(peak).into_iter().filter(|on| is_certain(on.failure.as_ref()));
        out.rows.push(vec![
            variant_words(peak),
            needs(peak),
            quality_words(&peak.quality),
            match &peak.quality {
                QualityOfVariant::Stated { provenance, .. } => provenance.kind.word().to_owned(),
                _ => "–".to_owned(),
            },
            probability,
            kind,
            list(&certain.map(|on| on.gpu.clone()).collect::<Vec<_>>()),
            source_numbers(sources, &sources_of_use(peak)),
        ]);
    }
    out
}

fn by_memory(peak: &PeakOfVariant) -> Vec<&PeakOnGpu> {
    let mut gpus: Vec<&PeakOnGpu> = peak.gpus.iter().collect();
    gpus.sort_by(|a, b| a.fit.usable_gib.total_cmp(&b.fit.usable_gib));
    gpus
}

fn variant_words(peak: &PeakOfVariant) -> String {
    format!("{} {}", peak.model, peak.variant).trim_end().to_owned()
}

fn list(words: &[String]) -> String {
    if words.is_empty() { "–".to_owned() } else { words.join(", ") }
}

/// Each feature with the GPU types that lack it.
fn needs(peak: &PeakOfVariant) -> String {
    let of = |feature: &String| {
        let lacking = by_memory(peak).into_iter().filter(|on| on.lacks.contains(feature));
        let lacking: Vec<String> = lacking.map(|on| on.gpu.clone()).collect();
        let by = if lacking.is_empty() { "none".to_owned() } else { lacking.join(", ") };
        format!("{feature} ({by})")
    };
    list(&peak.requires.iter().map(of).collect::<Vec<_>>())
}

fn quality_words(quality: &QualityOfVariant) -> String {
    let number = |lpips: f64| plain(lpips, Unit::Count);
    match quality {
        QualityOfVariant::NotStated => "not stated".to_owned(),
        QualityOfVariant::Reference => "reference, met".to_owned(),
        QualityOfVariant::Stated { lpips, is_met, .. } => {
            let verdict = match is_met {
                Some(true) => "met",
                Some(false) => "not met",
                None => "no limit stated",
            };
            format!("{}, {verdict}", number(*lpips))
        }
    }
}

fn is_certain(failure: Option<&FailureOnGpu>) -> bool {
    failure.is_some_and(|failure| failure.because.is_some())
}

/// How often requests fail where they can succeed, each probability once, with its kind.
fn failures(peak: &PeakOfVariant) -> (String, String) {
    let mut said: Vec<(String, &str)> = Vec::new();
    for on in by_memory(peak) {
        let Some(failure) = on.failure.as_ref().filter(|failure| failure.because.is_none()) else { continue };
        let share = |p: f64| plain(p, Unit::Share);
        let counted = failure.interval.map(|(low, high)| format!(" ({}–{}) on {}", share(low), share(high), on.gpu));
        let words = (share(failure.probability) + &counted.unwrap_or_default(), failure.kind.word());
        if !said.contains(&words) {
            said.push(words);
        }
    }
    let (words, kinds): (Vec<String>, Vec<&str>) = said.into_iter().unzip();
    let mut different: Vec<String> = Vec::new();
    for kind in kinds {
        if !different.iter().any(|other| other == kind) {
            different.push(kind.to_owned());
        }
    }
    (list(&words), list(&different))
}
