//! What is decided without looking anything up. Pure.

use std::time::Duration;

use fireside_protocol::Time;

/// Failures that are answered plainly before waiting begins.
pub(super) const FREE_FAILURES: u32 = 5;
/// Longest wait between two attempts.
const LONGEST_WAIT: Duration = Duration::from_secs(900);
/// Within this time a refresh token may be sent again: the answer to the first time may have been lost, or
/// two tabs refreshed at once.
const REPEAT_WITHIN_MS: i64 = 10_000;

/// Names that speak for the server, for a role, for everyone or for nobody, and those that a careless program
/// takes for a part of its own. Whoever runs the server may give them away; nobody can take one.
const RESERVED: &[&str] = &[
    "admin",
    "administrator",
    "all",
    "anonymous",
    "channel",
    "constructor",
    "deleted",
    "everyone",
    "fireside",
    "here",
    "me",
    "mod",
    "moderator",
    "nobody",
    "null",
    "official",
    "operator",
    "postmaster",
    "proto",
    "prototype",
    "room",
    "root",
    "security",
    "staff",
    "superuser",
    "support",
    "sysadmin",
    "system",
    "undefined",
    "webmaster",
];

/// Whether a folded username is kept back. Dots, dashes and underscores do not make it another name.
pub(super) fn is_reserved(username: &str) -> bool {
    let bare: String = username.chars().filter(|c| c.is_ascii_alphanumeric()).collect();
    RESERVED.contains(&bare.as_str())
}

/// How long the next attempt has to wait after so many failures: 1 s after the fifth and the sixth, then
/// twice as long each time, up to 15 minutes.
pub(super) fn wait_after(failures: u32) -> Duration {
    if failures < FREE_FAILURES {
        return Duration::ZERO;
    }
    let doublings = (failures - FREE_FAILURES).saturating_sub(1).min(10);
    Duration::from_secs(1 << doublings).min(LONGEST_WAIT)
}

/// A refresh token that was presented, as the database has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Presented {
    /// When it ends.
    pub(super) expires_at: Time,
    /// When it was used.
    pub(super) used_at: Option<Time>,
    /// Whether its successor was used as well.
    pub(super) successor_used: bool,
}

/// What to do about a refresh token that could not simply be exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Give the same successor again.
    Repeat,
    /// Give nothing.
    Refuse,
    /// Somebody has a copy: end the session, whoever asks.
    Stolen,
}

/// Decides about a refresh token that is used or has ended.
pub(super) fn judge(token: Presented, now: Time) -> Verdict {
    match token.used_at {
        None => Verdict::Refuse,
        // Whoever has used the successor had got the answer, so this is somebody else.
        Some(_) if token.successor_used => Verdict::Stolen,
        // The clock may have been set back since.
        Some(used_at) if now.ms_since(used_at).abs() <= REPEAT_WITHIN_MS => {
            if token.expires_at <= now {
                Verdict::Refuse
            } else {
                Verdict::Repeat
            }
        }
        Some(_) => Verdict::Stolen,
    }
}

/// What a client calls itself, in a length that a list can show.
pub(super) fn shorten_user_agent(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(256).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_recognised_in_disguise() {
        for name in [
            "admin",
            "administrator",
            "root",
            "system",
            "fireside",
            "support",
            "everyone",
            "here",
            "channel",
            "room",
            "all",
            "me",
            "null",
            "undefined",
            "deleted",
            "anonymous",
            "moderator",
            "a.d-min",
            "_root_",
            "__proto__",
        ] {
            assert!(is_reserved(name), "{name} is free");
        }
        for name in ["alice", "admin2", "rooms", "meg"] {
            assert!(!is_reserved(name), "{name} is taken");
        }
    }

    #[test]
    fn waits_grow_and_are_bounded() {
        let seconds: Vec<_> = (4..=18).map(|failures| wait_after(failures).as_secs()).collect();
        assert_eq!(seconds, [0, 1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]);
        assert_eq!(wait_after(u32::MAX).as_secs(), 900);
    }

    #[test]
    fn a_used_token_is_repeated_shortly_and_a_theft_after_that() {
        let at = Time::from_micros(1_000_000_000_000);
        let token =
            |used_at, successor_used| Presented { expires_at: at.plus_ms(60_000), used_at, successor_used };
        let judged = |used_ms_ago: i64, successor_used| {
            judge(token(Some(at.plus_ms(-used_ms_ago)), successor_used), at)
        };
        assert_eq!(judged(10_000, false), Verdict::Repeat);
        assert_eq!(judged(10_000, true), Verdict::Stolen);
        assert_eq!(judged(10_001, false), Verdict::Stolen);
        assert_eq!(judged(-3_600_000, false), Verdict::Stolen);
        assert_eq!(judge(token(None, false), at), Verdict::Refuse);
        let late = Presented { expires_at: at, ..token(Some(at), false) };
        assert_eq!(judge(late, at), Verdict::Refuse);
    }

    #[test]
    fn user_agents_fit_a_line() {
        assert_eq!(shorten_user_agent("a\r\n\0b"), "ab");
        assert_eq!(shorten_user_agent(&"é".repeat(1000)).chars().count(), 256);
    }
}
