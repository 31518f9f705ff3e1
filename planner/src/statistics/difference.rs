//! The difference of two independent estimates of which nothing but their intervals is known.

use super::Interval;

/// The interval of `new - old`, at the confidence of the two intervals: each end lies as far from the difference as the
/// two sides that lead there, added in squares. For symmetric intervals it is the ordinary interval of a difference;
/// others keep their shape. Conservative where the two rise and fall together.
///
/// - `old`, `new`: an estimate with its interval.
///
/// # Source
/// Zou and Donner 2008, "Construction of confidence limits about effect measures: a general approach", *Statistics in
/// Medicine* 27, 1693-1702 (recovery of variance estimates from the limits).
#[must_use]
pub fn difference_interval(old: (f64, Interval), new: (f64, Interval)) -> Interval {
    let difference = new.0 - old.0;
    let below = (new.0 - new.1.low).hypot(old.1.high - old.0);
    let above = (new.1.high - new.0).hypot(old.0 - old.1.low);
    Interval { low: difference - below, high: difference + above }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    /// By hand: half-widths 3 and 4 make 5; an exact estimate leaves the other's interval as it is.
    #[test]
    fn symmetric_intervals_add_in_squares() {
        let found =
            difference_interval((10.0, Interval { low: 7.0, high: 13.0 }), (20.0, Interval { low: 16.0, high: 24.0 }));
        assert_relative_eq!(found.low, 5.0);
        assert_relative_eq!(found.high, 15.0);
        let exact = Interval { low: 2.0, high: 2.0 };
        let found = difference_interval((2.0, exact), (3.0, Interval { low: 2.5, high: 4.5 }));
        assert_eq!(found, Interval { low: 0.5, high: 2.5 });
    }

    /// A published example: 56 of 70 against 48 of 80, from Wilson's limits (Newcombe 1998, *Statistics in Medicine* 17,
    /// 873-890, method 10): 0.2, from 0.0524 to 0.3339.
    #[test]
    fn skewed_intervals_keep_their_shape() {
        let wilson = |k, n| crate::statistics::wilson(k, n, 0.95);
        let (p1, p2) = (wilson(56, 70), wilson(48, 80));
        let found = difference_interval((0.6, p2), (0.8, p1));
        assert_relative_eq!(found.low, 0.0524, epsilon = 5e-5);
        assert_relative_eq!(found.high, 0.3339, epsilon = 5e-5);
    }

    #[test]
    fn what_is_unknown_on_one_side_is_unknown_of_the_difference() {
        let open = Interval { low: 0.0, high: f64::INFINITY };
        let found = difference_interval((1.0, Interval { low: 0.5, high: 1.5 }), (2.0, open));
        assert!(found.high.is_infinite() && found.low.is_finite() && found.low < 0.0);
    }
}
