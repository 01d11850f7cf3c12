//! What a selector can ask about.

use std::net::IpAddr;

/// One access, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Seen from the audited workload.
    pub direction: Direction,
    pub server_port: u16,
    pub peer: IpAddr,
    pub service_name: Option<&'a str>,
    pub container_id: Option<&'a str>,
    pub namespace: Option<&'a str>,
    pub pod: Option<&'a str>,
    pub pod_uid: Option<&'a str>,
    pub executable: Option<&'a str>,
    /// Of an HTTP request, without the query.
    pub path: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Inbound,
    Outbound,
}
