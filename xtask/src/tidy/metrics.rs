//! Dashboards and alerts speak of metrics that exist.

use std::collections::BTreeSet;

use super::Finding;
use crate::rust_source::Kind;
use crate::tree::Tree;

const PREFIX: &str = "fireside_";
const FOLDER: &str = "deploy/";
const PROGRAM: &str = "crates/";
/// What Prometheus appends to the name of a histogram.
const PARTS: &[&str] = &["_bucket", "_sum", "_count"];

const WHY: &str = "an alert on a metric that nobody writes never fires, and looks as if all were well";

/// Compares the names in `deploy/` with those that the program writes.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let written: BTreeSet<&str> = tree
        .rust()
        .filter(|(file, _)| file.path.starts_with(PROGRAM) && !file.is_test())
        .flat_map(|(_, source)| source.tokens.iter())
        .filter_map(|token| match &token.kind {
            Kind::Text(text) if !token.test && text.starts_with(PREFIX) => Some(text.as_str()),
            _ => None,
        })
        .collect();
    let is_watching = |path: &str| path.ends_with(".yml") || path.ends_with(".json");
    let mut findings = Vec::new();
    for file in tree.files.iter().filter(|file| file.path.starts_with(FOLDER) && is_watching(&file.path)) {
        for (line, text) in (1..).zip(file.text.lines()) {
            for name in names(text).filter(|name| !is_written(&written, name)) {
                let what = format!("no metric is called {name}");
                findings.push(Finding::new(&file.path, line, what, WHY, "name one that /metrics has"));
            }
        }
    }
    findings
}

/// Words that begin as our metrics do.
fn names(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.len() > PREFIX.len() && word.starts_with(PREFIX))
}

fn is_written(written: &BTreeSet<&str>, name: &str) -> bool {
    let part_of = |part: &&str| name.strip_suffix(*part).is_some_and(|whole| written.contains(whole));
    written.contains(name) || PARTS.iter().any(part_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_metric_that_nobody_writes_is_found() {
        let program = (
            "crates/server/src/metrics.rs",
            r#"//! M.
fn f() { counter!("fireside_sends_total"); histogram!("fireside_ack_seconds"); }"#,
        );
        let alerts = |text| Tree::planted(&[program, ("deploy/alerts.yml", text)]);
        let good = "expr: rate(fireside_sends_total[5m]) > rate(fireside_ack_seconds_bucket[5m])";
        assert_eq!(check(&alerts(good)), []);
        let red = check(&alerts("groups:\n  - expr: fireside_sent_total > 0"));
        let told: Vec<_> = red.iter().map(|finding| (finding.line, finding.what.as_str())).collect();
        assert_eq!(told, [(2, "no metric is called fireside_sent_total")]);
    }
}
