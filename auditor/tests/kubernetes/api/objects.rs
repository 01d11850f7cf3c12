//! Objects as an API server shows them, with all that the auditor is not to keep.

use serde_json::{Value, json};

pub(crate) const PODS: &str = "/api/v1/pods";
pub(crate) const NAMESPACES: &str = "/api/v1/namespaces";
pub(crate) const NODES: &str = "/api/v1/nodes";
pub(crate) const SERVICES: &str = "/api/v1/services";
pub(crate) const REPLICA_SETS: &str = "/apis/apps/v1/replicasets";
pub(crate) const JOBS: &str = "/apis/batch/v1/jobs";

/// Stands where secrets stand.
pub(crate) const SECRET: &str = "s3cret-of-the-workload";

pub(crate) const NODE: &str = "node-1";

/// A running pod in the namespace `shop`, of the container `id-of-NAME`.
pub(crate) fn pod(name: &str, node: &str, address: &str, owner: Option<Value>) -> Value {
    json!({
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": format!("uid-of-{name}"),
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "labels": {"app": "web", "pod-template-hash": "5d4f8"},
            "annotations": {
                "kubectl.kubernetes.io/last-applied-configuration": SECRET.repeat(20),
            },
            "ownerReferences": owner.into_iter().collect::<Vec<_>>(),
            "managedFields": [{"manager": "kubelet", "fieldsV1": {"f:status": {}}}],
        },
        "spec": {
            "nodeName": node,
            "containers": [{
                "name": "app",
                "image": "registry.example/shop/web:1",
                "command": ["web", "--token", SECRET],
                "env": [{"name": "PASSWORD", "value": SECRET}],
            }],
        },
        "status": {
            "phase": "Running",
            "hostIP": "192.0.2.1",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "containerStatuses": [{
                "name": "app",
                "image": "registry.example/shop/web:1",
                "containerID": format!("containerd://id-of-{name}"),
                "state": {"running": {"startedAt": "2026-01-01T00:00:01Z"}},
                "lastState": {},
            }],
        },
    })
}

/// A reference of a pod or a replica set to its controller, and that of a job.
pub(crate) fn controller(api_version: &str, kind: &str, name: &str) -> Value {
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "name": name,
        "uid": format!("uid-of-{name}"),
        "controller": true,
    })
}

/// A replica set or a job.
pub(crate) fn controlled(name: &str, owner: Option<Value>) -> Value {
    json!({
        "metadata": {
            "name": name,
            "namespace": "shop",
            "uid": format!("uid-of-{name}"),
            "ownerReferences": owner.into_iter().collect::<Vec<_>>(),
        },
        "spec": {"template": {"spec": {"containers": [{"env": [{"value": SECRET}]}]}}},
    })
}

pub(crate) fn namespace(name: &str, audit: Option<&str>) -> Value {
    json!({"metadata": {"name": name, "uid": name, "labels": {"auditor.dev/audit": audit}}})
}

pub(crate) fn node(name: &str, address: &str) -> Value {
    json!({
        "metadata": {"name": name, "uid": name},
        "status": {"addresses": [
            {"type": "InternalIP", "address": address},
            {"type": "Hostname", "address": name},
        ]},
    })
}

pub(crate) fn service(name: &str, address: &str) -> Value {
    json!({
        "metadata": {"name": name, "namespace": "shop", "uid": name},
        "spec": {"clusterIPs": [address], "selector": {"app": "web"}},
        "status": {"loadBalancer": {}},
    })
}
