//! The capture tiers.

use std::error::Error;
use std::io;

use super::finding::{Finding, Status};
use super::privilege::Privileges;
use crate::kernel::{
    Capture, CaptureOptions, CgroupError, CgroupRoot, LoadedProgram, try_plaintext,
};

/// A page of every supported kernel, and enough for a moment in which nobody reads.
const TRIAL_RING_BYTES: u32 = 64 * 1024;
const TRIAL: CaptureOptions = CaptureOptions {
    ring_bytes: TRIAL_RING_BYTES,
    own_pid: 0,
    plaintext: false,
};

/// Loads and attaches the programs, and detaches them at once.
pub(super) fn base(
    root: Result<CgroupRoot, CgroupError>,
    privileges: &Privileges,
) -> (Finding, Vec<LoadedProgram>) {
    const NAME: &str = "base tier";
    let root = match root {
        Ok(root) => root,
        Err(error) => return (refused(NAME, &error, privileges), Vec::new()),
    };
    let programs = match Capture::start(&root, TRIAL) {
        Ok(capture) => capture.programs(),
        Err(error) => return (refused(NAME, &error, privileges), Vec::new()),
    };
    let finding = if root.is_host_root() {
        Finding::new(
            NAME,
            Status::Works,
            "programs loaded, attached and detached",
        )
    } else {
        let detail = "programs can be attached, but only to the part of the node that this \
                      process's control group namespace shows";
        Finding::new(NAME, Status::Limited, detail)
            .remedy("mount the host's /sys/fs/cgroup into the container")
    };
    (finding, programs)
}

/// Loads what the plaintext tier needs besides, and lets it go at once.
pub(super) fn plaintext(root: Option<&CgroupRoot>) -> Finding {
    const NAME: &str = "plaintext tier";
    let options = CaptureOptions {
        plaintext: true,
        ..TRIAL
    };
    let capture = root.map(|root| Capture::start(root, options));
    let Some(Ok(capture)) = capture else {
        return Finding::new(NAME, Status::Missing, "it needs the base tier");
    };
    // The maps live as long as this.
    match try_plaintext(capture.attached) {
        Ok(()) => {
            let detail = "with --tls-plaintext, HTTP inside shared OpenSSL and Node is seen";
            Finding::new(NAME, Status::Works, detail)
        }
        Err(error) => Finding::new(NAME, Status::Limited, error.to_string()),
    }
}

fn refused(name: &'static str, error: &(dyn Error + 'static), privileges: &Privileges) -> Finding {
    let finding = Finding::new(name, Status::Missing, error.to_string());
    match remedy(error, privileges) {
        Some(remedy) => finding.remedy(remedy),
        None => finding,
    }
}

/// What would let the programs be loaded and attached, where privilege is what is missing.
pub(super) fn remedy(error: &(dyn Error + 'static), privileges: &Privileges) -> Option<String> {
    privileges.base_tier_remedy().or_else(|| {
        is_forbidden(error).then(|| {
            "the capabilities are there, so a seccomp profile or a security module refuses \
             bpf(2): allow it for the auditor"
                .to_owned()
        })
    })
}

fn is_forbidden(error: &(dyn Error + 'static)) -> bool {
    let denied = Some(rustix::io::Errno::PERM.raw_os_error());
    std::iter::successors(Some(error), |&error| error.source()).any(|error| {
        error
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.raw_os_error() == denied)
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::is_forbidden;
    use crate::kernel::CgroupError;

    #[test]
    fn a_refusal_is_found_beneath_the_errors_that_wrap_it() {
        let with = |errno: rustix::io::Errno| CgroupError::Mount {
            source: io::Error::from(errno),
        };
        assert!(is_forbidden(&with(rustix::io::Errno::PERM)));
        assert!(!is_forbidden(&with(rustix::io::Errno::NODEV)));
    }
}
