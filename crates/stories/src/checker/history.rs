//! What clients did and were told, in the order in which it happened on one monotonic clock.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What an entry is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// A message is sent.
    #[default]
    Send,
    /// A message is changed.
    Edit,
    /// A message is deleted.
    Delete,
    /// Somebody joins a room.
    Join,
    /// Somebody leaves a room.
    Leave,
    /// Somebody (`subject`) is added to a room.
    Add,
    /// Somebody (`subject`) is taken out of a room.
    Remove,
    /// A socket (`p`) connects.
    Connect,
    /// A socket (`p`) is over.
    Disconnect,
    /// A socket (`p`) is told an event of a room's log, live or in the answer to a resume (`resumed`).
    Deliver,
    /// A socket (`p`) asks for what it missed in a room, after (`epoch`, `seq`).
    Resume,
    /// What somebody missed is fetched page by page, from after `seq` up to `head`.
    Page,
    /// A user is told that a room has to be fetched anew.
    Resync,
    /// A user received these secret words for the first time.
    Heard,
    /// All sessions of a user end.
    Revoke,
    /// A fault begins (`invoke`) and its effects have to be over (`ok`).
    Fault,
    /// The server is started or (with `ok`) stopped on purpose; `fail` is a panic or an end by itself.
    Server,
    /// Everything has come to rest: sockets that are open now know all there is.
    Rest,
    /// A socket (`p`) is told that `people` are what `event` says: `online` or `offline`.
    Presence,
    /// Somebody asks who of a room is online: `people`.
    Look,
    /// What a server (`p`) holds is measured (`gauges`): before trouble (`invoke`), after it (`ok`).
    Measure,
}

/// Which part of an action an entry is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It begins.
    #[default]
    Invoke,
    /// It was done.
    Ok,
    /// It was refused for good: nothing was or will be done.
    Fail,
    /// It may have been done or not; also what happens without being asked for.
    Info,
}

/// One line of a history. What an entry does not need is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields are those of GUARANTEES.md; what is more is said here")]
pub struct Entry {
    /// Microseconds since the history began.
    pub t: u64,
    /// Joins the beginning of an action to its end.
    #[serde(skip_serializing_if = "is_zero")]
    pub n: u64,
    /// The connection: `alice#3`; `alice` for HTTP.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub p: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub user: String,
    /// Of a connection: the node that it leads to, counted from 1.
    #[serde(skip_serializing_if = "is_zero")]
    pub node: u64,
    pub f: Action,
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub room: String,
    /// The client's name for the message, which is also the secret word in its text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cmid: String,
    /// The message.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub epoch: String,
    /// Position of the message's last change, as it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rev: Option<i64>,
    /// Of the message's text, see [`hash`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// Name of the event that was told.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub event: String,
    /// Position up to which an answer tells everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head: Option<i64>,
    /// What a resume says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovered: Option<bool>,
    /// Why something was refused; what a fault is.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The answer says that it was done before.
    #[serde(skip_serializing_if = "is_false")]
    pub duplicate: bool,
    /// Told in the answer to a resume.
    #[serde(skip_serializing_if = "is_false")]
    pub resumed: bool,
    /// Who is added or removed.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// Secret words and ids of rooms that were received.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Users whose presence is told.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub people: Vec<String>,
    /// What a server holds, by name: `rss_bytes`, `fds` …
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub gauges: BTreeMap<String, u64>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Entry {
    /// As one line of JSON.
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| format!("(an entry without JSON form: {error})"))
    }
}

/// Everything that was recorded, by time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// The entries.
    pub entries: Vec<Entry>,
}

/// An action from its beginning to its end, where it has one.
#[derive(Debug, Clone, Copy)]
pub struct Operation<'a> {
    /// Its beginning.
    pub invoke: &'a Entry,
    /// Its end; none if it was never answered.
    pub end: Option<&'a Entry>,
}

impl<'a> Operation<'a> {
    /// Its end, if it was done.
    pub fn ok(&self) -> Option<&'a Entry> {
        self.end.filter(|end| end.kind == Kind::Ok)
    }

    /// Whether it was refused for good.
    pub fn is_refused(&self) -> bool {
        self.end.is_some_and(|end| end.kind == Kind::Fail)
    }
}

impl History {
    /// A history of these entries.
    pub fn of(mut entries: Vec<Entry>) -> History {
        // Stable: what was recorded within one microsecond keeps its order.
        entries.sort_by_key(|entry| entry.t);
        History { entries }
    }

    /// Reads JSON lines.
    ///
    /// # Errors
    /// With the number of the line that cannot be read.
    pub fn read(text: &str) -> Result<History, String> {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty());
        let entries = lines.map(|(number, line)| {
            serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))
        });
        Ok(History::of(entries.collect::<Result<_, _>>()?))
    }

    /// As JSON lines.
    pub fn write(&self) -> String {
        self.entries.iter().fold(String::new(), |text, entry| text + &entry.to_line() + "\n")
    }

    /// The actions of one kind, by their beginnings.
    pub fn operations(&self, f: Action) -> Vec<Operation<'_>> {
        let of_kind = || self.entries.iter().filter(move |entry| entry.f == f);
        let ends: BTreeMap<u64, &Entry> =
            of_kind().filter(|entry| entry.kind != Kind::Invoke).map(|entry| (entry.n, entry)).collect();
        let begins = of_kind().filter(|entry| entry.kind == Kind::Invoke);
        begins.map(|invoke| Operation { invoke, end: ends.get(&invoke.n).copied() }).collect()
    }

    /// The entries of one kind.
    pub fn of_action(&self, f: Action) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.f == f)
    }
}

/// What stands for a message's text: short, and nothing that could be read back.
pub fn hash(content: &str) -> String {
    let digest = Sha256::digest(content.as_bytes());
    digest.iter().take(8).fold(String::new(), |mut text, byte| {
        let _written = write!(text, "{byte:02x}");
        text
    })
}
