//! The outermost owners of this node's pods: the deployment of a replica set, the cron job of a
//! job.
//!
//! A pod is told at once, with the reason why its owner is not known yet, and told again with its
//! owner. All that is told of pods goes through here, so that what a look-up brings is never told
//! of a pod that went in the meantime.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use http::StatusCode;
use kube::api::GetParams;
use kube::core::Request;
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::api::Api;
use super::backoff;
use super::failure::Failure;
use super::object::{Meta, MetaObject};
use super::watch::Closed;
use crate::backoff::{Backoff, jitter};
use crate::identity::bounded::Bounded;
use crate::identity::known::Why;
use crate::identity::metadata::{Owner, OwnerKind, Pod, Source, Update};

/// Replica sets and jobs that are remembered: a node has hundreds of pods at a time.
const FOUND: usize = 4096;

/// Pods whose owner is looked up. One more than that goes without.
const SOUGHT: usize = 16_384;

/// Look-ups at a time: a node that starts does not take the server for itself.
const LOOKUPS: usize = 4;

/// What is told of the pods of this node.
pub(super) enum Word {
    /// With what is to be asked for its owner.
    Pod(Pod, Option<Reference>),
    Update(Update),
}

/// A controller that has a controller itself, as a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// Of its kind in its namespace.
    path: String,
    name: String,
    uid: Arc<str>,
}

/// What is known of a controller.
#[derive(Clone, Debug)]
enum Found {
    Owner(Owner),
    /// Nothing controls it.
    Outermost,
    Gone,
}

struct Sought {
    reference: Reference,
    /// By `Pod::uid`.
    pods: HashMap<Arc<str>, Arc<Pod>>,
}

type Answer = (Arc<str>, Result<Found, Failure>);

pub(super) struct Owners {
    api: Api,
    updates: Sender<Update>,
    /// By uid, as all below.
    found: Bounded<Arc<str>, Found>,
    sought: HashMap<Arc<str>, Sought>,
    /// The pods in there, with whose uid each waits for.
    waiting: HashMap<Arc<str>, Arc<str>>,
    queue: VecDeque<Arc<str>>,
    asked: HashSet<Arc<str>>,
    lookups: JoinSet<Answer>,
    retry_at: Option<Instant>,
    backoff: Backoff,
}

impl Reference {
    /// `None` where the controller is the outermost owner.
    pub(super) fn of(meta: &Meta) -> Option<Self> {
        let controller = meta.controller()?;
        let namespace = meta.namespace.as_deref()?;
        let path = match controller.kind() {
            OwnerKind::ReplicaSet => format!("/apis/apps/v1/namespaces/{namespace}/replicasets"),
            OwnerKind::Job => format!("/apis/batch/v1/namespaces/{namespace}/jobs"),
            _ => return None,
        };
        Some(Self {
            path,
            name: controller.name.clone(),
            uid: controller.uid.as_str().into(),
        })
    }

    async fn look_up(self, api: Api) -> Answer {
        let request = Request::new(self.path).get_metadata(&self.name, &GetParams::default());
        let answer = match request {
            Ok(request) => api.ask::<MetaObject>(request).await,
            Err(_) => Err(Failure::Unaskable),
        };
        let found = match answer {
            // Another one has the name now.
            Ok(object) if *object.metadata.uid != *self.uid => Ok(Found::Gone),
            Ok(object) => Ok(match object.metadata.controller() {
                Some(owner) => Found::Owner(Owner {
                    kind: owner.kind(),
                    name: owner.name.as_str().into(),
                }),
                None => Found::Outermost,
            }),
            Err(Failure::Refused(StatusCode::NOT_FOUND)) => Ok(Found::Gone),
            Err(failure) => Err(failure),
        };
        (self.uid, found)
    }
}

impl Found {
    fn complete(&self, pod: &mut Pod) {
        pod.owners.truncate(1);
        pod.owner_unknown = None;
        match self {
            Self::Owner(owner) => pod.owners.push(owner.clone()),
            Self::Outermost => {}
            Self::Gone => pod.owner_unknown = Some(Why::OwnerGone),
        }
    }
}

impl Owners {
    pub(super) fn new(api: Api, updates: Sender<Update>) -> Self {
        Self {
            api,
            updates,
            found: Bounded::new(FOUND),
            sought: HashMap::new(),
            waiting: HashMap::new(),
            queue: VecDeque::new(),
            asked: HashSet::new(),
            lookups: JoinSet::new(),
            retry_at: None,
            backoff: backoff(),
        }
    }

    /// Runs until nobody tells of pods or takes the updates any more.
    pub(super) async fn run(mut self, mut told: Receiver<Word>) -> Closed {
        loop {
            let retry_at = self.retry_at.unwrap_or_else(Instant::now);
            let done = tokio::select! {
                word = told.recv() => match word {
                    Some(word) => self.take(word).await,
                    None => Err(Closed),
                },
                Some(answer) = self.lookups.join_next() => match answer {
                    Ok((uid, found)) => self.learn(&uid, found).await,
                    Err(_) => Ok(()),
                },
                () = sleep_until(retry_at), if self.retry_at.is_some() => {
                    self.ask_again();
                    Ok(())
                }
            };
            if done.is_err() {
                return Closed;
            }
            self.look_up();
        }
    }

    async fn take(&mut self, word: Word) -> Result<(), Closed> {
        match word {
            Word::Pod(pod, asked) => self.pod(pod, asked).await,
            Word::Update(update) => {
                match &update {
                    Update::PodGone(_, uid) => self.forget(uid),
                    // What is there is named again.
                    Update::ListBegin(_) => {
                        self.sought.clear();
                        self.waiting.clear();
                    }
                    Update::ListEnd(_) | Update::Back(_) => self.ask_again(),
                    _ => {}
                }
                self.send(update).await
            }
        }
    }

    async fn pod(&mut self, mut pod: Pod, asked: Option<Reference>) -> Result<(), Closed> {
        self.forget(&pod.uid);
        let Some(reference) = asked else {
            return self.tell(pod.into()).await;
        };
        if let Some(found) = self.found.get(&reference.uid) {
            found.complete(&mut pod);
            return self.tell(pod.into()).await;
        }
        if self.waiting.len() >= SOUGHT {
            pod.owner_unknown = Some(Why::IndexFull);
            return self.tell(pod.into()).await;
        }
        pod.owner_unknown = Some(Why::NotYetKnown);
        let pod = Arc::new(pod);
        let owner = Arc::clone(&reference.uid);
        self.waiting
            .insert(Arc::clone(&pod.uid), Arc::clone(&owner));
        let sought = self.sought.entry(Arc::clone(&owner)).or_insert_with(|| {
            self.queue.push_back(owner);
            Sought {
                reference,
                pods: HashMap::new(),
            }
        });
        sought.pods.insert(Arc::clone(&pod.uid), Arc::clone(&pod));
        self.tell(pod).await
    }

    fn forget(&mut self, pod: &str) {
        let Some(owner) = self.waiting.remove(pod) else {
            return;
        };
        if let Some(sought) = self.sought.get_mut(&owner) {
            sought.pods.remove(pod);
            if sought.pods.is_empty() {
                self.sought.remove(&owner);
            }
        }
    }

    fn look_up(&mut self) {
        while self.lookups.len() < LOOKUPS
            && let Some(uid) = self.queue.pop_front()
        {
            let Some(sought) = self.sought.get(&uid) else {
                continue;
            };
            if self.asked.insert(uid) {
                let lookup = sought.reference.clone().look_up(self.api.clone());
                self.lookups.spawn(lookup);
            }
        }
    }

    async fn learn(&mut self, uid: &Arc<str>, found: Result<Found, Failure>) -> Result<(), Closed> {
        self.asked.remove(uid);
        match found {
            Ok(found) => {
                self.found.insert(Arc::clone(uid), found.clone());
                let pods = self.sought.remove(uid).map(|sought| sought.pods);
                for (of, mut pod) in pods.into_iter().flatten() {
                    self.waiting.remove(&of);
                    found.complete(Arc::make_mut(&mut pod));
                    self.tell(pod).await?;
                }
                if self.sought.is_empty() {
                    self.backoff.reset();
                }
                Ok(())
            }
            Err(failure) => self.fails(uid, &failure).await,
        }
    }

    /// Those pods go without for the time being, and say why.
    async fn fails(&mut self, uid: &str, failure: &Failure) -> Result<(), Closed> {
        if self.backoff.failures() == 0 {
            warn!("owners of pods can't be looked up: {failure}");
        }
        if self.retry_at.is_none() {
            self.retry_at = Some(Instant::now() + self.backoff.next(jitter()));
        }
        let why = Some(failure.why());
        let sought = self.sought.get_mut(uid);
        let pods = sought
            .into_iter()
            .flat_map(|sought| sought.pods.values_mut());
        let mut changed = Vec::new();
        for pod in pods.filter(|pod| pod.owner_unknown != why) {
            Arc::make_mut(pod).owner_unknown = why;
            changed.push(Arc::clone(pod));
        }
        for pod in changed {
            self.tell(pod).await?;
        }
        Ok(())
    }

    fn ask_again(&mut self) {
        self.retry_at = None;
        self.queue = self.sought.keys().cloned().collect();
    }

    async fn tell(&self, pod: Arc<Pod>) -> Result<(), Closed> {
        self.send(Update::Pod(Source::Kubernetes, pod)).await
    }

    async fn send(&self, update: Update) -> Result<(), Closed> {
        self.updates.send(update).await.map_err(|_| Closed)
    }
}

impl From<Update> for Word {
    fn from(update: Update) -> Self {
        Self::Update(update)
    }
}
