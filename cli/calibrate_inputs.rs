//! The files of a calibration, and the runs in them.

use std::io::Read;
use std::path::Path;

use fleetfront_calibration::{
    Benchmarked, Benchmarks, Boots, CellName, Day, Kind, Memory, Prices, Problem, Provenance, Repeats, Runs,
    RunsOptions, ServedAs, Shape, StatedCv, TypicalTime, near_misses,
};
use fleetfront_plots::CalibrationInput;
use fleetfront_scenario::Files;
use sha2::{Digest, Sha256};

use crate::calibrate_args::{ReadAs, RepeatsRule, RunsReading};
use crate::calibrate_format::{header, is_scenario, told, unknown};
use crate::calibrate_scenario::OfScenario;
use crate::failure::Failure;
use crate::log_input::LogInput;
use crate::source::described;

/// What was read of all files.
pub(crate) struct Inputs {
    /// Each file by its name in messages, with its runs.
    pub(crate) parts: Vec<(String, Runs)>,
    /// Each file as it is reported.
    pub(crate) files: Vec<CalibrationInput>,
    /// The words for the files in a command that makes the same again.
    pub(crate) words: Vec<String>,
    /// Spreads that tables state.
    pub(crate) stated: Vec<StatedCv>,
    /// Those that the embedded scenario states of its models.
    pub(crate) stand_ins: Vec<StatedCv>,
    /// What ratios of tables make of cells none of whose rows is fitted.
    pub(crate) expected: Vec<(CellName, TypicalTime)>,
    /// Peaks and memory that a scenario states; else those of the embedded one.
    pub(crate) memory: Memory,
    /// What else a scenario says; else the facts of the embedded one.
    pub(crate) of_scenario: OfScenario,
    /// On scenarios that say nothing else because they have problems.
    remarks: Vec<Problem>,
}

/// A text on its way to runs.
struct Text {
    /// Its name in messages.
    label: String,
    /// Its name in results.
    file: String,
    body: String,
    sha256: String,
}

impl Inputs {
    /// Reads all files, each checked by itself.
    ///
    /// # Errors
    /// [`Failure::Input`] with every problem of the first file that has any.
    pub(crate) fn read(inputs: &[std::path::PathBuf], reading: &RunsReading, today: Day) -> Result<Self, Failure> {
        let embedded = Files::embedded();
        let gpus = gpus(reading, &embedded);
        let memory = embedded.text("memory.csv").unwrap_or_default();
        let memory = Memory::read("memory.csv", memory).unwrap_or_else(|problems| panic!("{problems:#?}"));
        let mut read = Self {
            parts: Vec::new(),
            files: Vec::new(),
            words: Vec::new(),
            stated: Vec::new(),
            stand_ins: stand_ins(&embedded),
            expected: Vec::new(),
            memory,
            of_scenario: OfScenario::default(),
            remarks: Vec::new(),
        };
        if inputs.is_empty() {
            read.scenario(&embedded, reading, &gpus, today)?;
        } else if !inputs.iter().any(|path| is_scenario(path)) {
            read.of_scenario = OfScenario::facts_of(&embedded);
        }
        for path in inputs {
            read.words.push(path.display().to_string());
            if is_scenario(path) {
                let nothing = Files::from_texts([]);
                let files = Files::read_folder(path);
                let files = files.map_err(|problems| Failure::Input(described(&problems, &nothing)))?;
                read.scenario(&files, reading, &gpus, today)?;
            } else {
                let text = Text::open(path)?;
                let read_as =
                    reading.read_as.or_else(|| told(&text.body)).ok_or_else(|| unknown(&text.label, &text.body))?;
                read.add(&text, read_as, reading, &gpus, today)?;
            }
        }
        read.refuse_twice()?;
        Ok(read)
    }

    /// The tables of a scenario that hold times, and its memory.
    fn scenario(&mut self, files: &Files, reading: &RunsReading, gpus: &[String], today: Day) -> Result<(), Failure> {
        let mut any = false;
        for (label, text) in files.iter() {
            let sha256 = digest(text);
            let file = Path::new(&label).file_name().map_or(label.clone(), |name| name.to_string_lossy().into_owned());
            if header(text).is_some_and(|columns| columns.contains(&"scope") && columns.contains(&"gib")) {
                self.memory = Memory::read(&label, text).map_err(|problems| refused(&problems, &label, text))?;
            } else if let Some(read_as) = told(text) {
                any = true;
                self.add(&Text { label, file, body: text.to_owned(), sha256 }, read_as, reading, gpus, today)?;
            }
        }
        self.of_scenario = OfScenario::of(files).unwrap_or_else(|first| {
            self.remarks.push(unusable(*first));
            OfScenario::default()
        });
        if any {
            return Ok(());
        }
        Err(Failure::input("the scenario names no table with times", "name one under [files], or give runs.csv itself"))
    }

    fn add(
        &mut self,
        text: &Text,
        read_as: ReadAs,
        reading: &RunsReading,
        gpus: &[String],
        today: Day,
    ) -> Result<(), Failure> {
        let Text { label, body, .. } = text;
        let gpus: Vec<&str> = gpus.iter().map(String::as_str).collect();
        let options = RunsOptions {
            gpus: &gpus,
            source: reading.source.as_deref(),
            date: reading.date.as_deref(),
            // What is stale depends on the day that ages are counted from, and is a flag of cells.
            max_age_days: u32::MAX,
            seconds_are_right: reading.seconds_are_right,
            repeats: match reading.repeats {
                RepeatsRule::Ask => Repeats::Ask,
                RepeatsRule::Merge => Repeats::Merge,
                RepeatsRule::Keep => Repeats::Keep,
            },
            ..RunsOptions::on(today)
        };
        let runs = match read_as {
            ReadAs::Runs => Runs::read(label, body, &options),
            ReadAs::ModalCalls => Runs::read_modal_calls(label, body, &served(reading, label)?, &options),
            ReadAs::Mlperf => Runs::read_mlperf(label, body, &benchmarked(reading, label)?, &options),
            ReadAs::Benchmarks => Benchmarks::read(label, body).and_then(|table| {
                self.stated.extend(table.stated_cv());
                self.expected.extend(table.expected());
                table.runs(true).on_known_gpus(label, &gpus)
            }),
            ReadAs::Boots => Boots::read(label, body).and_then(|table| {
                self.stated.extend(table.stated_cv());
                table.runs().on_known_gpus(label, &gpus)
            }),
        };
        let runs = runs.map_err(|problems| refused(&problems, label, body))?;
        self.files.push(CalibrationInput {
            file: text.file.clone(),
            read_as: read_as.word().to_owned(),
            rows: runs.rows.len(),
            sha256: text.sha256.clone(),
        });
        self.parts.push((label.clone(), runs));
        Ok(())
    }

    /// One file given twice would count every run twice.
    fn refuse_twice(&self) -> Result<(), Failure> {
        for (place, file) in self.files.iter().enumerate() {
            if let Some(first) = self.files[..place].iter().find(|other| other.sha256 == file.sha256) {
                let what = format!("{} holds the same bytes as {}", file.file, first.file);
                return Err(Failure::input(what, "give every file once: its runs would count twice"));
            }
        }
        Ok(())
    }

    /// All runs together.
    pub(crate) fn runs(&self) -> Runs {
        let rows = self.parts.iter().flat_map(|(_, runs)| runs.rows.iter().cloned()).collect();
        let of_files = self.parts.iter().flat_map(|(_, runs)| runs.remarks.iter().cloned());
        let of_names = near_misses(&self.parts, &self.of_scenario.models);
        let remarks = self.remarks.iter().cloned().chain(of_names).chain(of_files).collect();
        Runs { rows, remarks }
    }

    /// SHA-256 of the digests of all files.
    pub(crate) fn sha256(&self) -> String {
        let all: Vec<&str> = self.files.iter().map(|file| file.sha256.as_str()).collect();
        digest(&all.join("\n"))
    }
}

impl Text {
    fn open(path: &Path) -> Result<Self, Failure> {
        let label = path.display().to_string();
        let unread = |label: &str, error: &dyn std::fmt::Display| {
            let help = "give the name of a file that you may read, or - for standard input";
            Failure::input(format!("{label}: cannot be read: {error}"), help)
        };
        let input = LogInput::open(path).map_err(|error| unread(&label, &error))?;
        let mut bytes = Vec::new();
        let mut source = input.reopen().map_err(|error| unread(&label, &error))?;
        source.read_to_end(&mut bytes).map_err(|error| unread(&label, &error))?;
        let text = String::from_utf8(bytes)
            .map_err(|error| not_utf8(&label, error.as_bytes(), error.utf8_error().valid_up_to()))?;
        let text = text.strip_prefix('\u{feff}').map_or_else(|| text.clone(), str::to_owned);
        Ok(Self { label: input.name, file: input.short_name, body: text, sha256: input.sha256 })
    }
}

/// A file in another encoding.
///
/// - `place`: of the first byte that makes no character.
fn not_utf8(label: &str, bytes: &[u8], place: usize) -> Failure {
    let of_utf16 = [&b"\xff\xfe"[..], b"\xfe\xff"];
    if of_utf16.iter().any(|mark| bytes.starts_with(mark)) {
        return Failure::input(format!("{label}: is UTF-16 text, not UTF-8"), "save it as UTF-8");
    }
    let line = String::from_utf8_lossy(&bytes[..place]).matches('\n').count() + 1;
    let what = format!(
        "{label}:{line}: is not UTF-8 text: byte {} of the file (0x{:02x}) makes no character",
        place + 1,
        bytes[place]
    );
    Failure::input(what, "save it as UTF-8; spreadsheets have it in their list of formats as \"CSV UTF-8\"")
}

/// The remark on a scenario of which only the tables are taken.
fn unusable(first: Problem) -> Problem {
    let message = format!("{}: only the tables of this scenario are taken, for it has problems", first.message);
    Problem { message, ..first }
}

/// SHA-256 in hexadecimal digits.
fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Problems of a file, with the options of the command line in their mends.
fn refused(problems: &[Problem], label: &str, text: &str) -> Failure {
    let mended: Vec<Problem> = problems
        .iter()
        .map(|problem| {
            let mut help = problem.help.clone();
            for (words, option) in [
                ("read the file with seconds-are-right", "say so with --seconds-are-right"),
                ("read the file with repeats kept", "keep them all with --repeats keep"),
                ("state the number of queries beside the file", "state it with --queries"),
            ] {
                help = help.replace(words, option);
            }
            if problem.message.contains("no GPU type that is known") {
                help += "; other names are allowed by --gpus";
            } else if ["source", "date"].contains(&problem.key.as_str()) && problem.message == "is empty" {
                help = format!("{help}; or state it for all such lines with --{}", problem.key);
            }
            Problem { help, ..problem.clone() }
        })
        .collect();
    Failure::Input(described(&mended, &Files::from_texts([(label, text)])))
}

/// The GPU types that may occur; empty: any.
fn gpus(reading: &RunsReading, embedded: &Files) -> Vec<String> {
    if reading.gpus.iter().any(|name| name == "any") {
        return Vec::new();
    }
    if !reading.gpus.is_empty() {
        return reading.gpus.clone();
    }
    let prices = embedded.text("prices.csv").unwrap_or_default();
    let prices = Prices::read("prices.csv", prices).unwrap_or_else(|problems| panic!("{problems:#?}"));
    let is_gpu = |item: &str| !["cpu_core", "memory_gib"].contains(&item);
    prices.rows().iter().filter(|row| is_gpu(&row.item)).map(|row| row.item.clone()).collect()
}

/// Which cell each method of a log is.
fn served(reading: &RunsReading, label: &str) -> Result<Vec<ServedAs>, Failure> {
    if reading.cells.is_empty() {
        let what = format!("{label}: names methods, neither models nor GPUs");
        return Err(Failure::input(what, "say what each is, as in --cell Flux.generate=flux-dev:bf16@L40S"));
    }
    reading.cells.iter().map(|words| cell(words)).collect()
}

/// What an MLPerf log does not say of itself.
fn benchmarked(reading: &RunsReading, label: &str) -> Result<Benchmarked, Failure> {
    let [words] = &reading.cells[..] else {
        let what = format!("{label}: does not say which model ran on which GPU");
        return Err(Failure::input(what, "say it once, as in --cell sdxl:fp16@H100"));
    };
    let (Some(source), Some(date)) = (&reading.source, &reading.date) else {
        let what = format!("{label}: does not say who measured it, and when");
        return Err(Failure::input(what, "say it, as in --source \"mlcommons.org v4.1\" --date 2024-08"));
    };
    if Day::parse(date).is_none() {
        let what = format!("--date: \"{date}\" is no date");
        return Err(Failure::input(what, "write YYYY-MM-DD, or YYYY-MM if the day is not known"));
    }
    Ok(Benchmarked {
        cell: cell(words)?.cell,
        shape: Shape::default(),
        gpus: reading.accelerators,
        n: reading.queries,
        provenance: Provenance { kind: Kind::Published, source: source.clone(), date: date.clone() },
    })
}

/// `[METHOD=]MODEL[:VARIANT]@GPU`.
fn cell(words: &str) -> Result<ServedAs, Failure> {
    let wrong = || {
        let what = format!("--cell: \"{words}\" is no cell");
        Failure::input(what, "write MODEL:VARIANT@GPU, as in flux-dev:bf16@L40S, with METHOD= before it for calls")
    };
    let (method, rest) = words.split_once('=').unwrap_or(("", words));
    let (model, gpu) = rest.rsplit_once('@').ok_or_else(wrong)?;
    let (model, variant) = model.split_once(':').unwrap_or((model, ""));
    if model.is_empty() || gpu.is_empty() {
        return Err(wrong());
    }
    let cell = CellName { model: model.to_owned(), variant: variant.to_owned(), gpu: gpu.to_owned() };
    Ok(ServedAs { method: method.to_owned(), cell })
}

/// The spreads that the embedded tables state for all models.
fn stand_ins(embedded: &Files) -> Vec<StatedCv> {
    let text = |name: &str| embedded.text(name).unwrap_or_default();
    let services = Benchmarks::read("benchmarks.csv", text("benchmarks.csv"));
    let boots = Boots::read("boots.csv", text("boots.csv"));
    let (services, boots) = (services.ok().and_then(|table| table.stated_cv()), boots.ok().and_then(|b| b.stated_cv()));
    services.into_iter().chain(boots).collect()
}
