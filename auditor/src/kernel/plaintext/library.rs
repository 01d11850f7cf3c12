//! What to probe in a TLS library.

use auditor_common::{
    Site,
    site_flag::{COUNT_BY_REFERENCE, WRITES},
};
use iced_x86::Register::{self, RCX, RDI, RDX, RSI};
use object::{
    Endianness, Object as _, ObjectSegment as _, ObjectSymbol as _, ReadRef, elf,
    read::elf::ElfFile,
};

use super::site::{Function, MAX_FUNCTION, Place};

type Elf<'a, R> = ElfFile<'a, elf::FileHeader64<Endianness>, R>;

/// Functions that read or write plaintext: `int f(SSL *, void *, int)`, and the `_ex` ones
/// `int f(SSL *, void *, size_t, size_t *)`.
const CALLS: [(&str, u8, &[Register]); 4] = [
    ("SSL_read", 0, &[RDI, RSI, RDX]),
    ("SSL_write", WRITES, &[RDI, RSI, RDX]),
    ("SSL_read_ex", COUNT_BY_REFERENCE, &[RDI, RSI, RDX, RCX]),
    (
        "SSL_write_ex",
        COUNT_BY_REFERENCE | WRITES,
        &[RDI, RSI, RDX, RCX],
    ),
];
/// Copies the random bytes of the ClientHello: `size_t f(const SSL *, unsigned char *, size_t)`.
const CLIENT_RANDOM: &str = "SSL_get_client_random";
/// Functions after which the address of an `SSL` object may be another's.
const ENDS: [&str; 2] = ["SSL_free", "SSL_clear"];

/// Why a library is not probed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unsuitable {
    #[error("it is no program or library for x86-64")]
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
#[derive(Clone, Copy, Debug)]
pub(super) struct Probe {
    pub(super) program: Program,
    /// In the file.
    pub(super) offset: u64,
    /// Without the number of the library.
    pub(super) site: Site,
}

/// The probes for a library, in the order in which they have to be attached: a call whose entry is
/// seen must be seen to return.
pub(super) fn probes<'a>(file: impl ReadRef<'a>) -> Result<Vec<Probe>, Unsuitable> {
    let file = Elf::parse(file).map_err(|_| Unsuitable::Foreign)?;
    if file.architecture() != object::Architecture::X86_64 {
        return Err(Unsuitable::Foreign);
    }
    // In OpenSSL 1.1 they are in another object: what is found then is not random, and no hello's.
    let client_random = function(&file, CLIENT_RANDOM).and_then(|(_, f)| f.member(RDI));
    let probe = |program, begin: u64, place: Place, flags| Probe {
        program,
        offset: begin + place.at,
        site: Site {
            library: 0,
            client_random: client_random.unwrap_or(0),
            depth: place.depth,
            flags,
        },
    };
    let mut probes = Vec::new();
    let mut entries = Vec::new();
    for name in ENDS {
        let (begin, function) = function(&file, name).ok_or(Unsuitable::Missing(name))?;
        probes.push(probe(Program::LetGo, begin, function.entry(&[RDI]), 0));
    }
    for (name, flags, arguments) in CALLS {
        let Some((begin, function)) = function(&file, name) else {
            // Older libraries have no `_ex` functions.
            if flags & COUNT_BY_REFERENCE == 0 {
                return Err(Unsuitable::Missing(name));
            }
            continue;
        };
        let returns = function.returns().ok_or(Unsuitable::NoReturn(name))?;
        let returns = returns.into_iter();
        probes.extend(returns.map(|place| probe(Program::Returned, begin, place, flags)));
        let entry = function.entry(arguments);
        entries.push(probe(Program::Called, begin, entry, flags));
    }
    probes.append(&mut entries);
    Ok(probes)
}

/// A function of the library and where in the file it begins.
fn function<'a>(file: &Elf<'a, impl ReadRef<'a>>, name: &str) -> Option<(u64, Function)> {
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
