//! `messages.delete`: one's own message, or as an admin of the room anyone's. A tombstone stays.

use fireside_kernel::permission::Permission;
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::state::RoomKind;
use fireside_kernel::room_log::{Batch, Change, Needs, Repeat};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::members::Role;
use fireside_protocol::messages::{DeleteMessage, Deleted, MessageDeleted};
use fireside_protocol::{Event, MessageId, Once, UserId};

pub(crate) async fn delete(kernel: Kernel, ctx: Ctx, request: DeleteMessage) -> Result<Once<Deleted>> {
    let DeleteMessage { message_id: message, client_id, .. } = request;
    let repeat = Repeat::of(&ctx, "messages.delete", client_id, &[message.as_str()])?;
    let user = ctx.user()?.clone();
    kernel.log.submit_once(&ctx, Delete { user, message }, repeat).await
}

struct Delete {
    user: UserId,
    message: MessageId,
}

impl Change for Delete {
    type Answer = Once<Deleted>;

    fn needs(&self, needs: &mut Needs) {
        needs.message(&self.message, &self.user);
    }

    fn decide(&self, batch: &mut Batch) -> Result<Once<Deleted>> {
        let (pass, message) = batch.enter_message(&self.message, &self.user, Permission::Read)?;
        if message.sender.id != self.user && pass.role() != Some(Role::Admin) {
            return Err(Error::forbidden("Cannot delete this message"));
        }
        let own_seq = message.seq;
        if let Some(deleted_at) = message.deleted_at {
            return Ok(Once::done(Deleted {
                message_id: message.id.clone(),
                room_id: message.room_id.clone(),
                seq: message.rev,
                epoch: pass.state().epoch.clone(),
                deleted_at,
            }));
        }
        let (message, place) = batch.change_message(&pass, &self.message, |message, place| {
            message.content.clear();
            message.metadata = None;
            message.deleted_at = Some(place.at);
            message.deleted_by = Some(self.user.clone());
        })?;
        let told = MessageDeleted {
            message_id: message.id.clone(),
            room_id: message.room_id.clone(),
            deleted_at: place.at,
            deleted_by: self.user.clone(),
            message_seq: own_seq,
            seq: place.seq,
            epoch: place.epoch.clone(),
        };
        let event = match pass.state().kind {
            RoomKind::Room => Event::MessageDeleted(told),
            RoomKind::Direct => Event::DirectMessageDeleted(told),
        };
        batch.emit(&pass, &place, event, Effect::None);
        Ok(Once::done(Deleted {
            message_id: message.id,
            room_id: message.room_id,
            seq: place.seq,
            epoch: place.epoch,
            deleted_at: place.at,
        }))
    }
}
