//! What a handshake showed.

use std::borrow::Cow;

use super::{
    alert::{Alert, Description, FATAL},
    certificate::Certificate,
    client_hello::ClientHello,
    group::Group,
    message::{self, Message},
    server_hello::{self, ServerHello},
    version::Version,
};
use crate::protocol::Side;

/// The facts of one connection; what was not seen or is encrypted is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    pub client: Option<ClientHello>,
    pub server: Option<ServerHello>,
    /// The server asked for another ClientHello.
    pub is_retried: bool,
    /// Of the key exchange.
    pub group: Option<Group>,
    pub client_certificate: Option<Certificate>,
    pub server_certificate: Option<Certificate>,
    /// The one that ended the handshake, else the last warning.
    pub alert: Option<Alert>,
    /// Why something of the handshake was not read.
    pub gap: Option<Gap>,
    client_progress: Progress,
    server_progress: Progress,
}

/// Why something of a handshake was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gap {
    /// Bytes were lost.
    Hole,
    /// It is longer than what is copied or kept.
    Truncated,
    /// It is not what the specification says.
    Malformed,
    /// The server answered in something else than TLS.
    NotTls,
}

/// Why a handshake failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// One end said so.
    Alert(Option<Description>),
    /// The server answered in something else than TLS.
    NotTls,
    /// The connection ended before it was over.
    Unfinished,
}

/// How far a direction has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Progress {
    /// It said that its cipher changes.
    has_changed_cipher: bool,
    /// The server said all that a full handshake of TLS 1.2 has of it.
    has_said_all: bool,
    /// Length of its first record of application data.
    protected: Option<usize>,
}

// === impl Facts ===

impl Facts {
    pub fn version(&self) -> Option<Version> {
        self.server.as_ref().map(|server| server.version)
    }

    /// The handshake went on from an earlier one. In TLS 1.3 a key that both ends had in another
    /// way looks the same.
    pub fn is_resumed(&self) -> Option<bool> {
        let server = self.server.as_ref()?;
        if server.version.hides_handshake() {
            return Some(server.has_shared_key);
        }
        let said_all = self.server_progress.has_said_all;
        (said_all || self.server_progress.has_changed_cipher).then_some(!said_all)
    }

    /// Whether both ends came to an agreement, once that is certain.
    ///
    /// Up to TLS 1.2 both have changed to the new cipher. In TLS 1.3 the client has said something
    /// encrypted after the server's hello that is longer than an alert: it has finished. A server
    /// that then rejects the client's certificate says so under encryption. What a client sent
    /// early is encrypted too and shows nothing.
    pub fn is_established(&self) -> Option<bool> {
        let is_failed = self.alert.is_some_and(|alert| alert.is_fatal);
        let server = self.server.as_ref();
        let agreed = server.and_then(|server| {
            if !server.version.hides_handshake() {
                let both = [self.client_progress, self.server_progress];
                return both.iter().all(|p| p.has_changed_cipher).then_some(true);
            }
            let finished = self.client_progress.protected;
            let finished = finished.filter(|_| !self.may_be_early());
            finished.map(|length| length != server.cipher.alert_length())
        });
        agreed.or(is_failed.then_some(false))
    }

    /// Likewise, now that nothing more will come.
    pub fn was_established(&self) -> Option<bool> {
        let unknown = match self.gap {
            Some(Gap::Hole | Gap::Truncated | Gap::Malformed) => true,
            Some(Gap::NotTls) => false,
            None => self.has_unclear_end(),
        };
        self.is_established().or((!unknown).then_some(false))
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<Failure> {
        (self.was_established() == Some(false)).then(|| match self.alert {
            Some(alert) => Failure::Alert(alert.description),
            None if self.gap == Some(Gap::NotTls) => Failure::NotTls,
            None => Failure::Unfinished,
        })
    }

    /// What the client says first under encryption may be data that it sent early.
    fn may_be_early(&self) -> bool {
        self.client.as_ref().is_none_or(|c| c.has_early_data)
    }

    /// The client sent data early, so that its end of the handshake is one record among others.
    fn has_unclear_end(&self) -> bool {
        let early = self.client.as_ref().is_some_and(|c| c.has_early_data);
        early && self.client_progress.protected.is_some() && self.server.is_some()
    }

    fn progress(&mut self, side: Side) -> &mut Progress {
        match side {
            Side::Request => &mut self.client_progress,
            Side::Response => &mut self.server_progress,
        }
    }

    pub(super) fn note_gap(&mut self, gap: Gap) {
        self.gap.get_or_insert(gap);
    }

    pub(super) fn note_client(&mut self, hello: ClientHello) {
        self.client.get_or_insert(hello);
    }

    pub(super) fn note_changed_cipher(&mut self, side: Side) {
        self.progress(side).has_changed_cipher = true;
    }

    /// A first record of application data, so many bytes long.
    pub(super) fn note_protected(&mut self, side: Side, length: usize) {
        self.progress(side).protected.get_or_insert(length);
        let is_alert = self.server.as_ref().is_some_and(|server| {
            server.version.hides_handshake() && server.cipher.alert_length() == length
        });
        if is_alert && !(side == Side::Request && self.may_be_early()) {
            self.note_alert(Alert {
                by: side,
                description: None,
                is_fatal: true,
            });
        }
    }

    pub(super) fn note_plain_alert(&mut self, side: Side, level: u8, description: u8) {
        self.note_alert(Alert {
            by: side,
            description: Some(Description(description)),
            is_fatal: level == FATAL,
        });
    }

    /// The first fatal one stays.
    fn note_alert(&mut self, alert: Alert) {
        if self.alert.is_none_or(|before| !before.is_fatal) {
            self.alert = Some(alert);
        }
    }

    pub(super) fn note_message(&mut self, side: Side, message: &Message<'_>) {
        match (side, message.kind, message.body) {
            (Side::Request, message::CLIENT_HELLO, Some(body)) => match ClientHello::parse(body) {
                Some(hello) => self.note_client(hello),
                None => self.note_gap(Gap::Malformed),
            },
            (Side::Response, message::SERVER_HELLO, Some(body)) => match ServerHello::parse(body) {
                Some(hello) => self.note_server(hello),
                None => self.note_gap(Gap::Malformed),
            },
            (Side::Request, message::CERTIFICATE, Some(body)) => {
                self.client_certificate = Certificate::first_of(body);
            }
            (Side::Response, message::CERTIFICATE, Some(body)) => {
                self.server_certificate = Certificate::first_of(body);
            }
            (Side::Response, message::SERVER_KEY_EXCHANGE, Some(body))
                if self.server.as_ref().is_some_and(|s| s.cipher.has_curve()) =>
            {
                self.group = server_hello::named_curve(body);
            }
            (Side::Response, message::SERVER_HELLO_DONE, _) => {
                self.server_progress.has_said_all = true;
            }
            (
                _,
                message::CLIENT_HELLO
                | message::SERVER_HELLO
                | message::CERTIFICATE
                | message::SERVER_KEY_EXCHANGE,
                None,
            ) => self.note_gap(Gap::Truncated),
            _ => {}
        }
    }

    fn note_server(&mut self, hello: ServerHello) {
        if hello.is_retry {
            self.is_retried = true;
            return;
        }
        if self.server.is_none() {
            self.group = hello.group;
            self.server = Some(hello);
        }
    }
}

// === impl Gap ===

impl Gap {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hole => "hole",
            Self::Truncated => "truncated",
            Self::Malformed => "malformed",
            Self::NotTls => "not_tls",
        }
    }
}

// === impl Failure ===

impl Failure {
    /// In a word: of an alert its name.
    pub fn name(&self) -> Cow<'static, str> {
        match self {
            Self::Alert(Some(description)) => description.name(),
            Self::Alert(None) => Cow::Borrowed("tls_alert_encrypted"),
            Self::NotTls => Cow::Borrowed("not_tls"),
            Self::Unfinished => Cow::Borrowed("tls_handshake_unfinished"),
        }
    }
}
