//! Typing: who is writing in a room just now. In memory, never stored, may be lost.
//!
//! - `typing:update` reaches the members of the room. That one is writing is told once, however often one
//!   says so, and at most every 2 s; that one has stopped is told at once.
//! - It ends by itself 3 s after the last start, with the author's message, and when they leave the room.
//!   Whoever closes a connection is quiet at once.
//! - Whoever is not a member is not told so: a start for a room that is unknown, private or not one's own
//!   is answered `ok`, dropped and counted, and leaves nothing behind.
//! - Bounded: five rooms a person at once; a membership is believed for 5 s, so that writing does not ask
//!   the database for every key, and leaving ends that belief at once.
//!
//! Registers `typing.start`, `typing.stop`.

mod board;
mod operations;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Weak};
use std::time::Duration;

use fireside_kernel::connections::{Connection, Ending, Observer};
use fireside_kernel::relay::{Audience, Committed, Effect, Relay, Subscriber};
use fireside_kernel::{Kernel, Registry};
use fireside_protocol::typing::TypingUpdate;
use fireside_protocol::{Event, RoomId, Signal};
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use board::Board;

/// How often the board is looked over while there is something on it.
const SWEEP: Duration = Duration::from_millis(250);

/// Who is writing, as this node knows it.
struct Typing {
    board: Mutex<Board>,
    /// Rings when there may be something to sweep.
    wake: Arc<Notify>,
    /// Weak, because the relay holds its subscribers.
    relay: Weak<Relay>,
}

/// Registers the operations, and starts the sweep. What comes back wants to know of connections.
pub fn register(kernel: &Kernel, registry: &mut Registry) -> Arc<dyn Observer> {
    let typing = Arc::new(Typing::new(&kernel.relay));
    kernel.relay.subscribe(typing.clone());
    tokio::spawn(sweep(Arc::downgrade(&typing), typing.wake.clone()));
    let (hall, board) = (kernel.clone(), typing.clone());
    registry.add(move |ctx, request| operations::start(hall.clone(), board.clone(), ctx, request));
    let board = typing.clone();
    registry.add(move |ctx, request| operations::stop(board.clone(), ctx, request));
    typing
}

impl Typing {
    fn new(relay: &Arc<Relay>) -> Typing {
        Typing { board: Mutex::default(), wake: Arc::default(), relay: Arc::downgrade(relay) }
    }

    /// Changes the board and tells what follows from it. Told under the lock, so that a stop never
    /// overtakes its start; to hand on a signal does not block.
    fn change<T: IntoIterator<Item = TypingUpdate>>(&self, change: impl FnOnce(&mut Board, Instant) -> T) {
        let mut board = self.board.lock();
        for update in change(&mut board, Instant::now()) {
            if let Some(relay) = self.relay.upgrade() {
                relay.signal(&Audience::Room(update.room_id.clone()), &Signal::TypingUpdate(update));
            }
        }
    }
}

impl Subscriber for Typing {
    fn committed(&self, events: &[Committed]) {
        for event in events {
            match (&event.event, &event.effect) {
                (Event::MessageNew(_) | Event::DirectMessageNew(_), _) => {
                    self.change(|board, _| board.said(&event.actor, &event.room));
                }
                (_, Effect::Exit(user)) => self.change(|board, _| board.exit(user, &event.room)),
                (_, Effect::Close) => self.change(|board, _| {
                    board.close_room(&event.room);
                    None
                }),
                (_, Effect::None | Effect::Enter(_)) => {}
            }
        }
    }
}

impl Observer for Typing {
    fn opened(&self, _: &Connection, _: &[RoomId]) {}

    /// A socket that closes is taken for the one that was writing: if it was another one, the next key says so.
    fn closed(&self, connection: &Connection, _: Ending) {
        self.change(|board, _| board.quiet(&connection.user));
    }
}

impl Drop for Typing {
    /// Lets the sweep see that it is done.
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

/// Looks over the board as long as there is something on it. Ends with the [`Typing`] it works for.
async fn sweep(typing: Weak<Typing>, wake: Arc<Notify>) {
    while let Some(is_empty) = typing.upgrade().map(|typing| typing.board.lock().is_empty()) {
        if is_empty {
            wake.notified().await;
            continue;
        }
        sleep(SWEEP).await;
        if let Some(typing) = typing.upgrade() {
            typing.change(Board::sweep);
        }
    }
}
