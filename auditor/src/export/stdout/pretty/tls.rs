//! What a handshake agreed on, in a few words.

use super::line::{Colour, Line};
use crate::export::view::Value;

/// The attributes that are shown.
#[derive(Default)]
pub(super) struct Tls<'a> {
    name: Option<&'a str>,
    version: Option<&'a str>,
    server_name: Option<&'a str>,
    next_protocol: Option<&'a str>,
}

impl<'a> Tls<'a> {
    pub(super) fn take(&mut self, key: &str, value: Value<'a>) {
        match key {
            "tls.protocol.name" => self.name = value.as_text(),
            "tls.protocol.version" => self.version = value.as_text(),
            "auditor.tls.server_name" => self.server_name = value.as_text(),
            "tls.next_protocol" => self.next_protocol = value.as_text(),
            _ => {}
        }
    }

    pub(super) fn write(&self, line: &mut Line<'_>) {
        let name = self.name.map(str::to_uppercase);
        let words = [
            name.as_deref(),
            self.version,
            self.server_name,
            self.next_protocol,
        ];
        for word in words.into_iter().flatten() {
            line.gap();
            line.text(Some(Colour::Cyan), word);
        }
    }
}
