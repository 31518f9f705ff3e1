//! Numbers that carry their derivatives: likelihoods are written once, and their slopes and curvatures are exact.

use std::ops::{Add, Mul, Neg, Sub};

/// A value with its first and second derivatives in `N` variables; with none it is a plain number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Jet<const N: usize> {
    pub(crate) value: f64,
    pub(crate) slope: [f64; N],
    /// Symmetric.
    pub(crate) curvature: [[f64; N]; N],
}

impl<const N: usize> Jet<N> {
    pub(crate) const ZERO: Self = Self::constant(0.0);

    pub(crate) const fn constant(value: f64) -> Self {
        Self { value, slope: [0.0; N], curvature: [[0.0; N]; N] }
    }

    /// The variables themselves, at these values.
    pub(crate) fn variables(values: &[f64]) -> [Self; N] {
        std::array::from_fn(|k| {
            let mut jet = Self::constant(values[k]);
            jet.slope[k] = 1.0;
            jet
        })
    }

    /// A function of one number, by its value and its first and second derivative there (chain rule).
    pub(crate) fn through(&self, [value, first, second]: [f64; 3]) -> Self {
        let mut jet = Self::constant(value);
        for i in 0..N {
            jet.slope[i] = first * self.slope[i];
            for j in 0..N {
                jet.curvature[i][j] = first * self.curvature[i][j] + second * self.slope[i] * self.slope[j];
            }
        }
        jet
    }

    /// A function of two numbers.
    ///
    /// - `slopes`: in each; `curvatures`: twice in the first, once in each, twice in the second.
    pub(crate) fn through_two(a: &Self, b: &Self, value: f64, slopes: [f64; 2], curvatures: [f64; 3]) -> Self {
        let mut jet = Self::constant(value);
        let [aa, ab, bb] = curvatures;
        for i in 0..N {
            jet.slope[i] = slopes[0] * a.slope[i] + slopes[1] * b.slope[i];
            for j in 0..N {
                jet.curvature[i][j] = slopes[0] * a.curvature[i][j]
                    + slopes[1] * b.curvature[i][j]
                    + aa * a.slope[i] * a.slope[j]
                    + ab * (a.slope[i] * b.slope[j] + b.slope[i] * a.slope[j])
                    + bb * b.slope[i] * b.slope[j];
            }
        }
        jet
    }

    pub(crate) fn exp(&self) -> Self {
        let e = self.value.exp();
        self.through([e, e, e])
    }

    pub(crate) fn ln(&self) -> Self {
        let r = self.value.recip();
        self.through([self.value.ln(), r, -r * r])
    }

    /// ln(1 - self), precise where self is small.
    pub(crate) fn ln_one_less(&self) -> Self {
        let r = (1.0 - self.value).recip();
        self.through([(-self.value).ln_1p(), -r, -r * r])
    }

    pub(crate) fn recip(&self) -> Self {
        let r = self.value.recip();
        self.through([r, -r * r, 2.0 * r * r * r])
    }

    pub(crate) fn times(&self, factor: f64) -> Self {
        self.through([factor * self.value, factor, 0.0])
    }

    pub(crate) fn plus(mut self, number: f64) -> Self {
        self.value += number;
        self
    }

    /// Whether value and derivatives are numbers.
    pub(crate) fn is_finite(&self) -> bool {
        let numbers = self.slope.iter().chain(self.curvature.iter().flatten());
        self.value.is_finite() && numbers.fold(0.0, |sum, x| sum + x).is_finite()
    }
}

impl<const N: usize> Add for Jet<N> {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self.value += other.value;
        for i in 0..N {
            self.slope[i] += other.slope[i];
            for j in 0..N {
                self.curvature[i][j] += other.curvature[i][j];
            }
        }
        self
    }
}

impl<const N: usize> Neg for Jet<N> {
    type Output = Self;

    fn neg(self) -> Self {
        self.times(-1.0)
    }
}

impl<const N: usize> Sub for Jet<N> {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl<const N: usize> Mul for Jet<N> {
    type Output = Self;

    fn mul(self, other: Self) -> Self {
        Self::through_two(&self, &other, self.value * other.value, [other.value, self.value], [0.0, 1.0, 0.0])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use approx::assert_relative_eq;

    /// f(x, y) = x² y - ln(x) e^y / (1 - x y): by hand at x = ½, y = ¼ it is compared with differences of itself.
    #[test]
    fn derivatives_are_those_of_differences() {
        fn f<const N: usize>([x, y]: [Jet<N>; 2]) -> Jet<N> {
            x * x * y - x.ln() * y.exp() * (-(x * y)).plus(1.0).recip() + (x * y).ln_one_less()
        }
        let plain = |x: f64, y: f64| f::<0>([x, y].map(Jet::constant)).value;
        let (x, y, h) = (0.5, 0.25, 1e-4);
        let jet = f::<2>(Jet::variables(&[x, y]));
        assert_relative_eq!(jet.value, plain(x, y), max_relative = 1e-15);
        assert_relative_eq!(jet.slope[0], (plain(x + h, y) - plain(x - h, y)) / (2.0 * h), max_relative = 1e-6);
        assert_relative_eq!(jet.slope[1], (plain(x, y + h) - plain(x, y - h)) / (2.0 * h), max_relative = 1e-6);
        let second = (plain(x + h, y) - 2.0 * plain(x, y) + plain(x - h, y)) / (h * h);
        assert_relative_eq!(jet.curvature[0][0], second, max_relative = 1e-5);
        let mixed =
            (plain(x + h, y + h) - plain(x + h, y - h) - plain(x - h, y + h) + plain(x - h, y - h)) / (4.0 * h * h);
        assert_relative_eq!(jet.curvature[0][1], mixed, max_relative = 1e-5);
        assert_relative_eq!(jet.curvature[1][0], mixed, max_relative = 1e-5);
        let second = (plain(x, y + h) - 2.0 * plain(x, y) + plain(x, y - h)) / (h * h);
        assert_relative_eq!(jet.curvature[1][1], second, max_relative = 1e-5);
    }
}
