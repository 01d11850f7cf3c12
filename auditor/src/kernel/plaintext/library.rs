//! What to probe in a TLS library.

use auditor_common::{Direction, site_flag};
use iced_x86::Register::{self, RCX, RDI, RDX, RSI};
use object::{
    Endianness, Object as _, ObjectSegment as _, ObjectSymbol as _, elf, read::elf::ElfFile,
};

use super::site::{Function, MAX_FUNCTION};

/// Functions that read or write plaintext: `int f(SSL *, void *, int)`, and the `_ex` ones
/// `int f(SSL *, void *, size_t, size_t *)`.
const CALLS: [(&str, Direction, u8, &[Register]); 4] = [
    ("SSL_read", Direction::Ingress, 0, &[RDI, RSI, RDX]),
    ("SSL_write", Direction::Egress, 0, &[RDI, RSI, RDX]),
    (
        "SSL_read_ex",
        Direction::Ingress,
        site_flag::COUNT_BY_REFERENCE,
        &[RDI, RSI, RDX, RCX],
    ),
    (
        "SSL_write_ex",
        Direction::Egress,
        site_flag::COUNT_BY_REFERENCE,
        &[RDI, RSI, RDX, RCX],
    ),
];
/// Functions after which the address of an `SSL` object may be another's.
const ENDS: [&str; 2] = ["SSL_free", "SSL_clear"];

/// Why a library is not probed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsuitable {
    #[error("it is no library for x86-64")]
    Foreign,
    #[error("it has no function {0}")]
    Missing(&'static str),
    #[error("the end of {0} is not where it could be probed")]
    NoReturn(&'static str),
}

/// Which program a probe runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Program {
    Called,
    Returned,
    LetGo,
}

/// One probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Probe {
    pub(super) program: Program,
    /// In the file.
    pub(super) offset: u64,
    pub(super) depth: u16,
    pub(super) direction: u8,
    pub(super) flags: u8,
}

/// The probes for a library, in the order in which they have to be attached: a call whose entry is
/// seen must be seen to return.
pub(super) fn probes(file: &[u8]) -> Result<Vec<Probe>, Unsuitable> {
    let file: ElfFile<'_, elf::FileHeader64<Endianness>> =
        ElfFile::parse(file).map_err(|_| Unsuitable::Foreign)?;
    if file.architecture() != object::Architecture::X86_64 {
        return Err(Unsuitable::Foreign);
    }
    let mut ends = Vec::new();
    let mut returns = Vec::new();
    let mut entries = Vec::new();
    for name in ENDS {
        let (offset, function) = function(&file, name).ok_or(Unsuitable::Missing(name))?;
        let place = function.entry(&[RDI]);
        ends.push(Probe {
            program: Program::LetGo,
            offset: offset + place.at,
            depth: place.depth,
            direction: 0,
            flags: 0,
        });
    }
    for (name, direction, flags, arguments) in CALLS {
        let Some((offset, function)) = function(&file, name) else {
            // Older libraries have no `_ex` functions.
            if flags == 0 {
                return Err(Unsuitable::Missing(name));
            }
            continue;
        };
        let probe = |program, place: super::site::Place| Probe {
            program,
            offset: offset + place.at,
            depth: place.depth,
            direction: direction as u8,
            flags,
        };
        let places = function.returns().ok_or(Unsuitable::NoReturn(name))?;
        returns.extend(places.into_iter().map(|p| probe(Program::Returned, p)));
        entries.push(probe(Program::Called, function.entry(arguments)));
    }
    ends.append(&mut returns);
    ends.append(&mut entries);
    Ok(ends)
}

/// A function of the library and where in the file it begins.
fn function(
    file: &ElfFile<'_, elf::FileHeader64<Endianness>>,
    name: &str,
) -> Option<(u64, Function)> {
    let symbol = file
        .dynamic_symbols()
        .find(|symbol| symbol.is_definition() && symbol.name() == Ok(name))?;
    let (address, size) = (symbol.address(), symbol.size());
    if size == 0 || size > MAX_FUNCTION {
        return None;
    }
    file.segments().find_map(|segment| {
        let code = segment.data_range(address, size).ok()??;
        let offset = segment.file_range().0 + (address - segment.address());
        Some((offset, Function::decode(code)))
    })
}
