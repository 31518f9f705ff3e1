//! The distribution of times of which some were cut off, without a law.

use super::times::Times;

/// The product-limit estimate: at each time at which some ended, the share that is no longer. Without times that were cut
/// off that is the share of the sample.
///
/// Rising in both; the last share is below 1 where the longest time was cut off.
///
/// # Source
/// Kaplan and Meier 1958, *Journal of the American Statistical Association* 53. At one instant ends come before limits.
#[must_use]
pub fn kaplan_meier(times: &Times) -> Vec<(f64, f64)> {
    let (ended, cut_off) = (times.ended_s(), times.cut_off_s());
    let mut steps: Vec<(f64, f64)> = Vec::new();
    let (mut before, mut surviving) = (0, 1.0);
    while before < ended.len() {
        let at = ended[before];
        let upto = before + ended[before..].partition_point(|x| *x <= at);
        let gone = cut_off.partition_point(|x| *x < at);
        let under_watch = (times.count() - before - gone) as f64;
        surviving *= 1.0 - (upto - before) as f64 / under_watch;
        // The last of a complete sample ends the product at zero, not at a rounding.
        steps.push((at, 1.0 - surviving));
        before = upto;
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::super::Time;
    use super::*;
    use approx::assert_relative_eq;

    /// 6-mercaptopurine, remission in weeks (Freireich et al. 1963; Kalbfleisch and Prentice 2002, table 1.1): survival
    /// 0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448.
    #[test]
    fn remissions_survive_as_in_the_book() {
        let ended = [6.0, 6.0, 6.0, 7.0, 10.0, 13.0, 16.0, 22.0, 23.0];
        let cut_off = [6.0, 9.0, 10.0, 11.0, 17.0, 19.0, 20.0, 25.0, 32.0, 32.0, 34.0, 35.0];
        let of =
            |seconds: &[f64], censored| seconds.iter().map(|&seconds| Time { seconds, censored }).collect::<Vec<_>>();
        let times = Times::of(&[of(&ended, false), of(&cut_off, true)].concat()).expect("a sample");
        let steps = kaplan_meier(&times);
        let expected =
            [(6.0, 0.857), (7.0, 0.807), (10.0, 0.753), (13.0, 0.690), (16.0, 0.627), (22.0, 0.538), (23.0, 0.448)];
        assert_eq!(steps.len(), expected.len());
        for ((at, share), (book_at, survival)) in steps.iter().zip(expected) {
            assert_relative_eq!(*at, book_at);
            assert_relative_eq!(1.0 - share, survival, epsilon = 6e-4);
        }
    }

    #[test]
    fn a_complete_sample_is_its_shares() {
        let steps = kaplan_meier(&Times::ended(&[3.0, 1.0, 1.0, 2.0]).expect("a sample"));
        for ((at, share), (expected_at, expected)) in steps.iter().zip([(1.0, 0.5), (2.0, 0.75), (3.0, 1.0)]) {
            assert_relative_eq!(*at, expected_at);
            assert_relative_eq!(*share, expected, max_relative = 1e-15);
        }
    }
}
