//! `cargo xtask web`: the web client's build, which is kept in `web/dist` so that nobody else needs Node.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child::{self, Failure, Show};
use crate::{npm, tree};

const FOLDER: &str = "web";
/// What the client is built on, from its sources.
const SDK: &str = "clients/typescript";
const BUILT: &str = "web/dist";

/// Builds the client into `web/dist`.
///
/// # Errors
/// With the words of npm, the type checker or the bundler.
pub fn build() -> Result<(), Failure> {
    install()?;
    tool(&["tsc", "--noEmit"])?;
    bundle(&tree::root().join(BUILT))
}

/// Builds it elsewhere and compares.
///
/// # Errors
/// As [`build`], and when `web/dist` is not what the sources make.
pub fn check() -> Result<(), Failure> {
    install()?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    bundle(folder.path())?;
    let (kept, built) = (read(&tree::root().join(BUILT))?, read(folder.path())?);
    let differing: Vec<_> =
        kept.keys().chain(built.keys()).filter(|name| kept.get(*name) != built.get(*name)).collect();
    if differing.is_empty() {
        return Ok(());
    }
    Err(Failure::Said(format!(
        "{BUILT} is not what the sources make: {differing:?} differ. Run `cargo xtask web` and commit {BUILT}."
    )))
}

/// Serves the sources as they are on a port of their own, and everything else from the server that runs
/// (`FIRESIDE_URL`, else `http://127.0.0.1:3000`), until it is stopped.
///
/// # Errors
/// With npm's words, or when the bundler cannot start.
pub fn watch() -> Result<(), Failure> {
    install()?;
    child::run(&mut vite(&[]), Show::Live)?.checked("vite")?;
    Ok(())
}

/// Takes pictures of every screen of the demo, in every look, with the server `program`; the folder they are in.
/// It needs Chromium, and fonts of the languages that people in the demo write.
///
/// # Errors
/// With the words of the test runner, when a screen cannot be reached.
pub fn pictures(program: &Path) -> Result<PathBuf, Failure> {
    install()?;
    let folder = tree::root().join("target/pictures");
    let mut taken = npx();
    taken.args(["vitest", "run", "tests/pictures.test.ts"]);
    taken.env("FIRESIDE_TEST_PICTURES", &folder).env("FIRESIDE_BIN", program);
    child::run(&mut taken, Show::Live)?.checked("vitest")?;
    Ok(folder)
}

fn install() -> Result<(), Failure> {
    npm::install(SDK)?;
    npm::install(FOLDER)
}

fn bundle(into: &Path) -> Result<(), Failure> {
    let into = into.to_string_lossy();
    child::run(&mut vite(&["build", "--emptyOutDir", "--outDir", &into]), Show::Kept)?
        .checked("vite build")?;
    Ok(())
}

fn vite(arguments: &[&str]) -> Command {
    let mut command = npx();
    command.arg("vite").args(arguments);
    command
}

fn tool(arguments: &[&str]) -> Result<(), Failure> {
    child::run(npx().args(arguments), Show::Kept)?.checked(arguments[0])?;
    Ok(())
}

/// A program of the client's own packages, never one from elsewhere.
fn npx() -> Command {
    let mut command = Command::new("npx");
    command.args(["--no-install"]).current_dir(tree::root().join(FOLDER));
    command
}

fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        files.insert(name, fs::read(entry.path()).map_err(failed)?);
    }
    Ok(files)
}
