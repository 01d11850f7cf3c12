//! The runtime's socket: calls that read, each with its limit of time and size.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    time::Duration,
};

use http::uri::PathAndQuery;
use prost::Message;
use tokio::time::timeout;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use super::{
    failure::{Cause, Failure},
    inventory::{Inventory, Listing},
    pod::Network,
    wire::{
        ListContainersRequest, ListContainersResponse, ListPodSandboxRequest,
        ListPodSandboxResponse, PodSandboxStatusRequest, PodSandboxStatusResponse,
    },
};

/// For one answer. A runtime that starts many containers at once is slow, but not so slow.
pub(super) const TIMEOUT: Duration = Duration::from_secs(5);
/// For one answer: a kilobyte or two for each of some thousands of containers, the old ones too.
pub(super) const MAX_ANSWER: usize = 16 << 20;

const LIST_CONTAINERS: &str = "/runtime.v1.RuntimeService/ListContainers";
const LIST_POD_SANDBOX: &str = "/runtime.v1.RuntimeService/ListPodSandbox";
const POD_SANDBOX_STATUS: &str = "/runtime.v1.RuntimeService/PodSandboxStatus";

#[derive(Debug)]
pub(super) struct Client {
    grpc: Grpc<Channel>,
    socket: PathBuf,
}

impl Client {
    pub(super) async fn connect(socket: &Path) -> Result<Self, Failure> {
        let failed = |cause| Failure::new(socket, cause);
        let endpoint = format!("unix://{}", socket.display());
        let endpoint =
            Endpoint::from_shared(endpoint).map_err(|error| failed(Cause::of(&error)))?;
        let channel = match timeout(TIMEOUT, endpoint.connect()).await {
            Ok(Ok(channel)) => channel,
            Ok(Err(error)) => return Err(failed(Cause::of(&error))),
            Err(_) => return Err(failed(Cause::Silent)),
        };
        Ok(Self {
            grpc: Grpc::new(channel).max_decoding_message_size(MAX_ANSWER),
            socket: socket.to_owned(),
        })
    }

    /// Everything the runtime has. Containers first: a container's sandbox is older than it is, so
    /// that none is without its pod.
    pub(super) async fn list(&mut self, known: &Inventory) -> Result<Listing, Failure> {
        self.try_list(known)
            .await
            .map_err(|cause| Failure::new(&self.socket, cause))
    }

    async fn try_list(&mut self, known: &Inventory) -> Result<Listing, Cause> {
        let request = ListContainersRequest {};
        let containers: ListContainersResponse = self.call(LIST_CONTAINERS, request).await??;
        let request = ListPodSandboxRequest {};
        let sandboxes: ListPodSandboxResponse = self.call(LIST_POD_SANDBOX, request).await??;
        let mut networks = HashMap::new();
        for sandbox in &sandboxes.items {
            if known.lacks_network(sandbox)
                && let Some(network) = self.network(&sandbox.id).await?
            {
                networks.insert(sandbox.id.clone(), network);
            }
        }
        Ok(Listing {
            sandboxes: sandboxes.items,
            containers: containers.containers,
            networks,
        })
    }

    /// None where the sandbox has gone since it was listed.
    async fn network(&mut self, sandbox: &str) -> Result<Option<Network>, Cause> {
        let request = PodSandboxStatusRequest {
            pod_sandbox_id: sandbox.to_owned(),
        };
        let answer: Result<PodSandboxStatusResponse, _> =
            self.call(POD_SANDBOX_STATUS, request).await?;
        match answer {
            Ok(answer) => Ok(answer.status.map(Network::from)),
            Err(status) if status.code() == Code::NotFound => Ok(None),
            Err(status) => Err(status.into()),
        }
    }

    async fn call<Q, A>(
        &mut self,
        path: &'static str,
        request: Q,
    ) -> Result<Result<A, Status>, Cause>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let answer = async {
            self.grpc.ready().await.map_err(|error| Cause::of(&error))?;
            let path = PathAndQuery::from_static(path);
            let codec = ProstCodec::default();
            let answer = self.grpc.unary(Request::new(request), path, codec).await;
            Ok(answer.map(tonic::Response::into_inner))
        };
        timeout(TIMEOUT, answer).await.unwrap_or(Err(Cause::Silent))
    }
}
