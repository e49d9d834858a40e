//! The roster over time that the tests make up.

use super::*;

const MAX: usize = 1_000;

/// A roster and its time.
struct Stage {
    roster: Roster,
    now: Instant,
    at: i64,
}

impl Stage {
    fn new() -> Stage {
        Stage { roster: Roster::default(), now: Instant::now(), at: 0 }
    }

    fn at(&self) -> Time {
        Time::from_micros(self.at)
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        self.at += i64::try_from(time.as_micros()).unwrap();
    }

    fn opens(&mut self, name: &str, rooms: &[&str]) {
        let rooms: Vec<_> = rooms.iter().copied().map(room).collect();
        self.roster.open(&format!("socket of {name}"), &user(name), &rooms, self.now);
    }

    fn closes(&mut self, name: &str) {
        self.roster.close(&user(name), Ending::Closed, self.now, self.at());
    }

    fn vanishes(&mut self, name: &str) {
        self.roster.close(&user(name), Ending::Vanished, self.now, self.at());
    }

    fn enters(&mut self, name: &str, to: &str) {
        self.roster.enter(&room(to), &user(name), self.now);
    }

    /// Goes on to the next round and tells what it says: `name+` and `name-` with the rooms told.
    fn round(&mut self) -> Vec<String> {
        let Some(next) = self.roster.next_round() else { return vec!["no round".to_owned()] };
        let wait = next.saturating_duration_since(self.now);
        self.wait(wait);
        let round = self.roster.round(self.now, self.at(), MAX);
        while self.roster.greet(self.at(), MAX).is_some() {}
        round.changes.iter().map(shown).collect()
    }
}

fn shown(change: &Change) -> String {
    let sign = match change.presence.status {
        Status::Online => '+',
        Status::Offline => '-',
    };
    let mut rooms: Vec<_> = change.rooms.iter().map(RoomId::as_str).collect();
    rooms.sort_unstable();
    format!("{}{sign} {}", change.presence.user_id, rooms.join(" "))
}

fn user(name: &str) -> UserId {
    UserId::trusted(name)
}

fn room(name: &str) -> RoomId {
    RoomId::trusted(name)
}

#[test]
fn the_first_socket_and_the_last_are_told_once() {
    let mut stage = Stage::new();
    stage.opens("ann", &["a", "b"]);
    stage.opens("ann", &["a", "b"]);
    let start = stage.now;
    assert_eq!(stage.round(), ["ann+ a b"]);
    assert_eq!(stage.now - start, GATHER);
    stage.closes("ann");
    assert_eq!(stage.round(), ["no round"], "a device is left");
    stage.wait(ROUND);
    stage.closes("ann");
    let closed = stage.now;
    assert_eq!(stage.round(), ["ann- a b"]);
    assert_eq!(stage.now - closed, GRACE);
    assert!(!stage.roster.is_online(&user("ann")));
    assert_eq!(stage.round(), ["no round"]);
}

#[test]
fn who_has_vanished_is_gone_at_once_and_before_those_who_may_be_back() {
    let mut stage = Stage { now: Instant::now() + GRACE, ..Stage::new() };
    stage.opens("ann", &["a"]);
    stage.opens("ben", &["a"]);
    stage.round();
    stage.wait(ROUND);
    stage.closes("ben");
    stage.vanishes("ann");
    let vanished = stage.now;
    assert_eq!(stage.round(), ["ann- a"]);
    assert_eq!(stage.now, vanished);
    assert_eq!(stage.round(), ["ben- a"]);
    assert_eq!(stage.now - vanished, GRACE);
}

#[test]
fn a_reconnect_within_the_grace_goes_unnoticed() {
    let mut stage = Stage::new();
    stage.opens("ann", &["a"]);
    stage.round();
    for _ in 0..3 {
        stage.closes("ann");
        stage.wait(GRACE - Duration::from_millis(1));
        assert!(stage.roster.is_online(&user("ann")));
        stage.opens("ann", &["a"]);
        assert_eq!(stage.round(), [""; 0], "the new socket is greeted, nothing is told");
    }
    stage.closes("ann");
    assert_eq!(stage.round(), ["ann- a"]);
    stage.opens("ann", &["a"]);
    assert_eq!(stage.round(), ["ann+ a"]);
}

#[test]
fn whoever_comes_back_with_another_room_is_shown_to_it() {
    let mut stage = Stage::new();
    stage.opens("ann", &["a"]);
    stage.round();
    stage.roster.keep_news();
    stage.closes("ann");
    // Added to it meanwhile, when nobody here heard that room.
    stage.opens("ann", &["a", "b"]);
    assert_eq!(stage.round(), ["ann+ b"]);
    let news = stage.roster.take_news();
    assert!(
        matches!(&news[..], [News::Entered(who, to)] if *who == user("ann") && *to == room("b")),
        "{news:?}"
    );
    stage.opens("ann", &["a", "b"]);
    assert_eq!(stage.round(), [""; 0], "it knows by now");
}

#[test]
fn whoever_only_looked_in_is_not_told_at_all() {
    let mut stage = Stage::new();
    stage.opens("ann", &["a"]);
    stage.closes("ann");
    assert_eq!(stage.round(), [""; 0], "gone before the round");
    assert_eq!(stage.round(), [""; 0], "the departure of someone nobody knew of");
    assert_eq!(stage.roster.len(), 0);
}

#[test]
fn whoever_was_shown_is_told_when_they_go() {
    let mut stage = Stage::new();
    stage.opens("ann", &["a"]);
    stage.closes("ann");
    stage.opens("ben", &["a"]);
    assert_eq!(stage.round(), ["ben+ a"], "ann was not there long enough to be told of");
    // Ben's socket was greeted with ann in the snapshot.
    assert_eq!(stage.round(), ["ann- a"]);
    stage.opens("cid", &["a"]);
    stage.closes("cid");
    assert!(stage.roster.is_online(&user("cid")), "she may come back unnoticed");
    assert_eq!(stage.round(), [""; 0]);
    assert_eq!(stage.round(), ["cid- a"]);
}

#[test]
fn last_seen_is_when_the_last_socket_closed() {
    let mut stage = Stage::new();
    stage.opens("ann", &["a"]);
    stage.round();
    stage.wait(ROUND);
    let left = stage.at();
    stage.closes("ann");
    stage.wait(GRACE);
    let round = stage.roster.round(stage.now, stage.at(), MAX);
    assert_eq!(round.seen, [(user("ann"), left)]);
    assert_eq!(round.changes[0].presence.last_seen_at, Some(left));
}

#[test]
fn rounds_are_a_second_apart() {
    let mut stage = Stage::new();
    stage.opens("ann", &["a"]);
    stage.round();
    let first = stage.now;
    stage.opens("bob", &["a"]);
    stage.opens("cid", &["a"]);
    assert_eq!(stage.round(), ["bob+ a", "cid+ a"]);
    assert_eq!(stage.now - first, ROUND);
}

#[test]
fn a_storm_is_worked_off_in_parts_departures_first() {
    let mut stage = Stage::new();
    for number in 0..10 {
        stage.opens(&format!("old{number}"), &["a"]);
    }
    stage.round();
    for number in 0..10 {
        stage.closes(&format!("old{number}"));
    }
    stage.wait(GRACE);
    for number in 0..10 {
        stage.opens(&format!("new{number}"), &["a"]);
    }
    let mut parts = Vec::new();
    while let Some(next) = stage.roster.next_round() {
        stage.wait(next.saturating_duration_since(stage.now));
        let round = stage.roster.round(stage.now, stage.at(), 8);
        while stage.roster.greet(stage.at(), MAX).is_some() {}
        parts.push(round.changes.iter().map(|change| change.presence.status).collect::<Vec<_>>());
    }
    let (off, on) = (Status::Offline, Status::Online);
    assert_eq!(parts, [vec![off; 8], [vec![off; 2], vec![on; 6]].concat(), vec![on; 4]]);
}

#[test]
fn rooms_follow_the_log() {
    let mut stage = Stage::new();
    stage.opens("ann", &["a"]);
    stage.opens("bob", &["b"]);
    stage.round();
    assert!(!stage.roster.shares_room(&user("ann"), &user("bob")));
    stage.enters("bob", "a");
    stage.enters("bob", "a");
    assert_eq!(stage.round(), ["bob+ a"], "shown to the room entered, once");
    assert!(stage.roster.shares_room(&user("ann"), &user("bob")));
    stage.enters("nobody", "a");
    assert_eq!(stage.round(), ["no round"], "who is not here enters unseen");
    stage.roster.exit(&room("a"), &user("bob"));
    assert_eq!(stage.roster.in_room(&room("a"), MAX), [user("ann")]);
    stage.roster.close_room(&room("a"));
    stage.closes("ann");
    stage.closes("bob");
    assert_eq!(stage.round(), ["ann- ", "bob- b"], "a room that is left or gone hears nothing");
    assert!(stage.roster.rooms.is_empty(), "nothing is kept of rooms where nobody is");
}

#[test]
fn who_enters_and_leaves_between_rounds_is_not_shown() {
    let mut stage = Stage::new();
    stage.opens("ann", &[]);
    stage.round();
    stage.enters("ann", "a");
    stage.roster.exit(&room("a"), &user("ann"));
    assert_eq!(stage.round(), [""; 0]);
}

#[test]
fn a_new_socket_brings_the_rooms_up_to_date() {
    let mut stage = Stage::new();
    stage.opens("ann", &["a", "b"]);
    stage.opens("ann", &["b", "c"]);
    assert_eq!(stage.round(), ["ann+ b c"]);
    assert!(stage.roster.in_room(&room("a"), MAX).is_empty());
}

#[test]
fn newcomers_are_told_of_their_company_once_each() {
    let mut stage = Stage::new();
    stage.opens("ann", &["a", "b"]);
    stage.opens("bob", &["a", "b"]);
    stage.opens("eve", &["z"]);
    stage.round();
    stage.opens("cid", &["a", "b"]);
    stage.roster.round(stage.now, stage.at(), MAX);
    let (socket, company) = stage.roster.greet(stage.at(), MAX).unwrap();
    let mut names: Vec<_> = company.iter().map(|row| row.user_id.as_str()).collect();
    names.sort_unstable();
    assert_eq!((socket.as_str(), names), ("socket of cid", vec!["ann", "bob"]));
    assert!(stage.roster.greet(stage.at(), MAX).is_none());
    stage.opens("dan", &["a"]);
    assert_eq!(stage.roster.greet(stage.at(), 2).unwrap().1.len(), 2, "a snapshot is bounded");
}

#[test]
fn a_socket_that_closes_twice_does_not_take_its_sisters_along() {
    let mut stage = Stage::new();
    stage.closes("ann");
    stage.opens("ann", &["a"]);
    stage.closes("ann");
    stage.closes("ann");
    stage.opens("ann", &["a"]);
    assert_eq!(stage.round(), ["ann+ a"]);
    assert_eq!(stage.round(), [""; 0], "the grace of before is void");
    assert!(stage.roster.is_online(&user("ann")));
}
