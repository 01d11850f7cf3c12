//! What the tests start and read.

pub(crate) mod auditor;
pub(crate) mod nginx;
pub(crate) mod record;
pub(crate) mod server;
pub(crate) mod shell;
