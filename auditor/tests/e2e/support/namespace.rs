//! A network namespace behind a pair of virtual interfaces, as a pod has one.

use std::process::Command;

use super::process::{finish, succeed};

const OUTER: &str = "198.18.77.1";
const INNER: &str = "198.18.77.2";

pub(crate) struct Namespace {
    name: String,
}

impl Namespace {
    pub(crate) fn new() -> Self {
        let number = std::process::id();
        let namespace = Self {
            name: format!("auditor-e2e-{number}"),
        };
        let name = namespace.name.as_str();
        let (outer, inner) = (format!("ae{number}o"), format!("ae{number}i"));
        ip(&["netns", "add", name]);
        let pair = ["type", "veth", "peer", "name", &inner, "netns", name];
        ip(&[&["link", "add", &outer][..], &pair].concat());
        ip(&["address", "add", &format!("{OUTER}/30"), "dev", &outer]);
        ip(&["link", "set", &outer, "up"]);
        ip(&[
            "-n",
            name,
            "address",
            "add",
            &format!("{INNER}/30"),
            "dev",
            &inner,
        ]);
        ip(&["-n", name, "link", "set", &inner, "up"]);
        ip(&["-n", name, "link", "set", "lo", "up"]);
        namespace
    }

    /// A command that runs inside.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }

    /// Address of the machine, as seen from inside.
    pub(crate) fn outer_address(&self) -> &'static str {
        OUTER
    }

    pub(crate) fn inner_address(&self) -> &'static str {
        INNER
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        // The pair of interfaces goes with it.
        finish(Command::new("ip").args(["netns", "delete", &self.name]));
    }
}

fn ip(arguments: &[&str]) {
    succeed(Command::new("ip").args(arguments));
}
