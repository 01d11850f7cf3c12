//! The task that takes over changes of the configuration file.

use std::time::Duration;

use tokio::{sync::mpsc, time};

use super::{AppError, rules::Rules};
use crate::{
    config::{ConfigError, Settings, WatchedFile},
    telemetry::Reloads,
};

/// How often the file is looked at. A kubelet takes a minute to bring a `ConfigMap`.
const INTERVAL: Duration = Duration::from_secs(2);

pub(super) struct Reload {
    pub(super) file: WatchedFile,
    pub(super) in_force: Settings,
    pub(super) to_understand: mpsc::Sender<Rules>,
    pub(super) reloads: Reloads,
}

#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Rules(#[from] AppError),
}

// === impl Reload ===

impl Reload {
    /// Runs until the runtime ends.
    pub(super) async fn run(mut self) {
        let mut looks = time::interval(INTERVAL);
        loop {
            looks.tick().await;
            let Some(asked) = self.file.news() else {
                continue;
            };
            match self.decide(asked) {
                Ok(None) => self.reloads.unchanged(),
                Ok(Some(rules)) => {
                    if self.to_understand.send(rules).await.is_err() {
                        return;
                    }
                    self.reloads.taken();
                }
                Err(refusal) => {
                    tracing::error!(
                        %refusal,
                        "the configuration file is refused: the settings before stay in force"
                    );
                    self.reloads.refused();
                }
            }
        }
    }

    /// The rules of the settings that are in force from now on; `None` if nothing changes.
    fn decide(&mut self, asked: Result<Settings, ConfigError>) -> Result<Option<Rules>, Refusal> {
        let mut settings = self.in_force.clone();
        let fixed = settings.adopt(&asked?);
        let rules = Rules::of(&settings)?;
        if !fixed.is_empty() {
            tracing::warn!(keys = fixed.join(", "), "changed keys that need a restart");
        }
        if settings == self.in_force {
            return Ok(None);
        }
        tracing::info!(
            digest = &*rules.settings,
            "settings from now on:\n{}",
            settings.to_yaml().trim_end()
        );
        self.in_force = settings;
        Ok(Some(rules))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::sync::mpsc;

    use super::{INTERVAL, Reload};
    use crate::{
        config::{RunArgs, Settings, WatchedFile},
        telemetry::Reloads,
    };

    fn write(path: &Path, text: &str) {
        std::fs::write(path, text).unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn good_changes_are_taken_over_and_bad_ones_are_not() {
        let path = std::env::temp_dir().join(format!("auditor-reload-{}", std::process::id()));
        write(&path, "exclude: [port=1]\n");
        let args = RunArgs {
            config: Some(path.clone()),
            ..RunArgs::default()
        };
        let (sender, mut rules) = mpsc::channel(1);
        let reloads = Reloads::default();
        let reload = Reload {
            file: WatchedFile::new(&args).unwrap(),
            in_force: Settings::load(args).unwrap(),
            to_understand: sender,
            reloads: reloads.clone(),
        };
        tokio::spawn(reload.run());
        tokio::time::sleep(INTERVAL).await;
        assert!(rules.try_recv().is_err(), "nothing changed");

        for wrong in ["exclude: [prot=2]\n", "redaction: { users: hashed }\n", "{"] {
            write(&path, wrong);
            tokio::time::sleep(2 * INTERVAL).await;
            assert!(rules.try_recv().is_err(), "{wrong}");
        }
        assert_eq!(reloads.counts(), (0, 3, 1));

        // What needs a restart does not keep the rest from being taken over.
        write(&path, "exclude: [port=3]\nring_bytes: 65536\n");
        let taken = rules.recv().await.unwrap();
        assert_eq!(taken.scope.exclude().collect::<Vec<_>>(), ["port=3"]);
        assert_eq!(reloads.counts(), (1, 3, 0));
        std::fs::remove_file(path).unwrap();
    }
}
