//! What a path, a query and a name may tell.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

use proptest::prelude::*;

use super::super::Policies;
use super::{exchange, json, redactor, seal, token, told, written};
use crate::config::{PathPatterns, RedactionRule, RedactionSettings, Users};
use crate::credential::QueryKey;
use crate::export::stdout::Form;
use crate::identity::Resolved;
use crate::identity::sample::{answered, service};

/// A request with the segment in every place where a path may stand.
fn asked(segment: &str) -> Resolved {
    let request = format!(
        "POST /v1/{segment}/in?{segment}&a=b HTTP/1.1\r\nContent-Type: application/grpc\r\nReferer: \
         https://example.org/from/{segment}?{segment}\r\n\r\n"
    );
    let response =
        format!("HTTP/1.1 200 OK\r\nLocation: /to/{segment};at={segment}#{segment}\r\n\r\n");
    answered(&request, &response, service(), 1)
}

/// The digits with the one that makes them the number of a card.
fn card(begin: u8, digits: &str) -> String {
    let number = format!("{begin}{digits}");
    let sum: u32 = (number.bytes().rev().zip([2, 1].into_iter().cycle()))
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    format!("{number}{}", (10 - sum % 10) % 10)
}

/// The text with the chosen bytes escaped, `layers` times.
fn escaped(text: &str, chosen: &[bool], layers: usize) -> String {
    let mut escaped = String::new();
    for (byte, chosen) in text.bytes().zip(chosen.iter().cycle()) {
        if *chosen {
            let percent = format!("%{}", "25".repeat(layers));
            write!(escaped, "{percent}{byte:02x}").unwrap();
        } else {
            escaped.push(char::from(byte));
        }
    }
    escaped
}

/// Something that the rules speak of, and how it is written in the record.
fn planted() -> impl Strategy<Value = (String, &'static str)> {
    let email = "[a-z0-9.+_-]{1,12}[a-z0-9]@[a-z0-9]{1,10}(\\.[a-z]{2,6}){1,2}";
    let number = (2_u8..=6, "[0-9]{11,17}").prop_map(|(begin, digits)| card(begin, &digits));
    let grouped = (2_u8..=6, "[0-9]{14}").prop_map(|(begin, digits)| {
        let number = card(begin, &digits);
        let groups = number.as_bytes().chunks(4);
        let groups: Vec<_> = groups.map(|g| std::str::from_utf8(g).unwrap()).collect();
        groups.join("-")
    });
    let random = "[A-Za-z0-9]{32,48}".prop_filter("without a digit it may be words", |text| {
        text.bytes().any(|byte| byte.is_ascii_digit())
    });
    let hex = "[0-9a-f]{32,64}".prop_filter("likewise", |text| {
        text.bytes().any(|byte| byte.is_ascii_digit())
    });
    let key = "(ghp_|glpat-|sk_live_|xoxb-)[A-Za-z0-9]{16,24}";
    prop_oneof![
        email.prop_map(|text| (text, "{email}")),
        number.prop_map(|text| (text, "{card}")),
        grouped.prop_map(|text| (text, "{card}")),
        random.prop_map(|text| (text, "")),
        hex.prop_map(|text| (text, "")),
        key.prop_map(|text| (text, "")),
    ]
}

proptest! {
    #[test]
    fn no_email_card_or_token_in_a_path_comes_out(
        (secret, word) in planted(),
        before in "([a-z]{1,8}[:.])?",
        after in "(\\.json|\\.)?",
        chosen in prop::collection::vec(any::<bool>(), 1..8),
        layers in 0_usize..3,
    ) {
        let segment = format!("{before}{}{after}", escaped(&secret, &chosen, layers));
        let resolved = asked(&segment);
        let forms = [secret.clone(), segment.clone()];
        let seen = told(&resolved);
        for told in &seen {
            for form in &forms {
                prop_assert!(
                    !told.windows(form.len()).any(|seen| seen == form.as_bytes()),
                    "{form} in {}",
                    String::from_utf8_lossy(told)
                );
            }
        }
        let path = json(&resolved)["attributes"]["url.path"].as_str().unwrap().to_owned();
        prop_assert!(path.starts_with("/v1/{") && path.ends_with("}/in"), "{path}");
        prop_assert!(path.contains(word), "{path}");
    }

    #[test]
    fn a_path_of_words_is_told_as_it_was_sent(path in "(/[a-z]{0,12}(-[a-z]{1,8})?[0-9]{0,3}){1,6}") {
        let resolved = answered(
            &format!("GET {path} HTTP/1.1\r\n\r\n"),
            "HTTP/1.1 200 OK\r\n\r\n",
            service(),
            1,
        );
        prop_assert_eq!(&json(&resolved)["attributes"]["url.path"], &path);
    }
}

/// Policies whose key for users is `0123456789abcdef`, twice.
fn policies(workloads: Vec<(&str, RedactionRule)>, general: RedactionRule) -> Policies {
    static FILES: AtomicU32 = AtomicU32::new(0);
    let number = FILES.fetch_add(1, Ordering::Relaxed);
    let name = format!("auditor-redact-key-{}-{number}", std::process::id());
    let key = std::env::temp_dir().join(name);
    std::fs::write(&key, "0123456789abcdef0123456789abcdef\n").unwrap();
    let named = |(selector, rule): (&str, RedactionRule)| (selector.to_owned(), rule);
    let policies = Policies::new(&RedactionSettings {
        rule: general,
        workloads: workloads.into_iter().map(named).collect(),
        user_key: Some(key.clone()),
    });
    std::fs::remove_file(key).unwrap();
    policies.unwrap()
}

fn sealed_under(policies: Policies, resolved: &Resolved) -> serde_json::Value {
    let sealed = redactor(policies).seal(resolved);
    serde_json::from_slice(&written(sealed, Form::Json)).unwrap()
}

#[test]
fn the_first_rule_that_matches_decides() {
    let numbers = RedactionRule {
        path: PathPatterns {
            number: true,
            ..PathPatterns::default()
        },
        ..RedactionRule::default()
    };
    let plain = RedactionRule::default();
    let path = |workloads| {
        let record = sealed_under(policies(workloads, plain.clone()), &asked("17"));
        record["attributes"]["url.path"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let matching = ("port=8080", numbers.clone());
    assert_eq!(path(vec![("port=1", numbers.clone())]), "/v1/17/in");
    assert_eq!(path(vec![matching.clone()]), "/v1/{number}/in");
    assert_eq!(
        path(vec![("port=8080", plain.clone()), matching]),
        "/v1/17/in"
    );
}

#[test]
fn users_are_told_by_hashes_where_that_is_asked_for() {
    let hashed = RedactionRule {
        users: Users::Hashed,
        ..RedactionRule::default()
    };
    let bearer = token(r#"{"sub":"alice","preferred_username":"a.smith"}"#, "s");
    let resolved = exchange(&format!("Authorization: Bearer {bearer}"), "Server: a", "");
    let record = sealed_under(policies(Vec::new(), hashed), &resolved);
    let text = record.to_string();
    assert!(
        !text.contains("alice") && !text.contains("a.smith"),
        "{text}"
    );
    // printf %s alice | openssl dgst -sha256 -hmac 0123456789abcdef0123456789abcdef
    let id = record["attributes"]["user.id"].as_str().unwrap();
    let hash = "433deb45467e4e53dbaba594c88bc3a200f705a2150788c3d11e6040e63e8510";
    assert!(id.starts_with("hmac-sha256:") && id.ends_with(hash), "{id}");
    assert_ne!(id, record["attributes"]["user.name"]);
    let plain = json(&resolved);
    assert_eq!(plain["attributes"]["user.id"], "alice");
}

#[test]
fn a_value_of_a_query_is_told_if_its_key_is_listed() {
    let rule = RedactionRule {
        kept: vec![QueryKey::parse("page").unwrap()],
        path: PathPatterns {
            number: true,
            ..PathPatterns::default()
        },
        ..RedactionRule::default()
    };
    let query = "page=2&q=x&page=a@example.org&Page=3&p%61ge=4&b@example.org";
    let resolved = exchange("Via: 1.1 a", "Server: a", query);
    let record = sealed_under(policies(Vec::new(), rule), &resolved);
    assert_eq!(
        record["attributes"]["url.query"],
        "page=2&q=REDACTED&page={email}&Page=REDACTED&p%61ge=REDACTED&{email}"
    );
    let sealed = seal(&resolved);
    let record: serde_json::Value = serde_json::from_slice(&written(sealed, Form::Json)).unwrap();
    assert!(!record["attributes"]["url.query"].to_string().contains('2'));
}
