//! What was said on the console of a virtual machine.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

/// Lines that are shown of a machine that did not end as it should.
const TAIL: usize = 20;

pub(crate) struct Transcript {
    lines: Vec<String>,
}

// === impl Transcript ===

impl Transcript {
    pub(crate) fn of(console: &[u8]) -> Self {
        let text = String::from_utf8_lossy(console);
        Self {
            lines: text
                .lines()
                .map(|line| line.trim_end().to_owned())
                .collect(),
        }
    }

    /// The facts of this name, in order. The guest says each on a line `@NAME VALUE`; the firmware
    /// leaves what it has written before the first.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let mark = format!("@{name}");
        self.lines.iter().filter_map(move |line| {
            let (_, said) = line.split_once(&mark)?;
            if said.is_empty() {
                return Some(said);
            }
            said.strip_prefix(' ')
        })
    }

    /// The only fact of this name.
    pub(crate) fn one(&self, name: &str) -> Option<&str> {
        let mut all = self.all(name);
        let first = all.next()?;
        all.next().is_none().then_some(first)
    }

    /// The last lines.
    pub(crate) fn tail(&self) -> String {
        self.lines[self.lines.len().saturating_sub(TAIL)..].join("\n")
    }

    /// Writes it to a file, for whoever wants to know more than the verdict.
    pub(crate) fn keep(&self, path: &Path) -> Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(path, self.lines.join("\n")).with_context(|| format!("write {}", path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::Transcript;

    #[test]
    fn facts_are_found_among_what_else_is_said() {
        let console =
            b"\x1b[2J@kernel 6.1.0\r\n[ 1.0] noise\r\n@log a\r\n@log-exit 3\r\n@log b\r\n@end\r\n";
        let said = Transcript::of(console);
        assert_eq!(said.one("kernel"), Some("6.1.0"));
        assert_eq!(said.all("log").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!(said.one("log"), None);
        assert_eq!(said.one("end"), Some(""));
        assert_eq!(said.tail().lines().count(), 6);
    }
}
