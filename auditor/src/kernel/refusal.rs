//! What the kernel said when it refused, and what that means.

use aya::{EbpfError, maps::MapError, programs::ProgramError};

/// Lines of the verifier's log that are shown: the reason stands at its end.
const LOG_LINES: usize = 12;

/// What every helper is there from: `bpf_loop` is the youngest.
const OLDEST_KERNEL: &str = "Linux 5.17";

/// Why a program was not loaded or attached.
pub(super) fn of_program(error: &ProgramError) -> String {
    match error {
        ProgramError::LoadError {
            io_error,
            verifier_log,
        } => {
            let log = verifier_log.to_string();
            if let Some(helper) = missing_helper(&log) {
                return format!(
                    "this kernel has no {helper}; the auditor needs {OLDEST_KERNEL} or later"
                );
            }
            let lines: Vec<&str> = log.lines().collect();
            let tail = &lines[lines.len().saturating_sub(LOG_LINES)..];
            format!("{io_error}\n{}", tail.join("\n"))
        }
        ProgramError::SyscallError(error) => format!("{error}: {}", error.io_error),
        other => other.to_string(),
    }
}

/// The loader's error for a map does not say what the kernel said.
pub(super) fn of_map(error: &EbpfError) -> String {
    match error {
        EbpfError::MapError(MapError::CreateError { io_error, .. }) => {
            format!(": {io_error}")
        }
        _ => String::new(),
    }
}

/// The verifier names a helper that it does not know, or not for this kind of program, as
/// `name#number`; of one that is newer than itself it has no name.
fn missing_helper(log: &str) -> Option<String> {
    let refused = log.lines().rev().find_map(|line| {
        line.strip_prefix("unknown func ")
            .or_else(|| line.strip_prefix("invalid func "))
    })?;
    let (name, number) = refused.split_once('#')?;
    Some(match name {
        "unknown" => format!("helper number {number}"),
        name => format!("helper {name} for this kind of program"),
    })
}

#[cfg(test)]
mod tests {
    use super::missing_helper;

    #[test]
    fn a_helper_that_is_missing_is_named() {
        let of_5_10 = "36: (bf) r1 = r6\n37: (85) call bpf_get_netns_cookie#122\n\
                       unknown func bpf_get_netns_cookie#122\nverification time 4138 usec\n";
        assert_eq!(
            missing_helper(of_5_10).as_deref(),
            Some("helper bpf_get_netns_cookie for this kind of program")
        );
        assert_eq!(
            missing_helper("invalid func unknown#181\n").as_deref(),
            Some("helper number 181")
        );
        assert_eq!(missing_helper("R1 invalid mem access 'scalar'\n"), None);
    }
}
