//! Opening a cgroup by its id: the id is the file handle of its directory.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// `FILEID_KERNFS`: the handle is the 64-bit node id and nothing else.
const FILEID_KERNFS: i32 = 0xfe;

/// `struct file_handle` with the eight bytes that a kernfs handle has.
#[repr(C)]
struct KernfsHandle {
    bytes: u32,
    kind: i32,
    id: [u8; 8],
}

/// A path-only descriptor of the cgroup's directory; `ESTALE` once the cgroup is removed.
///
/// `root` is any directory of the cgroup2 mount. Needs `CAP_DAC_READ_SEARCH`.
pub(super) fn open(root: BorrowedFd<'_>, id: u64) -> io::Result<OwnedFd> {
    let mut handle = KernfsHandle {
        bytes: 8,
        kind: FILEID_KERNFS,
        id: id.to_ne_bytes(),
    };
    // SAFETY: `handle` has the layout of `struct file_handle` followed by the eight bytes that
    // it announces, and lives through the call. The result is -1 or a descriptor that nobody
    // else owns.
    unsafe {
        let fd = libc::open_by_handle_at(
            root.as_raw_fd(),
            (&raw mut handle).cast(),
            libc::O_PATH | libc::O_CLOEXEC,
        );
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(OwnedFd::from_raw_fd(fd))
    }
}
