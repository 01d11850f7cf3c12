//! What a destination refused, kept beside the journal for who wants to know what it was.
//!
//! The loss record tells how many; the collector does not say which ones of a request they were, so
//! the whole request is kept.

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

use crate::{
    export::stdout::{Form, StdoutSink},
    redact::Sealed,
};

/// A file of this size makes way for a new one, and the one before that goes: a collector that
/// refuses everything must not fill the disk.
const MAX_BYTES: u64 = 64 << 20;
/// Like the journal's own files.
const MODE: u32 = 0o600;

/// The refused requests of one destination: OTLP as JSON, a request a line.
#[derive(Debug)]
pub(super) struct Aside {
    path: PathBuf,
    max_bytes: u64,
}

impl Aside {
    /// Makes no file before there is something to keep.
    pub(super) fn new(directory: &Path, destination: &str) -> Self {
        Self {
            path: directory.join(format!("{destination}.rejected.jsonl")),
            max_bytes: MAX_BYTES,
        }
    }

    /// Durable when this returns. A crash before the destination's place is written down may have it
    /// there twice.
    pub(super) fn keep(&self, request: &[Sealed]) -> io::Result<()> {
        let mut file = self.open()?;
        if file.metadata()?.len() >= self.max_bytes {
            fs::rename(&self.path, self.older())?;
            file = self.open()?;
        }
        // A file has no reader that could go.
        let _ = StdoutSink::new(&file, Form::OtlpJson).write(request)?;
        file.sync_data()
    }

    fn open(&self) -> io::Result<File> {
        let mut options = OpenOptions::new();
        options.create(true).append(true).mode(MODE);
        options.open(&self.path)
    }

    fn older(&self) -> PathBuf {
        self.path.with_extension("old.jsonl")
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt as _, sync::Arc};

    use super::*;
    use crate::record::{EventName, LogRecordWriter, Severity, attribute as a};

    fn request(id: &str) -> [Sealed; 1] {
        let mut writer = LogRecordWriter::new(EventName::HttpAccess, Severity::Info, 1, 1);
        writer.string(a::RECORD_ID, id);
        [Sealed::for_test(Arc::from(*b""), writer.finish())]
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_refused_request_is_a_line_and_the_oldest_go() {
        let folder = std::env::temp_dir().join(format!("auditor-aside-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let aside = Aside {
            max_bytes: 1,
            ..Aside::new(&folder, "otlp")
        };
        for id in ["first", "second", "third"] {
            aside.keep(&request(id)).unwrap();
        }
        let (newest, older) = (folder.join("otlp.rejected.jsonl"), aside.older());
        let text = |path| fs::read_to_string(path).unwrap();
        assert!(text(&newest).contains("third") && text(&older).contains("second"));
        for path in [&newest, &older] {
            assert_eq!((text(path).lines().count(), mode(path)), (1, MODE));
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
