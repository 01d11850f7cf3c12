//! The thread that sets probes in TLS libraries, where that is asked for.

use std::{
    io,
    os::fd::{AsFd as _, OwnedFd},
    sync::{
        Arc,
        mpsc::{Receiver, sync_channel},
    },
    thread::JoinHandle,
};

use rustix::event::{EventfdFlags, eventfd};

use super::{AppError, joined, spawn, system};
use crate::{
    config::Settings,
    kernel::{Attached, LibraryNews, MAX_LIBRARIES, Prober},
    session::Tier,
};

/// News of TLS libraries that may wait: two of each.
const NEWS_QUEUE: usize = 2 * MAX_LIBRARIES;

/// What is attached to the node.
pub(super) enum Tap {
    Base(Attached),
    /// The plaintext tier was asked for in vain.
    Refused(Attached),
    Plaintext {
        stop: Arc<OwnedFd>,
        prober: JoinHandle<Attached>,
    },
}

// === impl Tap ===

impl Tap {
    /// With the plaintext tier if it is asked for and the kernel has what it needs; then also the
    /// libraries that it will probe.
    pub(super) fn open(
        attached: Attached,
        settings: &Settings,
    ) -> Result<(Self, Option<Receiver<LibraryNews>>), AppError> {
        if !settings.tls_plaintext {
            return Ok((Self::Base(attached), None));
        }
        let (to_understand, news) = sync_channel(NEWS_QUEUE);
        let prober = match Prober::start(attached, &settings.proc_root, to_understand) {
            Ok(prober) => prober,
            Err(refused) => {
                let (error, attached) = *refused;
                tracing::warn!(%error, "no plaintext tier");
                return Ok((Self::Refused(attached), None));
            }
        };
        let stop = eventfd(0, EventfdFlags::CLOEXEC).map_err(io::Error::from);
        let stop = Arc::new(stop.map_err(system("make an event descriptor"))?);
        let told = Arc::clone(&stop);
        let prober = spawn("plaintext", move || prober.run(told.as_fd()))?;
        Ok((Self::Plaintext { stop, prober }, Some(news)))
    }

    pub(super) fn tier(&self) -> Tier {
        match self {
            Self::Base(_) => Tier::Disabled,
            Self::Refused(_) => Tier::Refused,
            Self::Plaintext { .. } => Tier::Probing,
        }
    }

    /// Detaches every program.
    pub(super) fn detach(self) {
        let attached = match self {
            Self::Base(attached) | Self::Refused(attached) => attached,
            Self::Plaintext { stop, prober } => {
                // The counter is 0: the write cannot block.
                let _ = rustix::io::write(&stop, &1u64.to_ne_bytes());
                joined(prober)
            }
        };
        attached.detach();
    }
}
