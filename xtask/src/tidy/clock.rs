//! Time and randomness are parameters: features take both from their context.

use super::Finding;
use crate::tree::Tree;

const FEATURES: &str = "crates/features/src/";

/// Paths that read a clock or a source of randomness. clippy.toml forbids the same in all crates; here they are
/// found by the words themselves, so that an `#[expect]` does not help.
const IMPURE: &[&[&str]] = &[
    &["SystemTime", "now"],
    &["Timestamp", "now"],
    &["Zoned", "now"],
    &["Utc", "now"],
    &["Uuid", "now_v7"],
    &["Uuid", "new_v4"],
    &["rand", "random"],
    &["rand", "rng"],
    &["rand", "thread_rng"],
    &["getrandom", "fill"],
];

const WHY: &str =
    "a rule that looks at the clock or rolls dice cannot be tested, and gives two answers in one request";

/// Looks for clocks and dice in features.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let features = tree.rust().filter(|(file, _)| file.path.starts_with(FEATURES) && !file.is_test());
    features
        .flat_map(|(file, source)| {
            IMPURE.iter().flat_map(move |path| {
                source.uses_of(path).map(move |token| {
                    let what = format!("{} in a feature", path.join("::"));
                    Finding::new(
                        &file.path,
                        token.line,
                        what,
                        WHY,
                        "take the time or the id from the context",
                    )
                })
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_and_dice_are_found_in_features_only() {
        let text = "fn f() { std::time::SystemTime::now(); tracing::info!(id = %Uuid::new_v4()); }";
        let red = Tree::planted(&[("crates/features/src/rooms/rules.rs", text)]);
        let whats: Vec<_> = check(&red).into_iter().map(|finding| finding.what).collect();
        assert_eq!(whats, ["SystemTime::now in a feature", "Uuid::new_v4 in a feature"]);
        assert!(check(&Tree::planted(&[("crates/kernel/src/clock.rs", text)])).is_empty());
    }
}
