//! Traces that are too large to be held as text: they stay where they lie, and are known by their digest.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use fleetfront_calibration::{Problem, read_trace};
use fleetfront_workloads::{RecordedBytes, RecordedDays, Recorder};
use serde::{Deserialize, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// Bytes that are read at once.
const BLOCK: usize = 1 << 18;

/// A file that is not held as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LargeFile {
    /// Where it lies, as the user named its folder.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// How long it is.
    pub bytes: u64,
    /// SHA-256 of what is in it, hexadecimal.
    pub sha256: String,
}

fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

impl LargeFile {
    /// The file as it lies there now.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn of(path: &Path) -> io::Result<Self> {
        let (bytes, sha256) = copied(path, io::sink())?;
        Ok(Self { path: path.to_owned(), bytes, sha256 })
    }

    /// The same file: where it lay, or under `name` in `folder`; none where neither has these bytes.
    #[must_use]
    pub fn found(&self, folder: &Path, name: &str) -> Option<Self> {
        let places = [self.path.clone(), folder.join(name)];
        places.iter().filter_map(|place| Self::of(place).ok()).find(|found| found.is_same(self))
    }

    /// Whether both hold the same bytes.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        (self.bytes, &self.sha256) == (other.bytes, &other.sha256)
    }

    /// Copies it.
    ///
    /// # Errors
    /// When it cannot be read or written, or has changed.
    pub(crate) fn copy_to(&self, to: &Path) -> io::Result<()> {
        let (bytes, sha256) = copied(&self.path, File::create(to)?)?;
        if self.is_same(&Self { path: to.to_owned(), bytes, sha256 }) {
            return Ok(());
        }
        Err(io::Error::other(format!("{} has changed since it was read", self.path.display())))
    }

    /// The recorded days of a trace. In compact form they are written to a file without a name, which is gone with the
    /// program, and are read from there day by day: the memory that they take does not grow with their requests.
    ///
    /// # Errors
    /// The problems of the file.
    pub(crate) fn recorded(&self, label: &str) -> Result<RecordedDays, Vec<Problem>> {
        let whole = |message: String, help: &str| {
            let (file, key, help) = (label.to_owned(), String::new(), help.to_owned());
            vec![Problem { file, line: None, column: None, key, message, help }]
        };
        let unkept = |error: io::Error| {
            let help = "make room where temporary files are kept, or name another folder in TMPDIR";
            whole(format!("cannot be kept in compact form: {error}"), help)
        };
        let again = "leave it as it is while it is read";
        let file = File::open(&self.path).map_err(|error| whole(format!("cannot be read: {error}"), again))?;
        let mut digested = Digested { inner: file, hash: Sha256::new() };
        let out = tempfile::tempfile().map_err(unkept)?;
        let mut recorder = Recorder::new(BufWriter::with_capacity(BLOCK, out));
        let source = BufReader::with_capacity(BLOCK, &mut digested);
        read_trace(label, source, |day, ms| recorder.push(day, ms))?;
        if hexadecimal(digested.hash) != self.sha256 {
            return Err(whole("has changed while it was read".to_owned(), again));
        }
        let on_disk = |out: BufWriter<File>| {
            let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            Ok(Arc::new(OnDisk(Mutex::new(file))) as Arc<dyn RecordedBytes>)
        };
        recorder.finish(on_disk).map_err(unkept)
    }
}

/// A file's length and digest, copied on the way.
fn copied(path: &Path, mut to: impl Write) -> io::Result<(u64, String)> {
    let mut digested = Digested { inner: File::open(path)?, hash: Sha256::new() };
    let mut source = BufReader::with_capacity(BLOCK, &mut digested);
    let bytes = io::copy(&mut source, &mut to)?;
    to.flush()?;
    Ok((bytes, hexadecimal(digested.hash)))
}

fn hexadecimal(hash: Sha256) -> String {
    hash.finalize().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Hashes what is read through it.
struct Digested<R> {
    inner: R,
    hash: Sha256,
}

impl<R: Read> Read for Digested<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.hash.update(&into[..read]);
        Ok(read)
    }
}

/// Recorded days in a file without a name; trials take turns to read a block.
#[derive(Debug)]
struct OnDisk(Mutex<File>);

impl RecordedBytes for OnDisk {
    fn read_at(&self, from: u64, into: &mut [u8]) {
        let mut file = self.0.lock().expect("no trial panics while it reads");
        let read = file.seek(SeekFrom::Start(from)).and_then(|_| file.read_exact(into));
        read.unwrap_or_else(|error| panic!("the recorded days cannot be read any more: {error}"));
    }
}

/// The recorded days of a trace that is held as text.
///
/// # Errors
/// The problems of the file.
pub(crate) fn recorded_text(label: &str, text: &str) -> Result<RecordedDays, Vec<Problem>> {
    let mut recorder = Recorder::new(Vec::new());
    read_trace(label, text.as_bytes(), |day, ms| recorder.push(day, ms))?;
    Ok(recorder.in_memory())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::files::SCENARIO_FILE;
    use crate::testing::edited_text;
    use crate::{Files, Scenario};

    /// Ten days of a thousand requests at times that differ.
    fn calls() -> String {
        let rows = (0..10).flat_map(|day| (0..1000).map(move |k| (day, 86 * k + (k * k + day) % 7)));
        rows.fold("day,at_s\n".to_owned(), |text, (day, at_s)| format!("{text}{day},{at_s}.25\n"))
    }

    /// The default scenario in a folder, with `lora` replayed.
    fn folder() -> tempfile::TempDir {
        let new = "name = \"lora\"\nreplay = { file = \"calls.csv\", days = \"resampled\" }\nrequests_per_day = 2500.0";
        let text = edited_text("scenario.toml", "name = \"lora\"\nrequests_per_day = 100.0", new);
        let files = Files::embedded().with(SCENARIO_FILE, &text).with("calls.csv", &calls());
        let place = tempfile::tempdir().expect("a folder");
        files.write_to(&place.path().join("own")).expect("it is written");
        place
    }

    fn read(folder: &Path, text_max: u64) -> Files {
        Files::read_folder_with(folder, text_max).unwrap_or_else(|problems| panic!("{problems:?}"))
    }

    #[test]
    fn a_trace_on_the_disk_is_the_same_traffic_as_one_in_memory() {
        let place = folder();
        let [text, large] = [u64::MAX, 1000].map(|text_max| read(&place.path().join("own"), text_max));
        assert!(text.large().is_empty() && text.text("calls.csv").is_some());
        assert!(large.text("calls.csv").is_none(), "it is not held");
        let known = &large.large()["calls.csv"];
        assert_eq!(known.bytes, calls().len() as u64);
        assert_eq!(large.large().len(), 1, "tables are held as text, however long they are");
        let [text, large] = [text, large].map(|files| Scenario::load(&files).expect("no problems"));
        assert_eq!(text.traffic, large.traffic);
        for trial in 0..3 {
            let of = |scenario: &Scenario| fleetfront_workloads::draw_requests(&scenario.traffic, 1, trial, 3);
            let (text, large) = (of(&text), of(&large));
            assert!(text.len() > 2000);
            assert_eq!(text, large);
        }
    }

    #[test]
    fn a_large_file_is_copied_and_known_by_its_bytes() {
        let place = folder();
        let own = place.path().join("own");
        let files = read(&own, 1000);
        files.write_to(&place.path().join("copy")).expect("it is written");
        assert_eq!(fs::read_to_string(place.path().join("copy/calls.csv")).expect("a file"), calls());
        assert_eq!(read(&place.path().join("copy"), 1000).sha256(), files.sha256(), "where it lies does not matter");
        // A study knows it by its digest, whether it lies where it lay or beside the study.
        let known = &files.large()["calls.csv"];
        let json = serde_json::to_string(known).expect("JSON");
        assert_eq!(&serde_json::from_str::<LargeFile>(&json).expect("a file"), known);
        assert_eq!(known.found(Path::new("nowhere"), "calls.csv").as_ref(), Some(known));
        fs::write(own.join("calls.csv"), calls() + "9,86399\n").expect("it is written");
        assert_eq!(known.found(Path::new("nowhere"), "calls.csv"), None, "it is another one");
        let beside = known.found(&place.path().join("copy"), "calls.csv").expect("the copy");
        assert_eq!(beside.path, place.path().join("copy/calls.csv"));
        assert_ne!(read(&own, 1000).sha256(), files.sha256());
        let problems = Scenario::load(&files).expect_err("it has changed");
        assert!(problems[0].message.contains("has changed while it was read"), "{problems:?}");
        assert!(files.write_to(&place.path().join("other")).is_err() && !place.path().join("other").exists());
    }

    #[test]
    fn problems_of_a_large_file_name_its_lines() {
        let place = folder();
        fs::write(place.path().join("own/calls.csv"), calls() + "3,5\n").expect("it is written");
        let problems = Scenario::load(&read(&place.path().join("own"), 1000)).expect_err("a problem");
        assert_eq!(problems[0].line, Some(10_002), "{problems:?}");
        assert!(problems[0].message.contains("day 3 comes after day 9"), "{problems:?}");
    }
}
