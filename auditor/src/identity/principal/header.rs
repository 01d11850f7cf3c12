//! The user that a proxy in front names in a header of its own.

use super::{Found, Principal, Source};
use crate::credential::HeaderName;
use crate::protocol::Head;
use crate::text::printable;

/// The first of the headers that is there and not empty.
pub(super) fn read(head: &Head, headers: &[HeaderName]) -> Found {
    let mut values = headers
        .iter()
        .filter_map(|name| head.values(name.as_str()).next());
    let value = values.find(|value| !value.is_empty())?;
    let mut principal = Principal::new(Source::Header);
    principal.name = Some(printable(value));
    Some(Ok(principal))
}
