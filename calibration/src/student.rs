//! Student's law.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// How many standard errors a two-sided interval reaches to each side.
///
/// # Panics
/// If `confidence` is not between 0 and 1, or `freedom` not above zero.
pub(crate) fn student_quantile(freedom: f64, confidence: f64) -> f64 {
    assert!(confidence > 0.0 && confidence < 1.0, "{confidence} is no confidence");
    let student = StudentsT::new(0.0, 1.0, freedom).expect("degrees of freedom above zero");
    student.inverse_cdf(f64::midpoint(1.0, confidence))
}
