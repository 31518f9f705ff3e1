//! Which column of a log means what.

use serde::{Deserialize, Serialize};

use super::layout::Layout;
use super::numbering::DAY_NAMES;
use super::size::{ShapeColumn, Size};

/// The columns (keys, in JSON) of a log by their meaning, as its header names them.
///
/// What is `None` is looked for under the usual names, in any case. A column of durations is read in the unit that ends its
/// name: `_ms`, `_us`, `_ns`, else seconds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    /// When the request arrived. The one column that no log can do without. `date+time` are two: a date (or the number of a
    /// day, or a weekday), and the time of that day (or its hour).
    pub time: Option<String>,
    /// The model that was asked for.
    pub model: Option<String>,
    /// Who asked.
    pub client: Option<String>,
    /// How long the request ran, without the time that it waited.
    pub duration: Option<String>,
    /// How it ended.
    pub status: Option<String>,
    /// How many requests the line stands for. In tables of requests it is used only when named here.
    pub count: Option<String>,
    /// The adapter (LoRA) that it needs.
    pub adapter: Option<String>,
    /// When its execution began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<String>,
    /// How long the container that executed it took to start, where it was not up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub startup: Option<String>,
    /// The container that executed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// Numbers that say how large the request was, such as steps or tokens; where none is named here, those with usual
    /// names.
    pub shape: Vec<ShapeColumn>,
}

const TIME_NAMES: &[&str] = &[
    "timestamp",
    "time",
    "ts",
    "datetime",
    "date",
    "arrival_time",
    "arrived_at",
    "requested_at",
    "created_at",
    "enqueued_at",
    "received_at",
    "start_time",
    "started_at",
    "gmt_create",
    "epoch",
    "epoch_s",
    "epoch_ms",
    "timestamp_ms",
    "@timestamp",
];
const MODEL_NAMES: &[&str] = &["model", "model_id", "model_name", "endpoint", "function", "service"];
const ADAPTER_NAMES: &[&str] = &["adapter", "adapter_id", "adapter_name", "lora", "lora_id", "lora_name"];
const CLIENT_NAMES: &[&str] = &["client", "client_id", "user", "user_id", "customer", "customer_id", "tenant"];
/// Latencies are not among them: they hold the waiting time too.
pub(super) const DURATION_NAMES: &[&str] = &[
    "duration",
    "duration_s",
    "duration_ms",
    "duration_seconds",
    "exec_time_seconds",
    "execution_time_seconds",
    "execution_time_s",
    "execution_time_ms",
    "service_time_s",
];
pub(super) const STATUS_NAMES: &[&str] =
    &["status", "predict_status", "status_code", "http_status", "state", "result", "outcome"];
pub(super) const COUNT_NAMES: &[&str] = &["count", "requests", "request_count", "invocations", "calls"];

/// Columns that say when the execution began, unless they are the column of the arrivals.
const STARTED_NAMES: &[&str] = &["started_at", "execution_started_at"];
const STARTUP_NAMES: &[&str] = &["startup_time_seconds", "startup_time_s", "startup_s", "startup_ms", "boot_s"];
const CONTAINER_NAMES: &[&str] = &["container_id", "container", "task_id"];

/// The place of a meaning in [`Mapping::names`].
pub(super) mod slot {
    pub(in super::super) const TIME: usize = 0;
    pub(in super::super) const MODEL: usize = 1;
    pub(in super::super) const CLIENT: usize = 2;
    pub(in super::super) const DURATION: usize = 3;
    pub(in super::super) const STATUS: usize = 4;
    pub(in super::super) const COUNT: usize = 5;
    pub(in super::super) const ADAPTER: usize = 6;
    pub(in super::super) const STARTED: usize = 7;
    pub(in super::super) const STARTUP: usize = 8;
    pub(in super::super) const CONTAINER: usize = 9;
    /// The time of the day, where the column of the time holds but the date.
    pub(in super::super) const CLOCK: usize = 10;
    /// The first column of the shape; the others follow.
    pub(in super::super) const SHAPE: usize = 11;
}

/// More make no sense, and the keys of an object are matched in the bits of one word.
pub(super) const SHAPE_COLUMNS_MAX: usize = 64 - slot::SHAPE;

/// The columns that are read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mapping {
    /// The name of each slot as the log has it; empty where there is none.
    pub(super) names: Vec<String>,
    /// A duration in seconds is this times what is written.
    pub(super) duration_unit_s: f64,
    /// What the columns of the shape mean, where that is known.
    sizes: Vec<Option<Size>>,
}

/// A column that is needed and not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// Its meaning.
    pub(super) meaning: &'static str,
    /// Its name where the user gave one.
    pub(super) name: Option<String>,
}

impl Mapping {
    /// The columns of `found` that `given` names, or else those with the usual names of the layout.
    pub(super) fn of(layout: Layout, found: &[String], given: &Columns) -> Result<Self, Missing> {
        let pick = |meaning, given: &Option<String>, usual: &[&str]| match given {
            Some(name) => match position(found, name) {
                Some(place) => Ok(found[place].clone()),
                None => Err(Missing { meaning, name: Some(name.clone()) }),
            },
            None => {
                Ok(usual.iter().find_map(|name| position(found, name)).map_or_else(String::new, |i| found[i].clone()))
            }
        };
        let usual = Usual::of(layout, found.len());
        let may_be_two = matches!(layout, Layout::RequestsCsv | Layout::RequestsJsonLines | Layout::Counts);
        let two = if may_be_two { date_and_clock(found, given.time.as_deref()) } else { None };
        let is_numbered = layout == Layout::Counts && given.time.is_none();
        let two = two.or_else(|| if is_numbered { day_and_hour(found) } else { None });
        let (time, clock) = match two {
            Some((date, clock)) => (date, clock),
            None => (pick("time", &given.time, usual.time)?, String::new()),
        };
        if time.is_empty() {
            return Err(Missing { meaning: "time", name: None });
        }
        let mut names = vec![
            time,
            pick("model", &given.model, usual.model)?,
            pick("client", &given.client, usual.client)?,
            pick("duration", &given.duration, usual.duration)?,
            pick("status", &given.status, usual.status)?,
            pick("count", &given.count, usual.count)?,
            pick("adapter", &given.adapter, usual.adapter)?,
            pick("started", &given.started, usual.started)?,
            pick("startup", &given.startup, usual.startup)?,
            pick("container", &given.container, usual.container)?,
            clock,
        ];
        if given.started.is_none() && names[slot::STARTED] == names[slot::TIME] {
            names[slot::STARTED].clear();
        }
        if given.adapter.is_none() && names[slot::ADAPTER] == names[slot::MODEL] {
            names[slot::ADAPTER].clear();
        }
        if layout.has_bins() && names[slot::COUNT].is_empty() {
            return Err(Missing { meaning: "count", name: None });
        }
        let shape: Vec<ShapeColumn> = match usual.shape {
            _ if !given.shape.is_empty() => given.shape.clone(),
            UsualShape::Named(names) => names.iter().map(|name| ShapeColumn::from(*name)).collect(),
            UsualShape::Sizes => Size::ALL.into_iter().filter_map(|size| ShapeColumn::usual(size, found)).collect(),
            UsualShape::None => Vec::new(),
        };
        let mut sizes = Vec::new();
        for column in shape {
            names.push(pick("shape", &Some(column.column), &[])?);
            sizes.push(column.size);
        }
        let duration_unit_s = unit_s(&names[slot::DURATION]);
        Ok(Self { names, duration_unit_s, sizes })
    }

    /// The same by meaning, for the summary.
    pub(super) fn columns(&self) -> Columns {
        let name = |slot: usize| Some(self.names[slot].clone()).filter(|name| !name.is_empty());
        let time = match name(slot::CLOCK) {
            Some(clock) => Some(format!("{}+{clock}", self.names[slot::TIME])),
            None => name(slot::TIME),
        };
        Columns {
            time,
            model: name(slot::MODEL),
            client: name(slot::CLIENT),
            duration: name(slot::DURATION),
            status: name(slot::STATUS),
            count: name(slot::COUNT),
            adapter: name(slot::ADAPTER),
            started: name(slot::STARTED),
            startup: name(slot::STARTUP),
            container: name(slot::CONTAINER),
            shape: self.names[slot::SHAPE..]
                .iter()
                .zip(&self.sizes)
                .map(|(column, size)| ShapeColumn { column: column.clone(), size: *size })
                .collect(),
        }
    }
}

/// The usual names in a layout.
struct Usual {
    time: &'static [&'static str],
    model: &'static [&'static str],
    client: &'static [&'static str],
    duration: &'static [&'static str],
    status: &'static [&'static str],
    count: &'static [&'static str],
    adapter: &'static [&'static str],
    started: &'static [&'static str],
    startup: &'static [&'static str],
    container: &'static [&'static str],
    shape: UsualShape,
}

/// The columns of the shape that are looked for.
#[derive(Clone, Copy)]
enum UsualShape {
    None,
    /// These, which the layout has.
    Named(&'static [&'static str]),
    /// The usual names of every size, where they are.
    Sizes,
}

impl Usual {
    const NONE: Self = Self {
        time: &[],
        model: &[],
        client: &[],
        duration: &[],
        status: &[],
        count: &[],
        adapter: &[],
        started: &[],
        startup: &[],
        container: &[],
        shape: UsualShape::None,
    };

    fn of(layout: Layout, column_count: usize) -> Self {
        match layout {
            Layout::RequestsCsv | Layout::RequestsJsonLines => Self {
                time: TIME_NAMES,
                model: MODEL_NAMES,
                client: CLIENT_NAMES,
                duration: DURATION_NAMES,
                status: STATUS_NAMES,
                adapter: ADAPTER_NAMES,
                started: STARTED_NAMES,
                startup: STARTUP_NAMES,
                container: CONTAINER_NAMES,
                shape: UsualShape::Sizes,
                ..Self::NONE
            },
            Layout::ModalCalls => Self {
                time: &["enqueued_at"],
                model: &["service_method_name"],
                duration: &["execution_time_seconds"],
                status: &["status"],
                started: &["started_at"],
                startup: &["startup_time_seconds"],
                container: &["container_id"],
                ..Self::NONE
            },
            Layout::AzureFunctions => Self { time: &["minute"], model: &["func"], count: &["count"], ..Self::NONE },
            Layout::AzureLlm => Self {
                time: &["TIMESTAMP"],
                shape: UsualShape::Named(&["ContextTokens", "GeneratedTokens"]),
                ..Self::NONE
            },
            Layout::Counts => {
                let with_value = &["count", "requests", "request_count", "invocations", "calls", "value"];
                let count = if column_count == 2 { with_value } else { COUNT_NAMES };
                Self { time: COUNTS_TIME_NAMES, model: MODEL_NAMES, client: CLIENT_NAMES, count, ..Self::NONE }
            }
        }
    }
}

/// Bins are often numbered by the seconds since the log began; a table of requests with a column `t` may be of anything.
pub(super) const COUNTS_TIME_NAMES: &[&str] = &[
    "timestamp",
    "time",
    "ts",
    "datetime",
    "date",
    "hour",
    "t",
    "epoch",
    "epoch_s",
    "epoch_ms",
    "hours",
    "minute",
    "minutes",
    "second",
    "seconds",
    "day",
    "days",
    "bin",
];

/// The columns of a date and of the time of that day: `date+time` as given, or else those called so where none is known
/// to hold both.
fn date_and_clock(found: &[String], given: Option<&str>) -> Option<(String, String)> {
    let column = |name: &str| position(found, name).map(|place| found[place].clone());
    match given {
        Some(both) if column(both).is_some() => None,
        Some(both) => both.split_once('+').and_then(|(date, clock)| Some((column(date)?, column(clock)?))),
        None if TIME_NAMES.iter().any(|name| !["time", "date"].contains(name) && column(name).is_some()) => None,
        None => Some((column("date")?, ["time", "time_of_day", "hour"].iter().find_map(|name| column(name))?)),
    }
}

/// The columns of a day's number or weekday and of its hour, where no column holds a date.
fn day_and_hour(found: &[String]) -> Option<(String, String)> {
    let any = |names: &[&str]| names.iter().find_map(|name| position(found, name)).map(|place| found[place].clone());
    if TIME_NAMES.iter().any(|name| position(found, name).is_some()) {
        return None;
    }
    Some((any(DAY_NAMES)?, any(&["hour", "hour_of_day", "hours"])?))
}

/// Where `name` stands among the columns; as it is written if so, else in any case.
pub(super) fn position(columns: &[String], name: &str) -> Option<usize> {
    let exact = columns.iter().position(|column| column == name);
    exact.or_else(|| columns.iter().position(|column| column.eq_ignore_ascii_case(name)))
}

/// The unit that ends the name of a column, in seconds.
pub(super) fn unit_s(column: &str) -> f64 {
    let column = column.to_ascii_lowercase();
    let ends = |endings: &[&str]| endings.iter().any(|ending| column.ends_with(ending));
    match () {
        () if ends(&["_ms", "_millis", "_milliseconds"]) => 1e-3,
        () if ends(&["_us", "_micros", "_microseconds"]) => 1e-6,
        () if ends(&["_ns", "_nanos", "_nanoseconds"]) => 1e-9,
        () => 1.0,
    }
}

/// The column that a misspelt `name` was meant to be, if one is close.
pub(super) fn nearest<'a>(name: &str, columns: &'a [String]) -> Option<&'a str> {
    let folded = name.to_lowercase();
    let near = columns.iter().map(|column| (edit_distance(&folded, &column.to_lowercase()), column));
    let meant = near.filter(|(distance, column)| *distance <= (column.len().max(name.len()) / 3).max(1)).min();
    meant.map(|(_, column)| column.as_str())
}

/// Insertions, deletions and replacements that turn `a` into `b` (Levenshtein 1966).
fn edit_distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(header: &str) -> Vec<String> {
        header.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn usual_names_are_found_in_any_case() {
        let found = names("Timestamp,Model,duration_ms,STATUS,user_id");
        let mapping = Mapping::of(Layout::RequestsCsv, &found, &Columns::default()).expect("a time");
        assert_eq!(mapping.names, ["Timestamp", "Model", "user_id", "duration_ms", "STATUS", "", "", "", "", "", ""]);
        assert_eq!(mapping.duration_unit_s.to_bits(), 1e-3f64.to_bits());
    }

    #[test]
    fn given_names_win_over_usual_ones() {
        let given = Columns {
            time: Some("seen".into()),
            model: Some("lora".into()),
            shape: vec!["steps".into(), "images".into()],
            ..Columns::default()
        };
        let found = names("timestamp,seen,model,lora,images,steps");
        let mapping = Mapping::of(Layout::RequestsCsv, &found, &given).expect("all there");
        assert_eq!(mapping.names, ["seen", "lora", "", "", "", "", "", "", "", "", "", "steps", "images"]);
        assert_eq!(mapping.columns().shape, [ShapeColumn::from("steps"), ShapeColumn::from("images")]);
        // A column is not taken for two things unless somebody says so.
        assert_eq!(mapping.columns().adapter, None);
    }

    #[test]
    fn usual_sizes_and_adapters_are_found() {
        let found = names("time,num_inference_steps,Num_Images_Per_Prompt,num_lora,lora_id,prompt_length");
        let columns = Mapping::of(Layout::RequestsCsv, &found, &Columns::default()).expect("a time").columns();
        let shape: Vec<(&str, Option<Size>)> = columns.shape.iter().map(|of| (of.column.as_str(), of.size)).collect();
        assert_eq!(
            shape,
            [
                ("num_inference_steps", Some(Size::Steps)),
                ("Num_Images_Per_Prompt", Some(Size::Images)),
                ("num_lora", Some(Size::Adapters))
            ]
        );
        assert_eq!(columns.adapter.as_deref(), Some("lora_id"));
        let given = Columns { shape: vec!["steps=n".into(), "tokens".into()], ..Columns::default() };
        let columns =
            Mapping::of(Layout::RequestsCsv, &names("time,n,tokens,steps"), &given).expect("a time").columns();
        let tokens = ShapeColumn { column: "tokens".into(), size: None };
        assert_eq!(columns.shape, [ShapeColumn { column: "n".into(), size: Some(Size::Steps) }, tokens]);
    }

    #[test]
    fn what_is_not_there_is_named() {
        let missing = |header: &str, given: Columns| Mapping::of(Layout::RequestsCsv, &names(header), &given);
        assert_eq!(
            missing("when,model", Columns::default()),
            Err(Missing { meaning: "time", name: None }),
            "no usual name"
        );
        let given = Columns { status: Some("statsu".into()), ..Columns::default() };
        let name = Some("statsu".to_owned());
        assert_eq!(missing("time,status", given), Err(Missing { meaning: "status", name }));
        // Seconds from zero could be of anything in a table of requests.
        assert!(missing("t,rate", Columns::default()).is_err());
    }

    #[test]
    fn a_date_and_a_time_of_the_day_are_one_time() {
        let time = |header: &str, given: Option<&str>| {
            let given = Columns { time: given.map(str::to_owned), ..Columns::default() };
            Mapping::of(Layout::RequestsCsv, &names(header), &given).map(|mapping| mapping.columns().time)
        };
        let found = |name: &str| Ok(Some(name.to_owned()));
        assert_eq!(time("Date,Time,model", None), found("Date+Time"));
        assert_eq!(time("model,hour,date", None), found("date+hour"));
        assert_eq!(time("date,time,timestamp", None), found("timestamp"));
        assert_eq!(time("date,model", None), found("date"));
        assert_eq!(time("day,at,time", Some("day+at")), found("day+at"));
        assert_eq!(time("day+at,day,at", Some("day+at")), found("day+at"));
        assert_eq!(time("date,time", Some("date")), found("date"));
        assert!(time("day,time", Some("day+at")).is_err());
    }

    #[test]
    fn units_end_names() {
        for (name, unit) in
            [("latency_ms", 1e-3), ("took_us", 1e-6), ("duration_s", 1.0), ("items", 1.0), ("x_ns", 1e-9)]
        {
            assert_eq!(unit_s(name).to_bits(), f64::to_bits(unit), "{name}");
        }
    }

    #[test]
    fn the_closest_column_is_meant() {
        assert_eq!(edit_distance("kitten", "sitting"), 3);
        let found = names("timestamp,model,status");
        assert_eq!(nearest("statsu", &found), Some("status"));
        assert_eq!(nearest("timestmp", &found), Some("timestamp"));
        assert_eq!(nearest("colour", &found), None);
    }
}
