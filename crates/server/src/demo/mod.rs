//! A workspace to look around in: made-up people and what they say, the same at every run.
//!
//! - Everything goes through the operations that clients use; only the accounts are made as the command line
//!   makes them. Past times come from a clock that stands still and is moved from line to line.
//! - Ids come from a seed. Two runs that end at the same moment make the same people, rooms and messages.
//! - Secrets do not: the keys of the server are made before, from real randomness.
//!
//! `talk`: the texts, and how they are read. `house`: asking for operations. `buoys`: a room as long as one likes.

mod buoys;
mod house;
mod talk;

use std::collections::BTreeMap;

use fireside_db::Db;
use fireside_features::sessions::StartError;
use fireside_kernel::{Clock, Names, Result};
use fireside_protocol::text::{DisplayName, Password, Username};
use fireside_protocol::{RoomId, Time, UserId};
use serde_json::json;

use house::House;
use talk::{Place, Script, Step, Word};

/// The password of everyone in the demo. Everyone knows it.
pub const PASSWORD: &str = "fireside-demo";
/// Who administers the demo: the person whose eyes the talk was written for.
pub const MAIN: &str = "ada";
/// Who is shown as online.
pub const ONLINE: &[&str] = &["bjorn", "chioma", "yuki", "layla"];

/// Usernames and names of everyone. Who administers comes first.
const PEOPLE: &[(&str, &str)] = &[
    (MAIN, "Ada Lovelace"),
    ("bjorn", "Björn Lind"),
    ("chioma", "Chioma Eze"),
    ("dana", "Dana Whitlock"),
    ("ines", "Inês Duarte"),
    ("layla", "ليلى حداد"),
    ("marit", "Marit Dahl"),
    ("noam", "נועם כהן"),
    ("priya", "Priya Raman"),
    ("tomas", "Tomás Quiroga"),
    ("wei", "陈伟"),
    ("yuki", "田中 由紀"),
];
/// When people were last at their desks, in minutes before now. Whoever is not here has read everything.
const LEFT: &[(&str, i64)] = &[(MAIN, 45), ("bjorn", 9), ("chioma", 21)];
/// Where luck begins.
const SEED: u64 = 0x6669_7265;
/// A position that no room will reach, and every client can say exactly.
const FAR: i64 = 1 << 50;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const MINUTE_MS: i64 = 60 * 1000;
/// How long before now people and rooms were made, in days.
const FOUNDED_DAYS: i64 = 30;

/// What the demo is made of.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// When the talk ends.
    pub now: Time,
    /// Messages in a long room; without any there is no such room.
    pub long_room_messages: u32,
}

/// What was made.
#[derive(Debug, Default)]
pub struct Filled {
    /// Ids of people, by their usernames.
    pub people: BTreeMap<String, UserId>,
    /// Where each of them is a member.
    pub memberships: BTreeMap<String, Vec<RoomId>>,
    /// Messages that were sent.
    pub messages: usize,
}

/// Fills an empty database. The keys of the server must have been made already: those made here could be guessed.
///
/// # Errors
/// When the database does not answer, or is not empty.
pub async fn fill(db: &Db, settings: Settings) -> Result<Filled, StartError> {
    let clock = Clock::standing(settings.now.plus_ms(-FOUNDED_DAYS * DAY_MS));
    let house = House::open(db, clock, Names::seeded(SEED)).await?;
    let script = Script::read()?;
    let mut telling = Telling { house, now: settings.now, filled: Filled::default(), rooms: BTreeMap::new() };
    telling.settle().await?;
    for place in &script.places {
        telling.open(place).await?;
    }
    telling.tell(&script).await?;
    if settings.long_room_messages > 0 {
        telling.long_room(settings.long_room_messages).await?;
    }
    Ok(telling.filled)
}

/// The demo while it is being made.
struct Telling {
    house: House,
    now: Time,
    filled: Filled,
    /// Rooms by their names.
    rooms: BTreeMap<String, RoomId>,
}

impl Telling {
    /// Makes the accounts.
    async fn settle(&mut self) -> Result<()> {
        let password = Password::parse(PASSWORD).map_err(talk::wrong)?;
        let mut people = Vec::with_capacity(PEOPLE.len());
        for (username, name) in PEOPLE {
            let name = DisplayName::parse(*name).map_err(talk::wrong)?;
            people.push((Username::parse(username).map_err(talk::wrong)?, name));
        }
        let mut others = people.split_off(1);
        let sessions = self.house.sessions();
        for (username, name) in people {
            let id = sessions.create_admin(username, Some(name), &password).await?;
            self.filled.people.insert(MAIN.to_owned(), id);
        }
        let names: Vec<String> = others.iter().map(|(username, _)| username.as_str().to_owned()).collect();
        let ids = sessions.create_crowd(std::mem::take(&mut others), &password).await?;
        self.filled.people.extend(names.into_iter().zip(ids));
        Ok(())
    }

    /// Makes a room with its members; of a conversation of two nothing has to be made.
    async fn open(&mut self, place: &Place) -> Result<()> {
        let [maker, others @ ..] = place.members.as_slice() else { return Ok(()) };
        if place.is_direct {
            return Ok(());
        }
        self.house.clock.shift_ms(MINUTE_MS);
        let by = self.id_of(maker)?;
        let room = if place.is_first {
            let request = json!({ "roomId": place.name.to_lowercase(), "description": place.topic });
            self.house.ask(&by, "rooms.update", &request).await?
        } else {
            let (name, topic) = (&place.name, &place.topic);
            let request = json!({ "name": name, "description": topic, "isPrivate": place.is_private });
            self.house.ask(&by, "rooms.create", &request).await?
        };
        let id = RoomId::trusted(house::text(&room, "id")?);
        for member in others {
            let request = json!({ "roomId": id.as_str(), "userId": self.id_of(member)?.as_str() });
            self.house.ask(&by, "members.set", &request).await?;
        }
        for member in &place.members {
            self.note_membership(member, &id);
        }
        self.rooms.insert(place.name.clone(), id);
        Ok(())
    }

    /// Lets everyone say what they have to say, in the order of time.
    async fn tell(&mut self, script: &Script) -> Result<()> {
        let mut said = vec![String::new(); script.lines.len()];
        let mut left: Vec<_> = LEFT.iter().map(|(who, minutes)| (*who, -minutes * MINUTE_MS)).collect();
        left.sort_by_key(|(_, ms)| *ms);
        let mut left = left.into_iter().peekable();
        for Step { at_ms, line, word } in script.steps(self.now) {
            while let Some((who, at_ms)) = left.next_if(|(_, left_ms)| *left_ms < at_ms) {
                self.go_to(at_ms);
                self.read_all(who).await?;
            }
            self.go_to(at_ms);
            let spoken = &script.lines[line];
            let by = self.id_of(&spoken.who)?;
            match word {
                Word::Says => said[line] = self.say(&by, script, line).await?,
                Word::Edits(text) => {
                    let request = json!({ "messageId": said[line], "content": text });
                    self.house.ask(&by, "messages.edit", &request).await?;
                }
                Word::Deletes => {
                    self.house.ask(&by, "messages.delete", &json!({ "messageId": said[line] })).await?;
                }
            }
        }
        for (who, _) in PEOPLE.iter().filter(|(who, _)| LEFT.iter().all(|(left, _)| left != who)) {
            self.read_all(who).await?;
        }
        Ok(())
    }

    /// Sends one line; the message's id.
    async fn say(&mut self, by: &UserId, script: &Script, line: usize) -> Result<String> {
        let line = &script.lines[line];
        let place = &script.places[line.place];
        let sent = if place.is_direct {
            let other = place.members.iter().find(|member| **member != line.who).unwrap_or(&line.who);
            let request = json!({ "receiverId": self.id_of(other)?.as_str(), "content": line.text });
            self.house.ask(by, "direct_messages.send", &request).await?
        } else {
            let room = self.rooms.get(&place.name).map_or("", RoomId::as_str);
            self.house.ask(by, "messages.send", &json!({ "roomId": room, "content": line.text })).await?
        };
        self.filled.messages += 1;
        let room = RoomId::trusted(house::text(&sent, "roomId")?);
        for member in &place.members {
            self.note_membership(member, &room);
        }
        house::text(&sent, "id")
    }

    /// Lets somebody read everything that has been said so far.
    async fn read_all(&mut self, who: &str) -> Result<()> {
        let by = self.id_of(who)?;
        for room in self.filled.memberships.get(who).cloned().unwrap_or_default() {
            self.read(&by, &room).await?;
        }
        Ok(())
    }

    /// Lets somebody read a room to its end.
    async fn read(&self, by: &UserId, room: &RoomId) -> Result<()> {
        // A position beyond the end is the end.
        let request = json!({ "roomId": room.as_str(), "seq": FAR });
        self.house.ask(by, "reads.mark", &request).await.map(drop)
    }

    /// Makes the long room; who has read what is as everywhere.
    async fn long_room(&mut self, messages: u32) -> Result<()> {
        let place = buoys::place();
        // Back again: its reports are older than what the other rooms say, and each room has its own time.
        self.go_to(-buoys::SPAN_MS);
        self.open(&place).await?;
        let room = self.rooms.get(&place.name).cloned().unwrap_or_else(|| RoomId::trusted(""));
        let people: Vec<UserId> =
            place.members.iter().map(|member| self.id_of(member)).collect::<Result<_>>()?;
        buoys::report(&self.house, &room, &people, messages).await?;
        self.filled.messages += messages as usize;
        for member in &place.members {
            self.read(&self.id_of(member)?, &room).await?;
        }
        Ok(())
    }

    /// Sets the clock, to so many ms after now.
    fn go_to(&self, at_ms: i64) {
        self.house.clock.shift_ms(self.now.plus_ms(at_ms).ms_since(self.house.clock.now()));
    }

    fn id_of(&self, who: &str) -> Result<UserId> {
        self.filled.people.get(who).cloned().ok_or_else(|| talk::wrong(format!("nobody is called {who}")))
    }

    fn note_membership(&mut self, who: &str, room: &RoomId) {
        let rooms = self.filled.memberships.entry(who.to_owned()).or_default();
        if !rooms.contains(room) {
            rooms.push(room.clone());
        }
    }
}
