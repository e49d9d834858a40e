//! What people notice. What must come is waited for, with a limit; that nothing comes is known when something
//! that was sent later has come.

use std::sync::Arc;
use std::time::Duration;

use fireside_protocol::Request as _;
use fireside_protocol::direct_messages::SendDirectMessage;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::actor::Actor;
use crate::answer::Door;
use crate::client::{Event, Socket};

/// An ear on one socket, that hears from a certain moment on.
#[derive(Debug)]
pub struct Ear {
    socket: Arc<Socket>,
    mark: usize,
}

impl Ear {
    /// An ear that hears from now on.
    pub fn on(socket: &Arc<Socket>) -> Ear {
        Ear { mark: socket.heard().mark(), socket: socket.clone() }
    }

    /// Waits for an event of this name that is wanted; its payload.
    pub async fn hears(&self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.socket.heard().wait(self.mark, name, wanted).await
    }

    /// What `fits` makes of the first event that fits.
    pub async fn finds<T>(&self, what: &str, fits: impl Fn(&Event) -> Option<T>) -> T {
        self.socket.heard().find(self.mark, what, fits).await
    }

    /// What it has heard so far, the fences and the tutorial's `ping` left out.
    pub fn heard(&self) -> Vec<Event> {
        let told = |event: &Event| event.name != "ping" && !is_fence(&event.payload);
        self.socket.heard().since(self.mark).into_iter().filter(told).collect()
    }
}

/// The kind of message that fences are.
const FENCE: &str = "fence";

/// Whether an event is a fence.
pub fn is_fence(payload: &Value) -> bool {
    payload["type"] == FENCE
}

impl Actor {
    /// An ear that hears from now on, on their first open socket.
    pub fn listens(&self) -> Ear {
        Ear::on(&self.socket())
    }

    /// An ear on their first open socket that has heard everything since it was connected.
    pub fn listens_from_the_start(&self) -> Ear {
        Ear { socket: self.socket(), mark: 0 }
    }

    /// Waits until the server has closed all their sockets, as it must within two seconds of the end of a
    /// session (`GUARANTEES.md` G9).
    pub async fn is_put_out(&self) {
        for socket in self.sockets() {
            socket.closed_within(Duration::from_secs(2)).await;
        }
    }

    /// Hears an event, now or before; its payload.
    pub async fn hears(&self, name: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        self.socket().heard().wait(0, name, wanted).await
    }

    /// Sees a message of the den with this text.
    pub async fn sees(&self, text: &str) -> Value {
        let spoken = self.den().spoken(text);
        self.hears("message:new", |message| message["content"] == spoken.as_str()).await
    }

    /// Has been told nothing, from connecting until now.
    pub async fn sees_nothing(&self) {
        self.fence().await;
        for socket in self.open_sockets() {
            let ear = Ear { socket, mark: 0 };
            let told = ear.heard().into_iter().filter(|event| !is_of_oneself(event, self.id()));
            let told: Vec<_> = told.collect();
            assert!(told.is_empty(), "{} should know of nothing, and was told {told:#?}", self.name());
        }
    }

    /// Is told nothing that `unwanted` says it should not be: not so far, and not by anything that has been
    /// done before this is called.
    pub async fn is_not_told(&self, what: &str, unwanted: impl Fn(&Event) -> bool) {
        self.fence().await;
        for socket in self.sockets() {
            let told: Vec<_> = socket.heard().since(0).into_iter().filter(&unwanted).collect();
            assert!(told.is_empty(), "{} should not be told of {what}: {told:#?}", self.name());
        }
    }

    /// Waits until everything that was committed before now has come on every open socket: one writes a note to
    /// oneself, which goes the same way after all of it, and sees it come.
    pub async fn fence(&self) {
        let note = self.house().names.word();
        let payload = json!({ "receiverId": self.id(), "content": note, "type": FENCE });
        let sockets = self.open_sockets();
        if sockets.is_empty() {
            return;
        }
        self.writes_note(&payload).await;
        let is_note = |message: &Value| message["content"] == note.as_str();
        join_all(sockets.iter().map(|socket| socket.heard().wait(0, "dm:new", is_note))).await;
    }

    /// Writes a note to oneself, as soon as the rate limits let it through.
    async fn writes_note(&self, payload: &Value) {
        loop {
            let answer = self.tries_by(Door::Rest, &SendDirectMessage::OPERATION, payload).await;
            match answer.map_err(|refusal| refusal.retry_after_ms) {
                Ok(_) => return,
                Err(Some(wait_ms)) => tokio::time::sleep(Duration::from_millis(wait_ms)).await,
                Err(None) => panic!("{} cannot write a note", self.name()),
            }
        }
    }
}

/// What everyone is told of themselves: that they are in, and online, and that nobody else is; and what changes
/// in their own stream, which the audit compares.
fn is_of_oneself(event: &Event, me: &str) -> bool {
    match event.name.as_str() {
        "authenticated" | "user:changed" => true,
        "presence:changed" => event.payload["userId"] == me,
        "presence:snapshot" => event.payload["users"].as_array().is_some_and(Vec::is_empty),
        _ => false,
    }
}
