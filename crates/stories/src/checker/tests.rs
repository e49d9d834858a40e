//! Each invariant once green and once red, on histories made by hand.

use super::*;

mod deliveries;
mod service;
mod writes;

/// A short history in which everything holds: two people, one private room, a retry, an edit, a resume.
struct Case {
    entries: Vec<Entry>,
    truth: Truth,
}

const ROOM: &str = "r";

fn entry(t: u64, p: &str, f: Action, kind: Kind) -> Entry {
    let user = p.split('#').next().unwrap_or_default().to_owned();
    Entry { t: t * 1000, p: p.to_owned(), user, f, kind, room: ROOM.to_owned(), ..Entry::default() }
}

fn send(t: u64, n: u64, p: &str, cmid: &str) -> Entry {
    Entry { n, cmid: cmid.to_owned(), hash: history::hash(cmid), ..entry(t, p, Action::Send, Kind::Invoke) }
}

fn sent(t: u64, n: u64, p: &str, cmid: &str, seq: i64) -> Entry {
    let id = format!("m-{cmid}");
    Entry { n, cmid: cmid.to_owned(), id, seq: Some(seq), ..entry(t, p, Action::Send, Kind::Ok) }
}

fn heard(t: u64, p: &str, event: &str, seq: i64, message: &str) -> Entry {
    let is_message = !message.is_empty();
    Entry {
        seq: Some(seq),
        epoch: "e".to_owned(),
        event: event.to_owned(),
        id: if is_message { format!("m-{message}") } else { String::new() },
        cmid: message.to_owned(),
        hash: if is_message { history::hash(message) } else { String::new() },
        ..entry(t, p, Action::Deliver, Kind::Info)
    }
}

fn resume(t: u64, n: u64, p: &str, seq: i64) -> Entry {
    Entry { n, seq: Some(seq), epoch: "e".to_owned(), ..entry(t, p, Action::Resume, Kind::Invoke) }
}

fn resumed(t: u64, n: u64, p: &str, seq: i64, head: i64) -> Entry {
    Entry { kind: Kind::Ok, head: Some(head), recovered: Some(true), t: t * 1000, ..resume(t, n, p, seq) }
}

fn event(seq: i64, kind: &str, actor: &str, subject: Option<&str>, message: Option<&str>) -> Event {
    let text = |word: &str| word.to_owned();
    let message = message.map(|message| format!("m-{message}"));
    Event { seq, kind: text(kind), actor: text(actor), subject: subject.map(text), message }
}

fn stored(seq: i64, cmid: &str) -> (String, Message) {
    let row = Message {
        seq,
        rev: seq,
        sender: "a".to_owned(),
        cmid: Some(cmid.to_owned()),
        hash: history::hash(cmid),
        deleted: false,
    };
    (format!("m-{cmid}"), row)
}

fn good() -> Case {
    let room = Room {
        epoch: "e".to_owned(),
        head: 5,
        is_private: true,
        canary: Some("word".to_owned()),
        events: vec![
            event(1, "room:created", "a", None, None),
            event(2, "room:user-joined", "a", Some("b"), None),
            event(3, "message:new", "a", None, Some("one")),
            event(4, "message:new", "a", None, Some("two")),
            event(5, "message:new", "a", None, Some("three")),
        ],
        messages: [stored(3, "one"), stored(4, "two"), stored(5, "three")].into(),
    };
    let page = Entry { seq: Some(0), head: Some(2), ..entry(2, "a#1", Action::Page, Kind::Ok) };
    let entries = vec![
        entry(0, "a#1", Action::Connect, Kind::Ok),
        entry(0, "b#1", Action::Connect, Kind::Ok),
        page.clone(),
        Entry { p: "b#1".to_owned(), user: "b".to_owned(), ..page },
        send(10, 1, "a#1", "one"),
        sent(12, 1, "a#1", "one", 3),
        heard(12, "a#1", "message:new", 3, "one"),
        heard(13, "b#1", "message:new", 3, "one"),
        entry(14, "b#1", Action::Disconnect, Kind::Info),
        send(20, 2, "a#1", "two"),
        send(20, 3, "a#1", "three"),
        sent(25, 2, "a#1", "two", 4),
        heard(25, "a#1", "message:new", 4, "two"),
        heard(25, "a#1", "message:new", 5, "three"),
        Entry { kind: Kind::Info, ..send(26, 3, "a#1", "three") },
        send(30, 4, "a#1", "three"),
        Entry { duplicate: true, ..sent(31, 4, "a#1", "three", 5) },
        entry(40, "b#2", Action::Connect, Kind::Ok),
        resume(41, 5, "b#2", 3),
        resumed(42, 5, "b#2", 3, 5),
        Entry { n: 5, resumed: true, ..heard(42, "b#2", "message:new", 4, "two") },
        Entry { n: 5, resumed: true, ..heard(42, "b#2", "message:new", 5, "three") },
        Entry {
            secrets: vec!["word".to_owned()],
            room: String::new(),
            ..entry(43, "b", Action::Heard, Kind::Info)
        },
        entry(60, "", Action::Rest, Kind::Info),
    ];
    Case { entries, truth: Truth { rooms: [(ROOM.to_owned(), room)].into() } }
}

impl Case {
    fn room(&mut self) -> &mut Room {
        self.truth.rooms.get_mut(ROOM).expect("it is there")
    }

    fn found(&self) -> Vec<Invariant> {
        let history = History::of(self.entries.clone());
        let read = History::read(&history.write()).expect("what is written can be read");
        assert_eq!(read, history);
        let findings = check(&read, &self.truth, &Bounds::default());
        let mut names: Vec<_> = findings.iter().map(|finding| finding.invariant).collect();
        names.dedup();
        names
    }
}

/// What is found when the good case is changed so.
fn found(change: impl FnOnce(&mut Case)) -> Vec<Invariant> {
    let mut case = good();
    change(&mut case);
    case.found()
}

#[test]
fn a_good_history_is_green() {
    assert_eq!(found(|_| {}), []);
}
