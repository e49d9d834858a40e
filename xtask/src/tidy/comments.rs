//! A file says what it is for, and an exception to a lint says why.

use super::Finding;
use crate::rust_source::{Kind, RustSource, Token};
use crate::tree::Tree;

/// Looks at the first line of each Rust file and at every `allow` and `expect`.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.ends_with(".rs")) {
        let first = file.text.lines().next().unwrap_or_default();
        if first.strip_prefix("//! ").is_none_or(|says| says.trim().is_empty()) {
            let why = "a reader who opens a room wants to know what it is for before anything else";
            let instead = "begin with `//! ` and one sentence";
            findings.push(Finding::new(&file.path, 1, "the first line is no `//! ` comment", why, instead));
        }
        if let Some(Err(error)) = &file.rust {
            let why = "the other rules cannot look at it";
            findings.push(Finding::new(&file.path, 1, error.to_string(), why, "make it compile"));
        }
    }
    for (file, source) in tree.rust() {
        for token in silent_exceptions(source) {
            let why = "without the reason nobody dares to remove it, or everybody copies it";
            let instead = "add `reason = \"…\"`, or repair what the lint found";
            let what = "an exception to a lint without a reason";
            findings.push(Finding::new(&file.path, token.line, what, why, instead));
        }
    }
    findings
}

/// `allow(…)` and `expect(…)` inside an attribute, without a `reason` before the closing bracket.
fn silent_exceptions(source: &RustSource) -> impl Iterator<Item = &Token> {
    let word = |token: &Token, wanted: &str| matches!(&token.kind, Kind::Word(word) if word == wanted);
    let sign = |token: &Token, wanted: char| token.kind == Kind::Sign(wanted);
    let attributes = source.tokens.iter().enumerate().filter(move |(at, token)| {
        sign(token, '#') && source.tokens.get(at + 1).is_some_and(|next| sign(next, '['))
    });
    attributes.filter_map(move |(at, _)| {
        let end = source.tokens[at..].iter().position(|token| sign(token, ']'))?;
        let inside = &source.tokens[at..at + end];
        let exception = inside.iter().find(|token| word(token, "allow") || word(token, "expect"))?;
        (!inside.iter().any(|token| word(token, "reason"))).then_some(exception)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(text: &str) -> Vec<String> {
        check(&Tree::planted(&[("a.rs", text)])).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_file_that_says_what_it_is_passes() {
        let good =
            "//! What it is.\n#![expect(dead_code, reason = \"shown\")]\nfn f() { a.expect(\"x\"); }\n";
        assert_eq!(whats(good), Vec::<String>::new());
    }

    #[test]
    fn a_silent_file_is_found() {
        for text in ["", "fn f() {}\n", "//!\nfn f() {}\n", "\n//! Late.\n"] {
            assert_eq!(whats(text), ["the first line is no `//! ` comment"], "{text:?}");
        }
    }

    #[test]
    fn a_silent_exception_is_found() {
        for attribute in ["#[allow(dead_code)]", "#[cfg_attr(unix, expect(dead_code))]"] {
            let text = format!("//! A.\n{attribute}\nfn f() {{}}\n");
            assert_eq!(whats(&text), ["an exception to a lint without a reason"], "{attribute}");
        }
    }

    #[test]
    fn a_file_that_does_not_parse_is_found() {
        assert_eq!(whats("//! A.\nfn fn\n").len(), 1);
    }
}
