//! `fleetfront compare`.

use fleetfront_planner::{Based, Comparison, Control, Difference, Judgement, Precision};
use fleetfront_plots::compare_files;
use fleetfront_plots::format::{Unit, estimate, plain, prose};
use fleetfront_scenario::{Allocation, Mend, Scenario, repaired};

use crate::answer::{AnswerFolder, command, unmended};
use crate::args::CompareArgs;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output_folder::COMPARE;
use crate::rows::{show_allocations, show_criteria};
use crate::screen::{Screen, print_results};
use crate::simulate::find;
use crate::source::load;
use crate::watch::watched;

/// Most trials that a half-width may take.
const TRIALS_MAX: u32 = 20_000;

/// Compares allocations and prints the differences.
pub(crate) fn compare(args: &CompareArgs) -> Result<Outcome, Failure> {
    let scenario = load(&args.scenario)?;
    let (allocations, mends) = chosen(&scenario, &args.allocations)?;
    let folder = AnswerFolder::claim(args.answer.out.as_ref(), &COMPARE)?;
    let most = args.trials.unwrap_or(TRIALS_MAX);
    let precision = match args.trials {
        Some(trials) => Precision::Trials(trials),
        None => Precision::HalfWidth { share: args.half_width, most },
    };
    let interrupt = Interrupt::listen();
    let seed = args.machine.seed;
    let work = |control: &Control| fleetfront_planner::compare(&scenario, &allocations, precision, seed, control);
    let did = |comparison: &Comparison| format!("simulated {} trials of each", comparison.trials);
    let comparison = watched(&scenario, (&args.machine, most), &interrupt, work, did)?;
    let written = folder.publish(&interrupt, || {
        let names: Vec<String> = comparison.allocations.iter().map(|of| unmended(&scenario, &of.name)).collect();
        let words = ["--allocations".to_owned(), names.join(","), "--trials".to_owned(), comparison.trials.to_string()];
        compare_files(&comparison, &mends, &command("compare", &args.scenario, &words, seed))
    })?;
    if args.answer.json {
        print_results(&comparison, &comparison.basis())?;
    } else {
        let mut screen = answer(&comparison, &mends);
        if let Some(words) = &written {
            screen.paragraph(words);
        }
        screen.show()?;
    }
    let fails = comparison.differences.iter().any(|difference| difference.judgement == Judgement::Fail);
    Ok(if args.gate && fails { Outcome::CriterionFailed } else { Outcome::Done })
}

/// The allocations, each made to run where it cannot, and what was changed for it.
pub(crate) fn chosen(scenario: &Scenario, names: &[String]) -> Result<(Vec<Allocation>, Vec<String>), Failure> {
    let indices = match names {
        [] if scenario.baseline == scenario.proposed => {
            let help = "name two allocations with --allocations, or set another `proposed`";
            return Err(Failure::input("the baseline is the proposed allocation: there is nothing to compare", help));
        }
        [] => vec![scenario.baseline, scenario.proposed],
        [one] => {
            let what = format!("--allocations: \"{one}\" alone is nothing to compare");
            return Err(Failure::input(what, "name two allocations or more, with commas between them"));
        }
        names => names.iter().map(|name| find(scenario, name)).collect::<Result<_, _>>()?,
    };
    for (place, index) in indices.iter().enumerate() {
        if indices[..place].contains(index) {
            let what = format!("--allocations: \"{}\" stands there twice", scenario.allocations[*index].name);
            return Err(Failure::input(what, "name each allocation once"));
        }
    }
    let mut mended = Vec::new();
    let runnable = |index: usize| match repaired(scenario, index) {
        None => scenario.allocations[index].clone(),
        Some((allocation, mends)) => {
            mended.extend(mends.into_iter().map(|Mend { words, .. }| words));
            allocation
        }
    };
    let allocations = indices.into_iter().map(runnable).collect();
    Ok((allocations, mended))
}

fn answer(comparison: &Comparison, mends: &[String]) -> Screen {
    let (mut screen, simulated) = (Screen::new(), comparison.basis().words());
    for difference in &comparison.differences {
        screen.paragraph(&prose(&difference.headline));
    }
    screen.list("What had to be changed to make them run", mends);
    let first = comparison.allocations[0].name.as_str();
    let columns: Vec<(String, Vec<String>)> =
        comparison.differences.iter().map(|difference| (difference.allocation.clone(), cells(difference))).collect();
    screen.titled(&format!("Against \"{first}\", on the same requests"), &simulated);
    screen.matrix("difference", &ROWS, &columns);
    for (allocation, difference) in comparison.allocations[1..].iter().zip(&comparison.differences) {
        show_criteria(&mut screen, allocation, first, &simulated);
        if let Some(finding) = &difference.pairing_finding {
            screen.paragraph(&format!("A finding: {finding}."));
        }
        let open: Vec<String> =
            difference.open.iter().map(|open| prose(&format!("{}: {}", open.criterion, open.what_decides))).collect();
        screen.list("What would decide what is open", &open);
    }
    show_allocations(&mut screen, &comparison.allocations, &simulated);
    screen.paragraph(&format!(
        "Numbers in brackets are 95 % intervals over {} trials (seed {}): they hold luck, not wrong inputs.",
        comparison.trials, comparison.seed
    ));
    screen
}

const ROWS: [&str; 11] = [
    "cost a month",
    "cost, ratio",
    "mean latency",
    "mean latency, ratio",
    "p95, ratio",
    "probability that it is cheaper",
    "that its p95 is shorter",
    "both",
    "p-value of equal costs",
    "  adjusted for their number",
    "variance saved by pairing",
];

fn cells(of: &Difference) -> Vec<String> {
    let probability = |p: f64| match p {
        p if p > 0.9995 => "> 99.9 %".to_owned(),
        p if p < 0.0005 => "< 0.1 %".to_owned(),
        p => plain(p, Unit::Share),
    };
    let p_value = |p: f64| if p < 0.001 { "< 0.001".to_owned() } else { format!("{p:.3}") };
    vec![
        estimate(of.cost_usd_month, Unit::Usd),
        estimate(of.cost_ratio, Unit::Ratio),
        estimate(of.latency_s_mean, Unit::Seconds),
        estimate(of.latency_mean_ratio, Unit::Ratio),
        estimate(of.latency_p95_ratio, Unit::Ratio),
        probability(of.probabilities.cheaper),
        probability(of.probabilities.faster),
        probability(of.probabilities.both),
        p_value(of.cost_p),
        p_value(of.cost_p_adjusted),
        plain(of.variance_reduction, Unit::Ratio),
    ]
}
