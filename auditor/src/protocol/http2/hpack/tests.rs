use proptest::{collection::vec, prelude::*, sample::select};

use super::{BlockError, Decoder, Field};

mod corpus;
mod joined;

/// A field in a line; `?` for what is not known.
fn line(field: Field<'_>) -> String {
    let text = |part: Option<&[u8]>| part.map_or("?".into(), crate::text::printable);
    format!("{}: {}", text(field.name), text(field.value))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn read(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<String>, BlockError> {
    let mut lines = Vec::new();
    decoder.read(block, &mut |field| lines.push(line(field)))?;
    decoder.end()?;
    Ok(lines)
}

/// Blocks of one direction, and what they say.
#[track_caller]
fn check(limit: Option<u64>, blocks: &[(&str, &[&str])]) {
    let mut decoder = Decoder::new();
    if let Some(limit) = limit {
        decoder.table.resize(limit);
    }
    for (block, lines) in blocks {
        assert_eq!(read(&mut decoder, &bytes(block)).unwrap(), *lines);
    }
}

#[test]
fn fields_of_appendix_c_2() {
    check(
        None,
        &[
            (
                "400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572",
                &["custom-key: custom-header"],
            ),
            (
                "040c 2f73 616d 706c 652f 7061 7468",
                &[":path: /sample/path"],
            ),
            (
                "1008 7061 7373 776f 7264 0673 6563 7265 74",
                &["password: secret"],
            ),
            ("82", &[":method: GET"]),
        ],
    );
}

const REQUESTS: [&[&str]; 3] = [
    &[
        ":method: GET",
        ":scheme: http",
        ":path: /",
        ":authority: www.example.com",
    ],
    &[
        ":method: GET",
        ":scheme: http",
        ":path: /",
        ":authority: www.example.com",
        "cache-control: no-cache",
    ],
    &[
        ":method: GET",
        ":scheme: https",
        ":path: /index.html",
        ":authority: www.example.com",
        "custom-key: custom-value",
    ],
];

#[test]
fn requests_of_appendix_c_3_and_c_4() {
    check(
        None,
        &[
            (
                "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
                REQUESTS[0],
            ),
            ("8286 84be 5808 6e6f 2d63 6163 6865", REQUESTS[1]),
            (
                "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
                REQUESTS[2],
            ),
        ],
    );
    check(
        None,
        &[
            ("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", REQUESTS[0]),
            ("8286 84be 5886 a8eb 1064 9cbf", REQUESTS[1]),
            (
                "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
                REQUESTS[2],
            ),
        ],
    );
}

const RESPONSES: [&[&str]; 3] = [
    &[
        ":status: 302",
        "cache-control: private",
        "date: Mon, 21 Oct 2013 20:13:21 GMT",
        "location: https://www.example.com",
    ],
    &[
        ":status: 307",
        "cache-control: private",
        "date: Mon, 21 Oct 2013 20:13:21 GMT",
        "location: https://www.example.com",
    ],
    &[
        ":status: 200",
        "cache-control: private",
        "date: Mon, 21 Oct 2013 20:13:22 GMT",
        "location: https://www.example.com",
        "content-encoding: gzip",
        "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
    ],
];

#[test]
fn responses_of_appendix_c_5_and_c_6_evict() {
    check(
        Some(256),
        &[
            (
                "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 \
                 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 \
                 6c65 2e63 6f6d",
                RESPONSES[0],
            ),
            ("4803 3330 37c1 c0bf", RESPONSES[1]),
            (
                "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d \
                 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 \
                 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e \
                 3d31",
                RESPONSES[2],
            ),
        ],
    );
    check(
        Some(256),
        &[
            (
                "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 \
                 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
                RESPONSES[0],
            ),
            ("4883 640e ffc1 c0bf", RESPONSES[1]),
            (
                "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab \
                 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f \
                 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
                RESPONSES[2],
            ),
        ],
    );
}

#[test]
fn what_no_recipient_could_read_is_an_error() {
    for (block, error) in [
        ("80", BlockError::Index),
        ("be", BlockError::Index),
        ("7e 01 61", BlockError::Index),
        ("ff ff ff ff ff ff 01", BlockError::Integer),
        ("ff 80 80 80 80 80 00", BlockError::Integer),
        ("82 20", BlockError::LateSizeUpdate),
        ("82 41", BlockError::Cut),
        ("41 05 61", BlockError::Cut),
        ("41 7f ff ff ff 7f", BlockError::FieldTooLong),
        // The end of a string as such, filling with a zero, and eight bits of filling.
        ("41 84 ff ff ff ff", BlockError::Huffman),
        ("41 81 18", BlockError::Huffman),
        ("41 82 1f ff", BlockError::Huffman),
    ] {
        let mut decoder = Decoder::new();
        let result = read(&mut decoder, &bytes(block));
        assert_eq!(result, Err(error), "{block}");
        // Nothing it had is trusted afterwards, and nothing static is doubted.
        assert_eq!(
            read(&mut decoder, &bytes("82 be")).unwrap().len(),
            2,
            "{block}"
        );
    }
}

#[test]
fn sizes_change_at_the_beginning_of_a_block_only() {
    check(
        None,
        &[
            ("20 3f e1 1f 40 01 61 01 62", &["a: b"]),
            ("be", &["a: b"]),
            ("20 82", &[":method: GET"]),
        ],
    );
    let mut decoder = Decoder::new();
    read(&mut decoder, &bytes("40 01 61 01 62")).unwrap();
    // 33 bytes are one too few for the entry, so it is gone and not merely unknown.
    let result = read(&mut decoder, &bytes("3f 02 be"));
    assert_eq!(result, Err(BlockError::Index));
}

/// Literal fields, inserted or not, and references, at random.
pub(super) fn random_block() -> impl Strategy<Value = Vec<u8>> {
    let representation = prop_oneof![
        3 => (0x81..=0xfe_u8).prop_map(|index| vec![index]),
        2 => (select(vec![0x40_u8, 0x00, 0x10]), 0..3_usize, 0..9_usize)
            .prop_map(|(kind, name, value)| literal(kind, &[b'n'; 3][..name], &[b'v'; 9][..value])),
        1 => (0..31_u8).prop_map(|size| vec![0x20 | size]),
        1 => vec(any::<u8>(), 1..6),
    ];
    vec(representation, 0..8).prop_map(|all| all.concat())
}

fn literal(kind: u8, name: &[u8], value: &[u8]) -> Vec<u8> {
    let (n, v) = (name.len() as u8, value.len() as u8);
    [&[kind, n], name, &[v], value].concat()
}

proptest! {
    #[test]
    fn cuts_make_no_difference(
        blocks in vec(random_block(), 1..6),
        cuts in vec(1..7_usize, 1..9),
    ) {
        let (mut whole, mut cut) = (Decoder::new(), Decoder::new());
        let mut cuts = cuts.into_iter().cycle();
        for block in &blocks {
            let expected = read(&mut whole, block);
            let mut lines = Vec::new();
            let mut result = Ok(());
            let mut rest = block.as_slice();
            while !rest.is_empty() && result.is_ok() {
                let (piece, after) = rest.split_at(cuts.next().unwrap().min(rest.len()));
                result = cut.read(piece, &mut |field| lines.push(line(field)));
                rest = after;
            }
            let result = result.and_then(|()| cut.end()).map(|()| lines);
            prop_assert_eq!(result, expected);
        }
    }

    #[test]
    fn nothing_panics_and_memory_is_bounded(blocks in vec(vec(any::<u8>(), 0..200), 0..20)) {
        let mut decoder = Decoder::joined_midway();
        for block in &blocks {
            let _ = read(&mut decoder, block);
            prop_assert!(decoder.table.size() <= 64 * 1024);
        }
    }
}
