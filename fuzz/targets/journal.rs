//! Any bytes as the segments of a journal: it is verified, read and gone on with.

#![no_main]

use std::{
    cell::RefCell,
    collections::BTreeMap,
    io::{self, ErrorKind},
    rc::Rc,
};

use auditor::journal::{
    Disk, DiskFile, Limit, Now, Options, Reader, Writer,
    evidence::{Signer, Trust, verify},
};
use libfuzzer_sys::fuzz_target;

type Files = Rc<RefCell<BTreeMap<String, Vec<u8>>>>;

/// A directory in memory.
#[derive(Clone, Default)]
struct Memory(Files);

struct MemoryFile {
    files: Files,
    name: String,
}

// SAFETY: libFuzzer runs a target in one thread.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Send for MemoryFile {}

fuzz_target!(|segments: Vec<&[u8]>| {
    let disk = Memory::default();
    for (number, bytes) in segments.iter().take(4).enumerate() {
        let name = format!("{number:020}.segment");
        disk.0.borrow_mut().insert(name, bytes.to_vec());
    }
    let signer = Signer::generate("fuzz").expect("a key");
    let trust = Trust {
        key: signer.public(),
        checkpoints: &[],
        growing: false,
    };
    let _ = verify(&disk, trust);
    let now = Now {
        boot_ns: 1,
        wall_ns: 1,
    };
    let limit = Limit {
        records: 16,
        bytes: 1 << 20,
    };
    if let Ok((mut writer, recovery)) = Writer::open(disk.clone(), Options::default(), signer, now)
    {
        writer.close(now).expect("the disk takes everything");
        let _ = Reader::new(disk, 0).read(recovery.next, limit);
    }
});

impl Disk for Memory {
    type File = MemoryFile;

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.0.borrow().keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<MemoryFile> {
        self.0.borrow_mut().insert(name.to_owned(), Vec::new());
        self.open(name)
    }

    fn open(&self, name: &str) -> io::Result<MemoryFile> {
        if !self.0.borrow().contains_key(name) {
            return Err(ErrorKind::NotFound.into());
        }
        Ok(MemoryFile {
            files: Rc::clone(&self.0),
            name: name.to_owned(),
        })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let bytes = self.0.borrow_mut().remove(from);
        let bytes = bytes.ok_or(ErrorKind::NotFound)?;
        self.0.borrow_mut().insert(to.to_owned(), bytes);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let removed = self.0.borrow_mut().remove(name);
        removed.map(drop).ok_or(ErrorKind::NotFound.into())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}

impl DiskFile for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut files = self.files.borrow_mut();
        let file = files.get_mut(&self.name).ok_or(ErrorKind::NotFound)?;
        file.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn reserve(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn release(&mut self, _: u64) -> io::Result<()> {
        Ok(())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let files = self.files.borrow();
        let file = files.get(&self.name).ok_or(ErrorKind::NotFound)?;
        let rest = file.get(offset as usize..).unwrap_or_default();
        let n = rest.len().min(buffer.len());
        buffer[..n].copy_from_slice(&rest[..n]);
        Ok(n)
    }

    fn length(&self) -> io::Result<u64> {
        let files = self.files.borrow();
        Ok(files.get(&self.name).map_or(0, Vec::len) as u64)
    }
}
