//! The sizes of a log's requests as a scenario takes them: a file with a joint sample for each model, and the lines of
//! `[models.shape]` that name it.

use std::fmt::Write;

use fleetfront_workloads::TrafficStudy;
use fleetfront_workloads::shapes::ShapeSample;

use crate::model_files::model_files;

/// The files of the joint samples with their names: `shapes.csv` where the log has one model, else `shapes.MODEL.csv`, each
/// with the columns weight and those of steps, megapixels, frames and images that the log has.
#[must_use]
pub fn traffic_shape_files(study: &TrafficStudy) -> Vec<(String, String)> {
    samples(study).map(|(name, sample)| (name, csv(sample))).collect()
}

/// The samples that have rows, each with the name of its file.
fn samples(study: &TrafficStudy) -> impl Iterator<Item = (String, &ShapeSample)> {
    let all = || study.shapes.iter().flat_map(|shapes| &shapes.samples).filter(|sample| !sample.rows.is_empty());
    let names = model_files("shapes", study.fits.len() == 1, all().map(|sample| sample.model.as_str()));
    names.into_iter().zip(all())
}

fn csv(sample: &ShapeSample) -> String {
    let mut out = "weight".to_owned();
    sample.sizes.iter().for_each(|size| out.extend([",", size.name()]));
    out.push('\n');
    for row in &sample.rows {
        let _ = write!(out, "{}", row.weight);
        row.values.iter().for_each(|value| {
            let _ = write!(out, ",{value}");
        });
        out.push('\n');
    }
    out
}

/// The lines of `[models.shape]`, as comments: what they need besides is no matter of a log. Empty where the log has no
/// sizes of the model.
///
/// - `provenance`: where the sample comes from, as TOML.
pub(crate) fn shape_lines(study: &TrafficStudy, model: &str, provenance: &str) -> Option<(String, String)> {
    let is_only = study.fits.len() == 1;
    let (file, sample) = samples(study).find(|(_, sample)| is_only || sample.model == model)?;
    let rows = if sample.is_sample {
        format!("those of a random sample of {} of them", sample.rows.iter().map(|row| row.weight).sum::<u64>())
    } else {
        match sample.rows.len() {
            1 => "all alike".to_owned(),
            different => format!("{different} different ones"),
        }
    };
    let left_out = match sample.left_out {
        0 => String::new(),
        left_out => format!(" {left_out} requests are left out, whose sizes are missing or none that is simulated."),
    };
    let words = format!(
        "{file} holds the sizes of {} requests as they came together, {rows}.{left_out} To simulate them, put the file \
         beside this one, take the # off these lines, put them behind the other keys of the model, and add two things that \
         no log knows: in reference the shape of the requests that your benchmarks timed, and in fixed_share the share of \
         their time that does not grow with it.",
        sample.requests
    );
    let reference: Vec<String> = sample.sizes.iter().map(|size| format!("{} = ?", size.name())).collect();
    let lines = format!(
        "# [models.shape]\n# file = \"{file}\"\n# reference = {{ {} }}\n# fixed_share = ?\n# provenance = {provenance}\n",
        reference.join(", ")
    );
    Some((words, lines))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use fleetfront_workloads::fit::CurveKind;
    use fleetfront_workloads::{LogOptions, StudyOptions, study_traffic};

    use super::*;
    use crate::traffic_section;

    fn study(header: &str, row: impl Fn(u32) -> String) -> TrafficStudy {
        let line = |k: u32| format!("2024-01-{:02} {:02}:{:02}:00,{}\n", k / 144 + 1, k / 6 % 24, k % 6 * 10, row(k));
        let text: String = std::iter::once(format!("time,{header}\n")).chain((0..3 * 144).map(line)).collect();
        let options = StudyOptions { log: LogOptions::default(), curve: CurveKind::Steps, check: None };
        study_traffic(|| Ok(Cursor::new(text.clone())), "log.csv", &options).expect("a study")
    }

    #[test]
    fn the_joint_sample_of_a_log_is_a_file_and_lines_that_wait_for_more() {
        let study = study("steps,images,prompt_length", |k| if k % 3 == 0 { "20,1,7" } else { "50,4,9" }.to_owned());
        let files = traffic_shape_files(&study);
        assert_eq!(files, [("shapes.csv".to_owned(), "weight,steps,images\n144,20,1\n288,50,4\n".to_owned())]);
        let section = traffic_section(&study, "log.csv");
        let wanted = "# [models.shape]\n# file = \"shapes.csv\"\n# reference = { steps = ?, images = ? }\n# fixed_share = ?\n\
                      # provenance = { kind = \"measured\"";
        assert!(section.contains(wanted), "{section}");
        assert!(
            section.contains("# shapes.csv holds the sizes of 432 requests as they came together, 2 different ones.")
        );
    }

    /// Names that would leave the folder, end a line, or be one and the same make files of their own.
    #[test]
    fn each_model_has_a_file_with_a_safe_name() {
        let names = ["../x", "\"\"\"\"", "A", "a", ".", &"n".repeat(300)];
        let study = study("model,frames", |k| format!("\"{}\",{}", names[k as usize % 6], k % 2 + 1));
        let mut files: Vec<String> = traffic_shape_files(&study).into_iter().map(|(name, _)| name).collect();
        files.sort();
        let long = format!("shapes.{}.csv", "n".repeat(crate::model_files::NAME_MAX));
        let one = |name: &str| files.iter().filter(|file| *file == name).count();
        assert_eq!(files.len(), 6, "{files:?}");
        assert_eq!(one(&long) + one("shapes._x.csv") + one("shapes._.csv"), 3, "{files:?}");
        assert_eq!(one("shapes.A.csv") + one("shapes.a.csv"), 1, "one of them has a number: {files:?}");
        let is_safe =
            |file: &String| file.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter));
        assert!(files.iter().all(is_safe), "{files:?}");
        let section = traffic_section(&study, "log.csv");
        assert!(files.iter().all(|file| section.contains(&format!("# file = \"{file}\"\n"))), "{section}");
        // Names come back from the section as they were.
        let read: toml::Table = section.parse().expect("TOML");
        let found =
            |name: &&str| read["models"].as_array().expect("models").iter().any(|of| of["name"].as_str() == Some(name));
        assert!(["../x", "\"\"", "a", "A", ".", &"n".repeat(300)].iter().all(found), "{section}");
    }

    #[test]
    fn a_log_without_sizes_has_neither() {
        let study = study("model,prompt_length", |_| "a,3".to_owned());
        assert!(traffic_shape_files(&study).is_empty());
        assert!(!traffic_section(&study, "log.csv").contains("models.shape"));
    }
}
