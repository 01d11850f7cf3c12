//! The last stage that sees secrets; what leaves it is [`Sealed`].
//!
//! Headers and query values are recorded by an allow-list only, tokens nowhere, and segments of a
//! path that hold a secret or a person are replaced. Every value from the wire leaves as bounded,
//! valid, printable UTF-8.

mod aggregate;
mod asked;
mod attributes;
mod caller;
mod connection;
mod headers;
mod http;
mod identity;
mod line;
mod node;
mod path;
mod policy;
mod redactor;
mod rpc;
mod sealed;
mod segment;
mod target;
mod tls;
mod user;
mod value;

pub use headers::HeaderAllowList;
pub use policy::{Policies, PolicyError};
pub use redactor::Redactor;
pub use sealed::Sealed;
pub use user::UserKeyError;

#[cfg(test)]
mod tests;
