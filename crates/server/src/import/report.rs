//! What an import did, or would do: counts, and everything that did not come over as it was, with the reason.

use std::collections::BTreeMap;
use std::fmt;

use super::Mode;

/// How many examples are kept for each note.
const EXAMPLES: usize = 3;

/// What became of the rows of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows read from the source.
    pub found: u64,
    /// Written now.
    pub imported: u64,
    /// Here before.
    pub present: u64,
    /// Folded into another row.
    pub merged: u64,
    /// Left out; the notes say why.
    pub skipped: u64,
}

/// Something that did not come over as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the texts below say what each means")]
pub enum Note {
    UnusableId,
    IdTaken,
    UnknownRoom,
    UnknownPerson,
    UnknownSender,
    UnknownReceiver,
    RoomDeleted,
    LeftSince,
    MembershipsMerged,
    CreatorUnknown,
    Renamed,
    DisplayNameChanged,
    AvatarDropped,
    SlugNumbered,
    RoomNameChanged,
    DescriptionChanged,
    TypeReplaced,
    MetadataWrapped,
    MetadataDropped,
    Tombstone,
}

impl Note {
    /// What it means, for whoever runs the import.
    pub fn text(self) -> &'static str {
        match self {
            Note::UnusableId => "left out: the id is not 1 to 64 of A-Z a-z 0-9 . _ : @ -",
            Note::IdTaken => "left out: the id belongs to something else here",
            Note::UnknownRoom => "left out: the room does not exist",
            Note::UnknownPerson => "membership left out: the user does not exist",
            Note::UnknownSender => "message left out: the sender does not exist",
            Note::UnknownReceiver => "direct message left out: the receiver does not exist",
            Note::RoomDeleted => "left out: the room was deleted here since",
            Note::LeftSince => "membership left out: the user has left the room here since",
            Note::MembershipsMerged => "memberships merged: the same user was in the room more than once",
            Note::CreatorUnknown => "room kept, though its creator does not exist",
            Note::Renamed => "username changed: not allowed here, or taken",
            Note::DisplayNameChanged => "display name changed: not allowed here",
            Note::AvatarDropped => "avatar dropped: not a web address",
            Note::SlugNumbered => "room got a number in its slug: its name was taken",
            Note::RoomNameChanged => "room name changed: not allowed here",
            Note::DescriptionChanged => "room description changed: not allowed here",
            Note::TypeReplaced => "message type replaced by text: not allowed here",
            Note::MetadataWrapped => "metadata was no small JSON object, kept as {\"value\": …}",
            Note::MetadataDropped => "metadata dropped: larger than allowed here",
            Note::Tombstone => "deleted messages, kept as tombstones without their content",
        }
    }
}

/// How often something happened, and where.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Noted {
    /// How often.
    pub count: u64,
    /// The first few of them.
    pub examples: Vec<String>,
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    mode: Mode,
    /// People.
    pub users: Tally,
    /// Rooms with a name.
    pub rooms: Tally,
    /// Memberships.
    pub members: Tally,
    /// Messages of rooms.
    pub messages: Tally,
    /// Pairs of people with direct messages.
    pub conversations: Tally,
    /// Direct messages.
    pub direct_messages: Tally,
    /// Everything that did not come over as it was.
    pub notes: BTreeMap<Note, Noted>,
}

impl Report {
    pub(super) fn new(mode: Mode) -> Report {
        Report {
            mode,
            users: Tally::default(),
            rooms: Tally::default(),
            members: Tally::default(),
            messages: Tally::default(),
            conversations: Tally::default(),
            direct_messages: Tally::default(),
            notes: BTreeMap::new(),
        }
    }

    /// Notes something about one thing.
    pub(super) fn note(&mut self, note: Note, example: impl Into<String>) {
        let noted = self.notes.entry(note).or_default();
        noted.count += 1;
        if noted.examples.len() < EXAMPLES {
            noted.examples.push(example.into());
        }
    }

    /// Adds what a part of the run did.
    pub(super) fn absorb(&mut self, part: Report) {
        for (all, part) in [
            (&mut self.users, part.users),
            (&mut self.rooms, part.rooms),
            (&mut self.members, part.members),
            (&mut self.messages, part.messages),
            (&mut self.conversations, part.conversations),
            (&mut self.direct_messages, part.direct_messages),
        ] {
            all.found += part.found;
            all.imported += part.imported;
            all.present += part.present;
            all.merged += part.merged;
            all.skipped += part.skipped;
        }
        for (note, noted) in part.notes {
            let all = self.notes.entry(note).or_default();
            all.count += noted.count;
            let room = EXAMPLES - all.examples.len();
            all.examples.extend(noted.examples.into_iter().take(room));
        }
    }

    /// Whether anything of rooms and conversations is new here.
    pub(super) fn has_imported(&self) -> bool {
        let parts = [&self.rooms, &self.members, &self.messages, &self.conversations, &self.direct_messages];
        parts.iter().any(|part| part.imported > 0)
    }

    /// How often something was noted.
    pub fn count(&self, note: Note) -> u64 {
        self.notes.get(&note).map_or(0, |noted| noted.count)
    }

    fn rows(&self) -> [(&'static str, Tally); 6] {
        [
            ("users", self.users),
            ("rooms", self.rooms),
            ("memberships", self.members),
            ("messages", self.messages),
            ("conversations", self.conversations),
            ("direct messages", self.direct_messages),
        ]
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (title, imported) = match self.mode {
            Mode::DryRun => ("Dry run, nothing was written", "to import"),
            Mode::Write => ("Imported", "imported"),
        };
        writeln!(f, "{title}\n")?;
        writeln!(
            f,
            "{:16}{:>12}{imported:>12}{:>12}{:>12}{:>12}",
            "", "in source", "here before", "merged", "left out"
        )?;
        for (name, tally) in self.rows() {
            let Tally { found, imported, present, merged, skipped } = tally;
            writeln!(f, "{name:16}{found:>12}{imported:>12}{present:>12}{merged:>12}{skipped:>12}")?;
        }
        if !self.notes.is_empty() {
            writeln!(f, "\nNot as it was")?;
        }
        for (note, noted) in &self.notes {
            let more = if noted.count > noted.examples.len() as u64 { ", …" } else { "" };
            writeln!(f, "{:>7}  {} ({}{more})", noted.count, note.text(), noted.examples.join(", "))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_shows_counts_reasons_and_examples() {
        let mut report = Report::new(Mode::DryRun);
        report.users = Tally { found: 5, imported: 3, present: 1, merged: 0, skipped: 1 };
        for id in ["a b", "c d", "e f", "g h"] {
            report.note(Note::UnusableId, id);
        }
        let text = report.to_string();
        assert!(text.starts_with("Dry run, nothing was written\n"), "{text}");
        assert!(
            text.contains("users                      5           3           1           0           1"),
            "{text}"
        );
        assert!(text.contains("      4  left out: the id is not 1 to 64 of"), "{text}");
        assert!(text.contains("(a b, c d, e f, …)"), "{text}");
    }
}
