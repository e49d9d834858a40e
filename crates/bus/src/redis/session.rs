//! One life of a link: from connecting to whatever ends it.
//!
//! Two connections: one publishes, one listens, so that a flood of the one does not hold up the other. They
//! live and die together, because half a bus is down.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use redis::{PushInfo, PushKind, Value};
use tokio::sync::{Notify, watch};
use tokio::time::{sleep, timeout};

use super::connection::{Connection, Manner, Verb};
use super::failure::Failure;
use super::link::{Delivery, Listening, Shared};
use super::luck;
use super::outbox::Letter;
use super::subscriptions::Subscription;
use crate::measures;

/// Longest wait for a connection, or for an answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between two probes. With the patience for its return, a connection that died without a word is noticed
/// within eight seconds.
const PROBE_INTERVAL: Duration = Duration::from_secs(5);
/// Between two counts of who listens.
const CENSUS_INTERVAL: Duration = Duration::from_secs(2);

/// Both connections and what the listening one has to say.
struct Session<'a> {
    shared: &'a Shared,
    publishing: Connection,
    listening: Connection,
    signs: Arc<Signs>,
}

/// What is noticed while reading.
struct Signs {
    closed: Notify,
    /// The last probe that came back.
    probe: watch::Sender<Bytes>,
    /// Channels that we have asked not to hear any more. A shard ends others by itself when their slot moves away.
    leaving: Mutex<HashSet<String>>,
}

/// Connects, and stays connected until the first failure.
pub(super) async fn run(shared: &Arc<Shared>) -> Failure {
    let session = async {
        let connected = timeout(PATIENCE, connect(shared)).await.unwrap_or(Err(Failure::Silent));
        // It says why before it closes, but the answer is lost when it closes while we still ask.
        let mut session = connected
            .map_err(|failure| if failure == Failure::Closed { Failure::TurnedAway } else { failure })?;
        session.subscribe_to_all().await?;
        session.probe().await?;
        Ok(session)
    };
    match session.await {
        Ok(session) => {
            shared.is_up();
            session.live().await
        }
        Err(failure) => failure,
    }
}

async fn connect(shared: &Arc<Shared>) -> Result<Session<'_>, Failure> {
    let signs =
        Arc::new(Signs { closed: Notify::new(), probe: watch::Sender::default(), leaving: Mutex::default() });
    let (reader, read) = (shared.clone(), signs.clone());
    let pushed = move |push| {
        reader.take(&read, push);
        Ok::<(), Infallible>(())
    };
    let deaf = None::<fn(PushInfo) -> Result<(), Infallible>>;
    let publishing = Connection::open(&shared.url, shared.manner, PATIENCE, deaf).await?;
    let listening = Connection::open(&shared.url, shared.manner, PATIENCE, Some(pushed)).await?;
    Ok(Session { shared, publishing, listening, signs })
}

impl Shared {
    /// Called for whatever the listening connection reads, in its own task: nothing piles up between.
    fn take(&self, signs: &Signs, push: PushInfo) {
        match push.kind {
            PushKind::Disconnection => signs.closed.notify_one(),
            PushKind::Message | PushKind::PMessage | PushKind::SMessage => {
                let Some(delivery) = delivery(push.data) else { return };
                if delivery.channel == self.probe_channel {
                    signs.probe.send_replace(delivery.payload);
                } else {
                    (self.listening.deliver)(delivery);
                }
            }
            PushKind::SUnsubscribe if !signs.was_asked(&push.data) => signs.closed.notify_one(),
            _ => {}
        }
    }
}

impl Signs {
    /// Whether we wanted not to hear a channel any more that a shard has taken from us: `[channel, count]`.
    fn was_asked(&self, data: &[Value]) -> bool {
        let Some(Value::BulkString(channel)) = data.first() else { return true };
        self.leaving.lock().remove(&*String::from_utf8_lossy(channel))
    }
}

/// `[channel, payload]`, after the pattern if it came by one. A name that is no UTF-8 is nobody's.
fn delivery(mut data: Vec<Value>) -> Option<Delivery> {
    let (Value::BulkString(payload), Value::BulkString(channel)) = (data.pop()?, data.pop()?) else {
        return None;
    };
    Some(Delivery { channel: String::from_utf8(channel).ok()?, payload: payload.into() })
}

impl Session<'_> {
    async fn live(&self) -> Failure {
        let failure = tokio::select! {
            failure = self.publish() => failure,
            failure = self.follow_subscriptions() => failure,
            failure = self.keep_probing() => failure,
            failure = self.keep_counting() => failure,
            () = self.signs.closed.notified() => Ok(Failure::Closed),
        };
        failure.unwrap_or_else(|failure| failure)
    }

    async fn publish(&self) -> Result<Failure, Failure> {
        loop {
            self.send(self.shared.outbox.take().await).await?;
        }
    }

    async fn send(&self, letters: Vec<Letter>) -> Result<(), Failure> {
        self.publishing.publish(&letters).await?;
        letters.iter().for_each(|_| measures::published());
        Ok(())
    }

    async fn subscribe_to_all(&mut self) -> Result<(), Failure> {
        self.listening.listen(Verb::Subscribe, std::slice::from_ref(&self.shared.probe_channel)).await?;
        self.subscribe(self.shared.subscriptions.all()).await
    }

    async fn follow_subscriptions(&self) -> Result<Failure, Failure> {
        loop {
            let changes = self.shared.subscriptions.changes().await;
            self.unsubscribe(changes.unwanted).await?;
            self.subscribe(changes.wanted).await?;
        }
    }

    async fn subscribe(&self, wanted: Vec<Subscription>) -> Result<(), Failure> {
        let (channels, patterns) = apart(wanted);
        self.listening.listen(Verb::Subscribe, &channels).await?;
        self.listening.listen(Verb::SubscribePattern, &patterns).await
    }

    async fn unsubscribe(&self, unwanted: Vec<Subscription>) -> Result<(), Failure> {
        let (channels, patterns) = apart(unwanted);
        if self.shared.manner == Manner::Sharded {
            self.signs.leaving.lock().extend(channels.iter().cloned());
        }
        self.listening.listen(Verb::Unsubscribe, &channels).await?;
        self.listening.listen(Verb::UnsubscribePattern, &patterns).await
    }

    /// Counts who else listens.
    async fn keep_counting(&self) -> Result<Failure, Failure> {
        let Listening { census, counted, .. } = &self.shared.listening;
        if census.is_empty() {
            std::future::pending::<()>().await;
        }
        loop {
            counted(&self.publishing.listeners(census).await?);
            sleep(CENSUS_INTERVAL).await;
        }
    }

    async fn keep_probing(&self) -> Result<Failure, Failure> {
        loop {
            sleep(PROBE_INTERVAL).await;
            self.probe().await?;
        }
    }

    /// Publishes something on the one connection and waits for it on the other: what a ping of either would
    /// not prove is that messages arrive.
    async fn probe(&self) -> Result<(), Failure> {
        let probe = Bytes::copy_from_slice(&luck::draw().to_le_bytes());
        let mut arrived = self.signs.probe.subscribe();
        let there_and_back = async {
            self.send(vec![(self.shared.probe_channel.clone(), probe.clone())]).await?;
            self.publishing.all_answer().await?;
            self.listening.all_answer().await?;
            // The sender is in `self`: it cannot be gone.
            let _arrived = arrived.wait_for(|arrived| *arrived == probe).await;
            Ok(())
        };
        timeout(PATIENCE, there_and_back).await.unwrap_or(Err(Failure::Silent))
    }
}

/// Channels, and patterns.
fn apart(subscriptions: Vec<Subscription>) -> (Vec<String>, Vec<String>) {
    let (mut channels, mut patterns) = (Vec::new(), Vec::new());
    for subscription in subscriptions {
        match subscription {
            Subscription::Channel(name) => channels.push(name),
            Subscription::Pattern(pattern) => patterns.push(pattern),
        }
    }
    (channels, patterns)
}
