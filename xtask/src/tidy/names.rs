//! Names that say nothing are not given.

use super::Finding;
use crate::tree::Tree;

/// For files and folders.
const FILES: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "misc", "manager", "managers", "types"];

/// How no function's name begins.
const FUNCTIONS: &[&str] = &["handle_", "process_", "do_"];

const WHY: &str = "a name that fits everything collects everything, and helps nobody to find it";

/// Looks at the names of program files, their folders and their functions.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.is_program() && file.is_ours()) {
        if let Some(name) = file.names().find(|name| FILES.contains(name)) {
            let instead = "name it after the one thing it is about; two things are two files";
            findings.push(Finding::new(&file.path, 0, format!("called {name}"), WHY, instead));
        }
    }
    for (file, source) in tree.rust() {
        for function in source.functions.iter().filter(|function| !function.named_by_trait) {
            if FUNCTIONS.iter().any(|prefix| function.name.starts_with(prefix)) {
                let what = format!("the function {} has a name for any work", function.name);
                let instead = "say what it does to what: `send`, `decode_frame`, `close_idle`";
                findings.push(Finding::new(&file.path, function.line, what, WHY, instead));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_names_are_found() {
        for path in
            ["crates/kernel/src/utils.rs", "crates/kernel/src/common/mod.rs", "clients/ts/src/types.ts"]
        {
            assert_eq!(check(&Tree::planted(&[(path, "")])).len(), 1, "{path}");
        }
        let tree = Tree::planted(&[("a.rs", "fn handle_it() {} impl A { fn do_it() {} }")]);
        let lines: Vec<_> = check(&tree).into_iter().map(|finding| finding.what).collect();
        assert_eq!(lines.len(), 2);
    }

    #[test]
    fn names_chosen_by_others_are_left_alone() {
        let files = [("contract/types.ts", ""), ("a.rs", "impl Foreign for A { fn handle_it() {} }")];
        assert!(check(&Tree::planted(&files)).is_empty());
    }
}
