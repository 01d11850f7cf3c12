use super::ClaimedClient;
use crate::network::Network;
use crate::protocol::Head;

fn claimed(fields: &str, sender: &str, trusted: &[&str]) -> Option<(String, bool)> {
    let head = Head::request(format!("GET / HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes()).unwrap();
    let trusted: Vec<Network> = trusted.iter().map(|net| net.parse().unwrap()).collect();
    let client = ClaimedClient::of(&head, sender.parse().unwrap(), &trusted)?;
    Some((client.address.to_string(), client.trusted))
}

fn client(address: &str, trusted: bool) -> (String, bool) {
    (address.to_owned(), trusted)
}

#[test]
fn without_trust_the_first_one_claimed_is_a_claim() {
    let fields = "X-Forwarded-For: 203.0.113.7, 10.0.0.1";
    assert_eq!(
        claimed(fields, "10.0.0.2", &[]),
        Some(client("203.0.113.7", false))
    );
    let elsewhere = ["192.168.0.0/16"];
    assert_eq!(
        claimed(fields, "10.0.0.2", &elsewhere),
        Some(client("203.0.113.7", false))
    );
}

#[test]
fn trusted_hops_are_passed_from_the_right() {
    let proxies = ["10.0.0.0/8", "2001:db8::/32"];
    for (fields, expected) in [
        (
            "X-Forwarded-For: 198.51.100.1",
            Some(client("198.51.100.1", true)),
        ),
        // What stands left of the first stranger is that stranger's word.
        (
            "X-Forwarded-For: 1.1.1.1, 198.51.100.1, 10.0.0.1",
            Some(client("198.51.100.1", true)),
        ),
        (
            "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 198.51.100.1\r\nX-Forwarded-For: 10.0.0.1",
            Some(client("198.51.100.1", true)),
        ),
        // A client within the trusted networks.
        (
            "X-Forwarded-For: 10.0.0.3, 10.0.0.1",
            Some(client("10.0.0.3", true)),
        ),
        // What a trusted proxy did not know, nobody knows.
        ("X-Forwarded-For: 1.1.1.1, unknown, 10.0.0.1", None),
        (
            "Forwarded: for=1.1.1.1, for=\"[2001:db9::1]:4711\";proto=http, for=\"[2001:db8::5]\"",
            Some(client("2001:db9::1", true)),
        ),
        ("Forwarded: for=_hidden", None),
        ("X-Request-Id: 1", None),
    ] {
        assert_eq!(claimed(fields, "10.0.0.2", &proxies), expected, "{fields}");
    }
}

#[test]
fn an_address_may_have_a_port_and_brackets() {
    for (node, expected) in [
        ("203.0.113.7:4711", "203.0.113.7"),
        ("[2001:db8::1]:80", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:db8::1", "2001:db8::1"),
        ("\"203.0.113.7\"", "203.0.113.7"),
    ] {
        let fields = format!("X-Forwarded-For:  {node} ");
        assert_eq!(
            claimed(&fields, "::1", &[]),
            Some(client(expected, false)),
            "{node}"
        );
    }
}

#[test]
fn what_is_no_address_is_no_client() {
    for fields in [
        "X-Forwarded-For: unknown",
        "X-Forwarded-For:",
        "X-Forwarded-For: ,,,",
        "X-Forwarded-For: eyJhbGciOiJIUzI1NiJ9.e30.c2lnbmF0dXJl",
        "Forwarded: for=\"open, for=1.1.1.1",
        "Forwarded: proto=http",
    ] {
        assert_eq!(claimed(fields, "10.0.0.2", &[]), None, "{fields}");
        assert_eq!(
            claimed(fields, "10.0.0.2", &["10.0.0.0/8"]),
            None,
            "{fields}"
        );
    }
}
