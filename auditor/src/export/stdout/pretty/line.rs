//! A line that no value can break out of.

use std::io::Write;

#[derive(Clone, Copy, Debug)]
pub(super) enum Colour {
    Dim,
    Red,
    Green,
    Yellow,
    Cyan,
}

impl Colour {
    fn code(self) -> &'static [u8] {
        match self {
            Self::Dim => b"\x1b[2m",
            Self::Red => b"\x1b[31m",
            Self::Green => b"\x1b[32m",
            Self::Yellow => b"\x1b[33m",
            Self::Cyan => b"\x1b[36m",
        }
    }
}

/// Appends to a buffer; everything written as text is harmless to a terminal.
pub(super) struct Line<'a> {
    out: &'a mut Vec<u8>,
    colour: bool,
}

impl<'a> Line<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>, colour: bool) -> Self {
        Self { out, colour }
    }

    pub(super) fn text(&mut self, colour: Option<Colour>, text: &str) {
        let colour = colour.filter(|_| self.colour);
        if let Some(colour) = colour {
            self.out.extend_from_slice(colour.code());
        }
        self.visible(text);
        if colour.is_some() {
            self.out.extend_from_slice(b"\x1b[0m");
        }
    }

    pub(super) fn gap(&mut self) {
        self.out.push(b' ');
    }

    pub(super) fn end(self) {
        self.out.push(b'\n');
    }

    fn visible(&mut self, text: &str) {
        if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            self.out.extend_from_slice(text.as_bytes());
            return;
        }
        for character in text.chars() {
            if deceives(character) {
                write!(self.out, "{}", character.escape_unicode())
                    .expect("a Vec takes every write");
            } else {
                let mut bytes = [0; 4];
                self.out
                    .extend_from_slice(character.encode_utf8(&mut bytes).as_bytes());
            }
        }
    }
}

/// Controls act on the terminal, separators end lines, and marks of direction make a line read
/// as another one.
fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
        )
}
