//! What others see of a user, and what may be asked for. Pure.

use fireside_kernel::{Error, Result};
use fireside_protocol::users::User;
use fireside_protocol::{Reason, UserId};

use super::account::{Kind, UserRow};
use crate::presence::Seen;

/// Longest text to search for, in characters. No name is longer than this.
const QUERY_MAX_CHARS: usize = 256;

/// A user as seen by who shares a room or conversation with them, and by themselves. `seen` is newer than
/// what the database says.
pub(crate) fn to_wire(row: &UserRow, seen: Seen) -> User {
    User { is_online: seen.is_online, last_seen_at: seen.last_at.or(row.last_seen_at), ..to_stranger(row) }
}

/// A user as seen by anyone else: without a word on when they are there.
pub(crate) fn to_stranger(row: &UserRow) -> User {
    User {
        id: row.id.clone(),
        created_at: row.created_at,
        modified_at: row.modified_at,
        username: row.username.clone(),
        display_name: row.display_name.clone(),
        avatar: row.avatar.clone(),
        is_online: false,
        last_seen_at: None,
        kind: row.kind.as_str().to_owned(),
        role: row.role.as_str().to_owned(),
    }
}

/// Refuses a text to look for that is longer than any name.
pub(crate) fn check_query(query: &str) -> Result<()> {
    // Bytes first: counting the characters of a megabyte is work an attacker would like us to do.
    if query.len() > QUERY_MAX_CHARS * 4 || query.chars().count() > QUERY_MAX_CHARS {
        let message = format!("at most {QUERY_MAX_CHARS} characters");
        return Err(Error { field: Some("query".into()), ..Error::new(Reason::TooLong, message) });
    }
    if query.contains('\0') {
        return Err(Error::validation("query", "must not contain U+0000"));
    }
    Ok(())
}

/// What is looked for, as names are mostly written: each word with a capital. SQLite folds A–Z only, and would not find
/// Émile by émile.
pub(crate) fn capitalized(query: &str) -> String {
    let mut begins = true;
    let mut text = String::with_capacity(query.len());
    for c in query.chars() {
        if begins {
            text.extend(c.to_uppercase());
        } else {
            text.extend(c.to_lowercase());
        }
        begins = !c.is_alphanumeric();
    }
    text
}

/// Whether `admin` may shut `user` out. Nobody can lock themselves out by mistake, and the server's own
/// account has no sessions to end.
pub(super) fn check_disable(admin: &UserId, user: &UserRow) -> Result<()> {
    if user.id == *admin {
        return Err(Error::forbidden("You cannot shut yourself out"));
    }
    if user.kind == Kind::System {
        return Err(Error::forbidden("The server's own account cannot be shut out"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fireside_protocol::Time;

    use super::super::account::{Origin, ServerRole};
    use super::*;

    fn alice() -> UserRow {
        UserRow {
            id: UserId::trusted("u1"),
            username: "alice".into(),
            display_name: Some("Alice".into()),
            avatar: None,
            kind: Kind::Person,
            role: ServerRole::Member,
            origin: Origin::Local,
            created_at: Time::from_micros(1),
            modified_at: Time::from_micros(2),
            last_seen_at: Some(Time::from_micros(3)),
            disabled_at: None,
        }
    }

    #[test]
    fn strangers_learn_nothing_of_presence() {
        let seen = to_wire(&alice(), Seen { is_online: true, last_at: None });
        assert!(seen.is_online);
        assert_eq!(seen.last_seen_at, Some(Time::from_micros(3)));
        let just_now = Seen { is_online: false, last_at: Some(Time::from_micros(4)) };
        assert_eq!(to_wire(&alice(), just_now).last_seen_at, Some(Time::from_micros(4)));
        let seen = to_stranger(&alice());
        assert_eq!((seen.is_online, seen.last_seen_at), (false, None));
        assert_eq!(seen.username, "alice");
    }

    #[test]
    fn queries_are_bounded() {
        assert!(check_query("").is_ok());
        assert!(check_query(&"é".repeat(256)).is_ok());
        assert_eq!(check_query(&"é".repeat(257)).unwrap_err().reason, Reason::TooLong);
        assert_eq!(check_query("a\0").unwrap_err().reason, Reason::Validation);
    }

    #[test]
    fn names_are_capitalized_word_by_word() {
        assert_eq!(capitalized("éMILE le-grand 2x"), "Émile Le-Grand 2x");
    }

    #[test]
    fn nobody_shuts_themselves_or_the_server_out() {
        let admin = UserId::trusted("root");
        assert!(check_disable(&admin, &alice()).is_ok());
        assert!(check_disable(&alice().id, &alice()).is_err());
        assert!(check_disable(&admin, &UserRow { kind: Kind::System, ..alice() }).is_err());
    }
}
