//! What a line of a log says.

/// A request, or the requests of a bin. Texts belong to the reader and are gone with the next entry.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Entry<'a> {
    /// When it arrived, or when the bin begins: nanoseconds since 1970-01-01 00:00 UTC.
    pub at_ns: i64,
    /// How many requests: 1, or the count of a bin, which may be 0.
    pub requests: u64,
    /// The model that was asked for; empty where the log does not say.
    pub model: &'a str,
    /// Who asked; empty where the log does not say.
    pub client: &'a str,
    /// How long the request ran, in seconds: finite, zero or more; `None` where the log does not say.
    pub duration_s: Option<f64>,
    /// Whether it succeeded; `None` where the log does not say.
    pub is_ok: Option<bool>,
    /// How long it waited from its arrival to its execution, in seconds: zero or more; `None` where the log does not say.
    pub wait_s: Option<f64>,
    /// How long the container that executed it took to start, in seconds: zero or more; `None` where the log does not
    /// say, as for containers that were up.
    pub startup_s: Option<f64>,
    /// The container that executed it; empty where the log does not say.
    pub container: &'a str,
    /// The adapter (LoRA) that it needs; empty where the log does not say.
    pub adapter: &'a str,
    /// How large the request was, in the order of the shape columns: zero or more, NaN where one is empty.
    pub shape: &'a [f64],
    /// The line on which it begins, from 1.
    pub line: u64,
}
