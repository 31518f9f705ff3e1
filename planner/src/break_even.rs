//! Where estimates change sign as one number is changed: found on a coarse grid first, then narrowed.

use std::collections::BTreeMap;

use crate::estimate::Estimate;

/// A point is known when the last step towards it is shorter than this share of it.
const PRECISION: f64 = 0.005;
/// Most steps towards one point.
const STEPS: usize = 12;

/// Estimates at points of a positive axis, made when they are asked for and kept.
pub(crate) struct Axis<F> {
    /// By the bits of the point: for positive numbers in their order.
    known: BTreeMap<u64, Vec<Estimate>>,
    evaluate: F,
}

/// A point where an estimate is zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Crossing {
    /// The point, and where the ends of the estimate's interval cross zero beside it: an end of the axis where they do
    /// not.
    pub(crate) at: Estimate,
    /// Whether the estimate is positive beyond it.
    pub(crate) rises: bool,
}

impl<E, F: FnMut(f64) -> Result<Vec<Estimate>, E>> Axis<F> {
    /// - `grid`: at least two points, rising, above zero.
    /// - `evaluate`: as many estimates at every point.
    pub(crate) fn new(grid: &[f64], evaluate: F) -> Result<Self, E> {
        let mut axis = Self { known: BTreeMap::new(), evaluate };
        for point in grid {
            axis.look(*point)?;
        }
        Ok(axis)
    }

    /// All points where the `which`-th estimate changes sign, as far as neighbours on the grid differ in it.
    pub(crate) fn crossings(&mut self, which: usize) -> Result<Vec<Crossing>, E> {
        let mut found = Vec::new();
        for (a, b) in self.changes(which, |estimate| estimate.value) {
            let value = self.narrow(which, |estimate| estimate.value, (a, b))?;
            let rises = self.at(b, which).value > 0.0;
            let low = self.beside(which, |estimate| estimate.low, value)?;
            let high = self.beside(which, |estimate| estimate.high, value)?;
            let (before, after) = if rises { (high, low) } else { (low, high) };
            let at = Estimate {
                value,
                low: before.filter(|point| *point <= value).unwrap_or_else(|| self.end(false)),
                high: after.filter(|point| *point >= value).unwrap_or_else(|| self.end(true)),
            };
            found.push(Crossing { at, rises });
        }
        Ok(found)
    }

    fn look(&mut self, point: f64) -> Result<(), E> {
        if !self.known.contains_key(&point.to_bits()) {
            let estimates = (self.evaluate)(point)?;
            self.known.insert(point.to_bits(), estimates);
        }
        Ok(())
    }

    fn at(&self, point: f64, which: usize) -> Estimate {
        self.known[&point.to_bits()][which]
    }

    /// An end of the axis.
    fn end(&self, last: bool) -> f64 {
        let bits = if last { self.known.keys().next_back() } else { self.known.keys().next() };
        bits.map_or(f64::NAN, |bits| f64::from_bits(*bits))
    }

    /// Neighbours between which a part of the estimate changes sign.
    fn changes(&self, which: usize, part: impl Fn(&Estimate) -> f64) -> Vec<(f64, f64)> {
        let points: Vec<(f64, bool)> =
            self.known.iter().map(|(bits, all)| (f64::from_bits(*bits), part(&all[which]) > 0.0)).collect();
        points.windows(2).filter(|pair| pair[0].1 != pair[1].1).map(|pair| (pair[0].0, pair[1].0)).collect()
    }

    /// Where an end of the interval crosses zero, nearest to a point.
    fn beside(&mut self, which: usize, part: impl Fn(&Estimate) -> f64, point: f64) -> Result<Option<f64>, E> {
        let distance = |(a, b): &(f64, f64)| {
            if (*a..=*b).contains(&point) { 0.0 } else { (a / point).ln().abs().min((b / point).ln().abs()) }
        };
        let changes = self.changes(which, &part);
        let nearest = changes.into_iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.map(|ends| self.narrow(which, part, ends)).transpose()
    }

    /// Regula falsi on the logarithm of the point, with the step that keeps both ends moving (Dowell and Jarratt 1971,
    /// "A modified regula falsi method", the Illinois rule).
    fn narrow(&mut self, which: usize, part: impl Fn(&Estimate) -> f64, ends: (f64, f64)) -> Result<f64, E> {
        let (mut a, mut b) = (ends.0.ln(), ends.1.ln());
        let (mut at_a, mut at_b) = (part(&self.at(ends.0, which)), part(&self.at(ends.1, which)));
        let mut kept = 0;
        let mut last = f64::NAN;
        for _ in 0..STEPS {
            let share = at_a / (at_a - at_b);
            // An infinite end says only on which side the point lies.
            let share = if share.is_finite() { share.clamp(0.02, 0.98) } else { 0.5 };
            let point = a + share * (b - a);
            self.look(point.exp())?;
            let value = part(&self.at(point.exp(), which));
            let step = (point - last).abs();
            last = point;
            if (value > 0.0) == (at_b > 0.0) {
                (b, at_b) = (point, value);
                at_a = if kept == 1 { at_a / 2.0 } else { at_a };
                kept = 1;
            } else {
                (a, at_a) = (point, value);
                at_b = if kept == -1 { at_b / 2.0 } else { at_b };
                kept = -1;
            }
            if step < PRECISION || b - a < PRECISION {
                break;
            }
        }
        Ok(last.exp())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use approx::assert_relative_eq;

    use super::*;

    const GRID: [f64; 7] = [0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0];

    fn crossings(f: impl Fn(f64) -> Estimate) -> (Vec<Crossing>, usize) {
        let mut asked = 0;
        let evaluate = |x: f64| -> Result<Vec<Estimate>, Infallible> {
            asked += 1;
            Ok(vec![f(x)])
        };
        let found = Axis::new(&GRID, evaluate).and_then(|mut axis| axis.crossings(0)).expect("nothing can fail");
        (found, asked)
    }

    #[test]
    fn a_crossing_is_where_the_function_is_zero_and_its_interval_where_the_bounds_are() {
        // sqrt(x) - 2 between the same less and more 0.2: zero at 4, the bounds at 2.2^2 and 1.8^2.
        let at = |x: f64| Estimate { value: x.sqrt() - 2.0, low: x.sqrt() - 2.2, high: x.sqrt() - 1.8 };
        let (found, asked) = crossings(at);
        let [Crossing { at, rises: true }] = found[..] else { panic!("{found:?}") };
        for (found, expected) in [(at.value, 4.0), (at.low, 3.24), (at.high, 4.84)] {
            assert_relative_eq!(found, expected, max_relative = 0.01);
        }
        assert!(asked < 25, "{asked} points");
    }

    #[test]
    fn both_crossings_of_a_parabola_are_found_and_none_of_a_constant() {
        let parabola = |x: f64| Estimate::exact((x.ln() - 1.0) * (x.ln() - 4.0));
        let (found, _) = crossings(parabola);
        assert_eq!(found.iter().map(|crossing| crossing.rises).collect::<Vec<_>>(), [false, true]);
        assert_relative_eq!(found[0].at.value, 1f64.exp(), max_relative = 0.01);
        assert_relative_eq!(found[1].at.value, 4f64.exp(), max_relative = 0.01);
        assert_eq!(crossings(|_| Estimate::exact(1.0)).0, []);
    }

    #[test]
    fn an_interval_without_an_end_reaches_to_the_end_of_the_axis() {
        let wide = |x: f64| Estimate { value: x - 2.0, low: f64::NEG_INFINITY, high: f64::INFINITY };
        let (found, _) = crossings(wide);
        assert_eq!((found[0].at.low, found[0].at.high), (0.1, 100.0));
    }
}
