//! Which processes map a TLS library: those that do already, and those that begin to.

use std::{
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// How the names of OpenSSL's library begin; Python wheels carry it with a hash in its name.
const NAMES: [&[u8]; 2] = [b"libssl.so", b"libssl-"];
/// Programs that carry it within.
const PROGRAMS: [&[u8]; 2] = [b"node", b"nodejs"];
/// The largest virtual machines have this many mappings; whoever has more is read in part.
const MAX_MAPS_BYTES: u64 = 4 * 1024 * 1024;

/// Code of a TLS library in a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mapping {
    /// Leads to the mapped file itself, whatever has its name by now and in whichever mount
    /// namespace.
    pub(super) file: PathBuf,
    /// File name.
    pub(super) name: String,
}

/// A file, whatever its name: the probes keep it, so that its number is not used again meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FileKey {
    device: u64,
    inode: u64,
}

// === impl FileKey ===

impl FileKey {
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }
}

/// Process ids in a `/proc`.
pub(super) fn processes(proc: &Path) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

/// The TLS libraries that a process maps. Nothing if it is gone.
pub(super) fn of_process(proc: &Path, pid: u32) -> io::Result<Vec<Mapping>> {
    let folder = proc.join(pid.to_string());
    let maps = File::open(folder.join("maps"))?.take(MAX_MAPS_BYTES);
    let mut found = Vec::new();
    for line in BufReader::new(maps).split(b'\n') {
        if let Some((range, name)) = library(&line?) {
            let file = folder.join("map_files").join(range);
            found.push(Mapping { file, name });
        }
    }
    Ok(found)
}

/// The process maps the file.
pub(super) fn maps(proc: &Path, pid: u32, key: FileKey) -> bool {
    let mappings = of_process(proc, pid).unwrap_or_default();
    let mut files = mappings.iter().map(|m| File::open(&m.file));
    files.any(|file| file.and_then(|f| FileKey::of(&f)).is_ok_and(|k| k == key))
}

/// Fails where this process may not open what processes map.
pub(super) fn may_open() -> io::Result<()> {
    for entry in fs::read_dir("/proc/self/map_files")? {
        match File::open(entry?.path()) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Err(error),
            // Another thread may have unmapped it.
            Err(_) => {}
            Ok(_) => return Ok(()),
        }
    }
    Ok(())
}

/// The file's name is that of a library which may be probed.
pub(super) fn is_library(path: &[u8]) -> bool {
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    is_program(name) || NAMES.iter().any(|known| name.starts_with(known))
}

/// The name is that of a program which may have the library within.
pub(super) fn is_program(name: impl AsRef<[u8]>) -> bool {
    PROGRAMS.contains(&name.as_ref())
}

/// Range and file name in `7f00-7f01 r-xp 00000000 08:01 123   /usr/lib/libssl.so.3`.
fn library(line: &[u8]) -> Option<(String, String)> {
    let path = &line[line.iter().position(|byte| *byte == b'/')?..];
    let mut words = line.split(|byte| *byte == b' ');
    let range = std::str::from_utf8(words.next()?).ok()?;
    let is_code = words.next()?.contains(&b'x');
    let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
    if !is_code || !is_library(path) {
        return None;
    }
    let (from, to) = range.split_once('-')?;
    let trimmed = |hex: &str| u64::from_str_radix(hex, 16).ok();
    let range = format!("{:x}-{:x}", trimmed(from)?, trimmed(to)?);
    let name = path.rsplit(|byte| *byte == b'/').next()?;
    Some((range, crate::text::printable(name)))
}

#[cfg(test)]
mod tests {
    use super::library;

    #[test]
    fn a_library_is_known_by_the_name_of_its_code() {
        let found = |line: &str| library(line.as_bytes());
        let expected = Some(("7f00-7f01".to_owned(), "libssl.so.3".to_owned()));
        assert_eq!(
            found("00007f00-00007f01 r-xp 00001000 08:01 1234   /usr/lib/libssl.so.3"),
            expected
        );
        assert_eq!(
            found("7f00-7f01 r-xp 00001000 08:01 1234   /a b/libssl.so.3 (deleted)"),
            expected
        );
        let node = Some(("7f00-7f01".to_owned(), "node".to_owned()));
        assert_eq!(
            found("7f00-7f01 r-xp 00001000 08:01 1234   /usr/bin/node (deleted)"),
            node
        );
        for line in [
            "7f00-7f01 r--p 00001000 08:01 1234   /usr/lib/libssl.so.3",
            "7f00-7f01 r-xp 00001000 08:01 1234   /usr/lib/libc.so.6",
            "7f00-7f01 r-xp 00001000 08:01 1234   /usr/bin/nodeenv",
            "7f00-7f01 rwxp 00000000 00:00 0",
            "/",
            "",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }
}
