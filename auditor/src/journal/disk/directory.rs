//! A directory of the node.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FallocateFlags, FlockOperation, fallocate, flock};
use rustix::io::Errno;

use super::{Disk, DiskFile};
use crate::journal::JournalError;

const LOCK: &str = "lock";

/// The directory of a journal. Clones share the lock, which is held until the last one is gone.
#[derive(Clone, Debug)]
pub struct Directory {
    path: Arc<Path>,
    _lock: Option<Arc<File>>,
}

// === impl Directory ===

impl Directory {
    /// Makes the directory if need be, and owns it: nobody else can while this lives.
    pub fn own(path: &Path) -> Result<Self, JournalError> {
        let failed = |action| JournalError::io(action, path.display());
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(failed("create the directory"))?;
        let lock_path = path.join(LOCK);
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&lock_path)
            .map_err(failed("open the lock of"))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(in_use(path, &mut lock)),
            Err(error) => return Err(failed("lock")(error.into())),
        }
        let named = lock
            .set_len(0)
            .and_then(|()| writeln!(lock, "{}", std::process::id()));
        named.map_err(failed("write the lock of"))?;
        Ok(Self {
            path: path.into(),
            _lock: Some(Arc::new(lock)),
        })
    }

    /// For reading only, whether or not a daemon owns it.
    pub fn visit(path: &Path) -> Self {
        Self {
            path: path.into(),
            _lock: None,
        }
    }

    /// Whether a daemon has the directory just now.
    pub fn is_owned(path: &Path) -> bool {
        let Ok(lock) = File::open(path.join(LOCK)) else {
            return false;
        };
        flock(&lock, FlockOperation::NonBlockingLockShared) == Err(Errno::WOULDBLOCK)
    }
}

impl Disk for Directory {
    type File = File;

    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            // A name that is not text is none of the journal's.
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .append(true)
            .create_new(true)
            .mode(0o600)
            .open(self.path.join(name))
    }

    fn open(&self, name: &str) -> io::Result<File> {
        File::open(self.path.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync(&self) -> io::Result<()> {
        File::open(&*self.path)?.sync_all()
    }
}

impl DiskFile for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::Write::write(self, bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        match fallocate(&*self, FallocateFlags::KEEP_SIZE, 0, bytes) {
            Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn release(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, buffer, offset)
    }

    fn length(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }
}

fn in_use(path: &Path, lock: &mut File) -> JournalError {
    let mut text = String::new();
    // Who has it is a help only; the text may be from an earlier owner that is being replaced.
    let _ = lock.take(32).read_to_string(&mut text);
    JournalError::InUse {
        directory: PathBuf::from(path),
        process: text.trim().parse().ok(),
    }
}
