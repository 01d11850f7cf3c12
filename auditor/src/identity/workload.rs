//! The audited side: what a resource of ours says about it.

mod pod;

use std::sync::Arc;

use super::catalog::{Named, Naming};
use super::container::{Container, pod_uid};
use super::host::Host;
use super::known::{Known, Why};
use super::metadata::{AuditScope, Owner, Source};
use super::unit::Unit;

/// Digits of a container id that runtimes show in their lists.
const SHORT_ID: usize = 12;

/// How a workload was recognised; `as_str` is the value of `auditor.identity.method`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// By the cgroup that the kernel keeps with the socket.
    Cgroup,
    /// By the process that owns the socket.
    Process,
    /// Its container is known to the API server.
    Kubernetes,
    /// Its container is known to the container runtime.
    Cri,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cgroup => "cgroup",
            Self::Process => "process",
            Self::Kubernetes => "kubernetes",
            Self::Cri => "cri",
        }
    }
}

/// Where on the node a socket belongs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// The containers around it, the innermost first; never empty.
    Container(Vec<Container>),
    /// In a pod's cgroup, but in none of its containers.
    Pod(String),
    /// A systemd unit with a name of its own.
    Service(String),
    /// Outside containers and services: the executable names the workload.
    Host,
    Nowhere(Why),
}

impl Place {
    pub(super) fn of(path: &str) -> Self {
        let containers: Vec<_> = Container::all_of(path).collect();
        if !containers.is_empty() {
            return Self::Container(containers);
        }
        if let Some(uid) = pod_uid(path) {
            return Self::Pod(uid);
        }
        Unit::of(path)
            .and_then(|unit| unit.service_name().map(str::to_owned))
            .map_or(Self::Host, Self::Service)
    }
}

/// A workload of this node. Equal workloads are one resource.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Workload {
    container: Option<Container>,
    of_host: bool,
    method: Option<Method>,
    /// Why a weaker method had to do.
    weaker: Option<Why>,
    absence: Option<Why>,
    resource: Vec<(&'static str, String)>,
    owner: Option<Owner>,
    audit: AuditScope,
}

impl Workload {
    /// `service.name` is the service unit's name, outside units that of the executable. In a
    /// container it is the short id, until kubernetes or the runtime tells a better name: the
    /// executable would make one container several resources.
    pub(super) fn new(
        host: &Host,
        place: Place,
        executable: &Known<Arc<str>>,
        method: Method,
        weaker: Option<Why>,
        naming: &Naming,
    ) -> Self {
        let named = naming.named();
        let of_host = matches!(place, Place::Service(_) | Place::Host);
        let (container, mut pod, mut name) = match place {
            Place::Container(containers) => {
                let container = the_known(containers, named);
                let name = container.as_ref().map(|container| {
                    let id = &container.id;
                    id.get(..SHORT_ID).unwrap_or(id).to_owned()
                });
                let pod = container.as_ref().and_then(|c| c.pod_uid.clone());
                let name = Known::from_option(name, Why::NotInAContainer);
                (container, pod, name)
            }
            Place::Pod(uid) => (None, Some(uid), Known::Absent(Why::NotInAContainer)),
            Place::Service(name) => (None, None, Known::Value(name)),
            Place::Host => {
                let name = match executable {
                    Known::Value(name) => Known::Value(name.to_string()),
                    Known::Absent(why) => Known::Absent(*why),
                };
                (None, None, name)
            }
            Place::Nowhere(why) => (None, None, Known::Absent(why)),
        };
        let mut owner = None;
        if let Some(named) = named {
            let workload = named.pod.workload();
            pod = Some(named.pod.api_uid().to_string());
            name = Known::Value(named.pod.service_name(&workload).to_string());
            owner = workload.value().cloned();
        }
        let method = match named.map(|named| named.source) {
            None => method,
            Some(Source::Cri) => Method::Cri,
            Some(_) => Method::Kubernetes,
        };
        // A workload that nothing is known of was recognised in no way.
        let recognised = name.value().is_some() || pod.is_some();
        let attributes = [
            ("service.name", name.value()),
            (
                "container.id",
                container.as_ref().map(|container| &container.id),
            ),
            ("k8s.pod.uid", pod.as_ref()),
            ("k8s.node.name", host.node_name.as_ref()),
            ("k8s.cluster.name", host.cluster_name.as_ref()),
            ("host.name", host.name.value()),
            ("host.id", host.id.value()),
            ("telemetry.distro.name", Some(&"auditor".to_owned())),
            (
                "telemetry.distro.version",
                Some(&env!("CARGO_PKG_VERSION").to_owned()),
            ),
        ];
        let mut resource: Vec<_> = attributes
            .into_iter()
            .filter_map(|(key, value)| Some((key, value?.clone())))
            .collect();
        resource.extend(named.map(pod::attributes).unwrap_or_default());
        Self {
            container,
            of_host,
            method: recognised.then_some(method),
            weaker,
            absence: naming.reason().or(name.why()),
            resource,
            owner,
            audit: named.map_or(AuditScope::Full, |named| named.audit),
        }
    }

    /// The auditor itself, for records about the node.
    pub(super) fn auditor(host: &Host) -> Self {
        let name = Place::Service("auditor".to_owned());
        let absent = Known::Absent(Why::NoProcess);
        Self::new(host, name, &absent, Method::Process, None, &Naming::Unasked)
    }

    /// Value of an attribute of the resource.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.resource.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The attributes of the resource, under their names in the record.
    pub fn resource(&self) -> &[(&'static str, String)] {
        &self.resource
    }

    pub fn container(&self) -> Option<&Container> {
        self.container.as_ref()
    }

    /// A process of the node itself: known to be in no container and no pod.
    pub fn is_of_host(&self) -> bool {
        self.of_host
    }

    /// Absent when the workload could not be recognised at all; then there is a `reason`.
    pub fn method(&self) -> Option<Method> {
        self.method
    }

    /// The outermost owner of its pod, or the pod.
    pub fn owner(&self) -> Option<&Owner> {
        self.owner.as_ref()
    }

    /// What its labels ask for.
    pub fn audit(&self) -> AuditScope {
        self.audit
    }

    /// Why something is absent, or why a weaker method had to do.
    pub fn reason(&self) -> Option<Why> {
        self.weaker.or(self.absence)
    }

    /// Why something is absent.
    pub fn absence(&self) -> Option<Why> {
        self.absence
    }
}

/// The container that a source knows, else the innermost.
fn the_known(containers: Vec<Container>, named: Option<&Named>) -> Option<Container> {
    let known = named.and_then(|named| named.container.as_ref());
    let at = known.and_then(|known| containers.iter().position(|c| *c.id == *known.id));
    containers.into_iter().nth(at.unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{Method, Naming, Place, Workload};
    use crate::identity::host::Host;
    use crate::identity::known::{Known, Why};

    const ID: &str = "2f1d6a7c0b9e4835a1c7d2e8f04b6935d7c1e0a2b3f4958671829304a5b6c7d8";
    const POD: &str = "8dbc3a70-4f3c-4b5e-9b0e-6f7a1d2c3b4e";

    fn workload(path: &str) -> Workload {
        let host = Host {
            name: Known::Value("node-7".to_owned()),
            id: Known::Absent(Why::NotConfigured),
            node_name: Some("node-7.example".to_owned()),
            cluster_name: Some("east".to_owned()),
        };
        let executable = Known::Value("curl".into());
        let place = Place::of(path);
        let unasked = Naming::Unasked;
        Workload::new(&host, place, &executable, Method::Cgroup, None, &unasked)
    }

    fn get<'a>(workload: &'a Workload, key: &str) -> Option<&'a str> {
        let mut values = workload.resource().iter().filter(|(name, _)| *name == key);
        values.next().map(|(_, value)| value.as_str())
    }

    #[test]
    fn a_container_has_its_ids_and_a_short_name() {
        let workload = workload(&format!("/kubepods/burstable/pod{POD}/{ID}"));
        assert_eq!(get(&workload, "service.name"), Some(&ID[..12]));
        assert_eq!(get(&workload, "container.id"), Some(ID));
        assert_eq!(get(&workload, "k8s.pod.uid"), Some(POD));
        assert_eq!(get(&workload, "k8s.node.name"), Some("node-7.example"));
        assert_eq!(get(&workload, "k8s.cluster.name"), Some("east"));
        assert_eq!(get(&workload, "host.name"), Some("node-7"));
        assert_eq!(get(&workload, "host.id"), None);
        assert_eq!(get(&workload, "telemetry.distro.name"), Some("auditor"));
        assert_eq!(workload.method(), Some(Method::Cgroup));
        assert_eq!(workload.reason(), None);
        assert!(!workload.is_of_host());
    }

    #[test]
    fn a_service_is_named_by_its_unit_and_a_session_by_its_executable() {
        let service = workload("/system.slice/nginx.service");
        assert_eq!(get(&service, "service.name"), Some("nginx"));
        assert_eq!(get(&service, "container.id"), None);
        let session = workload("/user.slice/user-1000.slice/session-3.scope");
        assert_eq!(get(&session, "service.name"), Some("curl"));
        assert!(service.is_of_host() && session.is_of_host());
    }

    #[test]
    fn a_pod_without_a_container_has_no_name() {
        let pod = workload(&format!("/kubepods/pod{POD}"));
        assert_eq!(get(&pod, "service.name"), None);
        assert_eq!(get(&pod, "k8s.pod.uid"), Some(POD));
        assert_eq!(pod.reason(), Some(Why::NotInAContainer));
        assert!(!pod.is_of_host());
    }
}
