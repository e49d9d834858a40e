//! A client's event becomes an operation of the registry; its answer an ack.

use fireside_kernel::registry::Entry;
use fireside_kernel::{Actor, Ctx, Error, Identity};
use fireside_protocol::{Operation, Rate, Reason};
use fireside_socketio::{Ack, DisconnectReason, Event, Frame, RawJson, Socket, Turn};
use serde_json::value::RawValue;

use super::chat::Chat;
use super::session::Session;
use crate::limits::Subject;

/// Runs the operation behind an event and answers it.
pub(super) async fn run(chat: &Chat, socket: &Socket<Session>, mut event: Event, turn: Turn) {
    let Some((identity, entry)) = admit(chat, socket, &mut event) else { return };
    let ctx = context(chat, socket, identity, turn);
    let request_id = ctx.request_id.clone();
    let outcome = match chat.gateway.registry.dispatch(entry, ctx, payload(&event)) {
        Ok(running) => running.await,
        Err(error) => Err(error),
    };
    conclude(socket, event.ack, &entry.operation, &request_id, outcome.and_then(|reply| reply.ack()));
}

/// The payload of an event; one that has none says nothing.
pub(super) fn payload(event: &Event) -> &str {
    event.args.get(0).map_or("{}", |argument| argument.as_str())
}

/// Who asks and for what, if they may ask now; else they are told.
pub(super) fn admit<'a>(
    chat: &'a Chat,
    socket: &Socket<Session>,
    event: &mut Event,
) -> Option<(Identity, &'a Entry)> {
    let Some(identity) = socket.state().identity() else {
        answer_error(event.ack.take(), None, &Error::new(Reason::Unauthorized, "Authenticate first"));
        return None;
    };
    let Some(entry) = chat.gateway.registry.by_event(event.name()) else {
        answer_error(event.ack.take(), None, &Error::new(Reason::NotFound, "There is no such event"));
        return None;
    };
    let operation = &entry.operation;
    let subject = Subject::User(&identity.user);
    if chat.gateway.limits.is_flooding(subject) {
        socket.close_after_flush(DisconnectReason::ForcedServerClose);
    }
    if let Err(error) = chat.gateway.limits.check(subject, operation.rate) {
        count(operation.name, error.reason.as_str());
        if operation.rate == Rate::Typing {
            answer(event.ack.take(), "{\"ok\":true}");
        } else {
            fail(event.ack.take(), Some(operation), socket, &error);
        }
        return None;
    }
    Some((identity, entry))
}

/// Who asks for something that is no operation, unless they ask too often. A flood ends the socket.
pub(super) fn charge(chat: &Chat, socket: &Socket<Session>, rate: Rate) -> Result<Identity, Error> {
    let identity =
        socket.state().identity().ok_or_else(|| Error::new(Reason::Unauthorized, "Authenticate first"))?;
    let subject = Subject::User(&identity.user);
    if chat.gateway.limits.is_flooding(subject) {
        socket.close_after_flush(DisconnectReason::ForcedServerClose);
    }
    chat.gateway.limits.check(subject, rate)?;
    Ok(identity)
}

/// Answers with what came of an operation.
pub(super) fn conclude(
    socket: &Socket<Session>,
    ack: Option<Ack>,
    operation: &Operation,
    request_id: &str,
    outcome: Result<Box<RawValue>, Error>,
) {
    match outcome {
        Ok(reply) => {
            count(operation.name, "ok");
            answer(ack, reply.get());
        }
        Err(error) => {
            count(operation.name, error.reason.as_str());
            if let Some(internal) = &error.internal {
                tracing::warn!(%request_id, operation = operation.name, reason = error.reason.as_str(), internal, "an operation failed");
            }
            fail(ack, Some(operation), socket, &error);
        }
    }
}

fn context(chat: &Chat, socket: &Socket<Session>, identity: Identity, turn: Turn) -> Ctx {
    let mut ctx = Ctx::new(Actor::User(identity), chat.gateway.names.word()).with_turn(turn);
    ctx.peer.address = Some(socket.state().address);
    ctx
}

fn count(operation: &'static str, result: &'static str) {
    metrics::counter!("fireside_events_total", "event" => operation, "result" => result).increment(1);
}

/// Answers with JSON text, if the client asked for an answer.
pub(super) fn answer(ack: Option<Ack>, json: &str) {
    if let (Some(ack), Ok(json)) = (ack, RawJson::parse(json)) {
        ack.send(&[json]);
    }
}

fn answer_error(ack: Option<Ack>, operation: Option<&Operation>, error: &Error) {
    let body = serde_json::json!({ "ok": false, "error": error.body(operation) });
    answer(ack, &body.to_string());
}

/// Answers with an error; where no answer was asked for, tells the tutorial's clients by the event `error`.
pub(super) fn fail(ack: Option<Ack>, operation: Option<&Operation>, socket: &Socket<Session>, error: &Error) {
    if ack.is_some() {
        return answer_error(ack, operation, error);
    }
    let Some(code) = operation.and_then(|operation| operation.failure) else { return };
    // The tutorial's shape has no place for the field.
    let field = error.field.as_ref().map_or_else(String::new, |field| format!("{field}: "));
    let payload = serde_json::json!({ "code": code, "message": format!("{field}{}", error.message) });
    if let Ok(frame) = Frame::event("error", &[payload]) {
        socket.emit(&frame);
    }
}
