//! The manifest that is shipped, as far as it says how the auditor's container is run.

use std::fs;
use std::path::Path;

use serde_json::Value;

const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// The container of the DaemonSet.
pub(crate) struct Manifest {
    pod: Value,
}

/// What is mounted where.
pub(crate) struct Mounted {
    pub(crate) destination: String,
    pub(crate) read_only: bool,
    /// `None` for what the cluster makes: the configuration.
    pub(crate) host_path: Option<String>,
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> std::path::PathBuf {
    Path::new(REPOSITORY).join(path)
}

impl Manifest {
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(repository("deploy/daemonset.yaml"));
        let text = text.expect("the manifest is in the repository");
        let daemon_set = text.split("\n---\n");
        let mut daemon_set = daemon_set.filter(|object| object.contains("kind: DaemonSet"));
        let daemon_set = daemon_set.next().expect("it has a DaemonSet");
        let daemon_set: Value = serde_saphyr::from_str(daemon_set).expect("it is YAML");
        Self {
            pod: daemon_set["spec"]["template"]["spec"].clone(),
        }
    }

    pub(crate) fn arguments(&self) -> Vec<String> {
        texts(&self.container()["args"])
    }

    /// As the kernel calls them.
    pub(crate) fn capabilities(&self) -> Vec<String> {
        let security = self.security();
        assert_eq!(texts(&security["capabilities"]["drop"]), ["ALL"]);
        assert_eq!(security["readOnlyRootFilesystem"], true);
        assert_eq!(security["allowPrivilegeEscalation"], false);
        assert_eq!(self.pod["hostPID"], true);
        let added = texts(&security["capabilities"]["add"]);
        added.iter().map(|name| format!("CAP_{name}")).collect()
    }

    pub(crate) fn mounts(&self) -> Vec<Mounted> {
        let mounts = self.container()["volumeMounts"].as_array();
        let mounts = mounts.expect("it has mounts").iter();
        mounts.map(|mount| self.mounted(mount)).collect()
    }

    fn mounted(&self, mount: &Value) -> Mounted {
        let volumes = self.pod["volumes"].as_array().expect("it has volumes");
        let volume = volumes
            .iter()
            .find(|volume| volume["name"] == mount["name"]);
        let path = &volume.expect("a mount has its volume")["hostPath"]["path"];
        Mounted {
            destination: text(&mount["mountPath"]),
            read_only: mount["readOnly"] == true,
            host_path: path.as_str().map(str::to_owned),
        }
    }

    fn container(&self) -> &Value {
        &self.pod["containers"][0]
    }

    fn security(&self) -> &Value {
        &self.container()["securityContext"]
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("it is text").to_owned()
}

fn texts(value: &Value) -> Vec<String> {
    let values = value.as_array().expect("it is a list");
    values.iter().map(text).collect()
}
