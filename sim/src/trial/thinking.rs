//! Clients who wait for the end of their request before they think of the next one.
//!
//! A client is told once, whichever way its request ends: completed, failed for good, rejected, or given up by itself,
//! though the work may go on. It knows nothing of a second copy, and waits for the last step of a chain.

use super::{Trial, purpose};
use crate::clients::Clients;
use crate::container::NONE;
use crate::event_list::Event;
use crate::job::Arrival;
use crate::law::Law;
use crate::pace::Pace;
use crate::quantile::Quantile;
use crate::quantities::SimSpan;
use crate::request::Luck;
use crate::service::Service;

/// All clients of a trial.
#[derive(Debug, Default)]
pub(super) struct Thinking {
    /// One entry a list of clients that the trial was given.
    groups: Vec<Alike>,
    clients: Vec<Client>,
}

/// What clients of one list share.
#[derive(Debug)]
struct Alike {
    model: u16,
    think: Law,
    service: Service,
    pace: Pace,
}

/// One client.
#[derive(Debug, Clone, Copy)]
struct Client {
    luck: Luck,
    /// Requests that it has sent.
    sent: u32,
    /// Its place in the list of those that are alike.
    group: u16,
    /// Whether it waits for the end of a request.
    waits: bool,
}

impl Client {
    /// The luck of its next request.
    fn next_luck(&self) -> Luck {
        self.luck.child(self.sent)
    }
}

impl Thinking {
    pub(super) fn clear(&mut self) {
        self.groups.clear();
        self.clients.clear();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// How many clients wait for the end of a request.
    pub(super) fn waiting(&self) -> u64 {
        self.clients.iter().filter(|client| client.waits).count() as u64
    }
}

impl Trial<'_, '_, '_, '_, '_> {
    /// All clients think when the trial begins.
    pub(super) fn begin_to_think(&mut self, clients: &[Clients]) {
        // A shortcut looks ahead to the next arrival: it does not know who sends.
        self.shortcut &= clients.is_empty();
        for (group, alike) in clients.iter().enumerate() {
            let Clients { model, think, .. } = *alike;
            assert!(usize::from(model) < self.group.pools[0].models.len(), "clients of a model of the group");
            let (service, pace) = (alike.service.clone(), alike.pace.clone());
            self.w.thinking.groups.push(Alike { model, think, service, pace });
            for (number, left) in alike.first.iter().enumerate() {
                let luck = alike.luck.child(number as u32);
                let client = self.w.thinking.clients.len() as u32;
                self.w.thinking.clients.push(Client { luck, sent: 0, group: group as u16, waits: false });
                self.think(client, *left);
            }
        }
    }

    /// A client thinks from now on, and then sends its next request; none at or after the end of the horizon.
    fn think(&mut self, client: u32, span: SimSpan) {
        let group = usize::from(self.w.thinking.clients[client as usize].group);
        let at = self.w.thinking.groups[group].pace.after(self.now, span);
        if at < self.horizon.end {
            self.w.events.push(at, Event::Send { client });
        }
    }

    /// A client has thought for long enough.
    pub(super) fn send(&mut self, index: u32) {
        let client = &mut self.w.thinking.clients[index as usize];
        assert!(!client.waits, "law 7: a client sends while it waits");
        let luck = client.next_luck();
        client.waits = true;
        client.sent += 1;
        self.audit.sent += 1;
        let alike = &self.w.thinking.groups[usize::from(client.group)];
        let quantile = Quantile::of_uniform(luck.uniform(0, purpose::FRESH_SERVICE));
        let (model, service) = (alike.model, alike.service.span(quantile, luck));
        let arrival = Arrival { at: self.now, service, luck, quantile, model };
        self.enter_system(arrival, (arrival.at, model), false, index);
    }

    /// A request is over, or nobody waits for it any more. Its client, if a client sent it, thinks again.
    #[inline]
    pub(super) fn tell(&mut self, client: u32) {
        if client != NONE {
            self.think_again(client);
        }
    }

    #[inline(never)]
    fn think_again(&mut self, index: u32) {
        let client = &mut self.w.thinking.clients[index as usize];
        assert!(client.waits, "law 7: a client is told twice of one request");
        client.waits = false;
        self.audit.told += 1;
        let quantile = Quantile::of_uniform(client.next_luck().uniform(0, purpose::THINK));
        let span = self.w.thinking.groups[usize::from(client.group)].think.span(quantile);
        self.think(index, span);
    }
}
