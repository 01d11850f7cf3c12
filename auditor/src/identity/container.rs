//! Cgroup path → container and pod, for every layout that the common runtimes make.
//!
//! Pure text: nothing is asked of a runtime. A path that matches no known layout is no
//! container, never half of one.

/// The container that a cgroup belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Container {
    pub id: String,
    /// Absent where the path does not tell: cgroupfs layouts under `kubepods` look all the same.
    pub runtime: Option<Runtime>,
    pub pod_uid: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Runtime {
    Containerd,
    CriO,
    Docker,
    Podman,
    Lxc,
}

/// What stands before the id, in `<prefix>-<id>.scope`, `<prefix>-<id>` and `…:<prefix>:<id>`.
///
/// Helpers such as `crio-conmon-<id>` match none, because what follows `crio-` is then no id.
const PREFIXES: [(&str, Runtime); 8] = [
    ("cri-containerd", Runtime::Containerd),
    ("nerdctl", Runtime::Containerd),
    ("containerd", Runtime::Containerd),
    ("crio", Runtime::CriO),
    ("docker", Runtime::Docker),
    ("libpod", Runtime::Podman),
    ("libpod-payload", Runtime::Podman),
    ("podman", Runtime::Podman),
];

impl Container {
    /// The innermost container on the path; what lies below it (crun's `container`, a nested
    /// systemd, a process manager's own cgroups) is part of it.
    pub fn of(path: &str) -> Option<Self> {
        Self::all_of(path).next()
    }

    /// Every container on the path, the innermost first: a runtime inside a pod nests its own.
    pub fn all_of(path: &str) -> impl Iterator<Item = Self> {
        let mut rest = path.trim_end_matches('/');
        std::iter::from_fn(move || {
            while let Some((parent, name)) = rest.rsplit_once('/') {
                let here = std::mem::replace(&mut rest, parent);
                if let Some((id, runtime)) = container_name(parent, name) {
                    return Some(Self {
                        id: id.to_owned(),
                        runtime,
                        pod_uid: pod_uid(here),
                    });
                }
            }
            None
        })
    }
}

/// The innermost pod on the path, in the form of the API's `metadata.uid`.
///
/// For a static pod this is the kubelet's own uid, which the API shows as the annotation
/// `kubernetes.io/config.hash` of the mirror pod.
pub(super) fn pod_uid(path: &str) -> Option<String> {
    path.rsplit('/').find_map(pod_name)
}

fn container_name<'a>(parent: &str, name: &'a str) -> Option<(&'a str, Option<Runtime>)> {
    if is_container_id(name) {
        // Docker's cgroupfs driver: `/docker/<id>`.
        let runtime = parent.ends_with("/docker").then_some(Runtime::Docker);
        return Some((name, runtime));
    }
    if let Some(id) = lxc_name(parent, name) {
        return Some((id, Some(Runtime::Lxc)));
    }
    let name = name.strip_suffix(".scope").unwrap_or(name);
    // A systemd-style path given to a cgroupfs driver is taken literally: `slice:prefix:id`.
    let (prefix, id) = if let Some((front, id)) = name.rsplit_once(':') {
        (
            front.rsplit_once(':').map_or(front, |(_, prefix)| prefix),
            id,
        )
    } else {
        name.rsplit_once('-')?
    };
    let &(_, runtime) = PREFIXES.iter().find(|(known, _)| *known == prefix)?;
    is_container_id(id).then_some((id, Some(runtime)))
}

/// LXC and Incus: `/lxc.payload.<name>` and, older, `/lxc/<name>`.
fn lxc_name<'a>(parent: &str, name: &'a str) -> Option<&'a str> {
    let payload = name.strip_prefix("lxc.payload.");
    let old = (parent == "/lxc" || parent.ends_with("/lxc")).then_some(name);
    payload.or(old).filter(|name| !name.is_empty())
}

fn pod_name(name: &str) -> Option<String> {
    // `kubepods-burstable-pod<uid>.slice`, also with a runtime's `:prefix:id` behind it.
    if let Some((slice, _)) = name.split_once(".slice") {
        let (_, uid) = slice.rsplit_once("-pod")?;
        let uid = uid.replace('_', "-");
        return is_pod_uid(&uid).then_some(uid);
    }
    let uid = name.strip_prefix("pod")?;
    is_pod_uid(uid).then(|| uid.to_owned())
}

fn is_container_id(text: &str) -> bool {
    text.len() == 64 && is_hex(text)
}

/// A UUID, or the 32 digits that the kubelet hashes a static pod's manifest to.
fn is_pod_uid(text: &str) -> bool {
    if text.len() == 32 {
        return is_hex(text);
    }
    text.len() == 36
        && text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.split('-').all(is_hex)
}

fn is_hex(text: &str) -> bool {
    text.bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests;
