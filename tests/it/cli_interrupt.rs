//! Ctrl-C in the middle of a run.

#![cfg(target_os = "linux")]

use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::cli_support::{Done, Place};

/// Polls until `done` says so: every 10 ms, for two minutes at most.
fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..12_000 {
        if done() {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("two minutes have passed without: {what}");
}

/// Whether the process has its own handler of SIGINT (bit 1 of the mask of signals that it catches).
fn listens(child: &Child) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 0b10 != 0)
}

/// Processor time that the process has used, in ticks of 10 ms: the 14th field, counted behind the name in brackets.
fn ticks(child: &Child) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    behind.split_whitespace().nth(11).and_then(|ticks| ticks.parse().ok()).unwrap_or(0)
}

fn interrupt(child: &Child) {
    let status = Command::new("sh").args(["-c", &format!("kill -INT {}", child.id())]).status().expect("sh starts");
    assert!(status.success());
}

#[test]
fn ctrl_c_ends_a_run_with_130_and_leaves_what_was_there() {
    let place = Place::new();
    place.small_scenario("small");
    place.succeed("run small --trials 2 --quiet");
    let before = place.text("out/study.json");
    for out in ["out", "new/out"] {
        // Minutes of work, if nobody stopped it.
        let mut command = Command::new(env!("CARGO_BIN_EXE_fleetfront"));
        command.args(["run", "--trials", "4000", "--quiet", "--out", out]).current_dir(place.path("."));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        wait_until("a handler of SIGINT and half a second of work", || listens(&child) && ticks(&child) >= 50);
        interrupt(&child);
        wait_until("the end", || child.try_wait().expect("it is ours").is_some());
        let done = Done::from(child.wait_with_output().expect("it has ended"));
        assert_eq!((done.code, done.stdout.as_str()), (Some(130), ""), "{}", done.stderr);
        assert_eq!(done.stderr, "interrupted: nothing was written\n");
        assert_eq!(place.names("."), ["out", "small"], "no litter");
        assert_eq!(place.text("out/study.json"), before);
    }
}
