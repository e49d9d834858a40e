//! What fits a head: functions of 70 lines, files of 400, tests apart.

use super::Finding;
use crate::tree::{File, Tree};

const FUNCTION_LINES: usize = 70;
const FILE_LINES: usize = 400;

/// Larger ones that are known: path, function (or "" for the file), its lines. Each row may only shrink and go.
const EXCEPTIONS: &[(&str, &str, usize)] = &[];

const WHY: &str = "what does not fit on a screen is not read as a whole";

/// Measures every function and file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    measure(tree, EXCEPTIONS)
}

struct Measured<'a> {
    path: &'a str,
    function: &'a str,
    line: usize,
    lines: usize,
    limit: usize,
}

fn measure(tree: &Tree, exceptions: &[(&str, &str, usize)]) -> Vec<Finding> {
    let files = tree.files.iter().filter(|file| file.is_program() && file.is_ours() && !file.is_test());
    let all: Vec<_> = files.flat_map(parts).collect();
    let mut findings = Vec::new();
    for part in &all {
        let known = exceptions.iter().find(|(path, name, _)| *path == part.path && *name == part.function);
        let allowed = known.map_or(part.limit, |known| known.2);
        if part.lines > allowed {
            let what = format!("{} has {} lines, the limit is {allowed}", part.title(), part.lines);
            let instead = "split it by what its parts are about, and name them";
            findings.push(Finding::new(part.path, part.line, what, WHY, instead));
        }
    }
    for (path, function, lines) in exceptions {
        let now = all.iter().filter(|part| part.path == *path && part.function == *function);
        let now = now.filter(|part| part.lines > part.limit).map(|part| part.lines).max();
        if now.is_none_or(|now| now < *lines) {
            let what = format!("the exception of {lines} lines for {path} {function} is too wide");
            let instead = match now {
                Some(now) => format!("set it to {now} in EXCEPTIONS"),
                None => "take it out of EXCEPTIONS".to_owned(),
            };
            findings.push(Finding::new(file!(), 0, what, "exceptions may only shrink", instead));
        }
    }
    findings
}

/// The file and its functions.
fn parts(file: &File) -> impl Iterator<Item = Measured<'_>> {
    let source = file.rust.as_ref().and_then(|rust| rust.as_ref().ok());
    let lines = file.text.lines().count() - source.map_or(0, |source| source.test_lines);
    let whole = Measured { path: &file.path, function: "", line: 0, lines, limit: FILE_LINES };
    let functions = source.into_iter().flat_map(|source| &source.functions).filter(|function| !function.test);
    let functions = functions.map(|function| Measured {
        path: &file.path,
        function: &function.name,
        line: function.line,
        lines: function.length,
        limit: FUNCTION_LINES,
    });
    std::iter::once(whole).chain(functions)
}

impl Measured<'_> {
    fn title(&self) -> String {
        if self.function.is_empty() {
            "the file".to_owned()
        } else {
            format!("the function {}", self.function)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "crates/features/src/rooms/operations.rs";

    fn function(lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    call();\n".repeat(lines - 2))
    }

    fn whats(path: &str, text: &str, exceptions: &[(&str, &str, usize)]) -> Vec<String> {
        let findings = measure(&Tree::planted(&[(path, text)]), exceptions);
        findings.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn seventy_lines_fit_and_one_more_does_not() {
        assert!(whats(PATH, &function(70), &[]).is_empty());
        assert_eq!(whats(PATH, &function(71), &[]), ["the function long has 71 lines, the limit is 70"]);
    }

    #[test]
    fn four_hundred_lines_fit_and_one_more_does_not() {
        assert!(whats(PATH, &"// a\n".repeat(400), &[]).is_empty());
        assert_eq!(whats(PATH, &"// a\n".repeat(401), &[]), ["the file has 401 lines, the limit is 400"]);
    }

    #[test]
    fn tests_may_be_longer() {
        let inside = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(500));
        assert!(whats(PATH, &inside, &[]).is_empty());
        assert!(whats("crates/kernel/tests/it.rs", &function(500), &[]).is_empty());
    }

    #[test]
    fn an_exception_holds_and_may_only_shrink() {
        assert!(whats(PATH, &function(80), &[(PATH, "long", 80)]).is_empty());
        assert_eq!(whats(PATH, &function(81), &[(PATH, "long", 80)]).len(), 1);
        for lines in [80, 60] {
            let wide = format!("the exception of 90 lines for {PATH} long is too wide");
            assert_eq!(whats(PATH, &function(lines), &[(PATH, "long", 90)]), [wide]);
        }
    }
}
