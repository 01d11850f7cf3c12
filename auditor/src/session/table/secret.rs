//! TLS sessions: which library has them in the clear, and on which connection they are.

use std::sync::Arc;

use super::{Connection, Output, Sessions, emit};
use crate::{
    decode::{BootTime, Direction, Plaintext},
    protocol::{Ending, Side, side_of_first},
    session::{hellos::Ends, plaintext::Tier},
};

impl Sessions {
    /// Whether TLS libraries will be probed.
    pub fn expect_plaintext(&mut self, tier: Tier) {
        self.libraries.expect(tier);
    }

    /// Takes note of a TLS library whose calls are seen, all of them `since` then.
    pub fn learn_library(&mut self, number: u32, name: Arc<str>, since: Option<BootTime>) {
        self.libraries.learn(number, name, since);
    }

    pub(super) fn plaintext(&mut self, event: &Plaintext<'_>, out: &mut Vec<Output>) {
        let Some(cookie) = event.cookie.or_else(|| self.by_hello(event)) else {
            self.unbound.keep(event);
            return;
        };
        let held = self.unbound.claim(event.session);
        let Some(connection) = self.connections.get_mut(&cookie) else {
            self.statistics.plaintext_unbound += 1 + held.len() as u64;
            return;
        };
        let held = held.iter().map(|held| held.on(cookie));
        let bound = Plaintext {
            cookie: Some(cookie),
            ..*event
        };
        for event in held.chain([bound]) {
            // An end of a former session goes out with this one's library: they share the
            // connection.
            if !connection.plaintext(&event, &self.libraries, &mut self.done) {
                self.statistics.plaintext_unbound += 1;
            }
        }
        let library = connection.library();
        emit(connection, library.as_ref(), &mut self.done, out);
    }

    /// The connection on which the ClientHello of this session was said, at the end that asks or at
    /// the one that answers.
    fn by_hello(&self, event: &Plaintext<'_>) -> Option<u64> {
        let Ends { client, server } = self.hellos.ends(event.client_random.as_ref()?)?;
        let followed = [client, server].into_iter().flatten().find(|cookie| {
            let connection = self.connections.get(cookie);
            connection.is_some_and(|connection| connection.follows(event))
        });
        followed.or_else(|| match (side_of_first(event.bytes)?, event.direction) {
            (Side::Request, Direction::Egress) | (Side::Response, Direction::Ingress) => client,
            (Side::Request, Direction::Ingress) | (Side::Response, Direction::Egress) => server,
        })
    }

    pub(super) fn end_plaintext(
        &mut self,
        connection: &mut Connection,
        ending: &Ending,
        out: &mut Vec<Output>,
    ) {
        if let Some(random) = connection.hello() {
            self.hellos.forget(random, connection.facts.cookie);
        }
        let library = connection.end_plaintext(ending, &mut self.done);
        emit(connection, library.as_ref(), &mut self.done, out);
    }
}
