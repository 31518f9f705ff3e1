//! Processor sharing: how fast a container is with several inputs at once.

use serde::{Deserialize, Serialize};

/// Total speed of a container by the number of inputs that it executes: 1 is the speed of one input alone. Each input
/// gets an equal part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Efficiency {
    /// `n^exponent`: 0 shares one input's speed, 1 slows nobody down.
    Power(f64),
    /// Total speed with 1, 2, ... inputs; the last holds for more.
    Table(Vec<f64>),
}

impl Efficiency {
    /// Total speed with `n` inputs, at least 1.
    #[must_use]
    pub fn total(&self, n: u32) -> f64 {
        match self {
            Self::Power(exponent) => f64::from(n).powf(*exponent),
            Self::Table(speeds) => speeds[(n as usize).min(speeds.len()) - 1],
        }
    }

    /// Speed of each of `n` inputs.
    pub(crate) fn each(&self, n: u32) -> f64 {
        self.total(n) / f64::from(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    #[test]
    fn inputs_share_the_speed_equally() {
        assert_relative_eq!(Efficiency::Power(0.0).each(4), 0.25);
        assert_relative_eq!(Efficiency::Power(1.0).each(4), 1.0);
        let table = Efficiency::Table(vec![1.0, 1.6]);
        assert_relative_eq!(table.each(2), 0.8);
        assert_relative_eq!(table.each(4), 0.4);
    }
}
