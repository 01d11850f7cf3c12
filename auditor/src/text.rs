//! Bytes chosen by workloads, made safe to stand in a record.

use std::fmt::Write as _;

/// Valid UTF-8 that cannot break a line: other bytes and control characters as `%XX`.
pub fn printable(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_control() {
                let mut buffer = [0; 4];
                escape(&mut text, character.encode_utf8(&mut buffer).as_bytes());
            } else {
                text.push(character);
            }
        }
        escape(&mut text, chunk.invalid());
    }
    text
}

fn escape(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        write!(text, "%{byte:02X}").expect("writing to a String cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn only_what_cannot_be_shown_is_escaped() {
        assert_eq!(printable(b"nginx: worker"), "nginx: worker");
        assert_eq!(printable("café".as_bytes()), "café");
        assert_eq!(printable(b"a\nb\x1b[31m"), "a%0Ab%1B[31m");
        assert_eq!(printable(b"\xff\xfeok"), "%FF%FEok");
        assert_eq!(printable("\u{85}".as_bytes()), "%C2%85");
    }
}
