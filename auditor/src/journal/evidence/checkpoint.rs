//! A statement about the whole journal: C2SP checkpoint (c2sp.org/tlog-checkpoint).

use std::str::FromStr as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::{PublicKey, Signer};
use super::merkle::Hash;
use super::note::{self, Note, NoteError};

const CHAIN: &str = "chain ";
const TIME: &str = "time ";

/// How many records there are, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of the key.
    pub origin: String,
    pub size: u64,
    pub root: Hash,
    /// The chain's head and the checkpoint's place in its segment, hashed.
    pub chain: Hash,
    /// Seconds since the epoch.
    pub time: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("not a checkpoint of a journal: expected origin, size, root, chain and time")]
    Malformed,
    #[error("the checkpoint is not about what it stands beside in the journal")]
    Elsewhere,
    #[error(transparent)]
    Note(#[from] NoteError),
}

// === impl Checkpoint ===

impl Checkpoint {
    /// The signed note.
    pub fn sign(&self, signer: &Signer) -> String {
        note::sign(&self.text(), signer)
    }

    /// Reads a signed note that this key has signed.
    pub fn verified(note: &str, key: &PublicKey) -> Result<Self, CheckpointError> {
        let text = Note::parse(note)?.verified(key)?;
        let checkpoint = Self::parse(text).ok_or(CheckpointError::Malformed)?;
        if checkpoint.origin == key.name() {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Malformed)
        }
    }

    fn text(&self) -> String {
        let [root, chain] = [&self.root, &self.chain].map(|hash| STANDARD.encode(hash));
        let time = i64::try_from(self.time).unwrap_or(i64::MAX);
        let time = jiff::Timestamp::from_second(time).unwrap_or(jiff::Timestamp::MAX);
        format!(
            "{}\n{}\n{root}\n{CHAIN}{chain}\n{TIME}{time}\n",
            self.origin, self.size
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let origin = lines.next().filter(|origin| !origin.is_empty())?;
        let size = lines.next()?;
        let root = lines.next()?;
        let chain = lines.next()?.strip_prefix(CHAIN)?;
        let time = lines.next()?.strip_prefix(TIME)?;
        let time = jiff::Timestamp::from_str(time).ok()?.as_second();
        let leading_zero = size.len() > 1 && size.starts_with('0');
        if leading_zero || !size.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self {
            origin: origin.to_owned(),
            size: size.parse().ok()?,
            root: hash(root)?,
            chain: hash(chain)?,
            time: time.try_into().ok()?,
        })
    }
}

fn hash(encoded: &str) -> Option<Hash> {
    STANDARD.decode(encoded).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint() -> Checkpoint {
        Checkpoint {
            origin: "node-1.example/auditor".to_owned(),
            size: 1234,
            root: [1; 32],
            chain: [2; 32],
            time: 1_790_000_000,
        }
    }

    #[test]
    fn a_checkpoint_is_read_as_it_was_signed() {
        let signer = Signer::generate("node-1.example/auditor").unwrap();
        let note = checkpoint().sign(&signer);
        assert!(note.starts_with(
            "node-1.example/auditor\n\
             1234\n\
             AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n\
             chain AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n\
             time 2026-09-21T14:13:20Z\n\n\u{2014} node-1.example/auditor "
        ));
        assert_eq!(
            Checkpoint::verified(&note, signer.public()),
            Ok(checkpoint())
        );
    }

    #[test]
    fn other_implementations_read_it() {
        let signer = Signer::generate("node-1.example/auditor").unwrap();
        let note = checkpoint().sign(&signer);
        let key = signer.public().to_string();
        let verifier = signed_note::StandardVerifier::new(&key).unwrap();
        let parsed = signed_note::Note::from_bytes(note.as_bytes()).unwrap();
        let (verified, unverified) = parsed
            .verify(&signed_note::VerifierList::new(vec![Box::new(verifier)]))
            .unwrap();
        assert_eq!((verified.len(), unverified.len()), (1, 0));
        let theirs = tlog_tiles::Checkpoint::from_bytes(parsed.text()).unwrap();
        assert_eq!(
            (theirs.origin(), theirs.size()),
            ("node-1.example/auditor", 1234)
        );
        assert_eq!(theirs.hash().0, [1; 32]);
    }

    #[test]
    fn what_is_no_checkpoint_is_refused() {
        let signer = Signer::generate("node-1.example/auditor").unwrap();
        let good = checkpoint().text();
        for text in [
            good.replace("1234", "01234"),
            good.replace("1234", "-1"),
            good.replace("chain", "chian"),
            good.replace("AQEB", "AQ"),
            good.replace("node-1", "node-2"),
        ] {
            let note = note::sign(&text, &signer);
            let read = Checkpoint::verified(&note, signer.public());
            assert_eq!(read, Err(CheckpointError::Malformed), "{text}");
        }
    }
}
