//! The floor: programs at the same hooks that do nothing.

use std::{
    io,
    mem::size_of,
    os::fd::{AsFd as _, AsRawFd as _, FromRawFd as _, OwnedFd, RawFd},
};

use auditor::kernel::CgroupRoot;

const BPF_PROG_LOAD: i64 = 5;
const BPF_LINK_CREATE: i64 = 28;
const BPF_PROG_TYPE_CGROUP_SKB: u32 = 8;
const INGRESS: u32 = 0;
const EGRESS: u32 = 1;

/// `r0 = 1; exit`: let the packet go on.
const PROGRAM: [u64; 2] = [0x0000_0001_0000_00b7, 0x95];

/// `union bpf_attr` of `BPF_PROG_LOAD`, up to the field that is needed last.
#[repr(C)]
#[derive(Default)]
struct Load {
    program_type: u32,
    instructions: u32,
    code: u64,
    license: u64,
    log_level: u32,
    log_size: u32,
    log: u64,
    kernel_version: u32,
    flags: u32,
    name: [u8; 16],
    ifindex: u32,
    attach_type: u32,
}

/// Likewise of `BPF_LINK_CREATE`.
#[repr(C)]
#[derive(Default)]
struct Link {
    program: u32,
    target: u32,
    attach_type: u32,
    flags: u32,
}

/// Empty programs at both hooks of every socket, for as long as it lives.
pub struct EmptyHooks {
    _links: [OwnedFd; 2],
}

impl EmptyHooks {
    pub fn attach() -> io::Result<Self> {
        let root = CgroupRoot::find().map_err(io::Error::other)?;
        let root = root.as_fd().as_raw_fd();
        Ok(Self {
            _links: [attach(root, INGRESS)?, attach(root, EGRESS)?],
        })
    }
}

fn attach(target: RawFd, attach_type: u32) -> io::Result<OwnedFd> {
    let load = Load {
        program_type: BPF_PROG_TYPE_CGROUP_SKB,
        instructions: PROGRAM.len() as u32,
        code: PROGRAM.as_ptr() as u64,
        license: c"GPL".as_ptr() as u64,
        name: *b"empty_hook\0\0\0\0\0\0",
        attach_type,
        ..Load::default()
    };
    let program = bpf(BPF_PROG_LOAD, &load)?;
    let link = Link {
        program: program.as_raw_fd() as u32,
        target: target as u32,
        attach_type,
        flags: 0,
    };
    bpf(BPF_LINK_CREATE, &link)
}

fn bpf<T>(command: i64, attributes: &T) -> io::Result<OwnedFd> {
    // SAFETY: both commands only read the attributes and what they point to, all of which outlives
    // the call, and return a descriptor.
    unsafe {
        let result = libc::syscall(
            libc::SYS_bpf,
            command,
            std::ptr::from_ref(attributes),
            size_of::<T>(),
        );
        if result < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedFd::from_raw_fd(result as RawFd))
    }
}
