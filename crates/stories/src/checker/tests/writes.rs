//! What was written: acknowledged, refused, unknown, repeated, and in which order.

use super::*;

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
