//! What the runtime listed last, and what the next list changes.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use super::{
    pod::{Network, container, pod, uid},
    wire::{self, READY},
};
use crate::identity::metadata::{Pod, Source, Update};

/// Everything that a runtime has at one time.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) sandboxes: Vec<wire::PodSandbox>,
    pub(super) containers: Vec<wire::Container>,
    /// Of the sandboxes that had none yet, by id.
    pub(super) networks: HashMap<String, Network>,
}

#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// By uid.
    pods: BTreeMap<Arc<str>, Arc<Pod>>,
    /// Container id to the uid of its pod. The sandbox counts as a container here.
    containers: HashMap<Arc<str>, Arc<str>>,
    /// By sandbox.
    networks: HashMap<String, Network>,
}

impl Inventory {
    /// Takes the list and says what it changes.
    pub(super) fn apply(&mut self, listing: Listing) -> Vec<Update> {
        self.networks.extend(listing.networks);
        self.containers.clear();
        let mut newest: HashMap<Arc<str>, wire::PodSandbox> = HashMap::new();
        for sandbox in listing.sandboxes {
            let Some(uid) = uid(&sandbox) else { continue };
            self.containers
                .insert(sandbox.id.as_str().into(), Arc::clone(&uid));
            match newest.get(&uid) {
                Some(other) if other.created_at > sandbox.created_at => (),
                _ => drop(newest.insert(uid, sandbox)),
            }
        }
        self.networks
            .retain(|sandbox, _| self.containers.contains_key(sandbox.as_str()));
        let mut listed: BTreeMap<_, _> = newest
            .into_iter()
            .map(|(uid, sandbox)| {
                let network = self.networks.get(&sandbox.id);
                (Arc::clone(&uid), pod(uid, sandbox, network))
            })
            .collect();
        for one in listing.containers {
            // A container of no listed sandbox is about to be removed.
            if let Some(uid) = self.containers.get(one.pod_sandbox_id.as_str()).cloned()
                && let Some(pod) = listed.get_mut(&uid)
            {
                let container = container(one);
                self.containers.insert(Arc::clone(&container.id), uid);
                pod.containers.push(container);
            }
        }
        self.replace(listed)
    }

    fn replace(&mut self, listed: BTreeMap<Arc<str>, Pod>) -> Vec<Update> {
        let mut before = std::mem::take(&mut self.pods);
        let mut changed = Vec::new();
        for (uid, mut pod) in listed {
            // Runtimes list them in any order.
            pod.containers.sort_by(|a, b| a.id.cmp(&b.id));
            let pod = match before.remove(&uid) {
                Some(known) if *known == pod => known,
                _ => {
                    let pod = Arc::new(pod);
                    changed.push(Update::Pod(Source::Cri, Arc::clone(&pod)));
                    pod
                }
            };
            self.pods.insert(uid, pod);
        }
        // Those that are gone come first: another pod may have their addresses.
        let gone = before.into_keys();
        gone.map(|uid| Update::PodGone(Source::Cri, uid))
            .chain(changed)
            .collect()
    }

    /// Whether the status of a sandbox is worth asking for. The network of a sandbox is made before
    /// its first container and stays as it is.
    pub(super) fn lacks_network(&self, sandbox: &wire::PodSandbox) -> bool {
        let known = self.networks.get(&sandbox.id);
        known.is_none_or(|network| sandbox.state == READY && network.is_unsettled())
    }

    /// By the id of a container or sandbox, or by the uid of a pod.
    pub(super) fn find(&self, id: &str) -> Option<Update> {
        let uid = self.containers.get(id).map_or(id, |uid| uid);
        let pod = self.pods.get(uid)?;
        Some(Update::Pod(Source::Cri, Arc::clone(pod)))
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Update> {
        let pods = self.pods.values();
        pods.map(|pod| Update::Pod(Source::Cri, Arc::clone(pod)))
    }

    pub(super) fn len(&self) -> usize {
        self.pods.len()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{Inventory, Listing};
    use crate::identity::{
        cri::wire::{
            Container, PodSandbox, PodSandboxMetadata, PodSandboxNetworkStatus, PodSandboxStatus,
            READY,
        },
        metadata::{Pod, Update},
    };

    fn sandbox(id: &str, uid: &str, created_at: i64, state: i32) -> PodSandbox {
        PodSandbox {
            id: id.into(),
            metadata: Some(PodSandboxMetadata {
                uid: uid.into(),
                ..PodSandboxMetadata::default()
            }),
            state,
            created_at,
            labels: HashMap::from([("auditor.dev/audit".into(), "off".into())]),
        }
    }

    fn container(id: &str, sandbox: &str) -> Container {
        Container {
            id: id.into(),
            pod_sandbox_id: sandbox.into(),
            ..Container::default()
        }
    }

    fn with_address(id: &str, address: &str, mut listing: Listing) -> Listing {
        let status = PodSandboxStatus {
            network: Some(PodSandboxNetworkStatus {
                ip: address.into(),
                additional_ips: Vec::new(),
            }),
            linux: None,
        };
        listing.networks.insert(id.into(), status.into());
        listing
    }

    fn listing(sandboxes: &[PodSandbox], containers: &[Container]) -> Listing {
        Listing {
            sandboxes: sandboxes.to_vec(),
            containers: containers.to_vec(),
            networks: HashMap::new(),
        }
    }

    #[track_caller]
    fn only_pod(updates: &[Update]) -> &Pod {
        match updates {
            [Update::Pod(_, pod)] => pod,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_pod_has_the_address_of_its_newest_sandbox_and_the_containers_of_all() {
        let mut inventory = Inventory::default();
        let old = sandbox("s1", "a", 1, READY);
        let first = listing(&[old], &[container("c1", "s1")]);
        let updates = inventory.apply(with_address("s1", "10.0.0.1", first));
        assert!(only_pod(&updates).audit.is_some());
        let both = [
            sandbox("s2", "a", 2, READY),
            sandbox("s1", "a", 1, READY + 1),
        ];
        let containers = [container("c2", "s2"), container("c1", "s1")];
        let second = with_address("s2", "10.0.0.2", listing(&both, &containers));
        let updates = inventory.apply(second);
        let pod = only_pod(&updates);
        assert_eq!(
            pod.addresses,
            ["10.0.0.2".parse::<std::net::IpAddr>().unwrap()]
        );
        assert_eq!(pod.containers.len(), 2);
        assert!(!pod.ended);
    }

    #[test]
    fn what_stays_as_it_is_is_not_told_again() {
        let mut inventory = Inventory::default();
        let sandboxes = [sandbox("s1", "a", 1, READY), sandbox("s2", "b", 2, READY)];
        let containers = [container("c1", "s1"), container("c2", "s1")];
        assert_eq!(inventory.apply(listing(&sandboxes, &containers)).len(), 2);
        let (mut sandboxes, mut containers) = (sandboxes, containers);
        sandboxes.reverse();
        containers.reverse();
        assert!(inventory.apply(listing(&sandboxes, &containers)).is_empty());
    }

    #[test]
    fn a_pod_goes_before_another_has_its_address() {
        let mut inventory = Inventory::default();
        let first = listing(&[sandbox("s1", "z", 1, READY)], &[]);
        inventory.apply(with_address("s1", "10.0.0.1", first));
        let second = listing(&[sandbox("s2", "a", 2, READY)], &[]);
        let updates = inventory.apply(with_address("s2", "10.0.0.1", second));
        assert!(
            matches!(&updates[..], [Update::PodGone(_, gone), Update::Pod(..)] if **gone == *"z"),
            "{updates:?}"
        );
    }

    #[test]
    fn what_belongs_to_no_pod_is_left_out() {
        let mut inventory = Inventory::default();
        let by_hand = sandbox("s1", "", 1, READY);
        let containers = [container("c1", "s1"), container("c2", "unlisted")];
        assert!(inventory.apply(listing(&[by_hand], &containers)).is_empty());
        assert!(inventory.find("c1").is_none());
    }

    #[test]
    fn a_pod_is_found_by_every_id_of_its() {
        let mut inventory = Inventory::default();
        let containers = [container("c1", "s1")];
        inventory.apply(listing(&[sandbox("s1", "a", 1, READY)], &containers));
        for id in ["a", "s1", "c1"] {
            assert!(inventory.find(id).is_some(), "{id}");
        }
        inventory.apply(Listing::default());
        for id in ["a", "s1", "c1"] {
            assert!(inventory.find(id).is_none(), "{id}");
        }
    }
}
