//! Loading and attaching the kernel programs.

use std::os::fd::AsFd;

use aya::{
    Ebpf, EbpfError, EbpfLoader,
    maps::{Array, HashMap, MapError, PerCpuArray, RingBuf},
    programs::{
        CgroupAttachMode, CgroupSkb, CgroupSkbAttachType, CgroupSock, CgroupSockAddr, ProgramError,
        SockOps,
    },
};

use super::{
    CgroupError, CgroupRoot, CountersReader, DirectiveWriter, LeftOutWriter, LoadedProgram,
    RingReader, refusal,
};

/// The object file that `build.rs` made.
static OBJECT: &[u8] = aya::include_bytes_aligned!(concat!(env!("OUT_DIR"), "/auditor"));

#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
    #[error("load kernel programs: {source}{}", refusal::of_map(source))]
    Load {
        #[from]
        source: EbpfError,
    },
    #[error("load kernel program \"{name}\": {}", refusal::of_program(.source))]
    Program {
        name: &'static str,
        source: ProgramError,
    },
    #[error("attach kernel program \"{name}\" to the cgroup-v2 root: {}", refusal::of_program(.source))]
    Attach {
        name: &'static str,
        source: ProgramError,
    },
    #[error("kernel map: {0}")]
    Map(#[from] MapError),
    #[error("ring size {0} is not a power of two of at least one page")]
    RingSize(u32),
}

/// How to load.
#[derive(Clone, Copy, Debug)]
pub struct CaptureOptions {
    /// Ring size, bytes; a power of two of at least one page.
    pub ring_bytes: u32,
    /// Connections of this process are not looked at; 0 for none.
    pub own_pid: u32,
    /// Make room for the plaintext tier.
    pub plaintext: bool,
}

/// The attached programs. Dropping it detaches them.
pub struct Capture {
    pub ring: RingReader,
    pub counters: CountersReader,
    pub directives: DirectiveWriter,
    pub left_out: LeftOutWriter,
    pub attached: Attached,
}

/// Keeps the programs attached.
pub struct Attached {
    ebpf: Ebpf,
}

impl Capture {
    /// Loads the programs and attaches them to the cgroup-v2 root.
    pub fn start(root: &CgroupRoot, options: CaptureOptions) -> Result<Self, CaptureError> {
        let mut ebpf = load(options)?;
        // Maps leave the object before anything is attached, so a failure leaves nothing behind.
        let ring = RingBuf::try_from(take(&mut ebpf, "EVENTS")?)?;
        let counters = PerCpuArray::try_from(take(&mut ebpf, "COUNTERS")?)?;
        let directives = HashMap::try_from(take(&mut ebpf, "DIRECTIVES")?)?;
        let left_out = HashMap::try_from(take(&mut ebpf, "LEFT_OUT")?)?;
        let scope_version = Array::try_from(take(&mut ebpf, "SCOPE_VERSION")?)?;
        attach(&mut ebpf, root)?;
        Ok(Self {
            ring: RingReader::new(ring),
            counters: CountersReader::new(counters),
            directives: DirectiveWriter::new(directives),
            left_out: LeftOutWriter::new(left_out, scope_version),
            attached: Attached { ebpf },
        })
    }

    /// The programs that are loaded.
    pub fn programs(&self) -> Vec<LoadedProgram> {
        let programs = self.attached.ebpf.programs();
        programs
            .filter_map(|(name, program)| LoadedProgram::of(name, program))
            .collect()
    }
}

impl Attached {
    /// Detaches every program; the ring keeps what it holds.
    pub fn detach(self) {}

    /// A program by its name.
    pub(super) fn program<'a, P>(&'a mut self, name: &str) -> Result<&'a mut P, ProgramError>
    where
        &'a mut P: TryFrom<&'a mut aya::programs::Program, Error = ProgramError>,
    {
        self.ebpf
            .program_mut(name)
            .ok_or(ProgramError::UnexpectedProgramType)
            .and_then(TryInto::try_into)
    }
}

fn load(options: CaptureOptions) -> Result<Ebpf, CaptureError> {
    let page = rustix::param::page_size() as u32;
    if !options.ring_bytes.is_power_of_two() || options.ring_bytes < page {
        return Err(CaptureError::RingSize(options.ring_bytes));
    }
    let wakeup = u64::from(options.ring_bytes / 4);
    let mut loader = EbpfLoader::new();
    if !options.plaintext {
        // They would take their memory when they are made.
        for map in ["CALLS", "SESSIONS"] {
            loader.map_max_entries(map, 1);
        }
    }
    let ebpf = loader
        // The programs need no kernel types; parsing them would cost 50 MB at start.
        .btf(None)
        .map_max_entries("EVENTS", options.ring_bytes)
        .override_global("WAKEUP_BYTES", &wakeup, true)
        .override_global("OWN_PID", &options.own_pid, true)
        .load(OBJECT)?;
    Ok(ebpf)
}

fn take(ebpf: &mut Ebpf, name: &str) -> Result<aya::maps::Map, CaptureError> {
    ebpf.take_map(name).ok_or_else(|| {
        MapError::InvalidName {
            name: name.to_owned(),
        }
        .into()
    })
}

fn attach(ebpf: &mut Ebpf, root: &CgroupRoot) -> Result<(), CaptureError> {
    // A link is attached beside other programs whatever the mode says; other modes are refused.
    const MODE: CgroupAttachMode = CgroupAttachMode::Single;
    type Step = fn(&mut Ebpf, &'static str, &CgroupRoot) -> Result<(), CaptureError>;
    // Owners first: a connection that opens while the rest is attached already has its owner.
    let steps: [(&'static str, Step); 7] = [
        ("socket_created", attach_socket),
        ("socket_released", attach_socket),
        ("connecting4", attach_connect),
        ("connecting6", attach_connect),
        ("connection_changed", |ebpf, name, root| {
            let program: &mut SockOps = program(ebpf, name)?;
            program
                .load()
                .map_err(|source| CaptureError::Program { name, source })?;
            let link = program.attach(root.as_fd(), MODE);
            link.map(drop)
                .map_err(|source| CaptureError::Attach { name, source })
        }),
        ("segment_received", |ebpf, name, root| {
            attach_segment(ebpf, name, root, CgroupSkbAttachType::Ingress)
        }),
        ("segment_sent", |ebpf, name, root| {
            attach_segment(ebpf, name, root, CgroupSkbAttachType::Egress)
        }),
    ];
    steps
        .iter()
        .try_for_each(|(name, step)| step(ebpf, name, root))
}

fn attach_socket(
    ebpf: &mut Ebpf,
    name: &'static str,
    root: &CgroupRoot,
) -> Result<(), CaptureError> {
    let program: &mut CgroupSock = program(ebpf, name)?;
    program
        .load()
        .map_err(|source| CaptureError::Program { name, source })?;
    let link = program.attach(root.as_fd(), CgroupAttachMode::Single);
    link.map(drop)
        .map_err(|source| CaptureError::Attach { name, source })
}

fn attach_connect(
    ebpf: &mut Ebpf,
    name: &'static str,
    root: &CgroupRoot,
) -> Result<(), CaptureError> {
    let program: &mut CgroupSockAddr = program(ebpf, name)?;
    program
        .load()
        .map_err(|source| CaptureError::Program { name, source })?;
    let link = program.attach(root.as_fd(), CgroupAttachMode::Single);
    link.map(drop)
        .map_err(|source| CaptureError::Attach { name, source })
}

fn attach_segment(
    ebpf: &mut Ebpf,
    name: &'static str,
    root: &CgroupRoot,
    kind: CgroupSkbAttachType,
) -> Result<(), CaptureError> {
    let program: &mut CgroupSkb = program(ebpf, name)?;
    program
        .load()
        .map_err(|source| CaptureError::Program { name, source })?;
    let link = program.attach(root.as_fd(), kind, CgroupAttachMode::Single);
    link.map(drop)
        .map_err(|source| CaptureError::Attach { name, source })
}

fn program<'a, P>(ebpf: &'a mut Ebpf, name: &'static str) -> Result<&'a mut P, CaptureError>
where
    &'a mut P: TryFrom<&'a mut aya::programs::Program, Error = ProgramError>,
{
    ebpf.program_mut(name)
        .ok_or(ProgramError::UnexpectedProgramType)
        .and_then(TryInto::try_into)
        .map_err(|source| CaptureError::Program { name, source })
}
