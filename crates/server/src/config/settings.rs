//! The table of all settings: the one place that knows their names, what they take, and which field of
//! [`Config`] they fill. Flags, environment names, the file's keys, `config print` and the help are all made
//! from it.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::LazyLock;

use fireside_features::sessions::SECRET_MIN_BYTES;

use super::adapter::ADAPTER;
use super::limits::LIMITS;
use super::values::{Proxy, list, switch};
use super::{Config, Secret};

/// How a setting is given and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One value.
    One,
    /// Several values: an array in the file, separated by commas elsewhere.
    List,
    /// One value that is never shown. It may also be given as the path of a file that holds it
    /// (`jwt_secret_file`, `FIRESIDE_JWT_SECRET_FILE`).
    Secret,
}

/// One setting.
pub struct Setting {
    /// Its name in the file; a dot leads into a table.
    pub key: &'static str,
    /// How it is given and shown.
    pub kind: Kind,
    /// Whether it may be given on the command line, which every user of the machine can read.
    pub flag: bool,
    /// What it takes, for the help.
    pub takes: &'static str,
    /// One line for the help.
    pub help: &'static str,
    /// Reads a value into its field; the error says what is wrong with it.
    pub read: fn(&mut Config, &str) -> Result<(), String>,
    /// The value of the field as it would be written; none where there is none.
    pub show: fn(&Config) -> Option<String>,
}

impl Setting {
    pub(super) const fn one(
        key: &'static str,
        takes: &'static str,
        help: &'static str,
        read: Read,
        show: Show,
    ) -> Setting {
        Setting { key, kind: Kind::One, flag: true, takes, help, read, show }
    }

    pub(super) const fn list(self) -> Setting {
        Setting { kind: Kind::List, ..self }
    }

    const fn secret(self) -> Setting {
        Setting { kind: Kind::Secret, ..self }
    }

    const fn without_flag(self) -> Setting {
        Setting { flag: false, ..self }
    }

    /// Its name in the environment.
    pub fn variable(&self) -> String {
        format!("FIRESIDE_{}", self.key.replace('.', "_").to_uppercase())
    }

    /// Its name on the command line, without the dashes.
    pub fn flag_name(&self) -> String {
        self.key.replace(['.', '_'], "-")
    }
}

type Read = fn(&mut Config, &str) -> Result<(), String>;
type Show = fn(&Config) -> Option<String>;

/// Reads a value into its field.
fn put<T: FromStr<Err: Display>>(field: &mut T, text: &str) -> Result<(), String> {
    *field = text.parse().map_err(|error: T::Err| error.to_string())?;
    Ok(())
}

/// Reads a value into a field that may be empty.
fn put_some<T: FromStr<Err: Display>>(field: &mut Option<T>, text: &str) -> Result<(), String> {
    *field = Some(text.parse().map_err(|error: T::Err| error.to_string())?);
    Ok(())
}

fn put_path(field: &mut Option<PathBuf>, text: &str) -> Result<(), String> {
    *field = Some(PathBuf::from(text));
    Ok(())
}

fn put_secret(field: &mut Option<Secret>, text: &str) -> Result<(), String> {
    *field = Some(Secret::from(text));
    Ok(())
}

pub(super) fn shown(value: &impl ToString) -> Option<String> {
    Some(value.to_string())
}

fn path(value: &Option<PathBuf>) -> Option<String> {
    value.as_ref().map(|path| path.display().to_string())
}

fn hidden(value: &Option<Secret>) -> Option<String> {
    value.as_ref().map(|_| "…".to_owned())
}

fn put_jwt_secret(config: &mut Config, text: &str) -> Result<(), String> {
    if text.len() < SECRET_MIN_BYTES {
        return Err(format!(
            "has {} bytes, at least {SECRET_MIN_BYTES} are needed; `openssl rand -base64 48` makes one",
            text.len()
        ));
    }
    put_secret(&mut config.jwt.secret, text)
}

fn put_metrics_token(config: &mut Config, text: &str) -> Result<(), String> {
    if text.len() < 16 || !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err("needs at least 16 characters, none of them a space".to_owned());
    }
    put_secret(&mut config.metrics_token, text)
}

fn put_database(config: &mut Config, text: &str) -> Result<(), String> {
    // The short form of the default: the file in the data directory.
    if text == "sqlite:" {
        config.database_url = None;
        return Ok(());
    }
    put_some(&mut config.database_url, text)
}

fn put_proxies(config: &mut Config, text: &str) -> Result<(), String> {
    let proxies = list(text).into_iter().map(str::parse).collect::<Result<Vec<Proxy>, _>>();
    config.trusted_proxies = proxies.map_err(|error| error.to_string())?;
    Ok(())
}

fn proxies(config: &Config) -> Option<String> {
    let texts: Vec<_> = config.trusted_proxies.iter().map(ToString::to_string).collect();
    Some(texts.join(", "))
}

/// Every setting there is, in the order of the help.
pub static SETTINGS: LazyLock<Vec<Setting>> =
    LazyLock::new(|| MAIN.into_iter().chain(ADAPTER).chain(LIMITS).collect());

const MAIN: [Setting; 20] = [
    Setting::one(
        "listen",
        "HOST:PORT",
        "Where to listen",
        |c, text| put(&mut c.listen, text),
        |c| shown(&c.listen),
    ),
    Setting::one(
        "url",
        "URL",
        "How people reach the server from outside, such as https://chat.example.org",
        |c, text| put_some(&mut c.url, text),
        |c| c.url.as_ref().map(ToString::to_string),
    ),
    Setting::one(
        "data_dir",
        "DIR",
        "Where the database and all other files live",
        |c, text| put(&mut c.data_dir, text),
        |c| shown(&c.data_dir.display()),
    ),
    Setting::one(
        "database_url",
        "URL",
        "postgres://user@host/name, or sqlite:PATH; a file in the data directory where none is given",
        put_database,
        |c| c.database_url.as_ref().map(ToString::to_string),
    )
    .secret(),
    Setting::one(
        "redis_url",
        "URL",
        "Where several nodes on one database meet: redis://, rediss://, unix://, redis+sentinel:// or redis+cluster://",
        |c, text| put_some(&mut c.redis_url, text),
        |c| c.redis_url.as_ref().map(|_| "…".to_owned()),
    )
    .secret(),
    Setting::one(
        "cors_origins",
        "ORIGINS",
        "Web pages of other origins that may use the server, such as https://app.example.org; or *",
        |c, text| put(&mut c.cors_origins, text),
        |c| shown(&c.cors_origins),
    )
    .list(),
    Setting::one(
        "signup",
        "open|invite|closed",
        "Who may make an account",
        |c, text| put_some(&mut c.signup, text),
        |c| shown(&c.signup()),
    ),
    Setting::one(
        "jwt_secret",
        "KEY",
        "HS256 key of a host application whose tokens are trusted, at least 32 bytes",
        put_jwt_secret,
        |c| hidden(&c.jwt.secret),
    )
    .secret()
    .without_flag(),
    Setting::one(
        "jwt_jwks_url",
        "URL",
        "Where a host application publishes the public keys of its tokens",
        |c, text| put_some(&mut c.jwt.jwks_url, text),
        |c| c.jwt.jwks_url.as_ref().map(ToString::to_string),
    ),
    Setting::one(
        "jwt_jwks_file",
        "FILE",
        "The same as a file",
        |c, text| put_path(&mut c.jwt.jwks_file, text),
        |c| path(&c.jwt.jwks_file),
    ),
    Setting::one(
        "jwt_issuer",
        "TEXT",
        "What `iss` has to be in such tokens",
        |c, text| put_some(&mut c.jwt.issuer, text),
        |c| c.jwt.issuer.clone(),
    ),
    Setting::one(
        "jwt_audience",
        "TEXT",
        "What `aud` has to contain in such tokens",
        |c, text| put_some(&mut c.jwt.audience, text),
        |c| c.jwt.audience.clone(),
    ),
    Setting::one(
        "log_retention",
        "DAYS",
        "How long the record is kept from which clients catch up, such as 30 days; messages stay",
        |c, text| put(&mut c.log_retention, text),
        |c| shown(&c.log_retention),
    ),
    Setting::one(
        "rate_limits",
        "on|off",
        "Limits on how often; off is for load tests",
        |c, text| {
            c.rate_limits = switch(text)?;
            Ok(())
        },
        |c| shown(&if c.rate_limits { "on" } else { "off" }),
    ),
    Setting::one(
        "trusted_proxies",
        "NETWORKS",
        "Proxies whose X-Forwarded-For is believed, such as 127.0.0.1 or 10.0.0.0/8",
        put_proxies,
        proxies,
    )
    .list(),
    Setting::one(
        "metrics_token",
        "TOKEN",
        "Bearer token that /metrics asks for; without one only this machine may read it",
        put_metrics_token,
        |c| hidden(&c.metrics_token),
    )
    .secret()
    .without_flag(),
    Setting::one(
        "tls_cert",
        "FILE",
        "Certificate chain (PEM), for TLS without a proxy",
        |c, text| put_path(&mut c.tls.cert, text),
        |c| path(&c.tls.cert),
    ),
    Setting::one(
        "tls_key",
        "FILE",
        "Private key of the certificate (PEM)",
        |c, text| put_path(&mut c.tls.key, text),
        |c| path(&c.tls.key),
    ),
    Setting::one(
        "log.level",
        "LEVEL",
        "error, warn, info, debug or trace; RUST_LOG is more precise and wins",
        |c, text| put(&mut c.log.level, text),
        |c| shown(&c.log.level),
    ),
    Setting::one(
        "log.format",
        "auto|text|json",
        "How log lines look; auto is text on a terminal and JSON elsewhere",
        |c, text| put(&mut c.log.format, text),
        |c| shown(&c.log.format),
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_can_be_read_back() {
        for setting in SETTINGS.iter().filter(|setting| setting.kind != Kind::Secret) {
            let before = Config::default();
            let Some(text) = (setting.show)(&before) else { continue };
            let mut after = Config::default();
            (setting.read)(&mut after, &text).expect(setting.key);
            assert_eq!((setting.show)(&after), Some(text), "{}", setting.key);
        }
    }

    #[test]
    fn names_are_unique_in_every_form() {
        let mut variables: Vec<_> = SETTINGS.iter().map(Setting::variable).collect();
        variables.extend(SETTINGS.iter().map(Setting::flag_name));
        let all = variables.len();
        variables.sort();
        variables.dedup();
        assert_eq!(variables.len(), all);
    }

    #[test]
    fn secrets_are_not_shown() {
        let mut config = Config::default();
        for (key, text) in [
            ("jwt_secret", "hunter2-hunter2-hunter2-hunter2-hunter2"),
            ("metrics_token", "hunter2-hunter2-hunter2"),
            ("redis_url", "redis://:hunter2@host"),
            ("database_url", "postgres://ada:hunter2@host/db"),
        ] {
            let setting = SETTINGS.iter().find(|setting| setting.key == key).expect(key);
            (setting.read)(&mut config, text).expect(key);
            let shown = (setting.show)(&config).expect(key);
            assert!(!shown.contains("hunter2"), "{key} shows {shown}");
        }
        assert!(!format!("{config:?}").contains("hunter2"));
    }

    #[test]
    fn a_short_key_is_refused() {
        let error = put_jwt_secret(&mut Config::default(), "short").unwrap_err();
        assert!(error.starts_with("has 5 bytes, at least 32 are needed"), "{error}");
    }
}
