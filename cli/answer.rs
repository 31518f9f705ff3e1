//! The files of a command that answers one question: the folder that was asked for, and the command in it.

use std::path::PathBuf;

use fleetfront_plots::{Output, PlotError, RenderConfig};
use fleetfront_scenario::Scenario;

use crate::args::ScenarioArg;
use crate::failure::Failure;
use crate::interrupt::Interrupt;
use crate::output_folder::{Large, OutputFolder, Writer};
use crate::run::quoted;

/// Where the files of an answer go, if anywhere.
pub(crate) struct AnswerFolder(Option<OutputFolder>);

impl AnswerFolder {
    /// Makes sure that they will find a place, before anything is computed.
    ///
    /// # Errors
    /// As [`OutputFolder::claim`].
    pub(crate) fn claim(out: Option<&PathBuf>, writer: &'static Writer) -> Result<Self, Failure> {
        out.map(|out| OutputFolder::claim_for(out, writer)).transpose().map(Self)
    }

    /// Writes them, and returns what is said of it.
    ///
    /// # Errors
    /// [`Failure`] when they cannot be written, or somebody does not want them any more.
    ///
    /// # Panics
    /// If they cannot be drawn.
    pub(crate) fn publish(
        &self,
        interrupt: &Interrupt,
        files: impl FnOnce() -> Result<Vec<Output>, PlotError>,
    ) -> Result<Option<String>, Failure> {
        self.publish_all(interrupt, files, &[])
    }

    /// The same with files that may not fit into memory.
    ///
    /// # Errors
    /// As [`AnswerFolder::publish`].
    ///
    /// # Panics
    /// As [`AnswerFolder::publish`].
    pub(crate) fn publish_all(
        &self,
        interrupt: &Interrupt,
        files: impl FnOnce() -> Result<Vec<Output>, PlotError>,
        large: &[Large],
    ) -> Result<Option<String>, Failure> {
        let Some(folder) = &self.0 else { return Ok(None) };
        let files = files().unwrap_or_else(|error| panic!("the answer cannot be drawn: {error}"));
        interrupt.finish()?;
        folder.publish_all(&files, large)?;
        Ok(Some(folder.written(&files, large)))
    }
}

/// The name of an allocation in the scenario, whatever was made of it to make it run.
pub(crate) fn unmended(scenario: &Scenario, name: &str) -> String {
    let is_known = |name: &str| scenario.allocations.iter().any(|allocation| allocation.name == name);
    let before = name.strip_suffix(" (repaired)").filter(|before| !is_known(name) && is_known(before));
    before.unwrap_or(name).to_owned()
}

/// What makes the same files again.
///
/// - `words`: what the command was asked besides the scenario and the seed.
pub(crate) fn command(name: &str, scenario: &ScenarioArg, words: &[String], seed: u64) -> RenderConfig {
    let path = scenario.path.as_ref().map(|path| path.display().to_string());
    let seed = ["--seed".to_owned(), seed.to_string()];
    let words: Vec<String> = path.iter().chain(words).chain(&seed).map(|word| quoted(word)).collect();
    RenderConfig { command: format!("fleetfront {name} {}", words.join(" ")) }
}
