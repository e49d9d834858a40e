//! The web client's build: what is in `web/dist` is what its sources make.
//!
//! The built files are committed, so that whoever only runs the server needs no Node. They are the same bytes
//! wherever they are built.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use crate::child::{self, Failure, Show};
use crate::{npm, tree};

/// Where the client lives, and where its build goes.
const WEB: &str = "web";
const DIST: &str = "web/dist";
/// What the client is built on, from its sources.
const SDK: &str = "clients/typescript";

/// Builds the client anew.
///
/// # Errors
/// With the words of npm or of the build.
pub fn build() -> Result<(), Failure> {
    build_into(&tree::root().join(DIST))
}

/// Builds the client somewhere else and compares.
///
/// # Errors
/// When a file differs, with its name.
pub fn check() -> Result<(), Failure> {
    let folder =
        tempfile::tempdir().map_err(|error| Failure::Said(format!("a temporary folder: {error}")))?;
    build_into(folder.path())?;
    let (kept, made) = (files(&tree::root().join(DIST))?, files(folder.path())?);
    let names = kept.keys().chain(made.keys());
    let stale: Vec<_> = names.filter(|name| kept.get(*name) != made.get(*name)).cloned().collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure::Said(format!(
        "{DIST} is not what the sources make: {}\n    instead: cargo xtask web, and commit what it writes",
        stale.join(", ")
    )))
}

/// Serves the client to its developers, built again at every change, until stopped.
///
/// # Errors
/// With the words of npm.
pub fn watch() -> Result<(), Failure> {
    install()?;
    child::run(&mut npm_run(&["dev"]), Show::Live)?.checked("npm run dev")?;
    Ok(())
}

fn build_into(folder: &Path) -> Result<(), Failure> {
    install()?;
    let mut command = npm_run(&["build", "--", "--emptyOutDir", "--outDir"]);
    child::run(command.arg(folder), Show::Kept)?.checked("npm run build in web")?;
    Ok(())
}

fn install() -> Result<(), Failure> {
    npm::install(SDK)?;
    npm::install(WEB)
}

fn npm_run(arguments: &[&str]) -> Command {
    let mut command = Command::new("npm");
    command.args(["run", "--silent"]).args(arguments).current_dir(tree::root().join(WEB));
    command
}

fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let said = |error: std::io::Error| Failure::Said(format!("{}: {error}", folder.display()));
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(said)? {
        let entry = entry.map_err(said)?;
        files.insert(
            entry.file_name().to_string_lossy().into_owned(),
            std::fs::read(entry.path()).map_err(said)?,
        );
    }
    Ok(files)
}
