//! Namespaces: the sockets that belong together, their rooms, and sending to many of them.

pub(crate) mod adapter;
pub(crate) mod broadcast;
pub(crate) mod locked;
pub(crate) mod rooms;

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;

use crate::id::Id;
use crate::socket::{Inner, Socket};
use adapter::{Adapter, Apply, RoomOperation, Target};
use broadcast::Broadcast;
use locked::LockedRooms;
use rooms::Table;

/// A namespace with its sockets and rooms. Cloning gives another handle on the same one; several servers may
/// be given the same namespace and then share its rooms.
pub struct Namespace<S>(Arc<Shared<S>>);

struct Shared<S> {
    name: Arc<str>,
    table: Mutex<Table<S>>,
    adapter: OnceLock<Arc<dyn Adapter>>,
}

impl<S> Clone for Namespace<S> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<S> std::fmt::Debug for Namespace<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Namespace").field(&self.0.name).finish()
    }
}

impl<S> Namespace<S> {
    /// A namespace without sockets. `name` begins with a slash; the default namespace is `/`.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self(Arc::new(Shared { name: name.into(), table: Mutex::default(), adapter: OnceLock::new() }))
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.0.name
    }

    /// Lets `adapter` hear of all operations from now on. False when there is one already.
    pub fn set_adapter(&self, adapter: Arc<dyn Adapter>) -> bool {
        self.0.adapter.set(adapter).is_ok()
    }

    /// Sockets connected to this node.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.table.lock().len()
    }

    /// Whether no socket is connected to this node.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The socket with this id, if it is connected to this node.
    #[must_use]
    pub fn socket(&self, id: &Id) -> Option<Socket<S>> {
        self.0.table.lock().get(id).cloned().map(Socket)
    }

    /// All sockets of this node.
    #[must_use]
    pub fn sockets(&self) -> Vec<Socket<S>> {
        self.0.table.lock().sockets().cloned().map(Socket).collect()
    }

    /// The sockets of this node that are in a room.
    #[must_use]
    pub fn in_room(&self, room: &str) -> Vec<Socket<S>> {
        let target = Target { rooms: vec![Cow::Borrowed(room)], except: Vec::new() };
        let mut sockets = Vec::new();
        self.0.table.lock().visit(&target, |member| sockets.push(Socket(Arc::clone(member))));
        sockets
    }

    /// The rooms that have sockets of this node, and how many each, without the rooms of the sockets' own ids.
    #[must_use]
    pub fn rooms(&self) -> Vec<(Arc<str>, usize)> {
        self.0.table.lock().room_names().map(|(name, members)| (Arc::clone(name), members)).collect()
    }

    /// Has `watcher` called with the name of every room that has sockets of this node, and with `true`; from now on also
    /// when one gets its first socket (`true`) or loses its last one (`false`), in that order. It must not block, nor use
    /// this namespace or its sockets. The rooms of the sockets' own ids are left out. The last watcher counts.
    pub fn watch_rooms(&self, watcher: impl Fn(&str, bool) + Send + Sync + 'static) {
        self.0.table.lock().watch(Box::new(watcher));
    }

    /// Begins an operation on the sockets of a room, on all nodes. A socket's id is a room of its own.
    pub fn to<'a>(&'a self, room: impl Into<Cow<'a, str>>) -> Broadcast<'a, S> {
        self.everyone().to(room)
    }

    /// Begins an operation on all sockets but those of a room, on all nodes.
    pub fn except<'a>(&'a self, room: impl Into<Cow<'a, str>>) -> Broadcast<'a, S> {
        self.everyone().except(room)
    }

    /// Begins an operation on all sockets, on all nodes.
    pub fn everyone(&self) -> Broadcast<'_, S> {
        Broadcast::new(self)
    }

    /// Disconnects all sockets of this node, each after what is queued for it.
    pub fn disconnect_all(&self, close: bool) {
        for socket in self.sockets() {
            socket.disconnect(close);
        }
    }

    /// Runs `change` while nothing else can join, leave or send to a room of this namespace on this node.
    ///
    /// Inside, use only the methods of [`LockedRooms`]: those of sockets and namespaces wait for the same lock.
    pub fn with_rooms<R>(&self, change: impl FnOnce(&mut LockedRooms<'_, S>) -> R) -> R {
        change(&mut LockedRooms::new(&mut self.0.table.lock()))
    }

    /// Carries out an operation on the sockets of this node alone; returns how many it concerned. This is how
    /// operations of other nodes come in.
    pub fn apply(&self, operation: &RoomOperation<'_>) -> usize {
        match operation {
            RoomOperation::Emit { target, frame, volatile } => {
                if frame.namespace() != self.name() {
                    return 0;
                }
                self.0.table.lock().emit(target, frame, *volatile)
            }
            RoomOperation::Join { target, rooms } => self.change(target, rooms, |table, socket, room| {
                table.join(socket, room);
            }),
            RoomOperation::Leave { target, rooms } => self.change(target, rooms, |table, socket, room| {
                table.leave(socket, room);
            }),
            RoomOperation::Disconnect { target, close } => {
                let mut sockets = Vec::new();
                self.0.table.lock().visit(target, |member| sockets.push(Socket(Arc::clone(member))));
                for socket in &sockets {
                    socket.disconnect(*close);
                }
                sockets.len()
            }
        }
    }

    /// Carries out an operation wherever the adapter says.
    pub(crate) fn publish(&self, operation: &RoomOperation<'_>) -> usize {
        match self.0.adapter.get().map(|adapter| adapter.publish(operation)) {
            None | Some(Apply::Now) => self.apply(operation),
            Some(Apply::Later) => 0,
        }
    }

    fn change(
        &self,
        target: &Target<'_>,
        rooms: &[Cow<'_, str>],
        change: impl Fn(&mut Table<S>, &Arc<Inner<S>>, &str),
    ) -> usize {
        let mut table = self.0.table.lock();
        let mut sockets = Vec::new();
        table.visit(target, |member| sockets.push(Arc::clone(member)));
        for socket in &sockets {
            for room in rooms {
                change(&mut table, socket, room);
            }
        }
        sockets.len()
    }

    pub(crate) fn with_table<R>(&self, change: impl FnOnce(&mut Table<S>) -> R) -> R {
        change(&mut self.0.table.lock())
    }
}
