//! Probes in the TLS libraries of this node, set when a library is first mapped and taken away when
//! nobody maps it any more.
//!
//! The probes are links held by this process; without it they are gone. A library is attached by
//! its file, so one that many containers share is attached once.

mod library;
mod mappings;
mod newcomers;
mod prober;
mod site;

use std::io;

use aya::{
    Btf, BtfError,
    programs::{
        BtfTracePoint, ProgramError, UProbe,
        uprobe::{UProbeAttachLocation, UProbeScope},
    },
    sys::SyscallError,
};

use super::{Attached, refusal};
use library::Program;
use newcomers::Newcomers;

pub use prober::{LibraryNews, MAX_LIBRARIES, Prober};

#[derive(Debug, thiserror::Error)]
pub enum PlaintextError {
    #[error("kernel types: {0}; the plaintext tier needs a kernel with BTF")]
    Types(#[from] BtfError),
    #[error("this kernel has no tracepoint {0}; the plaintext tier needs Linux 6.3 or later")]
    NoTracepoint(&'static str),
    #[error("load kernel program \"{name}\": {}", refusal::of_program(.source))]
    Program {
        name: &'static str,
        source: ProgramError,
    },
    #[error(
        "listen for mapped libraries: {0}; the plaintext tier needs CAP_PERFMON, and a seccomp \
         profile that allows perf_event_open(2)"
    )]
    Listen(io::Error),
    #[error("open mapped files of processes: {0}; the plaintext tier needs CAP_SYS_ADMIN")]
    Files(io::Error),
    #[error(
        "set probes: {0}; the plaintext tier needs CAP_SYS_ADMIN, and a seccomp profile that allows \
         perf_event_open(2)"
    )]
    Probes(io::Error),
    #[error("the plaintext tier is there for x86-64 only")]
    Architecture,
}

/// Loads the programs and lets them go again.
pub fn try_plaintext(mut attached: Attached) -> Result<(), PlaintextError> {
    load(&mut attached).map(drop)
}

fn load(attached: &mut Attached) -> Result<Newcomers, PlaintextError> {
    if !cfg!(target_arch = "x86_64") {
        return Err(PlaintextError::Architecture);
    }
    mappings::may_open().map_err(PlaintextError::Files)?;
    let types = Btf::from_sys_fs()?;
    for program in [Program::Called, Program::Returned, Program::LetGo] {
        let name = name(program);
        let failed = |source| PlaintextError::Program { name, source };
        let program: &mut UProbe = attached.program(name).map_err(failed)?;
        program.load().map_err(failed)?;
        may_attach(program).map_err(PlaintextError::Probes)?;
    }
    for (name, tracepoint) in [
        ("socket_sent", "sock_send_length"),
        ("socket_received", "sock_recv_length"),
    ] {
        let failed = |source| match source {
            ProgramError::Btf(BtfError::UnknownBtfTypeName { .. }) => {
                PlaintextError::NoTracepoint(tracepoint)
            }
            source => PlaintextError::Program { name, source },
        };
        let program: &mut BtfTracePoint = attached.program(name).map_err(failed)?;
        program.load(tracepoint, &types).map_err(failed)?;
        program.attach().map_err(failed)?;
    }
    // Listening begins before the first look, so that nobody comes in between.
    Newcomers::listen().map_err(PlaintextError::Listen)
}

/// Fails where this process may not set probes. A folder has no code: the kernel refuses it, but not
/// before it has asked for the privilege.
fn may_attach(program: &mut UProbe) -> io::Result<()> {
    let attached = program.attach(
        UProbeAttachLocation::AbsoluteOffset(0),
        "/",
        UProbeScope::AllProcesses,
    );
    match attached {
        Err(ProgramError::SyscallError(SyscallError { io_error, .. }))
            if io_error.kind() == io::ErrorKind::PermissionDenied =>
        {
            Err(io_error)
        }
        _ => Ok(()),
    }
}

fn name(program: Program) -> &'static str {
    match program {
        Program::Called => "tls_called",
        Program::Returned => "tls_returned",
        Program::LetGo => "tls_let_go",
    }
}
