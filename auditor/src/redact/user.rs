//! Users by a hash that only who has the key can repeat.

use std::{fmt, fs, io, path::Path};

use data_encoding::HEXLOWER;
use ring::hmac;

/// What HMAC-SHA256 can make use of (RFC 2104, 3).
const MIN_KEY: usize = 32;
/// Nobody's key; a wrong file is not read into memory.
const MAX_KEY: u64 = 4096;

/// Key for the hashes of users.
#[derive(Clone)]
pub(super) struct UserKey {
    key: hmac::Key,
    /// Says which key it was, and nothing about it.
    name: String,
}

#[derive(Debug, thiserror::Error)]
pub enum UserKeyError {
    #[error("redaction.user_key: read {path}: {source}")]
    Read { path: String, source: io::Error },
    #[error(
        "redaction.user_key: {0} holds less than 32 or more than 4096 bytes; make one with: head \
         -c 32 /dev/urandom | base64 > {0}"
    )]
    Length(String),
}

// === impl UserKey ===

impl UserKey {
    /// The key is all that the file holds, without blanks and line ends around it.
    pub(super) fn read(path: &Path) -> Result<Self, UserKeyError> {
        let named = || path.display().to_string();
        let read = |source| UserKeyError::Read {
            path: named(),
            source,
        };
        if fs::metadata(path).map_err(read)?.len() > MAX_KEY {
            return Err(UserKeyError::Length(named()));
        }
        let bytes = fs::read(path).map_err(read)?;
        let bytes = bytes.trim_ascii();
        if bytes.len() < MIN_KEY {
            return Err(UserKeyError::Length(named()));
        }
        Ok(Self::new(bytes))
    }

    pub(super) fn new(bytes: &[u8]) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        // No user is called this: names have no control characters.
        let name = HEXLOWER.encode(&hmac::sign(&key, b"\0name of the key").as_ref()[..4]);
        Self { key, name }
    }

    /// `hmac-sha256:NAME OF THE KEY:HASH`, both in hexadecimal.
    pub(super) fn hashed(&self, user: &str) -> String {
        let hash = hmac::sign(&self.key, user.as_bytes());
        format!(
            "hmac-sha256:{}:{}",
            self.name,
            HEXLOWER.encode(hash.as_ref())
        )
    }
}

impl fmt::Debug for UserKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserKey")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::{UserKey, UserKeyError};

    #[test]
    fn a_user_is_the_same_under_the_same_key() {
        // RFC 4231, test case 2, with its key.
        let key = UserKey::new(b"Jefe");
        let hashed = key.hashed("what do ya want for nothing?");
        let hash = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(hashed, format!("hmac-sha256:{}:{hash}", key.name));
        assert_ne!(UserKey::new(b"other").hashed("a"), key.hashed("a"));
        assert_ne!(UserKey::new(b"other").name, key.name);
        assert!(!format!("{key:?}").contains("Jefe"));
    }

    #[test]
    fn a_key_that_is_too_short_is_refused_by_its_file() {
        let file = std::env::temp_dir().join(format!("auditor-user-key-{}", std::process::id()));
        std::fs::write(&file, "short\n").unwrap();
        let error = UserKey::read(&file).unwrap_err();
        assert!(matches!(error, UserKeyError::Length(_)));
        assert!(!error.to_string().contains("short"), "{error}");
        std::fs::write(&file, format!("{}\n", "k".repeat(32))).unwrap();
        let key = UserKey::read(&file).unwrap();
        assert_eq!(key.hashed("a"), UserKey::new(&[b'k'; 32]).hashed("a"));
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(
            UserKey::read(&file),
            Err(UserKeyError::Read { .. })
        ));
    }
}
