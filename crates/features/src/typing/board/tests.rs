//! The board over time that the tests make up.

use super::*;

const TICK: Duration = Duration::from_millis(250);

fn ann() -> UserId {
    UserId::trusted("ann")
}

fn room(name: &str) -> RoomId {
    RoomId::trusted(name)
}

fn name(name: &str) -> RoomRef {
    RoomRef::trusted(name)
}

/// What was told, in short: `a+` is writing in a, `a-` has stopped.
fn shown(told: impl IntoIterator<Item = TypingUpdate>) -> Vec<String> {
    told.into_iter()
        .map(|told| format!("{}{}", told.room_id, if told.is_typing { '+' } else { '-' }))
        .collect()
}

#[test]
fn writing_ends_three_seconds_after_the_last_start() {
    let (mut board, start) = (Board::default(), Instant::now());
    assert_eq!(shown(board.start(&ann(), &room("a"), start)), ["a+"]);
    let again = start + Duration::from_millis(2_500);
    assert_eq!(shown(board.start(&ann(), &room("a"), again)), [""; 0], "it only lasts longer");
    assert_eq!(shown(board.sweep(start + LASTS)), [""; 0]);
    assert_eq!(shown(board.sweep(again + LASTS - TICK)), [""; 0]);
    assert_eq!(shown(board.sweep(again + LASTS)), ["a-"]);
    board.sweep(again + LASTS + TICK);
    assert!(board.is_empty(), "nothing is kept");
}

#[test]
fn starts_are_announced_two_seconds_apart_and_the_last_word_counts() {
    let (mut board, start) = (Board::default(), Instant::now());
    let mut told = Vec::new();
    for beat in 0..20 {
        let now = start + Duration::from_millis(100) * beat;
        told.extend(board.start(&ann(), &room("a"), now));
        told.extend(board.stop(&ann(), &name("a")));
        told.extend(board.sweep(now));
    }
    assert_eq!(shown(told), ["a+", "a-"], "twenty starts within two seconds");
    let late = start + Duration::from_millis(1_950);
    assert_eq!(shown(board.start(&ann(), &room("a"), late)), [""; 0]);
    assert_eq!(shown(board.sweep(start + PAUSE)), ["a+"], "what had to wait is shown in the end");
    assert_eq!(shown(board.stop(&ann(), &name("a"))), ["a-"]);
    assert_eq!(shown(board.stop(&ann(), &name("a"))), [""; 0]);
}

#[test]
fn a_message_ends_it_in_its_room_only() {
    let (mut board, now) = (Board::default(), Instant::now());
    board.start(&ann(), &room("a"), now);
    board.start(&ann(), &room("b"), now);
    assert_eq!(shown(board.said(&ann(), &room("a"))), ["a-"]);
    assert_eq!(shown(board.said(&ann(), &room("a"))), [""; 0]);
    assert_eq!(shown(board.said(&UserId::trusted("bob"), &room("b"))), [""; 0]);
    assert_eq!(shown(board.sweep(now + LASTS)), ["b-"]);
}

#[test]
fn nobody_writes_in_more_than_five_rooms() {
    let (mut board, now) = (Board::default(), Instant::now());
    let told: Vec<_> =
        (0..20_000).filter_map(|number| board.start(&ann(), &room(&number.to_string()), now)).collect();
    assert_eq!(shown(told), ["0+", "1+", "2+", "3+", "4+"]);
    assert_eq!(board.people[&ann()].notes.len(), ROOMS_MAX);
}

#[test]
fn memberships_are_believed_for_a_while_and_bounded() {
    let (mut board, now) = (Board::default(), Instant::now());
    let exits = board.room(&ann(), &name("general"), now).unwrap_err();
    assert!(board.admit(&ann(), &name("general"), &room("r1"), exits, now));
    assert_eq!(board.room(&ann(), &name("general"), now), Ok(room("r1")));
    assert!(board.room(&ann(), &name("r1"), now).is_err(), "each name is checked for itself");
    assert!(board.room(&ann(), &name("general"), now + BELIEVED).is_err());
    for number in 0..1_000 {
        board.admit(&ann(), &name(&number.to_string()), &room("r1"), exits, now);
    }
    assert_eq!(board.people[&ann()].known.len(), KNOWN_MAX);
    board.sweep(now + BELIEVED);
    assert!(board.is_empty());
}

#[test]
fn stopping_finds_the_room_by_either_name() {
    let (mut board, now) = (Board::default(), Instant::now());
    let exits = board.room(&ann(), &name("general"), now).unwrap_err();
    board.admit(&ann(), &name("general"), &room("r1"), exits, now);
    board.start(&ann(), &room("r1"), now);
    assert_eq!(shown(board.stop(&ann(), &name("general"))), ["r1-"]);
    board.start(&ann(), &room("r1"), now + PAUSE);
    assert_eq!(shown(board.stop(&ann(), &name("r1"))), ["r1-"]);
    assert_eq!(shown(board.stop(&ann(), &name("elsewhere"))), [""; 0]);
}

#[test]
fn who_leaves_is_quiet_at_once_and_known_no_more() {
    let (mut board, now) = (Board::default(), Instant::now());
    let before = board.room(&ann(), &name("a"), now).unwrap_err();
    board.admit(&ann(), &name("a"), &room("a"), before, now);
    board.start(&ann(), &room("a"), now);
    assert_eq!(shown(board.exit(&ann(), &room("a"))), ["a-"]);
    assert!(board.room(&ann(), &name("a"), now).is_err());
    assert!(!board.admit(&ann(), &name("a"), &room("a"), before, now), "looked up before they left");

    let exits = board.room(&ann(), &name("b"), now).unwrap_err();
    board.admit(&ann(), &name("b"), &room("b"), exits, now);
    board.start(&ann(), &room("b"), now);
    board.close_room(&room("b"));
    assert!(board.room(&ann(), &name("b"), now).is_err());
    assert_eq!(shown(board.sweep(now + LASTS)), [""; 0], "a room that is gone hears nothing");
}
