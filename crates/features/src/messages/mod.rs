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

use operations::crowds::Crowds;

pub(crate) use operations::list::{Wanted, read_page};
pub(crate) use rules::{draft, read_at, sent_before};

/// Registers the operations.
pub fn register(kernel: &Kernel, registry: &mut Registry) {
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::send::send(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::edit::edit(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::delete::delete(hall.clone(), ctx, request));
    let (hall, crowds) = (kernel.clone(), Arc::<Crowds>::default());
    registry.add(move |ctx, request| operations::list::list(hall.clone(), crowds.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::digest::digest(hall.clone(), ctx, request));
}
