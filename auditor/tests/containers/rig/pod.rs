//! Pods, made as a kubelet makes them.

use std::collections::HashMap;
use std::net::TcpStream;

use super::Rig;
use super::bridge::GATEWAY;
use super::image;
use super::wire::{
    ContainerConfig, ContainerMetadata, DnsConfig, EXITED, ImageSpec, LinuxContainerConfig,
    LinuxContainerSecurityContext, LinuxPodSandboxConfig, LinuxSandboxSecurityContext, Mount, NODE,
    NamespaceOption, PodSandboxConfig, PodSandboxMetadata,
};
use crate::support::until::until;

pub(crate) const NAMESPACE: &str = "shop";

/// A pod that is still to be made.
pub(crate) struct PodPlan<'a> {
    rig: &'a Rig,
    name: String,
    namespaces: NamespaceOption,
    label: Option<(String, String)>,
    runtime: &'static str,
    containers: Vec<Planned>,
}

struct Planned {
    name: String,
    command: Vec<String>,
    /// The next one starts when this one has ended.
    runs_first: bool,
}

/// A pod that runs; what is left of it goes with the rig.
pub(crate) struct Pod<'a> {
    rig: &'a Rig,
    pub(crate) name: String,
    pub(crate) uid: String,
    /// Empty on the machine's own network.
    pub(crate) address: String,
    sandbox: String,
    containers: Vec<(String, String)>,
}

impl<'a> PodPlan<'a> {
    pub(crate) fn new(rig: &'a Rig, name: &str) -> Self {
        Self {
            rig,
            name: name.to_owned(),
            namespaces: NamespaceOption::default(),
            label: None,
            runtime: "runc",
            containers: Vec::new(),
        }
    }

    pub(crate) fn on_host_network(mut self) -> Self {
        self.namespaces.network = NODE;
        self
    }

    pub(crate) fn with_host_pids(mut self) -> Self {
        self.namespaces.pid = NODE;
        self
    }

    /// One of its own, beside those of every pod.
    pub(crate) fn labelled(mut self, name: &str, value: &str) -> Self {
        self.label = Some((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn by_crun(mut self) -> Self {
        self.runtime = "crun";
        self
    }

    pub(crate) fn container(self, name: &str, command: Vec<String>) -> Self {
        self.planned(name, command, false)
    }

    pub(crate) fn init_container(self, name: &str, command: Vec<String>) -> Self {
        self.planned(name, command, true)
    }

    /// One that waits for what [`Pod::exec`] runs in it.
    pub(crate) fn idle(self, name: &str) -> Self {
        let command = ["/busybox", "sleep", "2147483647"];
        self.container(name, command.map(str::to_owned).to_vec())
    }

    fn planned(mut self, name: &str, command: Vec<String>, runs_first: bool) -> Self {
        self.containers.push(Planned {
            name: name.to_owned(),
            command,
            runs_first,
        });
        self
    }

    pub(crate) fn run(self) -> Pod<'a> {
        let uid = new_uid();
        let config = self.sandbox(&uid);
        let mut cri = self.rig.cri.borrow_mut();
        let sandbox = cri.run_sandbox(config.clone(), self.runtime);
        let mut containers = Vec::new();
        for planned in &self.containers {
            let container = self.container_config(&uid, planned);
            let id = cri.start_container(&sandbox, &config, container);
            containers.push((planned.name.clone(), id.clone()));
            if planned.runs_first {
                until("the container has ended", || {
                    let status = cri.container(&id);
                    (status.state == EXITED).then(|| assert_eq!(status.exit_code, 0))
                });
            }
        }
        Pod {
            rig: self.rig,
            address: cri.address(&sandbox),
            name: self.name,
            uid,
            sandbox,
            containers,
        }
    }

    fn sandbox(&self, uid: &str) -> PodSandboxConfig {
        let security = LinuxSandboxSecurityContext {
            namespace_options: Some(self.namespaces.clone()),
        };
        // With servers of its own it does not need the machine's `/etc/resolv.conf`.
        let dns = DnsConfig {
            servers: vec![GATEWAY.to_owned()],
        };
        PodSandboxConfig {
            metadata: Some(PodSandboxMetadata {
                name: self.name.clone(),
                uid: uid.to_owned(),
                namespace: NAMESPACE.to_owned(),
            }),
            hostname: match self.namespaces.network {
                NODE => String::new(),
                _ => self.name.clone(),
            },
            dns_config: Some(dns),
            labels: self
                .labels(uid)
                .into_iter()
                .chain(self.label.clone())
                .collect(),
            linux: Some(LinuxPodSandboxConfig {
                cgroup_parent: self.rig.group.of_pod(uid),
                security_context: Some(security),
            }),
        }
    }

    fn container_config(&self, uid: &str, planned: &Planned) -> ContainerConfig {
        let mut labels: HashMap<_, _> = self.labels(uid).into_iter().collect();
        let name = planned.name.clone();
        labels.insert("io.kubernetes.container.name".to_owned(), name.clone());
        let folder = self.rig.folder.path().display().to_string();
        let mounts = [("/usr", "/usr"), ("/rig", &folder)].map(|(inside, outside)| Mount {
            container_path: inside.to_owned(),
            host_path: outside.to_owned(),
            readonly: true,
        });
        ContainerConfig {
            metadata: Some(ContainerMetadata { name }),
            image: Some(ImageSpec {
                image: image::NAME.to_owned(),
            }),
            command: planned.command.clone(),
            mounts: mounts.to_vec(),
            labels,
            linux: Some(LinuxContainerConfig {
                security_context: Some(LinuxContainerSecurityContext {
                    namespace_options: Some(self.namespaces.clone()),
                }),
            }),
        }
    }

    fn labels(&self, uid: &str) -> [(String, String); 3] {
        [
            ("io.kubernetes.pod.name", self.name.as_str()),
            ("io.kubernetes.pod.namespace", NAMESPACE),
            ("io.kubernetes.pod.uid", uid),
        ]
        .map(|(label, value)| (label.to_owned(), value.to_owned()))
    }
}

impl Pod<'_> {
    pub(crate) fn container(&self, name: &str) -> &str {
        let found = self.containers.iter().find(|(known, _)| known == name);
        let (_, id) = found.unwrap_or_else(|| panic!("no container {name}"));
        id
    }

    /// Runs a program in a container to its end and fails unless it succeeds.
    pub(crate) fn exec(&self, container: &str, command: &[String]) {
        let id = self.container(container);
        let done = self.rig.cri.borrow_mut().exec(id, command);
        let errors = String::from_utf8_lossy(&done.stderr);
        let output = String::from_utf8_lossy(&done.stdout);
        assert_eq!(done.exit_code, 0, "{command:?}: {errors}\n{output}");
    }

    /// Waits until a server in it listens on this port.
    pub(crate) fn await_server(&self, port: u16) {
        let address = match self.address.as_str() {
            "" => GATEWAY,
            own => own,
        };
        until("the server in the pod listens", || {
            TcpStream::connect((address, port)).ok()
        });
    }

    /// Shell commands that give its address to another pod, while both run.
    pub(crate) fn address_to(&self, other: &Self) -> String {
        let ip = |pod: &Self, what: &str| {
            let pid = self.rig.group.process_of(&pod.uid);
            let address = &self.address;
            format!("nsenter --net=/proc/{pid}/ns/net ip address {what} {address}/24 dev eth0")
        };
        let (delete, add) = (ip(self, "delete"), ip(other, "add"));
        let forget = self.rig.bridge.forgetting();
        format!("{delete} && {add} && ip {}", forget.join(" "))
    }

    /// Ends it; its ids are still of use.
    pub(crate) fn remove(self) -> Self {
        self.rig.cri.borrow_mut().remove_sandbox(&self.sandbox);
        self.rig.bridge.forget_neighbours();
        self
    }
}

/// One that no pod had before.
fn new_uid() -> String {
    let uid = std::fs::read_to_string("/proc/sys/kernel/random/uuid");
    uid.expect("the kernel makes them").trim().to_owned()
}
