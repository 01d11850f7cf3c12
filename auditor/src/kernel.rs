//! The kernel side: load, attach, read the ring and the counters, give directives.
//!
//! The only module that knows `aya`. Programs are held by links that are file descriptors of this
//! process, so they are gone when it is, however it ends.

mod batch;
mod capture;
mod cgroup;
mod counters;
mod directives;
mod existing;
mod left_out;
mod plaintext;
mod program;
mod refusal;
mod ring;

pub use auditor_common::Direction;
pub use batch::EventBatch;
pub use capture::{Attached, Capture, CaptureError, CaptureOptions};
pub use cgroup::{CgroupError, CgroupRoot};
pub use counters::{Counter, Counters, CountersReader};
pub use directives::{DirectiveWriter, FlowAction};
pub use existing::{Existing, ExistingConnections};
pub use left_out::LeftOutWriter;
pub use plaintext::{LibraryNews, MAX_LIBRARIES, PlaintextError, Prober, try_plaintext};
pub use program::LoadedProgram;
pub use ring::RingReader;
