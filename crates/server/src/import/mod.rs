//! Brings over what the tutorial's app has stored in its PostgreSQL.
//!
//! The source is only read, in one READ ONLY transaction with one snapshot of everything. What is in the
//! target already is left as it is, by its id: an import that was interrupted is finished by running it
//! again, and one that was finished changes nothing when it is run again.
//!
//! - [`source`]: reading the tutorial's tables, in chunks.
//! - [`naming`]: what the tutorial's texts become under our rules. Pure.
//! - [`people`], [`rooms`], [`messages`], [`conversations`]: one kind of thing each, in this order.
//! - [`target`]: the statements that look at the target and write to it.
//! - [`read_marks`]: who had read how far.
//! - [`report`]: what was done, merged, changed and left out, and why.
//!
//! Imported messages take places in their room's log behind what is there, in the order of their time and
//! id. A room's log begins with its making and the joining of its members, so that the history is theirs.

mod conversations;
mod messages;
mod naming;
mod people;
mod read_marks;
pub mod report;
mod rooms;
mod source;
mod target;

use fireside_db::{Db, OpenError};
use fireside_kernel::{Clock, Names};

pub use report::Report;

use source::Source;
use target::Target;

/// Whether anything is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Everything is read and counted, nothing is written.
    DryRun,
    /// What is missing is written.
    Write,
}

/// Why an import stopped. What was written until then stays, and is skipped by the next run.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The source is not a `postgres://` address.
    #[error("the tutorial's data is in a PostgreSQL database; expected postgres://user@host/name")]
    NotPostgres,
    /// The source cannot be opened.
    #[error("the source: {0}")]
    Open(#[from] OpenError),
    /// The source is some other database.
    #[error("this is not the tutorial's database, it has no {0}")]
    NotTheTutorial(String),
    /// Reading the source failed.
    #[error("reading the source failed: {0}")]
    Source(fireside_db::Error),
    /// Writing to our own database failed.
    #[error("writing failed, run the import again to go on: {0}")]
    Target(fireside_db::Error),
}

/// Imports from the tutorial's database at `from` into `db`, which must have its schema.
///
/// # Errors
/// When either database does not answer, or the source is not the tutorial's.
pub async fn tutorial(
    from: &fireside_db::DatabaseUrl,
    db: &Db,
    names: &Names,
    clock: &Clock,
    mode: Mode,
) -> Result<Report, ImportError> {
    let mut source = Source::open(from).await?;
    let mut import = Import {
        target: Target::new(db.clone(), mode),
        names,
        now: clock.now().as_micros(),
        report: Report::new(mode),
    };
    let people = people::import(&mut import, &mut source).await?;
    let mut rooms = rooms::import(&mut import, &mut source, &people).await?;
    messages::import(&mut import, &mut source, &people, &mut rooms).await?;
    conversations::import(&mut import, &mut source, &people).await?;
    source.close().await;
    if import.target.writes() && import.report.has_imported() {
        import.target.renew_streams(names).await?;
    }
    Ok(import.report)
}

/// Says how far an import is, from time to time.
fn progress(what: &'static str, found: u64, chunk: usize) {
    const EVERY: u64 = 50_000;
    if found % EVERY < chunk as u64 {
        tracing::info!(found, "{what} read");
    }
}

/// What all parts of one run share.
struct Import<'a> {
    target: Target,
    names: &'a Names,
    /// For times that the source does not have, in microseconds since the epoch.
    now: i64,
    report: Report,
}
