//! Numbers in JSON, which has neither infinity nor NaN. Infinity is `null`, as every reader expects of a latency that
//! failed requests make infinite; the two that hardly ever occur are the texts `"-inf"` and `"nan"`, so that what is
//! written is what is read.

use std::fmt;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserializer, Serialize, Serializer};

const NEGATIVE_INFINITY: &str = "-inf";
const NOT_A_NUMBER: &str = "nan";
/// Where `null` says that there is no number.
const INFINITY: &str = "inf";

/// Writes a number.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
pub(crate) fn serialize<S: Serializer>(number: &f64, to: S) -> Result<S::Ok, S::Error> {
    match *number {
        f64::INFINITY => to.serialize_none(),
        f64::NEG_INFINITY => to.serialize_str(NEGATIVE_INFINITY),
        number if number.is_nan() => to.serialize_str(NOT_A_NUMBER),
        number => to.serialize_f64(number),
    }
}

/// Reads a number.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    from.deserialize_any(NumberVisitor)
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = f64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or null for infinity")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
        Ok(number)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<f64, E> {
        Ok(number as f64)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
        Ok(number as f64)
    }

    fn visit_unit<E: Error>(self) -> Result<f64, E> {
        Ok(f64::INFINITY)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
        match text {
            INFINITY => Ok(f64::INFINITY),
            NEGATIVE_INFINITY => Ok(f64::NEG_INFINITY),
            NOT_A_NUMBER => Ok(f64::NAN),
            _ => Err(E::invalid_value(Unexpected::Str(text), &self)),
        }
    }
}

/// A number that may be missing: `null` when it is, so that infinity is a text here.
pub(crate) mod option {
    use serde::Deserialize;

    use super::{Deserializer, INFINITY, Serialize, Serializer};

    struct Number(f64);

    impl Serialize for Number {
        fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
            if self.0 == f64::INFINITY { to.serialize_str(INFINITY) } else { super::serialize(&self.0, to) }
        }
    }

    impl<'de> Deserialize<'de> for Number {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            super::deserialize(from).map(Self)
        }
    }

    #[expect(clippy::ref_option, reason = "serde passes references")]
    pub(crate) fn serialize<S: Serializer>(number: &Option<f64>, to: S) -> Result<S::Ok, S::Error> {
        number.map(Number).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Number>::deserialize(from)?.map(|number| number.0))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Serialize, Deserialize)]
    struct Pair {
        #[serde(with = "super")]
        number: f64,
        #[serde(with = "super::option")]
        maybe: Option<f64>,
    }

    #[test]
    fn every_number_comes_back_bit_by_bit() {
        let numbers = [0.0, -0.0, 1.0 / 3.0, f64::MIN_POSITIVE, f64::MAX, 5e-324, f64::INFINITY, f64::NEG_INFINITY];
        for number in numbers.into_iter().chain([f64::NAN]) {
            for maybe in [None, Some(number)] {
                let text = serde_json::to_string(&Pair { number, maybe }).expect("it can be written");
                let back: Pair = serde_json::from_str(&text).expect("it can be read");
                assert_eq!(back.number.to_bits(), number.to_bits(), "{text}");
                assert_eq!(back.maybe.map(f64::to_bits), maybe.map(f64::to_bits), "{text}");
            }
        }
    }

    #[test]
    fn infinity_is_null_and_words_are_no_numbers() {
        let text = serde_json::to_string(&Pair { number: f64::INFINITY, maybe: None }).expect("it can be written");
        assert_eq!(text, r#"{"number":null,"maybe":null}"#);
        let read = |text: &str| serde_json::from_str::<Pair>(text).map(|pair| pair.number).map_err(|e| e.to_string());
        assert_eq!(read(r#"{"number": 3, "maybe": -1}"#), Ok(3.0));
        let error = read(r#"{"number": "many", "maybe": 1}"#).expect_err("a word");
        assert!(
            error.starts_with("invalid value: string \"many\", expected a number, or null for infinity"),
            "{error}"
        );
    }
}
