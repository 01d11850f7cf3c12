//! Every source, and what hostile hands make of it.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::jwt::{MAX_TEXTS, MAX_TOKEN};
use super::{Claim, Presented, Principal, Source, Unnamed};
use crate::config::IdentitySettings;
use crate::credential::ClaimName;
use crate::protocol::Head;

const SIGNATURE: &str = "c2lnbmF0dXJlLXRoYXQtaXMtbm90LWNoZWNrZWQ";

/// `{"alg":"RS256"}`.
const RS256: &str = "eyJhbGciOiJSUzI1NiJ9";

fn settings() -> IdentitySettings {
    let claim = |name| ClaimName::parse(name).unwrap();
    IdentitySettings {
        claims: ["tenant", "groups"].map(claim).to_vec(),
        ..IdentitySettings::default()
    }
}

/// What a request with these fields presents.
fn presented(fields: &[(&str, &[u8])]) -> Presented {
    let mut bytes = b"GET / HTTP/1.1\r\n".to_vec();
    for (name, value) in fields {
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(b": ");
        bytes.extend_from_slice(value);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    Presented::of(&Head::request(&bytes).unwrap(), &settings())
}

fn token(payload: &[u8]) -> String {
    let payload = BASE64_URL_SAFE_NO_PAD.encode(payload);
    format!("{RS256}.{payload}.{SIGNATURE}")
}

fn bearer(token: &str) -> Presented {
    presented(&[("Authorization", format!("Bearer {token}").as_bytes())])
}

/// The principal of a token with this payload, or why there is none.
fn of_payload(payload: &[u8]) -> Result<Principal, Unnamed> {
    let presented = bearer(&token(payload));
    presented
        .principal
        .ok_or_else(|| presented.unnamed.unwrap())
}

fn certificate(value: &str) -> Result<String, Unnamed> {
    let presented = presented(&[("X-Forwarded-Client-Cert", value.as_bytes())]);
    let principal = presented
        .principal
        .ok_or(presented.unnamed.unwrap_or(Unnamed::NonePresented))?;
    assert_eq!(principal.source, Source::ForwardedClientCert);
    Ok(principal.id.unwrap())
}

#[test]
fn a_token_names_its_subject_and_issuer() {
    let payload = br#"{"iss":"https://idp.example","sub":"u-17","azp":"shop","client_id":"cli",
        "preferred_username":"alice","exp":1764000000,"nested":{"sub":"root"},
        "groups":["admin","ops",7,null,{"a":1}],"tenant":42}"#;
    let principal = of_payload(payload).unwrap();
    let text = |text: &str| Some(text.to_owned());
    let groups = ["admin", "ops", "7"].map(str::to_owned).to_vec();
    let expected = Principal {
        source: Source::Jwt,
        id: text("u-17"),
        name: text("alice"),
        issuer: text("https://idp.example"),
        authorized_party: text("shop"),
        client_id: text("cli"),
        claims: vec![
            ("groups".to_owned(), Claim::Texts(groups)),
            ("tenant".to_owned(), Claim::Text("42".to_owned())),
        ],
    };
    assert_eq!(principal, expected);
}

#[test]
fn the_scheme_has_no_case_and_padding_is_accepted() {
    let payload = BASE64_URL_SAFE_NO_PAD.encode(br#"{"sub":"u-1"}"#);
    for value in [
        format!("bearer {RS256}.{payload}.{SIGNATURE}"),
        format!("BEARER   {RS256}.{payload}==.{SIGNATURE}"),
        // Unsigned: `alg` is `none`.
        format!("Bearer {RS256}.{payload}."),
    ] {
        let presented = presented(&[("authorization", value.as_bytes())]);
        let id = presented.principal.unwrap().id;
        assert_eq!(id.as_deref(), Some("u-1"), "{value}");
    }
}

#[test]
fn a_token_that_names_nobody_says_so() {
    let presented = bearer(&token(br#"{"iss":"https://idp.example","sub":null}"#));
    assert_eq!(presented.unnamed, Some(Unnamed::SubjectMissing));
    let principal = presented.principal.unwrap();
    assert_eq!((principal.id, principal.source), (None, Source::Jwt));
}

#[test]
fn what_is_no_json_web_token_is_opaque_or_malformed() {
    let huge = "a".repeat(MAX_TOKEN + 1);
    let array = token(&vec![b'"'; 1 << 20]);
    for (token, expected) in [
        ("ya29.a0AfH6SMBx", Unnamed::TokenOpaque),
        ("0123456789abcdef", Unnamed::TokenOpaque),
        ("a.b.c", Unnamed::TokenOpaque),
        ("", Unnamed::TokenOpaque),
        ("eyJh.b.c.d.e", Unnamed::TokenOpaque),
        ("eyJh.%%%.c", Unnamed::TokenMalformed),
        ("eyJh..c", Unnamed::TokenMalformed),
        ("eyJh.e30.c.", Unnamed::TokenOpaque),
        (&huge, Unnamed::TokenTooLarge),
        (&array, Unnamed::TokenTooLarge),
    ] {
        let presented = bearer(token);
        assert_eq!(presented.principal, None);
        assert_eq!(presented.unnamed, Some(expected), "{}", token.len());
    }
}

#[test]
fn a_hostile_payload_is_refused_or_read_within_bounds() {
    let deep = |key: &str| format!(r#"{{"{key}":{}"#, "[".repeat(5000)).into_bytes();
    let closed = |key: &str| {
        let (open, close) = ("[".repeat(2500), "]".repeat(2500));
        format!(r#"{{"{key}":{open}{close},"sub":"u-1"}}"#).into_bytes()
    };
    for payload in [
        deep("groups"),
        deep("other"),
        // A claim that is read has the parser's limit on depth.
        closed("groups"),
        b"{\"sub\":\"\xff\xfe\"}".to_vec(),
        br#"{"sub":"a"} trailing"#.to_vec(),
        br#"{"tenant":1e999}"#.to_vec(),
        br#"["sub"]"#.to_vec(),
        br#"{"sub":"\ud800"}"#.to_vec(),
    ] {
        let shown = String::from_utf8_lossy(&payload[..payload.len().min(40)]).into_owned();
        assert_eq!(
            of_payload(&payload),
            Err(Unnamed::TokenMalformed),
            "{shown}"
        );
    }
    // One that is passed over has none, and needs none.
    let passed_over = of_payload(&closed("other")).unwrap();
    assert_eq!(passed_over.id.as_deref(), Some("u-1"));
    let numbers = of_payload(br#"{"sub":123456789012345678901234567890,"other":1e999}"#).unwrap();
    assert_eq!(
        numbers.id.as_deref(),
        Some("123456789012345680000000000000")
    );
    let nul = of_payload(br#"{"sub":"a\u0000\nb"}"#).unwrap();
    assert_eq!(nul.id.as_deref(), Some("a\0\nb"), "redaction escapes it");
}

#[test]
fn a_claim_that_stands_there_twice_names_nobody() {
    for payload in [
        br#"{"sub":"alice","sub":"root"}"#.as_slice(),
        br#"{"sub":null,"sub":"root"}"#,
        br#"{"sub":"alice","tenant":1,"tenant":2}"#,
    ] {
        assert_eq!(of_payload(payload), Err(Unnamed::Ambiguous));
    }
    assert!(of_payload(br#"{"sub":"alice","exp":1,"exp":2}"#).is_ok());
}

#[test]
fn a_long_list_is_cut() {
    let groups = vec!["\"g\""; 1000].join(",");
    let principal = of_payload(format!(r#"{{"groups":[{groups}]}}"#).as_bytes()).unwrap();
    let Claim::Texts(texts) = &principal.claims[0].1 else {
        panic!("{principal:?}");
    };
    assert_eq!(texts.len(), MAX_TEXTS);
}

#[test]
fn the_nearest_proxy_tells_of_the_certificate() {
    for (value, expected) in [
        (
            "By=spiffe://c/ns/a/sa/b;Hash=468e;Subject=\"\";URI=spiffe://c/ns/shop/sa/web",
            "spiffe://c/ns/shop/sa/web",
        ),
        (
            "Hash=1;URI=spiffe://first,Hash=2;URI=spiffe://last",
            "spiffe://last",
        ),
        ("URI=;URI=spiffe://c/a;DNS=a.example", "spiffe://c/a"),
        (
            r#"By=b;Subject="CN=web,OU=\"shop; x\",O=c""#,
            r#"CN=web,OU="shop; x",O=c"#,
        ),
        ("subject=CN=web", "CN=web"),
    ] {
        assert_eq!(certificate(value).as_deref(), Ok(expected), "{value}");
    }
    for (value, expected) in [
        ("By=b;Hash=468e;DNS=a.example", Unnamed::SubjectMissing),
        ("URI=spiffe://a,", Unnamed::SubjectMissing),
        (
            "Subject=\"CN=a,URI=spiffe://b",
            Unnamed::CertificateMalformed,
        ),
    ] {
        assert_eq!(certificate(value), Err(expected), "{value}");
    }
}

#[test]
fn the_first_identity_header_counts() {
    let presented = presented(&[
        ("Remote-User", b"bob"),
        ("X-Auth-Request-User", b"alice\xff"),
        ("X-Forwarded-User", b""),
    ]);
    let principal = presented.principal.unwrap();
    assert_eq!(principal.source, Source::Header);
    assert_eq!(principal.name.as_deref(), Some("alice%FF"));
}

#[test]
fn the_strongest_source_names_and_the_others_are_listed() {
    let token = format!("Bearer {}", token(br#"{"sub":"u-1"}"#));
    let weaker: [(&str, &[u8]); 2] = [
        ("X-Forwarded-User", b"bob"),
        ("X-Forwarded-Client-Cert", b"URI=spiffe://c/web"),
    ];
    let all = presented(&[weaker[0], weaker[1], ("Authorization", token.as_bytes())]);
    assert_eq!(all.principal.unwrap().source, Source::Jwt);
    assert_eq!(all.others, [Source::ForwardedClientCert, Source::Header]);
    assert_eq!(all.unnamed, None);

    let opaque = presented(&[
        weaker[0],
        weaker[1],
        ("Authorization", b"Bearer 0123456789"),
    ]);
    assert_eq!(
        opaque.principal.unwrap().source,
        Source::ForwardedClientCert
    );
    assert_eq!(opaque.others, [Source::Header]);
    assert_eq!(opaque.unnamed, Some(Unnamed::TokenOpaque));
}

#[test]
fn an_absent_principal_has_its_reason() {
    for (fields, expected) in [
        (&[][..], Unnamed::NonePresented),
        (&[("Cookie", b"sid=1".as_slice())], Unnamed::CookieOnly),
        (&[("Authorization", b"")], Unnamed::NonePresented),
        (
            &[("Authorization", b"Negotiate YIIJ")],
            Unnamed::SchemeNotRead,
        ),
        (
            &[("Authorization", b"0123456789abcdef")],
            Unnamed::SchemeNotRead,
        ),
        (&[("Authorization", b"Basic")], Unnamed::BasicMalformed),
        (
            &[
                ("Authorization", b"Basic YWxpY2U6czNjcmV0"),
                ("Authorization", b"Basic cm9vdDpzM2NyZXQ="),
            ],
            Unnamed::Ambiguous,
        ),
        (
            &[
                ("Authorization", b"Bearer 0123456789abcdef"),
                ("X-Forwarded-User", b"token:0123456789abcdef"),
            ],
            // The first reason counts; what matters is that there is no principal.
            Unnamed::TokenOpaque,
        ),
    ] {
        let presented = presented(fields);
        assert_eq!(presented.principal, None, "{fields:?}");
        assert_eq!(presented.unnamed, Some(expected), "{fields:?}");
    }
    let lines = b"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bea";
    let head = Head::truncated_request(lines).unwrap();
    let presented = Presented::of(&head, &settings());
    assert_eq!(presented.unnamed, Some(Unnamed::HeadTruncated));
}

proptest! {
    #[test]
    fn no_bytes_make_it_fail(
        scheme in prop::sample::select(vec!["Bearer ", "Basic ", "Digest ", ""]),
        credential in prop::collection::vec(any::<u8>().prop_filter("a line", |b| *b != b'\n'), 0..200),
        certificate in "[\\PC]{0,80}",
    ) {
        let value = [scheme.as_bytes(), &credential].concat();
        presented(&[
            ("Authorization", &value),
            ("X-Forwarded-Client-Cert", certificate.as_bytes()),
        ]);
    }

    #[test]
    fn no_payload_makes_it_fail(payload in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = of_payload(&payload);
        let _ = of_payload(&[br#"{"sub":"#.as_slice(), &payload, b"}"].concat());
    }
}
