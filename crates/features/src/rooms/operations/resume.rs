//! `rooms.resume`: what one missed. Over a socket the door itself asks, because there the answer has to
//! meet what is live without a seam.

use fireside_kernel::room_log::resume as log;
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::resume::{Resume, Resumed};

pub(crate) async fn resume(kernel: Kernel, ctx: Ctx, request: Resume) -> Result<Resumed> {
    log::resume(&kernel.db, ctx.user()?, &request).await
}
