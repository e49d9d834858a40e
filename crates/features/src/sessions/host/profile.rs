//! What a host application says of its user, brought into the form that names have here. Pure.

use fireside_protocol::UserId;
use fireside_protocol::text::{DISPLAY_NAME_MAX_CHARS, DisplayName, fold_username};

use crate::sessions::rules::is_reserved;
use crate::sessions::tokens::digest;
use crate::users::HostProfile;

/// Longest address of a picture, in bytes.
const PICTURE_MAX_BYTES: usize = 2048;
/// Longest username.
const USERNAME_MAX_CHARS: usize = 32;

/// What a token says of its user besides who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sessions) struct Claimed {
    /// `preferred_username`, as it is there.
    pub(in crate::sessions) username: Option<String>,
    /// The rest, as far as it may be shown.
    pub(in crate::sessions) profile: HostProfile,
}

/// Keeps of `name` and `picture` what may be shown.
pub(super) fn profile(name: Option<String>, picture: Option<String>) -> HostProfile {
    HostProfile {
        display_name: name.as_deref().and_then(display_name),
        avatar: picture.filter(|url| is_picture(url)),
    }
}

fn display_name(name: &str) -> Option<String> {
    let cut: String = name.trim().chars().take(DISPLAY_NAME_MAX_CHARS).collect();
    DisplayName::parse(cut.trim_end()).ok().map(DisplayName::into_string)
}

/// An address that a browser fetches as a picture, and that is nothing but an address wherever it is put.
fn is_picture(url: &str) -> bool {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let plain =
        url.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\'' | b'<' | b'>' | b'\\' | b'`'));
    url.len() <= PICTURE_MAX_BYTES
        && plain
        && host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '['))
}

/// Usernames to try for a new user, best first. All but the first carry a mark that follows from the id, so
/// that the same user gets the same name from any node; the last one is as good as unique.
pub(in crate::sessions) fn usernames(claimed: &Claimed, user: &UserId) -> Vec<String> {
    let wishes = [claimed.username.as_deref(), Some(user.as_str()), claimed.profile.display_name.as_deref()];
    let base = wishes.into_iter().flatten().find_map(fold).unwrap_or_else(|| "user".to_owned());
    let mark = digest(user.as_str());
    let marked = [4, 8, 16].map(|length| {
        let kept = base.len().min(USERNAME_MAX_CHARS - length - 1);
        format!("{}-{}", &base[..kept], &mark[..length])
    });
    let plain = (!is_reserved(&base)).then_some(base);
    plain.into_iter().chain(marked).collect()
}

/// The nearest username to a text; none if nothing of it can be in one.
fn fold(text: &str) -> Option<String> {
    if let Ok(folded) = fold_username(text) {
        return Some(folded);
    }
    // Of an e-mail address only what stands before the @: the rest is nobody's name.
    let local = text.split('@').next().unwrap_or(text);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let dashed: String = local.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let cut: String = dashed.trim_matches('-').chars().take(USERNAME_MAX_CHARS).collect();
    fold_username(cut.trim_end_matches('-')).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(username: Option<&str>, sub: &str) -> Vec<String> {
        let claimed = Claimed { username: username.map(str::to_owned), profile: HostProfile::default() };
        usernames(&claimed, &UserId::parse(sub).unwrap())
    }

    #[test]
    fn usernames_are_folded_and_have_ways_out() {
        let alice = names(Some("Alice"), "u1");
        assert_eq!(alice[0], "alice");
        assert_eq!(alice.len(), 4);
        for name in
            alice.iter().chain(&names(Some(&"x".repeat(40)), "u2")).chain(&names(None, "auth0:6f@x.org"))
        {
            assert_eq!(fold_username(name).as_ref(), Ok(name));
        }
        assert_ne!(alice[1], names(Some("Alice"), "u2")[1]);
    }

    #[test]
    fn something_can_be_made_of_anything() {
        for (username, sub, first) in [
            (Some("alice@example.org"), "u1", "alice"),
            (Some("Zoë Müller"), "u1", "zo--m-ller"),
            (Some("日本"), "u1", "u1"),
            (None, "auth0:6f", "auth0-6f"),
            (None, "@", "user"),
        ] {
            assert_eq!(names(username, sub)[0], first, "{username:?} {sub}");
        }
    }

    #[test]
    fn reserved_names_are_not_given_away() {
        assert!(names(Some("Admin"), "u1")[0].starts_with("admin-"));
    }

    #[test]
    fn profiles_are_cut_to_what_may_be_shown() {
        let read = |name: &str, picture: &str| profile(Some(name.to_owned()), Some(picture.to_owned()));
        let good = read(" Alice ", "https://example.org/a.png?s=1&t=2");
        assert_eq!(good.display_name.as_deref(), Some("Alice"));
        assert!(good.avatar.is_some());
        assert_eq!(read(&"x".repeat(100), "").display_name.map(|name| name.len()), Some(64));
        for bad in ["\u{202e}evil", "", "a\0b"] {
            assert_eq!(read(bad, "").display_name, None, "{bad:?}");
        }
        let long = format!("https://example.org/{}", "x".repeat(2048));
        for bad in [
            "javascript:alert(1)",
            "data:image/png;base64,",
            "//x.org/a",
            "https://",
            "https:// x",
            "ftp://x",
            "https://x/\"><script>",
            long.as_str(),
        ] {
            assert_eq!(read("", bad).avatar, None, "{bad}");
        }
    }
}
