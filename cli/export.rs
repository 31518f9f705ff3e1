//! `fleetfront export`: an allocation of a saved study as a file to act on.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use fleetfront_planner::{Role, Study};
use fleetfront_plots::{PlotError, RenderConfig, export as exported};
use tempfile::TempDir;

use crate::args::{ExportArgs, ExportOfScenario, ExportOfStudy};
use crate::benchmark_kit::export_benchmark_kit;
use crate::failure::{Failure, Outcome};
use crate::saved;
use crate::screen::print_bytes;
use crate::simulate::among;

/// Writes the file that was asked for, whole or not at all.
pub(crate) fn export(args: &ExportArgs) -> Result<Outcome, Failure> {
    match &args.of_scenario {
        Some(ExportOfScenario::BenchmarkKit(args)) => export_benchmark_kit(args),
        None => of_study(&args.of_study),
    }
}

fn of_study(args: &ExportOfStudy) -> Result<Outcome, Failure> {
    let path = args.study.as_ref().expect("clap asks for it where there is no subcommand");
    let study = saved::read(path)?;
    let name = args.allocation.as_ref().unwrap_or(&study.recommendation.allocation);
    let names: Vec<&str> = study.allocations.iter().map(|allocation| allocation.name.as_str()).collect();
    among(&format!("the study {}", path.display()), &names, name)?;
    let format = args.format.format();
    let config = RenderConfig { command: study.origin.command.clone() };
    let bytes = exported(&study, name, format, &config).map_err(|error| refused(&study, &error))?;
    match &args.out {
        Some(out) => write(&place(out, format.file_name()), &bytes)?,
        None if !format.is_text() && io::stdout().is_terminal() => {
            return Err(Failure::input("a terminal cannot show Parquet", "name a file with --out"));
        }
        None => return print_bytes(&bytes),
    }
    Ok(Outcome::Done)
}

/// What stands in the way, and what to do about it.
fn refused(study: &Study, error: &PlotError) -> Failure {
    match error {
        PlotError::CannotRun { name, .. } => {
            // A repair follows what it repairs.
            let mut after = study.allocations.iter().skip_while(|allocation| allocation.name != *name).skip(1);
            let repair = after.next().filter(|next| next.role == Role::Repaired);
            let other = repair.map_or(&study.recommendation.allocation, |repair| &repair.name);
            Failure::input(error, format!("export \"{other}\", which can run"))
        }
        PlotError::NoSchedule { .. } => Failure::input(error, "export it with --format config.py"),
        PlotError::NoParquet => Failure::input("this build writes no Parquet", "build with --features parquet"),
        other => panic!("the study cannot be exported: {other}"),
    }
}

/// The file that `--out` means: in a folder, the one of the name that it has by itself.
pub(crate) fn place(out: &Path, file_name: &str) -> PathBuf {
    let is_folder = out.is_dir() || out.as_os_str().to_string_lossy().ends_with(std::path::is_separator);
    if is_folder { out.join(file_name) } else { out.to_owned() }
}

/// Lets the file take the place of what was there; on an error nothing has changed.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if place.exists() && !place.is_file() {
        return Err(Failure::input(format!("--out {}: is no file", path.display()), ANOTHER));
    }
    replace(&place, bytes)
        .map_err(|error| Failure::input(format!("--out {}: cannot be written: {error}", path.display()), ANOTHER))
}

const ANOTHER: &str = "name a file in a folder that exists and that you may write to; nothing has changed";

fn replace(place: &Path, bytes: &[u8]) -> io::Result<()> {
    let parent = place.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let draft = TempDir::with_prefix_in(".fleetfront-", parent)?;
    let new = draft.path().join("new");
    let mut file = File::create_new(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gets_the_file_of_the_format_s_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let inside = folder.path().join("config.py");
        assert_eq!(place(folder.path(), "config.py"), inside);
        assert_eq!(place(&inside, "allocation.json"), inside);
        assert_eq!(place(Path::new("new/"), "pull_request.md"), Path::new("new/pull_request.md"));
    }

    #[test]
    fn a_file_is_replaced_as_a_whole_and_leaves_no_litter() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("config.py");
        for text in ["first", "2nd"] {
            write(&file, text.as_bytes()).expect("written");
            assert_eq!(fs::read_to_string(&file).expect("readable"), text);
        }
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
        let inside_a_file = write(&file.join("x"), b"").expect_err("no folder");
        assert!(matches!(&inside_a_file, Failure::Input(text) if text.contains("cannot be written")));
    }
}
