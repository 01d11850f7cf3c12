//! Which TLS libraries the processes of this node have in use.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;

use serde::Serialize;

use crate::text::printable;

/// How the names of the shared objects begin.
const NAMES: [&[u8]; 8] = [
    b"libssl.so",
    // As Python wheels carry it.
    b"libssl-",
    b"libssl3.so",
    b"libgnutls.so",
    b"libmbedtls.so",
    b"libwolfssl.so",
    b"libnetty_tcnative",
    b"libconscrypt",
];

/// A node that runs more shows the same libraries again.
const MAX_PROCESSES: usize = 16_384;

/// The largest virtual machines have this many mappings; whoever has more is read in part.
const MAX_MAPS_BYTES: u64 = 4 * 1024 * 1024;

/// Libraries linked into a program are not among them: Go, Rust, Envoy, Node.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TlsLibraries {
    pub libraries: Vec<Library>,
    pub processes_read: usize,
    pub processes_unreadable: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Library {
    /// As the processes see it: in a container, below its root.
    pub path: String,
    pub processes: usize,
}

// === impl TlsLibraries ===

impl TlsLibraries {
    pub(super) fn in_use(proc: &Path) -> Self {
        let mut found = BTreeMap::<Vec<u8>, usize>::new();
        let mut libraries = Self::default();
        let entries = fs::read_dir(proc).into_iter().flatten().flatten();
        let processes = entries.filter(|entry| {
            let name = entry.file_name();
            name.as_encoded_bytes().iter().all(u8::is_ascii_digit)
        });
        for process in processes.take(MAX_PROCESSES) {
            match mapped(&process.path().join("maps")) {
                Some(paths) => {
                    libraries.processes_read += 1;
                    for path in paths {
                        *found.entry(path).or_default() += 1;
                    }
                }
                None => libraries.processes_unreadable += 1,
            }
        }
        libraries.libraries = found
            .into_iter()
            .map(|(path, processes)| Library {
                path: printable(&path),
                processes,
            })
            .collect();
        libraries
    }
}

/// The libraries that one process has mapped; `None` if that cannot be read.
fn mapped(maps: &Path) -> Option<BTreeSet<Vec<u8>>> {
    let mut reader = BufReader::new(File::open(maps).ok()?.take(MAX_MAPS_BYTES));
    let mut paths = BTreeSet::new();
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).ok()? > 0 {
        if let Some(path) = library(line.trim_ascii_end()) {
            paths.insert(path.to_vec());
        }
        line.clear();
    }
    Some(paths)
}

/// The path in `7f00-7f01 r-xp 00000000 08:01 123   /usr/lib/libssl.so.3`, if it is a library's.
fn library(line: &[u8]) -> Option<&[u8]> {
    let path = &line[line.iter().position(|byte| *byte == b'/')?..];
    let is_code = line.split(|byte| *byte == b' ').nth(1)?.contains(&b'x');
    let name = path.rsplit(|byte| *byte == b'/').next()?;
    (is_code && NAMES.iter().any(|known| name.starts_with(known))).then_some(path)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{TlsLibraries, library};

    #[test]
    fn a_library_is_known_by_the_name_of_its_code() {
        let path: &[u8] = b"/usr/lib/x86_64-linux-gnu/libssl.so.3";
        let line = [b"7f0000-7f1000 r-xp 00001000 08:01 1234   ", path].concat();
        assert_eq!(library(&line), Some(path));
        for line in [
            &b"7f0000-7f1000 r--p 00001000 08:01 1234   /usr/lib/libssl.so.3"[..],
            b"7f0000-7f1000 r-xp 00001000 08:01 1234   /usr/lib/libc.so.6",
            b"7f0000-7f1000 r-xp 00001000 08:01 1234   /usr/lib/libssl.so.3/other",
            b"7f0000-7f1000 rwxp 00000000 00:00 0",
            b"7f0000-7f1000 r-xp 00000000 00:00 0      [vdso]",
            b"",
        ] {
            assert_eq!(library(line), None, "{}", String::from_utf8_lossy(line));
        }
    }

    #[test]
    fn this_process_is_read() {
        let libraries = TlsLibraries::in_use(Path::new("/proc"));
        assert!(libraries.processes_read >= 1);
        assert_eq!(
            TlsLibraries::in_use(Path::new("/nowhere")),
            TlsLibraries::default()
        );
    }
}
