//! Attributes of who calls, in the words of the request.

use std::borrow::Cow;

use super::{attributes::Attributes, value::name};
use crate::{
    identity::{Caller, Claim, Presented, Principal, Source, Unnamed},
    record::{CLAIM_PREFIX, attribute as a},
};

pub(super) fn write(attributes: &mut Attributes<'_>, caller: &Caller) {
    if let Some(client) = caller.client {
        attributes.address(a::CLIENT_ADDRESS, client.address);
        attributes.bool(a::CLIENT_ADDRESS_TRUSTED, client.trusted);
    }
    presented(attributes, &caller.presented);
    if let Some(class) = caller.traffic {
        attributes.string(a::TRAFFIC_CLASS, class.as_str());
    }
}

fn presented(attributes: &mut Attributes<'_>, presented: &Presented) {
    if let Some(principal) = &presented.principal {
        self::principal(attributes, principal);
    }
    if !presented.others.is_empty() {
        let others: Vec<_> = presented
            .others
            .iter()
            .copied()
            .map(Source::as_str)
            .collect();
        attributes.strings(a::PRINCIPAL_OTHER_SOURCES, &others);
    }
    if let Some(reason) = presented.unnamed.map(Unnamed::as_str) {
        attributes.string(a::PRINCIPAL_REASON, reason);
    }
}

fn principal(attributes: &mut Attributes<'_>, principal: &Principal) {
    attributes.string(a::PRINCIPAL_SOURCE, principal.source.as_str());
    attributes.bool(a::PRINCIPAL_VERIFIED, false);
    for (key, value) in [
        (a::USER_ID, &principal.id),
        (a::USER_NAME, &principal.name),
        (a::PRINCIPAL_ISSUER, &principal.issuer),
        (a::PRINCIPAL_AUTHORIZED_PARTY, &principal.authorized_party),
        (a::PRINCIPAL_CLIENT_ID, &principal.client_id),
    ] {
        if let Some(value) = value {
            attributes.string(key, &name(value));
        }
    }
    for (claim, value) in &principal.claims {
        let key = format!("{CLAIM_PREFIX}{claim}");
        match value {
            Claim::Text(text) => attributes.string(&key, &name(text)),
            Claim::Texts(texts) => {
                let texts: Vec<Cow<'_, str>> = texts.iter().map(|text| name(text)).collect();
                attributes.strings(&key, &texts);
            }
        }
    }
}
