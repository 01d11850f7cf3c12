//! Namespaces, nodes and services.

use tracing::warn;

use super::names::Names;
use super::object::{MetaObject, NodeObject, Object as _, ServiceObject};
use super::watch::Listed;
use crate::identity::metadata::{AuditScope, Node, Service, Update};

/// Namespaces with a label that says what is audited.
#[derive(Debug, Default)]
pub(super) struct Namespaces;

#[derive(Debug, Default)]
pub(super) struct Nodes;

#[derive(Debug, Default)]
pub(super) struct Services {
    names: Names,
}

impl Listed for Namespaces {
    type Object = MetaObject;
    type Told = Update;

    fn is(&mut self, object: MetaObject) -> Option<Update> {
        let meta = object.meta();
        let audit = meta.audit_label().and_then(AuditScope::of);
        if audit.is_none() {
            warn!(
                namespace = meta.name,
                "label {} is none of off, connections and full, and says nothing",
                AuditScope::LABEL
            );
        }
        Some(Update::Namespace(meta.name.as_str().into(), audit))
    }

    fn is_gone(&mut self, object: MetaObject) -> Option<Update> {
        Some(Update::Namespace(object.meta().name.as_str().into(), None))
    }
}

impl Listed for Nodes {
    type Object = NodeObject;
    type Told = Update;

    fn is(&mut self, object: NodeObject) -> Option<Update> {
        Some(Update::Node(Node {
            name: object.meta().name.as_str().into(),
            addresses: object.addresses(),
        }))
    }

    fn is_gone(&mut self, object: NodeObject) -> Option<Update> {
        Some(Update::NodeGone(object.meta().name.as_str().into()))
    }
}

impl Listed for Services {
    type Object = ServiceObject;
    type Told = Update;

    fn is(&mut self, object: ServiceObject) -> Option<Update> {
        let meta = object.meta();
        Some(Update::Service(Service {
            namespace: self.names.share(meta.namespace.as_deref()?),
            name: meta.name.as_str().into(),
            addresses: object.addresses(),
        }))
    }

    fn is_gone(&mut self, object: ServiceObject) -> Option<Update> {
        let meta = object.meta();
        Some(Update::ServiceGone {
            namespace: self.names.share(meta.namespace.as_deref()?),
            name: meta.name.as_str().into(),
        })
    }
}
