//! Secret words: 128 random bits between two marks, in every message and every room's name. Whoever receives one
//! was told something of its place.

use std::fmt::Write as _;

use rand::RngCore;

/// Before and after the digits: a letter that no hexadecimal number has.
const MARK: char = 'K';
/// Hexadecimal digits of 128 bits.
const DIGITS: usize = 32;

/// A new word.
pub fn draw(source: &mut impl RngCore) -> String {
    let mut bytes = [0_u8; DIGITS / 2];
    source.fill_bytes(&mut bytes);
    let mut word = String::from(MARK);
    for byte in bytes {
        let _written = write!(word, "{byte:02x}");
    }
    word.push(MARK);
    word
}

/// The words in a text.
pub fn all_in(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(MARK).filter_map(move |(start, _)| {
        let word = text.get(start..start + DIGITS + 2)?;
        let digits = word.strip_prefix(MARK)?.strip_suffix(MARK)?;
        digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then_some(word)
    })
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::StdRng;

    use super::*;

    #[test]
    fn words_are_found_where_they_are() {
        let mut source = StdRng::seed_from_u64(1);
        let (one, other) = (draw(&mut source), draw(&mut source));
        let text = format!("K {one}, [\"{other}\"] Kein {}", &one[..20]);
        assert_eq!(all_in(&text).collect::<Vec<_>>(), [one.as_str(), other.as_str()]);
    }
}
