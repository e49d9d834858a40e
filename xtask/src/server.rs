//! The server's own program, built by Cargo.

use std::path::PathBuf;

use serde_json::Value;

use crate::child::{self, Failure, Show};

/// What to build along with it.
#[derive(Clone, Copy)]
pub enum With {
    /// Nothing: the quickest way to the program.
    Nothing,
    /// Everything that the tests need, exactly as the test run builds it, so that nothing is built twice.
    Tests,
}

/// Builds `fireside` and says where it lies.
///
/// # Errors
/// With the compiler's words when it does not build.
pub fn build(with: With) -> Result<PathBuf, Failure> {
    let mut cargo = child::cargo();
    cargo.args(["build", "--quiet", "--message-format=json-render-diagnostics"]);
    match with {
        With::Nothing => cargo.args(["--package=fireside-server", "--bin=fireside"]),
        With::Tests => cargo.args(["--workspace", "--bins", "--tests"]),
    };
    let ended = child::run(&mut cargo, Show::Kept)?.checked("cargo build")?;
    let messages = ended.stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut programs = messages.filter(|message| {
        let is_program = message["target"]["kind"][0] == "bin" && message["profile"]["test"] == false;
        is_program && message["target"]["name"] == "fireside"
    });
    let program = programs.next().and_then(|message| Some(PathBuf::from(message["executable"].as_str()?)));
    program.ok_or_else(|| {
        Failure::Said("the crate fireside-server builds no program called fireside".to_owned())
    })
}
