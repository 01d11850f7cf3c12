//! Lines and records, paired one to one on each connection.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::envoy::Line;
use crate::facts::{self, Expected, Facts};
use crate::support::record::Record;

/// A start may differ by so much: the kernel sees a packet before Envoy is scheduled to read it.
const START_TOLERANCE_MS: f64 = 50.0;
/// A duration may, by this or by [`DURATION_PART`] of it, whichever is more.
const DURATION_TOLERANCE_MS: f64 = 50.0;
const DURATION_PART: f64 = 0.2;

/// One in so many exchanges may be outside: two cores are shared by everything that runs here, and
/// an answer that the application cuts ends for Envoy at once, on the wire when Envoy closes, a
/// second later.
const OUTLIERS_ONE_IN: usize = 100;

#[derive(Default)]
pub(crate) struct Comparison<'a> {
    pairs: Vec<(&'a Line, &'a Record)>,
    missing: Vec<&'a Line>,
    extra: Vec<&'a Record>,
    wrong: Vec<Wrong<'a>>,
}

/// A pair whose values differ.
struct Wrong<'a> {
    pair: (&'a Line, &'a Record),
    fields: BTreeSet<&'static str>,
}

impl<'a> Comparison<'a> {
    /// Pairs by client, of which each has one connection, and order: on a connection of HTTP/1 both
    /// are in the order in which the exchanges ended. In HTTP/2 each has a request id of its own.
    pub(crate) fn of(lines: &'a [Line], records: &'a [Record]) -> Self {
        let mut clients: BTreeMap<String, (Vec<&Line>, Vec<&Record>)> = BTreeMap::new();
        for line in lines {
            let who = facts::who_of_line(line);
            clients.entry(who).or_default().0.push(line);
        }
        for record in records {
            let who = facts::who_of_record(&facts::of_record(record));
            clients.entry(who).or_default().1.push(record);
        }
        let mut comparison = Self::default();
        for (lines, records) in clients.into_values() {
            comparison.pair(&lines, &records);
        }
        comparison
    }

    fn pair(&mut self, lines: &[&'a Line], records: &[&'a Record]) {
        for pair in lines.iter().copied().zip(records.iter().copied()) {
            let fields = different(&facts::expected(pair.0), &facts::of_record(pair.1));
            if !fields.is_empty() {
                self.wrong.push(Wrong { pair, fields });
            }
            self.pairs.push(pair);
        }
        let unpaired = lines.iter().skip(records.len());
        self.missing
            .extend(unpaired.filter(|line| !facts::is_blank(line)));
        self.extra.extend(records.iter().skip(lines.len()));
    }

    /// `played` gives what a client did.
    pub(crate) fn print_mismatches<'p>(&self, played: impl Fn(&str) -> &'p [&'static str]) {
        for line in &self.missing {
            println!("missing: {line:?}\n    {:?}", played(&line.peer));
        }
        for record in &self.extra {
            let facts = facts::of_record(record);
            println!("extra: {facts:?}\n    {:?}", played(&facts["peer"]));
        }
        for Wrong { pair, fields } in &self.wrong {
            let (line, record) = *pair;
            let (expected, found) = (facts::expected(line), facts::of_record(record));
            for field in fields {
                println!(
                    "{field}: {:?} and {:?}",
                    expected.get(field),
                    found.get(field)
                );
            }
            println!("    {line:?}\n    {found:?} {:?}", record.incomplete());
            println!("    {:?}", played(&line.peer));
        }
    }

    /// Nothing is missing, nothing is too much, every value is the same, and times are near.
    pub(crate) fn assert_equal(&self) {
        let (missing, extra, wrong) = (self.missing.len(), self.extra.len(), self.wrong.len());
        assert_eq!((missing, extra, wrong), (0, 0, 0), "missing, extra, wrong");
        let allowed = self.pairs.len() / OUTLIERS_ONE_IN;
        let outliers = self.outliers(is_start_near) + self.outliers(is_duration_near);
        assert!(
            outliers <= allowed,
            "{outliers} of {allowed} times that may be far"
        );
    }

    fn outliers(&self, is_near: fn(&Line, &Record) -> bool) -> usize {
        let far = |(line, record): &&(&Line, &Record)| !is_near(line, record);
        self.pairs.iter().filter(far).count()
    }
}

impl fmt::Display for Comparison<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let starts = self.outliers(is_start_near);
        let durations = self.outliers(is_duration_near);
        let mut fields: BTreeMap<&str, usize> = BTreeMap::new();
        for field in self.wrong.iter().flat_map(|wrong| &wrong.fields) {
            *fields.entry(field).or_default() += 1;
        }
        write!(
            f,
            "{} pairs, {} missing, {} extra, {} wrong {fields:?}, {starts} starts and \
             {durations} durations far",
            self.pairs.len(),
            self.missing.len(),
            self.extra.len(),
            self.wrong.len(),
        )
    }
}

fn different(expected: &Expected, found: &Facts) -> BTreeSet<&'static str> {
    let wrong = expected
        .iter()
        .filter(|(name, value)| found.get(*name) != value.as_ref());
    wrong.map(|(name, _)| *name).collect()
}

fn is_start_near(line: &Line, record: &Record) -> bool {
    let line: f64 = line.start.parse().expect("seconds, as asked for");
    let record = record.time().as_nanosecond() as f64 / 1e9;
    (line - record).abs() * 1e3 <= START_TOLERANCE_MS
}

fn is_duration_near(line: &Line, record: &Record) -> bool {
    let Some(line) = line.duration else {
        return true;
    };
    let record = record.int("auditor.duration_ns").unwrap_or(0) as f64 / 1e6;
    let line = line as f64;
    (line - record).abs() <= DURATION_TOLERANCE_MS.max(line * DURATION_PART)
}
