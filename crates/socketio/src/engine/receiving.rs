//! The reading half of a session's task: from the transport to the application.

use std::io::ErrorKind;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::engine::driver::{Driver, with_read_buffer};
use crate::engine::outbox::Closing;
use crate::engine::payload::{self, InvalidPacket, Packet, SEPARATOR};
use crate::engine::session::Session;
use crate::engine::upgrade::{Inbox, Refused};
use crate::engine::websocket::decoder::{Flow, Incoming};
use crate::engine::websocket::encoder;
use crate::engine::{Connection, Message};
use crate::reason::DisconnectReason;
use crate::stats::count;

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

/// Most packets that carry no message (pings, pongs, noops) between two heartbeats.
const MAX_NOISE: u32 = 1000;

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
        with_read_buffer(|buffer| {
            let Some(wire) = &mut self.wire else { return Ok(false) };
            match wire.poll_read(cx, buffer) {
                Poll::Pending => Ok(false),
                Poll::Ready(Ok(0)) => Err(Closing::lost(DisconnectReason::TransportClose)),
                Poll::Ready(Ok(read)) => self.feed(&mut buffer[..read]).map(|()| true),
                // How TLS says that the client has gone without a word; nearly all do.
                Poll::Ready(Err(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                    Err(Closing::lost(DisconnectReason::TransportClose))
                }
                Poll::Ready(Err(_)) => Err(Closing::lost(DisconnectReason::TransportError)),
            }
        })
    }

    /// Acts on bytes of the WebSocket.
    fn feed(&mut self, input: &mut [u8]) -> Result<(), Closing> {
        let limit = self.session.limit();
        let mut receiver =
            Receiver { session: &self.session, connection: &mut self.connection, noise: &mut self.noise };
        let stopped = &mut self.stopped;
        let mut result = Ok(());
        let fed = self.decoder.feed(input, limit, &mut |incoming| {
            result = receiver.accept(incoming);
            *stopped = result.is_ok() && !receiver.connection.ready();
            if result.is_err() || *stopped { Flow::Stop } else { Flow::More }
        });
        result?;
        fed.map_err(|violation| Closing::abrupt(DisconnectReason::ParseError, violation as u16))
    }

    /// Goes on with the body of a polling request.
    fn receive_posted(&mut self) -> Result<(), Closing> {
        let Some(mut inbox) = self.session.polling.lock().as_mut().and_then(|side| side.inbox.take()) else {
            return Ok(());
        };
        let result = self.receive_packets(&mut inbox);
        // The request may have been given up; nobody then waits for the answer.
        match result {
            Ok(false) => {
                self.stopped = true;
                if let Some(side) = self.session.polling.lock().as_mut() {
                    side.inbox = Some(inbox);
                }
            }
            Err(Closing { reason: DisconnectReason::ParseError, .. }) => drop(inbox.done.send(Err(Refused))),
            Ok(true) | Err(_) => drop(inbox.done.send(Ok(()))),
        }
        result.map(|_| ())
    }

    /// True when all packets of the body were taken.
    fn receive_packets(&mut self, inbox: &mut Inbox) -> Result<bool, Closing> {
        let body = inbox.body.clone();
        let text = std::str::from_utf8(&body).map_err(|_| violation())?;
        let mut receiver =
            Receiver { session: &self.session, connection: &mut self.connection, noise: &mut self.noise };
        while let Some(rest) = text.get(inbox.at..) {
            if !receiver.connection.ready() {
                return Ok(false);
            }
            let packet = rest.split(SEPARATOR).next().unwrap_or(rest);
            inbox.at += packet.len() + SEPARATOR.len_utf8();
            receiver.accept_packet(payload::decode_polling(packet)?, packet.len())?;
        }
        Ok(true)
    }
}

/// The parts of a session's task that act on what has come.
struct Receiver<'a, C> {
    session: &'a Arc<Session>,
    connection: &'a mut C,
    noise: &'a mut u32,
}

impl<C: Connection> Receiver<'_, C> {
    /// Acts on one message or control frame of a WebSocket.
    fn accept(&mut self, incoming: Incoming<'_>) -> Result<(), Closing> {
        match incoming {
            Incoming::Text(text) => self.accept_packet(payload::decode(text)?, text.len()),
            Incoming::Binary(content) => {
                self.count(content.len());
                self.hand_on(Message::Binary(content))
            }
            Incoming::Ping(content) => {
                self.session.send(&encoder::pong(content));
                self.note_noise()
            }
            Incoming::Pong => self.note_noise(),
            Incoming::Close(code) => Err(Closing::by_client(code.unwrap_or(1000))),
        }
    }

    fn accept_packet(&mut self, packet: Packet<'_>, size: usize) -> Result<(), Closing> {
        self.count(size);
        match packet {
            Packet::Text(text) => self.hand_on(Message::Text(text)),
            Packet::Binary(content) => self.hand_on(Message::Binary(&content)),
            Packet::Pong if self.session.pong() => {
                *self.noise = 0;
                Ok(())
            }
            Packet::Pong | Packet::Noop => self.note_noise(),
            Packet::Close => Err(Closing::by_client(1000)),
            // Only the server pings in this version of the protocol, and an upgrade belongs to a probed WebSocket.
            Packet::Ping(_) | Packet::Upgrade => Err(violation()),
        }
    }

    fn hand_on(&mut self, message: Message<'_>) -> Result<(), Closing> {
        self.connection.message(self.session, message).map_err(|_| violation())
    }

    /// The application never sees such packets, so it cannot limit them.
    fn note_noise(&mut self) -> Result<(), Closing> {
        *self.noise += 1;
        if *self.noise > MAX_NOISE { Err(violation()) } else { Ok(()) }
    }

    fn count(&self, bytes: usize) {
        count(&self.session.shared.stats.packets_in, 1);
        count(&self.session.shared.stats.bytes_in, bytes);
    }
}
