//! The cgroups of a process, as `/proc/PID/cgroup` lists them.

use super::container::Container;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Membership {
    /// In the cgroup2 hierarchy.
    unified: Option<String>,
    /// In the cgroup-v1 hierarchies, systemd's own first.
    legacy: Vec<String>,
}

/// A path, and whether it is only known from cgroup v1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    pub(super) path: &'a str,
    pub(super) legacy: bool,
}

impl Membership {
    pub(super) fn parse(text: &str) -> Self {
        let mut membership = Self::default();
        for line in text.lines() {
            let mut fields = line.splitn(3, ':');
            let (Some(id), Some(controllers), Some(path)) =
                (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let path = path.strip_suffix(" (deleted)").unwrap_or(path).to_owned();
            if id == "0" {
                membership.unified = Some(path);
            } else if controllers == "name=systemd" {
                membership.legacy.insert(0, path);
            } else {
                membership.legacy.push(path);
            }
        }
        membership
    }

    pub(super) fn has_legacy(&self) -> bool {
        !self.legacy.is_empty()
    }

    /// The most telling path: cgroup2's, unless that is the root while cgroup v1 knows better,
    /// as on hosts where the container runtime still uses v1.
    pub(super) fn place(&self) -> Option<Place<'_>> {
        let unified = self.unified.as_deref();
        if let Some(path) = unified.filter(|path| *path != "/") {
            return Some(Place {
                path,
                legacy: false,
            });
        }
        let legacy = || self.legacy.iter().map(String::as_str);
        // Controllers may be placed apart from each other; a container counts wherever it shows.
        let telling = legacy()
            .find(|path| Container::of(path).is_some())
            .or_else(|| legacy().next().filter(|path| *path != "/"));
        telling
            .map(|path| Place { path, legacy: true })
            .or(unified.map(|path| Place {
                path,
                legacy: false,
            }))
    }
}

#[cfg(test)]
mod tests {
    use super::{Membership, Place};

    const ID: &str = "2f1d6a7c0b9e4835a1c7d2e8f04b6935d7c1e0a2b3f4958671829304a5b6c7d8";

    fn place(text: &str) -> Option<(String, bool)> {
        let membership = Membership::parse(text);
        let Place { path, legacy } = membership.place()?;
        Some((path.to_owned(), legacy))
    }

    #[test]
    fn cgroup_v2_alone() {
        assert_eq!(
            place("0::/system.slice/nginx.service\n"),
            Some(("/system.slice/nginx.service".to_owned(), false))
        );
        assert_eq!(place("0::/\n"), Some(("/".to_owned(), false)));
        assert_eq!(
            place("0::/system.slice/a.service (deleted)\n"),
            Some(("/system.slice/a.service".to_owned(), false))
        );
        assert!(!Membership::parse("0::/\n").has_legacy());
    }

    #[test]
    fn cgroup_v1_steps_in_where_v2_shows_the_root() {
        let docker = format!("12:pids:/docker/{ID}\n1:name=systemd:/system.slice/x\n0::/\n");
        assert_eq!(place(&docker), Some((format!("/docker/{ID}"), true)));
        assert_eq!(
            place("4:memory:/\n1:name=systemd:/system.slice/ssh.service\n0::/\n"),
            Some(("/system.slice/ssh.service".to_owned(), true))
        );
        assert_eq!(
            place("4:memory:/jobs/7\n1:name=systemd:/\n0::/\n"),
            Some(("/".to_owned(), false))
        );
        assert_eq!(
            place("1:name=systemd:/user.slice\n0::/user.slice/a.service\n"),
            Some(("/user.slice/a.service".to_owned(), false))
        );
    }

    #[test]
    fn paths_may_hold_colons_and_lines_may_be_odd() {
        let text = "nonsense\n0::/kubepods-pod1.slice:cri-containerd:x\n\n";
        assert_eq!(
            place(text),
            Some(("/kubepods-pod1.slice:cri-containerd:x".to_owned(), false))
        );
        assert_eq!(place(""), None);
    }
}
