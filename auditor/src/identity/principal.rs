//! Who the application saw: what a request presents of its maker, and where that was found.
//!
//! Nothing is verified here: a record says what was presented, not that it was accepted. A
//! credential is decoded as far as it names somebody, and nothing else of it is kept.

mod basic;
mod forwarded_certificate;
mod header;
mod jwt;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::engine::{DecodePaddingMode, GeneralPurposeConfig};

use crate::config::IdentitySettings;
use crate::protocol::Head;

/// Base64 as servers read it.
const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);

/// A shorter credential may stand in another value by chance.
const MIN_CREDENTIAL: usize = 8;

/// Who a request says it comes from, in its own words: what should be a name may be a secret, so
/// only redaction writes them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Principal {
    pub source: Source,
    /// `sub` of a token, or the subject of a certificate.
    pub id: Option<String>,
    /// The name under which the user signs in.
    pub name: Option<String>,
    pub issuer: Option<String>,
    pub authorized_party: Option<String>,
    pub client_id: Option<String>,
    /// Claims that the configuration asks for, in the order of the token.
    pub claims: Vec<(String, Claim)>,
}

/// Where a principal was found, the strongest first; `as_str` is the value of
/// `auditor.principal.source`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    Jwt,
    Basic,
    ForwardedClientCert,
    Header,
}

/// A claim as text: numbers and booleans as they were written, so that an attribute has one type
/// whatever an issuer puts into it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Claim {
    Text(String),
    Texts(Vec<String>),
}

/// Why there is no principal, or why a stronger source does not name one; `as_str` is the value of
/// `auditor.principal.reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unnamed {
    /// It looks like a JSON web token and cannot be decoded.
    TokenMalformed,
    /// It means something to its issuer only, or is encrypted.
    TokenOpaque,
    TokenTooLarge,
    /// The credential or a claim stands there twice, and readers differ on which one counts.
    Ambiguous,
    BasicMalformed,
    /// Without a password, the name itself is likely to be the credential.
    PasswordMissing,
    /// Another scheme than Bearer or Basic.
    SchemeNotRead,
    CertificateMalformed,
    /// What should name somebody has the credential in it.
    HoldsCredential,
    /// The credential is well formed and names nobody.
    SubjectMissing,
    /// Some lines of the head were not seen.
    HeadTruncated,
    /// There is a cookie and nothing else; a cookie is never looked into.
    CookieOnly,
    NonePresented,
}

/// What a request presents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Presented {
    /// By the strongest source that names somebody.
    pub principal: Option<Principal>,
    /// Weaker sources that name somebody too.
    pub others: Vec<Source>,
    pub unnamed: Option<Unnamed>,
}

/// What a source says: nothing, somebody, or something that names nobody.
type Found = Option<Result<Principal, Unnamed>>;

// === impl Presented ===

impl Presented {
    pub(super) fn of(head: &Head, settings: &IdentitySettings) -> Self {
        let authorization = Authorization::of(head);
        let sources = [
            authorization.principal(settings),
            forwarded_certificate::read(head),
            header::read(head, &settings.headers),
        ];
        let mut presented = Self::default();
        for found in sources.into_iter().flatten() {
            match found.and_then(|principal| authorization.kept_out_of(principal)) {
                Ok(principal) if presented.principal.is_none() => {
                    presented.principal = Some(principal);
                }
                Ok(principal) => presented.others.push(principal.source),
                Err(unnamed) => presented.unnamed = presented.unnamed.or(Some(unnamed)),
            }
        }
        match &presented.principal {
            Some(principal) if principal.id.is_none() && principal.name.is_none() => {
                presented.unnamed = Some(Unnamed::SubjectMissing);
            }
            None if presented.unnamed.is_none() => {
                presented.unnamed = Some(nothing_of(head));
            }
            _ => {}
        }
        presented
    }
}

/// Why a head in which nothing was found has nothing.
fn nothing_of(head: &Head) -> Unnamed {
    if head.is_truncated() {
        Unnamed::HeadTruncated
    } else if head.values("cookie").next().is_some() {
        Unnamed::CookieOnly
    } else {
        Unnamed::NonePresented
    }
}

// === impl Principal ===

impl Principal {
    fn new(source: Source) -> Self {
        Self {
            source,
            id: None,
            name: None,
            issuer: None,
            authorized_party: None,
            client_id: None,
            claims: Vec::new(),
        }
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

// === impl Source ===

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Basic => "basic",
            Self::ForwardedClientCert => "forwarded_client_cert",
            Self::Header => "header",
        }
    }
}

// === impl Unnamed ===

impl Unnamed {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TokenMalformed => "token_malformed",
            Self::TokenOpaque => "token_opaque",
            Self::TokenTooLarge => "token_too_large",
            Self::Ambiguous => "ambiguous",
            Self::BasicMalformed => "basic_malformed",
            Self::PasswordMissing => "password_missing",
            Self::SchemeNotRead => "scheme_not_read",
            Self::CertificateMalformed => "certificate_malformed",
            Self::HoldsCredential => "holds_credential",
            Self::SubjectMissing => "subject_missing",
            Self::HeadTruncated => "head_truncated",
            Self::CookieOnly => "cookie_only",
            Self::NonePresented => "none_presented",
        }
    }
}

/// The `Authorization` of a request. It has no `Debug`: it is a secret.
struct Authorization<'a> {
    scheme: &'a [u8],
    credential: &'a [u8],
    repeated: bool,
}

impl<'a> Authorization<'a> {
    fn of(head: &'a Head) -> Self {
        let mut values = head.values("authorization");
        let value = values.next().unwrap_or_default().trim_ascii();
        let end = value.iter().position(|&b| b == b' ').unwrap_or(value.len());
        Self {
            scheme: &value[..end],
            credential: value[end..].trim_ascii_start(),
            repeated: values.next().is_some(),
        }
    }

    fn principal(&self, settings: &IdentitySettings) -> Found {
        if self.repeated {
            return Some(Err(Unnamed::Ambiguous));
        }
        if self.scheme.is_empty() {
            return None;
        }
        Some(if self.scheme.eq_ignore_ascii_case(b"bearer") {
            jwt::read(self.credential, &settings.claims)
        } else if self.scheme.eq_ignore_ascii_case(b"basic") {
            basic::read(self.credential)
        } else {
            Err(Unnamed::SchemeNotRead)
        })
    }

    /// A gateway that puts the whole credential where a name belongs must not put it on record.
    fn kept_out_of(&self, principal: Principal) -> Result<Principal, Unnamed> {
        let holds = |text: &Option<String>| {
            self.credential.len() >= MIN_CREDENTIAL
                && text.as_ref().is_some_and(|text| {
                    text.as_bytes()
                        .windows(self.credential.len())
                        .any(|part| part == self.credential)
                })
        };
        if holds(&principal.id) || holds(&principal.name) {
            return Err(Unnamed::HoldsCredential);
        }
        Ok(principal)
    }
}
