//! `fleetfront fallback`.

use fleetfront_planner::{
    Based, Control, Effort, FallbackAnswer, FallbackPairs, FallbackStudy, Payoff, fallback_pairs, fallback_study,
};
use fleetfront_plots::format::{Unit, estimate, prose};
use fleetfront_plots::{
    FallbackTable, RenderConfig, fallback_basis, map_table, pairs_table, policies_table, render_fallback,
};
use fleetfront_scenario::{Files, Scenario, nearest};

use crate::args::FallbackArgs;
use crate::failure::{Failure, Outcome};
use crate::interrupt::Interrupt;
use crate::output_folder::{FALLBACK, OutputFolder};
use crate::run::quoted;
use crate::screen::{Screen, print_results};
use crate::source::load;
use crate::watch::watched;

/// With more pairs than this, one row a pair says more than every policy of each.
const PAIRS_IN_DETAIL: usize = 3;

/// Studies whether fallback pays, writes the files if a folder is given, and prints the answer.
pub(crate) fn fallback(args: &FallbackArgs) -> Result<Outcome, Failure> {
    let scenario = load(&args.scenario)?;
    let pairs = chosen(&scenario, args)?;
    let folder = args.answer.out.as_deref().map(|out| OutputFolder::claim_for(out, &FALLBACK)).transpose()?;
    let effort = Effort { trials: args.trials, seed: args.machine.seed };
    let interrupt = Interrupt::listen();
    let work = |control: &Control| fallback_study(&scenario, &pairs, effort, control);
    let did = |study: &FallbackStudy| format!("tried every policy on {} trials", study.trials);
    let study = watched(&scenario, (&args.machine, args.trials), &interrupt, work, did)?;
    if let Some(folder) = &folder {
        let is_embedded = study.inputs_sha256 == Files::embedded().sha256();
        let outputs = render_fallback(&study, &RenderConfig { command: command(args, is_embedded) });
        let outputs = outputs.unwrap_or_else(|error| panic!("the results cannot be drawn: {error}"));
        interrupt.finish()?;
        folder.publish(&outputs)?;
    }
    if args.answer.json {
        return print_results(&study, &study.basis());
    }
    let mut screen = answer(&study);
    if let Some(folder) = &folder {
        screen.paragraph(&format!("open {}", folder.file("fallback.md")));
    }
    screen.show()
}

/// The pairs that were asked for.
fn chosen(scenario: &Scenario, args: &FallbackArgs) -> Result<FallbackPairs, Failure> {
    let models = match &args.model {
        None => (0..scenario.models.len()).collect(),
        Some(name) => {
            let names: Vec<&str> = scenario.models.iter().map(|model| model.name.as_str()).collect();
            vec![find(scenario, "model", name, &names)?]
        }
    };
    let gpus: Vec<(usize, usize)> = args.pairs.iter().map(|pair| gpus(scenario, pair)).collect::<Result<_, _>>()?;
    fallback_pairs(scenario, &models, &gpus).map_err(|error| Failure::input(&error, error.help()))
}

/// `CHEAP:DEAR`.
fn gpus(scenario: &Scenario, pair: &str) -> Result<(usize, usize), Failure> {
    let Some((cheap, dear)) = pair.split_once(':') else {
        let what = format!("--pairs: \"{pair}\" names no two GPU types");
        return Err(Failure::input(
            what,
            "write the cheap and the dear one with a colon between them, such as T4:L40S",
        ));
    };
    let names: Vec<&str> = scenario.gpus.iter().map(|gpu| gpu.name.as_str()).collect();
    let gpu = |name: &str| find(scenario, "GPU", name, &names);
    Ok((gpu(cheap)?, gpu(dear)?))
}

/// The place of a name, or the one that was meant.
fn find(scenario: &Scenario, what: &str, name: &str, names: &[&str]) -> Result<usize, Failure> {
    names.iter().position(|other| *other == name).ok_or_else(|| {
        let meant = nearest(name, names.iter().copied());
        let meant = meant.map_or(String::new(), |meant| format!("did you mean \"{meant}\"? "));
        let help = format!("{meant}Known here: {}", names.join(", "));
        Failure::input(format!("scenario {} has no {what} \"{name}\"", scenario.name), help)
    })
}

/// The command that makes the same files again: the files depend neither on threads nor on the folder.
fn command(args: &FallbackArgs, is_embedded: bool) -> String {
    let mut words = vec!["fleetfront fallback".to_owned()];
    let path = args.scenario.path.as_ref().filter(|_| !is_embedded);
    words.extend(path.map(|path| quoted(&path.display().to_string())));
    words.extend(args.model.as_ref().map(|model| format!("--model {}", quoted(model))));
    words.extend((!args.pairs.is_empty()).then(|| format!("--pairs {}", quoted(&args.pairs.join(",")))));
    words.push(format!("--trials {} --seed {} --out fallback", args.trials, args.machine.seed));
    words.join(" ")
}

fn answer(study: &FallbackStudy) -> Screen {
    let (mut screen, basis) = (Screen::new(), fallback_basis(study));
    screen.paragraph(&prose(&study.headline));
    if study.pairs.len() > PAIRS_IN_DETAIL {
        show(&mut screen, &pairs_table(&study.pairs), &basis, &[3, 4, 7]);
        screen.paragraph("With --model NAME: every policy and the map of one model.");
    }
    for answer in study.pairs.iter().filter(|_| study.pairs.len() <= PAIRS_IN_DETAIL) {
        for sentence in answer.sentences.iter().filter(|sentence| **sentence != study.headline) {
            screen.paragraph(&prose(sentence));
        }
        show_policies(&mut screen, &policies_table(answer, answer.own_point()), &basis);
        show(&mut screen, &map_table(answer), &basis, &[]);
    }
    screen.paragraph(&prose(&study.definition));
    let is_open =
        |payoff: Payoff| study.pairs.iter().any(|answer| answer.points.iter().any(|p| p.best().payoff == payoff));
    if is_open(Payoff::Open) {
        screen.paragraph(&may(study));
    }
    screen.list("What was assumed", &study.notes.iter().map(|note| prose(note)).collect::<Vec<_>>());
    screen.list("What was not tried", &study.left_out);
    screen.paragraph(&format!(
        "Numbers in brackets are 95 % intervals over {} trials (seed {}): they hold luck, not wrong inputs.",
        study.trials, study.seed
    ));
    screen
}

/// Why something only may pay.
fn may(study: &FallbackStudy) -> String {
    let known = |answer: &FallbackAnswer| {
        format!("{} on {} {}", answer.model, answer.cheap.gpu, estimate(answer.cheap.service_s, Unit::Seconds))
    };
    let times: Vec<String> = study.pairs.iter().map(known).collect();
    let times = if times.len() > PAIRS_IN_DETAIL { String::new() } else { format!(" It is {}.", times.join(", ")) };
    format!(
        "\"May pay\": the p95 is judged with what is not known of the warm service time on the cheap GPU type, and one that \
         nobody measured confirms nothing.{times}"
    )
}

/// A column a policy.
fn show_policies(screen: &mut Screen, table: &FallbackTable, basis: &str) {
    screen.paragraph(&format!("{}. {basis}", table.heading));
    let rows: Vec<&str> = table.columns[1..].iter().map(String::as_str).collect();
    let columns: Vec<(String, Vec<String>)> =
        table.rows.iter().map(|row| (row[0].clone(), row[1..].to_vec())).collect();
    screen.matrix(&table.columns[0], &rows, &columns);
}

fn show(screen: &mut Screen, table: &FallbackTable, basis: &str, numbers: &[usize]) {
    screen.titled(&table.heading, basis);
    let columns: Vec<&str> = table.columns.iter().map(String::as_str).collect();
    screen.table(&columns, &table.rows, numbers);
}
