//! Why a sample has no fit.

use super::family::Family;

/// Why a sample has no fit.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// There are fewer times than any comparison needs.
    #[error("{ended} times that ended are too few; give at least {needed}")]
    TooFew {
        /// How many ended.
        ended: usize,
        /// How many are needed.
        needed: usize,
    },
    /// A time is zero, negative, infinite or NaN.
    #[error("{value} is not a time that a law can have; give seconds above zero and leave failed requests out")]
    NotPositive {
        /// The offending time.
        value: f64,
    },
    /// All times are equal, to within rounding.
    #[error("all {n} times are {value} s: no spread to fit; give times with more digits, or use the fixed time")]
    NoSpread {
        /// How many ended.
        n: usize,
        /// The common time.
        value: f64,
    },
    /// No request ended before its limit.
    #[error("none of the times ended before the limit; give at least one that did, or raise the limit")]
    NoneEnded,
    /// There are fewer times than the family has parameters.
    #[error(
        "{ended} times that ended cannot tell {parameters} parameters ({family}); give more, or take a simpler law"
    )]
    FewerThanParameters {
        /// The family.
        family: Family,
        /// How many ended.
        ended: usize,
        /// How many parameters it has.
        parameters: usize,
    },
    /// The times differ, or were watched for longer than a fixed time.
    #[error("the times are not all the same: from {shortest} s to {longest} s; take a law that varies")]
    Varies {
        /// The shortest.
        shortest: f64,
        /// The longest, cut off or not.
        longest: f64,
    },
    /// No law of the family is likelier than all others.
    #[error("no law of the family {family} is the likeliest for these times; take another family, or give more times")]
    NoMaximum {
        /// The family.
        family: Family,
    },
    /// Times were cut off after different spans, so that samples with the same limits cannot be drawn.
    #[error("times were cut off between {shortest} s and {longest} s; a check of the fit needs one limit for all")]
    LimitsDiffer {
        /// The shortest limit.
        shortest: f64,
        /// The longest.
        longest: f64,
    },
}
