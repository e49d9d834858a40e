//! What should be unread, found the slow way: everything that happened in a room is kept, and counted again
//! each time.

use std::collections::BTreeMap;

/// What people may say, and whom that mentions.
pub(super) const TEXTS: [(&str, &[&str]); 6] = [
    ("hi", &[]),
    ("@ann", &["ann"]),
    ("@bob and @Cy.", &["bob", "cy"]),
    ("`@ann` and ann@bob.org", &[]),
    ("all: @ann @bob @cy", &["ann", "bob", "cy"]),
    ("ho", &[]),
];

/// A step of somebody. Messages are named by their number among those that are known to all.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Send { who: usize, text: usize },
    Edit { who: usize, message: usize, text: usize },
    Delete { who: usize, message: usize },
    Read { who: usize, seq: i64 },
    ReadMessage { who: usize, message: usize },
    Unread { who: usize, seq: i64 },
    UnreadMessage { who: usize, message: usize },
    Mute { who: usize, muted: bool },
    Leave { who: usize },
    Join { who: usize },
}

/// Who acts.
pub(super) const PEOPLE: [&str; 3] = ["ann", "bob", "cy"];

#[derive(Debug)]
struct Message {
    seq: i64,
    sender: usize,
    text: usize,
    is_deleted: bool,
}

#[derive(Debug, Clone)]
struct Membership {
    joined: i64,
    read: i64,
    muted: bool,
    is_admin: bool,
}

/// A room, with everything that ever happened in it.
#[derive(Debug)]
pub(super) struct Oracle {
    head: i64,
    messages: Vec<Message>,
    members: BTreeMap<usize, Membership>,
}

/// What should be unread for someone.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) read: i64,
    pub(super) head: i64,
    pub(super) unread: i64,
    pub(super) mentions: i64,
    pub(super) muted: bool,
    pub(super) first: Option<i64>,
    /// Of each message, the newest first: its place, why it counts or not, whether it mentions one.
    pub(super) reasons: Vec<(i64, &'static str, bool)>,
}

impl Oracle {
    /// A room that the first of the people has just made.
    pub(super) fn new() -> Oracle {
        let maker = Membership { joined: 0, read: 0, muted: false, is_admin: true };
        Oracle { head: 1, messages: Vec::new(), members: BTreeMap::from([(0, maker)]) }
    }

    /// How many messages there are.
    pub(super) fn messages(&self) -> usize {
        self.messages.len()
    }

    /// Does a step, if it is allowed.
    pub(super) fn apply(&mut self, step: &Step) {
        match *step {
            Step::Send { who, text } if self.members.contains_key(&who) => {
                self.head += 1;
                self.messages.push(Message { seq: self.head, sender: who, text, is_deleted: false });
            }
            Step::Edit { who, message, text } if self.members.contains_key(&who) => {
                let message = &mut self.messages[message];
                if message.sender == who && !message.is_deleted && message.text != text {
                    message.text = text;
                    self.head += 1;
                }
            }
            Step::Delete { who, message } => {
                let Some(member) = self.members.get(&who) else { return };
                let message = &mut self.messages[message];
                if (message.sender == who || member.is_admin) && !message.is_deleted {
                    message.is_deleted = true;
                    self.head += 1;
                }
            }
            Step::Read { who, seq } => self.read(who, seq),
            Step::ReadMessage { who, message } => self.read(who, self.messages[message].seq),
            Step::Unread { who, seq } => self.unread(who, seq),
            Step::UnreadMessage { who, message } => self.unread(who, self.messages[message].seq),
            Step::Mute { who, muted } => {
                self.members.entry(who).and_modify(|member| member.muted = muted);
            }
            Step::Leave { who } if self.members.remove(&who).is_some() => self.head += 1,
            Step::Join { who } if !self.members.contains_key(&who) => {
                self.head += 1;
                let (joined, read) = (self.head, self.head);
                self.members.insert(who, Membership { joined, read, muted: false, is_admin: false });
            }
            _ => {}
        }
    }

    fn read(&mut self, who: usize, seq: i64) {
        let head = self.head;
        self.members.entry(who).and_modify(|member| member.read = member.read.max(seq.min(head)));
    }

    fn unread(&mut self, who: usize, seq: i64) {
        self.members
            .entry(who)
            .and_modify(|member| member.read = member.read.min(seq - 1).max(member.joined));
    }

    /// What someone should be told; none for who is not a member.
    pub(super) fn expected(&self, who: usize) -> Option<Expected> {
        let member = self.members.get(&who)?;
        let names = |message: &&Message| TEXTS[message.text].1.contains(&PEOPLE[who]);
        let others = |message: &&Message| {
            message.sender != who && !message.is_deleted && message.seq > member.read.max(member.joined)
        };
        let unread: Vec<_> = self.messages.iter().filter(others).collect();
        let reasons = self.messages.iter().rev().map(|message| {
            let reason = match message {
                message if message.seq <= member.joined => "before_joining",
                Message { is_deleted: true, .. } => "deleted",
                message if message.sender == who => "own",
                message if message.seq <= member.read => "read",
                _ if member.muted => "muted",
                _ => "unread",
            };
            let is_mention = names(&message) && !message.is_deleted && message.sender != who;
            (message.seq, reason, is_mention)
        });
        Some(Expected {
            read: member.read,
            head: self.head,
            unread: if member.muted { 0 } else { unread.len() as i64 },
            mentions: unread.iter().copied().filter(names).count() as i64,
            muted: member.muted,
            first: unread.first().map(|message| message.seq),
            reasons: reasons.collect(),
        })
    }
}
