//! `fleetfront run`.

use fleetfront_planner::{Based, Control, Judgement, Obstacle, Origin, Study, run_study};
use fleetfront_plots::bounds::naive_basis;
use fleetfront_plots::format::prose;
use fleetfront_plots::{RenderConfig, render};
use fleetfront_scenario::Files;

use crate::args::RunArgs;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::money::{show_months, show_spending};
use crate::output_folder::OutputFolder;
use crate::rows::{show_allocations, show_bounds, show_bridges, show_criteria};
use crate::screen::{Screen, print};
use crate::source::{load_with_files, served};
use crate::watch::watched;

/// Simulates everything, writes the files, prints the answer.
pub(crate) fn run(args: &RunArgs) -> Result<Outcome, Failure> {
    let (scenario, files) = load_with_files(&args.scenario)?;
    served(&scenario)?;
    let folder = OutputFolder::claim(&args.out)?;
    let interrupt = Interrupt::listen();
    let (pace, effort) = (&args.pace, args.pace.effort());
    let work = |control: &Control| run_study(&scenario, effort, control);
    let mut study = watched(&scenario, (&pace.machine, pace.trials), &interrupt, work, |_| pace.said())?;
    let is_embedded = study.inputs_sha256 == Files::embedded().sha256();
    let (command, texts, large) = (command(args, is_embedded), files.texts().clone(), files.large().clone());
    study.origin = Origin { command, files: texts, large };
    let outputs = render(&study, &RenderConfig { command: study.origin.command.clone() });
    let outputs = outputs.unwrap_or_else(|error| panic!("the results cannot be drawn: {error}"));
    interrupt.finish()?;
    folder.publish(&outputs)?;
    if args.json {
        let json = outputs.iter().find(|output| output.name == "study.json").expect("a run writes study.json");
        print(&String::from_utf8_lossy(&json.bytes))?;
    } else {
        answer(&study, &folder.file("report.html")).show()?;
    }
    Ok(if args.gate && fails(&study) { Outcome::CriterionFailed } else { Outcome::Done })
}

/// Whether the proposed allocation fails a criterion, or cannot run even when it is mended.
fn fails(study: &Study) -> bool {
    let judged = study.allocations.iter().find(|allocation| allocation.name == study.verdict.allocation);
    study.verdict.judgement == Judgement::Fail || judged.is_none_or(|allocation| allocation.results.is_none())
}

/// The command that makes the same files again. Neither the threads nor the folder are part of it: the files do not
/// depend on them. An untouched copy of the embedded scenario needs no name either.
fn command(args: &RunArgs, is_embedded: bool) -> String {
    let mut words = vec!["fleetfront run".to_owned()];
    let path = args.scenario.path.as_ref().filter(|_| !is_embedded);
    words.extend(path.map(|path| quoted(&path.display().to_string())));
    words.push(format!("--trials {} --seed {}", args.pace.trials, args.pace.machine.seed));
    words.join(" ")
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@,=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The answer of a study, and where its report is.
pub(crate) fn answer(study: &Study, report: &str) -> Screen {
    let (mut screen, simulated) = (Screen::new(), study.basis().words());
    screen.paragraph(&prose(&study.verdict.headline));
    let first: Vec<String> = study.verdict.first.iter().map(|sentence| prose(sentence)).collect();
    screen.list("First of all", &first);
    screen.paragraph(&prose(&study.recommendation.headline));
    screen.paragraph(&prose(&study.recommendation.fresh_days.words()));
    if !study.recommendation.rests_on.is_empty() {
        screen.paragraph(&prose(&study.recommendation.basis()));
    }
    let obstacle =
        |obstacle: &Obstacle| prose(&format!("{}: {}; {}.", obstacle.criterion, obstacle.why, obstacle.relaxing_it));
    let obstacles: Vec<String> = study.recommendation.obstacles.iter().map(obstacle).collect();
    screen.list("What stands in the way", &obstacles);
    let baseline = study.allocations.first().map_or("baseline", |baseline| baseline.name.as_str());
    let judged = study.allocations.iter().find(|allocation| allocation.name == study.verdict.allocation);
    if let Some(judged) = judged {
        show_criteria(&mut screen, judged, baseline, &simulated);
    }
    show_allocations(&mut screen, &study.allocations, &simulated);
    let recommended = study.allocations.iter().find(|allocation| allocation.name == study.recommendation.allocation);
    if let Some(recommended) = recommended {
        show_bounds(&mut screen, recommended, &study.allocations, &simulated);
    }
    show_bridges(&mut screen, &study.naive.bridges, &naive_basis(study));
    show_spending(&mut screen, &study.allocations, &simulated);
    show_months(&mut screen, &study.allocations);
    let warnings = study.warnings.len();
    screen.paragraph(&format!(
        "Numbers in brackets are 95 % intervals over {} trials (seed {}): they hold luck, not wrong inputs. The report \
         lists {warnings} warnings and {} assumed values.",
        study.trials,
        study.seed,
        study.assumptions.len()
    ));
    screen.paragraph(&format!("open {report}"));
    screen
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::{Cli, Command};

    fn command_of(arguments: &[&str]) -> String {
        let words = ["fleetfront", "run"].iter().chain(arguments);
        let Command::Run(args) = Cli::try_parse_from(words).expect("valid").command else { panic!("run") };
        command(&args, false)
    }

    #[test]
    fn the_command_in_the_report_makes_the_same_files() {
        assert_eq!(command_of(&[]), "fleetfront run --trials 1000 --seed 1");
        let words = ["my fleet", "--seed", "7", "--threads", "3", "--out", "x"];
        assert_eq!(command_of(&words), "fleetfront run 'my fleet' --trials 1000 --seed 7");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
