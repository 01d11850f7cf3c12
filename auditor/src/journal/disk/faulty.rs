//! A disk in memory that fails and crashes as real ones do.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard};

use super::{Disk, DiskFile};

/// Clones are the same disk.
#[derive(Clone, Debug, Default)]
pub(in crate::journal) struct FaultyDisk(Arc<Mutex<Content>>);

#[derive(Clone, Debug, Default)]
struct Content {
    /// By inode.
    files: BTreeMap<u64, Bytes>,
    /// Names as they are, and as they are on the platter.
    names: BTreeMap<String, u64>,
    durable_names: BTreeMap<String, u64>,
    next_inode: u64,
    /// Bytes that fit.
    room: Option<u64>,
    /// Operations until one fails; then all of that kind go on.
    until_failure: Option<u64>,
    /// Successive syncs that say yes and do nothing.
    lies: bool,
    chance: Chance,
}

#[derive(Clone, Debug, Default)]
struct Bytes {
    written: Vec<u8>,
    /// What a sync has confirmed, and what of the rest the disk holds after a crash is open.
    durable: usize,
    reserved: u64,
}

/// A small generator, so that a seed gives the same run everywhere.
#[derive(Clone, Debug)]
pub(in crate::journal) struct Chance(u64);

#[derive(Debug)]
pub(in crate::journal) struct FaultyFile {
    disk: FaultyDisk,
    inode: u64,
}

// === impl Chance ===

impl Chance {
    pub(in crate::journal) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Below `n`, which is not 0.
    pub(in crate::journal) fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % n
    }
}

impl Default for Chance {
    fn default() -> Self {
        Self::new(0)
    }
}

// === impl FaultyDisk ===

impl FaultyDisk {
    pub(in crate::journal) fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.content().clone())))
    }

    /// What the next start finds after a power cut: all that was synced, and of the rest whatever
    /// the seed says: kept, cut anywhere, or with pages of zeros or garbage.
    pub(in crate::journal) fn crash(&self, seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let mut content = self.content().clone();
        content.names = pick_names(&content, &mut chance);
        content.durable_names = content.names.clone();
        content.room = None;
        content.until_failure = None;
        content.lies = false;
        for file in content.files.values_mut() {
            file.crash(&mut chance);
        }
        Self(Arc::new(Mutex::new(content)))
    }

    /// What the next start finds after SIGKILL: everything that was written.
    pub(in crate::journal) fn kill(&self) -> Self {
        let killed = self.copy();
        let mut content = killed.content();
        content.room = None;
        content.until_failure = None;
        drop(content);
        killed
    }

    /// Lets the operation after so many others fail, in a way the seed of the disk decides.
    pub(in crate::journal) fn fail_after(&self, operations: u64) {
        self.content().until_failure = Some(operations);
    }

    pub(in crate::journal) fn seed(&self, seed: u64) {
        self.content().chance = Chance::new(seed);
    }

    pub(in crate::journal) fn set_room(&self, bytes: Option<u64>) {
        self.content().room = bytes;
    }

    /// Lets syncs succeed without doing anything.
    pub(in crate::journal) fn lie(&self) {
        self.content().lies = true;
    }

    pub(in crate::journal) fn edit(&self, name: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let mut content = self.content();
        let inode = content.names[name];
        let file = content.files.get_mut(&inode).unwrap();
        change(&mut file.written);
        file.durable = file.written.len();
    }

    pub(in crate::journal) fn bytes(&self, name: &str) -> Vec<u8> {
        let content = self.content();
        content.files[&content.names[name]].written.clone()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap()
    }
}

impl Disk for FaultyDisk {
    type File = FaultyFile;

    fn names(&self) -> io::Result<Vec<String>> {
        Ok(self.content().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<FaultyFile> {
        let mut content = self.content();
        content.operation()?;
        if content.names.contains_key(name) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let inode = content.next_inode;
        content.next_inode += 1;
        content.files.insert(inode, Bytes::default());
        content.names.insert(name.to_owned(), inode);
        let disk = self.clone();
        Ok(FaultyFile { disk, inode })
    }

    fn open(&self, name: &str) -> io::Result<FaultyFile> {
        let content = self.content();
        let inode = *content.names.get(name).ok_or(ErrorKind::NotFound)?;
        let disk = self.clone();
        Ok(FaultyFile { disk, inode })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut content = self.content();
        content.operation()?;
        let inode = content.names.remove(from).ok_or(ErrorKind::NotFound)?;
        content.names.insert(to.to_owned(), inode);
        Ok(())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut content = self.content();
        content.names.remove(name).ok_or(ErrorKind::NotFound)?;
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut content = self.content();
        content.operation()?;
        content.durable_names = content.names.clone();
        Ok(())
    }
}

// === impl FaultyFile ===

impl DiskFile for FaultyFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut content = self.disk.content();
        let failure = content.operation();
        let mut length = bytes.len();
        // A failed write may have written a part, a good one may be short.
        if failure.is_err() {
            length = content.chance.below(length as u64 + 1) as usize;
        } else if content.chance.below(8) == 0 {
            length = 1 + content.chance.below(length as u64) as usize;
        }
        if let Some(room) = content.room {
            length = length.min(content.room_in(self.inode, room) as usize);
        }
        let file = content.files.get_mut(&self.inode).unwrap();
        file.written.extend_from_slice(&bytes[..length]);
        failure?;
        match length {
            0 => Err(ErrorKind::StorageFull.into()),
            length => Ok(length),
        }
    }

    /// As in Linux: after a failure the pages are clean and lost, and the next sync succeeds.
    fn sync(&mut self) -> io::Result<()> {
        let mut content = self.disk.content();
        content.operation()?;
        if !content.lies {
            let file = content.files.get_mut(&self.inode).unwrap();
            file.durable = file.written.len();
        }
        Ok(())
    }

    fn reserve(&mut self, bytes: u64) -> io::Result<()> {
        let mut content = self.disk.content();
        content.operation()?;
        if content
            .room
            .is_some_and(|room| content.used() + bytes > room)
        {
            return Err(ErrorKind::StorageFull.into());
        }
        content.files.get_mut(&self.inode).unwrap().reserved = bytes;
        Ok(())
    }

    fn release(&mut self, length: u64) -> io::Result<()> {
        let mut content = self.disk.content();
        let file = content.files.get_mut(&self.inode).unwrap();
        assert_eq!(file.written.len() as u64, length);
        file.reserved = 0;
        Ok(())
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let content = self.disk.content();
        let written = &content.files[&self.inode].written;
        let rest = written.get(offset as usize..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        buffer[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }

    fn length(&self) -> io::Result<u64> {
        let content = self.disk.content();
        Ok(content.files[&self.inode].written.len() as u64)
    }
}

// === impl Content ===

impl Content {
    /// Fails when it is time to.
    fn operation(&mut self) -> io::Result<()> {
        match &mut self.until_failure {
            None => Ok(()),
            Some(0) => {
                self.until_failure = None;
                Err(io::Error::from_raw_os_error(
                    rustix::io::Errno::IO.raw_os_error(),
                ))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
        }
    }

    fn used(&self) -> u64 {
        let live = self.names.values().map(|inode| &self.files[inode]);
        live.map(|file| file.reserved.max(file.written.len() as u64))
            .sum()
    }

    /// What a file may still grow by.
    fn room_in(&self, inode: u64, room: u64) -> u64 {
        let file = &self.files[&inode];
        let reserved = file.reserved.saturating_sub(file.written.len() as u64);
        reserved.max(room.saturating_sub(self.used()))
    }
}

// === impl Bytes ===

impl Bytes {
    fn crash(&mut self, chance: &mut Chance) {
        let volatile = self.written.len() - self.durable;
        let kept = self.durable + chance.below(volatile as u64 + 1) as usize;
        match chance.below(3) {
            0 => self.written.truncate(kept),
            // The length was updated, the pages were not.
            1 => self.written[kept..].fill(0),
            _ if kept < self.written.len() => {
                let page = kept + chance.below((self.written.len() - kept) as u64) as usize;
                self.written[kept..=page].fill(0xa5);
            }
            _ => {}
        }
        self.durable = self.written.len();
    }
}

/// Names that were made or removed since the last sync of the directory may be there or not.
fn pick_names(content: &Content, chance: &mut Chance) -> BTreeMap<String, u64> {
    let mut names = BTreeMap::new();
    let all = content.names.iter().chain(&content.durable_names);
    for (name, inode) in all.clone() {
        let was = content.durable_names.get(name);
        let is = content.names.get(name);
        if was == is {
            names.insert(name.clone(), *inode);
        } else if let Some(picked) = if chance.below(2) == 0 { was } else { is } {
            names.insert(name.clone(), *picked);
        } else {
            names.remove(name);
        }
    }
    names
}
