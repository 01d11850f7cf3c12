//! A real directory.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::PathBuf;

use super::*;

/// A directory that is gone with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(test: &str) -> Self {
        let name = format!("auditor-journal-{test}-{}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_journal_is_private_and_survives_its_daemon() {
    let scratch = Scratch::new("private");
    let directory = Directory::own(&scratch.0).unwrap();
    let key = signer(&directory, "node/auditor").unwrap();
    let public = key.public().clone();
    let (mut writer, _) = Writer::open(directory.clone(), options(), key, now(0)).unwrap();
    let mut source = Source::default();
    for second in 0..20 {
        for _ in 0..10 {
            writer
                .append(source.record(&mut Chance::new(second)))
                .unwrap();
        }
        writer.commit(now(second)).unwrap();
    }
    writer.close(now(20)).unwrap();
    let name = CursorName::new("otlp").unwrap();
    Cursor::open(directory.clone(), &name, 200)
        .unwrap()
        .cursor
        .advance(7, [])
        .unwrap();
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&scratch.0), 0o700);
    for entry in fs::read_dir(&scratch.0).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let metadata = fs::metadata(&path).unwrap();
        assert!(
            metadata.blocks() * 512 < 64 * 1024,
            "space is given back: {}",
            path.display()
        );
    }
    drop((writer, directory));

    let directory = Directory::own(&scratch.0).unwrap();
    let key = signer(&directory, "renamed").unwrap();
    assert_eq!(key.public(), &public);
    assert_eq!(public_key(&directory).unwrap(), public);
    let (_, recovery) = Writer::open(directory.clone(), options(), key, now(30)).unwrap();
    assert!(recovery.is_clean(), "{recovery:?}");
    assert_eq!(recovery.next, 200);
    assert_eq!(
        Cursor::open(directory, &name, 200).unwrap().start,
        Start::Resumed
    );
}

#[test]
fn a_second_daemon_is_refused_by_name() {
    let scratch = Scratch::new("second");
    assert!(!Directory::is_owned(&scratch.0));
    let first = Directory::own(&scratch.0).unwrap();
    assert!(Directory::is_owned(&scratch.0));
    let error = Directory::own(&scratch.0).unwrap_err().to_string();
    let expected = format!(
        "journal: {} is in use by process {}; stop it, or give this one a directory of its own \
         with --journal-dir",
        scratch.0.display(),
        std::process::id()
    );
    assert_eq!(error, expected);
    drop(first);
    Directory::own(&scratch.0).unwrap();
}

#[test]
fn a_directory_of_a_later_version_is_refused() {
    let (disk, _) = closed(1, 20);
    disk.edit("00000000000000000000.segment", |bytes| {
        bytes[8] = 9;
        let length = bytes[12] as usize;
        let sum = frame::checksum(&[&bytes[..16], &bytes[20..length]]);
        bytes[16..20].copy_from_slice(&sum.to_le_bytes());
    });
    let error = Writer::open(disk, options(), key(), now(0)).unwrap_err();
    assert!(matches!(error, JournalError::Version { version: 9, .. }));
}
