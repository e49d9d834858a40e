//! The server as a whole: sessions that end, presence, copies, what it holds, silence, panics.

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

/// `a` looks who of the room is online.
fn company(case: &mut Case, at_ms: u64, people: &[&str]) {
    let people = people.iter().map(|user| (*user).to_owned()).collect();
    case.entries.push(Entry { people, ..entry(at_ms, "a", Action::Look, Kind::Ok) });
}

fn shown(t: u64, p: &str, user: &str, event: &str) -> Entry {
    let (people, event) = (vec![user.to_owned()], event.to_owned());
    Entry { people, event, room: String::new(), ..entry(t, p, Action::Presence, Kind::Info) }
}

#[test]
fn i15_wrong_answers_are_found() {
    let answered = |at_ms: u64, people: &'static [&'static str], b_leaves: bool| {
        found(move |case| {
            case.entries.extend([shown(41, "a#1", "b", "online"), shown(41, "b#2", "a", "online")]);
            if b_leaves {
                case.entries.push(entry(70, "b#2", Action::Disconnect, Kind::Info));
                case.entries.push(shown(5_100, "a#1", "b", "offline"));
            }
            company(case, at_ms, people);
        })
    };
    assert_eq!(answered(9_000, &["a", "b"], false), []);
    assert_eq!(answered(9_000, &["a"], false), [Invariant::I15Presence], "b is there");
    assert_eq!(answered(1_000, &["a"], false), [], "not for long");
    assert_eq!(answered(30_000, &["a"], true), []);
    assert_eq!(answered(9_000, &["a", "b"], true), [], "not for long");
    assert_eq!(answered(30_000, &["a", "b"], true), [Invariant::I15Presence], "a ghost");
}

#[test]
fn i15_whoever_is_not_told_is_found() {
    let told = |b_leaves: bool, news: &'static [(u64, &'static str)]| {
        found(move |case| {
            case.entries.push(shown(41, "b#2", "a", "online"));
            case.entries.extend(news.iter().map(|(t, state)| shown(*t, "a#1", "b", state)));
            if b_leaves {
                case.entries.push(entry(70, "b#2", Action::Disconnect, Kind::Info));
            }
            company(case, 40_000, if b_leaves { &["a"] } else { &["a", "b"] });
        })
    };
    assert_eq!(told(false, &[(41, "online")]), []);
    assert_eq!(told(false, &[]), [Invariant::I15Presence]);
    assert_eq!(told(true, &[(41, "online"), (5_100, "offline")]), []);
    assert_eq!(told(true, &[(41, "online")]), [Invariant::I15Presence], "a ghost");
}

#[test]
fn i15_whoever_is_back_soon_was_never_gone() {
    let flaps = |back_ms: u64, fault: bool| {
        found(move |case| {
            case.entries.push(entry(70, "b#2", Action::Disconnect, Kind::Info));
            if fault {
                let fault = Entry { p: String::new(), ..entry(80, "", Action::Fault, Kind::Invoke) };
                case.entries.extend([fault.clone(), Entry { kind: Kind::Ok, t: 90_000, ..fault }]);
            }
            case.entries.push(shown(back_ms - 10, "a#1", "b", "offline"));
            case.entries.push(entry(back_ms, "b#3", Action::Connect, Kind::Ok));
            case.entries.push(shown(back_ms + 100, "a#1", "b", "online"));
        })
    };
    assert!(!flaps(6_000, false).contains(&Invariant::I15Presence));
    assert!(flaps(2_000, false).contains(&Invariant::I15Presence));
    assert!(!flaps(2_000, true).contains(&Invariant::I15Presence), "a fault explains one");
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
fn i17_what_is_not_given_back_is_found() {
    let holds = |fds: &'static [u64], rss_mib: u64, at_ms: u64| {
        found(move |case| {
            let measure = |t: u64, kind: Kind, fds: u64, rss_mib: u64| Entry {
                gauges: [("fds".to_owned(), fds), ("rss_bytes".to_owned(), rss_mib << 20)].into(),
                ..entry(t, "server", Action::Measure, kind)
            };
            case.entries.push(measure(1, Kind::Invoke, 50, 60));
            case.entries.extend(fds.iter().map(|fds| measure(at_ms, Kind::Ok, *fds, rss_mib)));
        })
    };
    assert_eq!(holds(&[50], 60, 100), []);
    assert_eq!(holds(&[90, 52], 75, 100), [], "given back a little later");
    assert_eq!(holds(&[90], 60, 100), [Invariant::I17Resources], "descriptors");
    assert_eq!(holds(&[50], 120, 100), [Invariant::I17Resources], "memory");
    assert_eq!(holds(&[50], 60, 70_000), [Invariant::I17Resources], "too late");
    assert_eq!(holds(&[], 60, 100), [Invariant::I17Resources], "never measured");
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
