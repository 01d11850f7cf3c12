//! The environment's part of the settings.

use std::path::PathBuf;

/// A variable of this process. An empty one, or one that is not UTF-8, counts as absent.
#[expect(clippy::disallowed_methods, reason = "the one place where it is read")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.trim().is_empty())
}

/// The node's `/proc`; in a container it may be mounted elsewhere and named by `HOST_PROC`.
pub fn proc_root(lookup: impl Fn(&str) -> Option<String>) -> Option<PathBuf> {
    lookup("HOST_PROC").map(PathBuf::from)
}

pub(super) fn node_name(lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    lookup("NODE_NAME").or_else(|| resource_attribute(lookup, "k8s.node.name"))
}

pub(super) fn cluster_name(lookup: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    lookup("K8S_CLUSTER_NAME").or_else(|| resource_attribute(lookup, "k8s.cluster.name"))
}

/// Whether the variables say where records go.
pub(super) fn names_collector(lookup: &dyn Fn(&str) -> Option<String>) -> bool {
    [
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
    ]
    .iter()
    .any(|name| lookup(name).is_some())
}

/// `OTEL_RESOURCE_ATTRIBUTES` is `key=value,key=value` with percent-encoded values.
fn resource_attribute(lookup: &dyn Fn(&str) -> Option<String>, key: &str) -> Option<String> {
    let attributes = lookup("OTEL_RESOURCE_ATTRIBUTES")?;
    attributes.split(',').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        (name.trim() == key).then(|| percent_decoded(value.trim()))?
    })
}

fn percent_decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match code.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{cluster_name, node_name};

    fn lookup(name: &str) -> Option<String> {
        let value = match name {
            "NODE_NAME" => "node-7",
            "OTEL_RESOURCE_ATTRIBUTES" => "k8s.node.name=other, k8s.cluster.name=prod%20eu%2C1 ,x",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn a_name_of_its_own_wins_over_the_resource_attributes() {
        assert_eq!(node_name(&lookup).as_deref(), Some("node-7"));
        assert_eq!(cluster_name(&lookup).as_deref(), Some("prod eu,1"));
        assert_eq!(cluster_name(&|_| None), None);
    }

    #[test]
    fn a_stray_percent_sign_stands_for_itself() {
        let lookup = |name: &str| {
            (name == "OTEL_RESOURCE_ATTRIBUTES").then(|| "k8s.cluster.name=50%,a=b".to_owned())
        };
        assert_eq!(cluster_name(&lookup).as_deref(), Some("50%"));
    }
}
