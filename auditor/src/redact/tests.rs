//! No secret in whatever form leaves this stage.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use jiff::tz::TimeZone;
use proptest::prelude::*;

mod paths;
mod peers;

use super::{HeaderAllowList, Policies, Redactor, Sealed};
use crate::aggregate::Aggregator;
use crate::config::{AggregationSettings, TrafficClass};
use crate::credential::HeaderName;
use crate::export::stdout::{Form, Pretty, StdoutSink};
use crate::identity::Resolved;
use crate::identity::sample::{answered, service};
use crate::record::RecordIds;

/// As much of a secret as may come together by chance.
const CHANCE: usize = 8;

/// What was logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn redactor(policies: Policies) -> Redactor {
    let names = |names: &[&str]| -> Vec<HeaderName> {
        names
            .iter()
            .map(|name| HeaderName::parse(name).unwrap())
            .collect()
    };
    let request = names(&["referer", "x-forwarded-for", "forwarded", "x-request-id"]);
    let response = names(&["location", "content-type"]);
    let ids = RecordIds::read("/proc".as_ref()).unwrap();
    Redactor::new(HeaderAllowList::new(&request, &response), policies, ids)
}

fn seal(resolved: &Resolved) -> Sealed {
    redactor(Policies::default()).seal(resolved)
}

fn written(sealed: Sealed, form: Form) -> Vec<u8> {
    let mut out = Vec::new();
    let mut sink = StdoutSink::new(&mut out, form);
    assert!(sink.write(&[sealed]).unwrap().is_continue());
    drop(sink);
    out
}

fn json(resolved: &Resolved) -> serde_json::Value {
    serde_json::from_slice(&written(seal(resolved), Form::Json)).unwrap()
}

/// Everything that is told of the record, in every form and in the log.
fn told(resolved: &Resolved) -> Vec<Vec<u8>> {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    let pretty = Pretty {
        colour: false,
        zone: TimeZone::UTC,
    };
    let mut told = tracing::subscriber::with_default(subscriber, || {
        tracing::trace!(?resolved, "as it would be logged");
        let sealed = seal(resolved);
        let forms = [Form::Json, Form::OtlpJson, Form::Pretty(pretty)];
        let mut told: Vec<_> = forms.map(|form| written(sealed.clone(), form)).into();
        told.push(sealed.record().to_vec());
        told
    });
    told.push(log.0.lock().unwrap().clone());
    told
}

fn token(payload: &str, signature: &str) -> String {
    let payload = BASE64_URL_SAFE_NO_PAD.encode(payload);
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
    format!("eyJhbGciOiJIUzI1NiJ9.{payload}.{signature}")
}

/// A request that carries a secret in one of the places that are made for it, with all the forms
/// in which it could come out.
fn carried(place: usize, secret: &str) -> (String, String, Vec<String>) {
    let jwt = token(r#"{"sub":"u-1","iss":"idp"}"#, secret);
    let basic = BASE64_STANDARD.encode(format!("alice:{secret}"));
    let key = BASE64_STANDARD.encode(format!("{secret}:"));
    let inner = token(r#"{"sub":"u-2"}"#, secret);
    let nested = token(&format!(r#"{{"sub":"{inner}","iss":"{inner}"}}"#), secret);
    let request = match place {
        0 => format!("Authorization: Bearer {jwt}"),
        1 => format!("authorization: bearer {secret}"),
        2 => format!("Authorization: Basic {basic}"),
        3 => format!("Authorization: Basic {key}"),
        4 => format!("Authorization: {secret}"),
        5 => format!("Authorization: Bearer {nested}"),
        6 => format!("Cookie: sid={secret}"),
        7 => format!("Proxy-Authorization: Bearer {jwt}"),
        8 => format!("X-Api-Key: {secret}"),
        9 => format!("Authorization: Bearer {secret}\r\nX-Forwarded-User: {secret}"),
        10 => format!("Authorization: Basic {basic}\r\nRemote-User: Basic {basic}"),
        11 => format!("X-Forwarded-User: {jwt}"),
        12 => format!("X-Forwarded-Client-Cert: Hash=1;Cert=\"{secret}\";URI={jwt}"),
        13 => format!("X-Forwarded-For: {jwt}\r\nForwarded: for={jwt}"),
        14 => format!("Referer: https://alice:{secret}@example.org/?key={secret}"),
        15 => format!("Authorization: Digest username=\"a\", response=\"{secret}\""),
        _ => "Via: 1.1 a".to_owned(),
    };
    let response = match place {
        16 => format!("Set-Cookie: sid={secret}; HttpOnly"),
        17 => format!("Location: https://alice:{secret}@example.org/?token={secret}"),
        _ => "Server: a".to_owned(),
    };
    let forms = [secret, &jwt, &basic, &key, &inner, &nested];
    (request, response, forms.map(str::to_owned).to_vec())
}

fn exchange(request: &str, response: &str, query: &str) -> Resolved {
    let request =
        format!("GET /a?{query} HTTP/1.1\r\nUser-Agent: kube-probe/1\r\n{request}\r\n\r\n");
    let response = format!("HTTP/1.1 200 OK\r\n{response}\r\n\r\n");
    answered(&request, &response, service(), 1)
}

/// The same exchange, twice, in sum.
fn in_sum(request: &str, response: &str, query: &str) -> Resolved {
    let mut aggregator = Aggregator::new(AggregationSettings {
        classes: vec![TrafficClass::HealthProbe],
        interval: std::time::Duration::from_secs(1),
    });
    let mut out = Vec::new();
    for _ in 0..2 {
        aggregator.step(exchange(request, response, query), &mut out);
    }
    aggregator.flush(&mut out);
    assert_eq!(out.len(), 1);
    out.remove(0)
}

proptest! {
    #[test]
    fn a_secret_in_a_place_for_secrets_never_comes_out(
        place in 0_usize..19,
        secret in "[A-Za-z0-9_-]{16,60}",
    ) {
        let (request, response, forms) = carried(place, &secret);
        let query = if place == 18 { format!("key={secret}") } else { "a=b".to_owned() };
        for resolved in [
            exchange(&request, &response, &query),
            in_sum(&request, &response, &query),
        ] {
            for told in told(&resolved) {
                for form in &forms {
                    for part in form.as_bytes().windows(CHANCE) {
                        prop_assert!(
                            !told.windows(CHANCE).any(|seen| seen == part),
                            "{} of {form} in {}",
                            String::from_utf8_lossy(part),
                            String::from_utf8_lossy(&told)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn no_value_breaks_a_line(value in "[^\\r\\n]{0,60}") {
        let payload = serde_json::json!({ "sub": value }).to_string();
        let fields = format!("Authorization: Bearer {}", token(&payload, "s"));
        let resolved = exchange(&fields, "Server: a", "");
        let line = written(seal(&resolved), Form::Json);
        prop_assert_eq!(line.iter().position(|b| *b == b'\n'), Some(line.len() - 1));
        let id = json(&resolved)["attributes"]["user.id"].as_str().map(str::to_owned);
        prop_assert!(id.is_none_or(|id| !id.chars().any(char::is_control)));
    }
}

#[test]
fn who_calls_is_told_with_its_source() {
    let fields = format!(
        "Authorization: Bearer {}\r\nX-Forwarded-User: bob\r\nX-Forwarded-For: 203.0.113.7",
        token(r#"{"sub":"a\u0000b","iss":"idp","azp":"shop"}"#, "s")
    );
    let record = json(&exchange(&fields, "Server: a", ""));
    for (name, value) in [
        ("user.id", serde_json::json!("a%00b")),
        ("auditor.principal.source", serde_json::json!("jwt")),
        (
            "auditor.principal.other_sources",
            serde_json::json!(["header"]),
        ),
        ("auditor.principal.verified", serde_json::json!(false)),
        ("auditor.principal.issuer", serde_json::json!("idp")),
        (
            "auditor.principal.authorized_party",
            serde_json::json!("shop"),
        ),
        ("client.address", serde_json::json!("203.0.113.7")),
        ("auditor.client.address.trusted", serde_json::json!(false)),
        ("auditor.traffic.class", serde_json::json!("health_probe")),
    ] {
        assert_eq!(record["attributes"][name], value, "{record:#}");
    }
    assert!(
        record["attributes"]
            .get("auditor.principal.reason")
            .is_none()
    );
}

#[test]
fn a_key_that_is_used_as_a_name_is_redacted() {
    let credential = BASE64_STANDARD.encode("ghp_16C7e42F292c6912E7:x-oauth-basic");
    let record = json(&exchange(
        &format!("Authorization: Basic {credential}"),
        "Server: a",
        "",
    ));
    assert_eq!(record["attributes"]["user.name"], "REDACTED");
}

#[test]
fn a_sum_says_what_its_exchanges_have_in_common() {
    let record = json(&in_sum("X-Request-Id: 1", "Server: a", ""));
    let attributes = &record["attributes"];
    for (name, value) in [
        ("auditor.aggregate.count", serde_json::json!(2)),
        (
            "auditor.aggregate.last_time_unix_nano",
            serde_json::json!(1),
        ),
        ("auditor.aggregate.max_duration_ns", serde_json::json!(1000)),
        ("url.path", serde_json::json!("/a")),
        ("http.response.status_code", serde_json::json!(200)),
        ("network.local.port", serde_json::json!(8080)),
        ("network.peer.address", serde_json::json!("10.0.0.1")),
        ("auditor.traffic.class", serde_json::json!("health_probe")),
    ] {
        assert_eq!(attributes[name], value, "{record:#}");
    }
    for name in [
        "network.peer.port",
        "auditor.connection.id",
        "auditor.duration_ns",
    ] {
        assert!(attributes.get(name).is_none(), "{record:#}");
    }
    assert_eq!(record["body"], "2 × GET /a 200");
}
