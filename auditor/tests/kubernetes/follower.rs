//! The source of the auditor and the directory that it fills, with the clock of the test.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use auditor::config::{KubernetesSettings, PeerScope};
use auditor::identity::{Directory, Known, Kubernetes, Moment, Peer, Pod, Update, Why};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::time::timeout;

use crate::api::objects::NODE;
use crate::api::server::Server;

/// For what must come.
const PATIENCE: Duration = Duration::from_secs(30);

/// The boot of the test's node.
const UPTIME_NS: u64 = 10_000_000_000_000;

pub(crate) struct Follower {
    pub(crate) directory: Directory,
    updates: Receiver<Update>,
    wanted: Sender<Arc<Pod>>,
    /// Everything that was told, as text.
    pub(crate) told: Vec<String>,
    begun: Instant,
}

impl Follower {
    pub(crate) async fn of(server: &Server, peers: PeerScope) -> Self {
        let settings = KubernetesSettings {
            kubeconfig: Some(server.kubeconfig().clone()),
            peers,
        };
        let source = Kubernetes::new(&settings, Some(NODE)).await;
        let source = source
            .expect("the kubeconfig is good")
            .expect("it is given");
        let (sender, updates) = channel(64);
        let (wanted, owners) = channel(64);
        tokio::spawn(source.run(sender, owners));
        Self {
            directory: Directory::new(peers),
            updates,
            wanted,
            told: Vec::new(),
            begun: Instant::now(),
        }
    }

    /// Nanoseconds of the boot-time clock.
    pub(crate) fn now(&self) -> u64 {
        UPTIME_NS + self.begun.elapsed().as_nanos() as u64
    }

    /// Takes in what is told until it is so.
    pub(crate) async fn until(&mut self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so(self) {
            let left = end.saturating_duration_since(Instant::now());
            match timeout(left, self.updates.recv()).await {
                Ok(Some(update)) => self.take(update),
                _ => panic!("{what} does not come about; told: {:#?}", self.told),
            }
        }
    }

    /// Takes in what is told for a while.
    pub(crate) async fn through(&mut self, while_: Duration) {
        let end = Instant::now() + while_;
        while let Some(left) = end.checked_duration_since(Instant::now())
            && let Ok(Some(update)) = timeout(left, self.updates.recv()).await
        {
            self.take(update);
        }
    }

    pub(crate) fn pod(&self, name: &str) -> Option<&Arc<Pod>> {
        self.directory.pod(&format!("uid-of-{name}"))
    }

    /// A record is about the pod.
    pub(crate) fn want(&self, pod: &str) {
        let pod = self.pod(pod).expect("it was told");
        let sent = self.wanted.try_send(Arc::clone(pod));
        sent.expect("the source takes what is wanted");
    }

    /// Kind and name of the workload of a pod, or why it is not known.
    pub(crate) fn workload(&self, pod: &str) -> Option<Result<String, Why>> {
        Some(match self.directory.workload(self.pod(pod)?) {
            Known::Value(owner) => Ok(format!("{} {}", owner.kind.as_str(), owner.name)),
            Known::Absent(why) => Err(why),
        })
    }

    pub(crate) fn has_told(&self, text: &str) -> bool {
        self.told.iter().any(|told| told.contains(text))
    }

    pub(crate) fn times_told(&self, text: &str) -> usize {
        self.told.iter().filter(|told| told.contains(text)).count()
    }

    pub(crate) fn peer(&self, address: &str) -> Known<Peer> {
        self.directory
            .peer(address.parse().expect("an address"), self.now())
    }

    /// Whether the directory says that everything of now is known.
    pub(crate) fn knows_all(&self) -> bool {
        self.peer("198.51.100.77") == Known::Value(Peer::External)
    }

    fn take(&mut self, update: Update) {
        self.told.push(format!("{update:?}"));
        let wall = SystemTime::now().duration_since(UNIX_EPOCH);
        let wall = wall.expect("it is later than 1970");
        let now = Moment {
            boot_ns: self.now(),
            wall_s: wall.as_secs() as i64,
        };
        self.directory.apply(update, now);
    }
}
