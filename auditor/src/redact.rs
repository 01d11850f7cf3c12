//! The last stage that sees secrets; what leaves it is [`Sealed`].
//!
//! Headers are recorded by an allow-list only, query values never, tokens nowhere. Every value
//! from the wire leaves as bounded, valid, printable UTF-8.

mod aggregate;
mod attributes;
mod caller;
mod connection;
mod headers;
mod http;
mod identity;
mod line;
mod node;
mod redactor;
mod rpc;
mod sealed;
mod target;
mod tls;
mod value;

pub use headers::HeaderAllowList;
pub use redactor::Redactor;
pub use sealed::Sealed;

#[cfg(test)]
mod tests;
