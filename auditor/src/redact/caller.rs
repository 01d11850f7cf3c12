//! Attributes of who calls, in the words of the request.

use std::borrow::Cow;

use super::{
    attributes::Attributes,
    policy::Policy,
    value::{REDACTED, name},
};
use crate::{
    identity::{Caller, Claim, Presented, Principal, Source, Unnamed},
    record::{CLAIM_PREFIX, attribute as a},
};

/// Claims that name somebody (OpenID Connect Core 1.0, 5.1, and what Microsoft's issuers add).
const PERSONAL: [&str; 13] = [
    "sub",
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "preferred_username",
    "email",
    "phone_number",
    "oid",
    "upn",
    "unique_name",
    "username",
];

pub(super) fn write(attributes: &mut Attributes<'_>, caller: &Caller, policy: &Policy) {
    if let Some(client) = caller.client {
        attributes.address(a::CLIENT_ADDRESS, client.address);
        attributes.bool(a::CLIENT_ADDRESS_TRUSTED, client.trusted);
    }
    presented(attributes, &caller.presented, policy);
    if let Some(class) = caller.traffic {
        attributes.string(a::TRAFFIC_CLASS, class.as_str());
    }
}

fn presented(attributes: &mut Attributes<'_>, presented: &Presented, policy: &Policy) {
    if let Some(principal) = &presented.principal {
        self::principal(attributes, principal, policy);
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

fn principal(attributes: &mut Attributes<'_>, principal: &Principal, policy: &Policy) {
    attributes.string(a::PRINCIPAL_SOURCE, principal.source.as_str());
    attributes.bool(a::PRINCIPAL_VERIFIED, false);
    for (key, value) in [(a::USER_ID, &principal.id), (a::USER_NAME, &principal.name)] {
        if let Some(value) = value {
            attributes.string(key, &user(value, policy));
        }
    }
    for (key, value) in [
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
        let told = |text| {
            if PERSONAL.contains(&claim.as_str()) {
                user(text, policy)
            } else {
                name(text)
            }
        };
        match value {
            Claim::Text(text) => attributes.string(&key, &told(text)),
            Claim::Texts(texts) => {
                let texts: Vec<Cow<'_, str>> = texts.iter().map(|text| told(text)).collect();
                attributes.strings(&key, &texts);
            }
        }
    }
}

/// Who somebody is, by name or by hash. What is no name is not hashed either: it may be guessed.
fn user<'a>(value: &'a str, policy: &Policy) -> Cow<'a, str> {
    match (&policy.users, name(value)) {
        (Some(key), name) if name != REDACTED => Cow::Owned(key.hashed(value)),
        (_, name) => name,
    }
}
