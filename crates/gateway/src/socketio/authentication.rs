//! The event `authenticate` of the tutorial's clients, and where a token is looked for.

use std::sync::atomic::Ordering;

use serde::Deserialize;

use fireside_kernel::Error;
use fireside_protocol::Reason;
use fireside_socketio::{Event, Frame, Handshake, RawJson, Socket};
use http::header::AUTHORIZATION;

use super::chat::Chat;
use super::operations::{answer, fail};
use super::session::Session;
use super::sweep;
use crate::authenticate::bearer;

/// `{token}`: the connect payload, and the argument of `authenticate`.
#[derive(Deserialize)]
struct Token {
    token: Option<String>,
}

fn token_in(json: RawJson<'_>) -> Option<String> {
    json.decode::<Token>().ok()?.token.filter(|token| !token.is_empty())
}

/// The token that comes with a connection: in the handshake's `Authorization`, else in the connect payload
/// (`WIRE.md` §1.2). Never in the query: URLs end up in logs.
///
/// # Errors
/// `unauthenticated` for two different ones: a proxy may have checked the other.
pub(super) fn token_of(handshake: &Handshake, auth: Option<RawJson<'_>>) -> Result<Option<String>, Error> {
    let mut headers = http::HeaderMap::new();
    if let Some(value) = handshake.header(&AUTHORIZATION) {
        headers.insert(AUTHORIZATION, value);
    }
    match (bearer(&headers)?, auth.and_then(token_in)) {
        (Some(header), Some(payload)) if header != payload => {
            Err(Error::unauthenticated("Two different tokens were given"))
        }
        (Some(header), _) => Ok(Some(header.to_owned())),
        (None, payload) => Ok(payload),
    }
}

/// `authenticate`: the first one lets the socket in; a later one may bring a newer token of the same user.
pub(super) async fn authenticate(chat: &Chat, socket: &Socket<Session>, event: Event) {
    let session = socket.state();
    if session.identity().is_some() {
        return renew(chat, socket, event).await;
    }
    if !session.begin_check() {
        return;
    }
    let brought = session.take_token().map(String::from);
    let admitted = match brought.or_else(|| event.args.get(0).and_then(token_in)) {
        None => Err(Error::unauthenticated("No token was given")),
        Some(token) => admit(chat, socket, &token).await,
    };
    let now = chat.kernel.clock.now();
    match admitted {
        Ok(arrival) => {
            socket.handshake().forget_headers();
            socket.admit();
            session.phase.store(sweep::phase_now(chat), Ordering::Relaxed);
            chat.enter(socket, *arrival, || {
                emit(socket, "ping", &serde_json::json!({ "time": now }));
                emit(
                    socket,
                    "authenticated",
                    &serde_json::json!({ "id": socket.id().as_str(), "time": now }),
                );
                join_common_rooms(socket);
            });
            answer(event.ack, "{\"ok\":true}");
        }
        Err(error) => {
            session.shut_out();
            emit(socket, "unauthenticated", &serde_json::json!({ "message": error.message, "time": now }));
            fail(event.ack, None, socket, &error);
            // Everything queued is flushed before the connection closes.
            socket.disconnect(true);
        }
    }
}

/// The rooms by which the tutorial's services reach everybody (`WIRE.md` §1.2).
pub(super) const COMMON_ROOMS: [&str; 2] = ["io-default", "io-notification"];

/// Every authenticated socket is in them.
pub(super) fn join_common_rooms(socket: &Socket<Session>) {
    for room in COMMON_ROOMS {
        socket.join(room);
    }
}

async fn admit(
    chat: &Chat,
    socket: &Socket<Session>,
    token: &str,
) -> Result<Box<super::delivery::Arrival>, Error> {
    let identity = chat.identify(socket.state().address, token).await?;
    socket.state().permit.authenticated(&identity.user)?;
    let arrival = chat.delivery.look_up(&identity.user).await?;
    if socket.state().let_in(identity) { Ok(arrival) } else { Err(Error::unauthenticated("Too late")) }
}

/// Only an explicit newer token renews: `authenticate` without one on an authenticated socket does nothing.
async fn renew(chat: &Chat, socket: &Socket<Session>, event: Event) {
    let Some(token) = event.args.get(0).and_then(token_in) else { return answer(event.ack, "{\"ok\":true}") };
    let renewed = match chat.identify(socket.state().address, &token).await {
        Ok(identity) if socket.state().renew(&identity) => Ok(()),
        Ok(_) => Err(Error::new(Reason::Forbidden, "This socket belongs to another user")),
        Err(error) => Err(error),
    };
    match renewed {
        Ok(()) => answer(event.ack, "{\"ok\":true}"),
        Err(error) => fail(event.ack, None, socket, &error),
    }
}

fn emit(socket: &Socket<Session>, name: &str, payload: &serde_json::Value) {
    if let Ok(frame) = Frame::event(name, &[payload]) {
        socket.emit(&frame);
    }
}
