//! A kernel that can be booted.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::archive::Archive;

/// Depends on the newest kernel of a suite that is made for virtual machines.
const PACKAGE: &str = "linux-image-cloud-amd64";
/// Part of the names of the packages that make up a kernel.
const PART: &str = "-cloud-amd64";

pub(crate) struct Kernel {
    /// As `uname -r` gives it.
    pub(crate) release: String,
    /// What is booted.
    pub(crate) image: PathBuf,
    /// `lib/modules/RELEASE`.
    pub(crate) modules: PathBuf,
}

// === impl Kernel ===

impl Kernel {
    /// The newest kernel of a suite of Debian, as of when it was first fetched.
    pub(crate) fn unpacked(archive: &Archive, suite: &str) -> Result<Self> {
        let place = archive.place(suite);
        // Written last, so an interrupted download starts over.
        let marker = place.join("unpacked");
        if !marker.exists() {
            archive.unpack(suite, PACKAGE, PART)?;
            fs::write(&marker, "")?;
        }
        Self::below(&place.join("root"))
    }

    /// Newer packages have the image among the modules, older ones in /boot.
    fn below(root: &Path) -> Result<Self> {
        let modules = ["usr/lib/modules", "lib/modules"]
            .into_iter()
            .find_map(|folder| only_entry(&root.join(folder)))
            .with_context(|| format!("no kernel modules below {}", root.display()))?;
        let release = modules
            .file_name()
            .context("the folder has a name")?
            .to_string_lossy()
            .into_owned();
        let image = [
            modules.join("vmlinuz"),
            root.join(format!("boot/vmlinuz-{release}")),
        ]
        .into_iter()
        .find(|path| path.is_file())
        .with_context(|| format!("no image of kernel {release} below {}", root.display()))?;
        Ok(Self {
            release,
            image,
            modules,
        })
    }

    /// A module by its path below the release's `kernel` folder, plain or compressed.
    pub(crate) fn module(&self, path: &str) -> Option<PathBuf> {
        ["ko", "ko.xz"]
            .into_iter()
            .map(|kind| self.modules.join(format!("kernel/{path}.{kind}")))
            .find(|path| path.is_file())
    }
}

fn only_entry(folder: &Path) -> Option<PathBuf> {
    let mut entries = fs::read_dir(folder).ok()?.flatten();
    let entry = entries.next()?.path();
    entries.next().is_none().then_some(entry)
}
