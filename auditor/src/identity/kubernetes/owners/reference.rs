//! A controller that may have an owner itself, and how to ask who that is.

use std::sync::Arc;

use http::StatusCode;
use kube::api::GetParams;
use kube::core::Request;

use crate::identity::known::{Known, Why};
use crate::identity::kubernetes::api::Api;
use crate::identity::kubernetes::failure::Failure;
use crate::identity::kubernetes::object::MetaObject;
use crate::identity::metadata::{Owner, OwnerKind, Pod};

/// A replica set or a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// Of its kind in its namespace.
    path: String,
    name: Arc<str>,
    pub(super) uid: Arc<str>,
}

/// With the uid that was asked for; no owner where the controller is the outermost one.
pub(super) type Answer = (Arc<str>, Result<Known<Option<Owner>>, Failure>);

impl Reference {
    /// `None` where the pod's controller is its outermost owner, or it has none.
    pub(super) fn of(pod: &Pod) -> Option<Self> {
        let (owner, uid) = (pod.owners.first()?, pod.controller.as_ref()?);
        let namespace = &pod.namespace;
        let path = match owner.kind {
            OwnerKind::ReplicaSet => format!("/apis/apps/v1/namespaces/{namespace}/replicasets"),
            OwnerKind::Job => format!("/apis/batch/v1/namespaces/{namespace}/jobs"),
            _ => return None,
        };
        Some(Self {
            path,
            name: Arc::clone(&owner.name),
            uid: Arc::clone(uid),
        })
    }

    pub(super) async fn look_up(self, api: Api) -> Answer {
        let request = Request::new(self.path).get_metadata(&self.name, &GetParams::default());
        let answer = match request {
            Ok(request) => api.ask::<MetaObject>(request).await,
            Err(_) => Err(Failure::Unaskable),
        };
        let found = match answer {
            // Another one has the name now.
            Ok(object) if *object.metadata.uid != *self.uid => Ok(Known::Absent(Why::OwnerGone)),
            Ok(object) => Ok(Known::Value(object.metadata.controller().map(|owner| {
                Owner {
                    kind: owner.kind(),
                    name: owner.name.as_str().into(),
                }
            }))),
            Err(Failure::Refused(StatusCode::NOT_FOUND)) => Ok(Known::Absent(Why::OwnerGone)),
            Err(failure) => Err(failure),
        };
        (self.uid, found)
    }
}
