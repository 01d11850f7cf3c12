use super::Runtime::{Containerd, CriO, Docker, Lxc, Podman};
use super::{Container, Runtime, pod_uid};

/// Two container ids, `{A}` and `{B}` in the paths below.
const A: &str = "2f1d6a7c0b9e4835a1c7d2e8f04b6935d7c1e0a2b3f4958671829304a5b6c7d8";
const B: &str = "9a0b1c2d3e4f5061728394a5b6c7d8e9f00112233445566778899aabbccddeef";
/// A pod, `{U}`, and `{V}` with underscores.
const U: &str = "8dbc3a70-4f3c-4b5e-9b0e-6f7a1d2c3b4e";
/// Another pod, `{X}`, and `{W}` with underscores.
const W: &str = "11111111-2222-3333-4444-555566667777";
/// A static pod, `{H}`.
const H: &str = "6fe1d0a6f4d3c4f5c7f1f6d1b0f9f1d2";

type Row = (
    &'static str,
    Option<(&'static str, Option<Runtime>, Option<&'static str>)>,
);

const CONTAINERS: &[Row] = &[
    // containerd, systemd driver: EKS, GKE, AKS, kubeadm.
    (
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{V}.slice/cri-containerd-{A}.scope",
        Some((A, Some(Containerd), Some(U))),
    ),
    // Guaranteed pods have no QoS slice.
    (
        "/kubepods.slice/kubepods-pod{V}.slice/cri-containerd-{A}.scope",
        Some((A, Some(Containerd), Some(U))),
    ),
    // containerd, cgroupfs driver: k3s, Talos.
    ("/kubepods/burstable/pod{U}/{A}", Some((A, None, Some(U)))),
    ("/kubepods/besteffort/pod{U}/{A}", Some((A, None, Some(U)))),
    ("/kubepods/pod{U}/{A}", Some((A, None, Some(U)))),
    // Kubelet on systemd, runtime on cgroupfs.
    (
        "/system.slice/containerd.service/kubepods-burstable-pod{V}.slice:cri-containerd:{A}",
        Some((A, Some(Containerd), Some(U))),
    ),
    (
        "/kubepods-besteffort-pod{V}.slice:crio:{A}",
        Some((A, Some(CriO), Some(U))),
    ),
    ("/system.slice:docker:{A}", Some((A, Some(Docker), None))),
    // CRI-O: OpenShift, with crun's sub-cgroup, and the monitor beside it.
    (
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{V}.slice/crio-{A}.scope",
        Some((A, Some(CriO), Some(U))),
    ),
    (
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{V}.slice/crio-{A}.scope/container",
        Some((A, Some(CriO), Some(U))),
    ),
    (
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{V}.slice/crio-conmon-{A}.scope",
        None,
    ),
    (
        "/kubepods/burstable/pod{U}/crio-{A}",
        Some((A, Some(CriO), Some(U))),
    ),
    ("/kubepods/burstable/pod{U}/crio-conmon-{A}", None),
    ("/system.slice/crio-conmon-{A}.scope", None),
    // Docker, both drivers, a parent of one's own, rootless, and under kubernetes.
    (
        "/system.slice/docker-{A}.scope",
        Some((A, Some(Docker), None)),
    ),
    ("/docker/{A}", Some((A, Some(Docker), None))),
    ("/actions_job/{A}", Some((A, None, None))),
    (
        "/ecs/0f6e2b6c6f1e4d5f9d3a1b2c3d4e5f60/{A}",
        Some((A, None, None)),
    ),
    (
        "/user.slice/user-1000.slice/user@1000.service/user.slice/docker-{A}.scope",
        Some((A, Some(Docker), None)),
    ),
    (
        "/kubepods.slice/kubepods-pod{V}.slice/docker-{A}.scope",
        Some((A, Some(Docker), Some(U))),
    ),
    // Podman: root, rootless, pods, cgroupfs, quadlet units with split cgroups, the monitor.
    (
        "/machine.slice/libpod-{A}.scope",
        Some((A, Some(Podman), None)),
    ),
    (
        "/machine.slice/libpod-{A}.scope/container",
        Some((A, Some(Podman), None)),
    ),
    ("/machine.slice/libpod-conmon-{A}.scope", None),
    (
        "/machine.slice/machine-libpod_pod_{B}.slice/libpod-{A}.scope/container",
        Some((A, Some(Podman), None)),
    ),
    (
        "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-{A}.scope/container",
        Some((A, Some(Podman), None)),
    ),
    (
        "/user.slice/user-1000.slice/user@1000.service/app.slice/libpod-conmon-{A}.scope",
        None,
    ),
    ("/libpod_parent/libpod-{A}", Some((A, Some(Podman), None))),
    ("/libpod_parent/conmon", None),
    (
        "/system.slice/web.service/libpod-payload-{A}",
        Some((A, Some(Podman), None)),
    ),
    ("/system.slice/web.service/runtime", None),
    // nerdctl, both drivers.
    (
        "/system.slice/nerdctl-{A}.scope",
        Some((A, Some(Containerd), None)),
    ),
    ("/default/{A}", Some((A, None, None))),
    // LXC and Incus.
    (
        "/lxc.payload.web/system.slice/nginx.service",
        Some(("web", Some(Lxc), None)),
    ),
    ("/lxc/web/init.scope", Some(("web", Some(Lxc), None))),
    ("/lxc.monitor.web", None),
    // Static pods.
    ("/kubepods/burstable/pod{H}/{A}", Some((A, None, Some(H)))),
    (
        "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{H}.slice/cri-containerd-{A}.scope",
        Some((A, Some(Containerd), Some(H))),
    ),
    // systemd inside a container.
    (
        "/kubepods.slice/kubepods-pod{V}.slice/cri-containerd-{A}.scope/init.scope",
        Some((A, Some(Containerd), Some(U))),
    ),
    (
        "/system.slice/docker-{A}.scope/system.slice/foo.service",
        Some((A, Some(Docker), None)),
    ),
    (
        "/machine.slice/libpod-{A}.scope/container/system.slice/sshd.service",
        Some((A, Some(Podman), None)),
    ),
    // Docker in a pod: the inner container, the outer pod.
    (
        "/kubepods/burstable/pod{U}/{A}/docker/{B}",
        Some((B, Some(Docker), Some(U))),
    ),
    (
        "/kubepods.slice/kubepods-pod{V}.slice/cri-containerd-{A}.scope/docker/{B}",
        Some((B, Some(Docker), Some(U))),
    ),
    (
        "/kubepods.slice/kubepods-pod{V}.slice/cri-containerd-{A}.scope/system.slice/docker.service",
        Some((A, Some(Containerd), Some(U))),
    ),
    // kind and minikube: a node that is itself a Docker container, or even a pod.
    (
        "/system.slice/docker-{A}.scope/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod{V}.slice/cri-containerd-{B}.scope",
        Some((B, Some(Containerd), Some(U))),
    ),
    (
        "/docker/{A}/kubelet/kubepods/besteffort/pod{U}/{B}",
        Some((B, None, Some(U))),
    ),
    (
        "/docker/{A}/kubepods/burstable/pod{U}/{B}",
        Some((B, None, Some(U))),
    ),
    (
        "/kubepods/pod{U}/{A}/kubelet/kubepods/pod{X}/{B}",
        Some((B, None, Some(W))),
    ),
    (
        "/kubepods.slice/kubepods-pod{V}.slice/cri-containerd-{A}.scope/kubelet.slice/kubelet-kubepods-pod{W}.slice/cri-containerd-{B}.scope",
        Some((B, Some(Containerd), Some(W))),
    ),
    // Seen from another cgroup namespace.
    (
        "/../../kubepods-burstable-pod{V}.slice/cri-containerd-{A}.scope",
        Some((A, Some(Containerd), Some(U))),
    ),
    ("/kubepods/burstable/pod{U}/{A}/", Some((A, None, Some(U)))),
    // No containers.
    ("/", None),
    ("", None),
    ("/system.slice/docker.service", None),
    ("/system.slice/containerd.service", None),
    ("/system.slice/kubelet.service", None),
    ("/kubepods/burstable/pod{U}", None),
    ("/user.slice/user-1000.slice/session-3.scope", None),
    ("/process_api/60cdcf4ba01d0f4af25ab8f55666adc7", None),
    ("/system.slice/docker-2f1d6a7c0b9e.scope", None),
];

fn fill(path: &str) -> String {
    path.replace("{A}", A)
        .replace("{B}", B)
        .replace("{U}", U)
        .replace("{V}", &U.replace('-', "_"))
        .replace("{W}", &W.replace('-', "_"))
        .replace("{X}", W)
        .replace("{H}", H)
}

#[test]
fn every_known_layout_gives_its_container() {
    for (path, expected) in CONTAINERS {
        let path = fill(path);
        let expected = expected.map(|(id, runtime, pod)| Container {
            id: id.to_owned(),
            runtime,
            pod_uid: pod.map(str::to_owned),
        });
        assert_eq!(Container::of(&path), expected, "{path}");
    }
}

#[test]
fn a_pod_is_found_without_a_container() {
    assert_eq!(
        pod_uid(&fill("/kubepods/burstable/pod{U}")).as_deref(),
        Some(U)
    );
    let slice = fill("/kubepods.slice/kubepods-pod{V}.slice");
    assert_eq!(pod_uid(&slice).as_deref(), Some(U));
    assert_eq!(pod_uid("/kubepods.slice/kubepods-burstable.slice"), None);
    assert_eq!(
        pod_uid("/machine.slice/machine-libpod_pod_1234.slice"),
        None
    );
    assert_eq!(pod_uid("/podman/podcast"), None);
}

#[test]
fn text_that_is_no_path_is_no_container() {
    for path in [
        "::",
        "/:",
        "/-",
        "/é-é",
        "docker",
        "/docker-.scope",
        "/:docker:",
    ] {
        assert_eq!(Container::of(path), None, "{path}");
    }
}
