//! Where a monotone condition changes.

/// The last float of \[`low`, `high`) up to which `holds` is true, for a condition that is true at `low`, false at
/// `high` and changes once in between.
///
/// Halves the range until no float is left inside, so the result is as exact as the condition.
pub(super) fn last_where(mut low: f64, mut high: f64, holds: impl Fn(f64) -> bool) -> f64 {
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return low;
        }
        if holds(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_of_two_is_found_to_the_last_bit() {
        let root = last_where(0.0, 2.0, |x| x * x <= 2.0);
        assert!(root * root <= 2.0 && root.next_up() * root.next_up() > 2.0, "{root}");
    }
}
