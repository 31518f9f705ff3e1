//! How requests ended, in the words of logs.

/// Words for success.
const OK: [&str; 22] = [
    "success",
    "succeed",
    "succeeded",
    "successful",
    "ok",
    "okay",
    "completed",
    "complete",
    "done",
    "finished",
    "finish",
    "returned",
    "passed",
    "pass",
    "true",
    "yes",
    "fulfilled",
    "resolved",
    "y",
    "t",
    "2xx",
    "served",
];
/// Words for waiting or running.
const OPEN: [&str; 16] = [
    "pending",
    "running",
    "queued",
    "in_progress",
    "in progress",
    "in-progress",
    "processing",
    "scheduled",
    "started",
    "waiting",
    "preparing",
    "created",
    "submitted",
    "active",
    "starting",
    "retrying",
];
/// Words for failure.
const FAILED: [&str; 42] = [
    "failed",
    "failure",
    "fail",
    "error",
    "errored",
    "exception",
    "timeout",
    "timedout",
    "timed_out",
    "timed out",
    "expired",
    "terminated",
    "cancelled",
    "canceled",
    "aborted",
    "abort",
    "killed",
    "oom",
    "oomkilled",
    "out of memory",
    "crashed",
    "crash",
    "rejected",
    "refused",
    "denied",
    "evicted",
    "preempted",
    "interrupted",
    "unavailable",
    "throttled",
    "faulted",
    "fault",
    "lost",
    "unsuccessful",
    "revoked",
    "false",
    "no",
    "n",
    "f",
    "3xx",
    "4xx",
    "5xx",
];
/// They turn what stands behind them round.
const NOT: [&str; 7] = ["not", "no", "non", "never", "un", "partial", "partially"];
/// Columns in which 1 says that a request succeeded; in others it is a code of an error.
const FLAGS: [&str; 9] =
    ["ok", "success", "is_ok", "is_success", "succeeded", "is_successful", "successful", "passed", "completed"];
/// As messages name them.
pub const KNOWN_ENDINGS: &str = "success, succeeded, ok, completed, done, finished, returned, true, yes, 0, 200 to 299; failed, failure, error, timeout, \
     terminated, cancelled, oom, false, no, 1, 300 to 599; pending, queued, running; each also at the end of a longer word, as \
     CALL_STATUS_SUCCEEDED";

/// How a request ended, as its status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// The log does not say.
    Unknown,
    Ok,
    Failed,
    /// It waited or ran when the log was written.
    Open,
    /// It says so in a word that nobody knows.
    Unheard,
}

impl Ending {
    /// By a word in any case, alone or at the end of a longer one (`CALL_STATUS_SUCCEEDED`); by an HTTP status, of which 200 to
    /// 299 are a success; by the code of an exit, of which 0 is.
    ///
    /// - `column`: where it stands; `ok` with a 1 is a success.
    pub(super) fn of(text: &[u8], column: &str) -> Self {
        if text.is_empty() {
            return Self::Unknown;
        }
        let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word.as_bytes()));
        match () {
            () if is_one_of(&OK) => Self::Ok,
            () if is_one_of(&OPEN) => Self::Open,
            () if is_one_of(&FAILED) => Self::Failed,
            () => Self::of_code(text, column).unwrap_or_else(|| Self::of_words(text)),
        }
    }

    /// `200`, `200.0`, `404 Not Found`, `0`, `-9`.
    fn of_code(text: &[u8], column: &str) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let end = digits.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(digits.len());
        let code: i64 = digits.get(..end)?.parse().ok()?;
        let is_http = end == 3 && digits.len() == text.len() && (100..600).contains(&code);
        let rest = &digits[end..];
        // A table of floats writes 200.0; behind a status may stand its words.
        let is_number = rest.is_empty() || rest.starts_with('.') && rest[1..].bytes().all(|byte| byte == b'0');
        let is_flag = FLAGS.iter().any(|name| column.eq_ignore_ascii_case(name));
        match code {
            200..300 if is_http && (is_number || rest.starts_with(' ')) => Some(Self::Ok),
            _ if is_http && (is_number || rest.starts_with(' ')) => Some(Self::Failed),
            0 | 1 if is_number && is_flag => Some(if code == 1 { Self::Ok } else { Self::Failed }),
            0 if is_number => Some(Self::Ok),
            1..256 if is_number => Some(Self::Failed),
            _ => None,
        }
    }

    /// The last of several words says it, or one of failure among them.
    fn of_words(text: &[u8]) -> Self {
        let words = || text.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let is = |word: &[u8], all: &[&str]| all.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
        let Some(last) = words().next_back() else { return Self::Unheard };
        match () {
            () if words().any(|word| is(word, &NOT)) => Self::Unheard,
            () if words().any(|word| word.len() > 2 && is(word, &FAILED)) => Self::Failed,
            () if last.len() > 1 && is(last, &OK) => Self::Ok,
            () if is(last, &OPEN) => Self::Open,
            () => Self::Unheard,
        }
    }

    /// Whether the request succeeded, where that is known.
    pub(super) fn is_ok(self) -> Option<bool> {
        match self {
            Self::Unknown | Self::Open | Self::Unheard => None,
            Self::Ok => Some(true),
            Self::Failed => Some(false),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Ending {
        Ending::of(text.as_bytes(), "status")
    }

    #[test]
    fn statuses_are_good_or_bad_by_name_or_by_number() {
        let good = "SUCCESS Succeed SUCCEEDED ok completed Done finished Returned 200 204 200.0 true yes 0 0.0 \
                    GENERIC_STATUS_SUCCESS FUNCTION_CALL_STATUS_SUCCEEDED JOB_COMPLETED task.finished";
        for text in good.split(' ').chain(["200 OK", "Call succeeded"]) {
            assert_eq!(of(text), Ending::Ok, "{text}");
        }
        let bad = "FAILED failure Error timeout Terminated cancelled canceled OOM false no 500 302 404.0 1 137 -9 2.0 \
                   GENERIC_STATUS_TIMEOUT FUNCTION_CALL_STATUS_FAILURE INIT_FAILURE OOM_KILLED";
        for text in bad.split(' ').chain(["500 Internal Server Error", "Error: CUDA ran out", "out of memory"]) {
            assert_eq!(of(text), Ending::Failed, "{text}");
        }
        for text in ["PENDING", "Running", "in_progress", "CALL_STATUS_PENDING"] {
            assert_eq!((of(text), Ending::Open.is_ok()), (Ending::Open, None), "{text}");
        }
        assert_eq!(of(""), Ending::Unknown);
    }

    #[test]
    fn other_words_are_neither() {
        for text in
            ["xyzzy", "20000", "2000", "NOT_OK", "not completed", "partially_completed", "California", "1.5", "-"]
        {
            assert_eq!(of(text), Ending::Unheard, "{text}");
        }
        assert_eq!(Ending::Unheard.is_ok(), None);
    }

    #[test]
    fn one_is_a_success_where_the_column_asks_for_it() {
        let ok = |text: &str| Ending::of(text.as_bytes(), "Is_OK");
        assert_eq!([ok("1"), ok("0"), ok("true")], [Ending::Ok, Ending::Failed, Ending::Ok]);
    }
}
