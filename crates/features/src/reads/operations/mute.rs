//! `reads.mute`: muting a room for oneself, or no longer.

use fireside_kernel::permission::Permission;
use fireside_kernel::room_log::{Batch, Change, Needs};
use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::reads::{MuteRoom, Muted};
use fireside_protocol::{RoomRef, UserId};

use super::check_load;

/// `reads.mute`.
pub(in crate::reads) async fn mute(kernel: Kernel, ctx: Ctx, request: MuteRoom) -> Result<Muted> {
    check_load(&kernel)?;
    let MuteRoom { room_id: room, muted } = request;
    kernel.log.submit_unasked(Mute { user: ctx.user()?.clone(), room, muted }).await
}

struct Mute {
    user: UserId,
    room: RoomRef,
    muted: bool,
}

impl Change for Mute {
    type Answer = Muted;

    fn needs(&self, needs: &mut Needs) {
        needs.member(&self.room, self.user.as_str());
    }

    fn decide(&self, batch: &mut Batch) -> Result<Muted> {
        let pass = batch.enter(&self.room, &self.user, Permission::Read)?;
        batch.mute(&pass, self.muted);
        Ok(Muted { room_id: pass.room().clone(), muted: self.muted })
    }
}
