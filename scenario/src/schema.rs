//! The JSON schema of `scenario.toml`, for editors and for the check of the file's shape.

use serde_json::Value;

use crate::file::ScenarioFile;

/// The JSON schema of `scenario.toml`, indented, with a newline at the end.
#[must_use]
pub fn json_schema() -> String {
    format!("{:#}\n", schema())
}

/// The schema as a value.
pub(crate) fn schema() -> Value {
    schemars::schema_for!(ScenarioFile).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::{Files, SCENARIO_FILE};

    /// The names of all keys in a schema.
    fn keys(schema: &Value, into: &mut Vec<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            into.extend(properties.keys().cloned());
        }
        let inner = schema.as_object().into_iter().flat_map(|map| map.values());
        inner.chain(schema.as_array().into_iter().flatten()).for_each(|inner| keys(inner, into));
    }

    #[test]
    fn the_schema_has_every_section_and_key_of_the_default() {
        let schema = schema();
        let sections =
            ["files", "platform", "traffic", "defaults", "grid", "criteria", "naive", "gpus", "models", "allocations"];
        for section in sections {
            assert!(schema["properties"][section].is_object(), "{section}");
        }
        let mut known = Vec::new();
        keys(&schema, &mut known);
        let files = Files::embedded();
        let written = files.text(SCENARIO_FILE).expect("it is there").lines().filter(|line| !line.starts_with('#'));
        for key in written.filter_map(|line| line.split_once(" = ").map(|(key, _)| key)) {
            assert!(known.iter().any(|name| name == key), "{key}");
        }
    }

    #[test]
    fn every_key_is_described_and_nothing_else_is_accepted() {
        let schema = schema();
        let tables = schema["$defs"].as_object().expect("definitions").values().chain([&schema]);
        for table in tables.filter(|table| table["properties"].is_object()) {
            assert_eq!(table["additionalProperties"], false);
            for (key, property) in table["properties"].as_object().expect("properties") {
                assert!(property["description"].is_string(), "{key}");
            }
        }
    }

    #[test]
    fn it_is_a_text_file() {
        let text = json_schema();
        assert!(text.starts_with("{\n") && text.ends_with("}\n"));
        assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON"), schema());
    }
}
