//! The server as a whole: sessions that end, copies, silence, panics.

use super::*;

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
