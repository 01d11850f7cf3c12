//! One CPU at a time.
//!
//! Packets of one socket may arrive on two CPUs at once, because the programs run before the socket
//! is locked. A spin lock of the kernel does not go with calls of helpers, so this one does not
//! spin: whoever does not get it has to do without.

use core::arch::asm;

/// Zero where nobody holds it.
#[repr(transparent)]
pub struct Lock(u64);

impl Lock {
    /// True for the one that takes it.
    ///
    /// # Safety
    /// `lock` is valid.
    #[inline(always)]
    pub unsafe fn take(lock: *mut Self) -> bool {
        let before: u64;
        // SAFETY: an atomic access to what the caller says is valid. Needs kernel 5.12.
        unsafe {
            asm!(
                "r0 = cmpxchg_64({lock} + 0, r0, {taken})",
                lock = in(reg) lock,
                taken = in(reg) 1u64,
                inout("r0") 0u64 => before,
            );
        }
        before == 0
    }

    /// Gives it back. What was written before is there for the next that takes it.
    ///
    /// # Safety
    /// `lock` is valid and was taken here.
    #[inline(always)]
    pub unsafe fn give_back(lock: *mut Self) {
        // SAFETY: as above.
        unsafe {
            asm!(
                "{free} = xchg_64({lock} + 0, {free})",
                lock = in(reg) lock,
                free = inout(reg) 0u64 => _,
            );
        }
    }
}
