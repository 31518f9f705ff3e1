//! What the tests of the binary share: running it, and small scenarios to run it on.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use tempfile::TempDir;

/// Every file of a run.
pub(crate) const FILES: [&str; 14] = [
    "config.py",
    "cost_by_state.svg",
    "day.svg",
    "fleets.csv",
    "frontier.csv",
    "frontier.png",
    "frontier.svg",
    "latency_cdf.svg",
    "pull_request.md",
    "report.html",
    "report.md",
    "spending.csv",
    "spending.svg",
    "study.json",
];

/// What the binary did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// An empty folder to run the binary in, gone at the end of the test.
#[derive(Debug)]
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `fleetfront` with these words, parted by spaces.
    pub(crate) fn fleetfront(&self, words: &str) -> Done {
        self.fleetfront_with(words, &[])
    }

    /// The same with words that may hold spaces.
    pub(crate) fn fleetfront_with(&self, words: &str, more: &[&str]) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fleetfront"));
        command.args(words.split_whitespace()).args(more).current_dir(self.folder.path());
        Done::from(command.output().expect("it starts"))
    }

    /// The same, with this on a pipe as standard input.
    pub(crate) fn fleetfront_fed(&self, words: &str, input: &[u8]) -> Done {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fleetfront"));
        command.args(words.split_whitespace()).current_dir(self.folder.path()).write_stdin(input);
        Done::from(command.output().expect("it starts"))
    }

    /// `fleetfront`, and it has to succeed.
    pub(crate) fn succeed(&self, words: &str) -> Done {
        let done = self.fleetfront(words);
        assert_eq!(done.code, Some(0), "{words}: {}", done.stderr);
        done
    }

    /// The embedded scenario as a folder, untouched.
    pub(crate) fn scenario(&self, name: &str) -> Scenario {
        self.succeed(&format!("init {name} --quiet"));
        Scenario { folder: self.path(name) }
    }

    /// The embedded scenario with a grid of one point: a run takes a moment.
    pub(crate) fn small_scenario(&self, name: &str) -> Scenario {
        let scenario = self.scenario(name);
        scenario.edit("scenario.toml", "[2.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0]", "[60.0]");
        scenario.edit("scenario.toml", "min_containers = [0, 1]", "min_containers = [0]");
        scenario
    }

    /// What `fleetfront` prints as JSON with these words.
    pub(crate) fn json_of(&self, words: &str) -> serde_json::Value {
        serde_json::from_str(&self.succeed(words).stdout).expect("JSON")
    }

    /// The names of everything in a folder of it, hidden or not, in order.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).expect("a folder");
        let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name().into_string();
        let mut names: Vec<String> = entries.map(|entry| name(entry).expect("UTF-8")).collect();
        names.sort();
        names
    }

    /// A file of it.
    pub(crate) fn text(&self, name: &str) -> String {
        read(&self.path(name))
    }

    /// A file of it that holds JSON.
    pub(crate) fn json(&self, name: &str) -> serde_json::Value {
        serde_json::from_str(&self.text(name)).expect("JSON")
    }
}

/// A scenario in a folder.
#[derive(Debug)]
pub(crate) struct Scenario {
    folder: PathBuf,
}

impl Scenario {
    /// A file of it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Replaces the first `old` of a file, which has to be there.
    pub(crate) fn edit(&self, file: &str, old: &str, new: &str) {
        let text = read(&self.file(file));
        assert!(text.contains(old), "{file} has no {old:?}");
        self.write(file, &text.replacen(old, new, 1));
    }

    /// Replaces a whole file.
    pub(crate) fn write(&self, file: &str, text: &str) {
        fs::write(self.file(file), text).expect("it is written");
    }

    /// The lines of a table without comments, the header first.
    pub(crate) fn lines(&self, file: &str) -> Vec<String> {
        read(&self.file(file)).lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
