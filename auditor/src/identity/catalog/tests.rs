use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::sync::mpsc::channel;

use super::{Catalog, Named, Naming, Sources, Wanted};
use crate::config::PeerScope;
use crate::identity::container::Container;
use crate::identity::directory::{Directory, Moment, Peer};
use crate::identity::known::{Known, Why};
use crate::identity::metadata::{AuditScope, Owner, OwnerKind, Pod, PodContainer, Source, Update};

const ADDRESS: Ipv4Addr = Ipv4Addr::new(10, 2, 0, 1);

const NOW: Moment = Moment {
    boot_ns: 1_000_000_000_000,
    wall_s: 1_700_000_000,
};

fn catalog(updates: impl IntoIterator<Item = Update>) -> Catalog {
    asking(Wanted::default(), updates)
}

fn asking(wanted: Wanted, updates: impl IntoIterator<Item = Update>) -> Catalog {
    let sources = Sources {
        kubernetes: true,
        cri: false,
    };
    let mut catalog = Catalog::new(Directory::new(PeerScope::Cluster), sources, wanted);
    for update in updates {
        catalog.apply(update, NOW);
    }
    catalog
}

/// A complete list of this node's pods, with one of one container.
fn listed(pod: Pod) -> [Update; 3] {
    [
        Update::ListBegin(Source::Kubernetes),
        Update::Pod(Source::Kubernetes, Arc::new(pod)),
        Update::ListEnd(Source::Kubernetes),
    ]
}

fn no_labels() -> [Update; 2] {
    let source = Source::Namespaces;
    [Update::ListBegin(source), Update::ListEnd(source)]
}

fn pod() -> Pod {
    Pod {
        uid: "pod-1".into(),
        namespace: "shop".into(),
        name: "web-0".into(),
        containers: vec![PodContainer {
            id: "c1".into(),
            name: "app".into(),
            image: None,
        }],
        ..Pod::default()
    }
}

fn of_container(catalog: &Catalog, id: &str) -> Naming {
    let container = Container {
        id: id.to_owned(),
        runtime: None,
        pod_uid: Some("pod-1".to_owned()),
    };
    catalog.container(&[container], NOW.boot_ns)
}

fn named(naming: &Naming) -> &Named {
    naming.named().expect("the pod is told of")
}

#[test]
fn a_container_that_is_not_told_of_yet_is_absent_with_its_reason() {
    let catalog = catalog(listed(pod()).into_iter().chain(no_labels()));
    let known = of_container(&catalog, "c1");
    assert_eq!((known.reason(), known.may_improve()), (None, false));
    let newer = of_container(&catalog, "c2");
    assert!(named(&newer).container.is_none());
    assert_eq!(newer.reason(), Some(Why::NotYetKnown));
    assert!(newer.may_improve());
}

#[test]
fn nothing_is_waited_for_in_a_pods_own_control_group() {
    let catalog = catalog(listed(pod()).into_iter().chain(no_labels()));
    let naming = catalog.pod("pod-1", NOW.boot_ns);
    assert_eq!(naming.reason(), Some(Why::NotInAContainer));
    assert!(!naming.may_improve());
}

#[test]
fn an_owner_is_waited_for_while_it_may_come() {
    for (why, waits) in [(Why::NotYetKnown, true), (Why::KubernetesAway, false)] {
        let pod = Pod {
            owner_unknown: Some(why),
            ..pod()
        };
        let catalog = catalog(listed(pod).into_iter().chain(no_labels()));
        let naming = of_container(&catalog, "c1");
        assert_eq!((naming.reason(), naming.may_improve()), (Some(why), waits));
    }
}

#[test]
fn the_owner_of_a_pod_elsewhere_is_asked_for_until_it_is_told() {
    let owned = Pod {
        addresses: vec![ADDRESS.into()],
        owners: vec![Owner {
            kind: OwnerKind::ReplicaSet,
            name: "web-5d4f8".into(),
        }],
        controller: Some("set-1".into()),
        owner_unknown: Some(Why::NotYetKnown),
        ..pod()
    };
    let (owners, mut asked) = channel(2);
    let wanted = Wanted {
        owners: Some(owners),
        ..Wanted::default()
    };
    let list = [
        Update::ListBegin(Source::Cluster),
        Update::Pod(Source::Cluster, Arc::new(owned)),
        Update::ListEnd(Source::Cluster),
    ];
    let mut catalog = asking(wanted, list.into_iter().chain(listed(Pod::default())));
    let workload = |catalog: &Catalog| match catalog.peer(ADDRESS.into(), NOW.boot_ns) {
        Some(Known::Value(Peer::Pod(_, workload))) => workload,
        other => panic!("{other:?}"),
    };
    // Three records, and room for two questions.
    for _ in 0..3 {
        assert_eq!(workload(&catalog), Known::Absent(Why::NotYetKnown));
    }
    assert_eq!(&*asked.try_recv().unwrap().uid, "pod-1");

    let told = |owner| Update::Owner {
        of: "set-1".into(),
        owner,
    };
    catalog.apply(told(Known::Absent(Why::PermissionDenied)), NOW);
    assert_eq!(workload(&catalog), Known::Absent(Why::PermissionDenied));
    let deployment = Owner {
        kind: OwnerKind::Deployment,
        name: "web".into(),
    };
    catalog.apply(told(Known::Value(Some(deployment.clone()))), NOW);
    while asked.try_recv().is_ok() {}
    assert_eq!(workload(&catalog), Known::Value(deployment));
    assert!(asked.try_recv().is_err(), "it is known");

    catalog.apply(told(Known::Value(None)), NOW);
    let Known::Value(outermost) = workload(&catalog) else {
        panic!("nothing owns the replica set");
    };
    assert_eq!(&*outermost.name, "web-5d4f8");
}

#[test]
fn labels_of_namespaces_are_waited_for_unless_they_can_not_be_had() {
    let mut catalog = catalog(listed(pod()));
    assert!(of_container(&catalog, "c1").may_improve());
    catalog.apply(Update::Away(Source::Namespaces, "refused".to_owned()), NOW);
    let naming = of_container(&catalog, "c1");
    assert_eq!((naming.reason(), naming.may_improve()), (None, false));

    catalog.apply(Update::ListBegin(Source::Namespaces), NOW);
    let off = Some(AuditScope::Off);
    catalog.apply(Update::Namespace("shop".into(), off), NOW);
    catalog.apply(Update::ListEnd(Source::Namespaces), NOW);
    assert_eq!(named(&of_container(&catalog, "c1")).audit, AuditScope::Off);
    for update in no_labels() {
        catalog.apply(update, NOW);
    }
    assert_eq!(named(&of_container(&catalog, "c1")).audit, AuditScope::Full);
}

#[test]
fn what_happens_elsewhere_leaves_answers_as_they_are() {
    let mut catalog = catalog(listed(pod()));
    let generation = catalog.generation();
    let gone = Update::PodGone(Source::Cluster, "pod-9".into());
    catalog.apply(gone, NOW);
    assert_eq!(catalog.generation(), generation);
    let gone = Update::PodGone(Source::Kubernetes, "pod-1".into());
    catalog.apply(gone, NOW);
    assert_ne!(catalog.generation(), generation);
}
