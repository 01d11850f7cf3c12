//! Verified instructions per program and kernel, as docs/kernels.md records them.
//!
//! A verifier goes through a million instructions at most, and a small change can multiply them:
//! what grows is seen before some kernel refuses it.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context as _, Result};

use crate::shell;

const PAGE: &str = "docs/kernels.md";
const BEGIN: &str = "<!-- written by `cargo xtask vm --record` -->\n";
const END: &str = "<!-- end -->\n";

/// More than what is recorded by a tenth is growth.
const TOLERATED: (u64, u64) = (11, 10);

/// Instructions by kernel series and program.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Table {
    kernels: BTreeMap<Series, BTreeMap<String, u64>>,
}

/// The first two numbers of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Series(u32, u32);

// === impl Table ===

impl Table {
    pub(crate) fn read() -> Result<Self> {
        let page = read_page()?;
        let (_, text, _) = around(&page)?;
        Self::parse(text)
    }

    pub(crate) fn write(&self) -> Result<()> {
        let page = read_page()?;
        let (before, _, after) = around(&page)?;
        let page = [before, BEGIN, &self.render(), END, after].concat();
        fs::write(shell::root().join(PAGE), page).context("write docs/kernels.md")
    }

    pub(crate) fn record(&mut self, release: &str, seen: &BTreeMap<String, u64>) {
        if let Some(series) = Series::of(release)
            && !seen.is_empty()
        {
            self.kernels.insert(series, seen.clone());
        }
    }

    /// The programs that take more than is recorded. A kernel that is not recorded has no bound.
    pub(crate) fn growth(&self, release: &str, seen: &BTreeMap<String, u64>) -> Vec<String> {
        let recorded = Series::of(release).and_then(|series| self.kernels.get(&series));
        let Some(recorded) = recorded else {
            return Vec::new();
        };
        let (above, below) = TOLERATED;
        let grown = |(name, &now): (&String, &u64)| {
            let then = *recorded.get(name)?;
            (now * below > then * above).then(|| {
                format!(
                    "{name}: {now} verified instructions, and {then} are recorded; if that is \
                     worth it, run `cargo xtask vm --record`"
                )
            })
        };
        seen.iter().filter_map(grown).collect()
    }

    fn parse(text: &str) -> Result<Self> {
        let mut rows = text.lines().map(cells);
        let Some(heading) = rows.next() else {
            return Ok(Self::default());
        };
        let kernels: Vec<Series> = heading
            .iter()
            .skip(1)
            .filter_map(|cell| Series::of(cell))
            .collect();
        let mut table = Self::default();
        // The second row is the rule below the heading.
        for row in rows.skip(1) {
            let (name, counts) = row.split_first().context("a row without cells")?;
            for (series, count) in kernels.iter().zip(counts) {
                if let Ok(count) = count.replace(',', "").parse() {
                    let programs = table.kernels.entry(*series).or_default();
                    programs.insert(name.trim_matches('`').to_owned(), count);
                }
            }
        }
        Ok(table)
    }

    fn render(&self) -> String {
        let mut names: Vec<&String> = self.kernels.values().flat_map(BTreeMap::keys).collect();
        names.sort();
        names.dedup();
        let kernels = self.kernels.keys();
        let mut rows = vec![
            row(
                "program",
                kernels.map(|series| format!("{}.{}", series.0, series.1)),
            ),
            row("---", self.kernels.keys().map(|_| "---".to_owned())),
        ];
        rows.extend(names.into_iter().map(|name| {
            let counts = self.kernels.values().map(|programs| programs.get(name));
            let counts = counts.map(|count| count.map_or("-".to_owned(), |n| with_commas(*n)));
            row(&format!("`{name}`"), counts)
        }));
        rows.concat()
    }
}

// === impl Series ===

impl Series {
    fn of(release: &str) -> Option<Self> {
        let mut numbers = release.split(|c: char| !c.is_ascii_digit());
        Some(Self(
            numbers.next()?.parse().ok()?,
            numbers.next()?.parse().ok()?,
        ))
    }
}

fn read_page() -> Result<String> {
    fs::read_to_string(shell::root().join(PAGE)).context("read docs/kernels.md")
}

/// What stands before the table, the table, and what stands after it.
fn around(page: &str) -> Result<(&str, &str, &str)> {
    let (before, rest) = page
        .split_once(BEGIN)
        .with_context(|| format!("{PAGE} has no table"))?;
    let (table, after) = rest
        .split_once(END)
        .with_context(|| format!("the table of {PAGE} has no end"))?;
    Ok((before, table, after))
}

fn row(first: &str, rest: impl Iterator<Item = String>) -> String {
    let cells: Vec<String> = std::iter::once(first.to_owned()).chain(rest).collect();
    format!("| {} |\n", cells.join(" | "))
}

fn cells(row: &str) -> Vec<&str> {
    row.trim_matches('|').split('|').map(str::trim).collect()
}

fn with_commas(count: u64) -> String {
    let digits = count.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).expect("digits are text"))
        .collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Table;

    fn seen(sent: u64) -> BTreeMap<String, u64> {
        BTreeMap::from([("segment_sent".to_owned(), sent)])
    }

    #[test]
    fn a_table_is_read_as_it_was_written() {
        let mut table = Table::default();
        table.record("6.1.0-50-cloud-amd64", &seen(1_016_441));
        table.record("6.12.117+deb13-cloud-amd64", &seen(7));
        table.record("5.10.0", &BTreeMap::new());
        let text = table.render();
        assert_eq!(
            text,
            "| program | 6.1 | 6.12 |\n| --- | --- | --- |\n| `segment_sent` | 1,016,441 | 7 |\n"
        );
        assert_eq!(Table::parse(&text).unwrap(), table);
    }

    #[test]
    fn growth_by_more_than_a_tenth_is_told() {
        let mut table = Table::default();
        table.record("6.1.0", &seen(1000));
        assert!(table.growth("6.1.176", &seen(1100)).is_empty());
        assert_eq!(table.growth("6.1.176", &seen(1101)).len(), 1);
        assert!(table.growth("7.2.13", &seen(5000)).is_empty());
    }
}
