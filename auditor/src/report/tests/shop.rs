//! A day of a node: two runs of the auditor, a crash of a service, a loss, an exclusion.

use crate::query::sample::{Access, BEGIN, Place, SECOND, about_node, journal, pod};
use crate::record::{EventName, LogRecordWriter, Severity, attribute as a};
use crate::redact::Sealed;

const MINUTE: u64 = 60 * SECOND;

/// Values that somebody else chose.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hostile<'a> {
    pub(super) user: &'a str,
    pub(super) peer: &'a str,
    pub(super) path: &'a str,
    pub(super) state: &'a str,
}

impl Default for Hostile<'_> {
    fn default() -> Self {
        Self {
            user: "alice@example.com",
            peer: "web",
            path: "/carts/4711",
            state: "excluded",
        }
    }
}

/// 24 hours with an access a minute, of which one hour is between a stop and a start.
pub(super) fn shop(name: &str, hostile: &Hostile<'_>) -> Place {
    let place = Place::new(name);
    let (cart, billing, admin) = (
        pod("shop", "cart"),
        pod("finance", "billing"),
        pod("it", "admin"),
    );
    let accesses = (0..1440_u64).map(|minute| {
        let access = Access {
            resource: [&cart, &cart, &billing, &cart, &admin][minute as usize % 5],
            at: BEGIN + at(minute),
            user: [Some(hostile.user), Some("bob"), None, Some("svc-report")][minute as usize % 4],
            peer: if minute % 3 == 0 {
                hostile.peer
            } else {
                "mobile"
            },
            path: hostile.path,
            status: status(minute),
        };
        access.sealed()
    });
    let (first, second): (Vec<_>, Vec<_>) = accesses.enumerate().partition(|(n, _)| *n < 720);
    let run = |accesses: Vec<(usize, Sealed)>| {
        let hours = accesses
            .chunks(60)
            .map(|hour| hour.iter().map(|(_, access)| access.clone()));
        hours.map(Iterator::collect).collect::<Vec<Vec<_>>>()
    };
    let loss = |stage, reason, count| {
        let id = format!("99fa3007-{stage}");
        let facts = [
            (a::RECORD_ID, id.as_str()),
            (a::LOSS_STAGE, stage),
            (a::LOSS_REASON, reason),
            (a::LOSS_UNIT, "exchange"),
            (a::DIRECTION, "inbound"),
            (a::LOSS_COUNT, count),
        ];
        about_node(EventName::Loss, BEGIN + 18 * 60 * MINUTE, &facts)
    };
    let losses = vec![
        loss("ring", "ring_full", "7"),
        loss("export", "refused", "3"),
        // Told once more, after a crash.
        loss("export", "refused", "3"),
        loss("identity", "index_full", "5"),
    ];
    let batches = [
        vec![turn("started", 0)],
        run(first),
        vec![turn("stopped", 12 * 60 * MINUTE)],
        vec![turn("started", 13 * 60 * MINUTE)],
        vec![vec![excluded(hostile.state)]],
        run(second),
        vec![losses, turn("stopped", 23 * 60 * MINUTE)],
    ];
    journal(place.path(), 200_000, batches.into_iter().flatten());
    place
}

/// Twelve hours, a pause of one, and ten more.
fn at(minute: u64) -> u64 {
    let minute = if minute < 720 {
        minute
    } else {
        60 + minute * 5 / 6 + 120
    };
    minute * MINUTE + SECOND
}

/// Mostly well; billing was down for a while, and somebody tried keys that are not theirs.
fn status(minute: u64) -> u64 {
    match minute {
        300..340 => 503,
        900..1120 if minute.is_multiple_of(5) => 403,
        _ => 200,
    }
}

/// What the daemon says of itself at a start or a stop.
fn turn(state: &str, after: u64) -> Vec<Sealed> {
    let at = BEGIN + after;
    let lifecycle = [(a::LIFECYCLE_STATE, state), (a::LIFECYCLE_VERSION, "v0")];
    let lifecycle = about_node(EventName::Lifecycle, at, &lifecycle);
    let mut writer = LogRecordWriter::new(EventName::Coverage, Severity::Info, at, at);
    writer.string(a::COVERAGE_STATE, state);
    writer.string(a::COVERAGE_TIER, "base");
    writer.strings(
        a::COVERAGE_GAPS,
        &["tls_plaintext", "http2", "unix_sockets"],
    );
    let coverage = Sealed::for_test(crate::query::sample::node(), writer.finish());
    vec![lifecycle, coverage]
}

fn excluded(state: &str) -> Sealed {
    let at = BEGIN + 13 * 60 * MINUTE;
    let mut writer = LogRecordWriter::new(EventName::Coverage, Severity::Info, at, at);
    writer.string(a::COVERAGE_STATE, state);
    writer.string(a::COVERAGE_TIER, "base");
    Sealed::for_test(pod("shop", "batch"), writer.finish())
}
