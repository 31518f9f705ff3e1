//! The adapters of a log's requests: the lines of `[models.adapters]`.

use fleetfront_workloads::TrafficStudy;

use super::digits;
use crate::adapters::{COUNT_MAX, ZIPF_MAX};

/// The words on a model's adapters and the lines of `[models.adapters]`, as comments: what they need besides is no matter
/// of a log. None where its requests name no adapter.
///
/// - `provenance`: where the popularity comes from, as TOML.
pub(super) fn adapter_lines(study: &TrafficStudy, model: &str, provenance: &str) -> Option<(String, String)> {
    let own = || study.adapters_of_models.iter().find(|(name, _)| name == model).map(|(_, own)| own);
    let adapters = if study.fits.len() == 1 { study.adapters.as_ref() } else { own() }?;
    let known = if adapters.is_complete { "" } else { "at least " };
    let without = match adapters.without {
        0 => String::new(),
        without => format!(
            " {without} requests name none, which is not simulated: either count them as another adapter, or let them be a \
             model of their own."
        ),
    };
    let count = adapters.distinct.min(u64::from(COUNT_MAX));
    let cut =
        if count < adapters.distinct { format!(" No more than {COUNT_MAX} are simulated.") } else { String::new() };
    let words = format!(
        "{} requests name an adapter, {known}{} different ones, whose popularity is nearest to Zipf's law with this \
         exponent.{without}{cut} To simulate them, take the # off these lines, put them behind the other keys of the \
         model, and add two things that no log knows: in load_s the time to load one, and in held how many a container \
         holds.",
        adapters.requests, adapters.distinct
    );
    let zipf = digits(adapters.zipf.unwrap_or(0.0).min(ZIPF_MAX), 3);
    let lines = format!(
        "# [models.adapters]\n# count = {count}\n# zipf = {zipf}\n# load_s = ?\n# held = ?\n# provenance = {provenance}\n"
    );
    Some((words, lines))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;
    use std::io::Cursor;

    use approx::assert_relative_eq;
    use fleetfront_workloads::fit::CurveKind;
    use fleetfront_workloads::{LogOptions, StudyOptions, study_traffic};

    use super::*;
    use crate::files::{Files, SCENARIO_FILE};
    use crate::pasted::pasted;
    use crate::resolved::Scenario;
    use crate::{traffic_load_files, traffic_section, traffic_shape_files};

    /// Three days of requests with sizes and adapters: the k-th adapter of a model is asked for in proportion to 1 / k.
    fn study(models: &[&str]) -> TrafficStudy {
        let mut text = "time,model,steps,images,lora\n".to_owned();
        for k in 0..3 * 1440_u32 {
            let (day, hour, minute) = (k / 1440 + 1, k / 60 % 24, k % 60);
            let adapter = match k * 7 % 11 {
                0..6 => "a",
                6..9 => "b",
                _ => "c",
            };
            let size = if k % 3 == 0 { "20,1" } else { "50,4" };
            let model = models[k as usize % models.len()];
            let _ = writeln!(text, "2024-01-{day:02} {hour:02}:{minute:02}:{:02},{model},{size},{adapter}", k * k % 60);
        }
        let mut log = LogOptions::default();
        log.columns.adapter = Some("lora".into());
        study_traffic(
            || Ok(Cursor::new(text.clone())),
            "log.csv",
            &StudyOptions { log, curve: CurveKind::Steps, check: None },
        )
        .expect("a study")
    }

    /// A section with the lines of `[models.shape]` and `[models.adapters]` uncommented, and numbers for what no log knows.
    fn uncommented(section: &str) -> String {
        const MISSING: [(&str, &str); 5] = [
            ("steps = ?", "steps = 20"),
            ("images = ?", "images = 1"),
            ("fixed_share = ?", "fixed_share = 0.1"),
            ("load_s = ?", "load_s = 3.0"),
            ("held = ?", "held = 1"),
        ];
        let mut is_table = false;
        let line = |line: &str| {
            let bare = line.strip_prefix("# ").unwrap_or(line);
            let is_key =
                bare.split_once(" = ").is_some_and(|(key, _)| key.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
            is_table = bare.starts_with("[models.") || (is_table && is_key);
            let given = if is_table { bare } else { line };
            MISSING.iter().fold(given.to_owned(), |given, (open, known)| given.replace(open, known)) + "\n"
        };
        section.lines().map(line).collect()
    }

    /// The default scenario with a study's section, everything in it uncommented.
    fn scenario(study: &TrafficStudy) -> Scenario {
        let files = Files::embedded();
        let section = uncommented(&traffic_section(study, "log.csv"));
        let text = pasted(files.text(SCENARIO_FILE).expect("it is there"), &section);
        let with = traffic_load_files(study, "log.csv").into_iter().chain(traffic_shape_files(study));
        let files = with.fold(files.with(SCENARIO_FILE, &text), |files, (name, text)| files.with(&name, &text));
        Scenario::load(&files).unwrap_or_else(|problems| panic!("{problems:#?}\n{text}"))
    }

    #[test]
    fn what_waits_for_more_is_a_scenario_once_it_has_that() {
        for models in [&["flux"][..], &["flux", "lora"]] {
            let study = study(models);
            let scenario = scenario(&study);
            for (model, name) in scenario.models.iter().zip(models) {
                let adapters = model.adapters.as_ref().unwrap_or_else(|| panic!("no adapters of {name}"));
                assert_eq!((adapters.weights.len(), adapters.held), (3, 1));
                // 6, 3 and 2 of 11.
                assert_relative_eq!(adapters.weights[1] / adapters.weights[0], 0.5, max_relative = 0.02);
                assert_relative_eq!(adapters.weights[2] / adapters.weights[0], 1.0 / 3.0, max_relative = 0.02);
                let shape = model.shape.as_ref().unwrap_or_else(|| panic!("no shapes of {name}"));
                assert!(shape.larger_than_reference().is_some_and(|words| words.contains("4 images")));
            }
        }
    }

    #[test]
    fn requests_without_an_adapter_are_said_and_a_log_without_any_has_no_lines() {
        let mut study = study(&["flux"]);
        assert!(!traffic_section(&study, "log.csv").contains("name none"));
        study.adapters.as_mut().expect("adapters").without = 7;
        assert!(traffic_section(&study, "log.csv").replace("\n# ", " ").contains("7 requests name none, which is not"));
        study.adapters = None;
        assert!(!traffic_section(&study, "log.csv").contains("models.adapters"));
    }
}
