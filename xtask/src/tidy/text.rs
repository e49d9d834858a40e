//! Plain text, the same on every machine.

use super::Finding;
use crate::tree::{File, Tree};

/// Beginnings of paths that exist on one person's machine only. Split, or this file would name them.
const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/")];

/// Looks at every line of every text file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.files.iter().flat_map(lines).collect()
}

fn lines(file: &File) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |line, what: String, why, instead| {
        findings.push(Finding::new(&file.path, line, what, why, instead));
    };
    let noise = "invisible differences make noise in every later diff";
    for (at, line) in file.text.split('\n').enumerate() {
        if file.is_ours() && line.ends_with('\r') {
            find(at + 1, "a line ends in CR LF".into(), noise, "end lines with LF");
        } else if file.is_ours() && line.ends_with([' ', '\t']) {
            find(at + 1, "white space at the end of a line".into(), noise, "remove it");
        }
        if let Some(path) = MACHINE_PATHS.iter().find(|path| names_path(line, path)) {
            let why = "it exists on one machine only";
            find(
                at + 1,
                format!("a path under {path}"),
                why,
                "use a path relative to the project, or a setting",
            );
        }
    }
    if file.is_ours() && !file.text.is_empty() && !file.text.ends_with('\n') {
        find(0, "no line end after the last line".into(), noise, "end the file with one");
    }
    findings
}

/// Whether the path stands at the beginning of a word: `docs/home/` and `https://host/home/` are no machine's.
fn names_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-}/".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(text: &str) -> Vec<String> {
        check(&Tree::planted(&[("docs/a.md", text)])).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn plain_text_passes() {
        assert_eq!(whats("one\n\ntwo https://example.org/home/ docs/home/\n"), Vec::<String>::new());
    }

    #[test]
    fn invisible_differences_are_found() {
        assert_eq!(whats("one \ntwo\t\n").len(), 2);
        assert_eq!(whats("one\r\n"), ["a line ends in CR LF"]);
        assert_eq!(whats("one"), ["no line end after the last line"]);
    }

    #[test]
    fn machine_paths_are_found() {
        for prefix in MACHINE_PATHS {
            assert_eq!(whats(&format!("see `{prefix}ada/chat`\n")), [format!("a path under {prefix}")]);
        }
    }

    #[test]
    fn generated_text_may_look_as_it_likes() {
        assert!(check(&Tree::planted(&[("contract/errors.md", "one ")])).is_empty());
    }
}
