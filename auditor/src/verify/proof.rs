//! A proof that was written before, held against a public key: without the journal, and without
//! trust in who brings it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use jiff::Timestamp;

use super::{VerifyError, named};
use crate::config::VerifyArgs;
use crate::export::stdout::json_line;
use crate::journal::evidence::{RecordProof, RecordProofError};

/// A record of the largest size, encoded as text, and its proof.
const MAX_PROOF: u64 = 8 << 20;

/// Says what the proof in a file proves, and shows its record.
pub fn check(args: &VerifyArgs, path: &Path) -> Result<String, VerifyError> {
    let key = named(args.public_key.as_deref().unwrap_or_default())?;
    let text = read(path).map_err(|source| VerifyError::File {
        path: path.to_owned(),
        source,
    })?;
    let failed = |source| VerifyError::Proof {
        path: path.to_owned(),
        source,
    };
    let proof: RecordProof = text.parse().map_err(failed)?;
    let checkpoint = proof.verified(&key).map_err(failed)?;
    let mut line = Vec::new();
    json_line(&mut line, &proof.record).map_err(|_| failed(RecordProofError::Malformed))?;
    let seconds = i64::try_from(checkpoint.time).unwrap_or(i64::MAX);
    let time = Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    Ok(format!(
        "proven: record {} is among the {} that {} signed at {time}\n{}",
        proof.sequence,
        checkpoint.size,
        checkpoint.origin,
        String::from_utf8_lossy(&line)
    ))
}

fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?
        .take(MAX_PROOF)
        .read_to_string(&mut text)?;
    Ok(text)
}
