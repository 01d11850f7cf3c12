//! A text, or the beginning of one, as people write it in selectors and filters.

#![forbid(unsafe_code)]

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    Exactly(String),
    Beginning(String),
}

/// What is wrong with it, as a remedy.
pub type Wanted = &'static str;

// === impl Pattern ===

impl Pattern {
    /// The whole text, or its beginning if a `*` follows.
    pub fn exact(value: &str) -> Result<Self, Wanted> {
        match value.strip_suffix('*') {
            Some(beginning) => Self::beginning(beginning),
            None => literal(value).map(Self::Exactly),
        }
    }

    /// A lone `*` begins everything: it asks only that the fact is known.
    pub fn beginning(value: &str) -> Result<Self, Wanted> {
        let beginning = value.strip_suffix('*').unwrap_or(value);
        if beginning.is_empty() {
            return Ok(Self::Beginning(String::new()));
        }
        literal(beginning).map(Self::Beginning)
    }

    /// What must be there, whole or as the beginning.
    pub fn text(&self) -> &str {
        match self {
            Self::Exactly(text) | Self::Beginning(text) => text,
        }
    }

    pub fn matches(&self, fact: Option<&str>) -> bool {
        fact.is_some_and(|fact| match self {
            Self::Exactly(text) => fact == text,
            Self::Beginning(text) => fact.starts_with(text.as_str()),
        })
    }
}

fn literal(text: &str) -> Result<String, Wanted> {
    if text.contains('*') {
        Err("* may only stand at the end")
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_star_at_the_end_leaves_the_rest_open() {
        let pattern = Pattern::exact("shop-*").unwrap();
        assert!(pattern.matches(Some("shop-7")));
        assert!(!pattern.matches(Some("shop")));
        assert!(!pattern.matches(None));
        assert!(Pattern::exact("*").unwrap().matches(Some("")));
        assert!(!Pattern::exact("shop").unwrap().matches(Some("shop-7")));
        assert!(Pattern::beginning("/api").unwrap().matches(Some("/api/1")));
        assert!(Pattern::exact("a*b").is_err());
    }
}
