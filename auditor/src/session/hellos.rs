//! Which connections a ClientHello was said on.
//!
//! A TLS session whose library never touches a socket, because its bytes go through memory, still
//! has the random bytes of its hello (RFC 8446, 4.1.2), and no other hello on the wire has the same.

use std::collections::HashMap;

use super::ConnectionFacts;
use crate::protocol::tls::RANDOM;

/// Cookies of open connections, the client's end and the server's.
#[derive(Debug, Default)]
pub(super) struct Hellos(HashMap<[u8; RANDOM], Ends>);

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ends {
    pub(super) client: Option<u64>,
    pub(super) server: Option<u64>,
}

// === impl Hellos ===

impl Hellos {
    pub(super) fn learn(&mut self, random: [u8; RANDOM], facts: &ConnectionFacts, inbound: bool) {
        let ends = self.0.entry(random).or_default();
        let end = if inbound {
            &mut ends.server
        } else {
            &mut ends.client
        };
        *end = Some(facts.cookie);
    }

    pub(super) fn ends(&self, random: &[u8; RANDOM]) -> Option<Ends> {
        self.0.get(random).copied()
    }

    /// The connection is over.
    pub(super) fn forget(&mut self, random: &[u8; RANDOM], cookie: u64) {
        let Some(ends) = self.0.get_mut(random) else {
            return;
        };
        for end in [&mut ends.client, &mut ends.server] {
            if *end == Some(cookie) {
                *end = None;
            }
        }
        if ends.client.is_none() && ends.server.is_none() {
            self.0.remove(random);
        }
    }
}
