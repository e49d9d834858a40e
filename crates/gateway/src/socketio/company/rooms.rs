//! How rooms are called by other servers, and here.
//!
//! Those of ours that have a public name have the same here and there. What others make up has a prefix here:
//! no name of theirs is ever one of our delivery rooms.

use fireside_socketio::Id;

/// Before the names of rooms that other servers made.
const THEIRS: &str = "company:";

/// Whether a room is ours and has a name that others know.
fn is_public(room: &str) -> bool {
    room.starts_with("room:") || room.starts_with("user:") || matches!(room, "io-default" | "io-notification")
}

/// The rooms here that another server means. A socket's id is a room of its own.
pub(super) fn local(room: &str) -> Vec<String> {
    if is_public(room) {
        return vec![room.to_owned()];
    }
    let theirs = format!("{THEIRS}{room}");
    if Id::parse(room).is_some() { vec![room.to_owned(), theirs] } else { vec![theirs] }
}

/// The room here that another server may put a socket into or take it out of: none of ours.
pub(super) fn to_join(room: &str) -> Option<String> {
    (!is_public(room)).then(|| format!("{THEIRS}{room}"))
}

/// What another server calls a room; nothing where it is none of its business.
pub(super) fn shown(room: &str) -> Option<String> {
    if is_public(room) { Some(room.to_owned()) } else { room.strip_prefix(THEIRS).map(str::to_owned) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rooms_of_others_never_get_the_names_of_ours() {
        for room in ["digest:7", "vip", "", "company:vip", "Room:7", "io-default "] {
            let there = to_join(room).unwrap_or_else(|| panic!("{room} is theirs"));
            assert!(there.starts_with(THEIRS) && local(room).contains(&there), "{room} is {there}");
            assert_eq!(shown(&there).as_deref(), Some(room));
        }
        for room in ["room:7", "user:alice", "io-default", "io-notification"] {
            assert_eq!((to_join(room), local(room)), (None, vec![room.to_owned()]));
            assert_eq!(shown(room).as_deref(), Some(room));
        }
        assert_eq!(shown("digest:7"), None);
    }

    #[test]
    fn a_sockets_id_is_its_room() {
        let id = "hwr6NtKdlwj-DQTuAAAA";
        assert_eq!(local(id), [id.to_owned(), format!("company:{id}")]);
        assert_eq!(to_join(id), Some(format!("company:{id}")), "nobody else is put into it");
    }
}
