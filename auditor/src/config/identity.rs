//! What of a request tells who makes it.

use super::file::{HeaderChange, IdentityKeys, PrincipalKeys};
use super::headers::{self, HeaderError};
use crate::credential::{ClaimName, HeaderName, NameError};
use crate::network::Network;

/// Headers by which a proxy in front names the user it authenticated: oauth2-proxy and Traefik,
/// oauth2-proxy behind nginx, hand-written gateways, the Kubernetes API server in front of an
/// extension, Authelia and CGI's heirs, Grafana.
const HEADERS: [&str; 6] = [
    "x-forwarded-user",
    "x-auth-request-user",
    "x-request-user",
    "x-remote-user",
    "remote-user",
    "x-webauth-user",
];

/// A record has the claims that tell users apart, it is not a copy of the token.
const MAX_CLAIMS: usize = 32;

/// What names the principal and the client of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitySettings {
    /// Headers that name the user; the first that is there counts.
    pub headers: Vec<HeaderName>,
    /// Claims of a JSON web token that are recorded beside those always recorded.
    pub claims: Vec<ClaimName>,
    /// Proxies whose word on where a request came from is believed.
    pub trusted_proxies: Vec<Network>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error("identity.principal.claims: {0}")]
    Claim(NameError),
    #[error("identity.principal.claims: {0} claims; at most {MAX_CLAIMS} can be recorded")]
    Claims(usize),
    #[error(
        "identity.trusted_proxies: {0:?} is not an address or a network; write for example \
         10.0.0.0/8"
    )]
    Proxy(String),
}

// === impl IdentitySettings ===

impl Default for IdentitySettings {
    fn default() -> Self {
        Self::checked(&IdentityKeys::default()).expect("the defaults are header names")
    }
}

impl IdentitySettings {
    pub(super) fn checked(keys: &IdentityKeys) -> Result<Self, IdentityError> {
        let principal = &keys.principal;
        if principal.claims.len() > MAX_CLAIMS {
            return Err(IdentityError::Claims(principal.claims.len()));
        }
        let claims = principal.claims.iter().map(|name| ClaimName::parse(name));
        let network = |text: &String| {
            let network = text.trim().parse();
            network.map_err(|_| IdentityError::Proxy(text.clone()))
        };
        let proxies = keys.trusted_proxies.iter().map(network);
        Ok(Self {
            headers: headers::names("identity.principal.headers", &HEADERS, &principal.headers)?,
            claims: claims
                .collect::<Result<_, _>>()
                .map_err(IdentityError::Claim)?,
            trusted_proxies: proxies.collect::<Result<_, _>>()?,
        })
    }

    /// The keys that ask for just these settings.
    pub(super) fn keys(&self) -> IdentityKeys {
        IdentityKeys {
            principal: PrincipalKeys {
                headers: HeaderChange::to(&self.headers),
                claims: self.claims.iter().map(ClaimName::to_string).collect(),
            },
            trusted_proxies: self
                .trusted_proxies
                .iter()
                .map(Network::to_string)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{IdentityError, IdentityKeys, IdentitySettings, MAX_CLAIMS};

    fn error(change: impl FnOnce(&mut IdentityKeys)) -> String {
        let mut keys = IdentityKeys::default();
        change(&mut keys);
        IdentitySettings::checked(&keys).unwrap_err().to_string()
    }

    #[test]
    fn an_error_names_the_key_and_the_remedy() {
        let header = error(|keys| {
            keys.principal.headers.extend = Some(vec!["X-Auth-Token".to_owned()]);
        });
        assert!(
            header.starts_with("identity.principal.headers: \"x-auth-token\" carries a credential"),
            "{header}"
        );
        let claim = error(|keys| keys.principal.claims = vec!["session_state".to_owned()]);
        assert!(
            claim.starts_with("identity.principal.claims: \"session_state\" carries a credential"),
            "{claim}"
        );
        let proxy = error(|keys| keys.trusted_proxies = vec!["10.0.0.0/40".to_owned()]);
        assert_eq!(
            proxy,
            "identity.trusted_proxies: \"10.0.0.0/40\" is not an address or a network; write for \
             example 10.0.0.0/8"
        );
    }

    #[test]
    fn the_number_of_claims_is_bounded() {
        let mut keys = IdentityKeys::default();
        keys.principal.claims = vec!["groups".to_owned(); MAX_CLAIMS + 1];
        let error = IdentitySettings::checked(&keys).unwrap_err();
        assert_eq!(error, IdentityError::Claims(MAX_CLAIMS + 1));
    }
}
