//! What a reader of logs is told.

use super::columns::{Columns, SHAPE_COLUMNS_MAX};
use super::error::LogError;
use super::layout::Layout;

/// How a log is to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct LogOptions {
    /// The layout; `None` to tell it from the header or the first objects.
    pub layout: Option<Layout>,
    /// Which column means what; those left out are looked for under their usual names.
    pub columns: Columns,
    /// The IANA time zone of stamps that name none.
    pub zone: String,
    /// Whether nobody said so, and `zone` is a guess.
    pub is_zone_assumed: bool,
    /// The largest share of wrong lines that is put up with, from 0 to 1.
    pub wrong_share_max: f64,
    /// The present, in nanoseconds since 1970; a stamp after it makes a line wrong. `None` to take any.
    pub now: Option<i64>,
    /// The width of the bins of [`Layout::Counts`], in seconds; `None` to take the smallest gap between stamps.
    pub bin_s: Option<f64>,
    /// What stamps in seconds from zero (and the minutes of [`Layout::AzureFunctions`]) start from, in nanoseconds since
    /// 1970; `None` for Monday 1970-01-05 00:00 in `zone`.
    pub origin: Option<i64>,
    /// Whether a line that equals the one before it is left out. It may well be another request: in a log by the
    /// second of one model, equal lines are to be expected.
    pub drop_duplicates: bool,
}

impl Default for LogOptions {
    fn default() -> Self {
        Self {
            layout: None,
            columns: Columns::default(),
            zone: "UTC".to_owned(),
            is_zone_assumed: true,
            wrong_share_max: 0.01,
            now: None,
            bin_s: None,
            origin: None,
            drop_duplicates: false,
        }
    }
}

impl LogOptions {
    /// # Errors
    /// [`LogError::Option`] for a number that is out of its range.
    pub(super) fn check(&self) -> Result<(), LogError> {
        let refused = |name, value: String, mend| Err(LogError::Option { name, value, mend });
        if !(0.0..=1.0).contains(&self.wrong_share_max) {
            return refused("wrong_share_max", self.wrong_share_max.to_string(), "give a share from 0 to 1");
        }
        match self.bin_s {
            // Narrower bins than a nanosecond have no stamps, wider ones than a century no counts.
            Some(bin_s) if !(1e-9..=3.2e9).contains(&bin_s) => {
                return refused("bin_s", bin_s.to_string(), "give a width in seconds, above zero");
            }
            _ => {}
        }
        if self.columns.shape.len() > SHAPE_COLUMNS_MAX {
            return refused("columns.shape", self.columns.shape.len().to_string(), "give at most 53 columns");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused_by_name() {
        assert!(LogOptions::default().check().is_ok());
        let message = |options: LogOptions| options.check().expect_err("an error").to_string();
        assert_eq!(
            message(LogOptions { wrong_share_max: f64::NAN, ..LogOptions::default() }),
            "wrong_share_max: NaN is out of range\n  help: give a share from 0 to 1"
        );
        assert_eq!(
            message(LogOptions { bin_s: Some(0.0), ..LogOptions::default() }),
            "bin_s: 0 is out of range\n  help: give a width in seconds, above zero"
        );
        let columns = Columns { shape: vec!["".into(); 54], ..Columns::default() };
        assert!(message(LogOptions { columns, ..LogOptions::default() }).contains("at most 53 columns"));
    }
}
