//! What was told, live and when coming back, and to whom.

use super::*;

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
