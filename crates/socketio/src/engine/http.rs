//! The HTTP side: judges requests, opens sessions, and answers in Engine.IO's own error bodies.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_VERSION, UPGRADE, X_CONTENT_TYPE_OPTIONS,
};
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body::Body;
use http_body_util::Full;
use hyper::upgrade::OnUpgrade;

use crate::config::Transport;
use crate::engine::driver::Driver;
use crate::engine::outbox::Lane;
use crate::engine::session::Session;
use crate::engine::websocket::decoder::Decoder;
use crate::engine::websocket::handshake::{Unacceptable, accept};
use crate::engine::wire::Wire;
use crate::engine::{Engine, EngineHandler, Response, polling, upgrade};
use crate::handshake::{Handshake, HandshakeRequest, Peer, Refusal};
use crate::origin::Verdict;
use crate::query;
use crate::stats::count;

/// Engine.IO's errors; the numbers are the protocol's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    UnknownTransport,
    UnknownSession,
    BadMethod,
    BadRequest,
    Forbidden,
    UnsupportedVersion,
    /// The server takes no new sessions.
    Unavailable,
    TooLarge,
    Timeout,
}

impl Failure {
    pub(crate) fn answer(self) -> Response {
        let (status, body) = match self {
            Self::UnknownTransport => {
                (StatusCode::BAD_REQUEST, r#"{"code":0,"message":"Transport unknown"}"#)
            }
            Self::UnknownSession => (StatusCode::BAD_REQUEST, r#"{"code":1,"message":"Session ID unknown"}"#),
            Self::BadMethod => (StatusCode::BAD_REQUEST, r#"{"code":2,"message":"Bad handshake method"}"#),
            Self::BadRequest => (StatusCode::BAD_REQUEST, r#"{"code":3,"message":"Bad request"}"#),
            Self::Forbidden => (StatusCode::FORBIDDEN, r#"{"code":4,"message":"Forbidden"}"#),
            Self::UnsupportedVersion => {
                (StatusCode::BAD_REQUEST, r#"{"code":5,"message":"Unsupported protocol version"}"#)
            }
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, r#"{"code":3,"message":"Server shutting down"}"#)
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, r#"{"code":3,"message":"Payload too large"}"#),
            Self::Timeout => (StatusCode::REQUEST_TIMEOUT, r#"{"code":3,"message":"Request timeout"}"#),
        };
        json(status, Bytes::from_static(body.as_bytes()))
    }
}

pub(crate) fn json(status: StatusCode, body: Bytes) -> Response {
    with_type(status, "application/json", body)
}

pub(crate) fn text(body: Bytes) -> Response {
    with_type(StatusCode::OK, "text/plain; charset=UTF-8", body)
}

fn with_type(status: StatusCode, content_type: &'static str, body: Bytes) -> Response {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

fn refused(refusal: Refusal) -> Response {
    let mut response = json(refusal.status, refusal.body);
    if let Some(seconds) = refusal.retry_after_s {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

/// Answers any request for the server's path.
pub(crate) async fn answer<H, B>(engine: &Engine<H>, request: Request<B>, peer: Peer) -> Response
where
    H: EngineHandler,
    B: Body<Data = Bytes> + Send + 'static,
{
    let verdict = engine.shared.config.origins.judge(request.headers(), peer.tls);
    if verdict == Verdict::Refused {
        count(&engine.shared.stats.refused_origins, 1);
        return Failure::Forbidden.answer();
    }
    if request.method() == Method::OPTIONS {
        let mut response = Response::new(Full::default());
        *response.status_mut() = StatusCode::NO_CONTENT;
        verdict.allow_preflight(request.headers(), response.headers_mut());
        return response;
    }
    let mut response = match route(engine, request, peer) {
        Ok(Route::Done(response)) => response,
        Ok(Route::Poll(session)) => polling::poll(session).await,
        Ok(Route::Post(session, parts, body)) => polling::post(session, &parts.headers, body).await,
        Err(failure) => failure.answer(),
    };
    verdict.allow(response.headers_mut());
    response
}

enum Route<B> {
    Done(Response),
    Poll(Arc<Session>),
    Post(Arc<Session>, Box<Parts>, B),
}

/// What the query asks for.
struct Asked<'a> {
    transport: Transport,
    sid: Option<&'a str>,
}

fn read_query<'a>(parts: &'a Parts, offered: &[Transport]) -> Result<Asked<'a>, Failure> {
    let query = parts.uri.query().unwrap_or_default();
    // A parameter that comes twice is no parameter at all.
    let only = |name| query::only(query, name);
    let transport = match only("transport") {
        (Some("polling"), false) => Transport::Polling,
        (Some("websocket"), false) => Transport::WebSocket,
        _ => return Err(Failure::UnknownTransport),
    };
    if !offered.contains(&transport) {
        return Err(Failure::UnknownTransport);
    }
    let (sid, doubled) = only("sid");
    if doubled {
        return Err(Failure::UnknownSession);
    }
    if only("EIO") != (Some("4"), false) {
        return Err(Failure::UnsupportedVersion);
    }
    Ok(Asked { transport, sid })
}

fn route<H, B>(engine: &Engine<H>, request: Request<B>, peer: Peer) -> Result<Route<B>, Failure>
where
    H: EngineHandler,
{
    let (mut parts, body) = request.into_parts();
    let asked = read_query(&parts, &engine.shared.config.transports)?;
    let Some(sid) = asked.sid else {
        if parts.method != Method::GET {
            return Err(Failure::BadMethod);
        }
        return match asked.transport {
            Transport::Polling => open_polling(engine, &parts, peer).map(Route::Done),
            Transport::WebSocket => open_websocket(engine, &mut parts, peer).map(Route::Done),
        };
    };
    let session = engine.shared.session(sid).ok_or(Failure::UnknownSession)?;
    if session.binding != 0 && session.binding != engine.shared.binding(&parts.headers) {
        return Err(Failure::Forbidden);
    }
    session.advance_upgrade(None);
    match (asked.transport, &parts.method) {
        (Transport::WebSocket, &Method::GET) => upgrade_session(&session, &mut parts).map(Route::Done),
        (Transport::Polling, &Method::GET) => Ok(Route::Poll(session)),
        (Transport::Polling, &Method::POST) => Ok(Route::Post(session, Box::new(parts), body)),
        _ => Err(Failure::BadRequest),
    }
}

/// Asks the owner whether a session may be opened, and notes what is kept of the request.
fn judge_handshake<H: EngineHandler>(
    engine: &Engine<H>,
    parts: &Parts,
    peer: Peer,
    transport: Transport,
) -> Result<(Handshake, u128), Box<Response>> {
    let shared = &engine.shared;
    if !shared.is_open() {
        return Err(Box::new(Failure::Unavailable.answer()));
    }
    let request = HandshakeRequest { peer, transport, uri: &parts.uri, headers: &parts.headers };
    match catch_unwind(AssertUnwindSafe(|| engine.handler().handshake(&request))) {
        Ok(Ok(())) => {}
        Ok(Err(refusal)) => {
            count(&shared.stats.refused_handshakes, 1);
            return Err(Box::new(refused(refusal)));
        }
        Err(_) => {
            count(&shared.stats.panics, 1);
            return Err(Box::new(Failure::BadRequest.answer()));
        }
    }
    Ok((Handshake::new(&request, &shared.config), shared.binding(&parts.headers)))
}

fn open_polling<H: EngineHandler>(
    engine: &Engine<H>,
    parts: &Parts,
    peer: Peer,
) -> Result<Response, Failure> {
    let opened_at = engine.shared.deadlines.now();
    let (handshake, binding) = match judge_handshake(engine, parts, peer, Transport::Polling) {
        Ok(accepted) => accepted,
        Err(response) => return Ok(*response),
    };
    let session = Session::new(Arc::clone(&engine.shared), handshake, binding, opened_at);
    let open = engine.shared.open_packet(session.id(), Transport::Polling);
    let connection = engine.handler().open(&session);
    count(&engine.shared.stats.opened_polling, 1);
    engine.shared.insert(&session);
    tokio::spawn(Driver::new(session, connection, None, Decoder::default()));
    Ok(text(open.slice(2..)))
}

fn websocket_answer(parts: &mut Parts) -> Result<(Response, OnUpgrade), Failure> {
    let accepted = match accept(parts.version, &parts.headers) {
        Ok(accepted) => accepted,
        Err(Unacceptable::NotAnUpgrade | Unacceptable::Malformed | Unacceptable::Version) => {
            return Err(Failure::BadRequest);
        }
    };
    let upgrade = parts.extensions.remove::<OnUpgrade>().ok_or(Failure::BadRequest)?;
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accepted);
    Ok((response, upgrade))
}

/// The answer to a client that speaks another version of the WebSocket protocol.
fn wrong_version(headers: &HeaderMap) -> Option<Response> {
    let version = headers.get(SEC_WEBSOCKET_VERSION)?;
    (version != "13").then(|| {
        let mut response = Failure::BadRequest.answer();
        *response.status_mut() = StatusCode::UPGRADE_REQUIRED;
        response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        response
    })
}

fn open_websocket<H: EngineHandler>(
    engine: &Engine<H>,
    parts: &mut Parts,
    peer: Peer,
) -> Result<Response, Failure> {
    if let Some(response) = wrong_version(&parts.headers) {
        return Ok(response);
    }
    let (response, on_upgrade) = websocket_answer(parts)?;
    let (handshake, binding) = match judge_handshake(engine, parts, peer, Transport::WebSocket) {
        Ok(accepted) => accepted,
        Err(response) => return Ok(*response),
    };
    let engine = engine.clone();
    tokio::spawn(async move {
        // Without an upgrade the client is gone, and nothing was opened for it.
        let Ok(upgraded) = on_upgrade.await else { return };
        // A task of its own: this one would keep the size of everything it has held.
        tokio::spawn(begin_websocket(&engine, upgraded, handshake, binding));
    });
    Ok(response)
}

fn begin_websocket<H: EngineHandler>(
    engine: &Engine<H>,
    upgraded: hyper::upgrade::Upgraded,
    handshake: Handshake,
    binding: u128,
) -> Driver<H::Connection> {
    let shared = &engine.shared;
    let (wire, early) = Wire::take(upgraded);
    let session = Session::new(Arc::clone(shared), handshake, binding, shared.deadlines.now());
    if let Wire::Tcp(wire) = &wire {
        session.with_outbox(|outbox| outbox.switch(Lane::Tcp(Arc::clone(wire))));
    }
    session.send(&shared.open_packet(session.id(), Transport::WebSocket));
    let connection = engine.handler().open(&session);
    count(&shared.stats.opened_websocket, 1);
    shared.insert(&session);
    Driver::new(session, connection, Some(wire), Decoder::with(early))
}

fn upgrade_session(session: &Arc<Session>, parts: &mut Parts) -> Result<Response, Failure> {
    if let Some(response) = wrong_version(&parts.headers) {
        return Ok(response);
    }
    let (response, on_upgrade) = websocket_answer(parts)?;
    if !session.is_open() {
        return Err(Failure::UnknownSession);
    }
    let session = Arc::clone(session);
    if !session.reserve_upgrade() {
        // Clients of the reference implementation expect this WebSocket to open and close.
        tokio::spawn(upgrade::turn_away(on_upgrade, session.shared.config.close_timeout));
        return Ok(response);
    }
    tokio::spawn(async move {
        match on_upgrade.await {
            Ok(upgraded) => {
                let (wire, early) = Wire::take(upgraded);
                session.begin_probe(wire, early);
                upgrade::watch(session).await;
            }
            Err(_) => session.cancel_upgrade(),
        }
    });
    Ok(response)
}
