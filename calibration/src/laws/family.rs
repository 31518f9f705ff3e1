//! The families of laws that are fitted.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A family of laws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Always the same time.
    Deterministic,
    /// Memoryless.
    Exponential,
    /// The logarithm is normal.
    Lognormal,
    /// A sum of exponential stages, also of a fraction of one.
    Gamma,
    /// A power of an exponential.
    Weibull,
    /// Lognormal behind a shortest time.
    ShiftedLognormal,
    /// One of two lognormal laws.
    LognormalMixture,
    /// As it was measured, with a smooth tail.
    Empirical,
}

impl Family {
    /// Those whose likelihoods can be compared, with fewer parameters first.
    pub const COMPARED: [Self; 7] = [
        Self::Deterministic,
        Self::Exponential,
        Self::Lognormal,
        Self::Gamma,
        Self::Weibull,
        Self::ShiftedLognormal,
        Self::LognormalMixture,
    ];

    /// How many numbers tell a law of the family from the others; of an empirical one, how many tell its tail.
    #[must_use]
    pub fn parameters(self) -> usize {
        self.parameter_names().len()
    }

    /// What its parameters are called, in the order in which fits have them.
    #[must_use]
    pub fn parameter_names(self) -> &'static [&'static str] {
        match self {
            Self::Deterministic => &["seconds"],
            Self::Exponential => &["mean_s"],
            Self::Lognormal => &["mu", "sigma"],
            Self::Gamma | Self::Weibull => &["shape", "scale_s"],
            Self::ShiftedLognormal => &["shift_s", "mu", "sigma"],
            Self::LognormalMixture => &["first_probability", "first_mu", "first_sigma", "second_mu", "second_sigma"],
            Self::Empirical => &["threshold_s", "tail_scale_s", "tail_shape"],
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Deterministic => "deterministic",
            Self::Exponential => "exponential",
            Self::Lognormal => "lognormal",
            Self::Gamma => "gamma",
            Self::Weibull => "Weibull",
            Self::ShiftedLognormal => "shifted lognormal",
            Self::LognormalMixture => "mixture of two lognormals",
            Self::Empirical => "empirical",
        })
    }
}
