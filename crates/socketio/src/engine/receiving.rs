//! The reading half of a session's task: from the transport to the application.

use std::task::{Context, Poll};

use crate::engine::driver::{Driver, with_read_buffer};
use crate::engine::outbox::Closing;
use crate::engine::payload::{self, InvalidPacket, Packet, SEPARATOR};
use crate::engine::session::Session;
use crate::engine::upgrade::{Inbox, Refused};
use crate::engine::websocket::decoder::{Decoder, Flow, Incoming};
use crate::engine::websocket::encoder;
use crate::engine::{Connection, Message};
use crate::reason::DisconnectReason;
use crate::stats::count;
use std::sync::Arc;

/// What a client gets that breaks the protocol above the WebSocket: "policy violation".
const VIOLATION: u16 = 1008;

const fn violation() -> Closing {
    Closing::abrupt(DisconnectReason::ParseError, VIOLATION)
}

impl From<InvalidPacket> for Closing {
    fn from(_: InvalidPacket) -> Self {
        violation()
    }
}

impl<C: Connection> Driver<C> {
    /// Hands what has come to the application, as long as it is ready for more.
    pub(crate) fn receive(&mut self, cx: &mut Context<'_>) -> Result<(), Closing> {
        if !self.connection.ready() {
            return Ok(());
        }
        self.receive_posted()?;
        if self.stopped && self.connection.ready() {
            self.stopped = false;
            self.feed(&mut [])?;
        }
        while !self.stopped && self.receive_from_wire(cx)? {}
        Ok(())
    }

    /// Reads from the WebSocket once; false when there is nothing for now.
    fn receive_from_wire(&mut self, cx: &mut Context<'_>) -> Result<bool, Closing> {
        let Some(wire) = &mut self.wire else { return Ok(false) };
        with_read_buffer(|buffer| {
            let read = match wire.poll_read(cx, buffer) {
                Poll::Pending => return Ok(false),
                Poll::Ready(Ok(0)) => return Err(Closing::lost(DisconnectReason::TransportClose)),
                Poll::Ready(Ok(read)) => read,
                Poll::Ready(Err(_)) => return Err(Closing::lost(DisconnectReason::TransportError)),
            };
            feed(
                &self.session,
                &mut self.connection,
                &mut self.decoder,
                &mut self.stopped,
                &mut buffer[..read],
            )?;
            Ok(true)
        })
    }

    fn feed(&mut self, input: &mut [u8]) -> Result<(), Closing> {
        feed(&self.session, &mut self.connection, &mut self.decoder, &mut self.stopped, input)
    }

    /// Goes on with the body of a polling request.
    fn receive_posted(&mut self) -> Result<(), Closing> {
        let Some(mut inbox) = self.session.polling.lock().as_mut().and_then(|side| side.inbox.take()) else {
            return Ok(());
        };
        let result = self.receive_packets(&mut inbox);
        match result {
            Ok(false) => {
                self.stopped = true;
                if let Some(side) = self.session.polling.lock().as_mut() {
                    side.inbox = Some(inbox);
                }
            }
            // The request may have been given up; nobody then waits for the answer.
            Ok(true) => drop(inbox.done.send(Ok(()))),
            Err(Closing { reason: DisconnectReason::ParseError, .. }) => drop(inbox.done.send(Err(Refused))),
            Err(_) => drop(inbox.done.send(Ok(()))),
        }
        result.map(|_| ())
    }

    /// True when all packets of the body were taken.
    fn receive_packets(&mut self, inbox: &mut Inbox) -> Result<bool, Closing> {
        let body = inbox.body.clone();
        let text = std::str::from_utf8(&body).map_err(|_| violation())?;
        while let Some(rest) = text.get(inbox.at..) {
            if !self.connection.ready() {
                return Ok(false);
            }
            let packet = rest.split(SEPARATOR).next().unwrap_or(rest);
            inbox.at += packet.len() + SEPARATOR.len_utf8();
            let decoded = payload::decode_polling(packet)?;
            accept_packet(&self.session, &mut self.connection, decoded, packet.len())?;
        }
        Ok(true)
    }
}

fn feed<C: Connection>(
    session: &Arc<Session>,
    connection: &mut C,
    decoder: &mut Decoder,
    stopped: &mut bool,
    input: &mut [u8],
) -> Result<(), Closing> {
    let mut result = Ok(());
    let mut sink = |incoming: Incoming<'_>| {
        result = accept(session, connection, incoming);
        if result.is_err() {
            return Flow::Stop;
        }
        if connection.ready() {
            return Flow::More;
        }
        *stopped = true;
        Flow::Stop
    };
    let fed = decoder.feed(input, session.limit(), &mut sink);
    result?;
    fed.map_err(|violation| Closing::abrupt(DisconnectReason::ParseError, violation as u16))
}

/// Acts on one message or control frame of a WebSocket.
fn accept<C: Connection>(
    session: &Arc<Session>,
    connection: &mut C,
    incoming: Incoming<'_>,
) -> Result<(), Closing> {
    match incoming {
        Incoming::Text(text) => accept_packet(session, connection, payload::decode(text)?, text.len()),
        Incoming::Binary(content) => {
            count_received(session, content.len());
            connection.message(session, Message::Binary(content)).map_err(|_| violation())
        }
        Incoming::Ping(content) => {
            session.send(&encoder::pong(content));
            Ok(())
        }
        Incoming::Pong => Ok(()),
        Incoming::Close(code) => Err(Closing::by_client(code.unwrap_or(1000))),
    }
}

fn accept_packet<C: Connection>(
    session: &Arc<Session>,
    connection: &mut C,
    packet: Packet<'_>,
    size: usize,
) -> Result<(), Closing> {
    count_received(session, size);
    match packet {
        Packet::Text(text) => connection.message(session, Message::Text(text)).map_err(|_| violation()),
        Packet::Binary(content) => {
            connection.message(session, Message::Binary(&content)).map_err(|_| violation())
        }
        Packet::Pong => {
            session.pong();
            Ok(())
        }
        Packet::Noop => Ok(()),
        Packet::Close => Err(Closing::by_client(1000)),
        // In this version of the protocol only the server pings, and an upgrade belongs to a probed WebSocket.
        Packet::Ping(_) | Packet::Upgrade => Err(violation()),
    }
}

fn count_received(session: &Session, bytes: usize) {
    count(&session.shared.stats.packets_in, 1);
    count(&session.shared.stats.bytes_in, bytes);
}
