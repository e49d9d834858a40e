//! The project's files as the house rules see them: read once, Rust parsed once.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rust_source::RustSource;

/// Files made by a program, or kept as others wrote them: rules about how we write do not apply.
const NOT_OURS: &[&str] = &[
    "Cargo.lock",
    "clients/typescript/src/contract.ts",
    "contract/asyncapi.json",
    "contract/errors.md",
    "contract/openapi.json",
    "contract/permissions.md",
    "contract/types.ts",
    "web/dist/",
];

/// The workspace's root folder.
pub fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().expect("xtask is a folder of the workspace").to_owned()
}

/// Every text file that git tracks or would add.
#[derive(Default)]
pub struct Tree {
    /// Those that hold text, in the order of their paths.
    pub files: Vec<File>,
    /// Paths of the others: pictures, fonts.
    pub others: Vec<String>,
    /// `true` when `cargo metadata` may be asked about it; planted trees in tests have no Cargo.
    pub on_disk: bool,
}

/// One text file.
pub struct File {
    /// Relative to the root, with forward slashes.
    pub path: String,
    /// Its content.
    pub text: String,
    /// What the parser made of a `.rs` file.
    pub rust: Option<Result<RustSource, syn::Error>>,
}

impl Tree {
    /// Reads the work tree.
    ///
    /// # Errors
    /// When git cannot list the files, or one cannot be read.
    pub fn read() -> Result<Self, String> {
        // A checkout mounted into a container belongs to another user, which git refuses unless told not to.
        let git = Command::new("git")
            .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
            .current_dir(root())
            .output()
            .map_err(|error| format!("cannot run git, which lists the files to look at: {error}"))?;
        if !git.status.success() {
            return Err(format!("git ls-files: {}", String::from_utf8_lossy(&git.stderr)));
        }
        let listed = String::from_utf8_lossy(&git.stdout);
        let mut tree = Self { files: Vec::new(), others: Vec::new(), on_disk: true };
        for path in listed.split_terminator('\0') {
            let on_disk = root().join(path);
            // A tracked file that was just deleted is still listed; a link is not ours to read.
            if !on_disk.symlink_metadata().is_ok_and(|data| data.is_file()) {
                continue;
            }
            let bytes = std::fs::read(&on_disk).map_err(|error| format!("{path}: {error}"))?;
            match String::from_utf8(bytes) {
                Ok(text) => tree.files.push(File::new(path, text)),
                Err(_) => tree.others.push(path.to_owned()),
            }
        }
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(tree)
    }

    /// A tree for a test: paths and their contents.
    #[cfg(test)]
    pub fn planted(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File::new(path, (*text).to_owned())).collect();
        Self { files, others: Vec::new(), on_disk: false }
    }

    /// The file at exactly this path.
    pub fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether the path is a file, or a folder that holds one.
    pub fn has(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        let mut paths = self.files.iter().map(|file| &file.path).chain(&self.others);
        paths.any(|known| known == path || known.starts_with(&folder))
    }

    /// Every Rust file that parses.
    pub fn rust(&self) -> impl Iterator<Item = (&File, &RustSource)> {
        self.files.iter().filter_map(|file| Some((file, file.rust.as_ref()?.as_ref().ok()?)))
    }
}

impl File {
    fn new(path: &str, text: String) -> Self {
        let rust = path.ends_with(".rs").then(|| RustSource::parse(&text));
        Self { path: path.to_owned(), text, rust }
    }

    /// Whether people write this file here.
    pub fn is_ours(&self) -> bool {
        let generated = NOT_OURS.iter().any(|prefix| self.path.starts_with(prefix));
        !generated && !self.path.ends_with("package-lock.json")
    }

    /// Whether the whole file is test code, by where it lies.
    pub fn is_test(&self) -> bool {
        self.path.ends_with("/tests.rs") || self.path.contains("tests/")
    }

    /// Whether a program can be in it, going by its ending.
    pub fn is_program(&self) -> bool {
        [".rs", ".ts", ".tsx", ".js", ".mjs"].iter().any(|ending| self.path.ends_with(ending))
    }

    /// The parts of the path without the last one's ending.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.path.split('/').map(|part| part.split('.').next().unwrap_or(part))
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}
