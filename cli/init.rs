//! `fleetfront init`.

use fleetfront_scenario::Files;

use crate::args::InitArgs;
use crate::failure::{Failure, Outcome};
use crate::run::quoted;
use crate::saved;
use crate::screen::print;
use crate::source::described;

/// Writes the embedded scenario as files, or the inputs of a study.
pub(crate) fn init(args: &InitArgs) -> Result<Outcome, Failure> {
    let (files, command) = match &args.from {
        None => (Files::embedded(), None),
        Some(study) => saved::inputs(study).map(|(files, command)| (files, Some(command)))?,
    };
    files.write_to(&args.folder).map_err(|problems| Failure::Input(described(&problems, &files)))?;
    if args.quiet {
        return Ok(Outcome::Done);
    }
    let folder = args.folder.display();
    let names: Vec<&str> = files.names().collect();
    let what = match &args.from {
        None => "the scenario".to_owned(),
        Some(study) => format!("the inputs of {}", study.display()),
    };
    let in_shell = quoted(&folder.to_string());
    print(&format!(
        "Wrote {what} to {folder}:\n  {}\nEdit scenario.toml and the tables that it names, then:\n  fleetfront check \
         {in_shell}\n  fleetfront run {in_shell}\n{}",
        names.join("\n  "),
        made_by(command)
    ))
}

/// How the study was made that the files are from: its seed and trials are in no file.
fn made_by(command: Option<String>) -> String {
    command.map_or(String::new(), |command| format!("The study was made by:\n  {command}\n"))
}
