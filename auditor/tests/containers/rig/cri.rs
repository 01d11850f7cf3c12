//! A client of the runtime that makes pods, as a kubelet does.

use std::path::Path;

use http::uri::PathAndQuery;
use prost::Message;
use tokio::runtime::{Builder, Runtime};
use tonic::Request;
use tonic::client::Grpc;
use tonic::transport::{Channel, Endpoint};
use tonic_prost::ProstCodec;

use super::wire::{
    ContainerConfig, ContainerStatus, ContainerStatusResponse, CreateContainerRequest, Empty,
    ExecSyncRequest, ExecSyncResponse, Id, PodSandboxConfig, PodSandboxStatusResponse,
    RunPodSandboxRequest,
};
use crate::support::until::{DEADLINE, until};

pub(crate) struct Cri {
    runtime: Runtime,
    grpc: Grpc<Channel>,
}

impl Cri {
    /// The CRI plugin is ready a moment after the socket is.
    pub(crate) fn connect(socket: &Path) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime can be made");
        let endpoint = Endpoint::from_shared(format!("unix://{}", socket.display()));
        let endpoint = endpoint.expect("a path is an endpoint").timeout(DEADLINE);
        let channel = runtime.block_on(endpoint.connect()).expect("it listens");
        let mut cri = Self {
            runtime,
            grpc: Grpc::new(channel),
        };
        until("containerd serves CRI", || {
            cri.call::<_, Empty>("Version", Empty {}).ok()
        });
        cri
    }

    pub(crate) fn run_sandbox(&mut self, config: PodSandboxConfig, runtime: &str) -> String {
        let request = RunPodSandboxRequest {
            config: Some(config),
            runtime_handler: runtime.to_owned(),
        };
        let answer: Id = self.must("RunPodSandbox", request);
        answer.id
    }

    /// Empty where the pod is on the machine's own network.
    pub(crate) fn address(&mut self, sandbox: &str) -> String {
        let answer: PodSandboxStatusResponse = self.must("PodSandboxStatus", id(sandbox));
        let network = answer.status.and_then(|status| status.network);
        network.unwrap_or_default().ip
    }

    pub(crate) fn start_container(
        &mut self,
        sandbox: &str,
        sandbox_config: &PodSandboxConfig,
        config: ContainerConfig,
    ) -> String {
        let request = CreateContainerRequest {
            pod_sandbox_id: sandbox.to_owned(),
            config: Some(config),
            sandbox_config: Some(sandbox_config.clone()),
        };
        let container: Id = self.must("CreateContainer", request);
        let _: Empty = self.must("StartContainer", container.clone());
        container.id
    }

    pub(crate) fn container(&mut self, container: &str) -> ContainerStatus {
        let answer: ContainerStatusResponse = self.must("ContainerStatus", id(container));
        answer.status.expect("a container has a status")
    }

    pub(crate) fn exec(&mut self, container: &str, command: &[String]) -> ExecSyncResponse {
        let request = ExecSyncRequest {
            container_id: container.to_owned(),
            cmd: command.to_vec(),
            timeout: DEADLINE.as_secs() as i64,
        };
        self.must("ExecSync", request)
    }

    pub(crate) fn remove_sandbox(&mut self, sandbox: &str) {
        for method in ["StopPodSandbox", "RemovePodSandbox"] {
            let _: Empty = self.must(method, id(sandbox));
        }
    }

    fn must<Q, A>(&mut self, method: &str, request: Q) -> A
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let answer = self.call(method, request);
        answer.unwrap_or_else(|status| panic!("{method}: {status}"))
    }

    fn call<Q, A>(&mut self, method: &str, request: Q) -> Result<A, tonic::Status>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let path = format!("/runtime.v1.RuntimeService/{method}");
        let path = PathAndQuery::try_from(path).expect("a method is a path");
        let grpc = &mut self.grpc;
        self.runtime.block_on(async {
            grpc.ready().await.expect("the runtime is there");
            let codec = ProstCodec::default();
            let answer = grpc.unary(Request::new(request), path, codec).await?;
            Ok(answer.into_inner())
        })
    }
}

fn id(id: &str) -> Id {
    Id { id: id.to_owned() }
}
