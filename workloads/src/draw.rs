//! Drawing one trial's requests.

use fleetfront_sim::Request;

use crate::traffic::Traffic;

/// The requests of model `model` in trial `trial`, run-in included, in order of arrival.
///
/// Trial `t` is the weekday `t mod 7` (0 = Monday) of the reporting clock; its run-in is the evening before.
#[must_use]
pub fn draw_requests(_traffic: &Traffic, _seed: u64, _trial: u32, _model: usize) -> Vec<Request> {
    Vec::new()
}
