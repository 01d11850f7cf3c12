//! The user name of Basic authentication (RFC 7617).

use base64::{Engine as _, alphabet, engine::GeneralPurpose};

use super::{LENIENT, Principal, Source, Unnamed};
use crate::text::printable;

const BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);

/// Characters of base64 that stand for three bytes.
const GROUP: usize = 4;

/// Decodes up to the colon and no further: the password stays as it is.
pub(super) fn read(credential: &[u8]) -> Result<Principal, Unnamed> {
    let mut name = Vec::new();
    let mut groups = credential.chunks(GROUP);
    while let Some(group) = groups.next() {
        let mut bytes = [0; 3];
        let decoded = BASE64.decode_slice(group, &mut bytes);
        let length = decoded.map_err(|_| Unnamed::BasicMalformed)?;
        let bytes = &bytes[..length];
        let Some(colon) = bytes.iter().position(|&b| b == b':') else {
            name.extend_from_slice(bytes);
            continue;
        };
        name.extend_from_slice(&bytes[..colon]);
        if colon + 1 == length && groups.next().is_none() {
            return Err(Unnamed::PasswordMissing);
        }
        let mut principal = Principal::new(Source::Basic);
        principal.name = (!name.is_empty()).then(|| printable(&name));
        return Ok(principal);
    }
    Err(Unnamed::BasicMalformed)
}

#[cfg(test)]
mod tests {
    use super::{Unnamed, read};

    fn name(credential: &str) -> Result<Option<String>, Unnamed> {
        read(credential.as_bytes()).map(|principal| principal.name)
    }

    #[test]
    fn the_name_ends_at_the_first_colon() {
        for (credential, expected) in [
            ("YWxpY2U6czNjcmV0", "alice"),
            ("YWxpY2U6czNjOnJldA==", "alice"),
            ("YWxpY2U6czNjOnJldA", "alice"),
            ("asO2cmc6cA==", "jörg"),
            ("YQBi/zpw", "a%00b%FF"),
        ] {
            assert_eq!(
                name(credential),
                Ok(Some(expected.to_owned())),
                "{credential}"
            );
        }
        assert_eq!(name("OnMzY3JldA=="), Ok(None));
    }

    #[test]
    fn a_name_without_a_password_is_no_name() {
        // `sk_live_51H8x:`, as some services take their keys.
        assert_eq!(name("c2tfbGl2ZV81MUg4eDo="), Err(Unnamed::PasswordMissing));
        assert_eq!(name("YWI6"), Err(Unnamed::PasswordMissing));
    }

    #[test]
    fn what_has_no_colon_or_is_not_base64_is_malformed() {
        for credential in ["", "YWxpY2U=", "alice:s3cret", "\u{0}\u{1}", "Y"] {
            assert_eq!(
                name(credential),
                Err(Unnamed::BasicMalformed),
                "{credential:?}"
            );
        }
    }
}
