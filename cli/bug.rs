//! What is said when an invariant is broken: the user did nothing wrong.

use std::panic::{self, PanicHookInfo};
use std::process;

/// Exit code of a bug of ours.
const EXIT_CODE: i32 = 70;

/// From here on a panic on any thread prints one short message and ends the program.
pub(crate) fn install_hook() {
    panic::set_hook(Box::new(|info| {
        eprintln!("\n{}", message(info));
        process::exit(EXIT_CODE);
    }));
}

fn message(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let what = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
    let what = what.unwrap_or("it stopped without a reason");
    let place = info.location().map_or_else(String::new, |place| format!(" ({}:{})", place.file(), place.line()));
    format!(
        "fleetfront {} has a bug: {what}{place}\n  help: your input did nothing wrong; please report this text with the \
         command and the scenario folder",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;

    use super::*;

    /// Set where this test runs itself once more, to see how a program with the hook ends.
    const INSIDE: &str = "FLEETFRONT_TEST_PANICS";

    #[test]
    fn a_panic_says_what_and_where_and_ends_with_70() {
        if env::var_os(INSIDE).is_some() {
            install_hook();
            panic!("{} seconds are missing", 3);
        }
        let own = env::current_exe().expect("a path");
        let arguments = ["--exact", "--nocapture", "bug::tests::a_panic_says_what_and_where_and_ends_with_70"];
        let output = Command::new(own).args(arguments).env(INSIDE, "1").output().expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(EXIT_CODE), "{said}");
        assert!(said.contains("has a bug: 3 seconds are missing ("), "{said}");
        assert!(said.contains("bug.rs:") && said.contains("please report this text"), "{said}");
    }
}
