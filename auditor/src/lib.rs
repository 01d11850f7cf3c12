//! The auditor, in pipeline order: data moves only downwards through this list.

pub mod identity;
pub mod redact;
