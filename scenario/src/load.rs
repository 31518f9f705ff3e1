//! Loading a scenario: the shape of the file, then its meaning, and every problem of both.

use fleetfront_calibration::Problem;
use serde::Deserialize;
use toml::de::{DeTable, Deserializer};

use crate::document::Document;
use crate::file::ScenarioFile;
use crate::files::{Files, SCENARIO_FILE};
use crate::findings::Findings;
use crate::growth::grow;
use crate::resolve::resolve;
use crate::resolved::Scenario;
use crate::schema::schema;
use crate::structure;

impl Scenario {
    /// Reads and checks a scenario.
    ///
    /// # Errors
    /// Every [`Problem`] that can be found at once, in the order of files and lines.
    pub fn load(files: &Files) -> Result<Self, Vec<Problem>> {
        load(files).map_err(|mut problems| {
            // `scenario.toml` first: what is wrong with it may be why another file looks wrong.
            let scenario = files.label(SCENARIO_FILE);
            let order =
                |problem: &Problem| (problem.file != scenario, problem.file.clone(), problem.line, problem.column);
            problems.sort_by_key(order);
            problems
        })
    }
}

fn load(files: &Files) -> Result<Scenario, Vec<Problem>> {
    let label = files.label(SCENARIO_FILE);
    let Some(text) = files.text(SCENARIO_FILE) else { return Err(vec![missing(&label)]) };
    let (mut tree, errors) = DeTable::parse_recoverable(text);
    let document = Document::new(&label, text, tree.get_ref());
    if !errors.is_empty() {
        return Err(errors.iter().map(|error| syntax_problem(&document, error)).collect());
    }
    let mut problems = structure::check(&document, &schema(), &mut tree);
    let mut file = match ScenarioFile::deserialize(Deserializer::from(tree)) {
        Ok(file) => file,
        Err(error) => {
            if problems.is_empty() {
                // The walk should have found it: better the first mistake alone than none.
                problems.push(syntax_problem(&document, &error));
            }
            return Err(problems);
        }
    };
    let mut findings = Findings { document: &document, problems, warnings: Vec::new() };
    grow(&mut file, &mut findings);
    let scenario = resolve(files, &file, &mut findings);
    if findings.problems.is_empty() { Ok(scenario) } else { Err(findings.problems) }
}

fn missing(label: &str) -> Problem {
    let (message, help) =
        ("there is no such file", "`fleetfront init FOLDER` writes a complete scenario to start from");
    let (file, message, help) = (label.to_owned(), message.to_owned(), help.to_owned());
    Problem { file, line: None, column: None, key: String::new(), message, help }
}

fn syntax_problem(document: &Document, error: &toml::de::Error) -> Problem {
    let offset = error.span().map_or(0, |span| span.start);
    document.problem_at(
        offset,
        "",
        error.message(),
        "write it as TOML: `key = value`, text in quotes, lists in brackets",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{default_scenario, only_problem};

    #[test]
    fn the_default_loads_and_survives_json() {
        let scenario = default_scenario();
        let text = serde_json::to_string(&scenario).expect("it can be written");
        assert_eq!(serde_json::from_str::<Scenario>(&text).expect("it can be read"), scenario);
        let models: Vec<&str> = scenario.models.iter().map(|model| model.name.as_str()).collect();
        assert_eq!(models, ["flux-schnell", "flux-dev", "instantid", "lora", "wan2.1", "seedvr2"]);
        // Every cell of the deployed variants has its times.
        for variant in scenario.models.iter().map(|model| &model.variants[0]) {
            assert_eq!(variant.cells.len(), scenario.gpus.len());
            assert!(variant.cells.iter().all(|cell| cell.service.is_some() && cell.boot.is_some()));
        }
    }

    #[test]
    fn broken_toml_is_located() {
        let check = |text: &str, line, column| {
            let problems = Scenario::load(&Files::from_texts([(SCENARIO_FILE, text)])).expect_err("a problem");
            assert_eq!((problems[0].line, problems[0].column), (Some(line), Some(column)), "{problems:?}");
        };
        check("format = 1\nname = \"a\nb = 1\n", 2, 10);
        check("format = 1\nformat = 2\n", 2, 1);
        check("format 1\n", 1, 8);
    }

    #[test]
    fn without_a_scenario_there_is_one_problem() {
        let problem = only_problem(&Files::from_texts([("prices.csv", "")]));
        assert_eq!((problem.file.as_str(), problem.message.as_str()), (SCENARIO_FILE, "there is no such file"));
    }

    /// Whatever is done to one line, the scenario loads, or every problem has a place in the file, words and a mend.
    #[test]
    fn no_edit_of_a_line_goes_without_an_answer() {
        let original = Files::embedded();
        let lines: Vec<&str> = original.text(SCENARIO_FILE).expect("it is there").lines().collect();
        let mut seen = std::collections::BTreeSet::new();
        for (at, line) in lines.iter().enumerate().filter(|(_, line)| !line.starts_with('#') && !line.is_empty()) {
            let key = line.split(" = ").next().expect("a first part");
            if !seen.insert(key) {
                continue;
            }
            let edits = ["\"?\"", "-1", "nan", "1e300", "[]", "{}", "true", "{ a = [", ""];
            let edits = edits.iter().map(|value| format!("{key} = {value}")).chain([String::new(), format!("x{line}")]);
            for edit in edits {
                let mut text = lines.clone();
                text[at] = &edit;
                let Err(problems) = Scenario::load(&original.clone().with(SCENARIO_FILE, &text.join("\n"))) else {
                    continue;
                };
                assert!(!problems.is_empty(), "{edit}");
                for problem in problems {
                    let place = problem.line.expect("a line");
                    assert!(place <= lines.len() as u64 && problem.column.is_some(), "{edit}: {problem}");
                    assert!(!problem.message.is_empty() && !problem.help.is_empty(), "{edit}: {problem}");
                }
            }
        }
    }
}
