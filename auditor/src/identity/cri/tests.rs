//! The whole source against a runtime in this process, on a real socket.

mod runtime;

use std::{fs, net::IpAddr};

use tokio::{task::JoinHandle, time::timeout};

use super::*;
use crate::identity::{fixture::Tree, metadata::Pod};
use runtime::{Answer, Runtime, container_id, uid};

/// Long enough for the busiest machine; nothing waits for it that goes well.
const DEADLINE: Duration = Duration::from_secs(20);

struct Running {
    updates: mpsc::Receiver<Update>,
    asking: mpsc::Sender<Arc<str>>,
    task: JoinHandle<()>,
}

impl Running {
    fn start(socket: &Path) -> Self {
        let (sender, updates) = mpsc::channel(16);
        let (asking, asked) = mpsc::channel(16);
        let settings = CriSettings::new(socket.to_str()).unwrap();
        let task = tokio::spawn(Cri::new(settings, sender, asked).run());
        Self {
            updates,
            asking,
            task,
        }
    }

    async fn next(&mut self) -> Update {
        let update = timeout(DEADLINE, self.updates.recv()).await;
        update.expect("an update comes").expect("the source runs")
    }

    async fn pod(&mut self) -> Arc<Pod> {
        match self.next().await {
            Update::Pod(Source::Cri, pod) => pod,
            other => panic!("{other:?}"),
        }
    }

    async fn away(&mut self) -> String {
        match self.next().await {
            Update::Away(Source::Cri, reason) => reason,
            other => panic!("{other:?}"),
        }
    }

    /// The pods between a beginning and its end.
    async fn list(&mut self) -> Vec<Arc<Pod>> {
        let begin = self.next().await;
        assert!(matches!(begin, Update::ListBegin(Source::Cri)), "{begin:?}");
        let mut pods = Vec::new();
        loop {
            match self.next().await {
                Update::Pod(Source::Cri, pod) => pods.push(pod),
                Update::ListEnd(Source::Cri) => return pods,
                other => panic!("{other:?}"),
            }
        }
    }

    async fn ask(&self, id: impl Into<Arc<str>>) {
        self.asking.send(id.into()).await.unwrap();
    }

    async fn assert_silent(&mut self, time: Duration) {
        let update = timeout(time, self.updates.recv()).await;
        assert!(update.is_err(), "{update:?}");
    }
}

#[tokio::test]
async fn the_pods_of_a_runtime_are_listed_with_their_containers() {
    let tree = Tree::new();
    let runtime = Runtime::start(tree.path());
    runtime.add_pod(1, &["app", "web"]);
    runtime.add_host_pod(2, &["proxy"]);
    let mut running = Running::start(&runtime.socket);
    let pods = running.list().await;
    assert_eq!(pods.len(), 2);
    let pod = &pods[0];
    assert_eq!(*pod.uid, uid(1));
    assert_eq!((&*pod.namespace, &*pod.name), ("shop", "pod-1"));
    assert_eq!(
        pod.addresses,
        ["10.88.0.1", "fd00::1"].map(|a| a.parse::<IpAddr>().unwrap())
    );
    let containers: Vec<_> = pod.containers.iter().map(|c| (&*c.id, &*c.name)).collect();
    let ids = [container_id(1, "app"), container_id(1, "web")];
    assert_eq!(
        containers,
        [(ids[0].as_str(), "app"), (ids[1].as_str(), "web")]
    );
    assert_eq!(
        pod.containers[0].image.as_deref(),
        Some("registry.example/app:1")
    );
    assert!(!pod.host_network && !pod.ended);
    assert!(pods[1].host_network);
    assert!(pods[1].addresses.is_empty());
}

#[tokio::test]
async fn what_is_asked_for_is_found_long_before_the_next_poll() {
    let tree = Tree::new();
    let runtime = Runtime::start(tree.path());
    let mut running = Running::start(&runtime.socket);
    assert!(running.list().await.is_empty());
    let start = Instant::now();
    for n in 1..=3 {
        runtime.add_pod(n, &["web"]);
        running.ask(container_id(n, "web")).await;
        assert_eq!(*running.pod().await.uid, uid(n));
    }
    // By uid too, and though it is known.
    running.ask(uid(2)).await;
    assert_eq!(*running.pod().await.uid, uid(2));
    assert!(start.elapsed() < POLL, "{:?}", start.elapsed());
}

#[tokio::test]
async fn many_questions_make_few_lists() {
    let tree = Tree::new();
    let runtime = Runtime::start(tree.path());
    let mut running = Running::start(&runtime.socket);
    running.list().await;
    let (start, before) = (Instant::now(), runtime.lists());
    for n in 0..500 {
        running.ask(uid(n)).await;
    }
    running.ask(uid(0)).await;
    running.assert_silent(MIN_GAP * 4).await;
    let most = 1 + start.elapsed().as_millis() / MIN_GAP.as_millis();
    let lists = runtime.lists() - before;
    assert!(lists >= 1 && lists as u128 <= most, "{lists} of {most}");
    // A hopeless question makes none.
    let before = runtime.lists();
    running.ask(uid(0)).await;
    running.assert_silent(MIN_GAP * 2).await;
    assert_eq!(runtime.lists(), before);
}

#[tokio::test]
async fn what_is_removed_is_told_as_gone() {
    let tree = Tree::new();
    let runtime = Runtime::start(tree.path());
    runtime.add_pod(1, &["init", "web"]);
    runtime.add_pod(2, &["web"]);
    let mut running = Running::start(&runtime.socket);
    assert_eq!(running.list().await.len(), 2);
    runtime.remove_container(1, "init");
    running.ask("something").await;
    let pod = running.pod().await;
    assert_eq!(pod.containers.len(), 1);
    runtime.stop_pod(1);
    running.ask("something else").await;
    let pod = running.pod().await;
    assert!(pod.ended && !pod.addresses.is_empty(), "{pod:?}");
    runtime.remove_pod(1);
    running.ask("another thing").await;
    let gone = running.next().await;
    assert!(
        matches!(&gone, Update::PodGone(Source::Cri, id) if **id == uid(1)),
        "{gone:?}"
    );
}

#[tokio::test]
async fn a_restarted_runtime_is_found_by_its_new_socket() {
    let tree = Tree::new();
    let runtime = Runtime::start(tree.path());
    runtime.add_pod(1, &["web"]);
    let mut running = Running::start(&runtime.socket);
    assert_eq!(running.list().await.len(), 1);
    let pods = runtime.stop().await;
    running.ask("something").await;
    let reason = running.away().await;
    assert!(reason.contains("no such socket"), "{reason}");
    let runtime = Runtime::start_with(tree.path(), pods);
    runtime.add_pod(2, &["web"]);
    assert_eq!(running.list().await.len(), 2);
}

#[tokio::test]
async fn a_thousand_containers_are_listed() {
    let tree = Tree::new();
    let runtime = Runtime::start(tree.path());
    for n in 0..250 {
        runtime.add_pod(n, &["a", "b", "c", "d"]);
    }
    let mut running = Running::start(&runtime.socket);
    let start = Instant::now();
    let pods = running.list().await;
    println!("250 pods in {:?}", start.elapsed());
    assert_eq!(pods.len(), 250);
    let containers = pods.iter().map(|pod| pod.containers.len());
    assert_eq!(containers.sum::<usize>(), 1000);
    assert!(pods.iter().all(|pod| pod.addresses.len() == 2));
    // Their networks are not asked for again.
    let before = runtime.calls();
    runtime.add_pod(250, &["a"]);
    running.ask(uid(250)).await;
    running.pod().await;
    assert_eq!(runtime.calls() - before, 3);
}

#[tokio::test]
async fn whatever_is_wrong_is_said_once_with_its_remedy() {
    let cases = [
        (Answer::Code(12), "enable its CRI plugin"),
        (Answer::Code(13), "Internal: out of order"),
        (Answer::Garbage, "Internal"),
        (Answer::Huge, "exceeds 16 MiB"),
        (Answer::HangUp, "container runtime at"),
    ];
    for (answer, words) in cases {
        let tree = Tree::new();
        let runtime = Runtime::start(tree.path());
        runtime.add_pod(1, &["web"]);
        runtime.answer(answer);
        let mut running = Running::start(&runtime.socket);
        let reason = running.away().await;
        assert!(reason.contains(words), "{answer:?}: {reason}");
        assert!(!reason.contains('\n'), "{reason}");
        running.assert_silent(FIRST_RETRY * 5).await;
        assert!(runtime.lists() > 1, "{answer:?}: it keeps trying");
        runtime.answer(Answer::Right);
        assert_eq!(running.list().await.len(), 1);
    }
}

#[tokio::test]
async fn a_runtime_that_hangs_is_away() {
    let tree = Tree::new();
    let runtime = Runtime::start(tree.path());
    runtime.answer(Answer::None);
    let mut running = Running::start(&runtime.socket);
    let reason = running.away().await;
    assert!(reason.contains("no answer within 5 s"), "{reason}");
    runtime.answer(Answer::Right);
    assert!(running.list().await.is_empty());
}

#[tokio::test]
async fn what_is_no_runtime_is_away() {
    let tree = Tree::new();
    let missing = tree.path().join("directory/missing.sock");
    let reason = Running::start(&missing).away().await;
    assert!(reason.contains("no such socket"), "{reason}");
    let file = tree.path().join("file");
    fs::write(&file, "").unwrap();
    let reason = Running::start(&file).away().await;
    assert!(reason.contains("nobody listens"), "{reason}");
}

#[tokio::test]
async fn it_ends_with_either_of_its_channels() {
    let tree = Tree::new();
    let runtime = Runtime::start(tree.path());
    let running = Running::start(&runtime.socket);
    drop(running.updates);
    running.asking.send("something".into()).await.ok();
    timeout(DEADLINE, running.task).await.unwrap().unwrap();
    let mut running = Running::start(&runtime.socket);
    running.list().await;
    drop(running.asking);
    timeout(DEADLINE, running.task).await.unwrap().unwrap();
}
