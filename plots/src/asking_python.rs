//! Python itself, asked by tests about what we write for it.

use std::io::{Write, stderr};
use std::process::{Command, Stdio};

/// What `program` prints when it is given `input`; `None` where there is no Python, which is said past the test runner's
/// capture.
///
/// # Panics
/// If the program fails.
pub(crate) fn python(program: &str, input: &str) -> Option<String> {
    let started = Command::new("python3")
        .args(["-X", "utf8", "-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) => {
            let _ = writeln!(stderr(), "SKIPPED: no python3 on this machine ({error})");
            return None;
        }
    };
    child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it listens");
    let done = child.wait_with_output().expect("it ends");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    Some(String::from_utf8(done.stdout).expect("UTF-8"))
}
