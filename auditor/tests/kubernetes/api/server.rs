//! A stand-in for the API server, over real HTTP: lists in pages and as streams, watches,
//! bookmarks, versions that expire, and every way to fail.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::AUTHORIZATION;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Uri};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, JoinSet};

use super::answer::{Answer, bookmark, error, status};
use super::state::State;

/// How the server gives lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Lists {
    #[default]
    Streamed,
    /// Asked for a stream, it refuses, as 1.27 to 1.31 do.
    Refused,
    /// Asked for a stream, it gives a plain watch, as those before do.
    Ignored,
}

/// Runs on threads of its own, until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    /// Taken when it is dropped, which may be inside another.
    runtime: Option<Runtime>,
    accepting: Option<JoinHandle<()>>,
    kubeconfig: PathBuf,
}

impl Server {
    pub(crate) fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let directory = std::env::temp_dir();
        let name = format!("kubeconfig-{}-{}", std::process::id(), address.port());
        let kubeconfig = directory.join(name);
        write_kubeconfig(&kubeconfig, address, "token: 'token-of-the-test'");
        let mut server = Self {
            address,
            state: Arc::default(),
            runtime: Some(runtime),
            accepting: None,
            kubeconfig,
        };
        server.accept(listener);
        server
    }

    /// One whose kubeconfig names a file with the token, and who is admitted by that only.
    pub(crate) fn start_with_token(file: &Path, token: &str) -> Self {
        let server = Self::start();
        let user = format!("tokenFile: '{}'", file.display());
        write_kubeconfig(&server.kubeconfig, server.address, &user);
        server.rotate_token(file, token);
        server
    }

    /// From now on another token is in the file, and the only one that is taken.
    pub(crate) fn rotate_token(&self, file: &Path, token: &str) {
        std::fs::write(file, token).expect("a temporary file can be made");
        self.state().token = Some(format!("Bearer {token}"));
    }

    /// Leads here.
    pub(crate) fn kubeconfig(&self) -> &PathBuf {
        &self.kubeconfig
    }

    /// Breaks off all connections and takes no new ones.
    pub(crate) fn go_away(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            accepting.abort();
            while !accepting.is_finished() {
                std::thread::yield_now();
            }
        }
        self.state().watches.clear();
    }

    /// Takes connections again, where it did before.
    pub(crate) fn come_back(&mut self) {
        let listener = TcpListener::bind(self.address);
        self.accept(listener.expect("the port is still free"));
    }

    pub(crate) fn put(&self, resource: &'static str, object: Value) {
        self.state().put(resource, object);
    }

    pub(crate) fn delete(&self, resource: &'static str, namespaced_name: &str) {
        self.state().delete(resource, namespaced_name);
    }

    /// Forgets what is not the present.
    pub(crate) fn compact(&self) {
        self.state().compact();
    }

    pub(crate) fn set_lists(&self, lists: Lists) {
        self.state().lists = lists;
    }

    pub(crate) fn refuse(&self, path_end: &str, status: u16) {
        self.state().refused.insert(path_end.to_owned(), status);
    }

    pub(crate) fn answer_with(&self, path_end: &str, garbage: &str) {
        let garbage = garbage.to_owned();
        self.state().garbage.insert(path_end.to_owned(), garbage);
    }

    pub(crate) fn behave(&self) {
        let mut state = self.state();
        state.refused.clear();
        state.garbage.clear();
        state.delay = Duration::ZERO;
    }

    pub(crate) fn delay(&self, delay: Duration) {
        self.state().delay = delay;
    }

    pub(crate) fn bookmark(&self) {
        let state = self.state();
        state.say(|_| true, &bookmark(state.version, &json!({})));
    }

    /// Says a line to all who watch a resource.
    pub(crate) fn say(&self, resource: &str, line: &str) {
        let line = Bytes::from(format!("{line}\n"));
        self.state().say(|watched| watched == resource, &line);
    }

    /// Breaks off all watches in the middle of an object.
    pub(crate) fn break_off(&self) {
        let half = Bytes::from_static(b"{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"na");
        let mut state = self.state();
        state.say(|_| true, &half);
        state.break_off();
    }

    /// Ends all watches with the event of a version that has expired.
    pub(crate) fn expire(&self) {
        let mut state = self.state();
        state.say(|_| true, &error(410));
        state.watches.clear();
    }

    /// Requests of a path that ends so, with their queries.
    pub(crate) fn requests(&self, path_end: &str) -> Vec<String> {
        let state = self.state();
        let of_path = |uri: &&Uri| uri.path().ends_with(path_end);
        let requests = state.requests.iter().filter(of_path);
        requests.map(ToString::to_string).collect()
    }

    fn accept(&mut self, listener: TcpListener) {
        let state = Arc::clone(&self.state);
        let set = listener.set_nonblocking(true);
        set.expect("a listener can be asked without waiting");
        let runtime = self.runtime.as_ref().expect("it is not dropped yet");
        self.accepting = Some(runtime.spawn(async move {
            let listener = tokio::net::TcpListener::from_std(listener);
            let listener = listener.expect("it listens");
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                connections.spawn(async move {
                    let answer = service_fn(|request| answer(Arc::clone(&state), request));
                    let stream = TokioIo::new(stream);
                    let _ = http1::Builder::new().serve_connection(stream, answer).await;
                });
            }
        }));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.state)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.go_away();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
        let _ = std::fs::remove_file(&self.kubeconfig);
    }
}

async fn answer(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Answer, Infallible> {
    let uri = request.uri().clone();
    let token = request.headers().get(AUTHORIZATION).cloned();
    let _ = request.into_body().collect().await;
    let delay = locked(&state).note(&uri);
    tokio::time::sleep(delay).await;
    let mut state = locked(&state);
    if !state.admits(token.as_ref()) {
        return Ok(status(401));
    }
    Ok(state.answer(&uri))
}

/// A test that failed meanwhile is no reason to fail here.
fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write_kubeconfig(path: &Path, address: SocketAddr, user: &str) {
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: test\n\
         clusters: [{{name: test, cluster: {{server: 'http://{address}'}}}}]\n\
         users: [{{name: test, user: {{{user}}}}}]\n\
         contexts: [{{name: test, context: {{cluster: test, user: test}}}}]\n"
    );
    std::fs::write(path, kubeconfig).expect("a temporary file can be made");
}
