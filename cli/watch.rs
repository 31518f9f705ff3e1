//! A simulation that somebody waits for: threads, progress, timing, Ctrl-C.

use std::io::{self, IsTerminal};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use fleetfront_planner::{Control, Interrupted};
use fleetfront_scenario::Scenario;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use rayon::ThreadPoolBuilder;

use crate::args::Pace;
use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// Most requests of a study: what a histogram can count, and minutes for every pool.
const REQUESTS_MAX: f64 = 4e9;
const REDRAWN_EVERY: Duration = Duration::from_millis(100);

/// Runs `work` on the threads asked for, with progress on stderr.
///
/// # Errors
/// [`Failure::Interrupted`] after Ctrl-C; [`Failure::Input`] when there is too much to do, or too few threads to be had.
pub(crate) fn watched<T: Send>(
    scenario: &Scenario,
    pace: &Pace,
    interrupt: &Interrupt,
    work: impl FnOnce(&Control) -> Result<T, Interrupted> + Send,
) -> Result<T, Failure> {
    check_size(scenario, pace)?;
    let threads = usize::from(pace.threads.unwrap_or(0));
    let pool = ThreadPoolBuilder::new().num_threads(threads).build();
    let pool =
        pool.map_err(|error| Failure::input(format!("the threads cannot be started: {error}"), "lower --threads"));
    let pool = pool?;
    let control = interrupt.control();
    let shown = !pace.quiet && io::stderr().is_terminal();
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
    if !pace.quiet {
        let trials = if pace.trials == 1 { "1 trial".to_owned() } else { format!("{} trials a point", pace.trials) };
        eprintln!("simulated {trials} in {:.1} s", begun.elapsed().as_secs_f64());
    }
    Ok(done)
}

/// Refuses what could not be counted, before anybody waits for it.
fn check_size(scenario: &Scenario, pace: &Pace) -> Result<(), Failure> {
    let days = scenario.traffic.days() + scenario.traffic.run_in.get() / 86_400.0;
    let a_trial = scenario.models.iter().map(|model| model.requests_per_day).sum::<f64>() * days;
    let requests = a_trial * f64::from(pace.trials);
    if requests <= REQUESTS_MAX {
        return Ok(());
    }
    let most = (REQUESTS_MAX / a_trial).floor();
    let what = format!(
        "--trials {} of {a_trial:.0} requests each are {requests:.1e} requests, more than the {REQUESTS_MAX:.0e} that \
         are simulated at once",
        pace.trials
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

    fn pace(trials: u32) -> Pace {
        Pace { trials, seed: 1, threads: None, quiet: true }
    }

    #[test]
    fn what_cannot_be_counted_is_refused_with_the_most_that_can() {
        let mut scenario = Scenario::load(&Files::embedded()).expect("no problems");
        scenario.models[0].requests_per_day = 400_000.0;
        assert_eq!(check_size(&scenario, &pace(1000)), Ok(()));
        let Err(Failure::Input(text)) = check_size(&scenario, &pace(1_000_000)) else { panic!("it is too much") };
        let most = text.split("give --trials ").nth(1).and_then(|rest| rest.strip_suffix(" or less"));
        let most: u32 = most.expect("a mend").parse().expect("a number");
        assert_eq!(check_size(&scenario, &pace(most)), Ok(()));
        assert!(check_size(&scenario, &pace(most + 1)).is_err());
    }
}
