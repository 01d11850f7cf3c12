//! A record with the workloads of both ends.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::bounded::Bounded;
use super::caller::Caller;
use super::directory::{Moment, Peer, Refused};
use super::known::{Known, Why};
use super::metadata::Update;
use super::resolver::{LocalProcess, Resolver, Role, SocketFacts};
use super::workload::Workload;
use crate::config::IdentitySettings;
use crate::record::{Fact, Record};
use crate::session::{self, ConnectionFacts};

/// Ends of connections that are remembered as nameless.
const GIVEN_UP: usize = 4096;

/// A record of which it is known whose it is.
#[derive(Debug)]
pub struct Resolved {
    pub record: Record,
    /// The audited workload; the auditor itself for records about the node.
    pub workload: Arc<Workload>,
    /// The process of the audited end; `None` for records about the node.
    pub process: Option<LocalProcess>,
    pub other: OtherEnd,
    /// Who calls, in the words of the request; `None` where there is no request to read.
    pub caller: Option<Caller>,
    /// A source of metadata may still say more about either end: the record should wait, and
    /// nothing else of it was looked at.
    pub may_improve: bool,
}

impl Resolved {
    /// A record about a workload as a whole.
    pub fn about(workload: &Arc<Workload>, record: Record) -> Self {
        Self {
            record,
            workload: Arc::clone(workload),
            process: None,
            other: OtherEnd::Unasked,
            caller: None,
            may_improve: false,
        }
    }
}

/// Who is at the other end of the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherEnd {
    /// A socket of this node: the connection itself tells.
    Socket(Arc<Workload>),
    /// Whoever held its address.
    Address(Known<Peer>),
    /// One of several who may have held its address.
    OneOf(Vec<Peer>),
    /// There is nobody to ask, or no other end.
    Unasked,
}

impl OtherEnd {
    /// The workload of the other end, where that is a socket of this node.
    pub fn socket(&self) -> Option<&Arc<Workload>> {
        match self {
            Self::Socket(workload) => Some(workload),
            Self::Address(_) | Self::OneOf(_) | Self::Unasked => None,
        }
    }
}

/// Resolves records.
#[derive(Debug)]
pub struct Identifier {
    resolver: Resolver,
    auditor: Arc<Workload>,
    settings: IdentitySettings,
    /// Whose names did not come in time.
    given_up: Bounded<End, ()>,
}

/// What a name is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum End {
    /// A socket of this node, by its control group.
    Socket(u64),
    Elsewhere(IpAddr),
}

impl Identifier {
    pub fn new(mut resolver: Resolver, settings: IdentitySettings) -> Self {
        let auditor = resolver.auditor();
        Self {
            resolver,
            auditor,
            settings,
            given_up: Bounded::new(GIVEN_UP),
        }
    }

    /// Reads callers by these settings from now on.
    pub fn obey(&mut self, settings: IdentitySettings) {
        self.settings = settings;
    }

    /// Takes in what a source of metadata says.
    pub fn learn(&mut self, update: Update, now: Moment) {
        self.resolver.catalog_mut().apply(update, now);
    }

    /// How much of what sources of metadata said is not kept.
    pub fn refused(&self) -> Refused {
        self.resolver.catalog().refused()
    }

    /// The workload of records about the node itself.
    pub fn auditor(&self) -> &Arc<Workload> {
        &self.auditor
    }

    /// Changes whenever a workload of this node may have another answer than before.
    pub fn generation(&self) -> u64 {
        self.resolver.catalog().generation()
    }

    /// The workload of everything in the control group of this end; `None` where each process is a
    /// workload of its own.
    pub fn of_group(&mut self, connection: &ConnectionFacts) -> Option<Arc<Workload>> {
        let opened = Duration::from_nanos(connection.opened.0);
        self.resolver.of_group(&socket(connection), opened)
    }

    /// Nothing more is expected of the names at either end: what comes next need not wait.
    pub fn give_up(&mut self, record: &Record) {
        let ends = record.connection().map(|connection| ends(connection));
        for end in ends.into_iter().flatten() {
            self.given_up.insert(end, ());
        }
    }

    pub fn resolve(&mut self, record: Record) -> Resolved {
        let Some(connection) = record.connection() else {
            return Resolved::about(&self.auditor, record);
        };
        // The process was there when the connection was opened, so one that is younger is not it.
        let socket = socket(connection);
        let opened = Duration::from_nanos(connection.opened.0);
        let local = self.resolver.workload(&socket, opened);
        let process = self.resolver.process(&socket, opened);
        let (other, other_may_improve) = match connection.other.as_deref() {
            Some(other) => {
                let opened = Duration::from_nanos(other.opened.0);
                let answer = self.resolver.workload(&self::socket(other), opened);
                (OtherEnd::Socket(answer.workload), answer.may_improve)
            }
            None => self.by_address(connection.peer.ip(), connection.opened.0),
        };
        let waits = [local.may_improve, other_may_improve];
        let may_improve = waits
            .into_iter()
            .zip(ends(connection))
            .any(|(may_improve, end)| may_improve && self.given_up.get(&end).is_none());
        // What waits is looked at again and again; what its head presents is read once.
        let caller = if may_improve {
            None
        } else {
            self.caller(&record)
        };
        Resolved {
            record,
            workload: local.workload,
            process: Some(process),
            other,
            caller,
            may_improve,
        }
    }

    fn by_address(&self, address: IpAddr, at: u64) -> (OtherEnd, bool) {
        let catalog = self.resolver.catalog();
        match catalog.peer(address, at) {
            None => (OtherEnd::Unasked, false),
            Some(Known::Absent(Why::Ambiguous)) => {
                (OtherEnd::OneOf(catalog.candidates(address, at)), false)
            }
            Some(peer) => {
                let owner = match &peer {
                    Known::Value(Peer::Pod(_, workload)) => workload.why(),
                    _ => None,
                };
                let may_improve = peer.why().or(owner) == Some(Why::NotYetKnown);
                (OtherEnd::Address(peer), may_improve)
            }
        }
    }

    fn caller(&self, record: &Record) -> Option<Caller> {
        let Fact::Http {
            connection,
            inbound,
            exchange,
            ..
        } = &record.fact
        else {
            return None;
        };
        let head = exchange.request.as_ref()?.head.as_ref()?;
        let sender = if *inbound {
            connection.peer
        } else {
            connection.local
        };
        Some(Caller::of(head, sender.ip(), &self.settings))
    }
}

/// This side and the other.
fn ends(connection: &ConnectionFacts) -> [End; 2] {
    let other = match connection.other.as_deref() {
        Some(other) => End::Socket(other.owner.cgroup_id),
        None => End::Elsewhere(connection.peer.ip()),
    };
    [End::Socket(connection.owner.cgroup_id), other]
}

fn socket(connection: &ConnectionFacts) -> SocketFacts<'_> {
    let process = connection.owner.process.as_ref();
    SocketFacts {
        cgroup_id: connection.owner.cgroup_id,
        pid: process.map(|p| p.pid),
        uid: process.map(|p| p.uid),
        comm: process.map_or("", |p| &p.comm),
        local: connection.local,
        role: match connection.role {
            session::Role::Active => Role::Connected,
            session::Role::Passive => Role::Accepted,
            session::Role::Unseen => Role::Unseen,
        },
    }
}
