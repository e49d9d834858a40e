//! What all sessions of one server have in common.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Once};

use http::HeaderMap;
use parking_lot::Mutex;
use tokio::task::AbortHandle;

use crate::config::{Config, Transport};
use crate::engine::deadlines::Deadlines;
use crate::engine::flusher::Flusher;
use crate::engine::session::Session;
use crate::engine::websocket::encoder;
use crate::id::Id;
use crate::reason::DisconnectReason;
use crate::stats::{Counters, count};

pub(crate) struct Shared {
    pub(crate) config: Config,
    pub(crate) stats: Arc<Counters>,
    pub(crate) deadlines: Arc<Deadlines>,
    pub(crate) flusher: Arc<Flusher>,
    sessions: Mutex<HashMap<Id, Arc<Session>>>,
    closed_to_new: AtomicBool,
    /// Secret keys of the hashes that bind a session to its credential.
    keys: [RandomState; 2],
    started: Once,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl Shared {
    pub(crate) fn new(config: Config) -> Arc<Self> {
        Arc::new(Self {
            config,
            stats: Arc::default(),
            deadlines: Arc::new(Deadlines::new()),
            flusher: Arc::new(Flusher::default()),
            sessions: Mutex::new(HashMap::new()),
            closed_to_new: AtomicBool::new(false),
            keys: [RandomState::new(), RandomState::new()],
            started: Once::new(),
            tasks: Mutex::new(Vec::new()),
        })
    }

    /// Starts the server's own tasks, once. Needs a tokio runtime, which a constructor may not have.
    pub(crate) fn start(&self) {
        self.started.call_once(|| {
            let mut tasks = vec![tokio::spawn(Arc::clone(&self.deadlines).run()).abort_handle()];
            for _ in 0..self.config.flushers.max(1) {
                tasks.push(
                    tokio::spawn(Arc::clone(&self.flusher).run(Arc::clone(&self.stats))).abort_handle(),
                );
            }
            *self.tasks.lock() = tasks;
        });
    }

    /// Makes a session known.
    pub(crate) fn insert(&self, session: &Arc<Session>) {
        self.sessions.lock().insert(session.id(), Arc::clone(session));
    }

    /// Forgets a session that is over.
    pub(crate) fn forget(&self, session: &Session, on_websocket: bool) {
        self.sessions.lock().remove(&session.id());
        count(if on_websocket { &self.stats.closed_websocket } else { &self.stats.closed_polling }, 1);
    }

    pub(crate) fn session(&self, sid: &str) -> Option<Arc<Session>> {
        self.sessions.lock().get(&Id::parse(sid)?).cloned()
    }

    pub(crate) fn count_sessions(&self) -> usize {
        self.sessions.lock().len()
    }

    pub(crate) fn is_open(&self) -> bool {
        !self.closed_to_new.load(Ordering::Relaxed)
    }

    pub(crate) fn refuse_new(&self) {
        self.closed_to_new.store(true, Ordering::Relaxed);
    }

    pub(crate) fn close_all(&self, reason: DisconnectReason) {
        let sessions: Vec<_> = self.sessions.lock().values().cloned().collect();
        for session in sessions {
            session.drain(reason);
        }
    }

    /// A keyed hash of the credential that a request carries; 0 when it carries none. Only hashes are ever
    /// compared, so the time of a comparison tells nothing about the credential.
    pub(crate) fn binding(&self, headers: &HeaderMap) -> u128 {
        let mut credential = Vec::new();
        for name in &self.config.bind_to_headers {
            for value in headers.get_all(name) {
                credential.extend_from_slice(name.as_str().as_bytes());
                credential.push(b':');
                credential.extend_from_slice(value.as_bytes());
                credential.push(b'\n');
            }
        }
        if credential.is_empty() {
            return 0;
        }
        let [one, two] = self.keys.each_ref().map(|key| u128::from(key.hash_one(&credential)));
        (one << 64 | two).max(1)
    }

    /// The open packet, with the keys in the order that Engine.IO uses.
    pub(crate) fn open_packet(&self, id: Id, transport: Transport) -> bytes::Bytes {
        let config = &self.config;
        let upgradable = transport == Transport::Polling && config.offers(Transport::WebSocket);
        encoder::text(&format!(
            "0{{\"sid\":\"{id}\",\"upgrades\":{},\"pingInterval\":{},\"pingTimeout\":{},\"maxPayload\":{}}}",
            if upgradable { "[\"websocket\"]" } else { "[]" },
            config.ping_interval.as_millis(),
            config.ping_timeout.as_millis(),
            config.max_payload,
        ))
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        for task in self.tasks.get_mut() {
            task.abort();
        }
    }
}
