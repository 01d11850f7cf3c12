//! What is known of a connection as such.

use std::{net::SocketAddr, sync::Arc};

use crate::decode::{BootTime, Open, Owner, Role};

/// Facts that all records of a connection share.
#[derive(Clone, Debug)]
pub struct ConnectionFacts {
    pub cookie: u64,
    pub role: Role,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    pub owner: Owner,
    /// When it was established, or first noticed.
    pub opened: BootTime,
    /// The other end, where it is a socket of this node.
    pub other: Option<Arc<ConnectionFacts>>,
}

impl ConnectionFacts {
    pub fn of(open: &Open) -> Self {
        Self {
            cookie: open.cookie,
            role: open.role,
            local: open.local,
            peer: open.peer,
            owner: open.owner.clone(),
            opened: open.time,
            other: None,
        }
    }

    /// The port that is asked. `inbound`: requests arrive here.
    pub fn server_port(&self, inbound: bool) -> u16 {
        let server = if inbound { self.local } else { self.peer };
        server.port()
    }

    /// Existed before the auditor.
    pub fn is_pre_existing(&self) -> bool {
        self.role == Role::Unseen
    }
}
