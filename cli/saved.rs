//! A saved study: reading `study.json`, whole and understood, or saying what is wrong with it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use fleetfront_planner::{STUDY_FORMAT, Study};
use fleetfront_scenario::{Files, LargeFile};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::error::Category;

use crate::failure::Failure;

/// The name of a study in the folder of its run.
const STUDY: &str = "study.json";

/// As much of a study as every version writes: enough to tell it from any other JSON, and from another format.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Header {
    format: Option<u32>,
    version: Option<String>,
    inputs_sha256: Option<String>,
    verdict: Option<IgnoredAny>,
    recommendation: Option<IgnoredAny>,
    origin: Option<Inputs>,
}

/// The inputs of a study, whatever its format: what it takes to run it again.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Inputs {
    command: String,
    files: BTreeMap<String, String>,
    large: BTreeMap<String, LargeFile>,
}

impl Header {
    fn is_study(&self) -> bool {
        let has = [self.version.is_some(), self.inputs_sha256.is_some(), self.verdict.is_some()];
        has == [true; 3] && self.recommendation.is_some()
    }
}

/// A study file that has been read, and is complete.
struct Saved {
    /// As the user named it.
    name: String,
    bytes: Vec<u8>,
    header: Header,
}

/// Reads a study of this version's format. `path` is its file, or the folder of its run.
///
/// # Errors
/// [`Failure::Input`] when there is no such file, it was cut short, it is no study, or one of another format.
pub(crate) fn read(path: &Path) -> Result<Study, Failure> {
    let saved = open(path)?;
    if saved.header.format != Some(STUDY_FORMAT) {
        return Err(other_format(&saved));
    }
    let study: Study = serde_json::from_slice(&saved.bytes).map_err(|error| {
        let what = format!("{}: is a study of format {STUDY_FORMAT}, but cannot be read: {error}", saved.name);
        Failure::input(what, "it was changed or damaged: run it again")
    })?;
    match stranger(&study) {
        None => Ok(study),
        Some(name) => {
            let what = format!("{}: speaks of the allocation \"{name}\", which it does not have", saved.name);
            Err(Failure::input(what, "it was changed or damaged: run it again"))
        }
    }
}

/// An allocation that a study speaks of and does not have.
fn stranger(study: &Study) -> Option<&str> {
    let spoken_of = [&study.verdict.allocation, &study.recommendation.allocation];
    let is_there = |name: &str| study.allocations.iter().any(|allocation| allocation.name == name);
    spoken_of.into_iter().map(String::as_str).find(|name| !is_there(name))
}

/// The inputs inside a study of any format that holds them, and the command that made it.
///
/// # Errors
/// [`Failure::Input`] as of [`read`], and when there are no inputs inside, or others than it was made from.
pub(crate) fn inputs(path: &Path) -> Result<(Files, String), Failure> {
    let Saved { name, header, .. } = open(path)?;
    let Some(inputs) = header.origin.filter(|inputs| !inputs.files.is_empty()) else {
        let what = format!("{name}: holds no inputs");
        return Err(Failure::input(what, "run it again from the folder of its scenario, then its study holds them"));
    };
    let large = inputs.large.iter().map(|(file, known)| found(&name, file, known).map(|found| (file.clone(), found)));
    let large = large.collect::<Result<_, Failure>>()?;
    let files = Files::from_kept(&inputs.files, &large).map_err(|file| {
        let what = format!("{name}: its input \"{}\" would be written outside of the folder", file.escape_debug());
        Failure::input(what, "no run writes such a study: do not trust it")
    })?;
    if header.inputs_sha256 != Some(files.sha256()) {
        let what = format!("{name}: its inputs are not those that its results were computed from (SHA-256 differs)");
        return Err(Failure::input(what, "it was changed: take the scenario from elsewhere"));
    }
    Ok((files, inputs.command))
}

/// A trace that a study does not hold: where it lay, or beside the study.
fn found(study: &str, file: &str, known: &LargeFile) -> Result<LargeFile, Failure> {
    let folder = Path::new(study).parent().unwrap_or(Path::new(""));
    known.found(folder, file).ok_or_else(|| {
        let LargeFile { path, bytes, sha256 } = known;
        let file = file.escape_debug();
        let what = format!(
            "{study}: its input \"{file}\" is too large to be inside ({bytes} bytes, SHA-256 {sha256}), and is not the file \
             {}",
            path.display()
        );
        Failure::input(what, format!("put {file} beside the study"))
    })
}

fn open(path: &Path) -> Result<Saved, Failure> {
    let path = if path.is_dir() { path.join(STUDY) } else { path.to_owned() };
    let name = path.display().to_string();
    let bytes = fs::read(&path).map_err(|error| unreadable(&path, &error))?;
    let header = header(&bytes).map_err(|(what, help)| Failure::input(format!("{name}{what}"), help))?;
    Ok(Saved { name, bytes, header })
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let name = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => Failure::input(
            format!("{name}: there is no such file"),
            "`fleetfront run` writes a study to out/study.json",
        ),
        _ => Failure::input(format!("{name}: cannot be read: {error}"), "name the study.json of a run"),
    }
}

/// The beginnings of a study, or what is wrong with it (what follows the file's name) and what to do.
fn header(bytes: &[u8]) -> Result<Header, (String, &'static str)> {
    const NAME: &str = "name the study.json of a run";
    const AGAIN: &str = "copy it again, or run again";
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err((": is empty".to_owned(), AGAIN));
    }
    let header: Header = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!(":{}:{}", error.line(), error.column());
        match error.classify() {
            // A number that ends in the middle is no number to the parser, wherever the file ends.
            Category::Syntax if (error.line(), error.column()) == end(bytes) => (cut(&place), AGAIN),
            Category::Eof => (cut(&place), AGAIN),
            Category::Syntax | Category::Io => (format!("{place}: is not JSON: {}", bare(&error)), NAME),
            Category::Data => (": is JSON, but no study of fleetfront".to_owned(), NAME),
        }
    })?;
    if header.is_study() { Ok(header) } else { Err((": is JSON, but no study of fleetfront".to_owned(), NAME)) }
}

fn cut(place: &str) -> String {
    format!("{place}: the file ends in the middle: it was cut short")
}

/// Line (from 1) and column of the last byte, as the parser counts them.
fn end(bytes: &[u8]) -> (usize, usize) {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let line = lines.clone().count();
    let last = lines.next_back().map_or(0, <[u8]>::len);
    (line, last)
}

/// What `serde_json` says, without the place.
fn bare(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

/// Why a study of another format is not read.
fn other_format(saved: &Saved) -> Failure {
    let Saved { name, header, .. } = saved;
    let own = env!("CARGO_PKG_VERSION");
    let by = header.version.as_deref().unwrap_or("another version");
    let is_newer = header.format.is_some_and(|format| format > STUDY_FORMAT);
    let age = if is_newer { "a newer" } else { "an older" };
    // Studies had no number before they held their inputs.
    let format = header.format.map_or("no number".to_owned(), |format| format!("number {format}"));
    let what = format!(
        "{name}: has {age} format of studies ({format}, written by fleetfront {by}); fleetfront {own} reads number \
         {STUDY_FORMAT}"
    );
    let has_inputs = header.origin.as_ref().is_some_and(|inputs| !inputs.files.is_empty());
    let again = if has_inputs {
        format!(
            "run it again, its inputs are inside: `fleetfront init FOLDER --from {name}`, then `fleetfront run FOLDER`"
        )
    } else {
        "run it again from the folder of its scenario".to_owned()
    };
    Failure::input(what, if is_newer { format!("use the version that wrote it, or {again}") } else { again })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use fleetfront_planner::{Control, Effort, Origin, run_study};
    use fleetfront_scenario::Scenario;
    use serde_json::Value;
    use tempfile::TempDir;

    use super::*;

    /// A study of two cells or so, and its bytes.
    fn study() -> (Study, Vec<u8>) {
        let files = Files::embedded();
        let mut scenario = Scenario::load(&files).expect("no problems");
        scenario.grid.windows = vec![scenario.defaults.scaledown_window];
        scenario.grid.min_containers = vec![0];
        let mut study = run_study(&scenario, Effort { trials: 2, seed: 1 }, &Control::default()).expect("it runs");
        let (command, large) = ("fleetfront run".to_owned(), files.large().clone());
        study.origin = Origin { command, files: files.texts().clone(), large };
        let bytes = serde_json::to_vec_pretty(&study).expect("it can be written");
        (study, bytes)
    }

    struct Shelf(TempDir);

    impl Shelf {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("a folder"))
        }

        fn put(&self, bytes: &[u8]) -> PathBuf {
            let path = self.0.path().join(STUDY);
            fs::write(&path, bytes).expect("it is written");
            path
        }

        /// What is said of a file with these bytes, without the folder.
        fn refused(&self, bytes: &[u8]) -> String {
            let path = self.put(bytes);
            let Err(Failure::Input(text)) = read(&path) else { panic!("it was read") };
            text.replace(&path.display().to_string(), STUDY)
        }
    }

    #[test]
    fn what_is_written_is_what_is_read_from_the_file_or_its_folder() {
        let (study, bytes) = study();
        let shelf = Shelf::new();
        let path = shelf.put(&bytes);
        assert!(read(&path).is_ok_and(|read| read == study));
        assert!(read(shelf.0.path()).is_ok_and(|read| read == study));
        assert_eq!(inputs(&path), Ok((Files::embedded(), "fleetfront run".to_owned())));
    }

    #[test]
    fn a_trace_that_is_not_inside_is_taken_from_beside_the_study_if_it_is_the_same() {
        let shelf = Shelf::new();
        let (_, bytes) = study();
        // The digest of "day,at_s\n0,1\n", by another program.
        let sha256 = "70bb2d2f8a218a3efd2c740128bf01d9972d3bc4d48d1fc27a0eae15733bd1e5";
        let known = LargeFile { path: "nowhere/calls.csv".into(), bytes: 13, sha256: sha256.to_owned() };
        let files = Files::from_kept(Files::embedded().texts(), &[("calls.csv".to_owned(), known.clone())].into());
        let inputs_sha256 = files.expect("plain names").sha256();
        let path = shelf.put(&edited(&bytes, |study| {
            study["origin"]["large"] = serde_json::json!({ "calls.csv": known });
            study["inputs_sha256"] = inputs_sha256.into();
        }));
        assert!(read(&path).is_ok(), "a report needs no inputs");
        let said = |text: &str| {
            let Err(Failure::Input(found)) = inputs(&path) else { panic!("it was taken") };
            assert!(found.contains(text) && found.contains("  help: put calls.csv beside the study"), "{found}");
        };
        said(&format!("too large to be inside (13 bytes, SHA-256 {sha256}), and is not the file nowhere/calls.csv"));
        fs::write(shelf.0.path().join("calls.csv"), "day,at_s\n0,2\n").expect("it is written");
        said("too large to be inside");
        fs::write(shelf.0.path().join("calls.csv"), "day,at_s\n0,1\n").expect("it is written");
        let (files, _) = inputs(&path).unwrap_or_else(|_| panic!("it is there"));
        files.write_to(&shelf.0.path().join("again")).expect("it is written");
        let copied = fs::read_to_string(shelf.0.path().join("again/calls.csv"));
        assert_eq!(copied.expect("a file"), "day,at_s\n0,1\n");
    }

    #[test]
    fn a_study_cut_anywhere_is_said_to_be_cut_at_its_end() {
        let (_, bytes) = study();
        let shelf = Shelf::new();
        // Near both ends every byte, in between as many places as a moment allows; none is a round number, so that
        // names, numbers, texts and signs of more than one byte are cut too.
        let places =
            (1..400).chain((401..bytes.len()).step_by(bytes.len() / 500 + 1)).chain(bytes.len() - 100..bytes.len());
        for end in places {
            let cut = &bytes[..end];
            let Err((what, help)) = header(cut) else { panic!("{end} bytes of {} were taken", bytes.len()) };
            let line = cut.split(|byte| *byte == b'\n').count();
            let column = cut.iter().rev().take_while(|byte| **byte != b'\n').count();
            let expected = format!(":{line}:{column}: the file ends in the middle: it was cut short");
            assert_eq!((what, help), (expected, "copy it again, or run again"), "{end} of {}", bytes.len());
        }
        let said = shelf.refused(&bytes[..bytes.len() / 2]);
        assert!(said.starts_with("error: study.json:") && said.contains("it was cut short\n  help: copy it again"));
        assert_eq!(shelf.refused(b" \n"), "error: study.json: is empty\n  help: copy it again, or run again");
    }

    /// The bytes of a study with one edit of its JSON.
    fn edited(bytes: &[u8], edit: impl FnOnce(&mut serde_json::Map<String, Value>)) -> Vec<u8> {
        let mut value: Value = serde_json::from_slice(bytes).expect("JSON");
        edit(value.as_object_mut().expect("an object"));
        serde_json::to_vec(&value).expect("it can be written")
    }

    #[test]
    fn other_formats_are_refused_by_number_and_version() {
        let (_, bytes) = study();
        let shelf = Shelf::new();
        let own = env!("CARGO_PKG_VERSION");
        let newer = shelf.refused(&edited(&bytes, |study| {
            study.insert("format".into(), 7.into());
            study.insert("version".into(), "9.1.0".into());
            study.remove("points");
        }));
        let start = format!(
            "error: study.json: has a newer format of studies (number 7, written by fleetfront 9.1.0); fleetfront {own} \
             reads number 1\n  help: use the version that wrote it, or run it again, its inputs are inside: `fleetfront \
             init FOLDER --from study.json`"
        );
        assert!(newer.starts_with(&start), "{newer}");
        // The inputs of a format that is not read are read all the same.
        assert!(inputs(&shelf.0.path().join(STUDY)).is_ok_and(|(files, _)| files == Files::embedded()));
        let older = shelf.refused(&edited(&bytes, |study| {
            study.remove("format");
            study.remove("origin");
            study.insert("version".into(), "0.0.9".into());
        }));
        let expected = format!(
            "error: study.json: has an older format of studies (no number, written by fleetfront 0.0.9); fleetfront {own} \
             reads number 1\n  help: run it again from the folder of its scenario"
        );
        assert_eq!(older, expected);
        let Err(Failure::Input(text)) = inputs(&shelf.0.path().join(STUDY)) else { panic!("it has none") };
        assert!(text.contains(": holds no inputs\n  help: run it again"), "{text}");
    }

    #[test]
    fn what_is_no_study_is_said_to_be_none() {
        let (_, bytes) = study();
        let shelf = Shelf::new();
        let none = "error: study.json: is JSON, but no study of fleetfront\n  help: name the study.json of a run";
        let no_verdict = edited(&bytes, |study| _ = study.remove("verdict"));
        for other in [b"[1, 2]".as_slice(), b"{}", b"{\"version\": 3}", b"\"study\"", no_verdict.as_slice()] {
            assert_eq!(shelf.refused(other), none);
        }
        let said = shelf.refused(b"{\n  \"version\": x\n}");
        assert_eq!(said, "error: study.json:2:14: is not JSON: expected value\n  help: name the study.json of a run");
        assert!(shelf.refused(&[0xFF, 0xFE, 0]).contains(": is not JSON: "));
        let Err(Failure::Input(text)) = read(&shelf.0.path().join("nothing.json")) else { panic!("it is not there") };
        assert!(text.contains("nothing.json: there is no such file\n  help: `fleetfront run` writes"), "{text}");
    }

    #[test]
    fn a_study_that_was_changed_is_refused() {
        let (_, bytes) = study();
        let shelf = Shelf::new();
        let said = shelf.refused(&edited(&bytes, |study| _ = study.remove("seed")));
        assert!(
            said.starts_with("error: study.json: is a study of format 1, but cannot be read: missing field `seed`")
        );
        let said = shelf.refused(&edited(&bytes, |study| study["recommendation"]["allocation"] = "mine".into()));
        assert!(said.contains("speaks of the allocation \"mine\", which it does not have"), "{said}");
        for (name, words) in [("scenario.toml", "SHA-256 differs"), ("../../up", "outside of the folder")] {
            let path = shelf.put(&edited(&bytes, |study| study["origin"]["files"][name] = "x".into()));
            let Err(Failure::Input(text)) = inputs(&path) else { panic!("{name} was taken") };
            assert!(text.contains(words), "{text}");
        }
    }
}
