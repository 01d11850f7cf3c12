//! `cargo xtask schema`: writes `docs/record-schema.md` from the code, or checks that it is so.

use std::fs;

use anyhow::{Context as _, Result, bail};

use crate::shell;

const PAGE: &str = "docs/record-schema.md";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only fail if the page is out of date
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut command = shell::cargo();
    command.args([
        "run",
        "--release",
        "--quiet",
        "--package",
        "auditor",
        "--",
        "schema",
    ]);
    let output = command.output().context("run auditor schema")?;
    if !output.status.success() {
        bail!(
            "auditor schema failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let page = shell::root().join(PAGE);
    let now = String::from_utf8(output.stdout)?;
    if !args.check {
        fs::create_dir_all(shell::root().join("docs"))?;
        return fs::write(&page, now).with_context(|| format!("write {PAGE}"));
    }
    if fs::read_to_string(&page).unwrap_or_default() != now {
        bail!("{PAGE} is out of date: run `cargo xtask schema` and review the difference");
    }
    Ok(())
}
