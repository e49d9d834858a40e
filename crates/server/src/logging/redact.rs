//! Keeps secrets out of the log, whoever wrote them into a message: the last look at every line.
//!
//! Taken out are bearer tokens and JWTs wherever they stand, the password of an address
//! (`postgres://user:…@host`), and the value of everything named like a token, secret or password, as a field,
//! as JSON and as a parameter of a URL. The fragment of a URL stays: it never comes from a client, and the
//! link that claims a new server has its token there for people to read.

use std::borrow::Cow;
use std::ops::Range;

/// What stands where a secret was.
const REDACTED: &str = "…";
/// Ends of names whose value is a secret, in lower case.
const NAMES: &[&str] = &["token", "secret", "password", "authorization", "cookie"];
/// Shortest word after `Bearer` that is taken for a token and not for prose.
const TOKEN_MIN: usize = 8;

/// The line without its secrets.
pub fn redact(line: &str) -> Cow<'_, str> {
    let mut clean = String::new();
    let mut kept = 0;
    let mut at = 0;
    while at < line.len() {
        match secret_at(line, at) {
            Some(secret) => {
                clean.push_str(&line[kept..secret.start]);
                clean.push_str(REDACTED);
                (kept, at) = (secret.end, secret.end);
            }
            None => at += 1,
        }
    }
    if kept == 0 {
        return Cow::Borrowed(line);
    }
    clean.push_str(&line[kept..]);
    Cow::Owned(clean)
}

/// The secret that a mark at this place announces, if any.
fn secret_at(line: &str, at: usize) -> Option<Range<usize>> {
    let bytes = line.as_bytes();
    let found = match bytes[at] {
        b'=' => value_of_name(line, at, false),
        b':' if line[at..].starts_with("://") => password_of_address(line, at + 3),
        b':' => value_of_name(line, at, true),
        b' ' => bearer(line, at),
        b'e' if line[at..].starts_with("eyJ") => jwt(line, at),
        _ => None,
    };
    found.filter(|secret| secret.start < secret.end)
}

fn end_of(line: &str, from: usize, is_part: impl Fn(u8) -> bool) -> usize {
    line.as_bytes()[from..].iter().position(|byte| !is_part(*byte)).map_or(line.len(), |length| from + length)
}

fn is_token_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'~' | b'+' | b'/' | b'=')
}

/// `Bearer …`, seen from the space.
fn bearer(line: &str, space: usize) -> Option<Range<usize>> {
    let before = space.checked_sub(6)?;
    let is_bearer = line.as_bytes()[before..space].eq_ignore_ascii_case(b"bearer");
    let end = end_of(line, space + 1, is_token_char);
    (is_bearer && end - space > TOKEN_MIN).then_some(space + 1..end)
}

/// Three parts of base64url, the first of which is a JSON object.
fn jwt(line: &str, start: usize) -> Option<Range<usize>> {
    let is_inside = start.checked_sub(1).is_some_and(|before| is_token_char(line.as_bytes()[before]));
    let end = end_of(line, start, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'));
    let has_three_parts = line[start..end].bytes().filter(|byte| *byte == b'.').count() >= 2;
    (!is_inside && has_three_parts).then_some(start..end)
}

/// `scheme://user:password@host`, seen from behind the slashes.
fn password_of_address(line: &str, start: usize) -> Option<Range<usize>> {
    let end = end_of(line, start, |byte| !byte.is_ascii_whitespace() && !matches!(byte, b'/' | b'"' | b'\''));
    let at_sign = start + line[start..end].rfind('@')?;
    let colon = start + line[start..at_sign].find(':')?;
    Some(colon + 1..at_sign)
}

/// `name=value` or `"name":"value"`, seen from the sign between them.
fn value_of_name(line: &str, sign: usize, is_json: bool) -> Option<Range<usize>> {
    let bytes = line.as_bytes();
    let name_end = if is_json {
        sign.checked_sub(1).filter(|quote| matches!(bytes[*quote], b'"' | b'\\'))?
    } else {
        sign
    };
    let name_end = if is_json { line[..=name_end].trim_end_matches(['"', '\\']).len() } else { name_end };
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let name_start = bytes[..name_end].iter().rposition(|byte| !is_name(byte)).map_or(0, |before| before + 1);
    let name = line[name_start..name_end].to_ascii_lowercase();
    let is_fragment = name_start.checked_sub(1).is_some_and(|before| bytes[before] == b'#');
    if is_fragment || !NAMES.iter().any(|secret| name.ends_with(secret)) {
        return None;
    }
    let start = end_of(line, sign + 1, |byte| matches!(byte, b' ' | b'\\'));
    let is_quoted = bytes.get(start) == Some(&b'"');
    let start = start + usize::from(is_quoted);
    let end = end_of(line, start, |byte| match byte {
        b'"' | b'\\' => false,
        b'&' | b'#' | b',' | b'}' | b')' | b' ' | b'\n' => is_quoted,
        _ => true,
    });
    Some(start..end)
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn secrets_are_taken_out() {
        for (line, expected) in [
            ("GET /x Authorization: Bearer abcdefgh.ijk ok", "GET /x Authorization: Bearer … ok"),
            ("authorization=\"Bearer abcdefghijkl\" next=1", "authorization=\"…\" next=1"),
            ("uri=/io?EIO=4&token=abc123&transport=polling", "uri=/io?EIO=4&token=…&transport=polling"),
            ("uri=/x?access_token=abc#y", "uri=/x?access_token=…#y"),
            ("{\"refreshToken\":\"abc,def\",\"a\":1}", "{\"refreshToken\":\"…\",\"a\":1}"),
            ("{\"m\":\"{\\\"password\\\":\\\"a b\\\"}\"}", "{\"m\":\"{\\\"password\\\":\\\"…\\\"}\"}"),
            ("jwt eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl.", "jwt …"),
            ("to postgres://ada:hun:ter2@host/db now", "to postgres://ada:…@host/db now"),
            ("password=hunter2", "password=…"),
            ("jwt_secret=abc other=def", "jwt_secret=… other=def"),
            ("set-cookie=a=b; x", "set-cookie=… x"),
        ] {
            assert_eq!(redact(line), expected, "{line}");
        }
    }

    #[test]
    fn everything_else_stays() {
        for line in [
            "plain line",
            "http://127.0.0.1:3000/setup#token=7qk3",
            "a bearer of news",
            "the eyJ of it",
            "tokens=5 tokens_total=7",
            "https://user@host/path and a:b@c",
            "token=",
            "日本 password 語",
            "",
        ] {
            assert_eq!(redact(line), line);
        }
    }

    #[test]
    fn text_of_any_kind_survives() {
        for line in
            ["é=é", "日本token=日本 語", "\":", "=", ":", "token=\"", "://", "bearer ", "eyJ", "password:\\"]
        {
            let _same_or_redacted = redact(line);
        }
        assert_eq!(redact("日本token=日本 語"), "日本token=… 語");
    }
}
