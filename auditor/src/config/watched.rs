//! The configuration file, looked at again and again.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::args::RunArgs;
use super::file::{File, FileError};
use super::settings::{ConfigError, Settings};

/// Notices what the file says anew.
///
/// It is read each time, and not watched: what a path leads to may change at any of its links, as
/// with a `ConfigMap`, and nodes run out of inotify instances. The file is small.
#[derive(Debug)]
pub struct WatchedFile {
    args: RunArgs,
    path: PathBuf,
    seen: Option<Result<String, io::ErrorKind>>,
}

// === impl WatchedFile ===

impl WatchedFile {
    /// `None` if there is no file.
    pub fn new(args: &RunArgs) -> Option<Self> {
        Some(Self {
            path: args.config.clone()?,
            args: args.clone(),
            seen: None,
        })
    }

    /// What it asks for, if it was not looked at before or says something else now. A file that
    /// can't be read, or is wrong, is told once.
    pub fn news(&mut self) -> Option<Result<Settings, ConfigError>> {
        let read = fs::read_to_string(&self.path);
        let seen = Some(read.as_ref().map(Clone::clone).map_err(io::Error::kind));
        if seen == self.seen {
            return None;
        }
        self.seen = seen;
        Some(match read {
            Ok(text) => self.settings(&text),
            Err(source) => {
                let path = self.path.clone();
                Err(FileError::Read { path, source }.into())
            }
        })
    }

    fn settings(&self, text: &str) -> Result<Settings, ConfigError> {
        let file = File::parse(&self.path, text)?;
        Settings::of(self.args.clone(), file)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    use super::{RunArgs, WatchedFile};
    use crate::config::Settings;

    /// Puts a new folder in place of the old one, as the kubelet does with a `ConfigMap`.
    fn swap(folder: &Path, version: &str, text: &str) {
        fs::create_dir(folder.join(version)).unwrap();
        fs::write(folder.join(version).join("auditor.yaml"), text).unwrap();
        symlink(version, folder.join("..new")).unwrap();
        fs::rename(folder.join("..new"), folder.join("..data")).unwrap();
    }

    #[test]
    fn a_config_map_that_is_swapped_is_news_once() {
        let folder = std::env::temp_dir().join(format!("auditor-watched-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        swap(&folder, "..1", "exclude: [port=1]\n");
        let path = folder.join("auditor.yaml");
        symlink("..data/auditor.yaml", &path).unwrap();
        let args = RunArgs {
            config: Some(path),
            ..RunArgs::default()
        };
        let mut file = WatchedFile::new(&args).unwrap();
        let mut settings = Settings::load(args).unwrap();
        let first = file.news().unwrap().unwrap();
        assert_eq!(first, settings);
        assert!(file.news().is_none());

        swap(
            &folder,
            "..2",
            "exclude: [port=2]\nring_bytes: 65536\ntls: { plaintext: true }\n",
        );
        let second = file.news().unwrap().unwrap();
        let before = settings.digest();
        assert_eq!(settings.adopt(&second), ["ring_bytes", "tls"]);
        assert_eq!(settings.exclude, ["port=2"]);
        assert_ne!(settings.ring_bytes, second.ring_bytes);
        assert_ne!(settings.digest(), before);

        swap(&folder, "..3", "exclud: [port=3]\n");
        let wrong = file.news().unwrap().unwrap_err().to_string();
        assert!(wrong.contains("did you mean \"exclude\"?"), "{wrong}");
        assert!(file.news().is_none());
        fs::remove_file(folder.join("..data")).unwrap();
        assert!(file.news().unwrap().is_err());
        assert!(file.news().is_none());
        fs::remove_dir_all(folder).unwrap();
    }
}
