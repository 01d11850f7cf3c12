//! Cgroup path → systemd unit, for what runs outside containers.

/// The suffixes of units that hold processes; slices only group them.
const SUFFIXES: [&str; 5] = [".service", ".scope", ".socket", ".mount", ".swap"];

/// A unit's full name as `systemctl` prints it, `\x2d` escapes included.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Unit(String);

impl Unit {
    /// The innermost unit on the path: of `user@1000.service/app.slice/foo.service` it is
    /// `foo.service`. Units below a machine are the machine's own, so there it is the machine.
    pub fn of(path: &str) -> Option<Self> {
        let mut innermost = None;
        let mut parent = "";
        for name in path.split('/') {
            if let Some(unit) = unit_name(name) {
                innermost = Some(unit);
                if parent == "machine.slice" {
                    break;
                }
            }
            parent = name;
        }
        innermost.map(|name| Self(name.to_owned()))
    }

    /// The name that tells a service from another one, the suffix left out.
    ///
    /// A scope gives none: sessions and transient scopes are numbered anew each time, and what
    /// runs in them differs.
    pub fn service_name(&self) -> Option<&str> {
        let (stem, kind) = self.0.rsplit_once('.')?;
        match kind {
            "scope" => None,
            "service" => Some(stem),
            _ => Some(&self.0),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn unit_name(directory: &str) -> Option<&str> {
    // systemd puts `_` before a name that would collide with a file of the kernel's.
    let name = directory.strip_prefix('_').unwrap_or(directory);
    SUFFIXES
        .iter()
        .any(|suffix| {
            name.strip_suffix(suffix)
                .is_some_and(|stem| !stem.is_empty())
        })
        .then_some(name)
}

#[cfg(test)]
mod tests {
    use super::Unit;

    #[test]
    fn the_innermost_unit_is_found() {
        let table = [
            (
                "/system.slice/nginx.service",
                Some("nginx.service"),
                Some("nginx"),
            ),
            (
                "/system.slice/system-getty.slice/getty@tty1.service",
                Some("getty@tty1.service"),
                Some("getty@tty1"),
            ),
            (
                "/system.slice/system-postgresql.slice/postgresql@15-main.service",
                Some("postgresql@15-main.service"),
                Some("postgresql@15-main"),
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/app.slice/foo.service",
                Some("foo.service"),
                Some("foo"),
            ),
            (
                "/user.slice/user-1000.slice/user@1000.service/init.scope",
                Some("init.scope"),
                None,
            ),
            (
                "/user.slice/user-1000.slice/session-3.scope",
                Some("session-3.scope"),
                None,
            ),
            (
                "/system.slice/nginx.service/worker/1",
                Some("nginx.service"),
                Some("nginx"),
            ),
            (
                r"/system.slice/dev-disk\x2dlabel.swap",
                Some(r"dev-disk\x2dlabel.swap"),
                Some(r"dev-disk\x2dlabel.swap"),
            ),
            (
                r"/system.slice/my\x2dapp@a\x2db.service",
                Some(r"my\x2dapp@a\x2db.service"),
                Some(r"my\x2dapp@a\x2db"),
            ),
            (
                "/system.slice/_cpu.service",
                Some("cpu.service"),
                Some("cpu"),
            ),
            (
                "/system.slice/ssh.socket",
                Some("ssh.socket"),
                Some("ssh.socket"),
            ),
            ("/init.scope", Some("init.scope"), None),
            (
                "/machine.slice/systemd-nspawn@web.service/payload/system.slice/nginx.service",
                Some("systemd-nspawn@web.service"),
                Some("systemd-nspawn@web"),
            ),
            (
                r"/machine.slice/machine-web\x2d1.scope/system.slice/nginx.service",
                Some(r"machine-web\x2d1.scope"),
                None,
            ),
            ("/system.slice", None, None),
            ("/", None, None),
            ("", None, None),
            ("/.service", None, None),
            ("/process_api/x", None, None),
        ];
        for (path, name, service) in table {
            let unit = Unit::of(path);
            assert_eq!(unit.as_ref().map(Unit::as_str), name, "{path}");
            assert_eq!(
                unit.as_ref().and_then(Unit::service_name),
                service,
                "{path}"
            );
        }
    }
}
