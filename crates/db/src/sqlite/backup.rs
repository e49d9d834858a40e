//! A copy of a SQLite file at one moment, made while a server goes on writing to it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use super::{BUSY_WAIT, failure};
use crate::error::OpenError;

/// Copies the database at `source` to a new file, flushed to disk; the size of the copy in bytes. It holds what was
/// committed when the copy began. A file that is there already is left alone.
///
/// # Errors
/// When one of the files cannot be used; nothing is left at `target` then.
pub async fn backup(source: &Path, target: &Path) -> Result<u64, OpenError> {
    if target.exists() {
        return Err(refused(target, "is there already: a backup never replaces a file"));
    }
    // Under another name until it is whole, so that nobody takes half a copy for one.
    let mut partial = target.as_os_str().to_owned();
    partial.push(".partial");
    let partial = PathBuf::from(partial);
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&partial);
    let file = made.map_err(|error| refused(&partial, &error.to_string()))?;
    let copied = match copy(source, &partial).await {
        Ok(()) => settle(&file, &partial, target).map_err(|error| refused(target, &error.to_string())),
        Err(error) => Err(error),
    };
    if copied.is_err() {
        // It may be full, or gone: what went wrong first is what counts.
        let _removed = fs::remove_file(&partial);
    }
    copied
}

/// `VACUUM INTO` reads one snapshot and writes a file without free pages (<https://sqlite.org/lang_vacuum.html>).
async fn copy(source: &Path, partial: &Path) -> Result<(), OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(source)
        .create_if_missing(false)
        .read_only(true)
        .busy_timeout(BUSY_WAIT)
        .disable_statement_logging();
    let into = partial.to_str().ok_or_else(|| refused(partial, "the name is not UTF-8"))?;
    let copied = async {
        let mut connection = options.connect().await?;
        sqlx::query("VACUUM INTO $1").bind(into).execute(&mut connection).await?;
        connection.close().await
    };
    copied.await.map_err(|error| failure::of_open(source, &error).reason)
}

/// SQLite does not flush what it vacuums into another file.
fn settle(file: &File, partial: &Path, target: &Path) -> io::Result<u64> {
    file.sync_all()?;
    // Unlike a renaming, fails where there is a file by now.
    fs::hard_link(partial, target)?;
    fs::remove_file(partial)?;
    let directory = target.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()?;
    Ok(file.metadata()?.len())
}

fn refused(path: &Path, reason: &str) -> OpenError {
    OpenError::File { path: path.to_owned(), reason: reason.to_owned() }
}
