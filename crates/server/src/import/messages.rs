//! Messages of rooms, in the order of their time, behind what is in their room's log already.

use std::collections::HashMap;

use fireside_db::{Error, Tx, Value};
use fireside_protocol::MessageId;

use super::people::People;
use super::read_marks::ReadMarks;
use super::report::{Note, Report};
use super::rooms::Rooms;
use super::source::{MessageRow, Source};
use super::target::{self, Event, Head, Read};
use super::{Import, ImportError, Mode, naming, progress};

/// Read positions that are written at a time.
const READS: usize = 1000;

/// Imports messages.
pub(super) async fn import(
    import: &mut Import<'_>,
    source: &mut Source,
    people: &People,
    rooms: &mut Rooms,
) -> Result<(), ImportError> {
    let mut marks: Option<ReadMarks> = None;
    let mut reads = Vec::new();
    let cursor = source.messages().await?;
    loop {
        let chunk = source.next(&cursor).await?;
        if chunk.is_empty() {
            break;
        }
        import.report.messages.found += chunk.len() as u64;
        let usable: Vec<_> =
            chunk.iter().filter(|message| is_usable(import, people, rooms, message)).collect();
        let (writes, now) = (import.target.writes(), import.now);
        let stored = import.target.transact(async |tx| store(tx, &usable, writes, now).await).await?;
        import.report.absorb(stored.report);
        for (message, seq) in usable.iter().zip(&stored.places) {
            let Some(seq) = seq else { continue };
            if marks.as_ref().is_none_or(|marks| marks.room() != message.room_id) {
                let next = ReadMarks::new(&message.room_id, rooms.take_last_reads(&message.room_id));
                reads.extend(marks.replace(next).into_iter().flat_map(ReadMarks::finish));
            }
            if let Some(marks) = &mut marks {
                marks.pass(message.created_at.unwrap_or(now), *seq);
            }
        }
        if reads.len() >= READS {
            raise(import, std::mem::take(&mut reads)).await?;
        }
        progress("messages", import.report.messages.found, chunk.len());
    }
    reads.extend(marks.into_iter().flat_map(ReadMarks::finish));
    raise(import, reads).await
}

async fn raise(import: &Import<'_>, reads: Vec<Read>) -> Result<(), ImportError> {
    if !import.target.writes() {
        return Ok(());
    }
    for reads in reads.chunks(READS) {
        import.target.transact(async |tx| target::raise_reads(tx, reads).await).await?;
    }
    Ok(())
}

/// Whether a message can be stored; notes why not.
fn is_usable(import: &mut Import<'_>, people: &People, rooms: &Rooms, message: &MessageRow) -> bool {
    let unusable = || MessageId::parse(&message.id).is_none().then_some(Note::UnusableId);
    let unknown = || (!people.knows(&message.sender_id)).then_some(Note::UnknownSender);
    let Some(note) = unusable().or_else(|| rooms.closed(&message.room_id)).or_else(unknown) else {
        return true;
    };
    import.report.messages.skipped += 1;
    import.report.note(note, format!("message {:?}", message.id));
    false
}

/// What became of a chunk.
struct Stored {
    report: Report,
    /// The place of each message in its room's log; none for one that was left out.
    places: Vec<Option<i64>>,
}

async fn store(tx: &mut Tx, chunk: &[&MessageRow], writes: bool, now: i64) -> Result<Stored, Error> {
    let mut heads = target::heads(tx, chunk.iter().map(|message| message.room_id.as_str())).await?;
    let here = target::messages(tx, chunk.iter().map(|message| message.id.as_str())).await?;
    let mut report = Report::new(if writes { Mode::Write } else { Mode::DryRun });
    let (mut places, mut rows, mut events) = (Vec::with_capacity(chunk.len()), Vec::new(), Vec::new());
    let mut moved: HashMap<&str, Head> = HashMap::new();
    for message in chunk {
        let room = message.room_id.as_str();
        if let Some((home, seq)) = here.get(&message.id) {
            places.push(already_here(&mut report, message, (home == room).then_some(*seq)));
            continue;
        }
        let created = message.created_at.unwrap_or(now);
        let head = moved.entry(room).or_insert_with(|| {
            // Only a dry run has rooms that are not here yet.
            heads.remove(room).unwrap_or_else(|| Head::new(room.to_owned(), created))
        });
        let place = head.next(created);
        let of_message = Stamps {
            created,
            modified: message.modified_at,
            edited: message.edited_at,
            deleted: message.deleted_at,
        };
        let text =
            Text { content: &message.content, kind: &message.kind, metadata: message.metadata.as_deref() };
        rows.push(row(&mut report, &message.id, (room, place.0), &message.sender_id, &text, &of_message));
        events.push(Event {
            room,
            place,
            kind: "message:new",
            actor: &message.sender_id,
            subject: None,
            message: Some(&message.id),
            data: None,
        });
        report.messages.imported += 1;
        places.push(Some(place.0));
    }
    if writes {
        target::move_heads(tx, moved.values()).await?;
        target::insert_messages(tx, rows).await?;
        target::insert_events(tx, &events).await?;
    }
    Ok(Stored { report, places })
}

fn already_here(report: &mut Report, message: &MessageRow, seq: Option<i64>) -> Option<i64> {
    if seq.is_some() {
        report.messages.present += 1;
    } else {
        report.messages.skipped += 1;
        report.note(Note::IdTaken, format!("message {}", message.id));
    }
    seq
}

/// What a message says.
pub(super) struct Text<'a> {
    pub(super) content: &'a str,
    pub(super) kind: &'a str,
    pub(super) metadata: Option<&'a str>,
}

/// When what happened to a message.
pub(super) struct Stamps {
    pub(super) created: i64,
    pub(super) modified: Option<i64>,
    pub(super) edited: Option<i64>,
    pub(super) deleted: Option<i64>,
}

/// A message as it is to be stored. Of a deleted one its tombstone: who deleted it the tutorial does not
/// keep, but only senders can.
pub(super) fn row(
    report: &mut Report,
    id: &str,
    (room, seq): (&str, i64),
    sender: &str,
    text: &Text<'_>,
    stamps: &Stamps,
) -> [Value; 12] {
    let is_deleted = stamps.deleted.is_some();
    let kind = naming::kind(text.kind);
    if kind != text.kind {
        report.note(Note::TypeReplaced, format!("{:?} of message {id}", text.kind));
    }
    let metadata = match naming::metadata(text.metadata.filter(|_| !is_deleted)) {
        naming::Meta::None => None,
        naming::Meta::Kept(text) => Some(text),
        naming::Meta::Wrapped(text) => {
            report.note(Note::MetadataWrapped, format!("message {id}"));
            Some(text)
        }
        naming::Meta::Dropped => {
            report.note(Note::MetadataDropped, format!("message {id}"));
            None
        }
    };
    if is_deleted {
        report.note(Note::Tombstone, format!("message {id}"));
    }
    [
        id.into(),
        room.into(),
        seq.into(),
        sender.into(),
        if is_deleted { "" } else { text.content }.into(),
        kind.into(),
        metadata.into(),
        stamps.created.into(),
        stamps.modified.unwrap_or(stamps.created).into(),
        stamps.edited.into(),
        stamps.deleted.into(),
        is_deleted.then_some(sender).into(),
    ]
}
