use super::{MessageCounter, Status, method};

#[test]
fn methods_have_a_service() {
    for (path, expected) in [
        ("/pkg.Service/Method", Some("pkg.Service/Method")),
        ("/a/pkg.Service/Method", Some("a/pkg.Service/Method")),
        ("/Method", None),
        ("//Method", None),
        ("/Service/", None),
        ("Service/Method", None),
        ("", None),
    ] {
        let method = method(path.as_bytes());
        assert_eq!(method, expected.map(str::as_bytes), "{path}");
    }
}

#[test]
fn codes_have_names() {
    assert_eq!(Status(0).name(), Some("OK"));
    assert_eq!(Status(4).name(), Some("DEADLINE_EXCEEDED"));
    assert_eq!(Status(16).name(), Some("UNAUTHENTICATED"));
    assert_eq!(Status(17).name(), None);
}

#[test]
fn messages_are_counted_where_their_beginnings_are_seen() {
    // Of 3 bytes, of none, of 300.
    let mut body = vec![0, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0, 1, 0, 0, 1, 44];
    body.extend([0; 300]);
    for size in [1, 2, 5, 1000] {
        let mut counter = MessageCounter::default();
        for piece in body.chunks(size) {
            counter.read(piece);
        }
        assert_eq!(counter.count(), Some(3), "{size}");
    }
    let mut counter = MessageCounter::default();
    counter.read(&body[..20]);
    counter.pass(298);
    counter.read(&body[..8]);
    assert_eq!(counter.count(), Some(4));
    counter.pass(1);
    assert_eq!(counter.count(), None);
}
