//! The database file: found or created, private, held by one process, and still there.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{Error, OpenError};

/// A database file that is ours until this value is dropped.
///
/// SQLite would let several processes share the file. We do not: a second server would serve its
/// own clients from the same rooms, and its writes would reach ours only by chance.
#[derive(Debug)]
pub(crate) struct DataFile {
    path: PathBuf,
    identity: Identity,
    /// Holds the lock. The lock file itself stays: removing it would let a third process lock a
    /// new file of the same name while the second still has the old one.
    lock: File,
}

/// Which file a path leads to.
#[derive(Debug, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl DataFile {
    /// Locks the file, creating it and its directory when they do not exist.
    pub(crate) fn claim(path: &Path) -> Result<DataFile, OpenError> {
        let name = path.file_name().ok_or_else(|| file_error(path, "is not the path of a file"))?;
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(|error| io_error(directory, &error))?;
        // From here on the absolute path: neither a changed working directory nor a name that
        // looks like a `file:` URI to SQLite can lead elsewhere.
        let directory = directory.canonicalize().map_err(|error| io_error(directory, &error))?;
        let path = directory.join(name);
        let lock = lock(&directory.join(format!("{}.lock", name.to_string_lossy())))?;
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|error| io_error(&path, &error))?;
        let metadata = file.metadata().map_err(|error| io_error(&path, &error))?;
        if !metadata.is_file() {
            return Err(file_error(&path, "is not a regular file"));
        }
        // SQLite gives the -wal and -shm files the permissions of this one.
        if metadata.permissions().mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600)).map_err(|error| io_error(&path, &error))?;
        }
        let identity = Identity { device: metadata.dev(), inode: metadata.ino() };
        Ok(DataFile { path, identity, lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// An error about this file.
    pub(crate) fn refused(&self, reason: String) -> OpenError {
        OpenError::File { path: self.path.clone(), reason }
    }

    /// Lets the next process have the file, after the last connection has been closed.
    pub(crate) fn unlock(&self) {
        if let Err(error) = self.lock.unlock() {
            tracing::warn!(%error, "the lock of the data directory is kept until this process ends");
        }
    }

    /// Size of the write-ahead log in bytes.
    pub(crate) fn wal_bytes(&self) -> u64 {
        let mut path = self.path.clone().into_os_string();
        path.push("-wal");
        fs::metadata(path).map_or(0, |metadata| metadata.len())
    }

    /// Refuses service once the file has been deleted or replaced. SQLite would go on writing
    /// into the nameless file, and everything acknowledged since would be gone at the next start.
    pub(crate) fn intact(&self) -> Result<(), Error> {
        match fs::metadata(&self.path) {
            Ok(metadata) if (Identity { device: metadata.dev(), inode: metadata.ino() }) == self.identity => {
                Ok(())
            }
            Ok(_) => {
                tracing::error!(path = %self.path.display(), "the database file was replaced while in use");
                Err(Error::Unavailable)
            }
            Err(error) => {
                tracing::error!(path = %self.path.display(), %error, "the database file is gone");
                Err(Error::Unavailable)
            }
        }
    }
}

/// Takes the lock, or says who has it. The kernel lets go of it when the process ends, however
/// it ends.
fn lock(path: &Path) -> Result<File, OpenError> {
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| io_error(path, &error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut text = String::new();
            // Unreadable only makes the message less helpful.
            let _length = file.read_to_string(&mut text);
            return Err(OpenError::InUse { path: path.to_owned(), holder: text.trim().parse().ok() });
        }
        Err(TryLockError::Error(error)) => return Err(io_error(path, &error)),
    }
    let named =
        file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
    // Without the number the lock is as good; on a full disk the server shall still start.
    if let Err(error) = named {
        tracing::debug!(%error, "the process id could not be noted in the lock file");
    }
    Ok(file)
}

fn file_error(path: &Path, reason: &str) -> OpenError {
    OpenError::File { path: path.to_owned(), reason: reason.to_owned() }
}

fn io_error(path: &Path, error: &io::Error) -> OpenError {
    let reason = match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied for the user this program runs as".to_owned(),
        io::ErrorKind::ReadOnlyFilesystem => "is on a read-only file system".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        _ => error.to_string(),
    };
    OpenError::File { path: path.to_owned(), reason }
}
