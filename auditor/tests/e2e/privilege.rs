//! Without privilege, and what `doctor` says.

use std::{fs, path::PathBuf};

use crate::support::shell::{Folder, output, run};

/// A copy that another user can execute.
fn copy(folder: &Folder) -> PathBuf {
    let path = folder.path().join("auditor");
    fs::copy(env!("CARGO_BIN_EXE_auditor"), &path).unwrap();
    run("chmod", &["-R", "a+rx", folder.path().to_str().unwrap()]);
    path
}

#[test]
fn without_privilege_run_and_doctor_say_what_is_missing() {
    let folder = Folder::new("unprivileged");
    let binary = copy(&folder);
    for verb in ["run", "doctor"] {
        let out = output(
            "setpriv",
            &[
                "--reuid",
                "65534",
                "--clear-groups",
                "--inh-caps=-all",
                "--bounding-set=-all",
                binary.to_str().unwrap(),
                verb,
            ],
        );
        assert_eq!(out.status.code(), Some(3), "{verb}");
        let said = format!(
            "{}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
        assert!(said.contains("CAP_BPF"), "{verb}: {said}");
    }
}

#[test]
fn doctor_says_that_the_base_tier_works_here() {
    let out = output(env!("CARGO_BIN_EXE_auditor"), &["doctor", "--json"]);
    assert!(out.status.success());
    let report: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!(report["base_tier"]["status"], "works", "{report}");
    let text = run(env!("CARGO_BIN_EXE_auditor"), &["doctor"]);
    assert!(text.starts_with("base tier: works"), "{text}");
    assert!(text.contains("plaintext tier"), "{text}");
}
