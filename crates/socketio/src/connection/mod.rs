//! Socket.IO on one session: reads packets, keeps the client's sockets, and hands events to the owner's code in
//! order.

mod binary;
mod work;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Context;
use std::time::Instant;

use bytes::Bytes;

use crate::engine::{Connection, Message, ProtocolViolation, Session};
use crate::event::{Ack, Args, Event, EventName, take_name};
use crate::frame;
use crate::handler::Handler;
use crate::json::{InvalidJson, RawJson, scan_object};
use crate::namespace::Namespace;
use crate::packet::{self, Kind, Packet, placeholders_are_valid};
use crate::reason::DisconnectReason;
use crate::server::Application;
use crate::socket::{Socket, status};
use binary::Partial;
use work::{Item, Work};

/// Longest part of an unknown namespace's name that is sent back.
const ECHOED_NAME: usize = 128;

impl From<InvalidJson> for ProtocolViolation {
    fn from(_: InvalidJson) -> Self {
        Self
    }
}

impl From<packet::InvalidPacket> for ProtocolViolation {
    fn from(_: packet::InvalidPacket) -> Self {
        Self
    }
}

/// A socket of this client.
struct Member<S> {
    socket: Socket<S>,
    /// Nothing is taken for it any more; it is still here for the events that came before.
    leaving: bool,
}

/// One client: a session and its sockets.
pub(crate) struct Client<H: Handler> {
    application: Arc<Application<H>>,
    session: Arc<Session>,
    /// Almost always one.
    members: Vec<Member<H::State>>,
    /// A packet whose attachments have not all come.
    partial: Option<Box<Partial<H::State>>>,
    /// What waits or runs; only while there is something.
    work: Option<Box<Work<H>>>,
    last_turn: u64,
    /// CONNECT packets that have not led into a namespace.
    tries: usize,
    /// The server has removed the client from a namespace: packets that were under way are no offence.
    dismissed: bool,
    closed: bool,
}

impl<H: Handler> Client<H> {
    pub(crate) fn new(application: Arc<Application<H>>, session: Arc<Session>) -> Self {
        Self {
            application,
            session,
            members: Vec::new(),
            partial: None,
            work: None,
            last_turn: 0,
            tries: 0,
            dismissed: false,
            closed: false,
        }
    }

    /// The place of the socket that takes packets for a namespace.
    fn place(&self, namespace: &str) -> Option<usize> {
        self.members
            .iter()
            .position(|member| !member.leaving && member.socket.namespace().name() == namespace)
    }

    fn is_in(&self, namespace: &str) -> bool {
        self.place(namespace).is_some()
    }

    fn text(&mut self, text: &str) -> Result<(), ProtocolViolation> {
        if self.partial.is_some() {
            return Err(ProtocolViolation);
        }
        let packet = packet::decode(text, self.session.shared.config.max_attachments)?;
        match packet.kind {
            Kind::Connect => self.connect(&packet),
            Kind::Disconnect => self.leave(packet.namespace),
            Kind::Event | Kind::Ack => self.arguments(&packet),
        }
    }

    fn connect(&mut self, packet: &Packet<'_>) -> Result<(), ProtocolViolation> {
        self.tries += 1;
        if self.tries > self.session.shared.config.max_namespaces {
            return Err(ProtocolViolation);
        }
        let auth = match packet.payload {
            "" => None,
            payload => {
                scan_object(payload)?;
                Some(payload.into())
            }
        };
        let Some(namespace) = self.application.namespace(packet.namespace).cloned() else {
            let shown = truncated(packet.namespace, ECHOED_NAME);
            self.session.send(&frame::connect_error(shown, "Invalid namespace", None));
            return Ok(());
        };
        let joining = self.work.as_ref().is_some_and(|work| work.is_joining(&namespace));
        if joining || self.is_in(packet.namespace) {
            return Err(ProtocolViolation);
        }
        self.enqueue(Item::Connect { namespace, auth });
        Ok(())
    }

    fn leave(&mut self, namespace: &str) -> Result<(), ProtocolViolation> {
        let Some(place) = self.place(namespace) else { return self.unknown_namespace(namespace) };
        self.retire(place, DisconnectReason::ClientNamespaceDisconnect);
        Ok(())
    }

    /// A packet for a namespace that the client is not in.
    fn unknown_namespace(&self, namespace: &str) -> Result<(), ProtocolViolation> {
        let known = self.application.namespace(namespace).is_some();
        if self.dismissed && known { Ok(()) } else { Err(ProtocolViolation) }
    }

    /// An event or acknowledgement, without its attachments yet.
    fn arguments(&mut self, packet: &Packet<'_>) -> Result<(), ProtocolViolation> {
        let args = Args::read(packet.payload)?;
        if packet.attachments > 0 && !placeholders_are_valid(packet.payload, packet.attachments) {
            return Err(ProtocolViolation);
        }
        let namespace = self.application.namespace(packet.namespace).cloned();
        let joining = match &namespace {
            Some(namespace) => self.work.as_ref().is_some_and(|work| work.is_joining(namespace)),
            None => false,
        };
        let Some(namespace) = namespace.filter(|_| joining || self.is_in(packet.namespace)) else {
            if packet.attachments > 0 {
                // The attachments would be taken for strays.
                return Err(ProtocolViolation);
            }
            return self.unknown_namespace(packet.namespace);
        };
        if packet.attachments > 0 {
            let id = packet.id;
            self.partial = Some(Box::new(Partial::new(packet.kind, namespace, id, args, packet.attachments)));
            return Ok(());
        }
        self.complete(packet.kind, namespace, packet.id, args)
    }

    fn binary(&mut self, content: &[u8]) -> Result<(), ProtocolViolation> {
        let mut partial = self.partial.take().ok_or(ProtocolViolation)?;
        if partial.size() + content.len() > self.session.shared.config.max_payload {
            return Err(ProtocolViolation);
        }
        if partial.attach(Bytes::copy_from_slice(content)) {
            let Partial { kind, namespace, id, args, .. } = *partial;
            return self.complete(kind, namespace, id, args);
        }
        self.partial = Some(partial);
        Ok(())
    }

    /// An event or acknowledgement with everything that belongs to it.
    fn complete(
        &mut self,
        kind: Kind,
        namespace: Namespace<H::State>,
        id: Option<u64>,
        mut args: Args,
    ) -> Result<(), ProtocolViolation> {
        if kind == Kind::Ack {
            // The event that waits for it may hold the turn, so it must not wait for its own.
            if let (Some(place), Some(id)) = (self.place(namespace.name()), id) {
                self.members[place].socket.acknowledged(id, args);
            }
            return Ok(());
        }
        if let EventName::Text(name) = take_name(&mut args)? {
            let ack =
                id.map(|id| Ack::new(Arc::clone(&self.session), Arc::clone(namespace.shared_name()), id));
            self.enqueue(Item::Event { namespace, event: Event::new(name, args, ack) });
        }
        Ok(())
    }

    /// Takes a socket out of its namespace, and has the owner told in order.
    fn retire(&mut self, place: usize, reason: DisconnectReason) {
        let member = &mut self.members[place];
        member.leaving = true;
        let socket = member.socket.clone();
        if socket.0.status.swap(status::GONE, Ordering::AcqRel) == status::CONNECTED {
            socket.namespace().with_table(|table| table.remove(&socket.0));
        }
        socket.abandon_acks();
        if let Some(work) = self.work.as_mut().filter(|_| !reason.is_the_clients()) {
            work.drop_events_of(socket.namespace());
        }
        self.enqueue(Item::Disconnected { socket, reason });
    }

    /// Notices sockets that the server has removed from another task.
    fn collect_dismissed(&mut self) {
        for place in 0..self.members.len() {
            let member = &self.members[place];
            if !member.leaving && member.socket.0.status.load(Ordering::Acquire) == status::DISMISSED {
                self.dismissed = true;
                self.retire(place, DisconnectReason::ServerNamespaceDisconnect);
            }
        }
    }
}

fn truncated(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max.min(text.len()))]
}

impl<H: Handler> Connection for Client<H> {
    fn message(&mut self, _session: &Arc<Session>, message: Message<'_>) -> Result<(), ProtocolViolation> {
        match message {
            Message::Text(text) => self.text(text),
            Message::Binary(content) => self.binary(content),
        }
    }

    fn ready(&self) -> bool {
        let config = &self.session.shared.config;
        self.work.as_ref().is_none_or(|work| work.has_room(config.max_in_flight, config.max_payload))
    }

    fn poll(&mut self, cx: &mut Context<'_>) {
        if !self.closed {
            self.collect_dismissed();
        }
        self.run(cx);
    }

    fn deadline(&self) -> Option<Instant> {
        let attachments = self.session.shared.config.attachment_timeout;
        let partial = self.partial.as_ref().map(|partial| partial.since + attachments);
        partial.or_else(|| self.work.as_ref().and_then(|work| work.deadline()))
    }

    fn closed(&mut self, reason: DisconnectReason) {
        // The server's own dismissals came first, even if nobody has noticed them yet.
        self.collect_dismissed();
        self.closed = true;
        self.partial = None;
        for place in 0..self.members.len() {
            if !self.members[place].leaving {
                self.retire(place, reason);
            }
        }
        if let Some(work) = &mut self.work {
            work.close(reason);
        }
    }

    fn finished(&self) -> bool {
        self.work.is_none()
    }
}

impl<H: Handler> Drop for Client<H> {
    fn drop(&mut self) {
        // Only after a panic, or when the runtime goes down, is there anything left here.
        for Member { socket, .. } in &self.members {
            socket.0.status.store(status::GONE, Ordering::Release);
            socket.namespace().with_table(|table| table.remove(&socket.0));
        }
    }
}

/// The `data` of an error, if it is JSON.
fn data_of(data: Option<&str>) -> Option<RawJson<'_>> {
    data.and_then(|data| RawJson::parse(data).ok())
}
