use std::net::SocketAddr;

use auditor_common::{self as abi, close_flag, data_flag};
use bytemuck::{Zeroable as _, bytes_of};
use proptest::{collection::vec, prelude::*};

use super::{BootTime, Direction, Event, Rejection, Role, decode};

fn header(kind: abi::Kind) -> abi::Header {
    abi::Header {
        kind: kind as u8,
        time_ns: 11,
        cookie: 22,
        ..abi::Header::zeroed()
    }
}

fn tuple() -> abi::Tuple {
    let v4 = |a, b, c, d| {
        let mut address = [0; 16];
        address[..4].copy_from_slice(&[a, b, c, d]);
        address
    };
    abi::Tuple {
        local_address: v4(10, 0, 0, 1),
        peer_address: v4(10, 0, 0, 2),
        local_port: 80,
        peer_port: 40_000,
        family: 2,
        reserved: 0,
    }
}

fn owner() -> abi::Owner {
    let mut comm = [0; abi::COMM_LEN];
    comm[..5].copy_from_slice(b"ng\nin");
    abi::Owner {
        cgroup_id: 33,
        netns_cookie: 44,
        pid: 55,
        uid: 66,
        comm,
    }
}

fn open() -> abi::Open {
    abi::Open {
        header: header(abi::Kind::Open),
        tuple: tuple(),
        owner: owner(),
        receive_next: 77,
        send_next: 88,
        role: 2,
        reserved: [0; 7],
    }
}

fn data(captured: u32) -> abi::Data {
    abi::Data {
        header: abi::Header {
            captured,
            direction: 1,
            ..header(abi::Kind::Data)
        },
        skipped_before: 5_000_000_000,
        cgroup_id: 33,
        sequence: 1,
        skipped_after: 2,
        lost: 3,
        messages: 4,
    }
}

fn early(captured: u32) -> abi::Early {
    abi::Early {
        header: abi::Header {
            captured,
            ..header(abi::Kind::Early)
        },
        tuple: tuple(),
        sequence: 9,
        reserved: 0,
    }
}

fn close() -> abi::Close {
    abi::Close {
        header: header(abi::Kind::Close),
        tuple: tuple(),
        owner: owner(),
        opened_ns: 10,
        bytes: [1, 2],
        ended_ns: [0, 12],
        skipped: [3, 4],
        lost: [5, 6],
        smoothed_rtt_us: 7,
        retransmits: 8,
        role: 1,
        previous_state: 1,
        reserved: [0; 6],
    }
}

fn plaintext(captured: u32) -> abi::Plaintext {
    let mut header = header(abi::Kind::Plaintext);
    header.direction = abi::Direction::Egress as u8;
    header.captured = captured;
    abi::Plaintext {
        header,
        session: 5,
        offset: 6,
        lost: 7,
        library: 8,
        client_random: [1, 0, 0, 2],
        ..abi::Plaintext::zeroed()
    }
}

fn with_payload(fixed: &[u8], payload: &[u8]) -> Vec<u8> {
    [fixed, payload].concat()
}

fn rejection(bytes: &[u8]) -> Rejection {
    decode(bytes).expect_err("this is no event")
}

#[test]
fn open_is_read() {
    let raw = open();
    let Ok(Event::Open(open)) = decode(bytes_of(&raw)) else {
        panic!("not an open");
    };
    assert_eq!((open.cookie, open.time), (22, BootTime(11)));
    assert_eq!(open.local, SocketAddr::from(([10, 0, 0, 1], 80)));
    assert_eq!(open.peer, SocketAddr::from(([10, 0, 0, 2], 40_000)));
    assert_eq!(open.role, Role::Passive);
    assert_eq!((open.receive_next, open.send_next), (77, 88));
    assert_eq!((open.owner.cgroup_id, open.owner.netns_cookie), (33, 44));
    let process = open.owner.process.unwrap();
    assert_eq!(
        (process.pid, process.uid, &*process.comm),
        (55, 66, "ng%0Ain")
    );
}

#[test]
fn a_process_may_be_unknown_and_a_name_as_long_as_its_field() {
    let mut raw = open();
    raw.owner.comm = [b'x'; abi::COMM_LEN];
    let Ok(Event::Open(open)) = decode(bytes_of(&raw)) else {
        panic!("not an open");
    };
    assert_eq!(
        &*open.owner.process.unwrap().comm,
        "x".repeat(abi::COMM_LEN)
    );
    raw.owner.pid = 0;
    let Ok(Event::Open(open)) = decode(bytes_of(&raw)) else {
        panic!("not an open");
    };
    assert_eq!(open.owner.process, None);
}

#[test]
fn addresses_are_of_either_family() {
    let mapped = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1];
    let mut loopback = [0; 16];
    loopback[15] = 1;
    for (bytes, text) in [(mapped, "10.0.0.1:80"), (loopback, "[::1]:80")] {
        let mut raw = open();
        raw.tuple.family = 10;
        raw.tuple.local_address = bytes;
        let Ok(Event::Open(open)) = decode(bytes_of(&raw)) else {
            panic!("not an open");
        };
        assert_eq!(open.local.to_string(), text);
    }
}

#[test]
fn data_is_read() {
    let bytes = with_payload(bytes_of(&data(5)), b"hello");
    let Ok(Event::Data(data)) = decode(&bytes) else {
        panic!("not data");
    };
    assert_eq!((data.cookie, data.time), (22, BootTime(11)));
    assert_eq!(data.direction, Direction::Egress);
    assert_eq!(
        (data.skipped_before, data.skipped_after),
        (5_000_000_000, 2)
    );
    assert_eq!((data.sequence, data.lost, data.messages), (1, 3, 4));
    assert_eq!((data.cgroup_id, data.bytes), (33, b"hello".as_slice()));
    assert!(!data.message_start && !data.unframed && !data.truncated);
    assert!(!data.frames);
}

#[test]
fn flags_of_data_are_told_apart() {
    for flag in [
        data_flag::MESSAGE_START,
        data_flag::UNFRAMED,
        data_flag::TRUNCATED,
        data_flag::FRAMES,
    ] {
        let mut raw = data(0);
        raw.header.flags = flag;
        let Ok(Event::Data(data)) = decode(bytes_of(&raw)) else {
            panic!("not data");
        };
        assert_eq!(data.message_start, flag == data_flag::MESSAGE_START);
        assert_eq!(data.unframed, flag == data_flag::UNFRAMED);
        assert_eq!(data.truncated, flag == data_flag::TRUNCATED);
        assert_eq!(data.frames, flag == data_flag::FRAMES);
    }
}

#[test]
fn early_is_read() {
    let bytes = with_payload(bytes_of(&early(3)), b"GET");
    let Ok(Event::Early(early)) = decode(&bytes) else {
        panic!("not early");
    };
    assert_eq!((early.time, early.sequence), (BootTime(11), 9));
    assert_eq!(early.local, SocketAddr::from(([10, 0, 0, 1], 80)));
    assert_eq!(early.peer, SocketAddr::from(([10, 0, 0, 2], 40_000)));
    assert_eq!(early.bytes, b"GET");
}

#[test]
fn plaintext_is_read() {
    let bytes = with_payload(bytes_of(&plaintext(2)), b"hi");
    let Ok(Event::Plaintext(event)) = decode(&bytes) else {
        panic!("not plaintext");
    };
    assert_eq!(
        (event.cookie, event.direction),
        (Some(22), Direction::Egress)
    );
    assert_eq!((event.session, event.offset), (5, 6));
    assert_eq!((event.lost, event.library, event.bytes), (7, 8, &b"hi"[..]));
    let random = event.client_random.expect("it has one");
    assert_eq!((random[0], random[24]), (1, 2));
    let mut unbound = plaintext(0);
    unbound.header.cookie = 0;
    unbound.client_random = [0; 4];
    let Ok(Event::Plaintext(event)) = decode(bytes_of(&unbound)) else {
        panic!("not plaintext");
    };
    assert_eq!((event.cookie, event.client_random), (None, None));
}

#[test]
fn close_is_read() {
    let Ok(Event::Close(close)) = decode(bytes_of(&close())) else {
        panic!("not a close");
    };
    assert_eq!((close.cookie, close.time), (22, BootTime(11)));
    assert_eq!(close.role, Role::Active);
    assert_eq!(close.opened, Some(BootTime(10)));
    assert_eq!(close.bytes, [1, 2]);
    assert_eq!(close.ended, [None, Some(BootTime(12))]);
    assert_eq!((close.skipped, close.lost), ([3, 4], [5, 6]));
    assert_eq!((close.smoothed_rtt_us, close.retransmits), (7, 8));
    assert_eq!(close.owner.cgroup_id, 33);
}

#[test]
fn flags_of_close_are_told_apart() {
    for flag in [
        close_flag::FIN_RECEIVED,
        close_flag::FIN_SENT,
        close_flag::RESET_RECEIVED,
        close_flag::RESET_SENT,
        close_flag::NEVER_OPENED,
    ] {
        let mut raw = close();
        raw.header.flags = flag;
        raw.opened_ns = 0;
        let Ok(Event::Close(close)) = decode(bytes_of(&raw)) else {
            panic!("not a close");
        };
        assert_eq!(close.opened, None);
        assert_eq!(close.fin_received, flag == close_flag::FIN_RECEIVED);
        assert_eq!(close.fin_sent, flag == close_flag::FIN_SENT);
        assert_eq!(close.reset_received, flag == close_flag::RESET_RECEIVED);
        assert_eq!(close.reset_sent, flag == close_flag::RESET_SENT);
        assert_eq!(close.never_opened, flag == close_flag::NEVER_OPENED);
    }
}

#[test]
fn what_is_too_short_for_its_kind_is_rejected() {
    let (open, data, early, close) = (open(), data(0), early(0), close());
    let plaintext = plaintext(0);
    for whole in [
        bytes_of(&open),
        bytes_of(&data),
        bytes_of(&early),
        bytes_of(&close),
        bytes_of(&plaintext),
    ] {
        assert!(decode(whole).is_ok());
        for length in 0..whole.len() {
            assert_eq!(rejection(&whole[..length]), Rejection::TooShort);
        }
    }
}

#[test]
fn an_event_may_stand_anywhere() {
    let bytes = with_payload(b"_", bytes_of(&close()));
    assert!(decode(&bytes[1..]).is_ok());
}

#[test]
fn unknown_kinds_are_rejected() {
    for kind in [0, 6, 255] {
        let mut raw = open();
        raw.header.kind = kind;
        assert_eq!(rejection(bytes_of(&raw)), Rejection::UnknownKind(kind));
    }
}

#[test]
fn a_payload_of_another_length_is_rejected() {
    for (claimed, carried) in [(4, 5), (6, 5), (u32::MAX, 5), (0, 5), (1, 0)] {
        let payload = vec![b'x'; carried];
        let expected = Rejection::CapturedMismatch { claimed, carried };
        assert_eq!(
            rejection(&with_payload(bytes_of(&data(claimed)), &payload)),
            expected
        );
        assert_eq!(
            rejection(&with_payload(bytes_of(&early(claimed)), &payload)),
            expected
        );
    }
}

#[test]
fn unknown_families_are_rejected() {
    let (mut open, mut early, mut close) = (open(), early(0), close());
    open.tuple.family = 1;
    early.tuple.family = 0;
    close.tuple.family = 65_535;
    assert_eq!(rejection(bytes_of(&open)), Rejection::UnknownFamily(1));
    assert_eq!(rejection(bytes_of(&early)), Rejection::UnknownFamily(0));
    assert_eq!(
        rejection(bytes_of(&close)),
        Rejection::UnknownFamily(65_535)
    );
}

#[test]
fn unknown_directions_and_roles_are_rejected() {
    let (mut open, mut data, mut close) = (open(), data(0), close());
    open.role = 3;
    data.header.direction = 2;
    close.role = 255;
    assert_eq!(rejection(bytes_of(&open)), Rejection::UnknownRole(3));
    assert_eq!(rejection(bytes_of(&data)), Rejection::UnknownDirection(2));
    assert_eq!(rejection(bytes_of(&close)), Rejection::UnknownRole(255));
}

#[test]
fn every_rejection_says_what_is_wrong() {
    let mismatch = Rejection::CapturedMismatch {
        claimed: 4,
        carried: 5,
    };
    assert_eq!(
        mismatch.to_string(),
        "event claims 4 captured bytes and carries 5"
    );
    assert_eq!(
        Rejection::UnknownKind(9).to_string(),
        "unknown event kind 9"
    );
}

proptest! {
    #[test]
    fn nothing_panics(kind in 0..6_u8, mut bytes in vec(any::<u8>(), 0..400)) {
        let _ = decode(&bytes);
        if let Some(first) = bytes.first_mut() {
            *first = kind;
        }
        let _ = decode(&bytes);
    }

    #[test]
    fn a_payload_is_handed_on_as_it_is(payload in vec(any::<u8>(), 0..2000)) {
        let bytes = with_payload(bytes_of(&data(payload.len() as u32)), &payload);
        match decode(&bytes) {
            Ok(Event::Data(data)) => prop_assert_eq!(data.bytes, payload),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
