use std::fs;
use std::path::PathBuf;

use super::*;
use crate::exit::Exit;
use crate::journal::evidence::Signer;
use crate::journal::signer;
use crate::query::sample::{Access, BEGIN, Place, SECOND, about_node, journal, pod};
use crate::record::EventName;
use crate::verify::answer;

/// How many records the checkpoint in the journal covers, and which record it is.
const COVERED: u64 = 30;

fn access(n: u64) -> Sealed {
    Access {
        resource: &pod("shop", "cart"),
        at: BEGIN + n * SECOND,
        user: Some("alice"),
        peer: "web",
        path: "/cart",
        status: 200,
    }
    .sealed()
}

fn id(n: u64) -> String {
    format!("99fa3007-{}-0", BEGIN + n * SECOND)
}

/// A checkpoint of the first records.
fn note(signer: &Signer, size: u64) -> String {
    let mut frontier = Frontier::default();
    for n in 0..size {
        let sealed = access(n);
        let stored = Stored {
            sequence: n,
            resource: sealed.resource(),
            record: sealed.record(),
        };
        frontier.push(stored.leaf());
    }
    let checkpoint = Checkpoint {
        origin: signer.public().name().to_owned(),
        size,
        root: frontier.root(),
        chain: [0; 32],
        time: 1_790_000_000,
    };
    checkpoint.sign(signer)
}

/// A journal of some segments with a checkpoint among its records, and its key.
fn kept(name: &str) -> (Place, Signer) {
    let place = Place::new(name);
    let key = signer(&Directory::own(place.path()).unwrap(), "node-1/auditor").unwrap();
    let facts = note(&key, COVERED);
    let facts = [(attribute::CHECKPOINT_NOTE, facts.as_str())];
    let checkpoint = about_node(EventName::Checkpoint, BEGIN + COVERED * SECOND, &facts);
    let before = (0..COVERED).map(access);
    let behind = (COVERED + 1..COVERED + 10).map(access);
    let records = before.chain([checkpoint]).chain(behind);
    journal(place.path(), 4096, records.map(|record| vec![record]));
    (place, key)
}

fn args(place: &Place, id: String) -> VerifyArgs {
    VerifyArgs {
        journal_dir: place.path().to_owned(),
        record: Some(id),
        ..VerifyArgs::default()
    }
}

fn proof_args(place: &Place, text: &str, key: &PublicKey) -> VerifyArgs {
    let file: PathBuf = place.path().join("proof");
    fs::write(&file, text).unwrap();
    VerifyArgs {
        public_key: Some(key.to_string()),
        proof: Some(file),
        ..VerifyArgs::default()
    }
}

#[test]
fn every_covered_record_is_proven_without_the_journal() {
    let (place, key) = kept("prove");
    for n in 0..COVERED {
        let (text, _) = answer(&args(&place, id(n))).unwrap();
        let (said, exit) = answer(&proof_args(&place, &text, key.public())).unwrap();
        assert_eq!(exit, Exit::Success);
        let (verdict, record) = said.split_once('\n').unwrap();
        assert_eq!(
            verdict,
            format!(
                "proven: record {n} is among the 30 that node-1/auditor signed at 2026-09-21T14:13:20Z"
            )
        );
        let record: serde_json::Value = serde_json::from_str(record).unwrap();
        assert_eq!(record["attributes"][attribute::RECORD_ID], id(n));
        assert_eq!(record["resource"]["service.name"], "cart");
    }
}

#[test]
fn a_given_checkpoint_is_what_the_proof_leads_to() {
    let (place, key) = kept("prove-given");
    let mut given = Vec::new();
    for size in [12, 7, 3] {
        given.push(place.path().join(format!("note-{size}")));
        fs::write(&given[given.len() - 1], note(&key, size)).unwrap();
    }
    for (n, size) in [(2, 3), (3, 7), (11, 12), (12, COVERED)] {
        let args = VerifyArgs {
            checkpoint: given.clone(),
            ..args(&place, id(n))
        };
        let (text, _) = answer(&args).unwrap();
        let (said, _) = answer(&proof_args(&place, &text, key.public())).unwrap();
        let words = format!("record {n} is among the {size} that");
        assert!(said.contains(&words), "{said}");
    }
    fs::write(&given[0], note(&Signer::generate("other").unwrap(), 12)).unwrap();
    let args = VerifyArgs {
        checkpoint: given,
        ..args(&place, id(2))
    };
    let error = answer(&args).unwrap_err();
    assert!(error.to_string().contains("signed by \"other\""), "{error}");
}

#[test]
fn what_retention_removed_before_it_does_not_matter() {
    let (place, key) = kept("prove-removed");
    let oldest = place.path().join(format!("{:020}.segment", 0));
    fs::remove_file(oldest).unwrap();
    let error = answer(&args(&place, id(0))).unwrap_err();
    assert!(error.to_string().ends_with("no such record in the journal"));
    assert_eq!(error.exit(), Exit::Failed);
    let (text, _) = answer(&args(&place, id(COVERED - 1))).unwrap();
    assert!(answer(&proof_args(&place, &text, key.public())).is_ok());
}

#[test]
fn what_is_not_so_is_not_proven() {
    let (place, key) = kept("prove-not");
    let error = answer(&args(&place, id(COVERED + 1))).unwrap_err();
    assert!(
        error.to_string().contains("no checkpoint covers it yet"),
        "{error}"
    );

    let (text, _) = answer(&args(&place, id(4))).unwrap();
    let other = Signer::generate("node-1/auditor").unwrap();
    let error = answer(&proof_args(&place, &text, other.public())).unwrap_err();
    assert_eq!(error.exit(), Exit::Failed);
    let (elsewhere, _) = answer(&args(&place, id(5))).unwrap();
    let extra = |text: &str| text.lines().nth(1).unwrap().to_owned();
    let exchanged = text.replace(&extra(&text), &extra(&elsewhere));
    let error = answer(&proof_args(&place, &exchanged, key.public())).unwrap_err();
    assert!(
        error.to_string().contains("not the one that was signed"),
        "{error}"
    );

    // Another record is damaged, so the tree is another.
    let segment = place.path().join(format!("{:020}.segment", 0));
    let mut bytes = fs::read(&segment).unwrap();
    let at = bytes.windows(5).position(|word| word == b"alice").unwrap();
    bytes[at] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let error = answer(&args(&place, id(1))).unwrap_err();
    assert!(
        error.to_string().contains("not the one that was signed"),
        "{error}"
    );
    assert_eq!(error.exit(), Exit::Failed);
}
