//! `cargo xtask build`: the release binary, kernel programs inside.

use std::path::PathBuf;

use anyhow::Result;

use crate::{setup, shell};

pub(crate) fn run() -> Result<()> {
    setup::run(setup::Args { build_only: true })?;
    shell::run(shell::cargo().args(["build", "--release", "--package", "auditor"]))?;
    println!("built target/release/auditor");
    Ok(())
}

/// The binary that [`run`] leaves.
pub(crate) fn binary() -> PathBuf {
    shell::root().join("target/release/auditor")
}
