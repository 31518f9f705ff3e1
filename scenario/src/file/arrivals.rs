//! How requests arrive, as the user writes it.

use fleetfront_workloads::Scope;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ProvenanceFile;
use crate::law_file::LawFile;

/// Slow random variation of the rate.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SlowRateFile {
    /// The rate is the load curve's, requests are a Poisson process
    None,
    /// A gamma factor with mean 1 on the rate, drawn anew at random instants
    Gamma(GammaRateFile),
    /// The same, drawn anew each day
    GammaEachDay(GammaFactorFile),
    /// The same, drawn anew each hour
    GammaEachHour(GammaFactorFile),
}

/// Which days are simulated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatesName {
    /// Days that all have the clock offset of the date
    OneOffset,
    /// Those of the week, Monday to Sunday, that holds the date: where the clock of a curve changes in it, it changes
    WeekOfDate,
}

/// How requests a day grow from week to week.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrowthFile {
    /// What the requests a day are multiplied with each week: 1.03 for 3 % more, 0.97 for 3 % less
    pub weekly_factor: f64,
    /// The lower end of its 95 % interval; left out, with the upper one, where none is known
    pub weekly_factor_low: Option<f64>,
    /// The upper end of its 95 % interval
    pub weekly_factor_high: Option<f64>,
    /// Day for which the requests a day are stated, as "YYYY-MM-DD"
    pub from: String,
    /// Where the growth comes from
    pub provenance: ProvenanceFile,
}

/// A gamma factor on the rate that is drawn anew by the clock.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GammaFactorFile {
    /// Coefficient of variation of the factor
    pub cv: f64,
    /// Who shares one factor
    pub scope: ScopeName,
    /// Where these numbers come from
    pub provenance: ProvenanceFile,
}

/// How the requests of a model arrive.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ProcessFile {
    /// Requests that know nothing of each other
    Poisson,
    /// Independent gaps of one law
    Renewal(RenewalFile),
    /// Poisson with a rate that steps through states in a circle
    Modulated(ModulatedFile),
    /// Events that bring several requests at once
    Batches(BatchesFile),
    /// Sessions of several requests with a time to think between them
    Sessions(SessionsFile),
    /// Clients who wait for the answer to a request before they think of the next one
    Closed(ClosedFile),
}

/// Independent gaps of one law.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewalFile {
    /// The law of the gaps; only its shape matters, its mean is that of the rate
    pub gap: LawFile,
}

/// A rate that steps through states in a circle.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModulatedFile {
    /// The states in their order
    pub states: Vec<StateFile>,
}

/// A state of the rate.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateFile {
    /// Its rate, in any unit that all states share
    pub weight: f64,
    /// How long it lasts in the mean, in seconds
    pub mean_sojourn_s: f64,
}

/// Events that bring several requests at once.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchesFile {
    /// The law of the gaps between events; only its shape matters
    pub gap: LawFile,
    /// How many requests an event brings
    pub size: BatchSizeFile,
}

/// Sessions that begin as a Poisson process; later requests of a session follow at the pace of its user, whatever the
/// load curve does.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionsFile {
    /// How many requests a session has
    pub requests: BatchSizeFile,
    /// The law of the time from one request of a session to the next
    pub think: LawFile,
}

/// Clients who wait: each thinks, sends a request, waits until it is answered or lost, and thinks again. How many requests
/// come depends on how fast they are answered; `requests_per_day` is what is expected, for the spreadsheet.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosedFile {
    /// How many clients there are: 1 to 100000
    pub clients: u32,
    /// The law of the time to think between an answer and the next request, where the load curve is at its mean; where
    /// the curve (with spikes and slow rates) is twice as high it takes half as long
    pub think: LawFile,
}

/// How many requests arrive together, or in one session.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BatchSizeFile {
    /// Always so many
    Fixed(u32),
    /// Geometric with this mean
    GeometricMean(f64),
}

/// A sine wave on the rate.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwingFile {
    /// Its amplitude as a share of the rate: 0 to 1
    pub share: f64,
    /// Its period, in seconds
    pub period_s: f64,
}

/// A gamma factor on the rate.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GammaRateFile {
    /// Coefficient of variation of the factor
    pub cv: f64,
    /// Mean time between two draws of the factor, in seconds
    pub correlation_s: f64,
    /// Who shares one factor
    pub scope: ScopeName,
    /// Where these numbers come from
    pub provenance: ProvenanceFile,
}

/// Who shares one slow random rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScopeName {
    /// All models rise and fall together
    Fleet,
    /// Each model has its own
    Model,
}

impl From<ScopeName> for Scope {
    fn from(name: ScopeName) -> Self {
        match name {
            ScopeName::Fleet => Self::Fleet,
            ScopeName::Model => Self::Model,
        }
    }
}

/// A scheduled factor on the rate.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpikeFile {
    /// When it begins, as "HH:MM" of the reporting clock
    pub at: String,
    /// How long it lasts, in seconds: above 0, a day at most
    pub length_s: f64,
    /// What the rate is multiplied with: 0 (an outage) to 100
    pub factor: f64,
    /// Days of the week on which it begins; left out for every day
    pub weekdays: Option<Vec<WeekdayName>>,
    /// Models that it changes; left out for all of them
    pub models: Option<Vec<String>>,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WeekdayName {
    /// Monday
    Mon,
    /// Tuesday
    Tue,
    /// Wednesday
    Wed,
    /// Thursday
    Thu,
    /// Friday
    Fri,
    /// Saturday
    Sat,
    /// Sunday
    Sun,
}

impl WeekdayName {
    /// Its place in the week, Monday 0.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// Recorded days that are replayed. Where the model's requests a day are not the trace's, single requests are left out or
/// further days laid over them.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplayFile {
    /// File of the scenario's folder with columns `day,at_s`: the number of the day from 0, and the seconds after its 00:00
    /// by the reporting clock, in order
    pub file: String,
    /// Which recorded day stands for a simulated one
    pub days: ReplayedDaysName,
    /// Weekday of day 0, for recorded days to stand for those of their own weekday; left out where all are alike
    pub first_weekday: Option<WeekdayName>,
}

/// Which recorded day stands for a simulated one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplayedDaysName {
    /// One after the other, and again from the first
    InOrder,
    /// Each drawn at random, one of its own weekday where they are given
    Resampled,
}
