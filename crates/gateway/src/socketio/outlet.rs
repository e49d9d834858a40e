//! Signals of the moment, and closing the sockets of sessions that are over.

use std::sync::Arc;

use fireside_kernel::nodes::hints::Passed;
use fireside_kernel::relay::{Audience, Closing, Outlet};
use fireside_protocol::Signal;
use fireside_protocol::event::SessionEnded;
use fireside_socketio::{DisconnectReason, Frame, Socket};

use super::chat::Chat;
use super::delivery::{room_name, user_name};
use super::session::Session;

/// The relay's way to this node's sockets.
pub(super) struct SocketOutlet(pub(super) Arc<Chat>);

impl Outlet for SocketOutlet {
    fn signal(&self, audience: &Audience, signal: &Signal) {
        if let Ok(frame) = Frame::event(signal.name(), &[signal]) {
            self.0.emit(audience, &frame);
        }
    }

    fn pass(&self, audience: &Audience, signal: &Passed) {
        if let Ok(frame) = Frame::event(&signal.name, &[&signal.payload]) {
            self.0.emit(audience, &frame);
        }
    }

    fn close(&self, closing: &Closing, reason: &str) {
        let sockets = match closing {
            Closing::Session(session) => self.0.select(|identity| identity.session.as_ref() == Some(session)),
            Closing::User(user) => self.0.delivery.sockets_of(user),
            Closing::UserExcept(user, kept) => {
                self.0.select(|identity| identity.user == *user && identity.session.as_ref() != Some(kept))
            }
        };
        for socket in sockets {
            end(&socket, reason);
        }
    }
}

/// Tells a socket that its session is over, and closes it when that is flushed.
pub(super) fn end(socket: &Socket<Session>, reason: &str) {
    let signal = Signal::SessionEnded(SessionEnded { reason: reason.to_owned() });
    if let Ok(frame) = Frame::event(signal.name(), &[&signal]) {
        socket.emit(&frame);
    }
    if reason == "expired" {
        // The client's library may come back by itself, with a fresh token.
        socket.close_after_flush(DisconnectReason::ForcedServerClose);
    } else {
        socket.disconnect(true);
    }
}

impl Chat {
    /// Sends a signal to whoever of the audience is here; whoever is too slow for it misses it.
    fn emit(&self, audience: &Audience, frame: &Frame) {
        let everyone = self.namespace.everyone().local().volatile();
        let target = match audience {
            Audience::Room(room) => everyone.to(room_name(room)),
            // Nobody, not everybody.
            Audience::Rooms(rooms) if rooms.is_empty() => return,
            Audience::Rooms(rooms) => rooms.iter().fold(everyone, |target, room| target.to(room_name(room))),
            Audience::User(user) => everyone.to(user_name(user)),
            Audience::Socket(socket) => everyone.to(socket.clone()),
        };
        target.emit(frame);
    }

    /// The sockets whose identity is wanted. Looks at all of them: sessions end rarely.
    fn select(&self, wanted: impl Fn(&fireside_kernel::Identity) -> bool) -> Vec<Socket<Session>> {
        let sockets = self.sockets.lock();
        sockets
            .values()
            .filter(|socket| socket.state().identity().as_ref().is_some_and(&wanted))
            .cloned()
            .collect()
    }
}
