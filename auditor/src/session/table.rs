//! Every connection of the node.

mod secret;

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use super::{
    connection::{Closed, Connection, Directive, interrupted},
    early::EarlyArrivals,
    facts::ConnectionFacts,
    hellos::Hellos,
    plaintext::Libraries,
    progress::{Moment, Ongoing},
    unbound::Unbound,
};
use crate::{
    decode::{BootTime, Close, Data, Direction, Event, Open, Role},
    protocol::Exchange,
};

/// Connections followed at a time; about 2 KB each when idle.
const MAX_CONNECTIONS: usize = 262_144;
/// Tables of this size are not made smaller.
const MIN_CAPACITY: usize = 4096;

/// What became certain.
#[derive(Debug)]
pub enum Output {
    /// Only where it was asked for, see [`Sessions::telling_opens`].
    Opened {
        connection: Arc<ConnectionFacts>,
        inbound: Option<bool>,
    },
    Exchange {
        moment: Moment,
        connection: Arc<ConnectionFacts>,
        /// Requests arrive here.
        inbound: bool,
        /// Number of the exchange on the connection.
        number: u32,
        exchange: Box<Exchange>,
        /// Name of the TLS library that had it in the clear; `None` for what was not encrypted.
        library: Option<Arc<str>>,
    },
    Ongoing {
        connection: Arc<ConnectionFacts>,
        inbound: Option<bool>,
        ongoing: Ongoing,
    },
    Closed {
        connection: Arc<ConnectionFacts>,
        inbound: Option<bool>,
        closed: Closed,
    },
}

/// What could not be followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Data of a connection that is not in the table.
    pub unknown_connection: u64,
    /// Connections refused because the table is full.
    pub table_full: u64,
    /// Early bytes that no connection claimed.
    pub early_unclaimed: u64,
    /// Plaintext of which it is not known on which connection it was.
    pub plaintext_unbound: u64,
}

/// Where one end of a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Place {
    /// Network namespace, for loopback addresses, which mean something else in each; else 0.
    netns_cookie: u64,
    local: SocketAddr,
    peer: SocketAddr,
}

/// The table of connections.
#[derive(Debug, Default)]
pub struct Sessions {
    connections: HashMap<u64, Connection>,
    /// Sockets by where they are, to find the other end of a connection within the node.
    by_address: HashMap<Place, u64>,
    early: EarlyArrivals,
    /// Connections for which a directive may be due.
    dirty: Vec<u64>,
    done: Vec<Exchange>,
    statistics: Statistics,
    /// Requests that the kernel saw in what is the contents of a tunnel, by `inbound`.
    disowned: [u64; 2],
    libraries: Libraries,
    unbound: Unbound,
    hellos: Hellos,
    tells_opens: bool,
    /// The tables became smaller since that was last asked.
    shrunk: bool,
}

impl Sessions {
    /// A table that tells of every connection when it opens, too.
    pub fn telling_opens() -> Self {
        Self {
            tells_opens: true,
            ..Self::default()
        }
    }

    /// Takes note of a connection that is older than the auditor, and tells of it.
    pub fn notice(&mut self, open: &Open, out: &mut Vec<Output>) {
        self.open(open, out);
        if !self.tells_opens
            && let Some(connection) = self.connections.get(&open.cookie)
        {
            out.push(Output::Opened {
                connection: Arc::clone(&connection.facts),
                inbound: connection.is_inbound(),
            });
        }
    }

    /// Takes an event; what became certain is appended to `out`.
    pub fn step(&mut self, event: Event<'_>, out: &mut Vec<Output>) {
        match event {
            Event::Open(open) => self.open(&open, out),
            Event::Data(data) => self.data(&data, out),
            Event::Early(early) => self.early.keep(&early),
            Event::Close(close) => self.close(&close, out),
            Event::Plaintext(event) => self.plaintext(&event, out),
        }
    }

    /// Directives that are due since the last call.
    pub fn directives(&mut self, mut give: impl FnMut(u64, Direction, Directive)) {
        for cookie in std::mem::take(&mut self.dirty) {
            if let Some(connection) = self.connections.get_mut(&cookie) {
                for (direction, directive) in connection.directives() {
                    give(cookie, direction, directive);
                }
            }
        }
    }

    /// What has lasted for `interval_ns` without being told of.
    pub fn ongoing(&mut self, at: BootTime, interval_ns: u64, out: &mut Vec<Output>) {
        self.unbound.expire(at);
        for connection in self.connections.values_mut() {
            let Some((mut ongoing, exchanges)) = connection.ongoing(at, interval_ns) else {
                continue;
            };
            connection.captured |= connection.library().is_some() && !exchanges.is_empty();
            ongoing.inside = self.libraries.inside(connection.captured);
            for (number, moment, exchange) in exchanges {
                out.push(Output::Exchange {
                    moment,
                    connection: Arc::clone(&connection.facts),
                    inbound: connection.is_inbound().unwrap_or_default(),
                    number,
                    exchange: Box::new(exchange),
                    library: connection.library(),
                });
            }
            out.push(Output::Ongoing {
                connection: Arc::clone(&connection.facts),
                inbound: connection.is_inbound(),
                ongoing,
            });
        }
    }

    /// The end of observation: unfinished exchanges go out as they are.
    pub fn interrupt(&mut self, at: BootTime, out: &mut Vec<Output>) {
        self.by_address.clear();
        self.unbound.clear();
        for (_, mut connection) in std::mem::take(&mut self.connections) {
            connection.interrupt(at, &mut self.done);
            emit(&mut connection, None, &mut self.done, out);
            self.end_plaintext(&mut connection, &interrupted(at), out);
        }
    }

    /// What the kernel counted as requests and is none, by `inbound`.
    pub fn disowned(&self) -> [u64; 2] {
        self.disowned
    }

    /// Exchanges under way, by `inbound`.
    pub fn unfinished(&self) -> [u64; 2] {
        let mut unfinished = [0; 2];
        for connection in self.connections.values() {
            let inbound = connection.is_inbound().unwrap_or_default();
            unfinished[usize::from(inbound)] += connection.unfinished();
        }
        unfinished
    }

    pub fn len(&self) -> usize {
        self.connections.len()
    }

    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    pub fn statistics(&self) -> Statistics {
        Statistics {
            early_unclaimed: self.early.unclaimed(),
            plaintext_unbound: self.statistics.plaintext_unbound + self.unbound.given_up(),
            ..self.statistics
        }
    }

    /// Most of the connections that there were are gone, since the last call.
    pub fn take_shrunk(&mut self) -> bool {
        std::mem::take(&mut self.shrunk)
    }

    fn open(&mut self, open: &Open, out: &mut Vec<Output>) {
        if self.connections.contains_key(&open.cookie) {
            return;
        }
        if self.connections.len() >= MAX_CONNECTIONS {
            self.statistics.table_full += 1;
            return;
        }
        let mut facts = ConnectionFacts::of(open);
        if let Some(other) = self.other_end(&facts) {
            facts.other = self.connections.get(&other).map(|c| Arc::clone(&c.facts));
        }
        if let Some(former) = self.by_address.insert(Place::of(&facts), open.cookie) {
            self.succeed(former, &facts, out);
        }
        let connection = Connection::new(facts, open.receive_next, open.send_next);
        if self.tells_opens {
            out.push(Output::Opened {
                inbound: connection.is_inbound(),
                connection: Arc::clone(&connection.facts),
            });
        }
        self.connections.insert(open.cookie, connection);
        self.link(open.cookie);
        if open.role == Role::Passive
            && let Some(early) = self.early.claim(open.local, open.peer, open.receive_next)
        {
            let data = Data {
                cookie: open.cookie,
                time: early.time,
                direction: Direction::Ingress,
                sequence: early.sequence,
                skipped_before: 0,
                skipped_after: 0,
                lost: 0,
                messages: 0,
                cgroup_id: 0,
                message_start: !early.unframed,
                unframed: early.unframed,
                truncated: false,
                frames: early.frames,
                bytes: &early.bytes,
            };
            self.data(&data, out);
        }
    }

    /// A socket that has the place of another shows that the other is gone: the event of its close
    /// was lost. What it left unfinished goes out as it is, and the table forgets it.
    fn succeed(&mut self, former: u64, facts: &ConnectionFacts, out: &mut Vec<Output>) {
        let netns = facts.owner.netns_cookie;
        let same = |c: &Connection| netns != 0 && c.facts.owner.netns_cookie == netns;
        if self.connections.get(&former).is_some_and(same)
            && let Some(mut connection) = self.connections.remove(&former)
        {
            connection.interrupt(facts.opened, &mut self.done);
            emit(&mut connection, None, &mut self.done, out);
            self.end_plaintext(&mut connection, &interrupted(facts.opened), out);
        }
    }

    /// The socket whose local address is this one's peer and whose peer is this one's address.
    fn other_end(&self, facts: &ConnectionFacts) -> Option<u64> {
        let there = Place::of(facts).opposite();
        if there.local.ip().is_loopback() && there.netns_cookie == 0 {
            return None;
        }
        let cookie = *self.by_address.get(&there)?;
        let other = &self.connections.get(&cookie)?.facts;
        (facts.role != other.role).then_some(cookie)
    }

    /// Gives the other end what is known of this one now.
    fn link(&mut self, cookie: u64) {
        let Some(connection) = self.connections.get(&cookie) else {
            return;
        };
        let other = connection.facts.other.as_ref().map(|other| other.cookie);
        // The two would keep each other alive: the link back has no link of its own.
        let mut linked = ConnectionFacts::clone(&connection.facts);
        linked.other = None;
        if let Some(other) = other.and_then(|cookie| self.connections.get_mut(&cookie)) {
            Arc::make_mut(&mut other.facts).other = Some(Arc::new(linked));
        }
    }

    fn data(&mut self, data: &Data<'_>, out: &mut Vec<Output>) {
        let Some(connection) = self.connections.get_mut(&data.cookie) else {
            self.statistics.unknown_connection += 1;
            return;
        };
        let learned = connection.learn(data.cgroup_id);
        let was_dirty = connection.dirty;
        connection.data(data, &mut self.done);
        let inbound = connection.is_inbound().unwrap_or_default();
        if self.libraries.are_probed()
            && let Some(random) = connection.new_hello()
        {
            self.hellos.learn(random, &connection.facts, inbound);
        }
        self.disowned[usize::from(inbound)] += connection.take_disowned();
        if connection.dirty && !was_dirty {
            self.dirty.push(data.cookie);
        }
        emit(connection, None, &mut self.done, out);
        if learned {
            self.link(data.cookie);
        }
    }

    fn close(&mut self, close: &Close, out: &mut Vec<Output>) {
        if close.released && !self.connections.contains_key(&close.cookie) {
            // A socket that was no connection, or none that was ever seen.
            return;
        }
        if let Some(connection) = self.connections.get_mut(&close.cookie)
            && connection.learn(close.owner.cgroup_id)
        {
            self.link(close.cookie);
        }
        let mut connection = self.connections.remove(&close.cookie).unwrap_or_else(|| {
            // Never established, or its `Open` was lost.
            let facts = ConnectionFacts {
                cookie: close.cookie,
                role: close.role,
                local: close.local,
                peer: close.peer,
                owner: close.owner.clone(),
                opened: close.opened.unwrap_or(close.time),
                other: None,
            };
            Connection::new(facts, 0, 0)
        });
        let place = Place::of(&connection.facts);
        if self.by_address.get(&place) == Some(&close.cookie) {
            self.by_address.remove(&place);
        }
        self.give_back();
        connection.close(close, &mut self.done);
        emit(&mut connection, None, &mut self.done, out);
        let ending = connection.ending(close);
        self.end_plaintext(&mut connection, &ending, out);
        out.push(Output::Closed {
            inbound: connection.is_inbound(),
            closed: connection.closed(close, &self.libraries),
            connection: connection.facts,
        });
    }

    /// After very many connections the tables are larger than what is left needs.
    fn give_back(&mut self) {
        let (len, capacity) = (self.connections.len(), self.connections.capacity());
        if capacity > MIN_CAPACITY && len < capacity / 8 {
            self.connections.shrink_to(2 * len);
            self.by_address.shrink_to(2 * len);
            self.shrunk = true;
        }
    }
}

// === impl Place ===

impl Place {
    fn of(facts: &ConnectionFacts) -> Self {
        let loopback = facts.local.ip().is_loopback();
        Self {
            netns_cookie: if loopback {
                facts.owner.netns_cookie
            } else {
                0
            },
            local: facts.local,
            peer: facts.peer,
        }
    }

    fn opposite(self) -> Self {
        Self {
            local: self.peer,
            peer: self.local,
            ..self
        }
    }
}

fn emit(
    connection: &mut Connection,
    library: Option<&Arc<str>>,
    done: &mut Vec<Exchange>,
    out: &mut Vec<Output>,
) {
    for exchange in done.drain(..) {
        let number = connection.number(&exchange);
        connection.captured |= library.is_some();
        out.push(Output::Exchange {
            moment: Moment::End,
            connection: Arc::clone(&connection.facts),
            inbound: connection.is_inbound().unwrap_or_default(),
            number,
            exchange: Box::new(exchange),
            library: library.cloned(),
        });
    }
}
