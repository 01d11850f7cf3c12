//! Bounds in a form the verifier keeps.
//!
//! LLVM removes or moves comparisons that it can prove redundant, and the verifier then no longer
//! sees the bound on the register it checks. Written as assembly they stay where they are. The
//! lower bound is a signed comparison because older verifiers learn nothing from `!= 0`.

use core::arch::asm;

/// `n`, forced into `1..=MAX`.
#[inline(always)]
pub fn clamp<const MAX: usize>(mut n: u64) -> u64 {
    // SAFETY: touches only the given register.
    unsafe {
        asm!(
            "if {n} <= {max} goto +1",
            "{n} = {max}",
            "if {n} s> 0 goto +1",
            "{n} = 1",
            n = inout(reg) n,
            max = const MAX,
        );
    }
    n
}

/// `n` modulo 64.
#[inline(always)]
pub fn below64(mut n: u64) -> u64 {
    // SAFETY: touches only the given register.
    unsafe {
        asm!("{n} &= 63", n = inout(reg) n);
    }
    n
}
