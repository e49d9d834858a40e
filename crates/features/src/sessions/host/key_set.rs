//! The published keys of a host application: fetched, kept, and fetched again when they change.
//!
//! A token with a key that is not known makes us look again, at most every 30 s; otherwise we look every 10
//! minutes. What could not be fetched changes nothing: the keys we have stay good while their source is down. As long
//! as nothing could be fetched at all, nobody can be told from anybody, and each second is good for another look.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::jwks::{self, PublishedKey};
use crate::sessions::jwt::{Unverified, Verified};
use crate::sessions::settings::{Settings, StartError};

#[cfg(test)]
mod tests;

/// Time between two looks that tokens with unknown keys can bring about.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(30);
/// The same as long as none has found anything.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);
/// Time between two looks without any reason.
const LOOK_EVERY: Duration = Duration::from_secs(600);
/// Time for one fetch, redirects and body included.
const FETCH_LIMIT: Duration = Duration::from_secs(5);
/// Longest key set.
const SET_MAX_BYTES: u64 = 256 * 1024;

/// See the module.
pub(in crate::sessions) struct KeySet {
    source: Source,
    keys: RwLock<Arc<Vec<PublishedKey>>>,
    /// Whether they could ever be read.
    is_known: AtomicBool,
    /// When we looked last; held while looking, so that nobody looks twice at once.
    looked_at: Mutex<Instant>,
    look_again_after: Duration,
}

#[derive(Debug, Clone)]
enum Source {
    File(PathBuf),
    Url { url: String, agent: ureq::Agent },
}

impl KeySet {
    /// The key set of the settings, if they name one.
    ///
    /// # Errors
    /// If the file is of no use. An address that does not answer is only logged.
    pub(super) async fn open(settings: &Settings) -> Result<Option<Self>, StartError> {
        let source = match (&settings.jwks_file, &settings.jwks_url) {
            (Some(path), _) => Source::File(path.clone()),
            (None, Some(url)) => {
                if is_in_the_open(url) {
                    tracing::warn!(%url, "keys fetched without TLS: whoever is on the way can sign in as anyone");
                }
                Source::Url { url: url.clone(), agent: agent(url) }
            }
            (None, None) => return Ok(None),
        };
        let (keys, is_known) = match (source.read().await, &source) {
            (Ok(keys), _) => (keys, true),
            (Err(reason), Source::File(path)) => {
                return Err(StartError::JwksFile { path: path.clone(), reason });
            }
            (Err(reason), Source::Url { url, .. }) => {
                tracing::warn!(%url, %reason, "the keys of the host application cannot be fetched yet");
                (Vec::new(), false)
            }
        };
        Ok(Some(Self {
            source,
            keys: RwLock::new(Arc::new(keys)),
            is_known: AtomicBool::new(is_known),
            looked_at: Mutex::new(Instant::now()),
            look_again_after: LOOK_AGAIN_AFTER,
        }))
    }

    /// Whether the keys could ever be read.
    pub(super) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// What a token says, if one of the keys has made it.
    pub(super) async fn verify<'a>(&self, token: &Unverified<'a>) -> Option<Verified<'a>> {
        // A shared secret is never published.
        if token.algorithm().family() == jsonwebtoken::AlgorithmFamily::Hmac {
            return None;
        }
        let keys = self.keys.read().clone();
        if let Some(verified) = find(&keys, token) {
            return Some(verified);
        }
        let is_known = token.kid().is_some_and(|kid| keys.iter().any(|key| key.kid.as_deref() == Some(kid)));
        if is_known || !self.look_again(&keys).await {
            return None;
        }
        let keys = self.keys.read().clone();
        find(&keys, token)
    }

    /// Looks again if the last look was some time ago. Whether the keys are others than `known`.
    async fn look_again(&self, known: &Arc<Vec<PublishedKey>>) -> bool {
        let mut looked_at = self.looked_at.lock().await;
        let longest = if self.is_known() { Duration::MAX } else { TRY_AGAIN_AFTER };
        let pause = self.look_again_after.min(longest);
        if Arc::ptr_eq(known, &self.keys.read()) && looked_at.elapsed() >= pause {
            self.look(&mut looked_at).await;
        }
        !Arc::ptr_eq(known, &self.keys.read())
    }

    /// Looks if it is time to.
    pub(in crate::sessions) async fn refresh(&self) {
        let mut looked_at = self.looked_at.lock().await;
        if looked_at.elapsed() >= LOOK_EVERY {
            self.look(&mut looked_at).await;
        }
    }

    async fn look(&self, looked_at: &mut Instant) {
        match self.source.read().await {
            Ok(keys) => {
                *self.keys.write() = Arc::new(keys);
                self.is_known.store(true, Ordering::Relaxed);
            }
            Err(reason) => tracing::warn!(%reason, "the keys of the host application stay as they were"),
        }
        *looked_at = Instant::now();
    }
}

/// A key without a name may have made any token, and a token without the name of a key may be any key's.
fn find<'a>(keys: &[PublishedKey], token: &Unverified<'a>) -> Option<Verified<'a>> {
    let may_be = |key: &&PublishedKey| match (key.kid.as_deref(), token.kid()) {
        (Some(ours), Some(theirs)) => ours == theirs,
        _ => true,
    };
    let fitting = keys.iter().filter(|key| key.algorithm == token.algorithm()).filter(may_be);
    fitting.into_iter().find_map(|key| token.verify(&key.key))
}

/// Whether a fetch would cross a network without TLS.
fn is_in_the_open(url: &str) -> bool {
    let loopback = ["127.", "localhost", "[::1]"];
    url.strip_prefix("http://").is_some_and(|host| !loopback.iter().any(|name| host.starts_with(name)))
}

fn agent(url: &str) -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(FETCH_LIMIT))
        .max_redirects(3)
        // A redirect must not take away what the operator asked for.
        .https_only(url.starts_with("https://"))
        .user_agent("fireside")
        .build()
        .into()
}

fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut json = Vec::new();
    File::open(path)?.take(SET_MAX_BYTES).read_to_end(&mut json)?;
    Ok(json)
}

impl Source {
    async fn read(&self) -> Result<Vec<PublishedKey>, String> {
        let source = self.clone();
        let reading = tokio::task::spawn_blocking(move || source.read_blocking());
        reading.await.map_err(|error| error.to_string())?
    }

    fn read_blocking(&self) -> Result<Vec<PublishedKey>, String> {
        let json = match self {
            Self::File(path) => read_file(path).map_err(|error| error.to_string())?,
            Self::Url { url, agent } => {
                let mut response = agent.get(url).call().map_err(|error| error.to_string())?;
                let body = response.body_mut().with_config().limit(SET_MAX_BYTES);
                body.read_to_vec().map_err(|error| error.to_string())?
            }
        };
        jwks::parse(&json)
    }
}
