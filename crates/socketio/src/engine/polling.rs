//! HTTP long-polling on an open session: the waiting GET and the POST.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use http_body::Body;
use tokio::sync::oneshot;

use crate::engine::Response;
use crate::engine::http::{Failure, text};
use crate::engine::outbox::{Closing, Lane};
use crate::engine::payload::SEPARATOR;
use crate::engine::session::Session;
use crate::engine::upgrade::{Inbox, Refused};
use crate::listener::body::{BodyError, discard, read_body};
use crate::reason::DisconnectReason;

/// Time that the body of one request may take.
const BODY_TIME: Duration = Duration::from_secs(30);

const PARSE_ERROR: Closing = Closing::abrupt(DisconnectReason::ParseError, 1008);

/// Ends the session when a poll is not answered, because the client went away before.
struct PollGuard<'a> {
    session: &'a Session,
    answered: bool,
}

impl Drop for PollGuard<'_> {
    fn drop(&mut self) {
        if !self.answered {
            self.session.with_outbox(|outbox| {
                if let Lane::Polling(poll) = &mut outbox.lane {
                    poll.active = false;
                }
            });
            self.session.end(Closing::lost(DisconnectReason::TransportClose));
        }
    }
}

/// Answers a GET: with what is queued, or with whatever comes first.
pub(crate) async fn poll(session: Arc<Session>) -> Response {
    if session.has_timed_out() {
        session.end(Closing::abrupt(DisconnectReason::PingTimeout, 1000));
        return Failure::UnknownSession.answer();
    }
    if let Err(failure) = begin_poll(&session) {
        return failure.answer();
    }
    let mut guard = PollGuard { session: &session, answered: false };
    let body = poll_fn(|cx| session.poll_payload(cx)).await;
    guard.answered = true;
    if !session.is_open() {
        // The session's task waits for its last answer to be fetched.
        session.wake();
    }
    text(body)
}

fn begin_poll(session: &Session) -> Result<(), Failure> {
    let begun = session.with_outbox(|outbox| {
        let ended = outbox.closing.is_some_and(|closing| !closing.answers_a_late_poll());
        match &mut outbox.lane {
            Lane::Polling(poll) if poll.active => Err(Some(Failure::BadRequest)),
            Lane::Polling(_) if ended => Err(None),
            Lane::Polling(poll) => {
                poll.active = true;
                Ok(())
            }
            Lane::Tcp(_) | Lane::Task => Err(None),
            Lane::Gone => Err(None),
        }
    });
    begun.map_err(|overlap| {
        if overlap.is_some() {
            // Two polls would each get a part of the packets, in no order.
            session.end(PARSE_ERROR);
        }
        Failure::BadRequest
    })
}

/// The exclusive right to bring a body.
struct PostGuard<'a>(&'a Session);

impl Drop for PostGuard<'_> {
    fn drop(&mut self) {
        if let Some(side) = self.0.polling.lock().as_mut() {
            side.receiving = false;
        }
    }
}

/// Takes the body of a POST, and answers when the application has taken all of its packets.
pub(crate) async fn post<B>(session: Arc<Session>, headers: &HeaderMap, body: B) -> Response
where
    B: Body<Data = Bytes> + Send + 'static,
{
    if session.has_timed_out() {
        session.end(Closing::abrupt(DisconnectReason::PingTimeout, 1000));
        return Failure::UnknownSession.answer();
    }
    let (polling, open) =
        session.with_outbox(|outbox| (matches!(outbox.lane, Lane::Polling(_)), outbox.closing.is_none()));
    if !polling {
        return Failure::BadRequest.answer();
    }
    if !open {
        return Failure::UnknownSession.answer();
    }
    let Some(_guard) = begin_post(&session) else {
        session.end(PARSE_ERROR);
        return Failure::BadRequest.answer();
    };
    if headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/octet-stream"))
    {
        session.end(PARSE_ERROR);
        return Failure::BadRequest.answer();
    }
    let mut body = pin!(body);
    match read_body(body.as_mut(), session.limit(), BODY_TIME).await {
        Ok(body) => deliver(&session, body).await,
        Err(error) => {
            let (closing, failure) = match error {
                BodyError::TooLarge => (PARSE_ERROR, Failure::TooLarge),
                BodyError::Timeout => {
                    (Closing::abrupt(DisconnectReason::TransportError, 1000), Failure::Timeout)
                }
                BodyError::Broken => (Closing::lost(DisconnectReason::TransportError), Failure::BadRequest),
            };
            session.end(closing);
            if error == BodyError::TooLarge {
                discard(body).await;
            }
            failure.answer()
        }
    }
}

fn begin_post(session: &Session) -> Option<PostGuard<'_>> {
    let mut polling = session.polling.lock();
    let side = polling.as_mut()?;
    if side.receiving || side.inbox.is_some() {
        return None;
    }
    side.receiving = true;
    Some(PostGuard(session))
}

async fn deliver(session: &Arc<Session>, body: Bytes) -> Response {
    let packets = 1 + body.iter().filter(|byte| **byte == SEPARATOR as u8).count();
    if packets > session.shared.config.max_packets_per_payload {
        session.end(PARSE_ERROR);
        return Failure::BadRequest.answer();
    }
    let (done, taken) = oneshot::channel();
    if let Some(side) = session.polling.lock().as_mut() {
        side.inbox = Some(Inbox { body, at: 0, done });
    }
    if !session.is_open() {
        // Its task may not look for bodies any more.
        session.drop_inbox();
    }
    session.wake();
    match taken.await {
        Ok(Ok(())) => text(Bytes::from_static(b"ok")),
        Ok(Err(Refused)) | Err(_) => Failure::BadRequest.answer(),
    }
}
