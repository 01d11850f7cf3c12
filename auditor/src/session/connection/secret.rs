//! The TLS session on a connection.

use std::sync::Arc;

use super::Connection;
use crate::{
    decode::Plaintext,
    protocol::{Ending, Exchange, tls::RANDOM},
    session::plaintext::Libraries,
};

impl Connection {
    /// Takes what a TLS library read or wrote; false if the library is not known.
    pub(in crate::session) fn plaintext(
        &mut self,
        event: &Plaintext<'_>,
        libraries: &Libraries,
        done: &mut Vec<Exchange>,
    ) -> bool {
        if self.secret.as_ref().is_none_or(|secret| !secret.has(event)) {
            let Some(secret) = libraries.follow(&self.facts, event) else {
                return false;
            };
            if let Some(mut former) = self.secret.replace(Box::new(secret)) {
                former.end(event.time, done);
            }
        }
        if let Some(secret) = &mut self.secret {
            secret.take(event, &mut self.request, done);
        }
        true
    }

    /// The connection is over for the TLS session on it. Says with which library it was, too.
    pub(in crate::session) fn end_plaintext(
        &mut self,
        ending: &Ending,
        done: &mut Vec<Exchange>,
    ) -> Option<Arc<str>> {
        let mut secret = self.secret.take()?;
        secret.close(ending, done);
        Some(secret.library)
    }

    /// Name of the library that has it in the clear.
    pub(in crate::session) fn library(&self) -> Option<Arc<str>> {
        let secret = self.secret.as_ref()?;
        Some(Arc::clone(&secret.library))
    }

    /// It is the session of this event.
    pub(in crate::session) fn follows(&self, event: &Plaintext<'_>) -> bool {
        self.secret.as_ref().is_some_and(|secret| secret.has(event))
    }

    /// The random bytes of its ClientHello, if they are new.
    pub(in crate::session) fn new_hello(&mut self) -> Option<[u8; RANDOM]> {
        if self.hello.is_some() {
            return None;
        }
        self.hello = self.http.tls()?.client.as_ref()?.random;
        self.hello
    }

    pub(in crate::session) fn hello(&self) -> Option<&[u8; RANDOM]> {
        self.hello.as_ref()
    }
}
