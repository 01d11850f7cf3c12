//! Blocks of independent encoders.

use super::{Decoder, bytes, read};

/// See `encode.py` beside it.
const CORPUS: &str = include_str!("../../../../../testdata/http2/header-blocks.txt");

/// A block and the lines that it stands for.
pub(super) type Block = (Vec<u8>, Vec<&'static str>);

/// Directions, each with its blocks in order.
pub(super) fn directions() -> Vec<Vec<Block>> {
    let mut directions: Vec<Vec<Block>> = Vec::new();
    for text in CORPUS.lines().filter(|text| !text.starts_with('#')) {
        if text.starts_with("encoder ") {
            directions.push(Vec::new());
            continue;
        }
        let blocks = directions.last_mut().expect("an encoder comes first");
        if let Some(hex) = text.strip_prefix("block ") {
            blocks.push((bytes(hex), Vec::new()));
        } else if let (Some(field), Some(block)) = (text.strip_prefix(' '), blocks.last_mut()) {
            block.1.push(field);
        }
    }
    directions
}

#[test]
fn blocks_of_other_encoders_say_what_was_encoded() {
    let directions = directions();
    assert_eq!(directions.len(), 8);
    for blocks in directions {
        assert_eq!(blocks.len(), 24);
        let mut decoder = Decoder::new();
        for (block, lines) in blocks {
            assert_eq!(read(&mut decoder, &block).unwrap(), lines);
        }
    }
}
