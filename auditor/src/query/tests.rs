//! Searches in journals that the real writer wrote.

mod measure;

use clap::Parser as _;
use proptest::prelude::*;

use super::sample::{Access, BEGIN, Place, SECOND, about_node, journal, pod};
use super::*;
use crate::config::{Args, Command};
use crate::record::{EventName, attribute as a};

fn args(place: &Place, typed: &[&str]) -> QueryArgs {
    let directory = place.path().to_str().unwrap();
    let fixed = ["auditor", "query", "--journal-dir", directory];
    let args = Args::parse_from(fixed.iter().chain(typed));
    let Command::Query(args) = args.command else {
        panic!("not query");
    };
    *args
}

fn answer(place: &Place, typed: &[&str]) -> String {
    let mut out = Vec::new();
    let gaps = query(&args(place, typed), Reader::Program, &mut out).unwrap();
    assert!(gaps.is_none(), "{gaps:?}");
    String::from_utf8(out).unwrap()
}

fn lines(place: &Place, typed: &[&str]) -> Vec<serde_json::Value> {
    let answer = answer(place, typed);
    let lines = answer.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().unwrap()
}

/// Two workloads, three callers, a record a second, in segments of a few records.
fn shop(name: &str) -> Place {
    let place = Place::new(name);
    let (cart, billing) = (pod("shop", "cart"), pod("finance", "billing"));
    let batches = (0..200_u64).map(|second| {
        let access = Access {
            resource: if second % 4 == 0 { &billing } else { &cart },
            at: BEGIN + second * SECOND,
            user: [Some("alice"), Some("bob"), None][second as usize % 3],
            peer: if second % 2 == 0 { "web" } else { "mobile" },
            path: if second % 5 == 0 {
                "/admin/keys"
            } else {
                "/cart"
            },
            status: if second % 10 == 0 { 503 } else { 200 },
        };
        vec![access.sealed()]
    });
    let loss = about_node(
        EventName::Loss,
        BEGIN + 200 * SECOND,
        &[(a::LOSS_STAGE, "ring"), (a::LOSS_COUNT, "7")],
    );
    journal(place.path(), 20_000, batches.chain([vec![loss]]));
    place
}

#[test]
fn conditions_are_all_held_and_values_are_one_of() {
    let place = shop("query-conditions");
    let count = |typed: &[&str]| lines(&place, typed).len();
    assert_eq!(count(&[]), 201);
    assert_eq!(count(&["--event", "http"]), 200);
    assert_eq!(count(&["--event", "auditor.loss"]), 1);
    assert_eq!(count(&["--workload", "billing"]), 50);
    assert_eq!(count(&["--namespace", "fin*"]), 50);
    assert_eq!(count(&["--pod", "cart-*"]), 150);
    assert_eq!(count(&["--container", "3f9"]), 200);
    assert_eq!(count(&["--container", "app"]), 200);
    assert_eq!(count(&["--user", "alice"]), 67);
    assert_eq!(count(&["--user", "alice", "--user", "bob"]), 134);
    assert_eq!(count(&["--user", "*", "--workload", "billing"]), 34);
    assert_eq!(count(&["--peer", "web"]), 100);
    assert_eq!(count(&["--peer", "10.244.0.0/16"]), 200);
    assert_eq!(count(&["--peer", "10.0.0.0/16"]), 0);
    assert_eq!(count(&["--path", "/admin"]), 40);
    assert_eq!(count(&["--method", "POST"]), 0);
    assert_eq!(count(&["--status", "5xx"]), 20);
    assert_eq!(count(&["--status", "<300", "--status", "503"]), 200);
    assert_eq!(count(&["--error", "*"]), 20);
    assert_eq!(count(&["--decision", "deny"]), 0);
    assert_eq!(
        count(&[
            "--direction",
            "inbound",
            "--path",
            "/admin",
            "--status",
            ">=500"
        ]),
        20
    );
}

#[test]
fn a_window_opens_only_the_segments_written_late_enough() {
    let place = shop("query-window");
    let since = "2026-09-21T14:16:00Z";
    let found = lines(
        &place,
        &["--since", since, "--until", "2026-09-21T14:16:10Z"],
    );
    assert_eq!(found.len(), 10);
    assert_eq!(found[0]["timestamp"], "2026-09-21T14:16:00.000000000Z");
    let filter = Filter::of(
        &args(&place, &["--since", "2026-09-21T14:26:00Z"]),
        &Present::read(),
    );
    let (filter, disk) = (filter.unwrap(), Directory::visit(place.path()));
    let all = crate::journal::stretches(&disk).unwrap().len();
    let searched = Search::new(&disk, &filter).unwrap().stretches().len();
    assert!(searched < all, "{searched} of {all} segments");
}

#[test]
fn a_limit_keeps_the_newest_in_their_order() {
    let place = shop("query-limit");
    let all = lines(&place, &["--event", "http"]);
    let newest = lines(&place, &["--event", "http", "--limit", "60"]);
    assert_eq!(newest, all[140..]);
    assert_eq!(lines(&place, &["--limit", "0"]).len(), 0);
}

#[test]
fn people_are_told_the_day() {
    let place = shop("query-pretty");
    let typed = ["--output", "pretty", "--path", "/admin", "--limit", "2"];
    let text = answer(&place, &typed);
    let day = text.lines().next().unwrap();
    assert!(day.starts_with("2026-09-2"), "{text}");
    assert_eq!(text.lines().count(), 3);
    assert!(text.contains("/admin/keys"));
}

#[test]
fn what_is_damaged_is_told() {
    let place = shop("query-damage");
    std::fs::remove_file(place.path().join("00000000000000000002.segment")).unwrap();
    let gaps = query(&args(&place, &[]), Reader::Program, io::sink()).unwrap();
    assert!(gaps.missing > 0, "{gaps:?}");
}

#[test]
fn a_value_that_cannot_be_meant_is_a_usage_error() {
    let place = Place::new("query-usage");
    for (typed, part) in [
        (&["--status", "5x"][..], "--status \"5x\": write 404, 5xx"),
        (
            &["--path", "/a*b"],
            "--path \"/a*b\": * may only stand at the end",
        ),
        (&["--since", "noon"], "--since \"noon\" is not a time"),
    ] {
        let error = query(&args(&place, typed), Reader::Program, io::sink()).unwrap_err();
        assert!(error.to_string().starts_with(part), "{error}");
        assert_eq!(error.exit(), Exit::Usage);
    }
    let nowhere = QueryArgs {
        journal_dir: "/nowhere/journal".into(),
        ..QueryArgs::default()
    };
    let error = query(&nowhere, Reader::Program, io::sink()).unwrap_err();
    assert!(error.to_string().contains("--journal-dir"), "{error}");
}

#[test]
fn a_table_has_its_names_even_when_it_is_empty() {
    let place = shop("query-table");
    let table = answer(&place, &["--output", "csv", "--workload", "nobody"]);
    assert!(
        table.starts_with("timestamp,event_name,k8s.namespace.name,"),
        "{table}"
    );
    assert_eq!(table.lines().count(), 1);
    let table = answer(&place, &["--output", "csv"]);
    assert_eq!(table.lines().count(), 202);
}

proptest! {
    /// Whatever a caller puts into a path or a name, a table has one line a record and the same
    /// columns, gives the text back, and no cell of text begins as a formula does.
    #[test]
    fn a_table_is_safe(path in "[=+@\"',;\t -]{0,3}\\PC{0,12}", user in "[-=+@]?\\PC{1,8}") {
        let cart = pod("shop", "cart");
        let access = Access {
            resource: &cart,
            at: BEGIN,
            user: Some(&user),
            peer: "web",
            path: &path,
            status: 200,
        };
        let mut table = Table::new();
        table.add(&access.sealed()).unwrap();
        let bytes = table.take();
        let mut reader = ::csv::Reader::from_reader(bytes.as_slice());
        let names = reader.headers().unwrap().clone();
        let lines = reader.records().collect::<Result<Vec<_>, _>>().unwrap();
        prop_assert_eq!(lines.len(), 1);
        let cell = |name: &str| {
            let column = names.iter().position(|column| column == name).unwrap();
            &lines[0][column]
        };
        let plain = |text: &str| text.strip_prefix('\'').unwrap_or(text).to_owned();
        prop_assert_eq!(plain(cell(a::URL_PATH)), plain(&path));
        prop_assert_eq!(plain(cell(a::USER_ID)), plain(&user));
        prop_assert_eq!(lines[0].iter().filter(|cell| cell.starts_with(['=', '+', '-', '@', '\t', '\r'])).count(), 0);
    }
}
