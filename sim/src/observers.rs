//! What is looked at while a trial runs, besides its outcome.

use crate::histogram::LatencyHistogram;
use crate::hour_book::HourBook;
use crate::occupancy::Occupancy;
use crate::timeline::Timeline;
use crate::trace::Trace;

/// What a trial writes into. Nothing of it changes what happens.
#[derive(Debug)]
pub struct Observers<'a> {
    /// Latencies of the counted requests, one histogram a model.
    pub latencies: &'a mut [LatencyHistogram],
    /// Times from arrival to the first execution (or to the end without one), one histogram a model; or empty.
    pub waits: &'a mut [LatencyHistogram],
    /// The day in bins, one a pool; or empty.
    pub timelines: &'a mut [Timeline],
    /// Time by number of containers, one a pool; or empty.
    pub occupancies: &'a mut [Occupancy],
    /// The ledgers hour by hour, one a pool; or empty.
    pub hours: &'a mut [HourBook],
    /// The first events, one by one.
    pub trace: Option<&'a mut Trace>,
}

impl<'a> Observers<'a> {
    /// Whether nothing but latencies is looked at.
    pub(crate) fn sees_latencies_only(&self) -> bool {
        !self.sees_the_books() && self.trace.is_none()
    }

    /// Whether containers and queues are looked at while they change.
    pub(crate) fn sees_the_books(&self) -> bool {
        let unseen = self.waits.is_empty() && self.timelines.is_empty() && self.occupancies.is_empty();
        !(unseen && self.hours.is_empty())
    }

    /// Latencies only.
    #[must_use]
    pub fn latencies(latencies: &'a mut [LatencyHistogram]) -> Self {
        Self { latencies, waits: &mut [], timelines: &mut [], occupancies: &mut [], hours: &mut [], trace: None }
    }
}
