//! `cargo xtask layers`: the arrows between modules that exist are the arrows that are meant.
//!
//! Data moves down the table of modules. A new arrow, or a crate used outside its home, fails
//! here and is decided on in a review of this file.

mod edge;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use crate::shell;

/// A module of the daemon and the modules it may use.
type Layer = (&'static str, &'static [&'static str]);

const ANY: &[&str] = &["*"];

/// In pipeline order.
const LAYERS: &[Layer] = &[
    ("main", ANY),
    ("app", ANY),
    ("config", &[]),
    ("kernel", &["config"]),
    ("decode", &[]),
    ("session", &["decode", "protocol"]),
    ("protocol", &[]),
    ("record", &["protocol", "session"]),
    ("identity", &["config", "session", "protocol", "record"]),
    ("scope", &["config", "protocol", "record", "identity"]),
    (
        "aggregate",
        &["config", "session", "protocol", "record", "identity"],
    ),
    (
        "redact",
        &[
            "config", "session", "protocol", "record", "identity", "scope",
        ],
    ),
    ("journal", &["redact"]),
    ("export", &["redact"]),
    ("telemetry", &[]),
    ("clock", &[]),
    ("text", &[]),
    ("credential", &[]),
    ("network", &[]),
    ("pattern", &[]),
    ("backoff", &[]),
    ("exit", &[]),
    ("doctor", ANY),
    (
        "verify",
        &["config", "record", "redact", "journal", "export", "exit"],
    ),
    (
        "query",
        &["config", "record", "redact", "journal", "export", "exit"],
    ),
    (
        "report",
        &[
            "config", "record", "journal", "export", "query", "verify", "exit",
        ],
    ),
];

/// What every module but `protocol` may use. Parsers are pure: bytes in, message out.
const EVERYWHERE: &[&str] = &[
    "telemetry",
    "clock",
    "text",
    "credential",
    "network",
    "pattern",
    "backoff",
];

/// Something that only some modules may name.
struct Fence {
    word: &'static str,
    homes: &'static [&'static str],
}

const FENCES: &[Fence] = &[
    Fence {
        word: "aya::",
        homes: &["kernel"],
    },
    Fence {
        word: "auditor_common::",
        homes: &["kernel", "decode"],
    },
    Fence {
        word: "opentelemetry_proto::",
        homes: &["export"],
    },
    Fence {
        word: "tonic::",
        homes: &["export", "identity"],
    },
    Fence {
        word: "Sealed::stored",
        homes: &["journal"],
    },
    Fence {
        word: "println!",
        homes: &["main", "export", "doctor"],
    },
    Fence {
        word: "print!",
        homes: &["main", "export", "doctor"],
    },
];

/// What a module may not name: the inverse of a fence.
const BARRED: &[(&str, &[&str])] = &[("protocol", &["tokio::", "serde::"])];

pub(crate) fn run() -> Result<()> {
    let source = shell::root().join("auditor/src");
    let mut problems = BTreeSet::new();
    let files = files(&source)?;
    for path in &files {
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        let name = path.strip_prefix(&source)?;
        problems.extend(check(name, &text));
    }
    if !problems.is_empty() {
        for problem in &problems {
            eprintln!("{problem}");
        }
        bail!(
            "{} arrows that xtask/src/layers.rs does not allow",
            problems.len()
        );
    }
    println!("layers: {} files, every arrow is meant", files.len());
    Ok(())
}

/// What is wrong with one file of the daemon. Tests may build their input with any module.
fn check(file: &Path, text: &str) -> Vec<String> {
    let module = module(file);
    if module == "lib" || file.components().any(|part| part.as_os_str() == "tests") {
        return Vec::new();
    }
    if file.ends_with("tests.rs") {
        return Vec::new();
    }
    let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == module) else {
        return vec![format!(
            "{}: module {module} has no row in the table",
            file.display()
        )];
    };
    let code = edge::code(text);
    let mut problems = Vec::new();
    for target in edge::targets(&code) {
        if LAYERS.iter().any(|(name, _)| *name == target) && !may_use(&module, allowed, &target) {
            problems.push(format!("{}: {module} -> {target}", file.display()));
        }
    }
    for word in fenced(&module).filter(|word| edge::names(&code, word)) {
        problems.push(format!("{}: {module} may not name {word}", file.display()));
    }
    problems
}

fn may_use(module: &str, allowed: &[&str], target: &str) -> bool {
    let shared = module != "protocol" && EVERYWHERE.contains(&target);
    target == module || shared || allowed == ANY || allowed.contains(&target)
}

/// The words that `module` may not name.
fn fenced(module: &str) -> impl Iterator<Item = &'static str> {
    let outside = FENCES
        .iter()
        .filter(move |fence| !fence.homes.contains(&module));
    let barred = BARRED.iter().filter(move |(name, _)| *name == module);
    outside
        .map(|fence| fence.word)
        .chain(barred.flat_map(|(_, words)| words.iter().copied()))
}

/// The top-level module a file belongs to: `session/expiry.rs` and `session.rs` are `session`.
fn module(file: &Path) -> String {
    let first = file.iter().next().map(Path::new).and_then(Path::file_stem);
    first
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}
