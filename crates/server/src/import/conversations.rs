//! Direct messages: every pair of people has one conversation, a room of kind `direct` under the pair's key.

use std::collections::{HashMap, HashSet};

use fireside_db::{Error, Tx, Value};
use fireside_kernel::room_log::state::pair_key;
use fireside_protocol::{MessageId, Time, UserId};

use super::messages::{Stamps, Text, row};
use super::people::People;
use super::report::{Note, Report};
use super::source::{DirectRow, Source};
use super::target::{self, Event, Head, Read};
use super::{Import, ImportError, Mode, progress};

/// Imports conversations and their messages.
pub(super) async fn import(
    import: &mut Import<'_>,
    source: &mut Source,
    people: &People,
) -> Result<(), ImportError> {
    let mut last_pair = String::new();
    let cursor = source.direct_messages().await?;
    loop {
        let chunk = source.next(&cursor).await?;
        if chunk.is_empty() {
            return Ok(());
        }
        import.report.direct_messages.found += chunk.len() as u64;
        let mut planner = Planner::new(import.now);
        for message in &chunk {
            let pair =
                pair_key(&UserId::trusted(&*message.sender_id), &UserId::trusted(&*message.receiver_id));
            // Conversations come one after the other, and may go on from the chunk before.
            let is_first = pair != last_pair;
            import.report.conversations.found += u64::from(is_first);
            if has_both(import, people, message, is_first) {
                if is_first {
                    planner.firsts.insert(pair.clone());
                }
                planner.add(import, message, &pair);
            }
            last_pair = pair;
        }
        let writes = import.target.writes();
        let report = import.target.transact(async |tx| planner.run(tx, writes).await).await?;
        import.report.absorb(report);
        progress("direct messages", import.report.direct_messages.found, chunk.len());
    }
}

/// Whether both people are here; notes who is not.
fn has_both(import: &mut Import<'_>, people: &People, message: &DirectRow, is_first: bool) -> bool {
    let note = match (people.knows(&message.sender_id), people.knows(&message.receiver_id)) {
        (true, true) => return true,
        (false, _) => Note::UnknownSender,
        (true, false) => Note::UnknownReceiver,
    };
    import.report.direct_messages.skipped += 1;
    import.report.conversations.skipped += u64::from(is_first);
    import.report.note(note, format!("direct message {:?}", message.id));
    false
}

/// What a conversation is made with, if there is none yet.
struct Fresh {
    room: String,
    epoch: String,
    members: [String; 2],
}

/// Decides what becomes of a chunk.
struct Planner<'a> {
    messages: Vec<(&'a DirectRow, String)>,
    /// Pairs of which this chunk has the first message.
    firsts: HashSet<String>,
    fresh: HashMap<String, Fresh>,
    now: i64,
}

/// What has to be written for a chunk.
#[derive(Default)]
struct Writes<'a> {
    rooms: Vec<(String, [Value; 11])>,
    members: Vec<[Value; 7]>,
    messages: Vec<[Value; 12]>,
    events: Vec<(String, (i64, i64), &'a DirectRow)>,
    reads: HashMap<(String, &'a str), Read>,
}

impl<'a> Planner<'a> {
    fn new(now: i64) -> Planner<'a> {
        Planner { messages: Vec::new(), firsts: HashSet::new(), fresh: HashMap::new(), now }
    }

    /// Takes a message of two people who are both here.
    fn add(&mut self, import: &mut Import<'_>, message: &'a DirectRow, pair: &str) {
        if MessageId::parse(&message.id).is_none() {
            import.report.direct_messages.skipped += 1;
            import.report.note(Note::UnusableId, format!("direct message {:?}", message.id));
            return;
        }
        let names = import.names;
        self.fresh.entry(pair.to_owned()).or_insert_with(|| {
            let id = || names.id(Time::from_micros(message.created_at.unwrap_or(self.now)));
            Fresh { room: id(), epoch: names.word(), members: [id(), id()] }
        });
        self.messages.push((message, pair.to_owned()));
    }

    async fn run(&self, tx: &mut Tx, writes: bool) -> Result<Report, Error> {
        let mut heads = target::direct_heads(tx, self.fresh.keys().map(String::as_str)).await?;
        let here = target::messages(tx, self.messages.iter().map(|(message, _)| message.id.as_str())).await?;
        let mut report = Report::new(if writes { Mode::Write } else { Mode::DryRun });
        let mut plan = Writes::default();
        let mut counted = HashSet::new();
        for (message, pair) in &self.messages {
            let is_here = heads.contains_key(pair);
            if self.firsts.contains(pair) && counted.insert(pair.as_str()) {
                let tally = &mut report.conversations;
                *(if is_here { &mut tally.present } else { &mut tally.imported }) += 1;
            }
            if !is_here {
                heads.insert(pair.clone(), self.make(message, pair, &mut plan));
            }
            let Some(head) = heads.get_mut(pair) else { continue };
            self.place(message, head, here.get(&message.id), &mut plan, &mut report);
        }
        if writes {
            self.write(tx, plan, &heads).await?;
        }
        Ok(report)
    }

    /// Makes a conversation; whoever wrote first began it.
    fn make(&self, first: &DirectRow, pair: &str, plan: &mut Writes<'a>) -> Head {
        let created = first.created_at.unwrap_or(self.now);
        let Fresh { room, epoch, members } = &self.fresh[pair];
        let mut head = Head::new(room.clone(), created);
        let people: HashSet<&str> = [&*first.sender_id, &*first.receiver_id].into();
        for (user, id) in people.into_iter().zip(members) {
            head.members += 1;
            let (role, at, place) = ("member".into(), created.into(), 0_i64.into());
            plan.members.push([room.into(), user.into(), id.into(), role, at, place, Value::Bigint(None)]);
        }
        let row = [
            room.into(),
            "direct".into(),
            Value::Text(None),
            pair.into(),
            "".into(),
            Value::Text(None),
            true.into(),
            (&first.sender_id).into(),
            created.into(),
            created.into(),
            epoch.into(),
        ];
        plan.rooms.push((pair.to_owned(), row));
        head
    }

    /// Gives a message its place, unless it has one.
    fn place(
        &self,
        message: &'a DirectRow,
        head: &mut Head,
        here: Option<&(String, i64)>,
        plan: &mut Writes<'a>,
        report: &mut Report,
    ) {
        let seq = match here {
            Some((room, seq)) if *room == head.room => {
                report.direct_messages.present += 1;
                *seq
            }
            Some(_) => {
                report.direct_messages.skipped += 1;
                report.note(Note::IdTaken, format!("direct message {}", message.id));
                return;
            }
            None => {
                let created = message.created_at.unwrap_or(self.now);
                let place = head.next(created);
                let (modified, deleted) = (message.modified_at, message.deleted_at);
                let stamps = Stamps { created, modified, edited: None, deleted };
                let metadata = message.metadata.as_deref();
                let text = Text { content: &message.content, kind: &message.kind, metadata };
                let home = (head.room.as_str(), place.0);
                plan.messages.push(row(report, &message.id, home, &message.sender_id, &text, &stamps));
                plan.events.push((head.room.clone(), place, message));
                report.direct_messages.imported += 1;
                place.0
            }
        };
        if message.read_at.is_some() {
            let (room, user) = (head.room.clone(), message.receiver_id.as_str());
            let read = plan.reads.entry((room.clone(), user)).or_insert_with(|| Read {
                room,
                user: user.to_owned(),
                seq,
                at: None,
            });
            (read.seq, read.at) = (read.seq.max(seq), read.at.max(message.read_at));
        }
    }

    async fn write(&self, tx: &mut Tx, plan: Writes<'a>, heads: &HashMap<String, Head>) -> Result<(), Error> {
        let is_new: HashSet<&str> = plan.rooms.iter().map(|(pair, _)| pair.as_str()).collect();
        let before = heads.iter().filter(|(pair, _)| !is_new.contains(pair.as_str())).map(|(_, head)| head);
        target::move_heads(tx, before).await?;
        let rooms = plan.rooms.iter().map(|(pair, row)| (row.clone(), &heads[pair])).collect();
        target::insert_rooms(tx, rooms).await?;
        target::insert_members(tx, plan.members).await?;
        target::insert_messages(tx, plan.messages).await?;
        let events = plan.events.iter().map(|(room, place, message)| Event {
            room,
            place: *place,
            kind: "dm:new",
            actor: &message.sender_id,
            subject: None,
            message: Some(&message.id),
            data: None,
        });
        let events: Vec<_> = events.collect();
        target::insert_events(tx, &events).await?;
        let reads: Vec<_> = plan.reads.into_values().collect();
        target::raise_reads(tx, &reads).await
    }
}
