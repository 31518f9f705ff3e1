//! `fleetfront report`.

use fleetfront_plots::{RenderConfig, render};

use crate::args::ReportArgs;
use crate::failure::{Failure, Outcome};
use crate::output_folder::OutputFolder;
use crate::run::answer;
use crate::saved;

/// Writes all files of a run again from its study, and prints its answer again.
pub(crate) fn report(args: &ReportArgs) -> Result<Outcome, Failure> {
    let study = saved::read(&args.study)?;
    let folder = OutputFolder::claim(&args.out)?;
    let outputs = render(&study, &RenderConfig { command: study.origin.command.clone() });
    let outputs = outputs.unwrap_or_else(|error| panic!("the results cannot be drawn: {error}"));
    folder.publish(&outputs)?;
    if args.quiet { Ok(Outcome::Done) } else { answer(&study, &folder.file("report.html")).show() }
}
