//! Who a message names: `@username`, read on the server alike for every client.
//!
//! - A name is a whole word: `@annabel` does not name `ann`. Case and width do not matter, as in
//!   [`fold_username`].
//! - `ann@example.org`, `@ann@example.org` and `https://example.org/@ann` are addresses and name nobody.
//! - What stands in a code span or a fenced block is quoted, not said (spans and fences as in CommonMark 0.31
//!   §6.1 and §4.5).
//! - A name may end in a full stop and a sentence does: `@ann.` names both `ann.` and `ann`.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::text::fold_username;

/// Most names that one message can mention; what follows is only text. Who wants to reach more people writes
/// to the room.
pub const MENTIONS_MAX: usize = 50;

/// The names that a text mentions, folded, each once, in the order of the text.
pub fn mentioned(text: &str) -> Vec<String> {
    let mut names = Vec::new();
    if text.contains('@') {
        for paragraph in outside_fences(text) {
            outside_spans(paragraph, |said| names_in(said, &mut names));
        }
    }
    names.truncate(MENTIONS_MAX);
    names
}

/// The paragraphs of a text without its fenced blocks. A span of code does not reach from one into another.
fn outside_fences(text: &str) -> Vec<&str> {
    let (mut paragraphs, mut begin, mut end) = (Vec::new(), 0, 0);
    let mut open: Option<Fence> = None;
    for line in text.split_inclusive('\n') {
        let at = end;
        end += line.len();
        let ends_paragraph = match open {
            Some(fence) => {
                if fence.is_closed_by(line) {
                    open = None;
                }
                true
            }
            None => {
                open = Fence::opened_by(line);
                open.is_some() || line.trim().is_empty()
            }
        };
        if ends_paragraph {
            paragraphs.push(&text[begin..at]);
            begin = end;
        }
    }
    paragraphs.push(&text[begin..]);
    paragraphs
}

/// The line that begins a fenced block.
#[derive(Debug, Clone, Copy)]
struct Fence {
    mark: char,
    length: usize,
}

impl Fence {
    fn opened_by(line: &str) -> Option<Fence> {
        let (fence, rest) = Fence::leading(line)?;
        // `` ```x``` `` in one line is a span.
        (fence.mark == '~' || !rest.contains('`')).then_some(fence)
    }

    fn is_closed_by(self, line: &str) -> bool {
        Fence::leading(line).is_some_and(|(fence, rest)| {
            fence.mark == self.mark && fence.length >= self.length && rest.trim().is_empty()
        })
    }

    /// Three or more marks behind at most three spaces, and the rest of the line.
    fn leading(line: &str) -> Option<(Fence, &str)> {
        let unindented = line.trim_start_matches(' ');
        let mark = unindented.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
        let rest = unindented.trim_start_matches(mark);
        let length = unindented.len() - rest.len();
        (length >= 3 && line.len() - unindented.len() <= 3).then_some((Fence { mark, length }, rest))
    }
}

/// Gives the parts of a paragraph that are not in spans of code. A span ends at the next run of exactly as
/// many backticks; a run without such an end is text.
fn outside_spans<'a>(paragraph: &'a str, mut give: impl FnMut(&'a str)) {
    let runs = backtick_runs(paragraph);
    let (mut said_from, mut next) = (0, 0);
    while let Some((start, length)) = runs.get(next) {
        let end = (next + 1..runs.len()).find(|other| runs[*other].1 == *length);
        match end {
            Some(end) => {
                give(&paragraph[said_from..*start]);
                said_from = runs[end].0 + runs[end].1;
                next = end + 1;
            }
            None => next += 1,
        }
    }
    give(&paragraph[said_from..]);
}

/// Where runs of backticks begin, and how long they are.
fn backtick_runs(paragraph: &str) -> Vec<(usize, usize)> {
    let mut runs: Vec<(usize, usize)> = Vec::new();
    for (at, _) in paragraph.match_indices('`') {
        match runs.last_mut() {
            Some((start, length)) if *start + *length == at => *length += 1,
            _ => runs.push((at, 1)),
        }
    }
    runs
}

/// Adds the names in a text without code.
fn names_in(said: &str, names: &mut Vec<String>) {
    for (at, _) in said.match_indices('@') {
        if names.len() >= MENTIONS_MAX {
            return;
        }
        // Underscores may be emphasis around a name.
        let before = said[..at].trim_end_matches('_').chars().next_back();
        let behind = &said[at + 1..];
        let length = behind.find(|c| !is_name_part(c)).unwrap_or(behind.len());
        let (word, rest) = behind.split_at(length);
        let goes_on = |c: char| c.is_alphanumeric() || is_combining_mark(c) || c == '@';
        if before.is_some_and(is_glue) || rest.chars().next().is_some_and(goes_on) {
            continue;
        }
        let without_stop = word.trim_end_matches(['.', '-', '_']);
        for name in [word, without_stop].into_iter().filter_map(|form| fold_username(form).ok()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
}

/// What before an `@` makes it a part of something else: of an address, a path, a longer word.
fn is_glue(c: char) -> bool {
    c.is_alphanumeric() || is_combining_mark(c) || matches!(c, '-' | '+' | '/' | '@')
}

/// Whether a character can be part of a name, once folded.
fn is_name_part(c: char) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if c.is_ascii() { plain(c) } else { c.nfkc().flat_map(char::to_lowercase).all(plain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_words_behind_an_at_are_names() {
        for (text, names) in [
            ("@ann", vec!["ann"]),
            ("hey @Ann, and @BOB-2!", vec!["ann", "bob-2"]),
            ("(@ann) \"@bob\" …@carol", vec!["ann", "bob", "carol"]),
            ("@ann @ann @ANN", vec!["ann"]),
            ("＠ann @ａｎｎ", vec!["ann"]),
            ("line\n@ann\n\n@bob", vec!["ann", "bob"]),
            ("> @ann said", vec!["ann"]),
        ] {
            assert_eq!(mentioned(text), names, "{text:?}");
        }
    }

    #[test]
    fn a_sentence_may_end_behind_a_name() {
        assert_eq!(mentioned("ask @ann."), ["ann.", "ann"]);
        assert_eq!(mentioned("_@ann_ ann_@bob"), ["ann_", "ann"]);
        assert_eq!(mentioned("*@ann_b*"), ["ann_b"]);
    }

    #[test]
    fn addresses_and_parts_of_words_are_no_names() {
        for text in [
            "ann@example.org",
            "ann+tag@example.org",
            "@ann@example.org",
            "https://example.org/@ann",
            "@annä",
            "@ann\u{301}",
            "@",
            "@ ann",
            "@a",
            "@@ann",
            "@müller",
            &format!("@{}", "x".repeat(33)),
        ] {
            assert_eq!(mentioned(text), [""; 0], "{text:?}");
        }
    }

    #[test]
    fn code_is_quoted_and_not_said() {
        for (text, names) in [
            ("`@ann` @bob", vec!["bob"]),
            ("``@ann ` @bob`` @carol", vec!["carol"]),
            ("`@ann", vec!["ann"]),
            ("`@ann\n\n@bob`", vec!["ann", "bob"]),
            ("`a\n@ann` @bob", vec!["bob"]),
            ("```\n@ann\n```\n@bob", vec!["bob"]),
            ("```rust\n@ann\n````\n@bob", vec!["bob"]),
            ("````\n@ann\n```\n@bob\n````", vec![]),
            ("~~~\n@ann\n```\n@bob\n~~~\n@carol", vec!["carol"]),
            ("   ```\n@ann", vec![]),
            ("    ```\n@ann", vec!["ann"]),
            ("```@ann``` @bob", vec!["bob"]),
            ("@ann\n```\nx\n```", vec!["ann"]),
        ] {
            assert_eq!(mentioned(text), names, "{text:?}");
        }
    }

    #[test]
    fn one_message_mentions_so_many_at_most() {
        let crowd: String = (0..200).map(|number| format!("@user{number} ")).collect();
        assert_eq!(mentioned(&crowd).len(), MENTIONS_MAX);
    }

    #[test]
    fn hostile_texts_are_read_in_time() {
        let text = format!("@ann {}", (1..280).map(|run| "`".repeat(run) + " ").collect::<String>());
        let many = format!("@ann {}", "` ".repeat(20_000));
        assert_eq!((mentioned(&text), mentioned(&many)), (vec!["ann".to_owned()], vec!["ann".to_owned()]));
    }
}
