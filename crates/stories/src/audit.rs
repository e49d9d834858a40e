//! The audit at the end of every story: what people know is what is there, and what they were told is exactly
//! what the rooms' logs say they may hear (`GUARANTEES.md`: I6, I9, I12, I13, I16, I20).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fireside_db::Db;
use fireside_kernel::relay::{Committed, Effect};
use fireside_kernel::room_log::read::events_after;
use fireside_protocol::{Event as Told, RoomId, UserId};
use futures_util::future::join_all;
use serde_json::Value;

use crate::actor::{Actor, House};
use crate::client::{Event, RESUMED, Socket};
use crate::own::{self, Own};
use crate::replica::Replica;
use crate::story;

/// Someone whose story is told.
#[derive(Debug, Clone, Copy)]
pub struct Witness<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// Whether their first socket was connected before the story began: it must have heard everything.
    pub was_there: bool,
    /// What they knew of themselves before the story began.
    pub own: Option<&'a Own>,
}

/// Compares what everyone knows from events with what the server tells them now (I16), and looks for panics
/// (I20).
pub async fn knowledge(witnesses: &[Witness<'_>]) -> Vec<String> {
    let connected: Vec<&Witness<'_>> =
        witnesses.iter().filter(|witness| !witness.actor.open_sockets().is_empty()).collect();
    join_all(connected.iter().map(|witness| witness.actor.fence())).await;
    let compared = join_all(connected.iter().map(|witness| async move {
        let (actor, mut findings) = (witness.actor, Vec::new());
        let first = actor.sockets().into_iter().next().filter(|socket| !socket.heard().is_over());
        if let Some((own, socket)) = witness.own.cloned().zip(first) {
            findings.extend(own.after(&socket.heard().since(0)).differences(actor).await);
        }
        for socket in actor.open_sockets() {
            let replica = Replica::of(actor.id(), &socket.heard().since(0));
            findings.extend(replica.differences(actor).await);
            findings.extend(own::disorder(actor, &socket.heard().since(0)));
        }
        findings
    }));
    let mut findings: Vec<String> = compared.await.into_iter().flatten().collect();
    let panics = story::panics();
    if panics > 0 {
        findings.push(format!("{panics} panics"));
    }
    findings
}

/// Compares everything that anyone received with the logs of the rooms. Sockets that are open must have heard
/// everything up to here.
///
/// # Panics
/// If the database does not answer.
pub async fn record(
    db: &Db,
    house: &House,
    before: &HashMap<String, i64>,
    witnesses: &[Witness<'_>],
) -> Vec<String> {
    let mut logs = Logs::new();
    for room in known_rooms(house, witnesses) {
        let events = events_after(db, &RoomId::trusted(room.as_str()), 0, i64::MAX).await;
        logs.insert(room, Log { events: events.expect("the log can be read back") });
    }
    let mut findings: Vec<String> = logs.iter().filter_map(|(room, log)| log.hole(room)).collect();
    for witness in witnesses {
        for (number, socket) in witness.actor.sockets().into_iter().enumerate() {
            let before = (witness.was_there && number == 0).then_some(before);
            findings.extend(deliveries(&logs, before, witness.actor, &socket));
        }
    }
    findings.extend(leaks(&logs, house, witnesses));
    findings
}

type Logs = BTreeMap<String, Log>;

/// Rooms that stories made, and all that anyone was told of.
fn known_rooms(house: &House, witnesses: &[Witness<'_>]) -> BTreeSet<String> {
    let told = |actor: &Actor| {
        let events = actor.sockets().into_iter().flat_map(|socket| socket.heard().since(0));
        events.filter_map(|event| place(&event).map(|(room, _)| room)).collect::<Vec<_>>()
    };
    let made = house.rooms.lock().iter().map(|room| room.id.clone()).collect::<Vec<_>>();
    made.into_iter().chain(witnesses.iter().flat_map(|witness| told(witness.actor))).collect()
}

/// The room and position of a durable event; signals have none.
fn place(event: &Event) -> Option<(String, i64)> {
    event.payload["epoch"].as_str()?;
    let room = event.payload["roomId"].as_str().or(event.payload["id"].as_str())?;
    Some((room.to_owned(), event.payload["seq"].as_i64()?))
}

/// A room's log, as the database has it.
struct Log {
    events: Vec<Committed>,
}

impl Log {
    /// Positions are 1, 2, 3 … (I6).
    fn hole(&self, room: &str) -> Option<String> {
        let is_dense = self.events.iter().zip(1..).all(|(event, seq)| event.seq == seq);
        let seqs: Vec<i64> = self.events.iter().map(|event| event.seq).collect();
        (!is_dense).then(|| format!("the log of room {room} has a hole: {seqs:?}"))
    }

    /// The positions that a user may hear: from each entering to each leaving, both included (I13).
    fn audible(&self, user: &str) -> Vec<i64> {
        let mut is_member = self.pair().contains(user);
        let mut audible = Vec::new();
        for event in &self.events {
            if let Effect::Enter(users) = &event.effect {
                is_member |= users.iter().any(|other| other.as_str() == user);
            }
            if is_member {
                audible.push(event.seq);
            }
            is_member &= match &event.effect {
                Effect::Exit(gone) => gone.as_str() != user,
                Effect::Close => false,
                Effect::None | Effect::Enter(_) => true,
            };
        }
        audible
    }

    /// The two people of a conversation; nobody for a room.
    fn pair(&self) -> BTreeSet<&str> {
        let people = self.events.iter().filter_map(|event| match &event.event {
            Told::DirectMessageNew(told) => {
                Some([told.message.sender_id.as_str(), told.message.receiver_id.as_str()])
            }
            _ => None,
        });
        people.flatten().collect()
    }

    /// Everyone who was ever let in.
    fn readers(&self) -> BTreeSet<&str> {
        let entered = self.events.iter().flat_map(|event| match &event.effect {
            Effect::Enter(users) => users.as_slice(),
            Effect::None | Effect::Exit(_) | Effect::Close => &[],
        });
        entered.map(UserId::as_str).chain(self.pair()).collect()
    }

    /// Ids of its messages.
    fn message_ids(&self) -> impl Iterator<Item = &str> {
        self.events.iter().filter_map(|event| match &event.event {
            Told::MessageNew(told) => Some(told.message.id.as_str()),
            Told::DirectMessageNew(told) => Some(told.message.id.as_str()),
            _ => None,
        })
    }

    fn name_at(&self, seq: i64) -> Option<&'static str> {
        let index = usize::try_from(seq).ok()?.checked_sub(1)?;
        self.events.get(index).map(|event| event.event.name())
    }
}

/// What a socket was told, held against what it should have been told (I9, I13).
fn deliveries(
    logs: &Logs,
    before: Option<&HashMap<String, i64>>,
    actor: &Actor,
    socket: &Socket,
) -> Vec<String> {
    let mut told: BTreeMap<&str, Vec<(i64, String)>> =
        logs.keys().map(|room| (room.as_str(), Vec::new())).collect();
    // Where a socket has resumed, what it hears goes on behind the answer.
    let mut resumed: BTreeMap<String, i64> = BTreeMap::new();
    for event in socket.heard().since(0) {
        if event.name == RESUMED {
            for (room, head) in recovered(&event.payload) {
                told.get_mut(room.as_str()).map(Vec::clear);
                resumed.insert(room, head);
            }
        } else if let Some((room, seq)) = place(&event)
            && let Some(told) = told.get_mut(room.as_str())
        {
            told.push((seq, event.name));
        }
    }
    let mut findings = Vec::new();
    for (room, told) in told {
        let log = &logs[room];
        let is_other = |(seq, name): &&(i64, String)| log.name_at(*seq) != Some(name);
        if let Some((seq, name)) = told.iter().find(is_other) {
            findings.push(format!(
                "{} was told {name} at {seq} of room {room}, where something else is",
                actor.name()
            ));
        }
        if actor.is_choosy(socket) {
            continue;
        }
        let told: Vec<i64> = told.iter().map(|(seq, _)| *seq).collect();
        let audible = log.audible(actor.id());
        let expected = match before {
            Some(_) => audible.as_slice(),
            None if resumed.contains_key(room) => audible.as_slice(),
            // It came at some time: from what it heard first on, everything.
            None => from(&audible, told.first().copied()),
        };
        let since = resumed.get(room).or_else(|| before?.get(room)).copied().unwrap_or(0);
        let expected: Vec<i64> = expected.iter().copied().filter(|seq| *seq > since).collect();
        // A socket that was closed may have missed the end.
        let is_right = if socket.heard().is_over() { expected.starts_with(&told) } else { expected == told };
        if !is_right {
            let id = socket.id();
            findings
                .push(format!("{} heard {told:?} of room {room} on {id}, not {expected:?}", actor.name()));
        }
    }
    findings
}

/// The rooms that an answer to `resume` brought up to a place.
fn recovered(answer: &Value) -> Vec<(String, i64)> {
    let rooms = answer["rooms"].as_array().into_iter().flatten().filter(|room| room["recovered"] == true);
    rooms.filter_map(|room| Some((room["roomId"].as_str()?.to_owned(), room["seq"].as_i64()?))).collect()
}

fn from(audible: &[i64], first: Option<i64>) -> &[i64] {
    let start = audible.iter().position(|seq| Some(*seq) >= first).filter(|_| first.is_some());
    &audible[start.unwrap_or(audible.len())..]
}

/// Secrets of rooms in what others received (I12).
fn leaks(logs: &Logs, house: &House, witnesses: &[Witness<'_>]) -> Vec<String> {
    let mut findings = Vec::new();
    let rooms = house.rooms.lock().clone();
    for (id, log) in logs {
        let pair: Vec<&str> = log.pair().into_iter().collect();
        let room = rooms.iter().find(|room| room.id == *id);
        let canary = match (room, pair.as_slice()) {
            (Some(room), _) if room.is_private => room.canary.clone(),
            (None, [one, two]) => format!("canary-between-{one}-and-{two}-only"),
            (None, [_]) => id.clone(),
            _ => continue,
        };
        let readers = log.readers();
        let secrets: Vec<&str> = [id.as_str(), &canary].into_iter().chain(log.message_ids()).collect();
        // Whoever asks to resume a room by its id is told, with that id, that there is no such room.
        let echo = format!(r#"{{"roomId":"{id}","recovered":false,"reason":"not_found"}}"#);
        for witness in witnesses.iter().filter(|witness| !readers.contains(witness.actor.id())) {
            for text in witness.actor.received() {
                let text = text.replace(&echo, "");
                let leaked = secrets.iter().find(|secret| text.contains(**secret));
                findings.extend(
                    leaked.map(|secret| format!("{} received {secret} in {text}", witness.actor.name())),
                );
            }
        }
    }
    findings
}
