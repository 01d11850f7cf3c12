//! The source that follows the container runtime, with a real one.

use std::net::IpAddr;
use std::sync::Arc;

use auditor::identity::{Cri, CriSettings, Pod, Update};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::rig::{NAMESPACE, PORT, Rig, serve};
use crate::support::until::DEADLINE;

struct Following {
    runtime: Runtime,
    updates: mpsc::Receiver<Update>,
    asking: mpsc::Sender<Arc<str>>,
}

impl Following {
    fn start(socket: &str) -> Self {
        let runtime = Runtime::new().expect("a runtime can be made");
        let (sender, updates) = mpsc::channel(64);
        let (asking, asked) = mpsc::channel(64);
        let settings = CriSettings::new(Some(socket)).expect("it is a path");
        runtime.spawn(Cri::new(settings, sender, asked).run());
        Self {
            runtime,
            updates,
            asking,
        }
    }

    fn next(&mut self) -> Update {
        let update = self.updates.recv();
        let update = self
            .runtime
            .block_on(async { timeout(DEADLINE, update).await });
        update.expect("an update comes").expect("the source runs")
    }

    /// What it says first of this pod that `wanted` admits, when it is asked.
    fn pod(&mut self, uid: &str, id: &str, wanted: impl Fn(&Pod) -> bool) -> Arc<Pod> {
        self.asking.try_send(id.into()).expect("it listens");
        loop {
            match self.next() {
                Update::Pod(_, pod) if *pod.uid == *uid && wanted(&pod) => return pod,
                _ => (),
            }
        }
    }

    fn await_gone(&mut self, uid: &str) {
        while !matches!(self.next(), Update::PodGone(_, gone) if *gone == *uid) {}
    }

    fn await_away(&mut self) {
        while !matches!(self.next(), Update::Away(..)) {}
    }
}

#[test]
fn pods_of_containerd_are_told_with_addresses_and_names() {
    let rig = Rig::start();
    let web = rig.pod("web").container("nginx", serve(PORT)).run();
    let mut following = Following::start(&rig.socket());
    let told = following.pod(&web.uid, &web.uid, |_| true);
    assert_eq!((&*told.namespace, &*told.name), (NAMESPACE, "web"));
    assert_eq!(told.addresses, [web.address.parse::<IpAddr>().unwrap()]);
    assert!(!told.host_network && !told.ended);

    // Asked for by a container that is made after the list.
    let agent = rig.pod("agent").on_host_network().idle("probe").run();
    let id = agent.container("probe");
    let told = following.pod(&agent.uid, id, |pod| !pod.containers.is_empty());
    assert_eq!(
        (&*told.containers[0].id, &*told.containers[0].name),
        (id, "probe")
    );
    assert!(told.host_network && told.addresses.is_empty());

    let gone = agent.remove();
    following.await_gone(&gone.uid);

    rig.restart_after(|| following.await_away());
    let late = rig.pod("late").idle("main").run();
    let told = following.pod(&late.uid, late.container("main"), |_| true);
    assert_eq!(&*told.name, "late");
}
