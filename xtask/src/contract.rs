//! `contract/`: what clients may rely on, printed by the server's own program and checked in.

use std::path::Path;
use std::process::Command;

use crate::child::{self, Failure, Show};
use crate::{npm, tree};

/// Each subcommand of the server that prints a document, and the file that holds it.
const DOCUMENTS: &[(&str, &str)] = &[
    ("openapi", "contract/openapi.json"),
    ("asyncapi", "contract/asyncapi.json"),
    ("types", "contract/types.ts"),
    // A package cannot reach outside its folder.
    ("types", "clients/typescript/src/contract.ts"),
    ("errors", "contract/errors.md"),
];

const VALIDATORS: &str = "contract/validate";

/// Writes every document anew.
///
/// # Errors
/// When the server cannot print one, or the file cannot be written.
pub fn write(server: &Path) -> Result<(), Failure> {
    for (document, path) in DOCUMENTS {
        let text = printed(server, document)?;
        std::fs::write(tree::root().join(path), text).map_err(|error| format!("{path}: {error}"))?;
    }
    Ok(())
}

/// Compares every document with what the server prints now.
///
/// # Errors
/// With the first difference of each document that is stale.
pub fn check(server: &Path) -> Result<(), Failure> {
    let mut stale = String::new();
    for (document, path) in DOCUMENTS {
        let now = printed(server, document)?;
        let kept = std::fs::read_to_string(tree::root().join(path)).unwrap_or_default();
        if let Some(difference) = first_difference(&kept, &now) {
            stale.push_str(&format!("{path} is stale: {difference}\n"));
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure::Said(format!("{stale}Run `cargo xtask contract`, look at the change, and commit it.")))
}

/// Has every document judged by validators that are not ours.
///
/// # Errors
/// With the validators' words.
pub fn validate() -> Result<(), Failure> {
    npm::install(VALIDATORS)?;
    let mut node = Command::new("node");
    node.arg("validate.mjs").current_dir(tree::root().join(VALIDATORS));
    child::run(&mut node, Show::Kept)?.checked("contract/validate")?;
    Ok(())
}

fn printed(server: &Path, document: &str) -> Result<String, Failure> {
    let mut command = Command::new(server);
    let name = format!("`fireside {document}`");
    let ended = child::run(command.arg(document).current_dir(tree::root()), Show::Kept)?.checked(&name)?;
    if ended.stdout.is_empty() {
        Err(Failure::Said(format!("{name} printed nothing")))
    } else {
        Ok(ended.stdout)
    }
}

fn first_difference(kept: &str, now: &str) -> Option<String> {
    if kept == now {
        return None;
    }
    let (mut kept, mut now) = (kept.lines(), now.lines());
    for line in 1.. {
        match (kept.next(), now.next()) {
            (None, None) => break,
            (old, new) if old != new => {
                let said = |text: Option<&str>| {
                    text.map_or("nothing".to_owned(), |text| format!("`{}`", text.trim()))
                };
                return Some(format!("line {line} has {}, the server prints {}", said(old), said(new)));
            }
            _ => {}
        }
    }
    Some("the end of a line differs".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_difference_is_named() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        let expected = "line 2 has `b`, the server prints `c`";
        assert_eq!(first_difference("a\nb\n", "a\nc\n").as_deref(), Some(expected));
        assert_eq!(first_difference("", "a\n").as_deref(), Some("line 1 has nothing, the server prints `a`"));
        assert_eq!(first_difference("a", "a\n").as_deref(), Some("the end of a line differs"));
    }
}
