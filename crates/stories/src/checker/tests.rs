//! Each invariant once green and once red, on histories made by hand.

use super::*;

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

#[test]
fn i1_an_acknowledged_message_that_is_gone_or_changed_is_found() {
    let gone = found(|case| drop(case.room().messages.remove("m-one")));
    assert!(gone.contains(&Invariant::I1Durable), "{gone:?}");
    let elsewhere = found(|case| case.entries[5].seq = Some(4));
    assert!(elsewhere.contains(&Invariant::I1Durable), "{elsewhere:?}");
    let other = found(|case| case.room().messages.get_mut("m-one").expect("there").hash = "x".to_owned());
    assert!(other.contains(&Invariant::I1Durable), "{other:?}");
}

#[test]
fn i2_what_is_told_and_not_stored_is_found() {
    let beyond = found(|case| case.entries.push(heard(50, "a#1", "message:new", 6, "four")));
    assert!(beyond.contains(&Invariant::I2NoPhantom), "{beyond:?}");
    let another = found(|case| case.entries[7].hash = "x".to_owned());
    assert!(another.contains(&Invariant::I2NoPhantom), "{another:?}");
    let epoch = found(|case| case.entries[7].epoch = "x".to_owned());
    assert_eq!(epoch, [Invariant::I2NoPhantom]);
}

#[test]
fn i3_a_refused_message_that_is_stored_is_found() {
    let refused = |case: &mut Case| {
        case.entries.push(send(50, 9, "a#1", "no"));
        case.entries.push(Entry { n: 9, ..entry(51, "a#1", Action::Send, Kind::Fail) });
    };
    assert_eq!(found(refused), []);
    let stored = found(|case| {
        refused(case);
        case.room().messages.extend([stored(5, "no")]);
    });
    assert!(stored.contains(&Invariant::I3DefiniteNo), "{stored:?}");
}

#[test]
fn i4_an_unknown_that_is_stored_twice_is_found() {
    let unknown = |case: &mut Case| {
        case.entries.push(send(50, 9, "a#1", "maybe"));
        case.entries.push(Entry { n: 9, ..entry(51, "a#1", Action::Send, Kind::Info) });
    };
    assert_eq!(found(unknown), []);
    let twice = found(|case| {
        unknown(case);
        let (_, row) = stored(6, "maybe");
        case.room().messages.extend([("x".to_owned(), row.clone()), ("y".to_owned(), row)]);
    });
    assert!(twice.contains(&Invariant::I4UnknownsSettle), "{twice:?}");
}

#[test]
fn i5_two_rows_or_two_answers_for_one_name_are_found() {
    let twice = found(|case| {
        let (_, row) = stored(4, "three");
        case.room().messages.insert("other".to_owned(), row);
    });
    assert!(twice.contains(&Invariant::I5Idempotent), "{twice:?}");
    let new_again = found(|case| {
        case.entries.push(Entry { kind: Kind::Ok, ..send(50, 9, "a#1", "one") });
        case.entries.push(send(49, 9, "a#1", "one"));
        case.entries[24] = sent(50, 9, "a#1", "one", 3);
    });
    assert!(new_again.contains(&Invariant::I5Idempotent), "{new_again:?}");
}

#[test]
fn i6_holes_and_wrong_heads_are_found() {
    assert!(found(|case| drop(case.room().events.remove(2))).contains(&Invariant::I6Dense));
    assert!(found(|case| case.room().head = 6).contains(&Invariant::I6Dense));
}

#[test]
fn i7_what_is_sent_later_and_stands_before_is_found() {
    let swapped = found(|case| {
        case.room().messages.get_mut("m-one").expect("there").seq = 5;
        case.room().messages.get_mut("m-three").expect("there").seq = 3;
        case.entries[5].seq = Some(5);
        case.entries[16].seq = Some(3);
    });
    assert!(swapped.contains(&Invariant::I7RealTimeOrder), "{swapped:?}");
}

#[test]
fn i8_a_burst_that_was_reordered_is_found() {
    let burst = |one, other| {
        move |case: &mut Case| {
            case.entries.extend([send(50, 9, "a#1", "p"), send(50, 10, "a#1", "q")]);
            case.entries.extend([sent(51, 9, "a#1", "p", one), sent(51, 10, "a#1", "q", other)]);
        }
    };
    assert!(!found(burst(6, 7)).contains(&Invariant::I8SessionOrder));
    assert!(found(burst(7, 6)).contains(&Invariant::I8SessionOrder));
}

#[test]
fn i9_skips_repeats_and_steps_back_are_found() {
    let then = |seq: i64, message: &'static str| {
        found(move |case| case.entries.push(heard(50, "b#2", "message:new", seq, message)))
    };
    assert_eq!(then(5, "three"), [Invariant::I9NoSkip]);
    assert_eq!(then(4, "two"), [Invariant::I9NoSkip]);
    let skipped = found(|case| drop(case.entries.remove(12)));
    assert!(skipped.contains(&Invariant::I9NoSkip), "{skipped:?}");
}

#[test]
fn i9_coming_back_into_a_room_is_no_skip() {
    let away = |between: i64| {
        found(move |case| {
            let room = case.room();
            room.events.push(event(6, "room:user-left", "b", Some("b"), None));
            room.events.extend((7..between).map(|seq| event(seq, "room:updated", "a", None, None)));
            room.events.push(event(between, "room:user-joined", "b", Some("b"), None));
            room.head = between;
            case.entries.push(heard(50, "b#2", "room:user-left", 6, ""));
            case.entries.push(heard(51, "b#2", "room:user-joined", between, ""));
            let all = Entry { seq: Some(5), head: Some(between), ..entry(52, "a#1", Action::Page, Kind::Ok) };
            case.entries.push(all);
        })
    };
    assert_eq!(away(7), []);
    assert_eq!(away(9), []);
}

#[test]
fn i10_a_member_who_missed_something_is_found() {
    let missed = found(|case| case.entries.retain(|entry| entry.f != Action::Resume && !entry.resumed));
    assert_eq!(missed, [Invariant::I10Complete]);
    let away = found(|case| {
        case.entries.retain(|entry| entry.f != Action::Resume && !entry.resumed);
        case.entries.push(entry(55, "b#2", Action::Disconnect, Kind::Info));
    });
    assert_eq!(away, [], "who is not connected need not know");
}

#[test]
fn i11_dishonest_resumes_are_found() {
    let epoch = found(|case| case.entries[18].epoch = "x".to_owned());
    assert_eq!(epoch, [Invariant::I11HonestResume]);
    let ahead = found(|case| case.entries[18].seq = Some(9));
    assert!(ahead.contains(&Invariant::I11HonestResume), "{ahead:?}");
    let partial = found(|case| drop(case.entries.remove(20)));
    assert_eq!(partial, [Invariant::I11HonestResume]);
    let refused = |reason: &'static str| {
        found(move |case| {
            case.entries.push(resume(50, 9, "a#1", 5));
            case.entries.push(Entry {
                recovered: Some(false),
                reason: reason.to_owned(),
                ..resumed(51, 9, "a#1", 5, 5)
            });
        })
    };
    assert_eq!(refused("unavailable"), []);
    for untrue in ["epoch", "ahead", "too_many", "not_found", "because"] {
        assert_eq!(refused(untrue), [Invariant::I11HonestResume], "{untrue}");
    }
}

#[test]
fn i11_an_answer_tells_each_message_once() {
    let edited = |told: &'static [i64]| {
        found(move |case| {
            let room = case.room();
            room.events.push(event(6, "message:edited", "a", None, Some("one")));
            room.events.push(event(7, "message:edited", "a", None, Some("two")));
            room.messages.get_mut("m-one").expect("there").rev = 6;
            room.messages.get_mut("m-two").expect("there").rev = 7;
            room.head = 7;
            case.entries.push(heard(35, "a#1", "message:edited", 6, "one"));
            case.entries.push(heard(35, "a#1", "message:edited", 7, "two"));
            case.entries[19].head = Some(7);
            case.entries.retain(|entry| !entry.resumed);
            let message = |seq| ["two", "three", "one", "two"][usize::try_from(seq).expect("small") - 4];
            let name = |seq| if seq >= 6 { "message:edited" } else { "message:new" };
            case.entries.extend(told.iter().map(|seq| Entry {
                n: 5,
                resumed: true,
                ..heard(42, "b#2", name(*seq), *seq, message(*seq))
            }));
        })
    };
    assert_eq!(edited(&[4, 5, 6]), []);
    assert_eq!(edited(&[4, 5, 6, 7]), [Invariant::I11HonestResume]);
}

#[test]
fn i12_secrets_in_the_wrong_hands_are_found() {
    let receives = |user: &'static str, word: &'static str| {
        found(move |case| {
            let heard = entry(50, user, Action::Heard, Kind::Info);
            case.entries.push(Entry { secrets: vec![word.to_owned()], room: String::new(), ..heard });
        })
    };
    assert_eq!(receives("b", "one"), []);
    for word in ["one", "word", ROOM] {
        assert_eq!(receives("mallory", word), [Invariant::I12NoLeak], "{word}");
    }
}

#[test]
fn i13_what_is_heard_after_leaving_is_found() {
    let left_at = |seq: i64| {
        found(move |case| {
            let room = case.room();
            room.head += 1;
            room.events.insert(
                usize::try_from(seq).expect("small") - 1,
                event(seq, "room:user-left", "b", Some("b"), None),
            );
            for (at, event) in (1..).zip(&mut room.events) {
                event.seq = at;
            }
        })
    };
    assert!(left_at(3).contains(&Invariant::I13MembershipExact));
    assert!(!left_at(6).contains(&Invariant::I13MembershipExact));
}

#[test]
fn i14_a_session_that_lives_on_is_found() {
    let sign_after = |ms: u64| {
        found(move |case| {
            case.entries.push(entry(100, "a", Action::Revoke, Kind::Ok));
            case.entries.push(Entry { secrets: vec![], ..sent(100 + ms, 9, "a#1", "late", 6) });
        })
    };
    assert!(!sign_after(1500).contains(&Invariant::I14Revocation));
    assert!(sign_after(2500).contains(&Invariant::I14Revocation));
}

#[test]
fn i16_a_stale_copy_is_found() {
    let stale = found(|case| {
        let row = case.room().messages.get_mut("m-one").expect("there");
        row.hash = history::hash("two");
        row.rev = 3;
    });
    assert!(stale.contains(&Invariant::I16StateEqualsEvents), "{stale:?}");
}

#[test]
fn i18_silence_is_found_unless_a_fault_explains_it() {
    let silence = |fault: bool| {
        found(move |case| {
            case.entries.retain(|entry| entry.f != Action::Rest);
            if fault {
                case.entries.push(entry(90, "", Action::Fault, Kind::Invoke));
            }
            case.entries.push(send(100, 9, "a#1", "lost"));
            case.entries.push(send(9000, 10, "a#1", "later"));
        })
    };
    assert_eq!(silence(false), [Invariant::I18Liveness]);
    assert_eq!(silence(true), []);
}

#[test]
fn i20_a_panic_is_found() {
    let panicked = found(|case| {
        let panic = Entry { reason: "panicked".to_owned(), ..entry(50, "", Action::Server, Kind::Fail) };
        case.entries.push(panic);
    });
    assert_eq!(panicked, [Invariant::I20Alive]);
}
