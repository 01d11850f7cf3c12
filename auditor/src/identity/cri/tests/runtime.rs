//! A container runtime that speaks as it is told.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::{BufMut, Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use prost::Message;
use tokio::{net::UnixListener, task::JoinHandle};

use crate::identity::cri::wire::{
    Container, ContainerMetadata, ImageSpec, LinuxPodSandboxStatus, ListContainersResponse,
    ListPodSandboxResponse, NODE, Namespace, NamespaceOption, PodIp, PodSandbox,
    PodSandboxMetadata, PodSandboxNetworkStatus, PodSandboxStatus, PodSandboxStatusRequest,
    PodSandboxStatusResponse,
};

/// How it answers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Right,
    /// A gRPC status of its own.
    Code(u8),
    Garbage,
    /// A message that announces 17 MiB.
    Huge,
    HangUp,
    None,
}

#[derive(Default)]
pub(super) struct Pods(BTreeMap<usize, (PodSandbox, Vec<Container>, bool)>);

pub(super) struct Runtime {
    pub(super) socket: PathBuf,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    pods: Mutex<Pods>,
    answer: Mutex<Answer>,
    lists: AtomicUsize,
    calls: AtomicUsize,
}

/// Before every message: a flag and its length.
const FRAME: usize = 5;

type Body = BoxBody<Bytes, Infallible>;

pub(super) fn uid(pod: usize) -> String {
    format!("00000000-0000-4000-8000-{pod:012}")
}

pub(super) fn container_id(pod: usize, name: &str) -> String {
    let name = name
        .bytes()
        .fold(0_u64, |sum, byte| sum << 8 | u64::from(byte));
    format!("{pod:032x}{name:032x}")
}

fn sandbox_id(pod: usize) -> String {
    format!("{pod:064x}")
}

impl Runtime {
    pub(super) fn start(folder: &Path) -> Self {
        Self::start_with(folder, Pods::default())
    }

    pub(super) fn start_with(folder: &Path, pods: Pods) -> Self {
        let socket = folder.join("containerd.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let state = Arc::new(State {
            pods: Mutex::new(pods),
            answer: Mutex::new(Answer::Right),
            lists: AtomicUsize::new(0),
            calls: AtomicUsize::new(0),
        });
        let task = tokio::spawn(serve(listener, Arc::clone(&state)));
        Self {
            socket,
            state,
            task,
        }
    }

    /// Ends it, and its connections with it.
    pub(super) async fn stop(self) -> Pods {
        self.task.abort();
        let _ = self.task.await;
        std::fs::remove_file(&self.socket).unwrap();
        std::mem::take(&mut self.state.pods.lock().unwrap())
    }

    pub(super) fn answer(&self, answer: Answer) {
        *self.state.answer.lock().unwrap() = answer;
    }

    pub(super) fn lists(&self) -> usize {
        self.state.lists.load(Ordering::Relaxed)
    }

    pub(super) fn calls(&self) -> usize {
        self.state.calls.load(Ordering::Relaxed)
    }

    pub(super) fn add_pod(&self, pod: usize, containers: &[&str]) {
        self.add(pod, containers, false);
    }

    pub(super) fn add_host_pod(&self, pod: usize, containers: &[&str]) {
        self.add(pod, containers, true);
    }

    fn add(&self, pod: usize, containers: &[&str], of_host: bool) {
        let metadata = PodSandboxMetadata {
            name: format!("pod-{pod}"),
            uid: uid(pod),
            namespace: "shop".into(),
        };
        let sandbox = PodSandbox {
            id: sandbox_id(pod),
            metadata: Some(metadata),
            ..PodSandbox::default()
        };
        let containers = containers.iter().map(|name| Container {
            id: container_id(pod, name),
            pod_sandbox_id: sandbox_id(pod),
            metadata: Some(ContainerMetadata {
                name: (*name).to_owned(),
            }),
            image: Some(ImageSpec {
                image: "sha256:0123".into(),
                user_specified_image: format!("registry.example/{name}:1"),
            }),
        });
        let entry = (sandbox, containers.collect(), of_host);
        self.state.pods.lock().unwrap().0.insert(pod, entry);
    }

    pub(super) fn remove_container(&self, pod: usize, name: &str) {
        let mut pods = self.state.pods.lock().unwrap();
        let (_, containers, _) = pods.0.get_mut(&pod).unwrap();
        containers.retain(|container| container.id != container_id(pod, name));
    }

    pub(super) fn stop_pod(&self, pod: usize) {
        let mut pods = self.state.pods.lock().unwrap();
        pods.0.get_mut(&pod).unwrap().0.state = 1;
    }

    pub(super) fn remove_pod(&self, pod: usize) {
        self.state.pods.lock().unwrap().0.remove(&pod);
    }
}

async fn serve(listener: UnixListener, state: Arc<State>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        connections.spawn(async move {
            let service = service_fn(move |request| answer(Arc::clone(&state), request));
            let builder = auto::Builder::new(TokioExecutor::new()).http2_only();
            let stream = TokioIo::new(stream);
            let _ = builder.serve_connection(stream, service).await;
        });
    }
}

async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Response<Body>, String> {
    state.calls.fetch_add(1, Ordering::Relaxed);
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let method = head.uri.path().rsplit('/').next().unwrap();
    if method == "ListContainers" {
        state.lists.fetch_add(1, Ordering::Relaxed);
    }
    let answer = *state.answer.lock().unwrap();
    match answer {
        Answer::Right => Ok(framed(&state.pods.lock().unwrap().answer(method, &body), 0)),
        Answer::Code(code) => Ok(framed(&[], code)),
        Answer::Garbage => Ok(framed(&[0xff; 100], 0)),
        Answer::Huge => Ok(response(Bytes::from_static(&[0, 1, 0x10, 0, 0]), 0)),
        Answer::HangUp => Err("hung up".into()),
        Answer::None => std::future::pending().await,
    }
}

fn framed(message: &[u8], code: u8) -> Response<Body> {
    let mut body = BytesMut::new();
    if code == 0 {
        body.put_u8(0);
        body.put_u32(message.len() as u32);
        body.put_slice(message);
    }
    response(body.freeze(), code)
}

fn response(body: Bytes, code: u8) -> Response<Body> {
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", code.to_string().parse().unwrap());
    trailers.insert("grpc-message", "out of order".parse().unwrap());
    let body = Full::new(body).with_trailers(async { Some(Ok(trailers)) });
    let response = Response::builder().header("content-type", "application/grpc");
    response.body(body.boxed()).unwrap()
}

impl Pods {
    fn answer(&self, method: &str, request: &Bytes) -> Vec<u8> {
        let pods = self.0.values();
        match method {
            "ListContainers" => {
                let containers = pods.flat_map(|(_, containers, _)| containers.clone());
                let containers = containers.collect();
                ListContainersResponse { containers }.encode_to_vec()
            }
            "ListPodSandbox" => {
                let items = pods.map(|(sandbox, _, _)| sandbox.clone()).collect();
                ListPodSandboxResponse { items }.encode_to_vec()
            }
            "PodSandboxStatus" => {
                let id = PodSandboxStatusRequest::decode(request.slice(FRAME..)).unwrap();
                let status = self.0.iter().find_map(|(pod, (sandbox, _, of_host))| {
                    (sandbox.id == id.pod_sandbox_id).then(|| status(*pod, *of_host))
                });
                PodSandboxStatusResponse { status }.encode_to_vec()
            }
            other => panic!("{other} is no call that reads a list"),
        }
    }
}

fn status(pod: usize, of_host: bool) -> PodSandboxStatus {
    let network = PodSandboxNetworkStatus {
        ip: format!("10.88.{}.{}", pod / 256, pod % 256),
        additional_ips: vec![PodIp {
            ip: format!("fd00::{pod:x}"),
        }],
    };
    let options = NamespaceOption {
        network: if of_host { NODE } else { 0 },
    };
    let namespaces = Some(Namespace {
        options: Some(options),
    });
    PodSandboxStatus {
        network: Some(network),
        linux: Some(LinuxPodSandboxStatus { namespaces }),
    }
}
