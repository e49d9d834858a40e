//! `fireside demo`: a server full of made-up people, to look around in. Nothing of it stays.

use std::io::Write as _;
use std::path::Path;
use std::time::Instant;

use clap::Args;
use fireside_kernel::Clock;
use fireside_kernel::connections::{Connection, Observer as _};
use fireside_protocol::Time;

use super::serve::{self, AtOnce, Signals};
use super::{Failure, Invocation, WRONG_SETTINGS, block_on, furnish, log_beside};
use crate::banner::local_url;
use crate::config::{Config, Flag, Sources};
use crate::demo::{self, Filled, MAIN, ONLINE, PASSWORD};
use crate::wiring::{self, Running};

/// Who gets a link.
const LINKS: &[(&str, &str)] =
    &[(MAIN, "administrator, has much to read"), ("bjorn", "member"), ("layla", "member, writes Arabic")];
/// Settings of where data is kept: the demo has a place of its own.
const NOT_FOR_DEMO: &[&str] = &["data-dir", "database-url", "redis-url"];

#[derive(Debug, Args)]
pub(super) struct Demo {
    /// Adds a room with so many messages.
    #[arg(long, value_name = "COUNT", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    messages: u32,
    /// When the talk ends, as RFC 3339 in UTC; now where it is not said. The same moment makes the same data.
    #[arg(long, value_name = "TIME", value_parser = read_time)]
    at: Option<Time>,
    /// Lets other computers connect, though everyone knows the passwords.
    #[arg(long)]
    let_others_in: bool,
}

fn read_time(text: &str) -> Result<Time, String> {
    serde_json::from_value(text.into()).map_err(|error| error.to_string())
}

impl Demo {
    pub(super) fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let since = Instant::now();
        let folder = tempfile::Builder::new().prefix("fireside-demo-").tempdir().map_err(Failure::new)?;
        let config = self.config(&invocation.flags, folder.path())?;
        log_beside()?;
        let stopped = block_on(self.serve(&config, since))?;
        // Before any exit, which would leave it.
        drop(folder);
        match stopped {
            Ok(()) => Ok(()),
            Err(at_once) => at_once.exit(),
        }
    }

    /// The settings: flags only. The environment and the file speak of a server that must not be touched.
    fn config(&self, flags: &[Flag], folder: &Path) -> Result<Config, Failure> {
        let refuse = |message: String| Err(Failure { code: WRONG_SETTINGS, message });
        if let Some(flag) = flags.iter().find(|flag| NOT_FOR_DEMO.contains(&flag.name.as_str())) {
            let name = &flag.name;
            return refuse(format!(
                "--{name} is not for the demo, which keeps its data in a folder of its own"
            ));
        }
        let sources = Sources { flags: flags.to_vec(), ..Sources::default() };
        let config = Config { data_dir: folder.to_owned(), ..sources.load()?.config };
        if !config.listen.is_loopback() && !self.let_others_in {
            let listen = &config.listen;
            return refuse(format!(
                "--listen {listen}: others could sign in, since everyone knows the passwords of the demo; \
                 --let-others-in says that this is meant"
            ));
        }
        Ok(config)
    }

    async fn serve(&self, config: &Config, since: Instant) -> Result<Result<(), AtOnce>, Failure> {
        let mut signals = Signals::catch()?;
        let prepared = async {
            let filled = self.fill(config).await?;
            let running = wiring::start(config, true).await?;
            show_online(&running, &filled);
            let text = welcome(config, &running, &filled, since).await?;
            Ok::<_, Failure>((running, text))
        };
        let (running, text) = tokio::select! {
            prepared = prepared => prepared?,
            _ = signals.next() => return Ok(Ok(())),
        };
        // A terminal that has gone away is no reason to stop serving.
        let _shown = std::io::stdout().write_all(text.as_bytes());
        // Its database is a file, which no other takes the place of.
        Ok(serve::until_told_to_stop(running, &mut signals).await.map(drop))
    }

    async fn fill(&self, config: &Config) -> Result<Filled, Failure> {
        let now = self.at.unwrap_or_else(|| Clock::default().now());
        let options = fireside_db::Options::new(config.database());
        let (db, _) = wiring::open(&options, true).await?;
        // Only its keys are wanted, made from real randomness.
        drop(furnish(&db).await?);
        let settings = demo::Settings { now, long_room_messages: self.messages };
        let filled = demo::fill(&db, settings).await.map_err(wiring::StartError::Sessions)?;
        db.close().await;
        Ok(filled)
    }
}

/// Some are there, so that the rooms look as rooms do.
fn show_online(running: &Running, filled: &Filled) {
    for who in ONLINE {
        let (Some(user), Some(rooms)) = (filled.people.get(*who), filled.memberships.get(*who)) else {
            continue;
        };
        let connection = Connection { socket: format!("demo-{who}"), user: user.clone(), session: None };
        running.features.presence.opened(&connection, rooms);
    }
}

/// What the terminal shows: at most twelve lines.
async fn welcome(
    config: &Config,
    running: &Running,
    filled: &Filled,
    since: Instant,
) -> Result<String, Failure> {
    let local = local_url(config, running.address.port());
    let url = config.url.as_ref().map_or(local.as_str(), |url| url.as_str());
    let (people, messages) = (filled.people.len(), filled.messages);
    let took = since.elapsed().as_secs_f64();
    let mut text = format!("fireside demo  {people} people, {messages} messages, ready in {took:.2} s\n\n");
    text.push_str("  Open a link, each is good once:\n");
    for (who, what) in LINKS {
        let token = running.features.sessions.hand_out_session(who).await?;
        text.push_str(&format!("  {url}/login#user={who}&token={token}  ({what})\n"));
    }
    text.push_str(&format!("\n  Or sign in at {url} as anyone, password {PASSWORD}\n"));
    text.push_str("  Ctrl+C ends it, and nothing is kept.\n");
    Ok(text)
}
