//! The metrics of a registry as values, for those who send them on.

use std::fmt;

use prometheus_client::{encoding::text::encode, registry::Registry};

/// A metric with everything that was counted under its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Family {
    /// Without the `_total` of a counter or the `_info` of a build.
    pub name: String,
    pub help: String,
    pub is_counter: bool,
    pub samples: Vec<Sample>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub labels: Vec<(String, String)>,
    pub value: i64,
}

// === impl Family ===

impl Family {
    /// Reads the text that a scraper gets, because a registry gives its values in no other form
    /// without a compiler for protobuf. So whoever is told is told the same.
    pub fn all(registry: &Registry) -> Result<Vec<Self>, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, registry)?;
        Ok(Self::parse(&text))
    }

    /// Every metric of the daemon has a help text, which comes first, and counts whole things.
    fn parse(text: &str) -> Vec<Self> {
        let mut families: Vec<Self> = Vec::new();
        for line in text.lines() {
            if let Some((name, help)) = after(line, "# HELP ") {
                families.push(Self {
                    name: name.to_owned(),
                    help: help.to_owned(),
                    is_counter: false,
                    samples: Vec::new(),
                });
            } else if let Some(family) = families.last_mut() {
                if let Some((_, kind)) = after(line, "# TYPE ") {
                    family.is_counter = kind == "counter";
                } else if let Some(sample) = Sample::parse(line) {
                    family.samples.push(sample);
                }
            }
        }
        families
    }
}

fn after<'a>(line: &'a str, prefix: &str) -> Option<(&'a str, &'a str)> {
    line.strip_prefix(prefix)?.split_once(' ')
}

// === impl Sample ===

impl Sample {
    /// `name{label="value"} 1`, or without labels.
    fn parse(line: &str) -> Option<Self> {
        let (named, value) = line.rsplit_once(' ')?;
        let value = value.parse().ok()?;
        let labels = match named.split_once('{') {
            Some((_, labels)) => parse_labels(labels.strip_suffix('}')?)?,
            None => Vec::new(),
        };
        Some(Self { labels, value })
    }
}

/// `a="b",c="d"`, where a quote, a backslash and a line's end are escaped.
fn parse_labels(text: &str) -> Option<Vec<(String, String)>> {
    let mut labels = Vec::new();
    let mut rest = text;
    while let Some((name, quoted)) = rest.split_once("=\"") {
        let mut value = String::new();
        let mut characters = quoted.char_indices();
        let end = loop {
            match characters.next()? {
                (at, '"') => break at,
                (_, '\\') => match characters.next()?.1 {
                    'n' => value.push('\n'),
                    escaped => value.push(escaped),
                },
                (_, plain) => value.push(plain),
            }
        };
        labels.push((name.trim_start_matches(',').to_owned(), value));
        rest = &quoted[end + 1..];
    }
    Some(labels)
}

#[cfg(test)]
mod tests {
    use super::{Family, Sample};
    use crate::telemetry::{Delivered, Shown, Standing, Totals};

    fn sample(labels: &[(&str, &str)], value: i64) -> Sample {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Sample {
            labels: labels.iter().map(owned).collect(),
            value,
        }
    }

    #[test]
    fn what_a_scraper_reads_is_what_is_sent() {
        let standing = Standing::default();
        let name = "a \"b\\\n, c=\"";
        standing.destination(name, |delivered: &mut Delivered| delivered.acknowledged = 7);
        let shown = Shown {
            standing: Some(standing),
            ..Shown::default()
        };
        shown.totals.set(Totals {
            exchanges: [3, 4],
            connections: 5,
            ..Totals::default()
        });
        let families = Family::all(&shown.registry()).unwrap();
        let of = |name: &str| families.iter().find(|family| family.name == name).unwrap();
        let exchanges = of("auditor_exchanges");
        assert!(exchanges.is_counter && exchanges.help.starts_with("HTTP exchanges"));
        let expected = [
            sample(&[("direction", "outbound")], 3),
            sample(&[("direction", "inbound")], 4),
        ];
        assert_eq!(exchanges.samples, expected);
        let connections = of("auditor_connections");
        assert!(!connections.is_counter);
        assert_eq!(connections.samples, [sample(&[], 5)]);
        assert_eq!(
            of("auditor_delivery_acknowledged").samples,
            [sample(&[("destination", name)], 7)]
        );
        let version = ("version", env!("CARGO_PKG_VERSION"));
        assert_eq!(of("auditor_build").samples, [sample(&[version], 1)]);
    }
}
