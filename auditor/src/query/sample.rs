//! Journals for tests: records as the pipeline makes them, written by the real writer.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::journal::evidence::Signer;
use crate::journal::{Directory, Now, Options, Writer};
use crate::record::{EventName, LogRecordWriter, ResourceWriter, Severity, attribute as a};
use crate::redact::Sealed;

/// 2026-09-21T14:13:20Z
pub(crate) const BEGIN: u64 = 1_790_000_000_000_000_000;
pub(crate) const SECOND: u64 = 1_000_000_000;

/// A directory of its own for one test, gone with it.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("auditor-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The audited pod of a deployment.
pub(crate) fn pod(namespace: &str, workload: &str) -> Arc<[u8]> {
    let mut writer = ResourceWriter::default();
    writer.string("service.name", workload);
    writer.string("k8s.namespace.name", namespace);
    writer.string("k8s.pod.name", &format!("{workload}-7d4b9c-x2x4z"));
    writer.string("k8s.container.name", "app");
    writer.string("container.id", "3f9a0c");
    writer.string("k8s.deployment.name", workload);
    writer.finish().into()
}

pub(crate) fn node() -> Arc<[u8]> {
    let mut writer = ResourceWriter::default();
    writer.string("host.name", "node-1");
    writer.finish().into()
}

/// An exchange that a workload answered.
#[derive(Clone, Debug)]
pub(crate) struct Access<'a> {
    pub(crate) resource: &'a Arc<[u8]>,
    pub(crate) at: u64,
    pub(crate) user: Option<&'a str>,
    pub(crate) peer: &'a str,
    pub(crate) path: &'a str,
    pub(crate) status: u64,
}

impl Access<'_> {
    pub(crate) fn sealed(&self) -> Sealed {
        let mut writer = LogRecordWriter::new(
            EventName::HttpAccess,
            Severity::Info,
            self.at,
            self.at + SECOND / 10,
        );
        writer.string(a::RECORD_ID, &format!("99fa3007-{}-0", self.at));
        writer.string(a::RECORD_PHASE, "end");
        writer.string(a::CONNECTION_ID, "99fa3007a0c84770-10e177");
        writer.string(a::DIRECTION, "inbound");
        writer.string(a::NETWORK_LOCAL_ADDRESS, "10.244.1.5");
        writer.int(a::NETWORK_LOCAL_PORT, 8080);
        writer.string(a::NETWORK_PEER_ADDRESS, "10.244.2.9");
        writer.int(a::NETWORK_PEER_PORT, 51234);
        writer.string(a::NETWORK_TRANSPORT, "tcp");
        writer.string(a::NETWORK_TYPE, "ipv4");
        writer.string(a::CAPTURE_METHOD, "cgroup_skb");
        writer.string(a::HTTP_REQUEST_METHOD, "GET");
        writer.string(a::URL_PATH, self.path);
        writer.string(a::URL_SCHEME, "http");
        writer.string(a::SERVER_ADDRESS, "cart.shop.svc");
        writer.int(a::SERVER_PORT, 8080);
        writer.string(a::USER_AGENT_ORIGINAL, "curl/7.88.1");
        writer.int(a::HTTP_RESPONSE_STATUS_CODE, self.status);
        writer.string(a::NETWORK_PROTOCOL_NAME, "http");
        writer.string(a::NETWORK_PROTOCOL_VERSION, "1.1");
        if self.status >= 500 {
            writer.string(a::ERROR_TYPE, &self.status.to_string());
        }
        writer.int(a::BYTES_RECEIVED, 312);
        writer.int(a::BYTES_SENT, 2048);
        writer.int(a::DURATION_NS, 1_234_567);
        match self.user {
            Some(user) => {
                writer.string(a::PRINCIPAL_SOURCE, "jwt");
                writer.bool(a::PRINCIPAL_VERIFIED, false);
                writer.string(a::USER_ID, user);
            }
            None => writer.string(a::PRINCIPAL_REASON, "none_presented"),
        }
        writer.string(a::PEER_KIND, "pod");
        writer.string(a::PEER_SERVICE_NAME, self.peer);
        writer.string(a::PEER_NAMESPACE_NAME, "shop");
        writer.string(a::PEER_POD_NAME, &format!("{}-5c6d", self.peer));
        writer.body(&format!(
            "GET cart.shop.svc:8080{} {}",
            self.path, self.status
        ));
        Sealed::for_test(Arc::clone(self.resource), writer.finish())
    }
}

/// A record about the node itself.
pub(crate) fn about_node(event: EventName, at: u64, facts: &[(&str, &str)]) -> Sealed {
    let severity = match event {
        EventName::Loss => Severity::Error,
        _ => Severity::Info,
    };
    let mut writer = LogRecordWriter::new(event, severity, at, at);
    for (key, value) in facts {
        match value.parse() {
            Ok(number) => writer.int(key, number),
            Err(_) => writer.string(key, value),
        }
    }
    Sealed::for_test(node(), writer.finish())
}

/// Writes and closes a journal; a commit a batch, each at the time of its last record.
pub(crate) fn journal(path: &Path, segment_bytes: u64, batches: impl Iterator<Item = Vec<Sealed>>) {
    let options = Options {
        segment_bytes,
        segment_age: Duration::from_hours(10_000),
        ..Options::default()
    };
    let directory = Directory::own(path).unwrap();
    let signer: Signer = crate::journal::signer(&directory, "node-1/auditor").unwrap();
    let now = |wall_ns| Now {
        boot_ns: wall_ns - BEGIN + SECOND,
        wall_ns,
    };
    let (mut writer, _) = Writer::open(directory, options, signer, now(BEGIN)).unwrap();
    let mut at = BEGIN;
    for batch in batches {
        for sealed in batch {
            let view = crate::export::view::RecordView::parse(sealed.record()).unwrap();
            at = at.max(view.observed_time_unix_nano);
            writer.append(sealed).unwrap();
        }
        writer.commit(now(at)).unwrap();
    }
    writer.close(now(at + SECOND)).unwrap();
}
