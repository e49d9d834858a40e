//! Direct messages: between two people, on all devices of both.
//!
//! Invariants: two people have one conversation, whoever begins it; it is a room of kind `direct` with
//! both as members for ever, so order, read positions and delivery are those of rooms; who does not exist
//! or is shut out cannot be written to.
//!
//! Registers `direct_messages.send`, `direct_messages.list`, `direct_messages.conversations`,
//! `direct_messages.read`. Editing and deleting are those of [`crate::messages`].

mod operations;
mod sql;

use std::sync::Arc;

use fireside_kernel::{Kernel, Registry};

use crate::presence::Presence;

pub(crate) use operations::conversations::partners;
pub(crate) use operations::list::page;

/// Registers the operations.
pub fn register(kernel: &Kernel, registry: &mut Registry, presence: &Arc<Presence>) {
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::send::send(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::list::list(hall.clone(), ctx, request));
    let (hall, online) = (kernel.clone(), presence.clone());
    registry.add(move |ctx, request| {
        operations::conversations::conversations(hall.clone(), online.clone(), ctx, request)
    });
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::read::read(hall.clone(), ctx, request));
}
