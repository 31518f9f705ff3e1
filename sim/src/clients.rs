//! Clients who wait: each sends a request when it has thought for a while, waits until it is answered or lost, and
//! thinks again. How many requests come then depends on how fast they are answered.

use crate::arrivals::Arrivals;
use crate::job::Arrival;
use crate::law::Law;
use crate::pace::Pace;
use crate::quantities::SimSpan;
use crate::request::Luck;
use crate::service::Service;

/// The clients of one model in one trial.
///
/// Whatever the allocation does, the k-th request of a client comes after the same time to think and has the same luck:
/// it is addressed by the client and k, not by the order in which requests come.
#[derive(Debug, Clone, PartialEq)]
pub struct Clients {
    /// The model of their requests.
    pub model: u16,
    /// One entry a client: for how long it still thinks when the trial begins, by the clock of `pace`.
    pub first: Vec<SimSpan>,
    /// How long each thinks between an answer and its next request, by the clock of `pace`.
    pub think: Law,
    /// Their service times in the home pool of the model.
    pub service: Service,
    /// The clock by which they think.
    pub pace: Pace,
    /// Of all of them: the k-th request of client c has the luck of the k-th child of the c-th child of this.
    pub luck: Luck,
}

/// Arrivals that are all there, and clients who send more.
#[derive(Debug, Clone, Copy)]
pub struct Attended<'a> {
    /// What arrives whatever happens to others, in order.
    pub arrivals: &'a [Arrival],
    /// Who sends what depends on answers.
    pub clients: &'a [Clients],
}

impl Arrivals for Attended<'_> {
    fn next_block(&mut self) -> &[Arrival] {
        self.arrivals.next_block()
    }

    fn longest_service(&self) -> SimSpan {
        self.arrivals.longest_service()
    }

    fn clients(&self) -> &[Clients] {
        self.clients
    }
}
