//! The folder that results are written to: it holds one whole run, or what it held before.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fleetfront_plots::Output;
use serde::Deserialize;
use tempfile::TempDir;

use crate::failure::Failure;

/// Every file that a run writes: a folder that holds nothing else may be replaced.
const OURS: [&str; 15] = [
    "report.html",
    "report.md",
    "frontier.svg",
    "frontier.png",
    "cost_by_state.svg",
    "latency_cdf.svg",
    "day.svg",
    "spending.svg",
    "frontier.csv",
    "fleets.csv",
    "spending.csv",
    "study.json",
    "config.py",
    "pull_request.md",
    "schedule.py",
];
const STUDY: &str = "study.json";

/// A command that writes a folder.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Writer {
    /// Its name, as in "holds a, which no run has written".
    name: &'static str,
    /// Every file that it writes; a star stands for any letters.
    files: &'static [&'static str],
    /// The file that says which inputs and version it is of.
    signed: &'static str,
}

impl Writer {
    fn writes(&self, name: &str) -> bool {
        self.files.iter().any(|known| is_called(known, name))
    }
}

/// Whether a file is the one that a list names, or one of them: a star stands for one letter or more.
fn is_called(known: &str, name: &str) -> bool {
    match known.split_once('*') {
        Some((start, end)) => name.len() >= known.len() && name.starts_with(start) && name.ends_with(end),
        None => name == known,
    }
}

const RUN: Writer = Writer { name: "run", files: &OURS, signed: STUDY };
/// `backtest --out`.
pub(crate) const BACKTEST: Writer = Writer {
    name: "backtest",
    files: &["backtest.svg", "backtest.png", "backtest.csv", "backtest.json", "backtest.md"],
    signed: "backtest.json",
};

/// `calibrate --out`.
pub(crate) const CALIBRATION: Writer = Writer {
    name: "calibration",
    files: &["answer.md", "calibration.json", "means.svg", "means.png", "qq.*.svg", "cdf.*.svg"],
    signed: "calibration.json",
};
/// `compare --out`.
pub(crate) const COMPARE: Writer = Writer {
    name: "comparison",
    files: &["compare.svg", "compare.png", "compare.csv", "compare.json", "compare.md"],
    signed: "compare.json",
};
/// `fallback --out`.
pub(crate) const FALLBACK: Writer = Writer {
    name: "fallback study",
    files: &["fallback.md", "fallback.svg", "fallback.png", "fallback.csv", "fallback.json"],
    signed: "fallback.json",
};
/// `measure --out`.
pub(crate) const MEASURE: Writer = Writer {
    name: "measure",
    files: &["measure.svg", "measure.png", "measure.csv", "measure.json", "measure.md"],
    signed: "measure.json",
};
/// `reevaluate --out`.
pub(crate) const REEVALUATE: Writer = Writer {
    name: "re-evaluation",
    files: &[
        "reevaluate.svg",
        "reevaluate.png",
        "reevaluate.csv",
        "assumptions.csv",
        "reevaluate.json",
        "reevaluate.md",
    ],
    signed: "reevaluate.json",
};
/// `traffic --out`.
pub(crate) const TRAFFIC: Writer = Writer {
    name: "traffic study",
    files: &[
        "answer.md",
        "traffic.json",
        "scenario-traffic.toml",
        "load.csv",
        "load.*.csv",
        "curve.svg",
        "hours.svg",
        "dispersion.svg",
        "keep-alive.svg",
        "shapes.csv",
        "shapes.*.csv",
        "trace.csv",
        "trace.*.csv",
    ],
    signed: "traffic.json",
};
/// `whatif --out`.
pub(crate) const WHAT_IF: Writer = Writer {
    name: "what-if",
    files: &["what_if.svg", "what_if.png", "what_if.csv", "what_if.json", "what_if.md"],
    signed: "what_if.json",
};
/// `why --out`.
pub(crate) const WHY: Writer = Writer {
    name: "why",
    files: &["why.svg", "why.png", "why.csv", "why.json", "why.md", "why.toml"],
    signed: "why.json",
};

const PREFIX: &str = ".fleetfront-";

/// What every study begins with: enough to tell ours from somebody else's `study.json`.
#[derive(Deserialize)]
struct Signature {
    #[serde(rename = "version")]
    _version: String,
    #[serde(rename = "inputs_sha256")]
    _inputs_sha256: String,
}

/// A file that may not fit into memory.
#[derive(Debug)]
pub(crate) struct Large {
    /// Its name in the folder.
    pub(crate) name: String,
    /// What stands in it, from where it is on.
    pub(crate) file: File,
}

/// A folder that may be written, or replaced as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OutputFolder {
    /// As the user named it.
    name: PathBuf,
    /// Where it is; links are followed.
    path: PathBuf,
    parent: PathBuf,
    writer: &'static Writer,
}

impl OutputFolder {
    /// Makes sure that the results will find a place, before they are computed.
    ///
    /// # Errors
    /// [`Failure::Input`] when the folder holds anything that is not ours, or cannot be written.
    pub(crate) fn claim(name: &Path) -> Result<Self, Failure> {
        Self::claim_for(name, &RUN)
    }

    /// The same for the files of a command.
    ///
    /// # Errors
    /// As [`OutputFolder::claim`].
    pub(crate) fn claim_for(name: &Path, writer: &'static Writer) -> Result<Self, Failure> {
        let path = fs::canonicalize(name).unwrap_or_else(|_| name.to_owned());
        let parent = match (path.file_name(), path.parent()) {
            (Some(_), Some(parent)) if parent.as_os_str().is_empty() => PathBuf::from("."),
            (Some(_), Some(parent)) => parent.to_owned(),
            _ => return Err(Failure::input(format!("--out {}: is not the name of a folder", name.display()), ANOTHER)),
        };
        let folder = Self { name: name.to_owned(), path, parent, writer };
        folder.check_contents()?;
        let place = folder.parent.ancestors().find(|place| place.exists()).unwrap_or(Path::new("."));
        let place = if place.as_os_str().is_empty() { Path::new(".") } else { place };
        // The only way to know: permissions, quotas and read-only disks all look alike beforehand.
        TempDir::with_prefix_in(PREFIX, place).map_err(|error| folder.unwritable(&error))?;
        Ok(folder)
    }

    /// A file in it, as the user would name it.
    pub(crate) fn file(&self, name: &str) -> String {
        self.name.join(name).display().to_string()
    }

    /// What is said when these files are written.
    pub(crate) fn written(&self, outputs: &[Output], large: &[Large]) -> String {
        let names = || outputs.iter().map(|output| &*output.name).chain(large.iter().map(|large| &*large.name));
        let called = |known| names().filter(move |name| is_called(known, name));
        let names: Vec<&str> = self.writer.files.iter().copied().flat_map(called).collect();
        format!("Wrote {} to {}.", names.join(", "), self.name.display())
    }

    /// Writes all files and lets them take the place of what was there; on an error nothing has changed.
    ///
    /// # Errors
    /// [`Failure::Input`] when they cannot be written, or somebody has put something else there.
    ///
    /// # Panics
    /// If a file is not among those of the writer: the next one would refuse to replace it.
    pub(crate) fn publish(&self, outputs: &[Output]) -> Result<(), Failure> {
        self.publish_all(outputs, &[])
    }

    /// The same with files that may not fit into memory.
    ///
    /// # Errors
    /// As [`OutputFolder::publish`].
    ///
    /// # Panics
    /// As [`OutputFolder::publish`].
    pub(crate) fn publish_all(&self, outputs: &[Output], large: &[Large]) -> Result<(), Failure> {
        for name in outputs.iter().map(|output| &*output.name).chain(large.iter().map(|large| &*large.name)) {
            assert!(self.writer.writes(name), "{name} is not among the files of a {}", self.writer.name);
        }
        let missing: Vec<&Path> = self.parent.ancestors().take_while(|place| !place.exists()).collect();
        let done =
            self.check_contents().and_then(|()| self.replace(outputs, large).map_err(|error| self.unwritable(&error)));
        if done.is_err() {
            // Only those that are still empty go away, the innermost first.
            for place in missing {
                let _ = fs::remove_dir(place);
            }
        }
        done
    }

    fn replace(&self, outputs: &[Output], large: &[Large]) -> io::Result<()> {
        fs::create_dir_all(&self.parent)?;
        let draft = TempDir::with_prefix_in(PREFIX, &self.parent)?;
        // The draft itself is for our eyes only; what is inside has the permissions of any new folder.
        let (new, old) = (draft.path().join("new"), draft.path().join("old"));
        fs::create_dir(&new)?;
        for output in outputs {
            let mut file = File::create_new(new.join(&*output.name))?;
            file.write_all(&output.bytes)?;
            file.sync_all()?;
        }
        for large in large {
            let mut file = File::create_new(new.join(&large.name))?;
            io::copy(&mut &large.file, &mut file)?;
            file.sync_all()?;
        }
        sync_folder(&new)?;
        if self.path.exists() {
            fs::rename(&self.path, &old)?;
            if let Err(error) = fs::rename(&new, &self.path) {
                fs::rename(&old, &self.path)?;
                return Err(error);
            }
        } else {
            fs::rename(&new, &self.path)?;
        }
        sync_folder(&self.parent)
    }

    /// Refuses a folder with anything in it that this command has not written.
    fn check_contents(&self) -> Result<(), Failure> {
        let Writer { name, signed, .. } = self.writer;
        let refuse = |what: &str| Err(Failure::input(format!("--out {}: {what}", self.name.display()), ANOTHER));
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(self.unwritable(&error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry.map_err(|error| self.unwritable(&error))?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        if let Some(foreign) = names.iter().find(|name| !self.writer.writes(name)) {
            return refuse(&format!("holds {foreign}, which no {name} has written; it would be lost"));
        }
        let study = fs::read(self.path.join(signed)).ok();
        let is_ours = study.is_some_and(|bytes| serde_json::from_slice::<Signature>(&bytes).is_ok());
        if names.is_empty() || is_ours { Ok(()) } else { refuse(&format!("holds files but no {signed} of a {name}")) }
    }

    fn unwritable(&self, error: &io::Error) -> Failure {
        let help = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                "make room, or name a folder on another disk with --out; nothing has changed"
            }
            _ => "name a folder in a place that you may write to with --out; nothing has changed",
        };
        Failure::input(format!("--out {}: cannot be written: {error}", self.name.display()), help)
    }
}

const ANOTHER: &str = "name a folder that does not exist, is empty, or holds an earlier run";

/// Makes the names in a folder last; only Unix can.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outputs(mark: &str) -> Vec<Output> {
        let study = format!("{{\"version\": \"{mark}\", \"seed\": 1, \"inputs_sha256\": \"ab\"}}");
        vec![
            Output { name: "report.md".into(), bytes: mark.as_bytes().to_vec() },
            Output { name: STUDY.into(), bytes: study.into_bytes() },
        ]
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a folder");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    fn refused(folder: &Path, words: &str) {
        let before = folder.exists().then(|| names(folder));
        let Err(Failure::Input(text)) = OutputFolder::claim(folder) else { panic!("{} was taken", folder.display()) };
        assert!(text.contains(words) && text.contains("  help: name a folder"), "{text}");
        assert_eq!(before, folder.exists().then(|| names(folder)));
    }

    #[test]
    fn a_run_replaces_an_earlier_one_and_leaves_no_litter() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("deep/out");
        let folder = OutputFolder::claim(&out).expect("it is free");
        assert_eq!(names(place.path()), Vec::<String>::new(), "claiming leaves nothing behind");
        for mark in ["first", "second"] {
            OutputFolder::claim(&out).expect("ours").publish(&outputs(mark)).expect("it is written");
            assert_eq!(fs::read_to_string(out.join("report.md")).expect("a file"), mark);
            assert_eq!(names(&out), ["report.md", STUDY]);
            assert_eq!(names(&place.path().join("deep")), ["out"]);
        }
        assert_eq!(folder.file("report.html"), out.join("report.html").display().to_string());
    }

    #[test]
    fn an_empty_folder_is_filled() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("out");
        fs::create_dir(&out).expect("made");
        OutputFolder::claim(&out).expect("empty").publish(&outputs("x")).expect("it is written");
        assert_eq!(names(&out), ["report.md", STUDY]);
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("out");
        let folder = OutputFolder::claim(&out).expect("it is free");
        folder.publish(&outputs("x")).expect("it is written");
        fs::write(out.join("notes.txt"), "mine").expect("written");
        refused(&out, "holds notes.txt, which no run has written");
        // Also when it appeared while the simulation ran.
        assert!(folder.publish(&outputs("y")).is_err());
        assert_eq!(fs::read_to_string(out.join("report.md")).expect("a file"), "x");
        fs::remove_file(out.join("notes.txt")).expect("removed");
        fs::write(out.join(STUDY), "{\"version\": \"3\"}").expect("written");
        refused(&out, "no study.json of a run");
    }

    #[test]
    fn one_command_does_not_replace_what_another_wrote() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("out");
        OutputFolder::claim(&out).expect("it is free").publish(&outputs("x")).expect("it is written");
        let Err(Failure::Input(text)) = OutputFolder::claim_for(&out, &COMPARE) else { panic!("a run was taken") };
        assert!(text.contains("holds report.md, which no comparison has written"), "{text}");
        let other = place.path().join("other");
        let signed = b"{\"version\": \"1\", \"inputs_sha256\": \"ab\"}".to_vec();
        for _ in 0..2 {
            let folder = OutputFolder::claim_for(&other, &COMPARE).expect("free, then ours");
            folder.publish(&[Output { name: "compare.json".into(), bytes: signed.clone() }]).expect("it is written");
        }
        refused(&other, "holds compare.json, which no run has written");
    }

    #[test]
    fn the_curves_of_models_are_ours_by_their_pattern() {
        let place = tempfile::tempdir().expect("a folder");
        let out = place.path().join("out");
        let signed = b"{\"version\": \"1\", \"inputs_sha256\": \"ab\"}".to_vec();
        let output = |name: &'static str| Output { name: name.into(), bytes: signed.clone() };
        let files = ["load.csv", "load.a.csv", "load.lora.csv", "traffic.json"].map(output);
        for _ in 0..2 {
            let folder = OutputFolder::claim_for(&out, &TRAFFIC).expect("free, then ours");
            folder.publish(&files).expect("it is written");
            assert!(
                folder.written(&files, &[]).starts_with("Wrote traffic.json, load.csv, load.a.csv, load.lora.csv to ")
            );
        }
        for foreign in ["load..csv", "loads.lora.csv", "load.lora.csv.old"] {
            assert!(!TRAFFIC.writes(foreign), "{foreign}");
        }
    }

    #[test]
    fn what_cannot_be_a_folder_is_refused() {
        let place = tempfile::tempdir().expect("a folder");
        let file = place.path().join("file");
        fs::write(&file, "x").expect("written");
        refused(&file.join("out"), "cannot be written");
        refused(Path::new("/"), "is not the name of a folder");
        let Err(Failure::Input(text)) = OutputFolder::claim(&file) else { panic!("a file was taken") };
        assert!(text.contains("cannot be written"), "{text}");
    }

    #[test]
    fn folders_above_are_taken_back_when_writing_fails() {
        let place = tempfile::tempdir().expect("a folder");
        let folder = OutputFolder::claim(&place.path().join("a/b/out")).expect("it is free");
        let twice = [outputs("x"), outputs("x")].concat();
        assert!(folder.publish(&twice).is_err(), "a file cannot be created twice");
        assert_eq!(names(place.path()), Vec::<String>::new());
    }
}
