//! Runs cases with exact answers: `cargo run --release --example oracles -- FILE.json`.
//!
//! Each case states a system in the words of its field (servers, arrival rate, setup, idle window, ...), a metric of it
//! and the exact value. It is expressed as a scenario, in the format that any user writes, and simulated until the
//! 99.9 % interval is as narrow as the case's tolerance asks. One line a case, and a count as the last line.

mod runner;

use std::io::Write;
use std::process::ExitCode;

/// What a complete run takes: minutes.
const FULL: runner::Effort = runner::Effort { requests_per_trial: 2e5, requests_max: 2.5e9 };

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: oracles FILE.json");
        return ExitCode::from(2);
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    let cases = match runner::case::read(&text) {
        Ok(cases) => cases,
        Err(error) => {
            eprintln!("{path}: {error}");
            return ExitCode::from(2);
        }
    };
    let progress = |words: &str| {
        // Progress that nobody sees is no reason to stop.
        let _ = writeln!(std::io::stderr(), "{words}");
    };
    let answers = runner::run(&cases, FULL, &progress);
    println!("{}", runner::report::HEADER);
    for (case, answer) in cases.iter().zip(&answers) {
        println!("{}", runner::report::line(case, answer));
    }
    println!("{}", runner::report::last_line(&answers));
    ExitCode::SUCCESS
}
