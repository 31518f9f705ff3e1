//! A simulation that somebody waits for: threads, progress, timing, Ctrl-C.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use fleetfront_planner::{Control, Interrupted};
use fleetfront_scenario::Scenario;
use fleetfront_workloads::ModelTraffic;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::ThreadPoolBuilder;

use crate::args::Machine;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// Most requests of a study: what a histogram can count, and minutes for every pool.
const REQUESTS_MAX: f64 = 4e9;
const REDRAWN_EVERY: Duration = Duration::from_millis(100);

/// Runs `work` on the threads asked for, with progress on stderr.
///
/// - `trials`: the most that it will take.
/// - `did`: what is said of it when it is done.
///
/// # Errors
/// [`Failure::Interrupted`] after Ctrl-C; [`Failure::Input`] when there is too much to do, or too few threads to be had.
pub(crate) fn watched<T: Send>(
    scenario: &Scenario,
    (machine, trials): (&Machine, u32),
    interrupt: &Interrupt,
    work: impl FnOnce(&Control) -> Result<T, Interrupted> + Send,
    did: impl FnOnce(&T) -> String,
) -> Result<T, Failure> {
    check_size(scenario, trials)?;
    if let Some(words) = who_waits(scenario).filter(|_| !machine.quiet) {
        eprintln!("{words}");
    }
    let threads = usize::from(machine.threads.unwrap_or(0));
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool =
        pool.map_err(|error| Failure::input(format!("the threads cannot be started: {error}"), "lower --threads"));
    let pool = pool?;
    let control = interrupt.control();
    let shown = !machine.quiet && io::stderr().is_terminal();
    #[expect(clippy::disallowed_methods, reason = "goes to stderr, and into no result")]
    let begun = Instant::now();
    let done = thread::scope(|scope| {
        // Dropped when the work is done, which ends the thread that draws.
        let (_working, ended) = mpsc::channel::<()>();
        if shown {
            scope.spawn(move || draw_progress(control, &ended));
        }
        pool.install(|| work(control))
    })?;
    if !machine.quiet {
        eprintln!("{} in {:.1} s", did(&done), begun.elapsed().as_secs_f64());
    }
    Ok(done)
}

/// What has to be known of every comparison where clients wait for their answers.
fn who_waits(scenario: &Scenario) -> Option<String> {
    let models = scenario.models.iter().zip(&scenario.traffic.models);
    let waits = models.filter(|(_, traffic)| traffic.process.waits_for_answers());
    let names: Vec<&str> = waits.map(|(model, _)| model.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        format!(
            "the clients of {} wait for their answers: where answers are slow fewer requests come, and cost less",
            names.join(", ")
        )
    })
}

/// Refuses what could not be counted, before anybody waits for it.
fn check_size(scenario: &Scenario, trials: u32) -> Result<(), Failure> {
    let days = scenario.traffic.days() + scenario.traffic.run_in.get() / 86_400.0;
    let most = |model: &ModelTraffic| model.process.most_per_day().unwrap_or_else(|| model.mean_per_day());
    let a_trial = scenario.traffic.models.iter().map(most).sum::<f64>() * days;
    let requests = a_trial * f64::from(trials);
    if requests <= REQUESTS_MAX {
        return Ok(());
    }
    let most = (REQUESTS_MAX / a_trial).floor();
    let what = format!(
        "{trials} trials of {a_trial:.0} requests each are {requests:.1e} requests, more than the {REQUESTS_MAX:.0e} that \
         are simulated at once"
    );
    let help =
        if most >= 2.0 { format!("give --trials {most:.0} or less") } else { "lower requests_per_day".to_owned() };
    Err(Failure::input(what, help))
}

fn draw_progress(control: &Control, ended: &mpsc::Receiver<()>) {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{wide_bar} {percent:>3} %  {eta} left").expect("the template is valid");
    bar.set_style(style);
    while ended.recv_timeout(REDRAWN_EVERY) == Err(RecvTimeoutError::Timeout) {
        let (done, total) = control.progress();
        bar.set_length(total);
        bar.set_position(done);
    }
    bar.finish_and_clear();
}

#[cfg(test)]
mod tests {
    use fleetfront_scenario::Files;

    use super::*;

    #[test]
    fn what_cannot_be_counted_is_refused_with_the_most_that_can() {
        let mut scenario = Scenario::load(&Files::embedded()).expect("no problems");
        scenario.traffic.models[0].requests_per_day = 400_000.0;
        assert_eq!(check_size(&scenario, 1000), Ok(()));
        let Err(Failure::Input(text)) = check_size(&scenario, 1_000_000) else { panic!("it is too much") };
        let most = text.split("give --trials ").nth(1).and_then(|rest| rest.strip_suffix(" or less"));
        let most: u32 = most.expect("a mend").parse().expect("a number");
        assert_eq!(check_size(&scenario, most), Ok(()));
        assert!(check_size(&scenario, most + 1).is_err());
    }

    #[test]
    fn who_waits_is_said_and_counts_with_what_clients_can_send() {
        let mut scenario = Scenario::load(&Files::embedded()).expect("no problems");
        assert_eq!(who_waits(&scenario), None);
        let think = fleetfront_sim::Law::Exponential { mean_s: 1.0 };
        scenario.traffic.models[1].process = fleetfront_workloads::Process::Closed { clients: 100.0, think };
        let words = who_waits(&scenario).expect("they wait");
        assert!(words.contains(&format!("the clients of {} wait", scenario.models[1].name)), "{words}");
        // 8.64 million a day, whatever is expected of them.
        assert!(check_size(&scenario, 400).is_ok() && check_size(&scenario, 500).is_err());
    }
}
