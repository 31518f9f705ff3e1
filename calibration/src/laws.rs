//! Laws of measured times: the likeliest of several families, what a sample leaves open about it, whether it suits, and
//! what figures of that are drawn from. Times that were cut off count as longer than their limit.

mod choice;
mod complete;
mod distance;
mod empirical;
mod error;
mod family;
mod fit;
mod goodness;
mod informed;
mod jet;
mod kaplan_meier;
mod likelihood;
mod mixture;
mod newton;
mod points;
mod shifted;
mod special;
mod stirling;
mod time_on_test;
mod times;

pub(crate) use choice::CLEARLY_AHEAD;
pub use choice::{Choice, Refuted, RunnerUp, choose_law, own_law};
pub use error::FitError;
pub use family::Family;
pub use fit::{FIT_COVERAGE, FitEstimate, LawFit, fit_law};
pub use goodness::{Goodness, REPLICATES, TestOfFit, goodness_of_fit};
pub(crate) use informed::{KnownSpread, informed_lognormal};
pub use kaplan_meier::kaplan_meier;
pub use points::{CdfStep, QqPoint};
pub use time_on_test::TimeOnTest;
pub use times::{Time, Times};

#[cfg(test)]
mod real_traces;
#[cfg(test)]
mod recovery;
