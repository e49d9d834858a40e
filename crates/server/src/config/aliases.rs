//! The tutorial's names of settings (`APP_ENV_…`), understood so that its `.env` starts our server against
//! the same database. Weaker than our own names.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::path::Path;

use super::layers::{Form, Given, Layer, Origin};
use super::settings::SETTINGS;

const PORT: &str = "APP_ENV_SERVER_PORT";
const CORS_ORIGIN: &str = "APP_ENV_CORS_ORIGIN";
const POSTGRES_HOST: &str = "APP_ENV_POSTGRES_HOST";
const POSTGRES_DATABASE: &str = "APP_ENV_POSTGRES_DATABASE";
const REDIS_HOST: &str = "APP_ENV_REDIS_HOST";

/// What all of the tutorial's names begin with.
const PREFIX: &str = "APP_ENV_";

/// The tutorial's names as its app would find them: those of the environment, and of its `.env` where that has others.
/// And what an operator should know of that file. It may be somebody else's, so nothing in it is a mistake.
pub(super) fn environment(
    dotenv: Option<&Path>,
    environment: &BTreeMap<String, String>,
) -> (BTreeMap<String, String>, Option<String>) {
    let is_tutorials = |name: &str, text: &str| name.starts_with(PREFIX) && !text.is_empty();
    let mut found: BTreeMap<String, String> = environment
        .iter()
        .filter(|(name, text)| is_tutorials(name, text))
        .map(|(name, text)| (name.clone(), text.clone()))
        .collect();
    let Some(path) = dotenv else { return (found, None) };
    let unread = |error: &dotenvy::Error| format!("{} was not read: {error}", path.display());
    let lines = match dotenvy::from_path_iter(path) {
        Ok(lines) => lines,
        Err(dotenvy::Error::Io(error)) if error.kind() == ErrorKind::NotFound => return (found, None),
        Err(error) => return (found, Some(unread(&error))),
    };
    let mut added = Vec::new();
    for line in lines {
        match line {
            Ok((name, text)) if is_tutorials(&name, &text) && !environment.contains_key(&name) => {
                added.push(name.clone());
                found.insert(name, text);
            }
            Ok(_) | Err(dotenvy::Error::LineParse(..)) => {}
            Err(error) => return (found, Some(unread(&error))),
        }
    }
    added.sort_unstable();
    added.dedup();
    let note = (!added.is_empty()).then(|| format!("{} gives {}", path.display(), added.join(", ")));
    (found, note)
}

/// Reads what the tutorial's app would read.
pub(super) fn layer(environment: &BTreeMap<String, String>) -> Layer {
    let mut layer = Layer::default();
    let mut give = |key: &str, name: &str, text: String| {
        let setting = SETTINGS.iter().find(|setting| setting.key == key).expect("a key of the table");
        let origin = Origin::Environment(name.to_owned());
        layer.give(setting, Given { text, form: Form::Plain, origin });
    };
    if let Some(port) = environment.get(PORT) {
        give("listen", PORT, port.clone());
    }
    if let Some(origin) = environment.get(CORS_ORIGIN) {
        give("cors_origins", CORS_ORIGIN, origin.clone());
    }
    // The other names alone say nothing: a password without a place is left over from something else.
    if let Some(name) =
        [POSTGRES_HOST, POSTGRES_DATABASE].into_iter().find(|name| environment.contains_key(*name))
    {
        give("database_url", name, postgres_url(environment));
        if environment.contains_key(REDIS_HOST) {
            give("redis_url", REDIS_HOST, redis_url(environment));
        }
    }
    layer
}

/// What the tutorial's names say that this server does differently, for a warning at start.
pub(super) fn note(environment: &BTreeMap<String, String>) -> Option<String> {
    let has_postgres = [POSTGRES_HOST, POSTGRES_DATABASE].iter().any(|name| environment.contains_key(*name));
    (environment.contains_key(REDIS_HOST) && !has_postgres).then(|| {
        format!("{REDIS_HOST} is set, but without a PostgreSQL this is the only node and uses no Redis; nothing is lost by that")
    })
}

/// The tutorial's own defaults fill what is not there.
fn redis_url(environment: &BTreeMap<String, String>) -> String {
    let get = |name: &str, default: &str| {
        let name = format!("APP_ENV_REDIS_{name}");
        escaped(environment.get(&name).map_or(default, String::as_str))
    };
    let (user, password) = (get("USERNAME", ""), get("PASSWORD", ""));
    let credentials = if password.is_empty() { String::new() } else { format!("{user}:{password}@") };
    format!("redis://{credentials}{}:{}", get("HOST", "localhost"), get("PORT", "6379"))
}

/// The tutorial's own defaults fill what is not there.
fn postgres_url(environment: &BTreeMap<String, String>) -> String {
    let get = |name: &str, default: &str| {
        let name = format!("APP_ENV_POSTGRES_{name}");
        escaped(environment.get(&name).map_or(default, String::as_str))
    };
    let (user, password) = (get("USERNAME", "postgres"), get("PASSWORD", ""));
    let colon = if password.is_empty() { "" } else { ":" };
    let (host, port, database) = (get("HOST", "localhost"), get("PORT", "5432"), get("DATABASE", "chat_db"));
    format!("postgres://{user}{colon}{password}@{host}:{port}/{database}")
}

/// Percent-encoding of everything that could mean something in a URL (RFC 3986 §2.1).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            escaped.push(char::from(byte));
        } else {
            write!(escaped, "%{byte:02X}").expect("writing to a String cannot fail");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Layer {
        layer(&pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    #[test]
    fn the_tutorials_environment_names_the_same_database() {
        let read = read(&[
            ("APP_ENV_SERVER_PORT", "3001"),
            ("APP_ENV_CORS_ORIGIN", "http://localhost:5173"),
            ("APP_ENV_POSTGRES_HOST", "db.internal"),
            ("APP_ENV_POSTGRES_PORT", "6432"),
            ("APP_ENV_POSTGRES_USERNAME", "chat"),
            ("APP_ENV_POSTGRES_PASSWORD", "p@ss:w/rd"),
        ]);
        assert_eq!(read.given["listen"].text, "3001");
        assert_eq!(read.given["cors_origins"].text, "http://localhost:5173");
        assert_eq!(
            read.given["database_url"].text,
            "postgres://chat:p%40ss%3Aw%2Frd@db.internal:6432/chat_db"
        );
        assert_eq!(read.given["database_url"].origin.to_string(), "APP_ENV_POSTGRES_HOST");
    }

    #[test]
    fn the_tutorials_redis_connects_the_nodes_of_a_postgres() {
        let names = [("APP_ENV_REDIS_HOST", "cache"), ("APP_ENV_REDIS_PASSWORD", "p@ss")];
        assert!(!read(&names).given.contains_key("redis_url"), "alone it is of no use");
        let with_postgres = [names[0], names[1], ("APP_ENV_POSTGRES_HOST", "db")];
        assert_eq!(read(&with_postgres).given["redis_url"].text, "redis://:p%40ss@cache:6379");
    }

    #[test]
    fn the_tutorials_dotenv_is_read_behind_the_environment() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".env");
        let none = BTreeMap::new();
        assert_eq!(environment(Some(&path), &none), (BTreeMap::new(), None), "there need not be one");
        let text = "# the chat\nAPP_ENV_POSTGRES_HOST=db # beside us\nAPP_ENV_POSTGRES_PASSWORD='p@ss w/rd'\n\
                    export APP_ENV_SERVER_PORT=4000\nnot a line\nFIRESIDE_LISTEN=1\nAPP_ENV_REDIS_HOST=\n";
        std::fs::write(&path, text).unwrap();
        let given = BTreeMap::from([("APP_ENV_SERVER_PORT".to_owned(), "5000".to_owned())]);
        let (found, note) = environment(Some(&path), &given);
        let found: Vec<_> = found.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        let expected = [
            ("APP_ENV_POSTGRES_HOST", "db"),
            ("APP_ENV_POSTGRES_PASSWORD", "p@ss w/rd"),
            ("APP_ENV_SERVER_PORT", "5000"),
        ];
        assert_eq!(found, expected);
        let note = note.unwrap();
        assert!(note.ends_with("gives APP_ENV_POSTGRES_HOST, APP_ENV_POSTGRES_PASSWORD"), "{note}");
        let (_, note) = environment(Some(directory.path()), &none);
        assert!(note.unwrap().contains("was not read"), "a folder is no file");
    }

    #[test]
    fn a_database_name_alone_is_enough_and_a_password_alone_is_not() {
        let given = read(&[("APP_ENV_POSTGRES_DATABASE", "chat")]);
        assert_eq!(given.given["database_url"].text, "postgres://postgres@localhost:5432/chat");
        assert!(read(&[("APP_ENV_POSTGRES_PASSWORD", "x")]).given.is_empty());
    }
}
