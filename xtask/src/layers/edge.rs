//! Finds the paths into other modules in a file's text.
//!
//! A reader of text, not of Rust: it knows `crate::x`, `crate::{x, y::z}` and, for the binary,
//! `auditor::x`. It does not follow `super::super::`, which the house style does without.

use std::collections::BTreeSet;

/// The text without comments, up to the tests that stand at its end.
pub(super) fn code(text: &str) -> String {
    let code = text
        .find("#[cfg(test)]\nmod tests {")
        .map_or(text, |end| &text[..end]);
    let lines = code
        .lines()
        .map(|line| line.split_once("//").map_or(line, |(code, _)| code));
    lines.collect::<Vec<_>>().join("\n")
}

/// The first path segment of every `crate::` and `auditor::` path.
pub(super) fn targets(code: &str) -> BTreeSet<String> {
    let mut targets = BTreeSet::new();
    for root in ["crate::", "auditor::"] {
        for (start, _) in code.match_indices(root) {
            if begins_word(code, start) {
                let path = &code[start + root.len()..];
                match path.strip_prefix('{') {
                    Some(group) => targets.extend(heads(group)),
                    None => targets.extend(head(path)),
                }
            }
        }
    }
    targets
}

/// Whether the code names `word`, not merely something that ends in it. A bare `use aya;` counts.
pub(super) fn names(code: &str, word: &str) -> bool {
    let used = |text: &str| {
        code.match_indices(text)
            .any(|(start, _)| begins_word(code, start))
    };
    used(word)
        || word
            .strip_suffix("::")
            .is_some_and(|krate| used(&format!("use {krate};")))
}

/// A path segment begins here: `aya::` is not in `my_aya::`, nor in `crate::aya::`.
fn begins_word(code: &str, start: usize) -> bool {
    let before = &code[..start];
    let inside = |c: char| c.is_alphanumeric() || c == '_';
    let leading_colons = before
        .strip_suffix("::")
        .is_some_and(|path| !path.ends_with(inside));
    leading_colons || !before.ends_with(|c: char| inside(c) || c == ':')
}

/// The first segments of the paths in `{a::B, c::{D, E}, f}`, given what follows the brace.
fn heads(group: &str) -> Vec<String> {
    let mut heads = Vec::new();
    let mut depth = 1;
    let mut item = 0;
    for (position, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => {
                heads.extend(head(&group[item..position]));
                item = position + 1;
            }
            _ => {}
        }
        if depth == 0 {
            heads.extend(head(&group[item..position]));
            break;
        }
    }
    heads
}

fn head(path: &str) -> Option<String> {
    let head: String = path
        .trim_start()
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    (!head.is_empty()).then_some(head)
}
