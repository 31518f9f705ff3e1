//! Why lines are wrong, counted by cause.

use super::fault::Fault;
use super::summary::WrongCause;

/// Faults by slot and cause: no more than slots times kinds, whatever the log holds.
#[derive(Debug, Default)]
pub(super) struct Causes(Vec<Counted>);

#[derive(Debug)]
struct Counted {
    slot: Option<usize>,
    cause: &'static str,
    lines: u64,
    first_line: u64,
}

impl Causes {
    /// Counts a fault.
    pub(super) fn add(&mut self, fault: Fault, line: u64) {
        let (slot, cause) = (fault.slot, fault.kind.cause());
        match self.0.iter_mut().find(|counted| counted.slot == slot && counted.cause == cause) {
            Some(counted) => counted.lines += 1,
            None => self.0.push(Counted { slot, cause, lines: 1, first_line: line }),
        }
    }

    /// The most frequent first, of equals the one that came first.
    ///
    /// - `column`: the name of a slot.
    pub(super) fn told(&self, column: impl Fn(Option<usize>) -> String) -> Vec<WrongCause> {
        let told = |of: &Counted| WrongCause {
            column: column(of.slot),
            cause: of.cause.to_owned(),
            lines: of.lines,
            first_line: of.first_line,
        };
        let mut all: Vec<WrongCause> = self.0.iter().map(told).collect();
        all.sort_by_key(|of| (std::cmp::Reverse(of.lines), of.first_line));
        all
    }
}
