//! The client certificate that a proxy in front tells of, in Envoy's `x-forwarded-client-cert`.

use super::{Found, Principal, Source, Unnamed};
use crate::identity::elements::elements;
use crate::protocol::Head;
use crate::text::printable;

/// The last element is the nearest proxy's word on who called it: the URI of the certificate, else
/// its subject. What stands before came with the request.
pub(super) fn read(head: &Head) -> Found {
    let value = head.values("x-forwarded-client-cert").last()?;
    let Some(mut elements) = elements(value) else {
        return Some(Err(Unnamed::CertificateMalformed));
    };
    let nearest = elements.next_back()?;
    let mut names = nearest.values("uri").chain(nearest.values("subject"));
    let id = names.find(|name| !name.is_empty());
    let mut principal = Principal::new(Source::ForwardedClientCert);
    principal.id = id.map(|id| printable(&id));
    Some(match principal.id {
        Some(_) => Ok(principal),
        None => Err(Unnamed::SubjectMissing),
    })
}
