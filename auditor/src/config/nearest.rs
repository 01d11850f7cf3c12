//! The word that was probably meant.

/// Below this two words have too little in common to suggest one for the other.
const ALIKE: f64 = 0.7;

/// The known word most like `word`, if any is like it.
pub fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), *candidate))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["otlp", "output", "include", "exclude"];
        assert_eq!(nearest("otpl", &known), Some("otlp"));
        assert_eq!(nearest("includes", &known), Some("include"));
        assert_eq!(nearest("journal", &known), None);
    }
}
