//! What a server says when it has started: to people on a terminal a few lines, elsewhere a line of the log.

use std::fmt::Write as _;
use std::time::Duration;

use fireside_db::{Engine, Migrated};

use crate::config::Config;
use crate::wiring::Running;

/// Where people on this machine reach a server that listens on `port`.
pub fn local_url(config: &Config, port: u16) -> String {
    let scheme = if config.tls.cert.is_some() { "https" } else { "http" };
    let host = match config.listen.host() {
        // Nobody can open these; they stand for every address of the machine.
        "0.0.0.0" | "::" => "localhost".to_owned(),
        host if host.contains(':') => format!("[{host}]"),
        host => host.to_owned(),
    };
    format!("{scheme}://{host}:{port}")
}

/// What the banner tells.
#[derive(Debug)]
pub struct Banner<'a> {
    config: &'a Config,
    /// Where people on this machine reach the server.
    address: String,
    setup_token: Option<&'a str>,
    migrated: Migrated,
    took: Duration,
}

impl<'a> Banner<'a> {
    /// Of a server that took so long to start.
    pub fn new(config: &'a Config, running: &'a Running, took: Duration) -> Banner<'a> {
        let address = local_url(config, running.address.port());
        let setup_token = running.setup_token.as_deref();
        Banner { config, address, setup_token, migrated: running.migrated, took }
    }

    /// Where people reach the server.
    fn url(&self) -> &str {
        self.config.url.as_ref().map_or(&self.address, |url| url.as_str())
    }

    /// The link that claims the server, if nobody has yet.
    pub fn setup_link(&self) -> Option<String> {
        self.setup_token.map(|token| format!("{}/setup#token={token}", self.url()))
    }

    /// For people: at most twelve lines on the first start, three on later ones.
    pub fn text(&self, colours: bool) -> String {
        let (bold, plain) = if colours { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
        let is_new = self.migrated.from.is_none();
        let new = if is_new { " (new)" } else { "" };
        let data_dir = self.config.data_dir.display();
        let engine = match self.config.database().engine() {
            Engine::Sqlite => "SQLite",
            Engine::Postgres => "PostgreSQL",
        };
        let upgraded = match self.migrated {
            Migrated { from: Some(from), to, steps: 1.. } => format!(", schema {from} is {to} now"),
            _ => String::new(),
        };
        let version = env!("CARGO_PKG_VERSION");
        let mut text =
            format!("{bold}fireside {version}{plain}  data {data_dir}{new}  database {engine}{upgraded}\n");
        let write = "writing to a String cannot fail";
        writeln!(text, "\n  Ready in {:.2} s   {bold}{}{plain}", self.took.as_secs_f64(), self.url())
            .expect(write);
        if let Some(link) = self.setup_link() {
            let or = match self.config.database().engine() {
                Engine::Sqlite => "or stop it (Ctrl+C) and run:",
                Engine::Postgres => "or in a terminal:",
            };
            let headline = "Set up your workspace (link valid 60 min, one use):";
            writeln!(text, "\n  {headline}\n  {bold}{link}{plain}\n  {or}  fireside admin create NAME")
                .expect(write);
        }
        if is_new {
            let api =
                "API /docs (openapi.json, asyncapi.json)   Socket.IO /socket.io/ and /io   health /healthz";
            writeln!(text, "\n  {api}").expect(write);
            if self.config.listen.is_loopback() {
                let port = self.config.listen.port();
                let how = format!("fireside --listen 0.0.0.0:{port} --url https://chat.example.org");
                writeln!(text, "  Only this computer can connect. To open it up: {how}").expect(write);
            }
        }
        text
    }

    /// For machines.
    pub fn log(&self) {
        let took_ms = u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            url = self.url(),
            listen = self.address,
            took_ms,
            version = env!("CARGO_PKG_VERSION"),
            "ready"
        );
        if let Some(link) = self.setup_link() {
            tracing::info!(link, valid_min = 60, "open this link to set up the workspace; it is good once");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn banner<'a>(config: &'a Config, setup_token: Option<&'a str>, is_new: bool) -> Banner<'a> {
        let address = "http://127.0.0.1:3000".to_owned();
        let migrated = Migrated { from: (!is_new).then_some(2), to: 2, steps: if is_new { 2 } else { 0 } };
        Banner { config, address, setup_token, migrated, took: Duration::from_millis(140) }
    }

    #[test]
    fn the_first_start_says_how_to_go_on() {
        let config = Config::default();
        let text = banner(&config, Some("7qk3"), true).text(false);
        assert!(text.lines().count() <= 12, "{text}");
        assert!(text.contains("Ready in 0.14 s   http://127.0.0.1:3000\n"), "{text}");
        assert!(text.contains("\n  http://127.0.0.1:3000/setup#token=7qk3\n"), "{text}");
        assert!(!text.contains('\u{1b}'), "no colours: {text}");
    }

    #[test]
    fn later_starts_say_little() {
        let config = Config::default();
        assert_eq!(banner(&config, None, false).text(true).lines().count(), 3);
    }

    #[test]
    fn links_lead_to_where_people_are() {
        let config = Config { url: Some("https://chat.example.org".parse().unwrap()), ..Config::default() };
        let link = banner(&config, Some("x"), true).setup_link();
        assert_eq!(link.as_deref(), Some("https://chat.example.org/setup#token=x"));
    }
}
