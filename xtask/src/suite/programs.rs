//! Programs that the tests need and Cargo does not bring: found, or installed from Debian's packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::child::{self, Failure, Show};

/// A program and where it comes from.
pub struct Program {
    /// The file's name.
    pub command: &'static str,
    /// Debian's package.
    pub package: &'static str,
    /// A folder of versions, each with a `bin`, that is not in the search path.
    versions: Option<&'static str>,
}

/// The PostgreSQL server; `initdb` and `psql` come with it.
pub const POSTGRES: Program =
    Program { command: "postgres", package: "postgresql", versions: Some("/usr/lib/postgresql") };

/// The Redis server.
pub const REDIS: Program = Program { command: "redis-server", package: "redis-server", versions: None };

/// Programs that tests start themselves, by the variables that tell where they lie: a browser that runs without a
/// screen, and proxies that stand in front of several servers.
pub const STARTED_BY_TESTS: &[(&str, Program)] = &[
    ("FIRESIDE_TEST_CHROMIUM", Program { command: "chromium", package: "chromium", versions: None }),
    ("FIRESIDE_TEST_HAPROXY", Program { command: "haproxy", package: "haproxy", versions: None }),
    ("FIRESIDE_TEST_NGINX", Program { command: "nginx", package: "nginx", versions: None }),
    ("FIRESIDE_TEST_CADDY", Program { command: "caddy", package: "caddy", versions: None }),
];

impl Program {
    /// Where the program lies; installs it when it is missing and we may.
    ///
    /// # Errors
    /// With what to do, when it is missing and cannot be installed.
    pub fn require(&self) -> Result<PathBuf, Failure> {
        if let Some(path) = self.find() {
            return Ok(path);
        }
        let Self { command, package, .. } = self;
        if !rustix::process::geteuid().is_root() || in_search_path("apt-get").is_none() {
            let text = format!("{command} is not installed. On Debian: apt-get install {package} (as root)");
            return Err(Failure::Said(text));
        }
        apt_get(&["update"])?;
        apt_get(&["install", "--yes", "--no-install-recommends", package])?;
        let missing = || Failure::Said(format!("the package {package} brought no {command}"));
        self.find().ok_or_else(missing)
    }

    fn find(&self) -> Option<PathBuf> {
        // A user's search path may lack the folder of what is for administrators.
        let for_admins = Path::new("/usr/sbin").join(self.command);
        in_search_path(self.command)
            .or_else(|| for_admins.is_file().then_some(for_admins))
            .or_else(|| newest(Path::new(self.versions?), self.command))
    }
}

/// The file of this name in the folders of `PATH`.
pub fn in_search_path(command: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(command)).find(|file| file.is_file())
}

fn newest(versions: &Path, command: &str) -> Option<PathBuf> {
    let folders = versions.read_dir().ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let number = |folder: &Path| folder.file_name()?.to_str()?.parse::<u32>().ok();
    let with_it = folders.filter(|folder| folder.join("bin").join(command).is_file());
    Some(with_it.max_by_key(|folder| number(folder))?.join("bin").join(command))
}

fn apt_get(arguments: &[&str]) -> Result<(), Failure> {
    let mut command = Command::new("apt-get");
    // The run level keeps the packages' own services from starting: tests only use servers they start themselves.
    command.arg("--quiet").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    child::run(&mut command, Show::Kept)?.checked(&format!("apt-get {}", arguments.join(" ")))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_is_taken_by_number() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for version in ["9", "15", "17"] {
            std::fs::create_dir_all(folder.path().join(version).join("bin")).expect("a folder");
        }
        for version in ["9", "15"] {
            std::fs::write(folder.path().join(version).join("bin/postgres"), "").expect("a file");
        }
        assert_eq!(newest(folder.path(), "postgres"), Some(folder.path().join("15/bin/postgres")));
        assert_eq!(newest(folder.path(), "redis-server"), None);
    }
}
