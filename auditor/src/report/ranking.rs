//! Counts by name in bounded memory: the largest exactly, the rest in sum.

use std::collections::HashMap;

use serde::Serialize;

/// Names that are told apart at once. Some 300 bytes each: a report stays below 50 MB, however many
/// names a caller makes up.
const MAX_ROWS: usize = 16_384;
/// Rows that are shown.
const SHOWN: usize = 50;
/// Between the parts of a name. Values in records have no control characters.
const SEPARATOR: char = '\u{1f}';

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    pub accesses: u64,
    pub failed: u64,
    pub refused: u64,
    pub bytes: u64,
}

/// Counts for names of `N` parts.
#[derive(Clone, Debug)]
pub(super) struct Ranking<const N: usize> {
    rows: HashMap<String, Counts>,
    others: Counts,
    distinct: u64,
    short_by: u64,
    key: String,
}

/// The largest, and what they are the largest of.
#[derive(Clone, Debug, Serialize)]
pub struct Ranked<R> {
    pub rows: Vec<R>,
    /// What the rows do not show, if they do not show all.
    pub others: Option<Others>,
}

/// Names in sum.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Others {
    /// How many; too many where a name was folded and came again.
    pub names: u64,
    #[serde(flatten)]
    pub counts: Counts,
    /// A row may have been folded into the others while it was small, and then lacks at most so
    /// many accesses.
    pub short_by_at_most: u64,
}

// === impl Counts ===

impl Counts {
    pub(super) fn add(&mut self, other: Self) {
        grow(&mut self.accesses, other.accesses);
        grow(&mut self.failed, other.failed);
        grow(&mut self.refused, other.refused);
        grow(&mut self.bytes, other.bytes);
    }
}

/// Adds; a journal that was forged may say anything, and a sum must not overflow.
pub(super) fn grow(sum: &mut u64, by: u64) {
    *sum = sum.saturating_add(by);
}

// === impl Ranking ===

impl<const N: usize> Default for Ranking<N> {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            others: Counts::default(),
            distinct: 0,
            short_by: 0,
            key: String::new(),
        }
    }
}

impl<const N: usize> Ranking<N> {
    pub(super) fn add(&mut self, parts: [&str; N], counts: Counts) {
        self.key.clear();
        for part in parts {
            self.key.push_str(part);
            self.key.push(SEPARATOR);
        }
        if let Some(row) = self.rows.get_mut(self.key.as_str()) {
            row.add(counts);
            return;
        }
        if self.rows.len() == MAX_ROWS {
            self.fold();
        }
        self.distinct += 1;
        self.rows.insert(self.key.clone(), counts);
    }

    /// The largest first, each made into a row.
    pub(super) fn ranked<R>(self, row: impl Fn([&str; N], Counts) -> R) -> Ranked<R> {
        let mut sorted: Vec<_> = self.rows.into_iter().collect();
        sorted.sort_by(|(a, x), (b, y)| (y.accesses, a).cmp(&(x.accesses, b)));
        let mut others = self.others;
        for (_, counts) in sorted.iter().skip(SHOWN) {
            others.add(*counts);
        }
        sorted.truncate(SHOWN);
        let rows = sorted.iter().map(|(key, counts)| {
            let mut parts = key.split(SEPARATOR);
            row(
                std::array::from_fn(|_| parts.next().unwrap_or_default()),
                *counts,
            )
        });
        let rows: Vec<_> = rows.collect();
        let others = Others {
            names: self.distinct - rows.len() as u64,
            counts: others,
            short_by_at_most: self.short_by,
        };
        Ranked {
            rows,
            others: (others.names > 0).then_some(others),
        }
    }

    /// Makes room: the smaller half goes into the others.
    fn fold(&mut self) {
        let mut sizes: Vec<_> = self.rows.values().map(|counts| counts.accesses).collect();
        let (_, median, _) = sizes.select_nth_unstable(MAX_ROWS / 2);
        let median = *median;
        grow(&mut self.short_by, median);
        let others = &mut self.others;
        self.rows.retain(|_, counts| {
            let kept = counts.accesses > median;
            if !kept {
                others.add(*counts);
            }
            kept
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> Counts {
        Counts {
            accesses: 1,
            failed: 1,
            refused: 0,
            bytes: 10,
        }
    }

    fn total(ranked: &Ranked<(String, Counts)>) -> u64 {
        let rows: u64 = ranked.rows.iter().map(|(_, counts)| counts.accesses).sum();
        rows + ranked.others.map_or(0, |others| others.counts.accesses)
    }

    #[test]
    fn few_names_are_exact_and_the_largest_come_first() {
        let mut ranking = Ranking::<2>::default();
        for n in 0..300_u64 {
            ranking.add([&format!("name-{}", n % 60), "x"], one());
        }
        ranking.add(["name-7", "x"], one());
        let ranked = ranking.ranked(|[name, _], counts| (name.to_owned(), counts));
        assert_eq!(ranked.rows[0].0, "name-7");
        assert_eq!(ranked.rows[0].1.accesses, 6);
        let others = ranked.others.unwrap();
        assert_eq!((ranked.rows.len(), others.names), (50, 10));
        assert_eq!((total(&ranked), others.short_by_at_most), (301, 0));
    }

    #[test]
    fn more_names_than_there_is_room_for_lose_no_count() {
        let mut ranking = Ranking::<1>::default();
        let rounds = 5 * MAX_ROWS as u64;
        for n in 0..rounds {
            ranking.add([&n.to_string()], one());
            ranking.add(["busy"], one());
        }
        assert!(ranking.rows.len() <= MAX_ROWS);
        let ranked = ranking.ranked(|[name], counts| (name.to_owned(), counts));
        assert_eq!(total(&ranked), 2 * rounds);
        let (name, busy) = &ranked.rows[0];
        assert_eq!(name, "busy");
        let short_by = ranked.others.unwrap().short_by_at_most;
        assert!(busy.accesses + short_by >= rounds);
        assert!(short_by < rounds / 100);
    }
}
