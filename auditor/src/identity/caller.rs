//! What a request says of where it comes from. Whoever wrote it could write anything.

use std::net::IpAddr;

use super::forwarded::ClaimedClient;
use super::principal::Presented;
use super::traffic;
use crate::config::{IdentitySettings, TrafficClass};
use crate::protocol::Head;

/// Who calls, in the words of the request.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Caller {
    pub presented: Presented,
    pub client: Option<ClaimedClient>,
    pub traffic: Option<TrafficClass>,
}

// === impl Caller ===

impl Caller {
    /// `sender` is the end of the connection that asks.
    pub(super) fn of(head: &Head, sender: IpAddr, settings: &IdentitySettings) -> Self {
        Self {
            presented: Presented::of(head, settings),
            client: ClaimedClient::of(head, sender, &settings.trusted_proxies),
            traffic: traffic::class(head),
        }
    }
}
