//! Whoever comes late may know less, and knows nothing wrong.

use proptest::{collection::vec, prelude::*};

use super::{Decoder, bytes, corpus, random_block, read};

/// Fails if `late` says something that is not in `whole`.
fn assert_only_less(late: &[String], whole: &[String]) {
    assert_eq!(late.len(), whole.len());
    for (late, whole) in late.iter().zip(whole) {
        let (name, value) = late.split_once(": ").unwrap();
        let (whole_name, whole_value) = whole.split_once(": ").unwrap();
        assert!(name == "?" || name == whole_name, "{late} for {whole}");
        assert!(value == "?" || value == whole_value, "{late} for {whole}");
    }
}

#[test]
fn joining_at_any_block_of_the_corpus() {
    let (mut known, mut unknown) = (0, 0);
    for blocks in corpus::directions() {
        for from in 0..blocks.len() {
            let mut decoder = Decoder::joined_midway();
            for (block, lines) in &blocks[from..] {
                let late = read(&mut decoder, block).unwrap();
                let lines: Vec<_> = lines.iter().map(ToString::to_string).collect();
                assert_only_less(&late, &lines);
                let absent = late.iter().filter(|line| line.contains('?')).count();
                unknown += absent;
                known += late.len() - absent;
            }
        }
    }
    // Most fields are static, literal or inserted later on.
    assert!(known > 4 * unknown, "{known} known, {unknown} unknown");
}

#[test]
fn what_was_inserted_since_is_known_and_what_was_before_is_not() {
    let mut decoder = Decoder::joined_midway();
    // An old entry, an insertion under an old name, an insertion under its own.
    assert_eq!(
        read(&mut decoder, &bytes("be 7f 00 01 61 40 01 62 01 63")).unwrap(),
        ["?: ?", "?: a", "b: c"]
    );
    assert_eq!(
        read(&mut decoder, &bytes("be bf c0")).unwrap(),
        ["b: c", "?: a", "?: ?"]
    );
    // An empty table holds nothing unknown.
    assert_eq!(
        read(&mut decoder, &bytes("20 3f e1 1f 82")).unwrap().len(),
        1
    );
    assert!(read(&mut decoder, &bytes("be")).is_err());
}

#[test]
fn a_lost_block_makes_all_places_unknown() {
    let mut decoder = Decoder::new();
    read(&mut decoder, &bytes("40 01 62 01 63")).unwrap();
    decoder.lose();
    assert_eq!(
        read(&mut decoder, &bytes("be 82")).unwrap(),
        ["?: ?", ":method: GET"]
    );
}

#[test]
fn a_table_larger_than_is_kept_loses_its_oldest_entries_only() {
    let mut decoder = Decoder::new();
    // A million bytes.
    read(&mut decoder, &bytes("3f e1 83 3d 40 01 61 01 62")).unwrap();
    let long = [
        &[0x40, 1, b'c', 0x7f, 0x81, 0x7f],
        [b'v'; 16_384].as_slice(),
    ]
    .concat();
    for _ in 0..4 {
        read(&mut decoder, &long).unwrap();
    }
    let lines = read(&mut decoder, &bytes("be c2")).unwrap();
    assert!(lines[0].starts_with("c: v"));
    assert_eq!(lines[1], "?: ?");
}

proptest! {
    #[test]
    fn joining_anywhere(blocks in vec(random_block(), 1..20), from in 0..10_usize) {
        let mut whole = Decoder::new();
        let mut late = Decoder::joined_midway();
        for (number, block) in blocks.iter().enumerate() {
            let Ok(lines) = read(&mut whole, block) else {
                // No recipient reads on.
                break;
            };
            if number >= from {
                let late = read(&mut late, block).unwrap();
                assert_only_less(&late, &lines);
            }
        }
    }
}
