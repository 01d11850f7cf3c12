//! `cargo xtask run`: the auditor on this machine, as root.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, SyncSender};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::{build, demo, shell};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Make a little HTTP traffic, show its records and end
    #[arg(long)]
    demo: bool,
    /// Arguments of `auditor run`
    #[arg(last = true)]
    auditor: Vec<OsString>,
}

/// Attaching takes well under a second; a slow virtual machine gets the rest.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Records are on their way for as long as their connection's last bytes.
const SETTLE: Duration = Duration::from_secs(1);

pub(crate) fn run(args: &Args) -> Result<()> {
    build::run()?;
    let mut auditor = shell::as_root(build::binary())?;
    auditor.arg("run");
    let is_output = |arg: &OsString| arg.to_string_lossy().starts_with("--output");
    if args.demo && !args.auditor.iter().any(is_output) {
        // For a person, also where the output is not a terminal.
        auditor.args(["--output", "pretty"]);
    }
    let is_journal = |arg: &OsString| arg.to_string_lossy().starts_with("--journal");
    if args.demo && !args.auditor.iter().any(is_journal) {
        // A look leaves nothing behind.
        auditor.arg("--no-journal");
    }
    auditor.args(&args.auditor);
    if args.demo {
        return show(&mut auditor);
    }
    // Replaced, not started: Ctrl-C then reaches the auditor alone, and its summary is the last
    // thing on the terminal.
    Err(auditor.exec()).with_context(|| format!("start {}", build::binary().display()))
}

/// Starts the auditor, shows it some traffic, and ends it as an orchestrator would.
fn show(auditor: &mut Command) -> Result<()> {
    let mut child = auditor
        .stderr(Stdio::piped())
        .spawn()
        .context("start the auditor")?;
    let stderr = child
        .stderr
        .take()
        .context("the auditor's stderr is piped")?;
    let (ready, is_ready) = mpsc::sync_channel(1);
    let log = thread::spawn(move || forward(stderr, &ready));
    let shown = match is_ready.recv_timeout(READY_WITHIN) {
        Ok(()) => demo::traffic(),
        Err(RecvTimeoutError::Timeout) => Err(anyhow::anyhow!(
            "the auditor was not ready within {READY_WITHIN:?}"
        )),
        Err(RecvTimeoutError::Disconnected) => {
            Err(anyhow::anyhow!("the auditor ended before it was ready"))
        }
    };
    thread::sleep(SETTLE);
    let ended = end(&mut child);
    // It only ends with the auditor's stderr; a panic in it has already been printed.
    let _ = log.join();
    shown.and(ended)
}

/// Passes the auditor's log on and reports the line that says it is ready.
fn forward(stderr: ChildStderr, ready: &SyncSender<()>) {
    for line in BufReader::new(stderr).lines().map_while(Result::ok) {
        eprintln!("{line}");
        if line.contains("ready") {
            // Full once it was said: later lines may contain the word too.
            let _ = ready.try_send(());
        }
    }
}

/// SIGTERM, then the exit status. Under sudo the signal goes to sudo, which passes it on.
fn end(child: &mut Child) -> Result<()> {
    if child.try_wait()?.is_none() {
        shell::run(shell::as_root("kill")?.args(["-TERM", &child.id().to_string()]))?;
    }
    let status = child.wait()?;
    if !status.success() {
        bail!("the auditor ended with {status}");
    }
    Ok(())
}
