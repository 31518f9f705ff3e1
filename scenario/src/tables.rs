//! The CSV files of a scenario, as far as they could be read.

use fleetfront_calibration::{
    Benchmarks, Boots, Calibration, Memory, NO_ROWS, Prices, Problem, Runs, ShapeSample, read_load_curve, read_shapes,
};
use fleetfront_workloads::{LoadCurve, RecordedDays};

use crate::document::join;
use crate::file::ScenarioFile;
use crate::files::{Files, is_plain};
use crate::findings::Findings;
use crate::large_file::recorded_text;
use crate::suggest::nearest;
use crate::{curves, runs};

/// What the CSV files say. `None` where a file has problems: they are in the findings, and nothing more is asked of it.
#[derive(Debug)]
pub(crate) struct Tables {
    pub(crate) prices: Option<Prices>,
    pub(crate) benchmarks: Option<Benchmarks>,
    pub(crate) boots: Option<Boots>,
    /// The measured runs; `None` without any.
    pub(crate) runs: Option<Runs>,
    /// What they are joined into.
    pub(crate) calibration: Option<Calibration>,
    pub(crate) memory: Option<Memory>,
    pub(crate) load: Option<LoadCurve>,
    /// The curve of each model that names one, in the scenario's order.
    pub(crate) own_load: Vec<Option<LoadCurve>>,
    /// The recorded days of each model that is replayed, in the scenario's order.
    pub(crate) traces: Vec<Option<RecordedDays>>,
    /// The joint sample of shapes of each model that names one, in the scenario's order.
    pub(crate) shapes: Vec<Option<ShapeSample>>,
}

impl Tables {
    /// Reads all files that `scenario` names.
    pub(crate) fn read(files: &Files, scenario: &ScenarioFile, findings: &mut Findings<'_>) -> Self {
        let names = &scenario.files;
        let has_runs = names.runs.is_some();
        let services_stated = has_runs || scenario.cells.iter().any(|cell| cell.service.is_some());
        let boots_stated =
            has_runs || scenario.cells.iter().any(|cell| cell.boot.is_some() || cell.boot_phases.is_some());
        let no_services = |table: &Benchmarks| table.rows().is_empty() && !services_stated;
        let no_boots = |table: &Boots| table.rows().is_empty() && !boots_stated;
        let mut reader = Reader { files, findings };
        let benchmarks = reader.read("files.benchmarks", &names.benchmarks, unless(no_services, Benchmarks::read));
        let boots = reader.read("files.boots", &names.boots, unless(no_boots, Boots::read));
        let read_runs = |label: &str, text: &str| runs::read(scenario, label, text);
        let runs = names.runs.as_ref().and_then(|name| reader.read("files.runs", name, read_runs));
        let joined = |runs: &Runs| runs::joined(runs, scenario, benchmarks.as_ref(), boots.as_ref());
        Self {
            calibration: runs.as_ref().map(joined),
            prices: reader.read("files.prices", &names.prices, Prices::read),
            benchmarks,
            boots,
            runs,
            memory: reader.read("files.memory", &names.memory, Memory::read),
            load: reader.curve("files.load", &names.load),
            own_load: (scenario.models.iter().enumerate())
                .map(|(index, model)| {
                    let path = join(&format!("models[{index}]"), "curve_file");
                    model.curve_file.as_ref().and_then(|name| reader.curve(&path, name))
                })
                .collect(),
            traces: (scenario.models.iter().enumerate())
                .map(|(index, model)| {
                    let path = format!("models[{index}].replay.file");
                    model.replay.as_ref().and_then(|replay| reader.trace(&path, &replay.file))
                })
                .collect(),
            shapes: (scenario.models.iter().enumerate())
                .map(|(index, model)| {
                    let path = format!("models[{index}].shape.file");
                    let name = model.shape.as_ref()?.file.as_ref()?;
                    reader.read(&path, name, read_shapes)
                })
                .collect(),
        }
    }
}

struct Reader<'a, 'b> {
    files: &'a Files,
    findings: &'a mut Findings<'b>,
}

impl Reader<'_, '_> {
    /// A load curve, of a file or built in.
    fn curve(&mut self, path: &str, name: &str) -> Option<LoadCurve> {
        let Some(built_in) = curves::built_in(name) else { return self.read(path, name, read_curve) };
        match curves::text(built_in) {
            Ok(text) => Some(read_curve(name, text).expect("the curves that are compiled in are tested")),
            Err(known) => {
                let message = format!("there is no built-in load curve \"{}\"", built_in.escape_debug());
                let full: Vec<String> = known.iter().map(|own| curves::full_name(own)).collect();
                let help = match nearest(built_in, known) {
                    Some(near) => format!("did you mean \"{}\"?", curves::full_name(near)),
                    None => format!("write one of: {}", full.join(", ")),
                };
                self.findings.refuse(path, message, help);
                None
            }
        }
    }

    /// A trace, held as text or not.
    fn trace(&mut self, path: &str, name: &str) -> Option<RecordedDays> {
        let Some(large) = self.files.large().get(name) else { return self.read(path, name, recorded_text) };
        large.recorded(&self.files.label(name)).map_err(|problems| self.findings.problems.extend(problems)).ok()
    }

    fn read<T>(&mut self, path: &str, name: &str, parse: impl Fn(&str, &str) -> Result<T, Vec<Problem>>) -> Option<T> {
        if !is_plain(name) {
            let message = format!("\"{}\" is no file of the scenario's folder", name.escape_debug());
            self.findings.refuse(
                path,
                message,
                "put the file next to scenario.toml and give its name without a folder",
            );
            return None;
        }
        let Some(text) = self.files.text(name) else {
            let help = format!("put {} there, or name another file", self.files.label(name));
            self.findings.refuse(path, format!("there is no file \"{name}\""), help);
            return None;
        };
        match parse(&self.files.label(name), text) {
            Ok(table) => Some(table),
            Err(problems) => {
                self.findings.problems.extend(problems);
                None
            }
        }
    }
}

/// Refuses a table without rows where neither runs nor `[[cells]]` state what it would say: where `is_missing`.
fn unless<T>(
    is_missing: impl Fn(&T) -> bool,
    parse: impl Fn(&str, &str) -> Result<T, Vec<Problem>>,
) -> impl Fn(&str, &str) -> Result<T, Vec<Problem>> {
    move |file, text| {
        let table = parse(file, text)?;
        if is_missing(&table) { Err(vec![whole_file(file, "", NO_ROWS.0, NO_ROWS.1)]) } else { Ok(table) }
    }
}

/// A problem of a file that no line of it shows.
fn whole_file(file: &str, column: &str, message: &str, help: &str) -> Problem {
    Problem {
        file: file.to_owned(),
        line: None,
        column: None,
        key: column.to_owned(),
        message: message.to_owned(),
        help: help.to_owned(),
    }
}

fn read_curve(file: &str, text: &str) -> Result<LoadCurve, Vec<Problem>> {
    let (weights, _) = read_load_curve(file, text)?;
    LoadCurve::new(&weights).map_err(|error| vec![whole_file(file, "weight", &error.to_string(), "")])
}

#[cfg(test)]
mod tests {
    use crate::testing::{check, only_problem};

    #[test]
    fn a_file_that_is_not_there_is_a_problem_of_the_line_that_names_it() {
        let new = "prices = \"price.csv\"";
        check(
            "prices = \"prices.csv\"",
            new,
            "\"price.csv\"",
            "files.prices",
            "there is no file \"price.csv\"",
            "put price.csv there",
        );
    }

    /// A header and no row: enough where cells state the laws, not where nothing does.
    #[test]
    fn a_table_may_be_empty_where_cells_state_laws() {
        let text = |name: &str| crate::Files::embedded().text(name).expect("it is there").to_owned();
        let header = |name: &str| {
            let first = text(name).lines().find(|line| !line.starts_with('#')).expect("a header").to_owned();
            format!("# nothing measured\n{first}\n")
        };
        let empty = crate::Files::embedded().with("boots.csv", &header("boots.csv"));
        assert_eq!(only_problem(&empty).message, "has a header but no rows");
        let cell = |model: &str| {
            format!(
                "[[cells]]\nmodel = \"{model}\"\ngpu = \"L40S\"\nboot = {{ deterministic = {{ seconds = 20.0 }} }}\n\
                 provenance = {{ kind = \"assumed\", source = \"a test\", date = \"2026-11-24\" }}\n"
            )
        };
        let models = ["flux-schnell", "flux-dev", "instantid", "lora", "wan2.1", "seedvr2"];
        let cells = models.map(cell).concat();
        let stated = empty.clone().with("scenario.toml", &format!("{}\n{cells}", text("scenario.toml")));
        let scenario = crate::Scenario::load(&stated).expect("every model boots on some GPU type");
        let boot = scenario.models[0].variants[0].cells[3].boot.as_ref().expect("it is stated");
        assert_eq!(boot.law, fleetfront_sim::Law::Deterministic { seconds: 20.0 });
        // A cell that says nothing of boots, a header of another table, and no header at all change nothing.
        let of_services = stated.clone().with("benchmarks.csv", &header("benchmarks.csv"));
        let problem = only_problem(&of_services);
        assert_eq!((problem.file.as_str(), problem.message.as_str()), ("benchmarks.csv", "has a header but no rows"));
        let problem = only_problem(&stated.clone().with("boots.csv", &header("memory.csv")));
        assert!(problem.message.starts_with("the header is `scope,"), "{problem}");
        assert_eq!(only_problem(&stated.clone().with("boots.csv", "# nothing\n")).message, "is empty");
        // What neither a row nor a cell says is told by name.
        let fewer = models[1..].iter().map(|model| cell(model)).collect::<String>();
        let problem = only_problem(&empty.with("scenario.toml", &format!("{}\n{fewer}", text("scenario.toml"))));
        assert_eq!(problem.message, "no boot time of \"flux-schnell\" is known on any GPU");
    }

    #[test]
    fn files_stay_in_the_folder() {
        for name in ["../prices.csv", "/etc/prices.csv", "", "scenario.toml", "a\\\\b.csv"] {
            let problem = only_problem(&crate::testing::edited("\"prices.csv\"", &format!("\"{name}\"")));
            assert!(problem.message.ends_with("is no file of the scenario's folder"), "{problem}");
        }
    }
}
