//! Quantities are types: a span is not an instant, a price is not a cost.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Sub};

use serde::{Deserialize, Serialize};

/// What is wrong with a number that should be a quantity.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum QuantityError {
    /// `value` is negative, infinite or NaN.
    #[error("{value} is not a time span; give a finite number of seconds, zero or more")]
    NotASpan {
        /// The offending number.
        value: f64,
    },
    /// `value` is negative, infinite or NaN.
    #[error("{value} is not a price; give a finite number of dollars per second, zero or more")]
    NotAPrice {
        /// The offending number.
        value: f64,
    },
}

/// A span of time in seconds, as files and laws state it. Finite and not negative.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Seconds(f64);

impl Seconds {
    /// No time at all.
    pub const ZERO: Self = Self(0.0);

    /// # Errors
    /// [`QuantityError::NotASpan`] when `value` is negative, infinite or NaN.
    pub fn new(value: f64) -> Result<Self, QuantityError> {
        if value.is_finite() && value >= 0.0 { Ok(Self(value)) } else { Err(QuantityError::NotASpan { value }) }
    }

    /// The number of seconds.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// The one place where spans in seconds become integer nanoseconds: rounded to the nearest, saturating at
    /// 2^63 ns (292 years).
    #[must_use]
    pub fn to_span(self) -> SimSpan {
        SimSpan::from_secs_f64(self.0)
    }
}

impl TryFrom<f64> for Seconds {
    type Error = QuantityError;
    fn try_from(value: f64) -> Result<Self, QuantityError> {
        Self::new(value)
    }
}

impl From<Seconds> for f64 {
    fn from(value: Seconds) -> Self {
        value.0
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.0)
    }
}

/// A span of simulated time in integer nanoseconds, so that ledgers add up exactly.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SimSpan(pub u64);

impl SimSpan {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// Rounds to the nearest nanosecond; negative becomes zero, NaN and more than 2^63 ns become 2^63 ns.
    #[must_use]
    pub fn from_secs_f64(seconds: f64) -> Self {
        const CEILING: f64 = 9_223_372_036_854_775_808.0;
        Self((seconds * 1e9 + 0.5).min(CEILING) as u64)
    }

    /// The span in seconds.
    #[must_use]
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
}

impl Add for SimSpan {
    type Output = Self;
    /// Saturates: a limit that is never reached may be as long as a span can be.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl AddAssign for SimSpan {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// An instant: nanoseconds since the trial began (the start of its run-in, not of its horizon).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SimTime(pub u64);

impl SimTime {
    /// The instant at which the trial begins.
    pub const START: Self = Self(0);
    /// Later than every event.
    pub const NEVER: Self = Self(u64::MAX);
}

impl Add<SimSpan> for SimTime {
    type Output = Self;
    /// Saturates at [`SimTime::NEVER`]: what lies beyond does not happen.
    fn add(self, span: SimSpan) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl Sub for SimTime {
    type Output = SimSpan;
    /// # Panics
    /// If `earlier` is later: time never runs backwards in the engine.
    fn sub(self, earlier: Self) -> SimSpan {
        SimSpan(self.0.checked_sub(earlier.0).expect("time runs forward"))
    }
}

/// An amount of money in US dollars.
#[derive(Debug, Clone, Copy, Default, PartialEq, PartialOrd, Serialize, Deserialize)]
pub struct Usd(pub f64);

impl Add for Usd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Usd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Usd {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self(0.0), Add::add)
    }
}

/// A price for holding something, in US dollars a second. Finite and not negative.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct UsdPerSecond(f64);

impl UsdPerSecond {
    /// # Errors
    /// [`QuantityError::NotAPrice`] when `value` is negative, infinite or NaN.
    pub fn new(value: f64) -> Result<Self, QuantityError> {
        if value.is_finite() && value >= 0.0 { Ok(Self(value)) } else { Err(QuantityError::NotAPrice { value }) }
    }

    /// Dollars a second.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for UsdPerSecond {
    type Error = QuantityError;
    fn try_from(value: f64) -> Result<Self, QuantityError> {
        Self::new(value)
    }
}

impl From<UsdPerSecond> for f64 {
    fn from(value: UsdPerSecond) -> Self {
        value.0
    }
}

impl Add for UsdPerSecond {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Mul<Seconds> for UsdPerSecond {
    type Output = Usd;
    fn mul(self, held: Seconds) -> Usd {
        Usd(self.0 * held.0)
    }
}

impl Mul<SimSpan> for UsdPerSecond {
    type Output = Usd;
    fn mul(self, held: SimSpan) -> Usd {
        Usd(self.0 * held.as_secs_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_finite_and_not_negative() {
        for bad in [-1.0, f64::NAN, f64::INFINITY] {
            assert!(Seconds::new(bad).is_err(), "{bad} was accepted");
            assert!(UsdPerSecond::new(bad).is_err(), "{bad} was accepted");
        }
    }

    #[test]
    fn seconds_round_to_the_nearest_nanosecond() {
        assert_eq!(SimSpan::from_secs_f64(1.5), SimSpan(1_500_000_000));
        assert_eq!(SimSpan::from_secs_f64(0.4e-9), SimSpan(0));
        assert_eq!(SimSpan::from_secs_f64(0.6e-9), SimSpan(1));
        assert_eq!(SimSpan::from_secs_f64(1e30), SimSpan(1 << 63));
    }

    #[test]
    fn an_hour_of_l40s_costs_its_hourly_price() {
        let price = UsdPerSecond::new(0.000_542).expect("a price");
        let cost = price * SimSpan::from_secs_f64(3600.0);
        approx::assert_relative_eq!(cost.0, 1.9512, epsilon = 1e-12);
    }
}
