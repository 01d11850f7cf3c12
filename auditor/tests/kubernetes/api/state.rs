//! What the stand-in has, and whom it tells of changes.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::time::Duration;

use bytes::Bytes;
use hyper::Uri;
use hyper::header::HeaderValue;
use serde_json::{Value, json};
use tokio::sync::mpsc::{Sender, channel};

use super::answer::{Answer, bookmark, error, event, status, stream, text, whole};
use super::selection::Selection;
use super::server::Lists;

/// Lines that a watch may lag behind; then it ends.
const QUEUE: usize = 65_536;

pub(crate) const RESOURCES: [&str; 6] = [
    "/api/v1/pods",
    "/api/v1/namespaces",
    "/api/v1/nodes",
    "/api/v1/services",
    "/apis/apps/v1/replicasets",
    "/apis/batch/v1/jobs",
];

#[derive(Default)]
pub(crate) struct State {
    pub(crate) version: u64,
    /// Versions before it are no longer kept.
    oldest: u64,
    /// By resource path without the namespace, and `namespace/name`.
    objects: BTreeMap<(&'static str, String), Value>,
    changes: Vec<Change>,
    pub(crate) watches: Vec<Watching>,
    pub(crate) lists: Lists,
    /// The status with which a path that ends so is answered.
    pub(crate) refused: HashMap<String, u16>,
    /// The text with which one is answered.
    pub(crate) garbage: HashMap<String, String>,
    pub(crate) delay: Duration,
    /// The only `Authorization` that is taken; `None` where any is.
    pub(crate) token: Option<String>,
    pub(crate) requests: Vec<Uri>,
}

struct Change {
    version: u64,
    resource: &'static str,
    before: Option<Value>,
    after: Option<Value>,
}

pub(crate) struct Watching {
    selection: Selection,
    lines: Sender<io::Result<Bytes>>,
}

impl State {
    pub(crate) fn put(&mut self, resource: &'static str, mut object: Value) {
        self.version += 1;
        object["metadata"]["resourceVersion"] = json!(self.version.to_string());
        let key = (resource, key(&object));
        let before = self.objects.insert(key, object.clone());
        self.change(resource, before, Some(object));
    }

    pub(crate) fn delete(&mut self, resource: &'static str, namespaced_name: &str) {
        self.version += 1;
        let key = (resource, namespaced_name.to_owned());
        let before = self.objects.remove(&key).expect("it is there");
        self.change(resource, Some(before), None);
    }

    pub(crate) fn compact(&mut self) {
        self.oldest = self.version;
        self.changes.clear();
    }

    /// To those who watch these resources.
    pub(crate) fn say(&self, is_of: impl Fn(&str) -> bool, line: &Bytes) {
        for watch in self
            .watches
            .iter()
            .filter(|watch| is_of(watch.selection.resource))
        {
            let _ = watch.lines.try_send(Ok(line.clone()));
        }
    }

    pub(crate) fn break_off(&mut self) {
        for watch in self.watches.drain(..) {
            let lost = io::Error::from(io::ErrorKind::ConnectionReset);
            let _ = watch.lines.try_send(Err(lost));
        }
    }

    /// Keeps the request; how long to wait with the answer.
    pub(crate) fn note(&mut self, uri: &Uri) -> Duration {
        self.requests.push(uri.clone());
        self.delay
    }

    pub(crate) fn admits(&self, authorization: Option<&HeaderValue>) -> bool {
        let Some(token) = &self.token else {
            return true;
        };
        authorization.is_some_and(|given| given.as_bytes() == token.as_bytes())
    }

    pub(crate) fn answer(&mut self, uri: &Uri) -> Answer {
        let path = uri.path();
        let mut refused = self.refused.iter();
        if let Some((_, code)) = refused.find(|(end, _)| path.ends_with(end.as_str())) {
            return status(*code);
        }
        let mut garbage = self.garbage.iter();
        if let Some((_, garbage)) = garbage.find(|(end, _)| path.ends_with(end.as_str())) {
            return text(garbage.clone());
        }
        match Selection::of(uri) {
            None => self.get(path),
            Some(selection) if selection.get("watch").is_some() => self.watch(selection),
            Some(selection) => self.list(&selection),
        }
    }

    fn change(&mut self, resource: &'static str, before: Option<Value>, after: Option<Value>) {
        let change = Change {
            version: self.version,
            resource,
            before,
            after,
        };
        self.watches
            .retain(|watch| match change.seen_by(&watch.selection) {
                Some(line) => watch.lines.try_send(Ok(line)).is_ok(),
                None => !watch.lines.is_closed(),
            });
        self.changes.push(change);
    }

    fn selected(&self, selection: &Selection) -> Vec<&Value> {
        let of_resource = self.objects.iter();
        let of_resource = of_resource.filter(|((resource, _), _)| *resource == selection.resource);
        let objects = of_resource.map(|(_, object)| object);
        objects.filter(|object| selection.selects(object)).collect()
    }

    fn list(&self, selection: &Selection) -> Answer {
        let objects = self.selected(selection);
        let begin = match selection.get("continue") {
            Some(token) => {
                let (version, begin) = token.split_once(':').expect("it was made here");
                if number(version) < self.oldest {
                    return status(410);
                }
                number(begin) as usize
            }
            None => 0,
        };
        let limit = selection
            .get("limit")
            .map_or(usize::MAX, |limit| number(limit) as usize);
        let page: Vec<_> = objects.iter().skip(begin).take(limit).collect();
        let end = begin + page.len();
        let next = (end < objects.len()).then(|| format!("{}:{end}", self.version));
        let metadata = json!({"resourceVersion": self.version.to_string(), "continue": next});
        whole(&json!({"kind": "List", "metadata": metadata, "items": page}))
    }

    fn watch(&mut self, selection: Selection) -> Answer {
        let streams = selection.get("sendInitialEvents").is_some();
        if streams && self.lists == Lists::Refused {
            return status(422);
        }
        let (sender, lines) = channel(QUEUE);
        let version = selection.get("resourceVersion").unwrap_or_default();
        if version.is_empty() {
            for object in self.selected(&selection) {
                let _ = sender.try_send(Ok(event("ADDED", object)));
            }
            if streams && self.lists == Lists::Streamed {
                let end = json!({"k8s.io/initial-events-end": "true"});
                let _ = sender.try_send(Ok(bookmark(self.version, &end)));
            }
        } else {
            let version = number(version);
            if version < self.oldest {
                let _ = sender.try_send(Ok(error(410)));
                return stream(lines);
            }
            let later = self
                .changes
                .iter()
                .filter(|change| change.version > version);
            for line in later.filter_map(|change| change.seen_by(&selection)) {
                let _ = sender.try_send(Ok(line));
            }
        }
        self.watches.push(Watching {
            selection,
            lines: sender,
        });
        stream(lines)
    }

    /// `/apis/apps/v1/namespaces/shop/replicasets/web`
    fn get(&self, path: &str) -> Answer {
        let Some((group, rest)) = path.split_once("/namespaces/") else {
            return status(404);
        };
        let mut parts = rest.split('/');
        let (namespace, plural, name) = (parts.next(), parts.next(), parts.next());
        let resource = format!("{group}/{}", plural.unwrap_or_default());
        let key = format!(
            "{}/{}",
            namespace.unwrap_or_default(),
            name.unwrap_or_default()
        );
        let object = self
            .objects
            .iter()
            .find(|((of, at), _)| **of == resource && *at == key);
        object.map_or(status(404), |(_, object)| whole(object))
    }
}

impl Change {
    fn seen_by(&self, selection: &Selection) -> Option<Bytes> {
        if self.resource != selection.resource {
            return None;
        }
        let selects =
            |object: &Option<Value>| object.as_ref().is_some_and(|o| selection.selects(o));
        match (selects(&self.before), selects(&self.after)) {
            (false, true) => Some(event("ADDED", self.after.as_ref()?)),
            (true, true) => Some(event("MODIFIED", self.after.as_ref()?)),
            (true, false) => {
                let mut last = self.before.clone()?;
                last["metadata"]["resourceVersion"] = json!(self.version.to_string());
                Some(event("DELETED", &last))
            }
            (false, false) => None,
        }
    }
}

fn key(object: &Value) -> String {
    let meta = &object["metadata"];
    let name = meta["name"].as_str().expect("objects have names");
    meta["namespace"]
        .as_str()
        .map_or(name.to_owned(), |namespace| format!("{namespace}/{name}"))
}

fn number(text: &str) -> u64 {
    text.parse().expect("the auditor says what it was told")
}
