//! Packages from the npm registry, exactly those that a folder's lock file names.

use std::path::Path;
use std::process::Command;

use crate::child::{self, Failure, Show};
use crate::tree;

/// Installs a folder's packages when its lock file is newer than what is installed. No install script runs: none
/// of our packages needs one, and none should get to.
///
/// # Errors
/// With npm's words, or when there is no npm.
pub fn install(folder: &str) -> Result<(), Failure> {
    let path = tree::root().join(folder);
    if is_fresh(&path) {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]).current_dir(&path);
    let ended = child::run(&mut npm, Show::Kept).map_err(|failure| match failure {
        Failure::Said(text) => Failure::Said(format!("{text}: install Node.js 20 or later, with npm")),
        stopped => stopped,
    })?;
    ended.checked(&format!("npm ci in {folder}"))?;
    Ok(())
}

/// npm writes a lock file of its own into `node_modules` as its last act.
fn is_fresh(folder: &Path) -> bool {
    let changed = |file: &str| folder.join(file).metadata().and_then(|data| data.modified()).ok();
    let installed = changed("node_modules/.package-lock.json");
    installed.is_some() && installed >= changed("package-lock.json")
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_older_installation_is_not_fresh() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let lock = File::create(folder.path().join("package-lock.json")).expect("a lock file");
        assert!(!is_fresh(folder.path()), "nothing is installed");
        std::fs::create_dir(folder.path().join("node_modules")).expect("a folder");
        let installed = File::create(folder.path().join("node_modules/.package-lock.json")).expect("a file");
        assert!(is_fresh(folder.path()), "it was installed just now");
        let later =
            installed.metadata().and_then(|data| data.modified()).expect("a time") + Duration::from_secs(9);
        lock.set_modified(later).expect("a new time");
        assert!(!is_fresh(folder.path()), "the lock file has changed since");
    }
}
