//! How the API server is asked, and for what.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::file::KubernetesKeys;

/// What names pods. The API server is asked inside a cluster, or where a kubeconfig is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KubernetesSettings {
    /// How to reach the API server from outside the cluster; never looked for by itself.
    pub kubeconfig: Option<PathBuf>,
    pub peers: PeerScope,
}

/// Whose addresses are looked up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PeerScope {
    /// Nobody's.
    None,
    /// This node's and those of its pods.
    #[default]
    Node,
    /// Those of all pods, services and nodes of the cluster.
    Cluster,
}

impl KubernetesSettings {
    pub(super) fn of(argument: Option<PathBuf>, keys: KubernetesKeys) -> Self {
        Self {
            kubeconfig: argument.or(keys.kubeconfig),
            peers: keys.peers.unwrap_or_default(),
        }
    }

    /// The keys that ask for just these settings.
    pub(super) fn keys(&self) -> KubernetesKeys {
        KubernetesKeys {
            kubeconfig: self.kubeconfig.clone(),
            peers: Some(self.peers),
        }
    }
}
