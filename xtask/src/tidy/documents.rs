//! Documents hold together: links lead somewhere, decisions are numbered without holes, there is a changelog.

use std::path::{Component, Path};

use super::Finding;
use crate::tree::{File, Tree};

const DECISIONS: &str = "docs/decisions/";

/// Looks at every Markdown file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = decisions(tree);
    if tree.file("CHANGELOG.md").is_none_or(|file| file.text.trim().is_empty()) {
        let why = "who upgrades wants to know what changes for them";
        let instead = "write it for the people who run the server, newest first";
        findings.push(Finding::new("CHANGELOG.md", 0, "there is no changelog", why, instead));
    }
    for file in tree.files.iter().filter(|file| file.path.ends_with(".md")) {
        findings.extend(links(file).filter_map(|link| follow(tree, file, &link)));
    }
    findings
}

/// `docs/decisions/0001-*.md`, `0002-*.md`, and so on.
fn decisions(tree: &Tree) -> Vec<Finding> {
    let files = tree.files.iter().filter_map(|file| Some((file, file.path.strip_prefix(DECISIONS)?)));
    let numbered = files.filter(|(_, name)| *name != "README.md");
    let why = "decisions are cited by number; a hole or a double makes readers look for what is not there";
    let mut findings = Vec::new();
    for (at, (file, name)) in numbered.enumerate() {
        let expected = format!("{:04}-", at + 1);
        if !name.starts_with(&expected) || !name.ends_with(".md") {
            let what = format!("this is decision {} in order", at + 1);
            findings.push(Finding::new(&file.path, 0, what, why, format!("call it {expected}….md")));
            break;
        }
    }
    findings
}

struct Link {
    target: String,
    line: usize,
}

/// The targets of `[text](target)`, `[name]: target`, and of `src` and `href`, outside code.
fn links(file: &File) -> impl Iterator<Item = Link> {
    let mut found = Vec::new();
    for (line, text) in prose(&file.text) {
        let mut add = |target: &str| found.push(Link { target: target.to_owned(), line });
        for opening in ["](", "src=\"", "href=\""] {
            for (at, _) in text.match_indices(opening) {
                let rest = &text[at + opening.len()..];
                let end = rest.find([')', '"', ' ']).unwrap_or(rest.len());
                add(rest[..end].trim_matches(['<', '>']));
            }
        }
        if let Some((name, target)) = text.split_once("]: ")
            && name.starts_with('[')
            && !name.starts_with("[^")
        {
            add(target.split(' ').next().unwrap_or(target));
        }
    }
    found.into_iter()
}

/// The lines outside fenced code, without `code` in them, and their numbers.
fn prose(text: &str) -> impl Iterator<Item = (usize, String)> {
    let mut fence: Option<&str> = None;
    text.lines().enumerate().filter_map(move |(at, line)| {
        let mark = ["```", "~~~"].into_iter().find(|mark| line.trim_start().starts_with(mark));
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            (None, None) => return Some((at + 1, line.split('`').step_by(2).collect::<Vec<_>>().join("`"))),
            _ => {}
        }
        None
    })
}

fn follow(tree: &Tree, from: &File, link: &Link) -> Option<Finding> {
    let elsewhere = ["http://", "https://", "mailto:"].iter().any(|scheme| link.target.starts_with(scheme));
    if elsewhere || link.target.is_empty() {
        return None;
    }
    let (path, anchor) = link.target.split_once('#').unwrap_or((&link.target, ""));
    let target = if path.is_empty() { from.path.clone() } else { resolve(&from.path, path) };
    let broken = if !tree.has(&target) && !target.is_empty() {
        "to nothing"
    } else if !anchor.is_empty() && !has_heading(tree.file(&target)?, anchor) {
        "to a heading that is not there"
    } else {
        return None;
    };
    let what = format!("the link {} leads {broken}", link.target);
    Some(Finding::new(
        &from.path,
        link.line,
        what,
        "a reader who follows it is lost",
        "correct it, or drop it",
    ))
}

/// The path seen from the root: `docs/a.md` and `../b.md` make `b.md`.
fn resolve(from: &str, link: &str) -> String {
    let mut parts: Vec<_> = from.split('/').collect();
    parts.pop();
    for component in Path::new(link).components() {
        match component {
            Component::RootDir => parts.clear(),
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(part) => parts.push(part.to_str().unwrap_or_default()),
            Component::CurDir | Component::Prefix(_) => {}
        }
    }
    parts.join("/")
}

/// Whether a Markdown file has the heading that its readers' programs would give this anchor.
fn has_heading(file: &File, anchor: &str) -> bool {
    if !file.path.ends_with(".md") {
        return true;
    }
    let headings = file.text.lines().filter_map(|line| line.strip_prefix('#'));
    let given =
        file.text.contains(&format!("id=\"{anchor}\"")) || file.text.contains(&format!("name=\"{anchor}\""));
    given || headings.map(slug).any(|heading| heading == anchor)
}

/// A heading as an anchor: small letters, hyphens for spaces, nothing but letters, digits, `-` and `_`.
fn slug(heading: &str) -> String {
    let heading = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whats(files: &[(&str, &str)]) -> Vec<String> {
        let mut files = files.to_vec();
        files.push(("CHANGELOG.md", "# Changes\n"));
        check(&Tree::planted(&files)).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let text = "# One & two\n[a](../CHANGELOG.md#changes) [b](#one--two) [c](https://x.org/y) [d](/docs)\n\
                    `[e](gone.md)`\n```\n[f](gone.md)\n```\n[g]: ../CHANGELOG.md\n";
        assert_eq!(whats(&[("docs/a.md", text)]), Vec::<String>::new());
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let text = "[a](gone.md) [b](#gone) [c](../CHANGELOG.md#gone)\n[d]: gone\n<img src=\"gone.png\">\n";
        assert_eq!(whats(&[("docs/a.md", text)]).len(), 5);
    }

    #[test]
    fn decisions_are_numbered_without_holes() {
        let good = [("docs/decisions/0001-a.md", "a"), ("docs/decisions/0002-b.md", "b")];
        assert_eq!(whats(&good), Vec::<String>::new());
        let hole = [("docs/decisions/0001-a.md", "a"), ("docs/decisions/0003-b.md", "b")];
        assert_eq!(whats(&hole), ["this is decision 2 in order"]);
        let double = [("docs/decisions/0001-a.md", "a"), ("docs/decisions/0001-b.md", "b")];
        assert_eq!(whats(&double), ["this is decision 2 in order"]);
    }

    #[test]
    fn a_missing_changelog_is_found() {
        assert_eq!(check(&Tree::planted(&[])).len(), 1);
    }
}
