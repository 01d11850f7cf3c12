//! TLS sessions: which library has them in the clear, and on which connection they are.

use std::sync::Arc;

use super::{Connection, Output, Sessions, emit};
use crate::{
    decode::{BootTime, Plaintext},
    protocol::Ending,
    session::plaintext::Tier,
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
        let Some(cookie) = event.cookie else {
            self.unbound.keep(event);
            return;
        };
        let held = self.unbound.claim(event.session);
        let Some(connection) = self.connections.get_mut(&cookie) else {
            self.statistics.plaintext_unbound += 1 + held.len() as u64;
            return;
        };
        let held = held.iter().map(|held| held.on(cookie));
        for event in held.chain([*event]) {
            // An end of a former session goes out with this one's library: they share the
            // connection.
            if !connection.plaintext(&event, &self.libraries, &mut self.done) {
                self.statistics.plaintext_unbound += 1;
            }
        }
        let library = connection.library();
        emit(connection, library.as_ref(), &mut self.done, out);
    }

    pub(super) fn end_plaintext(
        &mut self,
        connection: &mut Connection,
        ending: &Ending,
        out: &mut Vec<Output>,
    ) {
        let library = connection.end_plaintext(ending, &mut self.done);
        emit(connection, library.as_ref(), &mut self.done, out);
    }
}
