//! Ed25519 keys in the text forms of C2SP signed-note (c2sp.org/signed-note).

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};

use super::merkle::hash;

/// Signature type of a plain Ed25519 signature over the text.
const TYPE: u8 = 1;
const SEED: usize = 32;
const PRIVATE: &str = "PRIVATE+KEY+";

/// Verifies what a key of this name has signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: [u8; 32],
}

/// Signs under a name.
pub struct Signer {
    public: PublicKey,
    seed: [u8; SEED],
    pair: Ed25519KeyPair,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("a key's name must be text without spaces and plus signs, and not empty: {0:?}")]
    Name(String),
    #[error("not a public key: expected NAME+ID+BASE64 as `key.pub` of a journal has it")]
    Public,
    #[error("not a private key: expected PRIVATE+KEY+NAME+ID+BASE64 in the journal's `key`")]
    Private,
    #[error("the key's id does not belong to the key: it was changed or copied in part")]
    Id,
    #[error("the system gave no random numbers for a key")]
    Random,
}

// === impl PublicKey ===

impl PublicKey {
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn id(&self) -> [u8; 4] {
        id(&self.name, &self.key)
    }

    pub(super) fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ED25519, &self.key);
        key.verify(text, signature).is_ok()
    }
}

impl Display for PublicKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&encode(&self.name, self.id(), &self.key))
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let (name, id, key) = decode(text.trim()).ok_or(KeyError::Public)?;
        let public = Self {
            name: checked(name)?,
            key,
        };
        if public.id() == id {
            Ok(public)
        } else {
            Err(KeyError::Id)
        }
    }
}

// === impl Signer ===

impl Signer {
    /// A new key from the system's random numbers.
    pub fn generate(name: &str) -> Result<Self, KeyError> {
        let mut seed = [0; SEED];
        SystemRandom::new()
            .fill(&mut seed)
            .map_err(|_| KeyError::Random)?;
        Self::from_seed(checked(name)?, seed)
    }

    /// Reads a private key in its text form.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let encoded = text.trim().strip_prefix(PRIVATE).ok_or(KeyError::Private)?;
        let (name, id, seed) = decode(encoded).ok_or(KeyError::Private)?;
        let signer = Self::from_seed(checked(name)?, seed)?;
        if signer.public.id() == id {
            Ok(signer)
        } else {
            Err(KeyError::Id)
        }
    }

    /// The private key in its text form. A secret: it belongs into a file of mode 0600 only.
    pub fn secret(&self) -> String {
        let encoded = encode(&self.public.name, self.public.id(), &self.seed);
        format!("{PRIVATE}{encoded}")
    }

    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    pub(super) fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.pair.sign(text).as_ref().to_vec()
    }

    fn from_seed(name: String, seed: [u8; SEED]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Private)?;
        let key = pair.public_key().as_ref().try_into();
        let key = key.map_err(|_| KeyError::Private)?;
        Ok(Self {
            public: PublicKey { name, key },
            seed,
            pair,
        })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").field(&self.public).finish()
    }
}

fn checked(name: &str) -> Result<String, KeyError> {
    let allowed = |c: char| !c.is_whitespace() && !c.is_control() && c != '+';
    if !name.is_empty() && name.chars().all(allowed) {
        Ok(name.to_owned())
    } else {
        Err(KeyError::Name(name.to_owned()))
    }
}

fn id(name: &str, key: &[u8; 32]) -> [u8; 4] {
    let [a, b, c, d, ..] = hash(&[name.as_bytes(), b"\n", &[TYPE], key]);
    [a, b, c, d]
}

fn encode(name: &str, id: [u8; 4], key: &[u8; 32]) -> String {
    let mut typed = vec![TYPE];
    typed.extend_from_slice(key);
    let id = u32::from_be_bytes(id);
    format!("{name}+{id:08x}+{}", STANDARD.encode(typed))
}

fn decode(text: &str) -> Option<(&str, [u8; 4], [u8; 32])> {
    // The base64 may hold plus signs, the name may not.
    let mut parts = text.splitn(3, '+');
    let (name, id, key) = (parts.next()?, parts.next()?, parts.next()?);
    if id.len() != 8 {
        return None;
    }
    let id = u32::from_str_radix(id, 16).ok()?.to_be_bytes();
    let typed = STANDARD.decode(key).ok()?;
    let (kind, key) = typed.split_first()?;
    (*kind == TYPE).then_some((name, id, key.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Go package golang.org/x/mod/sumdb/note.
    const PRIVATE_KEY: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    const PUBLIC_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn keys_are_those_of_the_go_tools() {
        let signer = Signer::parse(PRIVATE_KEY).unwrap();
        assert_eq!(signer.public().to_string(), PUBLIC_KEY);
        assert_eq!(signer.secret(), PRIVATE_KEY);
        assert_eq!(&PUBLIC_KEY.parse::<PublicKey>().unwrap(), signer.public());
    }

    #[test]
    fn new_keys_differ_and_survive_their_text_form() {
        let [a, b] = [(); 2].map(|()| Signer::generate("node/auditor").unwrap());
        assert_ne!(a.secret(), b.secret());
        assert_eq!(Signer::parse(&a.secret()).unwrap().public(), a.public());
        assert!(!format!("{a:?}").contains(&a.secret()));
    }

    #[test]
    fn what_is_no_key_is_refused() {
        for name in ["", "a b", "a+b", "a\nb"] {
            assert_eq!(
                Signer::generate(name).unwrap_err(),
                KeyError::Name(name.to_owned())
            );
        }
        let with_id = PUBLIC_KEY.replace("c74f20a3", "c74f20a4");
        assert_eq!(with_id.parse::<PublicKey>(), Err(KeyError::Id));
        for text in ["", "a", "a+b", "a+c74f20a3+", "a+c74f20a3+AAAA"] {
            assert_eq!(text.parse::<PublicKey>(), Err(KeyError::Public), "{text}");
        }
    }
}
