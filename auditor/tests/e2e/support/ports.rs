//! Ports that nobody uses.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};

/// A port that is free on both loopback addresses.
pub(crate) fn free() -> u16 {
    loop {
        let four = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = four.local_addr().expect("it is bound").port();
        if TcpListener::bind((Ipv6Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}
