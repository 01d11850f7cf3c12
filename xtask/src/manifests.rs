//! `cargo xtask manifests`: writes `deploy/daemonset.yaml` from the Helm chart, or checks that it is
//! so, and that the chart makes what an API server takes.

mod refused;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::{shell, tools};

const CHART: &str = "deploy/helm/auditor";
const MANIFEST: &str = "deploy/daemonset.yaml";
const PLAIN_VALUES: &str = "deploy/helm/auditor/ci/plain.yaml";

/// Oldest and newest API that the chart is held against; the former as in `Chart.yaml`.
const API_VERSIONS: [&str; 2] = ["1.30", "1.37"];

const HEADER: &str = "\
# Made from deploy/helm/auditor by `cargo xtask manifests`; a change belongs there.
# The auditor on every node: kubectl apply -f deploy/daemonset.yaml
# Records go by OTLP to a collector on the node itself, port 4317.
";

/// What Helm says of itself, which would not be true of objects that it did not make.
const OF_HELM: [&str; 3] = [
    "# Source: ",
    "helm.sh/chart: ",
    "app.kubernetes.io/managed-by: ",
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only check the chart, and fail if the manifest is out of date
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let now = plain(&rendered(&["--values", PLAIN_VALUES])?);
    let path = shell::root().join(MANIFEST);
    if !args.check {
        return fs::write(&path, now).with_context(|| format!("write {MANIFEST}"));
    }
    if fs::read_to_string(&path).unwrap_or_default() != now {
        bail!("{MANIFEST} is out of date: run `cargo xtask manifests` and review the difference");
    }
    let lint = ["lint", "--strict", "--quiet", CHART];
    shell::run(helm()?.args(lint))?;
    validate(&every_set()?)?;
    refused::check()
}

/// Renders the chart with each set of values under `ci/` into a file of its own.
fn every_set() -> Result<Vec<PathBuf>> {
    let target = shell::root().join("target/manifests");
    fs::create_dir_all(&target)?;
    let mut files = Vec::new();
    for entry in fs::read_dir(shell::root().join(CHART).join("ci"))? {
        let values = entry?.path();
        let text = values.to_str().context("the repository's path is text")?;
        let manifest = rendered(&["--values", text])?;
        reads_only(&manifest).with_context(|| format!("{text} makes a role that may too much"))?;
        let file = target.join(values.file_name().context("a file has a name")?);
        fs::write(&file, manifest)?;
        files.push(file);
    }
    Ok(files)
}

/// Holds objects against the schemas of the API. Kinds that are not Kubernetes' own have none there
/// and are named in a warning.
fn validate(files: &[PathBuf]) -> Result<()> {
    for version in API_VERSIONS {
        let mut command = Command::new(tools::venv().join("bin/kubernetes-validate"));
        command.args(["--strict", "--quiet", "--kubernetes-version", version]);
        shell::run(command.args(files))?;
    }
    Ok(())
}

/// No role may do more than read.
fn reads_only(manifest: &str) -> Result<()> {
    for line in manifest.lines() {
        let Some(verbs) = line.trim().strip_prefix("verbs: ") else {
            continue;
        };
        let mut verbs = verbs.trim_matches(['[', ']']).split(", ");
        let reads = |verb: &str| ["get", "list", "watch"].contains(&verb.trim_matches('"'));
        ensure!(verbs.all(reads), "{line}");
    }
    Ok(())
}

/// What `helm template` makes with these arguments.
fn rendered(arguments: &[&str]) -> Result<String> {
    let mut command = helm()?;
    command.args(["template", "auditor", CHART, "--namespace", "auditor"]);
    let output = command.args(arguments).output().context("start helm")?;
    if !output.status.success() {
        bail!(
            "helm template {}: {}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

fn helm() -> Result<Command> {
    let mut command = Command::new(tools::helm());
    ensure!(
        Path::new(command.get_program()).exists(),
        "helm is not there: run `cargo xtask setup`"
    );
    command.current_dir(shell::root());
    Ok(command)
}

/// The objects as they are without Helm.
fn plain(rendered: &str) -> String {
    let of_helm = |line: &&str| {
        let line = line.trim_start();
        line.is_empty() || OF_HELM.iter().any(|start| line.starts_with(start))
    };
    let mut manifest = HEADER.to_owned();
    for line in rendered.lines().filter(|line| !of_helm(line)) {
        manifest.push_str(line);
        manifest.push('\n');
    }
    manifest
}

#[cfg(test)]
mod tests {
    use super::{HEADER, plain, reads_only};

    #[test]
    fn a_plain_manifest_says_nothing_of_helm() {
        let rendered =
            "---\n# Source: a/b.yaml\nkind: Pod\nlabels:\n  helm.sh/chart: a-1\n\n  x: y\n";
        let expected = format!("{HEADER}---\nkind: Pod\nlabels:\n  x: y\n");
        assert_eq!(plain(rendered), expected);
    }

    #[test]
    fn a_role_that_writes_is_found() {
        assert!(reads_only("  verbs: [\"list\", \"watch\"]\n").is_ok());
        assert!(reads_only("  verbs: [\"get\", \"patch\"]\n").is_err());
        assert!(reads_only("  verbs: [\"*\"]\n").is_err());
    }
}
