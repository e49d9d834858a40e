//! Slugs, and the pattern of a search.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest slug without its number.
const SLUG_MAX: usize = 48;

/// The slug a name asks for: its ASCII letters and digits in lower case, accents taken off, joined by `-`;
/// `room` where none are left.
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.nfkd().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !is_combining_mark(c) && !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
        if slug.len() >= SLUG_MAX {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    // `discover` is a path beside the rooms.
    if slug.is_empty() || slug == "discover" { "room".to_owned() } else { slug.to_owned() }
}

/// A slug that nobody guesses, and that nobody else's can run into.
pub fn hidden_slug(slug: &str, word: &str) -> String {
    let tail: String = word.chars().take(8).collect();
    format!("{slug}-{tail}")
}

/// The first free one of `wanted`, `wanted-2`, `wanted-3` …
pub fn free_slug(wanted: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let numbered = (2u32..).map(|number| format!("{wanted}-{number}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|slug| !is_taken(slug)).unwrap_or_default()
}

/// A `LIKE` pattern (escape character `\`) for a text that contains `query`.
pub fn contains_pattern(query: &str) -> String {
    let mut pattern = String::from("%");
    for c in query.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_plain() {
        assert_eq!(slug("General"), "general");
        assert_eq!(slug("  Ops & Alerts!  "), "ops-alerts");
        assert_eq!(slug("Café v1.2_beta"), "cafe-v1-2-beta");
        assert_eq!(slug("日本"), "room");
        assert_eq!(slug("discover"), "room");
        assert!(slug(&"x".repeat(100)).len() <= SLUG_MAX);
    }

    #[test]
    fn hidden_slugs_are_slugs() {
        assert_eq!(hidden_slug("a", "0123456789abc"), "a-01234567");
        assert_eq!(slug(&hidden_slug("a", "0123456789abc")), "a-01234567");
    }

    #[test]
    fn taken_slugs_get_a_number() {
        assert_eq!(free_slug("a", |_| false), "a");
        assert_eq!(free_slug("a", |slug| slug == "a" || slug == "a-2"), "a-3");
    }

    #[test]
    fn wildcards_are_plain_text() {
        assert_eq!(contains_pattern("50%_a\\"), "%50\\%\\_a\\\\%");
    }
}
