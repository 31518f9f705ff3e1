//! The values of a JSON object that are asked for.

use std::fmt;

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::span::{Span, Values};

/// The values of one object at a time.
#[derive(Debug, Default)]
pub(super) struct JsonFields {
    spans: Vec<Span>,
    rewritten: Vec<u8>,
}

impl JsonFields {
    /// Finds the values of the keys `names`, a slot each, in an object. Texts are found without their quotes, `null` is as
    /// if it was not there, and of a key that comes twice the last counts.
    ///
    /// # Errors
    /// When `record` is not an object in UTF-8, or one of the values is a list or an object.
    pub(super) fn find(&mut self, record: &[u8], names: &[String]) -> Result<(), serde_json::Error> {
        self.rewritten.clear();
        self.spans.clear();
        self.spans.resize(names.len(), Span::default());
        // Checked once for the record, not key by key.
        let text = std::str::from_utf8(record).map_err(serde::de::Error::custom)?;
        let mut json = serde_json::Deserializer::from_str(text);
        json.deserialize_map(Finder { fields: self, record, names })?;
        json.end()
    }

    /// The values that were found in `record`.
    pub(super) fn values<'a>(&'a self, record: &'a [u8]) -> Values<'a> {
        Values { record, rewritten: &self.rewritten, spans: &self.spans }
    }

    /// Where `raw`, a part of `record`, has its value.
    fn span<E: serde::de::Error>(&mut self, raw: &str, record: &[u8]) -> Result<Span, E> {
        let start = raw.as_ptr().addr() - record.as_ptr().addr();
        let span = Span { start, end: start + raw.len(), is_rewritten: false };
        match raw.as_bytes() {
            [b'"', text @ .., _] if memchr::memchr(b'\\', text).is_some() => {
                let text: String = serde_json::from_str(raw).map_err(E::custom)?;
                let start = self.rewritten.len();
                self.rewritten.extend_from_slice(text.as_bytes());
                Ok(Span { start, end: self.rewritten.len(), is_rewritten: true })
            }
            [b'"', ..] => Ok(Span { start: span.start + 1, end: span.end - 1, ..span }),
            b"null" => Ok(Span::default()),
            [b'{' | b'[', ..] => Err(E::custom("a list or an object where one value is needed")),
            _ => Ok(span),
        }
    }
}

struct Finder<'f> {
    fields: &'f mut JsonFields,
    record: &'f [u8],
    names: &'f [String],
}

impl<'de> Visitor<'de> for Finder<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(mut slots) = map.next_key_seed(KeySlots(self.names))? {
            if slots == 0 {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let raw: &RawValue = map.next_value()?;
            let span = self.fields.span(raw.get(), self.record)?;
            while slots != 0 {
                self.fields.spans[slots.trailing_zeros() as usize] = span;
                slots &= slots - 1;
            }
        }
        Ok(())
    }
}

/// The slots that a key has, as bits.
struct KeySlots<'n>(&'n [String]);

impl<'de> DeserializeSeed<'de> for KeySlots<'_> {
    type Value = u64;

    fn deserialize<D: serde::Deserializer<'de>>(self, json: D) -> Result<u64, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySlots<'_> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<u64, E> {
        let bit = |(slot, name): (usize, &String)| if !name.is_empty() && name == key { 1 << slot } else { 0 };
        Ok(self.0.iter().enumerate().map(bit).fold(0, |slots, bit: u64| slots | bit))
    }
}

/// Adds the keys of an object to `keys`, in the order of appearance, unless they are there.
///
/// # Errors
/// When `record` is not an object.
pub(super) fn collect_keys(record: &[u8], keys: &mut Vec<String>) -> Result<(), serde_json::Error> {
    struct Collector<'k>(&'k mut Vec<String>);

    impl<'de> Visitor<'de> for Collector<'_> {
        type Value = ();

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some((key, IgnoredAny)) = map.next_entry::<String, IgnoredAny>()? {
                if !self.0.contains(&key) {
                    self.0.push(key);
                }
            }
            Ok(())
        }
    }

    let mut json = serde_json::Deserializer::from_slice(record);
    json.deserialize_map(Collector(keys))?;
    json.end()
}

/// What is wrong with an object. Its place is one in the object, so the line is left out and the column kept.
pub(super) fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((cause, _)) if error.line() == 1 => format!("{cause} at character {}", error.column()),
        Some((cause, _)) => cause.to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(record: &str, names: &[&str]) -> Result<Vec<String>, String> {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut fields = JsonFields::default();
        fields.find(record.as_bytes(), &names).map_err(|error| error.to_string())?;
        let values = fields.values(record.as_bytes());
        Ok((0..names.len()).map(|slot| String::from_utf8_lossy(values.get(slot)).into_owned()).collect())
    }

    #[test]
    fn values_are_found_as_they_are_written() {
        let record = r#" {"a": 1.50, "other": {"a": [1, "}"]}, "b": "x", "c": null, "d": true} "#;
        let expected: Vec<String> = ["x", "1.50", "", "true", ""].map(str::to_owned).into();
        assert_eq!(find(record, &["b", "a", "c", "d", "e"]), Ok(expected));
    }

    #[test]
    fn escapes_are_undone_and_a_column_may_have_two_meanings() {
        let record = r#"{"m\u006fdel": "a\"\u00e9", "time": "t\/1"}"#;
        let expected: Vec<String> = ["a\"\u{e9}", "a\"\u{e9}", "t/1"].map(str::to_owned).into();
        assert_eq!(find(record, &["model", "model", "time"]), Ok(expected));
    }

    #[test]
    fn what_is_no_object_of_values_is_refused() {
        for record in ["", "[1]", "{\"a\": 1", "{\"a\": 1} x", "{\"a\": [1]}", "{\"a\": {}}", "{a: 1}", "\"a\""] {
            assert!(find(record, &["a"]).is_err(), "{record}");
        }
    }

    #[test]
    fn keys_are_collected_once() {
        let mut keys = Vec::new();
        for record in [r#"{"a": 1, "b": {"x": 2}}"#, r#"{"c": 1, "a": 2}"#] {
            collect_keys(record.as_bytes(), &mut keys).expect("objects");
        }
        assert_eq!(keys, ["a", "b", "c"]);
        assert!(collect_keys(b"[1]", &mut keys).is_err());
    }
}
