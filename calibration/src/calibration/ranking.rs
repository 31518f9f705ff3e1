//! The laws that were compared for a cell, as they are reported.

use fleetfront_sim::Law;
use serde::{Deserialize, Serialize};

use super::OWN_LAW_N;
use crate::laws::{Choice, Family, FitEstimate, LawFit, Refuted};

/// A law that was fitted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RankedLaw {
    /// Its family.
    pub family: Family,
    /// The law.
    pub law: Law,
    /// Its parameters by name, with intervals.
    pub parameters: Vec<(String, FitEstimate)>,
    /// Its mean in seconds.
    pub mean_s: FitEstimate,
    /// Logarithm of the likelihood of the runs (in seconds^-n for the n that ended); `None` for an empirical law.
    pub log_likelihood: Option<f64>,
    /// Akaike's criterion corrected for small samples: less is better; `None` where there is none.
    pub aicc: Option<f64>,
}

/// All laws that were compared, the best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LawRanking {
    /// Never empty.
    pub laws: Vec<RankedLaw>,
    /// By how much the AICc of the second is above that of the first, that of a mixture taken 10 higher; `None` where there is no second,
    /// or the first is empirical.
    pub runner_up_difference: Option<f64>,
    /// Families without a fit, and why.
    pub left_out: Vec<(Family, String)>,
    /// The likeliest family, where the runs refute it: then the first law is empirical. `None` where they do not.
    pub refuted: Option<Refuted>,
}

impl From<&LawFit> for RankedLaw {
    fn from(fit: &LawFit) -> Self {
        let names = fit.family.parameter_names().iter().map(ToString::to_string);
        Self {
            family: fit.family,
            law: fit.law,
            parameters: names.zip(fit.parameters()).collect(),
            mean_s: fit.mean(),
            log_likelihood: fit.log_likelihood,
            aicc: fit.aicc,
        }
    }
}

impl From<&Choice> for LawRanking {
    fn from(choice: &Choice) -> Self {
        Self {
            laws: choice.fits.iter().map(RankedLaw::from).collect(),
            runner_up_difference: choice.runner_up().map(|second| second.difference),
            left_out: choice.left_out.iter().map(|(family, error)| (*family, error.to_string())).collect(),
            refuted: choice.refuted,
        }
    }
}

/// Whether runs choose the family of their law.
pub(super) fn chooses_family(ended: usize, has_summaries: bool) -> bool {
    ended >= OWN_LAW_N && !has_summaries
}
