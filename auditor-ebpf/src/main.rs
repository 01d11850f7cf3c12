//! Kernel programs of the auditor: they copy and count, nothing else.
//!
//! No program delays, changes or drops traffic: every verdict is "go on". They read only what the
//! kernel hands them as context and packet bytes, so they load under lockdown=confidentiality.

#![no_std]
#![no_main]
#![feature(asm_experimental_arch)]

mod bound;
mod connection;
mod early;
mod emit;
mod frame;
mod lifecycle;
mod line;
mod lock;
mod maps;
mod owner;
mod packet;
mod phase;
mod plaintext;
mod scope;
mod segment;
mod stream;
mod tls;
mod unframed;
mod walk;

/// GPL-compatible, as the helpers demand.
#[unsafe(link_section = "license")]
#[unsafe(no_mangle)]
static LICENSE: [u8; 13] = *b"Dual MIT/GPL\0";

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // The verifier rejects any path that leads here.
    loop {}
}
