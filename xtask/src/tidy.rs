//! The house rules, as a test: every message says what is wrong, why, and what to do instead.
//!
//! A rule is a function from the tree to its findings. It knows no service and no network, and the tests beside
//! it plant a violation and see it go red. To add one: write the function, and its line in [`RULES`].

mod clock;
mod comments;
mod documents;
mod floors;
mod metrics;
mod names;
mod size;
mod tables;
mod text;

use std::fmt;

use crate::tree::Tree;

/// Looks at the tree for one thing.
type Rule = fn(&Tree) -> Vec<Finding>;

/// Every rule, by the name it has in messages.
const RULES: &[(&str, Rule)] = &[
    ("floors", floors::check),
    ("tables", tables::check),
    ("clock", clock::check),
    ("size", size::check),
    ("names", names::check),
    ("comments", comments::check),
    ("documents", documents::check),
    ("text", text::check),
    ("metrics", metrics::check),
];

/// One breach of one rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The file, relative to the root; with `line`, where an editor should go.
    pub path: String,
    /// From 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong.
    pub what: String,
    /// Why it matters.
    pub why: &'static str,
    /// What to do.
    pub instead: String,
}

impl Finding {
    fn new(
        path: &str,
        line: usize,
        what: impl Into<String>,
        why: &'static str,
        instead: impl Into<String>,
    ) -> Self {
        Self { path: path.to_owned(), line, what: what.into(), why, instead: instead.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = if self.line > 0 { format!(":{}", self.line) } else { String::new() };
        let Self { path, what, why, instead, .. } = self;
        write!(f, "{path}{line}: {what}\n    why:     {why}\n    instead: {instead}")
    }
}

/// Checks the work tree by every rule. The answer, and the error, is text for the user.
///
/// # Errors
/// When there are findings, or the tree cannot be read.
pub fn run() -> Result<String, String> {
    let tree = Tree::read()?;
    let findings = RULES.iter().flat_map(|(name, check)| {
        check(&tree).into_iter().map(move |finding| format!("[{name}] {finding}\n"))
    });
    let findings: Vec<_> = findings.collect();
    if findings.is_empty() {
        return Ok(format!("{} files keep {} rules", tree.files.len(), RULES.len()));
    }
    Err(format!("{}{} findings in {} files", findings.concat(), findings.len(), tree.files.len()))
}
