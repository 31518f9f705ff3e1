//! The texts of a scenario: compiled in, or read from a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use fleetfront_calibration::Problem;
use sha2::{Digest, Sha256};
use toml::Spanned;
use toml::de::DeTable;

use crate::large_file::LargeFile;

/// The file that names all others.
pub(crate) const SCENARIO_FILE: &str = "scenario.toml";

/// The default scenario `image-studio`, compiled in.
const EMBEDDED: [(&str, &str); 6] = [
    (SCENARIO_FILE, include_str!("../../data/image-studio/scenario.toml")),
    ("prices.csv", include_str!("../../data/image-studio/prices.csv")),
    ("benchmarks.csv", include_str!("../../data/image-studio/benchmarks.csv")),
    ("boots.csv", include_str!("../../data/image-studio/boots.csv")),
    ("memory.csv", include_str!("../../data/image-studio/memory.csv")),
    ("load.csv", include_str!("../../data/image-studio/load.csv")),
];

/// Traces above so many bytes are not held as text.
const TEXT_MAX: u64 = 16 << 20;

/// The texts of a scenario's files by name, and where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Files {
    folder: Option<PathBuf>,
    texts: BTreeMap<String, String>,
    /// Traces that are not held as text.
    large: BTreeMap<String, LargeFile>,
}

impl Files {
    /// The default scenario.
    #[must_use]
    pub fn embedded() -> Self {
        Self::from_texts(EMBEDDED)
    }

    /// A scenario that is in no folder: pairs of name and text.
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let texts = texts.into_iter().map(|(name, text)| (name.to_owned(), text.to_owned())).collect();
        Self { folder: None, texts, large: BTreeMap::new() }
    }

    /// A scenario that was kept elsewhere: texts by name, and traces that lie somewhere.
    ///
    /// # Errors
    /// The first name that would lead out of a folder that it is written to.
    pub fn from_kept(texts: &BTreeMap<String, String>, large: &BTreeMap<String, LargeFile>) -> Result<Self, String> {
        match texts.keys().chain(large.keys()).find(|name| *name != SCENARIO_FILE && !is_plain(name)) {
            Some(name) => Err(name.clone()),
            None => Ok(Self { folder: None, texts: texts.clone(), large: large.clone() }),
        }
    }

    /// Reads `scenario.toml` and the files that it names. `path` is their folder, or `scenario.toml` itself.
    ///
    /// # Errors
    /// A [`Problem`] for each file that is not there or cannot be read as text.
    pub fn read_folder(path: &Path) -> Result<Self, Vec<Problem>> {
        Self::read_folder_with(path, TEXT_MAX)
    }

    /// The same, with the length in bytes from which on a trace is not held as text.
    pub(crate) fn read_folder_with(path: &Path, text_max: u64) -> Result<Self, Vec<Problem>> {
        let is_file = path.file_name().is_some_and(|name| name == SCENARIO_FILE) && !path.is_dir();
        let folder = if is_file { path.parent().unwrap_or(Path::new("")) } else { path };
        let mut files = Self { folder: Some(folder.to_owned()), texts: BTreeMap::new(), large: BTreeMap::new() };
        let help = "`fleetfront init FOLDER` writes a complete scenario to start from";
        let scenario = files.read(SCENARIO_FILE, help)?;
        files.texts.insert(SCENARIO_FILE.to_owned(), scenario);
        let mut problems = Vec::new();
        let Named { tables, traces } = Named::of(&files.texts[SCENARIO_FILE]);
        for name in tables.iter().chain(&traces) {
            let help = format!("put it there, or name another file in {}", files.label(SCENARIO_FILE));
            let large = traces.contains(name).then(|| files.read_large(name, text_max)).flatten();
            if let Some(large) = large {
                files.large.insert(name.clone(), large);
                continue;
            }
            match files.read(name, &help) {
                Ok(text) => _ = files.texts.insert(name.clone(), text),
                Err(more) => problems.extend(more),
            }
        }
        if problems.is_empty() { Ok(files) } else { Err(problems) }
    }

    /// A file above so many bytes; what cannot be read is left to whoever reads it as text.
    fn read_large(&self, name: &str, text_max: u64) -> Option<LargeFile> {
        let path = self.folder.as_deref().unwrap_or(Path::new("")).join(name);
        let is_large = fs::metadata(&path).is_ok_and(|metadata| metadata.len() > text_max);
        is_large.then(|| LargeFile::of(&path).ok()).flatten()
    }

    fn read(&self, name: &str, help: &str) -> Result<String, Vec<Problem>> {
        let path = self.folder.as_deref().unwrap_or(Path::new("")).join(name);
        fs::read_to_string(&path).map_err(|error| {
            let message = match error.kind() {
                io::ErrorKind::NotFound => "there is no such file".to_owned(),
                io::ErrorKind::InvalidData => "is not UTF-8 text".to_owned(),
                _ => format!("cannot be read: {error}"),
            };
            vec![whole_file(&self.label(name), message, help)]
        })
    }

    /// Writes the files into the folder `to`, which has to be empty or absent: all of them or, on an error, none.
    ///
    /// # Errors
    /// A [`Problem`] when the folder holds anything or cannot be written.
    pub fn write_to(&self, to: &Path) -> Result<(), Vec<Problem>> {
        let refuse = |message: String, help: &str| Err(vec![whole_file(&to.display().to_string(), message, help)]);
        match fs::read_dir(to).map(|mut entries| entries.next().is_some()) {
            Ok(false) => {}
            Ok(true) => return refuse("is not empty".to_owned(), "name a folder that does not exist yet"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return refuse(format!("cannot be used: {error}"), "name a folder that does not exist yet"),
        }
        let Some(name) = to.file_name() else {
            return refuse("is not the name of a folder".to_owned(), "name a folder that does not exist yet");
        };
        let draft = to.with_file_name(format!(".{}.part", name.to_string_lossy()));
        let written = self.write_draft(&draft).and_then(|()| fs::rename(&draft, to));
        written.or_else(|error| {
            // Whatever was written is of no use; when it cannot be removed either, the first error says why.
            let _ = fs::remove_dir_all(&draft);
            refuse(format!("cannot be written: {error}"), "name a folder in a place that you may write to")
        })
    }

    fn write_draft(&self, draft: &Path) -> io::Result<()> {
        if let Some(parent) = draft.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            fs::create_dir_all(parent)?;
        }
        fs::create_dir(draft)?;
        self.texts.iter().try_for_each(|(name, text)| fs::write(draft.join(name), text))?;
        self.large.iter().try_for_each(|(name, file)| file.copy_to(&draft.join(name)))
    }

    /// The text of a file.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// All texts by name, to be kept elsewhere.
    #[must_use]
    pub fn texts(&self) -> &BTreeMap<String, String> {
        &self.texts
    }

    /// Traces that are not held as text, by name.
    #[must_use]
    pub fn large(&self) -> &BTreeMap<String, LargeFile> {
        &self.large
    }

    /// The names of all files, those that are not held as text last.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.texts.keys().chain(self.large.keys()).map(String::as_str)
    }

    /// A file as problems name it: with its folder.
    #[must_use]
    pub fn label(&self, name: &str) -> String {
        self.folder.as_deref().map_or_else(|| name.to_owned(), |folder| folder.join(name).display().to_string())
    }

    /// All files that are held as (label, text), in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (String, &str)> {
        self.texts.iter().map(|(name, text)| (self.label(name), text.as_str()))
    }

    /// The same files with another text for one of them.
    #[must_use]
    pub fn with(mut self, name: &str, text: &str) -> Self {
        self.large.remove(name);
        self.texts.insert(name.to_owned(), text.to_owned());
        self
    }

    /// SHA-256 over names and texts of all files, hexadecimal; where the folder is does not matter. Of a file that is not
    /// held as text its own digest stands for what is in it, after all others.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut hash = Sha256::new();
        for (name, text) in &self.texts {
            for part in [name, text] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part.as_bytes());
            }
        }
        for (name, file) in &self.large {
            for part in [name.as_bytes(), &file.bytes.to_le_bytes(), file.sha256.as_bytes()] {
                hash.update((part.len() as u64).to_le_bytes());
                hash.update(part);
            }
        }
        hash.finalize().iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }
}

/// The files that a scenario names, as far as it can be read: what is wrong with it is said when it is loaded.
struct Named {
    tables: BTreeSet<String>,
    traces: BTreeSet<String>,
}

impl Named {
    fn of(scenario: &str) -> Self {
        let (tree, _) = DeTable::parse_recoverable(scenario);
        let table = tree.get_ref();
        let shared = table.get("files").and_then(|files| files.get_ref().as_table());
        let shared = shared.into_iter().flat_map(|files| files.values()).filter_map(|name| name.get_ref().as_str());
        let models = table.get("models").and_then(|models| models.get_ref().as_array());
        let models = || models.into_iter().flat_map(|models| models.iter()).map(Spanned::get_ref);
        let shapes = models().filter_map(|model| model.get("shape")?.get_ref().get("file"));
        let own = models().filter_map(|model| model.get("curve_file")).chain(shapes);
        let own = own.filter_map(|name| name.get_ref().as_str());
        let traces = models().filter_map(|model| model.get("replay")?.get_ref().get("file"));
        let traces = traces.filter_map(|name| name.get_ref().as_str());
        let tables: BTreeSet<String> = shared.chain(own).filter(|name| is_plain(name)).map(str::to_owned).collect();
        // What is a table too has to be text.
        let is_trace = |name: &&str| is_plain(name) && !tables.contains(*name);
        let traces = traces.filter(is_trace).map(str::to_owned).collect();
        Self { tables, traces }
    }
}

/// Whether a name stays inside the scenario's folder.
pub(crate) fn is_plain(name: &str) -> bool {
    !name.is_empty() && name != SCENARIO_FILE && !name.contains(['/', '\\', ':', '\0']) && !name.starts_with('.')
}

fn whole_file(file: &str, message: String, help: &str) -> Problem {
    Problem { file: file.to_owned(), line: None, column: None, key: String::new(), message, help: help.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolved::Scenario;

    #[test]
    fn what_is_written_is_what_is_read() {
        let parent = tempfile::tempdir().expect("a folder");
        let folder = parent.path().join("deep/my-fleet");
        Files::embedded().write_to(&folder).expect("it is written");
        let read = Files::read_folder(&folder).expect("it is read");
        assert_eq!(read.texts, Files::embedded().texts);
        assert_eq!(read.label("prices.csv"), folder.join("prices.csv").display().to_string());
        assert_eq!(read.sha256(), Files::embedded().sha256());
        assert!(Scenario::load(&read).is_ok());
        assert_eq!(Files::read_folder(&folder.join(SCENARIO_FILE)).expect("the file will do"), read);
        // Nothing but the six files, and no draft beside them.
        let names = |folder: &Path| fs::read_dir(folder).expect("a folder").count();
        assert_eq!((names(&folder), names(folder.parent().expect("a parent"))), (6, 1));
    }

    #[test]
    fn an_empty_folder_is_filled_and_a_full_one_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        Files::embedded().write_to(folder.path()).expect("it was empty");
        let problem = &Files::embedded().write_to(folder.path()).expect_err("it is full")[0];
        assert_eq!(problem.file, folder.path().display().to_string());
        assert_eq!(
            (problem.message.as_str(), problem.help.as_str()),
            ("is not empty", "name a folder that does not exist yet")
        );
        let file = folder.path().join("prices.csv");
        assert!(Files::embedded().write_to(&file).expect_err("a file")[0].message.starts_with("cannot be used"));
    }

    #[test]
    fn missing_files_are_named_with_the_mend() {
        let folder = tempfile::tempdir().expect("a folder");
        let problems = Files::read_folder(folder.path()).expect_err("nothing is there");
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].file, folder.path().join(SCENARIO_FILE).display().to_string());
        assert_eq!(problems[0].message, "there is no such file");
        assert!(problems[0].help.contains("`fleetfront init FOLDER`"));
        Files::embedded().write_to(folder.path()).expect("it is written");
        fs::remove_file(folder.path().join("boots.csv")).expect("it was there");
        fs::write(folder.path().join("load.csv"), [0xFF, 0xFE]).expect("it is written");
        let problems = Files::read_folder(folder.path()).expect_err("two files");
        let messages: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["there is no such file", "is not UTF-8 text"]);
        assert_eq!(problems[0].file, folder.path().join("boots.csv").display().to_string());
        assert!(problems[0].help.contains("put it there"), "{}", problems[0]);
    }

    #[test]
    fn the_hash_is_that_of_names_and_texts() {
        let hash = |texts: &[(&str, &str)]| Files::from_texts(texts.iter().copied()).sha256();
        let base = hash(&[("a", "x"), ("b", "y")]);
        assert_eq!(base, hash(&[("b", "y"), ("a", "x")]));
        for other in [hash(&[("a", "x"), ("b", "z")]), hash(&[("a", "x"), ("c", "y")]), hash(&[("a", "xb"), ("y", "")])]
        {
            assert_ne!(base, other);
        }
        // Pinned: sha256 of the lengths as eight bytes each and the texts: 1, a, 1, x.
        assert_eq!(hash(&[("a", "x")]), PINNED);
    }

    #[test]
    fn what_is_kept_comes_back_and_leads_nowhere_else() {
        let files = Files::embedded();
        assert_eq!(Files::from_kept(files.texts(), files.large()), Ok(files.clone()));
        for name in ["../up.csv", "/etc/passwd", "a\\b", ".hidden", ""] {
            let texts = files.clone().with(name, "").texts;
            assert_eq!(Files::from_kept(&texts, &BTreeMap::new()), Err(name.to_owned()));
        }
    }

    const PINNED: &str = "f86a2af3cc1002b4c16ae6dd3df54fc64ad696ea0125e856b2c2b38e58dd3f58";

    #[test]
    fn a_curve_or_trace_of_a_model_is_read_too() {
        let text = "[files]\nload = 'load.csv'\nprices = '../up.csv'\n[[models]]\ncurve_file = 'own.csv'\n\
                    [[models]]\nreplay = { file = 'calls.csv' }\n";
        let Named { tables, traces } = Named::of(text);
        assert_eq!(tables.into_iter().collect::<Vec<_>>(), ["load.csv", "own.csv"]);
        assert_eq!(traces.into_iter().collect::<Vec<_>>(), ["calls.csv"]);
        let broken = Named::of("= broken");
        assert!(broken.tables.is_empty() && broken.traces.is_empty());
    }
}
