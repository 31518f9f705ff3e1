//! What a reader must know about a calibrated cell.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::problem::several;

/// Something that a law alone does not say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// So few runs that the law is that of many cells.
    Few {
        /// How many ended.
        n: usize,
    },
    /// Most runs were cut off, so that the mean lies beyond what anybody saw.
    MostlyCutOff {
        /// How many.
        cut_off: usize,
        /// Of how many.
        of: usize,
        /// After how long, at least and at most, in seconds.
        limits_s: [f64; 2],
    },
    /// The family of the law is taken, as two percentiles cannot tell it.
    TwoPercentiles {
        /// Of how many runs.
        n: u64,
        /// Between these multiples of the law's mean are those of other families with the same percentiles.
        means: [f64; 2],
    },
    /// Two percentiles of several runs are equal, which is a rounding or a clock, and no spread.
    EqualPercentiles {
        /// Of how many runs.
        n: u64,
        /// Both, in seconds.
        seconds: f64,
    },
    /// Times of some shapes are off the law of all shapes by more than luck explains.
    ShapeMisfit {
        /// The shape that is off most.
        shape: String,
        /// How many times longer its runs are than the law says.
        ratio: f64,
    },
    /// All runs are of one machine, so they are less than as many independent ones.
    OneMachine {
        /// How many.
        n: usize,
        /// Which.
        machine: String,
    },
    /// A row that the others contradict.
    Contradiction {
        /// Line in the file, from 1.
        line: u64,
        /// Whether it is fitted all the same.
        fitted: bool,
        /// In words.
        words: String,
    },
    /// Rows are older than they may be.
    Stale {
        /// The date of the youngest of them, as written.
        date: String,
        /// Days since.
        days: i64,
        /// How many they are.
        rows: usize,
        /// Of how many behind the law.
        of: usize,
    },
    /// No row has a date that tells its age.
    NoAge {
        /// The date of the first, as written.
        date: String,
    },
    /// The fitted rows fall into two groups, and nothing says which one is right.
    Divided {
        /// How many times longer the shortest of the longer group is than the longest of the shorter one.
        ratio: f64,
        /// In words: how many rows on either side of the gap.
        words: String,
    },
    /// Warm times that are clearly a mixture of two: two kinds of requests may stand under one name.
    TwoGroups {
        /// The medians of both groups, the shorter one first.
        middles_s: [f64; 2],
        /// The share of runs in the group of the shorter times.
        first_share: f64,
        /// Whether the rows state a shape, so that something else tells the groups apart.
        is_shaped: bool,
    },
    /// As many runs are of another shape, and nothing says which one is wanted.
    TiedShapes {
        /// How many runs each.
        runs: usize,
        /// The shape that was taken, in words.
        taken: String,
        /// The others, in words.
        others: String,
    },
    /// It gives no ratio to the reference and borrows nothing from there, as its model was timed at another shape there.
    NotCompared {
        /// The shape here and the one there, in words.
        shapes: [String; 2],
        /// The GPU type that others are compared with.
        reference: String,
    },
    /// Nobody measured it.
    NotMeasured,
    /// A spread that a source states, because fewer than three cells were measured twice.
    StatedSpread {
        /// Who says so.
        source: String,
    },
    /// Runs of several shapes make no shape fit, and the law is that of one of them.
    OtherShapesLeftOut {
        /// How many runs are left out.
        runs: usize,
        /// The line of the first of them, from 1.
        line: u64,
        /// Why there is no shape fit.
        because: String,
    },
    /// The shape that is asked for lies outside of what was measured.
    Extrapolated {
        /// Where.
        beyond: String,
    },
    /// Every request runs out of memory.
    OutOfMemory {
        /// How many runs showed it.
        runs: u64,
    },
    /// There is no law.
    NoLaw {
        /// Why.
        because: String,
    },
}

impl Flag {
    /// Whether it says that rows contradict each other.
    #[must_use]
    pub fn is_dispute(&self) -> bool {
        matches!(self, Self::Contradiction { .. } | Self::Divided { .. })
    }
}

impl fmt::Display for Flag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Few { n } => {
                write!(f, "{}: middle and spread are pooled with other cells", several(*n, "run", "runs"))
            }
            Self::MostlyCutOff { cut_off, of, limits_s: [low, high] } => {
                let limits = if low < high { format!("{low} s to {high} s") } else { format!("{low} s") };
                write!(
                    f,
                    "{cut_off} of {} were cut off at {limits}: the mean lies beyond what was seen",
                    several(*of, "run", "runs")
                )
            }
            Self::TwoPercentiles { n, means: [low, high] } => write!(
                f,
                "a lognormal law by two percentiles of {n} runs, which tell no family: by others with the same \
                 percentiles the mean is {low:.2} to {high:.2} times as long"
            ),
            Self::EqualPercentiles { n, seconds } => write!(
                f,
                "half of {n} runs and 95 % of them ended within the same {seconds} s: a rounding or a coarse clock, which tells \
                 no spread; taken as one published number"
            ),
            Self::ShapeMisfit { shape, ratio } => write!(
                f,
                "the times do not follow the law of shapes: those of {shape} are {ratio:.2} times as long as it says"
            ),
            Self::OneMachine { n, machine } => write!(f, "all {n} runs are of one machine ({machine})"),
            Self::Contradiction { fitted: true, words, .. } => write!(f, "{words}: fitted all the same"),
            Self::Contradiction { words, .. } => write!(f, "{words}: not fitted"),
            Self::Stale { date, days, rows, of } if rows == of => {
                write!(f, "the youngest row is of {date}, {days} days old")
            }
            Self::Stale { date, days, rows, of } => {
                write!(f, "{rows} of {of} rows are of {date} or earlier, {days} days old or more")
            }
            Self::NoAge { date } => write!(f, "`{date}` tells no age"),
            Self::Divided { words, .. } => f.write_str(words),
            Self::TwoGroups { middles_s: [short, long], first_share, is_shaped } => {
                let question = if *is_shaped {
                    "what tells them apart, if not the shape? give each a variant of its own"
                } else {
                    "two shapes under one name? give columns for shapes (steps, megapixels), or other names of variants"
                };
                let share = 100.0 * first_share;
                write!(
                    f,
                    "two groups of times, about {short:.2} s and {long:.2} s, {share:.0} % of runs in the first: {question}"
                )
            }
            Self::TiedShapes { runs, taken, others } => write!(
                f,
                "{} of {taken}, and as many of {others}: the law is that of {taken}, the first in the file; \
                 say which one is wanted (--shape)",
                several(*runs, "run is", "runs are")
            ),
            Self::NotCompared { shapes: [here, there], reference } => write!(
                f,
                "not compared with {reference}: the times are of {here}, and those on {reference} of {there}; measure both at \
                 one shape, or several sizes with their shape columns, or say which one is wanted (--shape)"
            ),
            Self::NotMeasured => f.write_str("nobody measured it"),
            Self::StatedSpread { source } => {
                write!(f, "fewer than three cells were measured twice: the spread rests on {source}")
            }
            Self::OtherShapesLeftOut { runs, because, .. } => {
                write!(
                    f,
                    "{} left out: {because}",
                    several(*runs, "run of another shape is", "runs of other shapes are")
                )
            }
            Self::Extrapolated { beyond } => write!(f, "extrapolated: {beyond}"),
            Self::OutOfMemory { runs } => {
                write!(f, "every request runs out of memory ({})", several(*runs, "run", "runs"))
            }
            Self::NoLaw { because } => write!(f, "no law: {because}"),
        }
    }
}
