//! The journal's key: made once, kept beside the segments.

use super::disk::{self, Disk};
use super::error::JournalError;
use super::evidence::{KeyError, PublicKey, Signer};

const SECRET: &str = "key";
const PUBLIC: &str = "key.pub";
/// A key in its text form is far shorter.
const MAX_KEY: usize = 4096;

/// The key of a journal; at the first start a new one with this name. Later the name stays.
pub fn signer(disk: &impl Disk, name: &str) -> Result<Signer, JournalError> {
    let signer = match text(disk, SECRET) {
        Ok(text) => Signer::parse(&text).map_err(failed(SECRET))?,
        Err(error) if error.is_not_found() => {
            let signer = Signer::generate(name).map_err(failed(SECRET))?;
            store(disk, SECRET, &signer.secret())?;
            signer
        }
        Err(error) => return Err(error),
    };
    let public = signer.public().to_string();
    if !text(disk, PUBLIC).is_ok_and(|stored| stored.trim() == public) {
        store(disk, PUBLIC, &public)?;
    }
    Ok(signer)
}

/// The public key that lies beside the segments.
pub fn public_key(disk: &impl Disk) -> Result<PublicKey, JournalError> {
    text(disk, PUBLIC)?.parse().map_err(failed(PUBLIC))
}

fn text(disk: &impl Disk, name: &str) -> Result<String, JournalError> {
    let bytes = disk::read(disk, name, MAX_KEY).map_err(JournalError::io("read", name))?;
    String::from_utf8(bytes).map_err(|_| failed(name)(KeyError::Private))
}

fn store(disk: &impl Disk, name: &str, text: &str) -> Result<(), JournalError> {
    let line = format!("{text}\n");
    let stored = disk::replace(disk, name, line.as_bytes());
    stored.map_err(JournalError::io("write", name))
}

fn failed(name: &str) -> impl FnOnce(KeyError) -> JournalError {
    let name = name.to_owned();
    move |source| JournalError::Key { name, source }
}
