//! Claims of a JSON web token (RFC 7519), read without checking the signature.

use std::fmt;

use base64::{Engine as _, alphabet, engine::GeneralPurpose};
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use super::{Claim, LENIENT, Principal, Source, Unnamed};
use crate::credential::ClaimName;

/// What common servers take as a whole header line; a longer token is decoded by nobody.
pub(super) const MAX_TOKEN: usize = 8 * 1024;

/// Texts of a claim that is a list, such as `groups`: a few hundred would fill a record.
pub(super) const MAX_TEXTS: usize = 64;

const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// How a JSON object begins in base64: `{"`, `{ `, `{` and a line's end.
const OBJECT: [&[u8]; 3] = [b"eyJ", b"eyA", b"ew"];

/// `wanted` are read beside those that name a principal.
pub(super) fn read(token: &[u8], wanted: &[ClaimName]) -> Result<Principal, Unnamed> {
    if token.len() > MAX_TOKEN {
        return Err(Unnamed::TokenTooLarge);
    }
    let parts: Vec<&[u8]> = token.split(|&b| b == b'.').collect();
    // Five parts are an encrypted token (RFC 7516).
    let &[header, payload, _] = parts.as_slice() else {
        return Err(Unnamed::TokenOpaque);
    };
    let unreadable = if OBJECT.iter().any(|begin| header.starts_with(begin)) {
        Unnamed::TokenMalformed
    } else {
        Unnamed::TokenOpaque
    };
    let payload = BASE64.decode(payload).map_err(|_| unreadable)?;
    let mut json = serde_json::Deserializer::from_slice(&payload);
    let payload = Payload { wanted }.deserialize(&mut json);
    let payload = payload.and_then(|payload| json.end().map(|()| payload));
    payload.map_err(|_| unreadable)?
}

/// Reads the claims that are wanted of a token's payload and passes over all others.
struct Payload<'a> {
    wanted: &'a [ClaimName],
}

/// A claim whose value names nobody is `None`.
struct Value(Option<Claim>);

/// Where a claim that names a principal belongs.
fn slot<'a>(principal: &'a mut Principal, claim: &str) -> Option<&'a mut Option<String>> {
    match claim {
        "sub" => Some(&mut principal.id),
        "preferred_username" => Some(&mut principal.name),
        "iss" => Some(&mut principal.issuer),
        "azp" => Some(&mut principal.authorized_party),
        "client_id" => Some(&mut principal.client_id),
        _ => None,
    }
}

// === impl Payload ===

impl<'de> DeserializeSeed<'de> for Payload<'_> {
    type Value = Result<Principal, Unnamed>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Payload<'_> {
    type Value = Result<Principal, Unnamed>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("claims")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut principal = Principal::new(Source::Jwt);
        let mut seen: Vec<String> = Vec::new();
        let mut repeated = false;
        while let Some(name) = map.next_key::<String>()? {
            let wanted = self.wanted.iter().any(|wanted| wanted.as_str() == name);
            let slot = slot(&mut principal, &name);
            if slot.is_none() && !wanted {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let Value(value) = map.next_value()?;
            repeated |= seen.contains(&name);
            seen.push(name.clone());
            match (slot, value) {
                (Some(slot), Some(Claim::Text(text))) => *slot = Some(text),
                (None, Some(claim)) => principal.claims.push((name, claim)),
                _ => {}
            }
        }
        // Parsers differ on which of two counts (RFC 7519, 4).
        Ok(if repeated {
            Err(Unnamed::Ambiguous)
        } else {
            Ok(principal)
        })
    }
}

// === impl Value ===

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a claim")
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::text(text.to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::text(value.to_string()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::text(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::text(number.to_string()))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value(None))
    }

    /// The parser ends a list of lists of lists at its depth limit.
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut texts = Vec::new();
        while let Some(Value(item)) = list.next_element()? {
            if let Some(Claim::Text(text)) = item
                && texts.len() < MAX_TEXTS
            {
                texts.push(text);
            }
        }
        Ok(Value((!texts.is_empty()).then_some(Claim::Texts(texts))))
    }

    /// An object has no form in a flat record.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value(None))
    }
}

impl Value {
    fn text(text: String) -> Self {
        Self((!text.is_empty()).then_some(Claim::Text(text)))
    }
}
