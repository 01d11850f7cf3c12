//! Memory that nobody uses.

/// Gives it back to the node. The C library does not by itself where something that is still used
/// lies behind it, and after a hundred thousand connections that is nearly everywhere.
pub(super) fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: takes no pointers, and may be called at any time by any thread.
    unsafe {
        libc::malloc_trim(0);
    }
}
