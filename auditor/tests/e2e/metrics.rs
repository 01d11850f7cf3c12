//! What a scraper reads agrees with what was sent.

use crate::support::auditor::{Auditor, BINARY};
use crate::support::client::{curl, h2load};
use crate::support::fickle::{Fickle, Mood};
use crate::support::kept::Kept;
use crate::support::nginx::{AccessLog, KB, Nginx};
use crate::support::ports;
use crate::support::process::finish;
use crate::support::until::until;

const REQUESTS: u32 = 1000;

/// Value of the sample that begins with `name`.
fn sample(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn the_counts_of_the_kernel_and_of_the_records_are_scraped() {
    let nginx = Nginx::start(AccessLog::Off);
    let address = format!("127.0.0.1:{}", ports::free());
    // A scrape is an access, too.
    let scrapes = format!(
        "port={}",
        address.rsplit(':').next().expect("it has a port")
    );
    let auditor = Auditor::start(&["--metrics-address", &address, "--exclude", &scrapes]);
    let url = format!("http://{address}/metrics");
    h2load(&nginx.url(KB), REQUESTS, 1);
    let text = until("every exchange is counted", || {
        let text = curl(&[&url]).text().to_owned();
        let inbound = sample(&text, "auditor_exchanges_total{direction=\"inbound\"}")?;
        (inbound >= u64::from(REQUESTS)).then_some(text)
    });
    assert!(text.ends_with("# EOF\n"), "{text}");
    for direction in ["inbound", "outbound"] {
        let of = |name: &str| sample(&text, &format!("{name}{{direction=\"{direction}\"}}"));
        let (seen, ended) = (
            of("auditor_kernel_requests_total"),
            of("auditor_exchanges_total"),
        );
        assert!(seen >= Some(u64::from(REQUESTS)), "{text}");
        assert!(ended >= Some(u64::from(REQUESTS)), "{text}");
    }
    assert_eq!(sample(&text, "auditor_lost_total"), None, "{text}");
    assert!(text.contains("auditor_build_info{version="), "{text}");
    let ready = curl(&[&format!("http://{address}/readyz")]);
    assert_eq!(ready.text(), "ready");

    let missing = curl(&[
        "--write-out",
        "%{http_code}",
        &format!("http://{address}/x"),
    ]);
    assert_eq!(missing.text(), "404");
    auditor.stop().assert_nothing_lost();
}

/// What goes in is in the journal, and what is there is acknowledged, by the daemon's own count.
#[test]
fn the_way_from_the_journal_to_the_collector_is_scraped() {
    let (kept, fickle) = (Kept::new(), Fickle::start(Mood::Gone));
    let nginx = Nginx::start(AccessLog::Off);
    let address = format!("127.0.0.1:{}", ports::free());
    let auditor = Auditor::start(&[
        "--metrics-address",
        &address,
        "--journal-dir",
        &kept.argument(),
        "--otlp-endpoint",
        &fickle.endpoint(),
    ]);
    let url = format!("http://{address}/metrics");
    let scraped = |name: &str| {
        let text = curl(&[&url]).text().to_owned();
        sample(&text, name).unwrap_or_else(|| panic!("no {name}: {text}"))
    };
    let (waiting, acknowledged) = (
        "auditor_delivery_waiting{destination=\"otlp\"}",
        "auditor_delivery_acknowledged_total{destination=\"otlp\"}",
    );
    h2load(&nginx.url(KB), REQUESTS, 1);
    until("records wait in the journal", || {
        (scraped(waiting) >= 2 * u64::from(REQUESTS)).then_some(())
    });
    assert_eq!(scraped(acknowledged), 0);
    assert!(scraped("auditor_journal_durable") <= scraped("auditor_journal_written"));
    fickle.turn(Mood::Takes);
    until("they are acknowledged", || {
        (scraped(acknowledged) >= 2 * u64::from(REQUESTS)).then_some(())
    });
    auditor.stop().assert_nothing_lost();
}

#[test]
fn an_address_that_is_taken_is_named() {
    let nginx = Nginx::start(AccessLog::Off);
    let address = format!("127.0.0.1:{}", nginx.port);
    let mut command = std::process::Command::new(BINARY);
    command.args([
        "run",
        "--output",
        "none",
        "--no-journal",
        "--metrics-address",
        &address,
    ]);
    let finished = finish(&mut command);
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    assert!(finished.stderr.contains(&address), "{}", finished.stderr);
}
