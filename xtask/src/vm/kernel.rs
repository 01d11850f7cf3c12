//! A kernel that can be booted.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use super::architecture::Architecture;
use super::archive::Archive;

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
    /// The newest kernel of a suite of Debian that is made for virtual machines, as of when it was
    /// first fetched.
    pub(crate) fn unpacked(
        archive: &Archive,
        suite: &str,
        architecture: Architecture,
    ) -> Result<Self> {
        // What stands in the names of all packages that make up a kernel.
        let part = format!("-cloud-{}", architecture.as_str());
        let name = match architecture {
            Architecture::Amd64 => suite.to_owned(),
            Architecture::Arm64 => format!("{suite}-arm64"),
        };
        let package = format!("linux-image{part}");
        let root = archive.unpacked(&name, suite, architecture, &[&package], &part)?;
        Self::below(&root)
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
