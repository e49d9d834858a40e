//! Members: who belongs to a room, and as what.
//!
//! Invariants: joining twice is one membership; whoever is removed at position `k` hears nothing after
//! `k`. A conversation's two members are for ever.
//!
//! Registers `members.join`, `members.leave`, `members.list`, `members.set`, `members.remove`.

mod operations;
mod rules;
mod sql;

use std::sync::Arc;

use fireside_kernel::{Kernel, Registry};

use crate::presence::Presence;

pub(crate) use operations::admit::{admit, may_admit};

/// Registers the operations.
pub fn register(kernel: &Kernel, registry: &mut Registry, presence: &Arc<Presence>) {
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::join::join(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::leave::leave(hall.clone(), ctx, request));
    let (hall, online) = (kernel.clone(), presence.clone());
    registry.add(move |ctx, request| operations::list::list(hall.clone(), online.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::set::set(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::remove::remove(hall.clone(), ctx, request));
}
