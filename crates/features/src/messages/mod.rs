//! Messages of rooms: sending, changing, deleting, reading back.
//!
//! Invariants: a message is told to anyone only after it is stored; the same `(user, room, clientId)` is
//! one message for ever; a deleted message leaves a tombstone and cannot be changed; deleting twice is
//! one deletion. Editing and deleting serve direct messages too.
//!
//! Registers `messages.send`, `messages.edit`, `messages.delete`, `messages.list`,
//! `messages.digest`.

mod operations;
mod rules;
mod sql;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use fireside_kernel::{Kernel, Registry};

pub(crate) use operations::crowds::Crowds;
pub(crate) use operations::list::{Wanted, newest, read_page};
pub(crate) use rules::{draft, read_at, sent_before};

/// Registers the operations. Gives the crowds that ask for newest pages, for whoever reads one besides.
pub(crate) fn register(kernel: &Kernel, registry: &mut Registry) -> Arc<Crowds> {
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::send::send(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::edit::edit(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::delete::delete(hall.clone(), ctx, request));
    let crowds = Arc::<Crowds>::default();
    let (hall, crowd) = (kernel.clone(), crowds.clone());
    registry.add(move |ctx, request| operations::list::list(hall.clone(), crowd.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::digest::digest(hall.clone(), ctx, request));
    crowds
}
