//! Processes that map code, as the kernel tells it.
//!
//! A software event that never counts carries a record for every executable mapping on its CPU:
//! nothing is polled, and no system call of the node becomes slower.

use std::{
    fs, io,
    os::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd},
    ptr,
    sync::atomic::{AtomicU64, Ordering},
};

/// Data pages of the ring of a CPU: some hundred records, which is many for the moment between the
/// wakeup and the reading. A power of two.
const DATA_PAGES: usize = 16;
/// `PERF_TYPE_SOFTWARE`.
const SOFTWARE: u32 = 1;
/// `PERF_COUNT_SW_DUMMY`.
const DUMMY: u64 = 9;
/// Bits of the attributes: `exclude_kernel`, `exclude_hv`, `mmap`, `watermark`, `mmap2`.
const FLAGS: u64 = 1 << 5 | 1 << 6 | 1 << 8 | 1 << 14 | 1 << 23;
/// `PERF_FLAG_FD_CLOEXEC`.
const CLOEXEC: libc::c_ulong = 8;
/// `PERF_RECORD_LOST`.
const LOST: u32 = 2;
/// `PERF_RECORD_MMAP2`.
const MMAP2: u32 = 10;
/// Where in the first page the kernel's and the reader's positions are.
const HEAD: usize = 1024;
const TAIL: usize = 1032;
/// Length of a record's header, and what stands before the file name of a mapping.
const RECORD_HEADER: usize = 8;
const MMAP2_NAME: usize = 72;

/// `perf_event_attr`, version 5 of it.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    r#type: u32,
    size: u32,
    config: u64,
    sample: [u64; 3],
    flags: u64,
    wakeup_watermark: u32,
    breakpoint: u32,
    rest: [u64; 7],
}

/// What happened on a CPU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News<'a> {
    Mapped {
        pid: u32,
        path: &'a [u8],
    },
    /// Records did not fit.
    Missed,
}

/// The rings of all CPUs.
pub(super) struct Newcomers {
    rings: Vec<Ring>,
}

struct Ring {
    event: OwnedFd,
    memory: *mut u8,
    page: usize,
    record: Vec<u8>,
}

// SAFETY: the memory is this ring's own, and only one thread has the ring.
unsafe impl Send for Ring {}

impl Newcomers {
    pub(super) fn listen() -> io::Result<Self> {
        let rings = online()?.into_iter().map(Ring::open);
        let rings = rings.collect::<io::Result<_>>()?;
        Ok(Self { rings })
    }

    /// What becomes readable when a process maps code.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.rings.iter().map(|ring| ring.event.as_fd())
    }

    /// Hands over what happened since the last call.
    pub(super) fn read(&mut self, mut tell: impl FnMut(News<'_>)) {
        for ring in &mut self.rings {
            ring.read(&mut tell);
        }
    }
}

impl Ring {
    fn open(cpu: u32) -> io::Result<Self> {
        let attributes = Attributes {
            r#type: SOFTWARE,
            size: size_of::<Attributes>() as u32,
            config: DUMMY,
            flags: FLAGS,
            wakeup_watermark: 1,
            ..Attributes::default()
        };
        // SAFETY: the attributes are valid for the call and say their size.
        let fd = unsafe {
            libc::syscall(
                libc::SYS_perf_event_open,
                &raw const attributes,
                -1,
                cpu as libc::c_int,
                -1,
                CLOEXEC,
            )
        };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel just made it for us.
        let event = unsafe { OwnedFd::from_raw_fd(fd as libc::c_int) };
        let page = rustix::param::page_size();
        // SAFETY: a new mapping, which is checked before use.
        let memory = unsafe {
            libc::mmap(
                ptr::null_mut(),
                (1 + DATA_PAGES) * page,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED,
                event.as_raw_fd(),
                0,
            )
        };
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            event,
            memory: memory.cast(),
            page,
            record: Vec::new(),
        })
    }

    fn read(&mut self, tell: &mut impl FnMut(News<'_>)) {
        let size = DATA_PAGES * self.page;
        let head = self.position(HEAD).load(Ordering::Acquire);
        let mut tail = self.position(TAIL).load(Ordering::Relaxed);
        while head.wrapping_sub(tail) >= RECORD_HEADER as u64 {
            let header = self.copy(tail, RECORD_HEADER);
            let kind = u32_at(header, 0);
            let length = usize::from(u16::from_ne_bytes([header[6], header[7]]));
            if length < RECORD_HEADER || length > size || length as u64 > head.wrapping_sub(tail) {
                // Not what the kernel writes: nothing after it can be read either.
                tail = head;
                tell(News::Missed);
                break;
            }
            let record = self.copy(tail, length);
            if let Some(news) = news(kind, record) {
                tell(news);
            }
            tail = tail.wrapping_add(length as u64);
        }
        self.position(TAIL).store(tail, Ordering::Release);
    }

    fn position(&self, offset: usize) -> &AtomicU64 {
        // SAFETY: within the first page, aligned, shared with the kernel, which writes it whole.
        unsafe { AtomicU64::from_ptr(self.memory.add(offset).cast()) }
    }

    /// Bytes of the ring, which may go around its end.
    fn copy(&mut self, from: u64, length: usize) -> &[u8] {
        let size = DATA_PAGES * self.page;
        self.record.clear();
        for i in 0..length {
            let at = self.page + (from.wrapping_add(i as u64) as usize) % size;
            // SAFETY: within the data pages; the kernel does not write what was not read.
            self.record.push(unsafe { self.memory.add(at).read() });
        }
        &self.record
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // SAFETY: the mapping that was made, which nobody uses any more.
        unsafe { libc::munmap(self.memory.cast(), (1 + DATA_PAGES) * self.page) };
    }
}

/// What a record of this kind says.
fn news(kind: u32, record: &[u8]) -> Option<News<'_>> {
    match kind {
        LOST => Some(News::Missed),
        MMAP2 => {
            let name = record.get(MMAP2_NAME..)?;
            let end = name.iter().position(|b| *b == 0).unwrap_or(name.len());
            Some(News::Mapped {
                pid: u32_at(record, RECORD_HEADER),
                path: &name[..end],
            })
        }
        _ => None,
    }
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|b| b.try_into().ok());
    four.map_or(0, u32::from_ne_bytes)
}

/// The CPUs in `0-3,6`.
fn online() -> io::Result<Vec<u32>> {
    let list = fs::read_to_string("/sys/devices/system/cpu/online")?;
    Ok(ranges(&list))
}

fn ranges(list: &str) -> Vec<u32> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.parse::<u32>().ok()?..=last.parse::<u32>().ok()?)
    };
    list.trim().split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::{MMAP2, MMAP2_NAME, News, news, ranges};

    #[test]
    fn a_mapping_tells_process_and_path() {
        let mut record = vec![0; MMAP2_NAME];
        record[8..12].copy_from_slice(&7u32.to_ne_bytes());
        record.extend_from_slice(b"/lib/libssl.so.3\0\0\0");
        let path = b"/lib/libssl.so.3";
        assert_eq!(news(MMAP2, &record), Some(News::Mapped { pid: 7, path }));
        assert_eq!(news(MMAP2, &record[..20]), None);
        assert_eq!(news(3, &record), None);
    }

    #[test]
    fn cpus_are_listed_in_ranges() {
        assert_eq!(ranges("0-2,5\n"), [0, 1, 2, 5]);
        assert_eq!(ranges("x"), [] as [u32; 0]);
    }
}
