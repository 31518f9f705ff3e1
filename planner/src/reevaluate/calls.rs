//! What a log of calls says, as far as assumptions are held against it.

/// The calls of whole days.
#[derive(Debug, Clone, PartialEq)]
pub struct ObservedCalls {
    /// The weekday of the first day by the reporting clock, 0 = Monday.
    pub first_weekday: u32,
    /// How many days follow each other, at least one.
    pub days: u32,
    /// Each model of the scenario that was called, at most once.
    pub models: Vec<ObservedModel>,
}

/// The calls of one model.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ObservedModel {
    /// Its place in the scenario.
    pub model: usize,
    /// When calls arrived, in seconds from the first midnight, rising.
    pub at_s: Vec<f64>,
    /// How long they executed, in seconds above zero; empty where the log does not say.
    pub service_s: Vec<f64>,
    /// How long containers booted, in seconds above zero; empty where the log does not say.
    pub boot_s: Vec<f64>,
    /// Calls of which the log says how they ended.
    pub ended: u64,
    /// Those of them that failed.
    pub failed: u64,
}
