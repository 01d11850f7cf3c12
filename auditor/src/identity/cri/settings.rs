//! Where the runtime's socket is.

use std::path::{Path, PathBuf};

use super::failure::Failure;

/// Where runtimes listen unless they are told otherwise: containerd, CRI-O, Docker behind
/// cri-dockerd, and the containerd inside k3s.
const USUAL: [&str; 4] = [
    "/run/containerd/containerd.sock",
    "/run/crio/crio.sock",
    "/run/cri-dockerd.sock",
    "/run/k3s/containerd/containerd.sock",
];

/// The socket is found by its path at every attempt, because a restarted runtime makes a new one:
/// a container must be given the socket's directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriSettings {
    sockets: Vec<PathBuf>,
    /// Somebody chose the socket, so its absence is a mistake of theirs.
    chosen: bool,
}

#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("container runtime endpoint {0}: must be an absolute path, alone or after unix://")]
pub struct CriSettingsError(String);

impl CriSettings {
    /// `endpoint` as the kubelet takes it; without one, whichever of the usual sockets answers.
    pub fn new(endpoint: Option<&str>) -> Result<Self, CriSettingsError> {
        let Some(endpoint) = endpoint else {
            return Ok(Self {
                sockets: USUAL.map(PathBuf::from).to_vec(),
                chosen: false,
            });
        };
        let path = Path::new(endpoint.strip_prefix("unix://").unwrap_or(endpoint));
        if !path.is_absolute() {
            return Err(CriSettingsError(endpoint.to_owned()));
        }
        Ok(Self {
            sockets: vec![path.to_owned()],
            chosen: true,
        })
    }

    /// A socket was chosen, or one of the usual ones is there.
    pub fn is_there(&self) -> bool {
        self.chosen || !self.candidates().is_empty()
    }

    /// Sockets to try, in this order.
    pub(super) fn candidates(&self) -> Vec<PathBuf> {
        let there = |path: &&PathBuf| self.chosen || path.exists();
        self.sockets.iter().filter(there).cloned().collect()
    }

    /// What to say when there is none.
    pub(super) fn nothing_there(&self) -> Failure {
        Failure::NoSocket(self.sockets.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::CriSettings;

    #[test]
    fn an_endpoint_is_a_path_with_or_without_its_scheme() {
        for endpoint in ["/run/x.sock", "unix:///run/x.sock"] {
            let settings = CriSettings::new(Some(endpoint)).unwrap();
            assert_eq!(settings.candidates(), [PathBuf::from("/run/x.sock")]);
        }
    }

    #[test]
    fn what_is_no_local_socket_is_refused() {
        for endpoint in ["", "x.sock", "tcp://127.0.0.1:1", "unix://x.sock"] {
            let error = CriSettings::new(Some(endpoint)).unwrap_err();
            assert!(error.to_string().contains("absolute path"), "{error}");
        }
    }
}
