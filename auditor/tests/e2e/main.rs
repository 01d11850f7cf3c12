//! Real clients and servers with the built auditor beside them. Needs root; the tests run one at
//! a time, because the kernel programs are attached to the whole machine.

// Allowed where a test drives io_uring, and nowhere else.
#![deny(unsafe_code)]

mod support;

mod access;
mod capture;
mod counts;
mod delivery;
mod durable;
mod frames;
mod framing;
mod grpc;
mod hostile;
mod http2;
mod joined;
mod kubernetes;
mod lasting;
mod left_out;
mod loss;
mod metrics;
mod namespace;
mod own;
mod plaintext;
mod principal;
mod privilege;
mod reload;
mod sliced;
mod sockets;
mod tls;
mod untouched;
