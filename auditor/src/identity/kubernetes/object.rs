//! Objects of the API, with nothing in them but what is used: the rest is passed over while it is
//! read.

mod node;
mod pod;
mod service;

use serde::Deserialize;

use crate::identity::metadata::OwnerKind;

pub(super) use node::NodeObject;
pub(super) use pod::PodObject;
pub(super) use service::ServiceObject;

/// What every object has.
pub(super) trait Object {
    fn meta(&self) -> &Meta;
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Meta {
    pub(super) name: String,
    pub(super) namespace: Option<String>,
    pub(super) uid: String,
    pub(super) resource_version: Option<String>,
    pub(super) creation_timestamp: Option<String>,
    pub(super) deletion_timestamp: Option<String>,
    pub(super) labels: Option<Labels>,
    pub(super) annotations: Option<Annotations>,
    pub(super) owner_references: Option<Vec<OwnerReference>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Labels {
    #[serde(rename = "auditor.dev/audit")]
    pub(super) audit: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Annotations {
    /// The hash of a static pod's configuration, on the mirror that the API shows of it.
    #[serde(rename = "kubernetes.io/config.mirror")]
    pub(super) mirror: Option<String>,
    /// On the bookmark that ends a list which came as the beginning of a watch.
    #[serde(rename = "k8s.io/initial-events-end")]
    list_end: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OwnerReference {
    /// `group/version`
    #[serde(default)]
    api_version: String,
    kind: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) uid: String,
    controller: Option<bool>,
}

/// An object of which only the metadata is of interest.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct MetaObject {
    pub(super) metadata: Meta,
}

impl Meta {
    pub(super) fn audit_label(&self) -> Option<&str> {
        self.labels.as_ref()?.audit.as_deref()
    }

    /// What manages the object.
    pub(super) fn controller(&self) -> Option<&OwnerReference> {
        let owners = self.owner_references.as_ref()?;
        owners.iter().find(|owner| owner.controller == Some(true))
    }

    pub(super) fn ends_list(&self) -> bool {
        let annotations = self.annotations.as_ref();
        annotations.is_some_and(|annotations| annotations.list_end.is_some())
    }
}

impl OwnerReference {
    /// Others have kinds of the same names: only those of Kubernetes itself count as these.
    pub(super) fn kind(&self) -> OwnerKind {
        match (self.api_version.as_str(), self.kind.as_str()) {
            ("apps/v1" | "batch/v1" | "v1", kind) => OwnerKind::of(kind),
            (_, kind) => OwnerKind::Other(kind.into()),
        }
    }
}

impl Object for MetaObject {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}
