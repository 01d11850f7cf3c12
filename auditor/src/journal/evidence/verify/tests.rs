//! Every kind of tampering with random journals is found, and nothing in untouched ones.

mod tampering;

use proptest::prelude::*;

use tampering::{TAMPERINGS, Tampering, fix_checksum, frames, kind};

use super::*;
use crate::journal::disk::faulty::Chance;
use crate::journal::evidence::Signer;
use crate::journal::frame::{Head, Kind};
use crate::journal::tests::{check, check_with, closed};

/// Tampers and verifies; false if the place was unfit.
fn found(seed: u64, tampering: Tampering) -> bool {
    let (disk, notes) = closed(seed, 120 + seed % 200);
    let untouched = check(&disk, &notes);
    assert_eq!(untouched.findings, []);
    assert_eq!((untouched.scars.len(), untouched.remains), (0, 0));
    assert_eq!(untouched.covered, untouched.next);
    let mut chance = Chance::new(seed ^ 0x5eed);
    if !tampering.on(&disk, &mut chance) {
        return false;
    }
    let report = check(&disk, &notes);
    // What is put behind the end of a segment is not in the journal, and told as remains.
    let told = !report.holds() || report.remains > 0;
    assert!(told, "{tampering:?} with seed {seed}: {report:?}");
    true
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_tampering_is_found(seed: u64, which in 0..TAMPERINGS.len()) {
        found(seed, TAMPERINGS[which]);
    }
}

#[test]
fn every_kind_is_tried() {
    for tampering in TAMPERINGS {
        let tried = (0..40).filter(|seed| found(*seed, tampering)).count();
        assert!(tried >= 10, "{tampering:?}: {tried}");
    }
}

#[test]
fn a_cut_at_a_whole_frame_is_found_by_a_checkpoint_that_left_the_node() {
    let (disk, notes) = closed(4, 100);
    let names = disk.names().unwrap();
    for name in &names[1..] {
        disk.remove(name).unwrap();
    }
    assert_eq!(
        check(&disk, &[]).findings,
        [],
        "by itself it is a whole journal"
    );
    let report = check(&disk, &notes[notes.len() - 1..]);
    let next = report.next;
    assert_eq!(
        report.findings,
        [Finding {
            segment: None,
            records: next..100,
            problem: Problem::Cut { records: 100 },
        }]
    );
}

#[test]
fn a_changed_record_is_named_between_the_checkpoints_around_it() {
    let (disk, _) = closed(4, 100);
    let name = "00000000000000000001.segment";
    let bytes = disk.bytes(name);
    let records = frames(&bytes);
    let place = records
        .iter()
        .find(|place| kind(&bytes[(*place).clone()]) == Kind::Record)
        .unwrap();
    let head = Head::parse(bytes[place.clone()].first_chunk().unwrap()).unwrap();
    disk.edit(name, |bytes| {
        bytes[place.end - 1] ^= 1;
        fix_checksum(&mut bytes[place.clone()]);
    });
    let report = check(&disk, &[]);
    let first = &report.findings[0];
    assert_eq!(
        (first.segment, &first.problem),
        (Some(1), &Problem::Changed)
    );
    assert!(first.records.contains(&head.sequence));
}

#[test]
fn a_foreign_key_is_told_whoever_signed() {
    let (disk, notes) = closed(4, 60);
    let other = Signer::generate("PeterNeumann").unwrap();
    let report = check_with(&disk, other.public(), &notes);
    let foreign = Problem::ForeignKey {
        signer: "PeterNeumann".to_owned(),
    };
    let number = report
        .findings
        .iter()
        .filter(|finding| finding.problem == foreign)
        .count();
    assert_eq!(number, 2 * notes.len(), "in the journal and given");
    assert_eq!((report.covered, report.checkpoints), (0, 0));
}
