//! Where the scenario comes from, and what is said when it is wrong.

use std::path::Path;

use fleetfront_planner::unserved;
use fleetfront_scenario::{Files, Problem, Scenario, render};

use crate::args::ScenarioArg;
use crate::failure::Failure;

/// Reads and checks the scenario that was asked for.
///
/// # Errors
/// [`Failure::Input`] with every problem of every file.
pub(crate) fn load(from: &ScenarioArg) -> Result<Scenario, Failure> {
    load_with_files(from).map(|(scenario, _)| scenario)
}

/// The same, with the texts that it was read from.
///
/// # Errors
/// As of [`load`].
pub(crate) fn load_with_files(from: &ScenarioArg) -> Result<(Scenario, Files), Failure> {
    let files = match &from.path {
        None => Files::embedded(),
        Some(path) => read(path)?,
    };
    match Scenario::load(&files) {
        Ok(scenario) => Ok((scenario, files)),
        Err(problems) => Err(Failure::Input(described(&problems, &files))),
    }
}

/// Refuses a scenario of which no fleet can be made, with what stands in the way.
///
/// # Errors
/// [`Failure::Input`] with each model that nothing can serve.
pub(crate) fn served(scenario: &Scenario) -> Result<(), Failure> {
    let unserved = unserved(scenario);
    let Some(first) = unserved.first() else { return Ok(()) };
    let models: Vec<String> = unserved.iter().map(|own| format!("\n  {}: {}", own.model, own.why.join("; "))).collect();
    Err(Failure::input(format!("nothing is left to simulate:{}", models.concat()), &first.mend))
}

fn read(path: &Path) -> Result<Files, Failure> {
    let nothing = Files::from_texts([]);
    Files::read_folder(path).map_err(|problems| Failure::Input(described(&problems, &nothing)))
}

/// All problems, one after another, and how many there are.
pub(crate) fn described(problems: &[Problem], files: &Files) -> String {
    let mut text = String::new();
    for problem in problems {
        let drawn = render(std::slice::from_ref(problem), files);
        // Problems of a whole file are not drawn, and do not say themselves that they are errors.
        let title = if drawn.starts_with("error") { "" } else { "error: " };
        text = text + title + &drawn + "\n";
    }
    match problems.len() {
        0 | 1 => text,
        n => format!("{text}{n} problems"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_begins_with_error_and_many_are_counted() {
        let files = Files::embedded();
        let toml = files.text("scenario.toml").expect("it is there");
        let toml = toml.replacen("max_inputs = 5", "max_imputs = 5", 1).replacen("format = 1", "format = 7", 1);
        let files = files.with("scenario.toml", &toml);
        let mut problems = Scenario::load(&files).expect_err("two mistakes");
        problems.push(Problem { line: None, key: String::new(), ..problems[0].clone() });
        let text = described(&problems, &files);
        assert_eq!(text.matches("error: ").count(), problems.len(), "{text}");
        assert!(text.ends_with(&format!("{} problems", problems.len())), "{text}");
    }
}
