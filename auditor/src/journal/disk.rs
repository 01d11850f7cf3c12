//! What the journal needs of a file system, so that tests can give it one that fails.

mod directory;
#[cfg(test)]
pub(super) mod faulty;

use std::io::{self, ErrorKind};

pub use directory::Directory;

/// One directory, and nothing outside it.
pub trait Disk: Clone + Send {
    type File: DiskFile;

    fn names(&self) -> io::Result<Vec<String>>;
    /// A new file to append to; it must not exist.
    fn create(&self, name: &str) -> io::Result<Self::File>;
    /// An existing file to read.
    fn open(&self, name: &str) -> io::Result<Self::File>;
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes creations, renames and removals durable.
    fn sync(&self) -> io::Result<()>;
}

pub trait DiskFile: Send {
    /// Appends some of the bytes and says how many.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;
    /// Makes what was written durable. After an error nothing is known about it.
    fn sync(&mut self) -> io::Result<()>;
    /// Sets space aside without changing the length; does nothing where this is not supported.
    fn reserve(&mut self, bytes: u64) -> io::Result<()>;
    /// Gives the space back that lies behind the end, which is at `length`.
    fn release(&mut self, length: u64) -> io::Result<()>;
    /// Reads up to a buffer's worth; 0 at the end.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    fn length(&self) -> io::Result<u64>;
}

/// Appends all of the bytes.
pub(super) fn write_all(file: &mut impl DiskFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The first `limit` bytes of a file, or all if it is shorter.
pub(super) fn read(disk: &impl Disk, name: &str, limit: usize) -> io::Result<Vec<u8>> {
    let file = disk.open(name)?;
    let mut bytes = vec![0; limit];
    let mut filled = 0;
    while filled < limit {
        match file.read_at(&mut bytes[filled..], filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Replaces a small file: after a crash it is the old one or the new one.
pub(super) fn replace(disk: &impl Disk, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = format!("{name}.new");
    match disk.remove(&new) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = disk.create(&new)?;
    write_all(&mut file, bytes)?;
    file.sync()?;
    disk.rename(&new, name)?;
    disk.sync()
}
