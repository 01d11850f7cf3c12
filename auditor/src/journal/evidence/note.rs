//! A text and its signatures: C2SP signed-note (c2sp.org/signed-note).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::key::{PublicKey, Signer};

const BEFORE_SIGNATURE: &str = "\u{2014} ";
/// Because a note comes from outside: more signatures than any witness network gives.
const MAX_SIGNATURES: usize = 64;

/// A note that was read; nothing is verified yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note<'a> {
    text: &'a str,
    signatures: Vec<Signature<'a>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Signature<'a> {
    name: &'a str,
    id: [u8; 4],
    bytes: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("not a signed note: expected a text, an empty line and signatures")]
    Malformed,
    #[error("signed by {signer:?}, not by the key {expected:?}")]
    Foreign { signer: String, expected: String },
    #[error("the signature does not belong to the text")]
    Signature,
}

// === impl Note ===

impl<'a> Note<'a> {
    pub fn parse(note: &'a str) -> Result<Self, NoteError> {
        let (text, signatures) = note.rsplit_once("\n\n").ok_or(NoteError::Malformed)?;
        let lines = signatures.strip_suffix('\n').ok_or(NoteError::Malformed)?;
        let signatures = lines.split('\n').take(MAX_SIGNATURES + 1).map(signature);
        let signatures = signatures
            .collect::<Option<Vec<_>>>()
            .ok_or(NoteError::Malformed)?;
        if signatures.len() > MAX_SIGNATURES {
            return Err(NoteError::Malformed);
        }
        Ok(Self {
            text: &note[..=text.len()],
            signatures,
        })
    }

    /// The text, if this key has signed it. Signatures of other keys don't matter.
    pub fn verified(&self, key: &PublicKey) -> Result<&'a str, NoteError> {
        let ours =
            |signature: &&Signature<'_>| signature.name == key.name() && signature.id == key.id();
        let Some(signature) = self.signatures.iter().find(ours) else {
            let signer = self.signatures.first().map(|first| first.name);
            return Err(NoteError::Foreign {
                signer: signer.unwrap_or_default().to_owned(),
                expected: key.name().to_owned(),
            });
        };
        if key.verifies(self.text.as_bytes(), &signature.bytes) {
            Ok(self.text)
        } else {
            Err(NoteError::Signature)
        }
    }
}

/// `text` ends in a newline.
pub(super) fn sign(text: &str, signer: &Signer) -> String {
    let mut signature = signer.public().id().to_vec();
    signature.extend(signer.sign(text.as_bytes()));
    let name = signer.public().name();
    let signature = STANDARD.encode(signature);
    format!("{text}\n{BEFORE_SIGNATURE}{name} {signature}\n")
}

fn signature(line: &str) -> Option<Signature<'_>> {
    let (name, encoded) = line.strip_prefix(BEFORE_SIGNATURE)?.split_once(' ')?;
    let decoded = STANDARD.decode(encoded).ok()?;
    let (id, bytes) = decoded.split_first_chunk()?;
    Some(Signature {
        name,
        id: *id,
        bytes: bytes.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: &str = "If you think cryptography is the answer to your problem,\n\
         then you don't know what your problem is.\n\
         \n\
         — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    #[test]
    fn the_example_of_the_go_package_is_verified() {
        let text = Note::parse(NOTE).unwrap().verified(&KEY.parse().unwrap());
        assert!(text.unwrap().starts_with("If you think"));
    }

    #[test]
    fn a_changed_text_and_a_foreign_key_are_told_apart() {
        let key: PublicKey = KEY.parse().unwrap();
        let changed = NOTE.replace("answer", "question");
        let note = Note::parse(&changed).unwrap();
        assert_eq!(note.verified(&key), Err(NoteError::Signature));
        let foreign = sign("text\n", &Signer::generate("somebody").unwrap());
        let error = Note::parse(&foreign).unwrap().verified(&key).unwrap_err();
        assert_eq!(
            error.to_string(),
            "signed by \"somebody\", not by the key \"PeterNeumann\""
        );
        // The same name with another key is foreign too.
        let namesake = sign("text\n", &Signer::generate("PeterNeumann").unwrap());
        let error = Note::parse(&namesake).unwrap().verified(&key).unwrap_err();
        assert!(matches!(error, NoteError::Foreign { .. }));
    }

    #[test]
    fn what_is_no_note_is_refused() {
        for text in ["", "\n\n", "a\n\n", "a\n\nb\n", "a\n— b c\n", "a\n\n— b c"] {
            assert_eq!(Note::parse(text), Err(NoteError::Malformed), "{text:?}");
        }
    }
}
