//! Ctrl-C: the first one asks the simulation to stop, the second one stops the program.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use fleetfront_planner::{Control, Interrupted};

/// Exit code after Ctrl-C, as shells have it.
pub(crate) const EXIT_CODE: u8 = 130;
/// What is said then.
pub(crate) const MESSAGE: &str = "interrupted: nothing was written";

/// What Ctrl-C and the rest of the program know of each other.
#[derive(Debug, Default)]
pub(crate) struct Interrupt {
    control: Control,
    presses: AtomicU32,
    finishing: AtomicBool,
}

impl Interrupt {
    /// Listens for Ctrl-C from here on.
    pub(crate) fn listen() -> Arc<Self> {
        let interrupt = Arc::new(Self::default());
        let pressed = Arc::clone(&interrupt);
        // Without the handler Ctrl-C ends the program as it would any other: nothing is half-written either way.
        let _ = ctrlc::set_handler(move || pressed.press());
        interrupt
    }

    fn press(&self) {
        self.control.cancel();
        let earlier = self.presses.fetch_add(1, Ordering::SeqCst);
        if earlier > 0 && !self.finishing.load(Ordering::SeqCst) {
            eprintln!("\n{MESSAGE}");
            process::exit(EXIT_CODE.into());
        }
    }

    /// What the simulation looks at.
    pub(crate) fn control(&self) -> &Control {
        &self.control
    }

    /// From here on the files of the run change places, which takes a moment: Ctrl-C comes too late.
    ///
    /// # Errors
    /// [`Interrupted`] when it was pressed already.
    pub(crate) fn finish(&self) -> Result<(), Interrupted> {
        self.finishing.store(true, Ordering::SeqCst);
        if self.presses.load(Ordering::SeqCst) > 0 { Err(Interrupted) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_before_the_end_counts_and_one_after_it_does_not() {
        let interrupt = Interrupt::default();
        interrupt.press();
        assert_eq!(interrupt.finish(), Err(Interrupted));
        let interrupt = Interrupt::default();
        assert_eq!(interrupt.finish(), Ok(()));
        interrupt.press();
        interrupt.press();
    }
}
