//! Rooms: making, finding, changing and deleting them.
//!
//! Invariants: a room always has the slug it was made with (until it is deleted, then the slug is free);
//! its maker is its first member and admin; a private room and one that does not exist look the same to
//! whoever is not a member.
//!
//! Registers `rooms.list`, `rooms.discover`, `rooms.create`, `rooms.get`, `rooms.update`, `rooms.delete`,
//! `rooms.resume`.

mod operations;
mod rules;
mod sql;

use fireside_kernel::{Kernel, Registry};

pub(crate) use operations::create::open_first;
pub(crate) use operations::list::joined;
pub use rules::{free_slug, slug};

/// Registers the operations.
pub fn register(kernel: &Kernel, registry: &mut Registry) {
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::list::list(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::discover::discover(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::create::create(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::get::get(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::update::update(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::delete::delete(hall.clone(), ctx, request));
    let hall = kernel.clone();
    registry.add(move |ctx, request| operations::resume::resume(hall.clone(), ctx, request));
}
