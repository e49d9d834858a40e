//! What a test runner says at its end, as numbers.

use std::fmt;
use std::ops::AddAssign;

/// Tests by their end.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Ran and held.
    pub passed: u64,
    /// Ran and did not hold, or did not come to an end.
    pub failed: u64,
    /// Did not run.
    pub skipped: u64,
}

impl Tally {
    /// How many ran.
    pub fn ran(self) -> u64 {
        self.passed + self.failed
    }

    /// Reads nextest's line `Summary [ 1.2s] 5 tests run: 4 passed (1 slow), 1 failed, 2 skipped`.
    /// `None` when it did not come so far.
    pub fn of_nextest(output: &str) -> Option<Self> {
        let line = output.lines().rev().find(|line| line.trim_start().starts_with("Summary ["))?;
        let counts = line.split_once(" run: ")?.1;
        let mut tally = Self::default();
        // The remarks in brackets count tests that are counted outside them too.
        for (count, word) in pairs(&without_brackets(counts)) {
            match word.as_str() {
                "passed" => tally.passed += count,
                "skipped" => tally.skipped += count,
                _ => tally.failed += count,
            }
        }
        Some(tally)
    }

    /// Adds up Cargo's lines `test result: ok. 5 passed; 0 failed; 2 ignored; …`, one for each binary.
    pub fn of_cargo_test(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output.lines().filter(|line| line.starts_with("test result: ")) {
            for (count, word) in pairs(line) {
                match word.as_str() {
                    "passed" => tally.passed += count,
                    "failed" => tally.failed += count,
                    "ignored" => tally.skipped += count,
                    _ => {}
                }
            }
        }
        tally
    }

    /// Reads Vitest's line `Tests  1 failed | 4 passed | 2 skipped (7)`.
    pub fn of_vitest(output: &str) -> Self {
        let mut tally = Self::default();
        let line = output.lines().rev().find_map(|line| line.trim_start().strip_prefix("Tests  "));
        for (count, word) in line.map(|line| pairs(&without_brackets(line))).unwrap_or_default() {
            match word.as_str() {
                "passed" => tally.passed += count,
                "failed" => tally.failed += count,
                "skipped" | "todo" => tally.skipped += count,
                _ => {}
            }
        }
        tally
    }

    /// Reads the last lines of Node's test runner: `ℹ pass 5`, or `# pass 5`.
    pub fn of_node(output: &str) -> Self {
        let mut tally = Self::default();
        for line in output.lines() {
            let Some(line) = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# ")) else { continue };
            let Some((word, count)) = line.split_once(' ') else { continue };
            let Ok(count) = count.trim().parse::<u64>() else { continue };
            match word {
                "pass" => tally.passed += count,
                "fail" | "cancelled" => tally.failed += count,
                "skipped" | "todo" => tally.skipped += count,
                _ => {}
            }
        }
        tally
    }
}

/// Each number of a line with the word after it.
fn pairs(line: &str) -> Vec<(u64, String)> {
    let words: Vec<_> = line.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let pair = |pair: &[&str]| Some((pair[0].parse().ok()?, pair[1].to_owned()));
    words.windows(2).filter_map(pair).collect()
}

fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    let outside = |c: &char| {
        match c {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                return false;
            }
            _ => {}
        }
        depth == 0
    };
    text.chars().filter(outside).collect()
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(passed: u64, failed: u64, skipped: u64) -> Tally {
        Tally { passed, failed, skipped }
    }

    #[test]
    fn vitest_counts_are_read() {
        let output =
            " Test Files  2 passed (2)\n      Tests  1 failed | 4 passed | 2 skipped (7)\n   Start at  1\n";
        assert_eq!(Tally::of_vitest(output), tally(4, 1, 2));
        assert_eq!(Tally::of_vitest("      Tests  155 passed (155)\n"), tally(155, 0, 0));
        assert_eq!(Tally::of_vitest("Error: no such file"), tally(0, 0, 0));
    }

    #[test]
    fn nextest_counts_every_kind_of_failure() {
        let lines = [
            ("     Summary [   0.024s] 35 tests run: 35 passed, 0 skipped", tally(35, 0, 0)),
            (
                "Summary [ 1.2s] 5 tests run: 3 passed (1 slow, 1 leaky), 1 failed, 1 timed out, 2 skipped",
                tally(3, 2, 2),
            ),
            ("Summary [ 1.2s] 2/5 tests run: 1 passed, 1 exec failed, 0 skipped", tally(1, 1, 0)),
            (
                "Summary [ 1.2s] 1 test run: 0 passed, 1 failed (1 due to being leaky), 0 skipped",
                tally(0, 1, 0),
            ),
        ];
        for (line, expected) in lines {
            assert_eq!(
                Tally::of_nextest(&format!("noise\n{line}\nerror: test run failed\n")),
                Some(expected),
                "{line}"
            );
        }
        assert_eq!(Tally::of_nextest("error: could not compile"), None);
    }

    #[test]
    fn cargo_test_is_added_up() {
        let output = "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 7 filtered out; finished in 0.00s\n\
                      test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(Tally::of_cargo_test(output), tally(4, 2, 1));
    }

    #[test]
    fn node_is_read_in_both_its_styles() {
        for sign in ["ℹ", "#"] {
            let counts =
                [("tests", 7), ("pass", 3), ("fail", 1), ("cancelled", 1), ("skipped", 1), ("todo", 1)];
            let output: String =
                counts.iter().map(|(word, count)| format!("{sign} {word} {count}\n")).collect();
            assert_eq!(Tally::of_node(&output), tally(3, 2, 2));
        }
    }

    #[test]
    fn the_closing_line_is_the_one_that_runners_write() {
        assert_eq!(tally(3, 0, 1).to_string(), "3 passed, 0 failed, 1 skipped");
    }
}
