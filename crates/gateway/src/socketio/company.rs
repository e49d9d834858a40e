//! The company of Socket.IO servers on Node that share our Redis: what they emit to sockets of ours, what they
//! ask about them, and what they are told for sockets of theirs.
//!
//! Whoever reaches the Redis can say anything there, so that a [`Policy`] decides what is passed on, and our
//! own events never are: those come from the log. Rooms that other servers make have a prefix here, so that
//! no word of theirs puts a socket into a delivery room.

mod answers;
mod policy;
mod rooms;
mod voice;

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

use fireside_bus::socketio_adapter::{
    Adapter, AdapterOptions, Asked, Broadcast, Heard, Packet, Request, Selection,
};
use fireside_socketio::{Frame, Id, RawJson, Socket};

pub use self::policy::{InvalidPattern, Pattern, Policy};
use super::chat::{Chat, Door};
use super::session::Session;

/// What the operator decides about the company.
#[derive(Clone)]
pub struct CompanySettings {
    /// Where the other servers are.
    pub adapter: AdapterOptions,
    /// What of theirs is passed on.
    pub policy: Policy,
}

/// Our place among the servers.
pub(super) struct Company {
    chat: Weak<Chat>,
    policy: Policy,
    /// Gone once the server drains: from then on the others must not wait for our answers.
    adapter: Mutex<Option<Arc<Adapter>>>,
}

impl Door {
    /// Joins the other servers, until the door drains. The second call does nothing.
    pub fn keep_company(&self, settings: CompanySettings) {
        let company = Arc::new(Company {
            chat: Arc::downgrade(&self.chat),
            policy: settings.policy,
            adapter: Mutex::default(),
        });
        if self.chat.company.set(company.clone()).is_err() {
            return;
        }
        let hearing = Arc::downgrade(&company);
        let adapter = Adapter::open(settings.adapter, move |heard| {
            if let Some(company) = hearing.upgrade() {
                company.hear(heard);
            }
        });
        let adapter = Arc::new(adapter);
        if adapter.listens_by_room() {
            let hearing = Arc::downgrade(&adapter);
            self.chat.namespace.watch_rooms(move |room, is_there| {
                if let (Some(room), Some(adapter)) = (rooms::shown(room), hearing.upgrade()) {
                    adapter.hear_room(&room, is_there);
                }
            });
        }
        *company.adapter.lock() = Some(adapter);
        self.chat.kernel.relay.subscribe(Arc::new(voice::Voice(company)));
    }
}

impl Company {
    /// Takes leave of the other servers.
    pub(super) fn leave(&self) {
        self.adapter.lock().take();
    }

    fn hear(&self, heard: Heard) {
        let Some(chat) = self.chat.upgrade() else { return };
        match heard {
            Heard::Broadcast(broadcast) => {
                self.pass_on(&chat, &broadcast);
            }
            Heard::Request(asked, request) => self.carry_out(&chat, asked, request),
            Heard::Unreadable => count("unreadable"),
        }
    }

    /// Sends another server's event to our sockets, if it may.
    fn pass_on(&self, chat: &Chat, broadcast: &Broadcast) {
        if !self.policy.admits(&broadcast.packet, &broadcast.to) {
            return count("refused");
        }
        count("passed");
        let frame = frame(&broadcast.packet);
        for socket in select(chat, &broadcast.to) {
            if broadcast.is_volatile {
                socket.emit_volatile(&frame);
            } else {
                socket.emit(&frame);
            }
        }
    }

    fn carry_out(&self, chat: &Arc<Chat>, asked: Asked, request: Request) {
        let Some(adapter) = self.adapter.lock().clone() else { return };
        match request {
            Request::Join(to, rooms) => {
                for (socket, room) in each(select(chat, &to), &rooms) {
                    socket.join(&room);
                }
                answers::done(&adapter, &asked);
            }
            Request::Leave(to, rooms) => {
                for (socket, room) in each(select(chat, &to), &rooms) {
                    socket.leave(&room);
                }
                answers::done(&adapter, &asked);
            }
            Request::Disconnect(to, close) => {
                for socket in select(chat, &to) {
                    socket.disconnect(close);
                }
                answers::done(&adapter, &asked);
            }
            Request::BroadcastWithAck(broadcast, timeout_ms) => {
                let may = self.policy.admits(&broadcast.packet, &broadcast.to);
                count(if may { "passed" } else { "refused" });
                let sockets = if may { select(chat, &broadcast.to) } else { Vec::new() };
                answers::acknowledge(adapter, asked, broadcast.packet, sockets, timeout_ms);
            }
            Request::Sockets(to) => answers::ids(&adapter, &asked, select(chat, &to)),
            Request::Fetch(to) => answers::fetched(&adapter, &asked, select(chat, &to)),
            Request::AllRooms => answers::rooms(&adapter, &asked, select(chat, &Selection::default())),
            Request::ServerSideEmit => answers::no_listener(&adapter, &asked),
        }
    }
}

/// Each socket with each of the rooms that other servers may put it into.
fn each(sockets: Vec<Socket<Session>>, rooms: &[String]) -> impl Iterator<Item = (Socket<Session>, String)> {
    let rooms: Vec<_> = rooms.iter().filter_map(|room| rooms::to_join(room)).collect();
    sockets
        .into_iter()
        .flat_map(move |socket| rooms.clone().into_iter().map(move |room| (socket.clone(), room)))
}

/// The sockets of this node that are meant. Who has not authenticated is never among them.
fn select(chat: &Chat, to: &Selection) -> Vec<Socket<Session>> {
    let of = |names: &[String]| -> HashMap<Id, Socket<Session>> {
        let names = names.iter().flat_map(|name| rooms::local(name));
        let sockets = names.flat_map(|name| chat.namespace.in_room(&name));
        sockets.map(|socket| (socket.id(), socket)).collect()
    };
    let mut sockets = if to.rooms.is_empty() { chat.sockets.lock().clone() } else { of(&to.rooms) };
    for id in of(&to.except).keys() {
        sockets.remove(id);
    }
    sockets.into_values().filter(|socket| socket.state().identity().is_some()).collect()
}

fn frame(packet: &Packet) -> Frame {
    // Written by our own serializer.
    let args: Vec<_> = packet.args.iter().map(|argument| RawJson::trusted(argument)).collect();
    Frame::binary_event("/", &packet.name, &args, &packet.attachments)
}

fn count(result: &'static str) {
    metrics::counter!("fireside_company_events_total", "result" => result).increment(1);
}
