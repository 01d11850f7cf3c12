//! Every kind of tampering with exported records is found, and nothing in untouched ones.

use std::path::Path;

use super::*;
use crate::config::VerifyArgs;
use crate::exit::Exit;
use crate::export::stdout::{Form, StdoutSink};
use crate::journal::evidence::{Checkpoint, Problem, Signer};
use crate::journal::{Directory, Limit, Reader};
use crate::query::sample::{Access, BEGIN, Place, SECOND, journal, pod};
use crate::verify::{Statement, verify};

const RECORDS: u64 = 40;

/// A journal, and its records from the tenth on as they were exported, a line each.
fn exported(place: &Place, form: &Form) -> Vec<String> {
    let workloads = [pod("shop", "cart"), pod("shop", "web")];
    let access = |n: u64| Access {
        resource: &workloads[(n % 2) as usize],
        at: BEGIN + n * SECOND,
        user: Some("alice"),
        peer: "web",
        path: "/cart",
        status: 200,
    };
    let batches = (0..RECORDS).map(|n| vec![access(n).sealed()]);
    journal(place.path(), 4096, batches);
    let mut reader = Reader::new(Directory::visit(place.path()), 10);
    let (records, bytes) = (30, usize::MAX);
    let batch = reader.read(RECORDS, Limit { records, bytes }).unwrap();
    let mut out = Vec::new();
    for record in batch.records {
        let mut sink = StdoutSink::new(&mut out, form.clone());
        assert!(sink.write(&[record]).unwrap().is_continue());
    }
    let text = String::from_utf8(out).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn check(place: &Place, lines: &[String]) -> Statement {
    let file = place.path().join("export");
    std::fs::write(&file, lines.join("\n")).unwrap();
    verify(&args(place.path(), &file)).unwrap()
}

fn args(journal: &Path, file: &Path) -> VerifyArgs {
    VerifyArgs {
        journal_dir: journal.to_owned(),
        exported: Some(file.to_owned()),
        ..VerifyArgs::default()
    }
}

fn mistakes(place: &Place, lines: &[String]) -> Vec<Mistake> {
    let statement = check(place, lines);
    assert_eq!(statement.exit(), Exit::Failed);
    assert!(
        statement
            .render()
            .starts_with("NOT as the journal has them: ")
    );
    let comparison = statement.exported.unwrap();
    comparison.discrepancies.iter().map(|d| d.mistake).collect()
}

#[test]
fn what_was_exported_is_found_as_it_was_and_otherwise_not() {
    for (name, form) in [("json", Form::Json), ("otlp", Form::OtlpJson)] {
        let place = Place::new(&format!("exported-{name}"));
        let lines = exported(&place, &form);
        assert_eq!(lines.len(), 30);
        let statement = check(&place, &lines);
        let comparison = statement.exported.as_ref().unwrap();
        assert_eq!(comparison.discrepancies, [], "{name}");
        assert_eq!((comparison.records, comparison.range.clone()), (30, 10..40));
        assert_eq!(statement.exit(), Exit::Success);

        let mut twice = lines.clone();
        twice.push(lines[3].clone());
        let comparison = check(&place, &twice).exported.unwrap();
        assert!(comparison.holds() && comparison.again == 1);

        let mut changed = lines.clone();
        changed[5] = changed[5].replace("alice", "mallory");
        assert_eq!(mistakes(&place, &changed), [Mistake::Changed]);
        let mut removed = lines.clone();
        removed.remove(7);
        assert_eq!(mistakes(&place, &removed), [Mistake::Missing]);
        let mut swapped = lines.clone();
        swapped.swap(8, 9);
        assert_eq!(mistakes(&place, &swapped), [Mistake::Order]);
        let mut inserted = lines.clone();
        inserted.insert(4, lines[4].replace("99fa3007-", "99fa3007-9"));
        assert_eq!(mistakes(&place, &inserted), [Mistake::Unknown]);
        let mut garbage = lines.clone();
        garbage.insert(4, "{\"attributes\":".to_owned());
        assert_eq!(mistakes(&place, &garbage), [Mistake::Unreadable]);
    }
}

#[test]
fn the_checkpoints_in_it_are_held_against_the_journal() {
    let place = Place::new("exported-foreign");
    let mut lines = exported(&place, &Form::Json);
    let signer = Signer::generate("node-2/auditor").unwrap();
    let checkpoint = Checkpoint {
        origin: "node-2/auditor".to_owned(),
        size: 12,
        root: [0; 32],
        chain: [0; 32],
        time: 1_790_000_000,
    };
    let attributes = serde_json::json!({
        "auditor.record.id": "c",
        "auditor.checkpoint.note": checkpoint.sign(&signer),
    });
    lines.push(serde_json::json!({ "attributes": attributes }).to_string());
    let statement = check(&place, &lines);
    let problem = &statement.report.findings[0].problem;
    assert!(matches!(problem, Problem::ForeignKey { .. }), "{problem}");
    assert_eq!(statement.exit(), Exit::Failed);
}
