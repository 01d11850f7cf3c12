//! The container image, without a container engine: one layer, as `docker load`, `ctr images import`
//! and `podman load` take it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{Release, VERSION, architecture, output};

/// Makes an archive of the image with this root file system.
pub(super) fn pack(release: &Release, root: &Path) -> Result<PathBuf> {
    let folder = release.folder.join("image");
    fs::create_dir(&folder)?;
    let layer = folder.join("layer.tar");
    release.tar(root, &layer, "s,^\\./,,")?;
    let digest = output(Command::new("sha256sum").arg(&layer))?;
    let digest = String::from_utf8(digest)?;
    let digest = digest.split(' ').next().context("a digest is printed")?;
    let architecture = architecture();
    let configuration = format!(
        r#"{{"architecture":"{architecture}","os":"linux","config":{{"Entrypoint":["/usr/bin/auditor"],"Cmd":["run"]}},"rootfs":{{"type":"layers","diff_ids":["sha256:{digest}"]}}}}"#
    );
    fs::write(folder.join("config.json"), configuration)?;
    let manifest = format!(
        r#"[{{"Config":"config.json","RepoTags":["auditor:{VERSION}"],"Layers":["layer.tar"]}}]"#
    );
    fs::write(folder.join("manifest.json"), manifest)?;
    let archive = release
        .folder
        .join(format!("auditor-{VERSION}-image-{architecture}.tar"));
    release.tar(&folder, &archive, "s,^\\./,,")?;
    Ok(archive)
}
