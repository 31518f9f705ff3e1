//! Whether a TOML tree has the shape of a scenario: every unknown key, missing key and wrong type at once.
//!
//! Deserialisation stops at the first mistake. This walk compares the tree with the JSON schema of
//! [`ScenarioFile`](crate::file::ScenarioFile), which is derived from the same types, and so finds all of them.

use fleetfront_calibration::Problem;
use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::document::{Document, join};
use crate::suggest::{advice, nearest};

/// Settings of real platforms that this simulation has no rule for yet.
///
/// They are refused by name: a setting without effect would mislead.
const NOT_SIMULATED: [&str; 1] = ["region"];

/// Finds what is wrong with the shape of `tree`, and mends or removes unknown keys so that the rest can
/// still be read.
pub(crate) fn check(document: &Document, schema: &Value, tree: &mut Spanned<DeTable<'_>>) -> Vec<Problem> {
    let mut walk = Walk { document, root: schema, problems: Vec::new() };
    walk.table(tree.get_mut(), schema, "");
    walk.problems
}

struct Walk<'a> {
    document: &'a Document,
    root: &'a Value,
    problems: Vec<Problem>,
}

impl Walk<'_> {
    fn refuse(&mut self, path: &str, message: String, help: String) {
        self.problems.push(self.document.problem(path, message, help));
    }

    fn table(&mut self, table: &mut DeTable<'_>, schema: &Value, path: &str) {
        let properties = schema["properties"].as_object();
        let others = schema["additionalProperties"].as_object();
        let mut unknown = Vec::new();
        for (key, value) in table.iter_mut() {
            let name = key.get_ref().as_ref();
            let path = join(path, name);
            match (properties.and_then(|keys| keys.get(name)), others) {
                (Some(schema), _) => self.value(value, schema, &path),
                (None, Some(_)) => self.value(value, &schema["additionalProperties"], &path),
                (None, None) => unknown.push((name.to_owned(), key.span().start)),
            }
        }
        for (name, offset) in unknown {
            self.unknown_key(table, schema, path, &name, offset);
        }
        for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !table.contains_key(required) {
                let property = &schema["properties"][required];
                self.refuse(
                    &join(path, required),
                    format!("`{required}` is missing"),
                    self.how_to_add(required, property),
                );
            }
        }
    }

    /// Refuses a key, and goes on as if it had been spelt right, or without it.
    fn unknown_key(&mut self, table: &mut DeTable<'_>, schema: &Value, path: &str, name: &str, offset: usize) {
        let known: Vec<&str> = schema["properties"].as_object().into_iter().flatten().map(|(key, _)| &**key).collect();
        let unused = known.iter().copied().filter(|key| !table.contains_key(*key));
        let meant = nearest(name, unused).filter(|_| !NOT_SIMULATED.contains(&name));
        let (message, help) = if NOT_SIMULATED.contains(&name) {
            (
                format!("`{name}` is not simulated yet"),
                format!("remove `{name}`: it would have no effect on any number"),
            )
        } else if known.contains(&"rules") && self.root["$defs"]["Rules"]["properties"][name].is_object() {
            (format!("`{name}` does not stand here"), format!("write it under `rules`: rules = {{ {name} = ... }}"))
        } else {
            let help = meant.map_or_else(|| advice(name, &known), |meant| format!("did you mean `{meant}`?"));
            (format!("there is no key `{name}` here"), help)
        };
        self.problems.push(self.document.problem_at(offset, &join(path, name), message, help));
        if let (Some(mut value), Some(meant)) = (table.remove(name), meant) {
            self.value(&mut value, &schema["properties"][meant], &join(path, name));
            table.insert(Spanned::new(offset..offset, meant.to_owned().into()), value);
        }
    }

    fn how_to_add(&self, key: &str, property: &Value) -> String {
        let (schema, what) = (self.resolve(property), property["description"].as_str());
        let shape = match schema["type"].as_str() {
            Some("object") => format!("a table `{key}`"),
            Some("array") if self.resolve(&schema["items"])["type"] == "object" => format!("a table `[[{key}]]`"),
            Some("array") => format!("`{key} = [...]`"),
            Some("string") => format!("`{key} = \"...\"`"),
            _ => format!("`{key} = ...`"),
        };
        what.map_or(format!("add {shape}"), |what| format!("add {shape}: {}", lower_first(what)))
    }

    /// Follows references, and takes what an optional value is when it is there.
    fn resolve<'s>(&'s self, schema: &'s Value) -> &'s Value {
        if let Some(name) = schema["$ref"].as_str().and_then(|pointer| pointer.strip_prefix("#/$defs/")) {
            return self.resolve(&self.root["$defs"][name]);
        }
        match schema["anyOf"].as_array().and_then(|any| any.iter().find(|one| one["type"] != "null")) {
            Some(present) => self.resolve(present),
            None => schema,
        }
    }

    fn value(&mut self, value: &mut Spanned<DeValue<'_>>, schema: &Value, path: &str) {
        let schema = self.resolve(schema).clone();
        let choices = choices_of(&schema);
        if !choices.is_empty() {
            return self.choice(value.get_mut(), &choices, path);
        }
        let several = schema["type"].as_array().into_iter().flatten();
        let is_table =
            matches!(value.get_ref(), DeValue::Table(_)) && several.into_iter().any(|name| *name == "object");
        let first = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or_default();
        let wanted = if is_table { "object" } else { first };
        match (wanted, value.get_mut()) {
            ("object", DeValue::Table(table)) => self.table(table, &schema, path),
            ("array", DeValue::Array(items)) => {
                for (index, item) in items.iter_mut().enumerate() {
                    self.value(item, &schema["items"], &format!("{path}[{index}]"));
                }
            }
            ("string", DeValue::String(_)) | ("boolean", DeValue::Boolean(_)) => {}
            ("integer", DeValue::Integer(number)) => {
                if number.as_str().parse::<u32>().is_err() {
                    let message = format!("{} is not a count", number.as_str());
                    self.refuse(path, message, format!("give a whole number from 0 to {}", u32::MAX));
                }
            }
            ("number", DeValue::Integer(number)) => self.number(number.as_str(), path),
            ("number", DeValue::Float(number)) => self.number(number.as_str(), path),
            (wanted, given) => {
                let (message, help) = wrong_type(path, wanted, given);
                self.refuse(path, message, help);
            }
        }
    }

    /// No number of a scenario may be negative, infinite or undefined.
    fn number(&mut self, text: &str, path: &str) {
        let number: f64 = text.parse().unwrap_or(f64::NAN);
        if !number.is_finite() || number < 0.0 {
            self.refuse(path, format!("{text} cannot be used here"), "give a finite number, zero or more".to_owned());
        }
    }

    fn choice(&mut self, value: &mut DeValue<'_>, choices: &[(String, Option<Value>)], path: &str) {
        let names: Vec<&str> = choices.iter().map(|(name, _)| name.as_str()).collect();
        let examples: Vec<String> = choices.iter().map(|(name, with)| example(name, with.as_ref())).collect();
        let help = format!("write {}", examples.join(" or "));
        let (given, settings) = match value {
            DeValue::String(given) => (given.to_string(), None),
            DeValue::Table(table) if table.len() == 1 => {
                let (key, settings) = table.iter_mut().next().expect("the table has one entry");
                (key.get_ref().to_string(), Some(settings))
            }
            other => return self.refuse(path, format!("{} is no choice", shown(other)), help),
        };
        match (choices.iter().find(|(name, _)| *name == given), settings) {
            (Some((_, None)), None) => {}
            (Some((name, Some(schema))), Some(settings)) => self.value(settings, schema, &join(path, name)),
            (Some((name, Some(_))), None) => self.refuse(path, format!("\"{name}\" needs settings of its own"), help),
            (Some((name, None)), Some(_)) => self.refuse(path, format!("\"{name}\" has no settings"), help),
            (None, _) if NOT_SIMULATED.contains(&given.as_str()) => {
                self.refuse(path, format!("\"{given}\" is not simulated yet"), help);
            }
            (None, _) => self.refuse(path, format!("there is no choice \"{given}\""), advice(&given, &names)),
        }
    }
}

/// The choices of an externally tagged enum with the schema of their settings; empty when it is none.
fn choices_of(schema: &Value) -> Vec<(String, Option<Value>)> {
    let plain = |value: &Value| value.as_str().map(|name| (name.to_owned(), None));
    if let Some(names) = schema["enum"].as_array() {
        return names.iter().filter_map(plain).collect();
    }
    let one_of = schema["oneOf"].as_array().into_iter().flatten();
    one_of
        .flat_map(|choice| match (&choice["const"], &choice["enum"], &choice["properties"]) {
            (Value::String(name), ..) => vec![(name.clone(), None)],
            (_, Value::Array(names), _) => names.iter().filter_map(plain).collect(),
            (.., Value::Object(keys)) => keys.iter().map(|(name, with)| (name.clone(), Some(with.clone()))).collect(),
            _ => Vec::new(),
        })
        .collect()
}

fn example(name: &str, settings: Option<&Value>) -> String {
    if settings.is_some() { format!("{{ {name} = {{ ... }} }}") } else { format!("\"{name}\"") }
}

fn wrong_type(path: &str, wanted: &str, given: &DeValue<'_>) -> (String, String) {
    let key = path.rsplit('.').next().unwrap_or(path);
    let name = match wanted {
        "object" => "a table",
        "array" => "a list",
        "string" => "text",
        "boolean" => "true or false",
        "integer" => "a whole number",
        _ => "a number",
    };
    let help = match (wanted, given) {
        ("number" | "integer", DeValue::String(text)) if text.parse::<f64>().is_ok() => {
            format!("leave out the quotes: `{key} = {text}`")
        }
        ("boolean", DeValue::String(text)) => format!("leave out the quotes: `{key} = {text}`"),
        ("string", DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_)) => {
            format!("put it into quotes: `{key} = \"{}\"`", shown(given))
        }
        ("array", DeValue::String(text)) => format!("put it into brackets: `{key} = [\"{text}\"]`"),
        ("array", DeValue::Table(_)) => {
            format!("repeat the section for each entry, with double brackets: `[[{path}]]`")
        }
        _ => format!("give {name}"),
    };
    (format!("{} is not {name}", shown(given)), help)
}

fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("\"{text}\""),
        DeValue::Integer(number) => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(yes) => yes.to_string(),
        DeValue::Datetime(date) => date.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    // An acronym keeps its capitals.
    match (letters.next(), text.chars().nth(1)) {
        (Some(first), Some(second)) if !second.is_uppercase() => first.to_lowercase().chain(letters).collect(),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{check, edited};
    use crate::{Files, Scenario};

    #[test]
    fn unknown_keys_name_the_nearest_known_one() {
        check(
            "cpu_cores = 1.0",
            "cpu_core = 4.0",
            "cpu_core",
            "platform.cpu_core",
            "there is no key `cpu_core` here",
            "did you mean `cpu_cores`?",
        );
        check(
            "timeout_s = 1800.0",
            "timeout = 1800.0",
            "timeout",
            "defaults.timeout",
            "no key `timeout`",
            "did you mean `timeout_s`?",
        );
        let all = "known here: batched, buffer_containers, gpu_fallback, max_containers, max_inputs, min_containers, \
                   pooling, scaledown_window_s, schedules, snapshot";
        check("[grid]", "[grid]\nzebra = 1", "zebra", "grid.zebra", "no key `zebra`", all);
        check("[files]", "[gpu]\n[files]", "gpu", "gpu", "no key `gpu`", "did you mean `gpus`?");
    }

    #[test]
    fn settings_without_a_rule_are_refused_by_name() {
        let new = "retries = 0\nregion = \"eu\"";
        let message = "`region` is not simulated yet";
        check("retries = 0", new, "region", "defaults.region", message, "remove `region`");
        check(
            "retries = 0",
            "retries = 0\nmax_pending = 5",
            "max_pending",
            "defaults.max_pending",
            "`max_pending` does not stand here",
            "write it under `rules`: rules = { max_pending = ... }",
        );
        check(
            "execution = \"serial\"",
            "execution = \"shared\"",
            "\"shared\"",
            "defaults.execution",
            "does not say how fast several inputs are",
            "add rules.efficiency",
        );
    }

    #[test]
    fn missing_keys_say_what_they_are_for() {
        check(
            "[platform]\nname = \"modal\"",
            "[platform]",
            "[platform]",
            "platform.name",
            "`name` is missing",
            "add `name = \"...\"`: name of the platform",
        );
        let files = edited("[[gpus]]\nname = \"L4\"", "[[gpus]]");
        let problem = crate::testing::only_problem(&files);
        assert_eq!((problem.key.as_str(), problem.message.as_str()), ("gpus[1].name", "`name` is missing"));
        // A whole section is found at the top of the file.
        let text = "format = 1\n";
        let problems = Scenario::load(&Files::from_texts([("scenario.toml", text)])).expect_err("problems");
        let missing = |key: &str| problems.iter().find(|problem| problem.key == key).expect("a problem");
        assert_eq!(missing("models").help, "add a table `[[models]]`: the models that requests call");
        assert_eq!(missing("grid").line, Some(1));
        assert_eq!(problems.len(), 14);
    }

    #[test]
    fn wrong_types_say_how_to_write_it() {
        let cores = "platform.cpu_cores";
        check("cpu_cores = 1.0", "cpu_cores = \"4\"", "\"4\"", cores, "\"4\" is not a number", "`cpu_cores = 4`");
        check("name = \"T4\"", "name = 4", "4", "gpus[0].name", "4 is not text", "`name = \"4\"`");
        let date = "`date = \"2026-11-23\"`";
        check("\ndate = \"2026-11-23\"", "\ndate = 2026-11-23", "2026", "traffic.date", "is not text", date);
        let brackets = "`min_containers = [\"1\"]`";
        check("= [0, 1]", "= \"1\"", "\"1\"", "grid.min_containers", "is not a list", brackets);
        check(
            "latency_limit = true",
            "latency_limit = 1",
            "1",
            "criteria.latency_limit",
            "1 is not true or false",
            "give",
        );
        let count = "give a whole number from 0";
        check(
            "buffer_containers = 0",
            "buffer_containers = -1",
            "-1",
            "defaults.buffer_containers",
            "-1 is not a count",
            count,
        );
        check("max_inputs = 5", "max_inputs = 1.5", "1.5", "defaults.max_inputs", "1.5 is not a whole number", "give");
        check("[files]", "[[files]]", "[[files]]", "files", "a list is not a table", "give a table");
    }

    #[test]
    fn numbers_are_finite_and_not_negative() {
        for number in ["nan", "inf", "-inf", "-1.0", "-1"] {
            let new = format!("requests_per_day = {number}");
            let message = format!("{number} cannot be used here");
            let key = "models[0].requests_per_day";
            check("requests_per_day = 400.0", &new, number, key, &message, "give a finite number, zero or more");
        }
        let key = "models[1].switch_in_from_s.lora";
        check("{ lora = 0.0 }", "{ lora = nan }", "nan", key, "nan cannot be used", "finite");
    }

    #[test]
    fn choices_list_what_can_be_chosen() {
        let kind = "platform.container_provenance.kind";
        check(
            "kind = \"assumed\"",
            "kind = \"asumed\"",
            "\"asumed\"",
            kind,
            "no choice \"asumed\"",
            "did you mean `assumed`?",
        );
        let slow = "traffic.slow_rate";
        let (old, new) = ("[traffic.slow_rate.gamma]", "[traffic.slow_rate.gama]");
        check(old, new, "slow_rate.gama", slow, "no choice \"gama\"", "did you mean `gamma`?");
        check(
            "scope = \"fleet\"",
            "scope = \"pool\"",
            "\"pool\"",
            "traffic.slow_rate.gamma.scope",
            "\"pool\"",
            "fleet, model",
        );
        check(
            "scope = \"fleet\"",
            "scope = 3",
            "3",
            "traffic.slow_rate.gamma.scope",
            "3 is no choice",
            "write \"fleet\" or \"model\"",
        );
    }

    #[test]
    fn all_mistakes_are_found_at_once_and_in_order() {
        let text = crate::testing::edited_text("scenario.toml", "cpu_cores = 1.0", "cpu_core = nan\nsnapshot = 1")
            .replace("max_inputs = 5", "max_inputs = 0")
            .replace("gpu = \"T4\"", "gpu = \"T5\"");
        let problems = Scenario::load(&Files::embedded().with("scenario.toml", &text)).expect_err("problems");
        let keys: Vec<&str> = problems.iter().map(|problem| problem.key.as_str()).collect();
        let pools = ["allocations[1].pools[0].gpu", "allocations[1].pools[1].gpu"];
        let cores = "platform.cpu_core";
        assert_eq!(keys, [cores, cores, "platform.snapshot", "defaults.max_inputs", pools[0], pools[1]]);
    }

    #[test]
    fn help_keeps_acronyms() {
        assert_eq!(lower_first("GPU features"), "GPU features");
        assert_eq!(lower_first("Name of it"), "name of it");
    }
}
