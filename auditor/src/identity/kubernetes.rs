//! The API server as a source of metadata: the pods of this node with their owners, the labels of
//! namespaces and, where peers are looked up, addresses.
//!
//! Each list is followed by one watch; objects are stripped while they are read. Nothing here
//! ends or fails the daemon: what can't be asked is told as `Update::Away` and asked again.

mod api;
mod failure;
mod lines;
mod names;
mod object;
mod owners;
mod places;
mod pods;
mod selection;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use tokio::sync::mpsc::{self, Receiver, Sender};
use tracing::info;

use super::metadata::{AuditScope, Pod, Source, Update};
use crate::backoff::Backoff;
use crate::config::{KubernetesSettings, PeerScope};
use api::Api;
use owners::Owners;
use places::{Namespaces, Nodes, Services};
use pods::{LocalPods, OtherPods};
use selection::Selection;
use watch::{Closed, Watch};

/// Pods whose owners may wait to be looked up.
const QUEUE: usize = 256;

/// The first wait after a failure, and the longest: an API server that comes back is asked by every
/// node of the cluster.
const FIRST_WAIT: Duration = Duration::from_millis(250);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub enum KubernetesError {
    #[error("kubernetes.kubeconfig: {}: {reason}", path.display())]
    Kubeconfig { path: PathBuf, reason: String },
    #[error("kubernetes.kubeconfig: set NODE_NAME or node_name too: which pods are this node's?")]
    NoNodeName,
    #[error(
        "the client of the API server can't be made: see the certificates, keys and proxy of the \
         kubeconfig or the service account"
    )]
    Client,
}

/// The API server, not asked yet.
pub struct Kubernetes {
    api: Api,
    node_name: String,
    peers: PeerScope,
}

impl Kubernetes {
    /// `None` outside a cluster, and in one that does not say which node this is.
    pub async fn new(
        settings: &KubernetesSettings,
        node_name: Option<&str>,
    ) -> Result<Option<Self>, KubernetesError> {
        let mut config = match &settings.kubeconfig {
            Some(path) => from_file(path).await?,
            None => match Config::incluster() {
                Ok(config) => config,
                Err(error) => {
                    info!("the API server is not asked: {error}; no kubeconfig is set either");
                    return Ok(None);
                }
            },
        };
        let Some(node_name) = node_name else {
            if settings.kubeconfig.is_some() {
                return Err(KubernetesError::NoNodeName);
            }
            tracing::warn!("the API server is not asked: set NODE_NAME from spec.nodeName");
            return Ok(None);
        };
        // A refusal is told at once, and tried again here.
        config.default_retry = false;
        let client = Client::try_from(config).map_err(|_| KubernetesError::Client)?;
        Ok(Some(Self {
            api: Api::new(client),
            node_name: node_name.to_owned(),
            peers: settings.peers,
        }))
    }

    /// Runs until nobody takes the updates any more. `wanted` are pods of other nodes whose owner
    /// is to be looked up.
    pub async fn run(self, updates: Sender<Update>, wanted: Receiver<Arc<Pod>>) {
        let _: (Closed, Closed, Closed, Closed) = tokio::join!(
            self.local(&updates, wanted),
            self.namespaces(&updates),
            self.nodes(&updates),
            self.cluster(&updates),
        );
    }

    async fn local(&self, updates: &Sender<Update>, wanted: Receiver<Arc<Pod>>) -> Closed {
        let own = format!("spec.nodeName={}", self.node_name);
        let selection = Selection::all("/api/v1/pods").with_fields(own);
        let (pods_to_owners, told) = mpsc::channel(QUEUE);
        let source = Source::Kubernetes;
        let pods = LocalPods::default();
        let watch = Watch::new(self.api.clone(), source, selection, pods, pods_to_owners);
        let owners = Owners::new(self.api.clone(), updates.clone());
        let (_, closed) = tokio::join!(watch.run(), owners.run(told, wanted));
        closed
    }

    async fn namespaces(&self, updates: &Sender<Update>) -> Closed {
        let selection = Selection::all("/api/v1/namespaces")
            .with_label(AuditScope::LABEL)
            .metadata_only();
        let (source, updates) = (Source::Namespaces, updates.clone());
        let watch = Watch::new(self.api.clone(), source, selection, Namespaces, updates);
        watch.run().await
    }

    async fn nodes(&self, updates: &Sender<Update>) -> Closed {
        let all = Selection::all("/api/v1/nodes");
        let selection = match self.peers {
            PeerScope::None => return Closed,
            PeerScope::Node => all.with_fields(format!("metadata.name={}", self.node_name)),
            PeerScope::Cluster => all,
        };
        let (source, updates) = (Source::Nodes, updates.clone());
        let watch = Watch::new(self.api.clone(), source, selection, Nodes, updates);
        watch.run().await
    }

    async fn cluster(&self, updates: &Sender<Update>) -> Closed {
        if self.peers != PeerScope::Cluster {
            return Closed;
        }
        let others = format!("spec.nodeName!={}", self.node_name);
        let pods = Watch::new(
            self.api.clone(),
            Source::Cluster,
            Selection::all("/api/v1/pods").with_fields(others),
            OtherPods::default(),
            updates.clone(),
        );
        let services = Watch::new(
            self.api.clone(),
            Source::Services,
            Selection::all("/api/v1/services"),
            Services::default(),
            updates.clone(),
        );
        let (closed, _) = tokio::join!(pods.run(), services.run());
        closed
    }
}

/// Only the file that was named: a person's own may lead to another cluster.
async fn from_file(path: &Path) -> Result<Config, KubernetesError> {
    let failed = |error: KubeconfigError| KubernetesError::Kubeconfig {
        path: path.to_owned(),
        reason: reason(&error),
    };
    let file = Kubeconfig::read_from(path).map_err(failed)?;
    let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await;
    config.map_err(failed)
}

/// Without a line of the file: those with keys and tokens too would be shown.
fn reason(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::ReadConfig(error, _) => error.to_string(),
        KubeconfigError::Parse(_) => "is no kubeconfig in YAML".to_owned(),
        KubeconfigError::CurrentContextNotSet => "set its current-context".to_owned(),
        KubeconfigError::LoadContext(_) | KubeconfigError::LoadClusterOfContext(_) => {
            "its current-context names a context or a cluster that it does not have".to_owned()
        }
        KubeconfigError::MissingClusterUrl | KubeconfigError::ParseClusterUrl(_) => {
            "its cluster's server is no URL".to_owned()
        }
        _ => "its certificates, keys or proxy can't be used".to_owned(),
    }
}

fn backoff() -> Backoff {
    Backoff::new(FIRST_WAIT, LONGEST_WAIT)
}
