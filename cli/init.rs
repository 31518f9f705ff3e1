//! `fleetfront init`.

use fleetfront_scenario::Files;

use crate::args::InitArgs;
use crate::failure::{Failure, Outcome};
use crate::screen::print;
use crate::source::described;

/// Writes the embedded scenario as files.
pub(crate) fn init(args: &InitArgs) -> Result<Outcome, Failure> {
    let files = Files::embedded();
    files.write_to(&args.folder).map_err(|problems| Failure::Input(described(&problems, &files)))?;
    if args.quiet {
        return Ok(Outcome::Done);
    }
    let folder = args.folder.display();
    let names: Vec<String> = files.iter().map(|(name, _)| name).collect();
    print(&format!(
        "Wrote the scenario to {folder}:\n  {}\nEdit scenario.toml and the tables that it names, then:\n  fleetfront check \
         {folder}\n  fleetfront run {folder}\n",
        names.join("\n  ")
    ))
}
