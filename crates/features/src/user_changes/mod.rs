//! Users' own streams, as their owners ask for them. What is in them is recorded where it happens: see
//! [`fireside_kernel::user_changes`].
//!
//! Registers `user_changes.position`.

use fireside_kernel::user_changes::read;
use fireside_kernel::{Ctx, Kernel, Registry, Result};
use fireside_protocol::user_changes::{GetPosition, UserPosition};

/// Registers the operation.
pub fn register(kernel: &Kernel, registry: &mut Registry) {
    let hall = kernel.clone();
    registry.add(move |ctx, request| position(hall.clone(), ctx, request));
}

/// `user_changes.position`.
async fn position(kernel: Kernel, ctx: Ctx, _: GetPosition) -> Result<UserPosition> {
    read::position(&kernel.db, &kernel.names, ctx.user()?).await
}
