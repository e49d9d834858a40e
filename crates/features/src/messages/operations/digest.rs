//! `messages.digest`: a sum over a stretch of a room's messages, to compare with what one has.

use fireside_kernel::permission::{self, Permission};
use fireside_kernel::room_log::digest as log;
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::digests::{Digest, GetDigest};

pub(crate) async fn digest(kernel: Kernel, ctx: Ctx, request: GetDigest) -> Result<Digest> {
    let GetDigest { room_id: room, from, to } = request;
    let pass = permission::enter(&kernel.db, &room, ctx.user()?, Permission::Read).await?;
    let found = log::digest(&kernel.db, pass.room(), from.map(|from| from.0), to.map(|to| to.0)).await?;
    found.ok_or_else(|| Error::not_found("Room"))
}
