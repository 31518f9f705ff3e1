//! Cases as they are written, and their parameters as they are understood.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// A case: a system in words and numbers, and what is exactly known of it.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    /// Its name.
    pub(crate) id: String,
    /// What it is, in words.
    pub(crate) description: String,
    /// Its numbers.
    pub(crate) parameters: Map<String, Value>,
    /// What is asked.
    pub(crate) metric: String,
    /// The exact answer.
    pub(crate) value: f64,
    /// How exactly it is to be met, in words.
    pub(crate) tolerance: String,
}

/// Reads a list of cases, or an object with such a list as `cases`.
///
/// A description that begins with "same" is that of the case before with the same parameters; a parameter `see` adds
/// the parameters of the case that it names.
///
/// # Errors
/// What is wrong with the text.
pub(crate) fn read(text: &str) -> Result<Vec<Case>, String> {
    let whole: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let list = whole.get("cases").unwrap_or(&whole).as_array().ok_or("there is no list of cases")?;
    let mut cases: Vec<Case> = Vec::with_capacity(list.len());
    for (place, value) in list.iter().enumerate() {
        let mut case = one(value).ok_or_else(|| format!("case {place} lacks an id, parameters, metric or value"))?;
        if case.description.to_lowercase().starts_with("same") {
            let before = cases.iter().rev().find(|other| other.parameters == case.parameters);
            case.description = before.map_or(case.description, |other| other.description.clone());
        }
        if let Some(Value::String(named)) = case.parameters.remove("see") {
            let prefix = format!("{named}.");
            let seen = cases.iter().rev().find(|other| other.id == named || other.id.starts_with(&prefix));
            for (key, value) in seen.iter().flat_map(|other| &other.parameters) {
                case.parameters.entry(key.clone()).or_insert_with(|| value.clone());
            }
            case.description = seen.map_or(case.description, |other| other.description.clone());
        }
        cases.push(case);
    }
    Ok(cases)
}

fn one(value: &Value) -> Option<Case> {
    let text = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Some(Case {
        id: value.get("id")?.as_str()?.to_owned(),
        description: text("description"),
        parameters: value.get("parameters")?.as_object()?.clone(),
        metric: value.get("metric")?.as_str()?.to_owned(),
        value: value.get("value")?.as_f64()?,
        tolerance: text("tolerance"),
    })
}

/// The parameters of a case, with a memory of which were understood.
#[derive(Debug)]
pub(crate) struct Keys<'a> {
    case: &'a Case,
    used: RefCell<BTreeSet<&'static str>>,
}

impl<'a> Keys<'a> {
    pub(crate) fn of(case: &'a Case) -> Self {
        Self { case, used: RefCell::default() }
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.case.parameters.contains_key(key)
    }

    /// The value, now understood.
    pub(crate) fn value(&self, key: &'static str) -> Option<&'a Value> {
        let value = self.case.parameters.get(key)?;
        self.used.borrow_mut().insert(key);
        Some(value)
    }

    pub(crate) fn number(&self, key: &'static str) -> Result<f64, String> {
        let value = self.value(key).ok_or_else(|| format!("`{key}` is missing"))?;
        value.as_f64().ok_or_else(|| format!("`{key}` is no number"))
    }

    /// A number that may be left out.
    pub(crate) fn maybe(&self, key: &'static str) -> Result<Option<f64>, String> {
        if self.has(key) { self.number(key).map(Some) } else { Ok(None) }
    }

    pub(crate) fn count(&self, key: &'static str) -> Result<u32, String> {
        let number = self.number(key)?;
        let whole = number.fract() == 0.0 && (0.0..1e9).contains(&number);
        if whole { Ok(number as u32) } else { Err(format!("`{key}` = {number} is no count")) }
    }

    pub(crate) fn text(&self, key: &'static str) -> Option<&'a str> {
        self.value(key)?.as_str()
    }

    /// A text in lower case; empty if there is none.
    pub(crate) fn words(&self, key: &'static str) -> String {
        self.text(key).unwrap_or_default().to_lowercase()
    }

    pub(crate) fn numbers(&self, key: &'static str) -> Result<Vec<f64>, String> {
        let list = self.value(key).and_then(Value::as_array);
        let numbers = list.and_then(|list| list.iter().map(Value::as_f64).collect::<Option<Vec<_>>>());
        numbers.ok_or_else(|| format!("`{key}` is no list of numbers"))
    }

    /// Understands texts that only say what is so by nature of the family, as long as each holds one of the words.
    pub(crate) fn remark(&self, key: &'static str, one_of: &[&str]) -> Result<(), String> {
        let Some(value) = self.value(key) else { return Ok(()) };
        let words = value.as_str().map_or_else(|| value.to_string(), str::to_owned).to_lowercase();
        let known = one_of.iter().any(|word| words.contains(word));
        if known { Ok(()) } else { Err(format!("`{key}` = \"{words}\" is not understood")) }
    }

    /// # Errors
    /// The keys that nothing has understood.
    pub(crate) fn all_understood(&self) -> Result<(), String> {
        let used = self.used.borrow();
        let left: Vec<&str> =
            self.case.parameters.keys().map(String::as_str).filter(|key| !used.contains(key)).collect();
        if left.is_empty() { Ok(()) } else { Err(format!("not understood: {}", left.join(", "))) }
    }
}

/// The number that follows `marker` in `text`, after spaces and signs of comparison.
pub(crate) fn number_after(text: &str, marker: &str) -> Option<f64> {
    let rest = &text[text.find(marker)? + marker.len()..];
    leading_number(rest.trim_start_matches([' ', '=', '<', '>', '(']))
}

/// The number that `text` begins with.
pub(crate) fn leading_number(text: &str) -> Option<f64> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || ".eE+-".contains(c))).unwrap_or(text.len());
    (1..=end).rev().find_map(|end| text[..end].parse().ok())
}

/// The numbers in `text` that are words of their own, in their order.
pub(crate) fn numbers_in(text: &str) -> Vec<f64> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '.'));
    words.filter_map(|word| word.trim_end_matches('.').parse().ok()).collect()
}
