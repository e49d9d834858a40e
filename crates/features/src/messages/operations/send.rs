//! `messages.send`: a message to a room.

use fireside_kernel::permission::{Permission, RoomPass};
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::state::MessageState;
use fireside_kernel::room_log::writes::NewMessage;
use fireside_kernel::room_log::{Batch, Change, Needs};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::messages::{Message, MessageEvent, SendMessage, Sent};
use fireside_protocol::{Event, RoomRef, UserId};

use crate::messages::rules;

pub(crate) async fn send(kernel: Kernel, ctx: Ctx, request: SendMessage) -> Result<Sent> {
    let user = ctx.user()?.clone();
    let client_id = ctx.client_id(request.client_id)?;
    let message = rules::draft(request.content, request.kind, request.metadata, client_id);
    kernel.log.submit(&ctx, Send { user, room: request.room_id, message }).await
}

struct Send {
    user: UserId,
    room: RoomRef,
    message: NewMessage,
}

impl Change for Send {
    type Answer = Sent;

    fn needs(&self, needs: &mut Needs) {
        needs.user(self.user.as_str());
        needs.member(&self.room, self.user.as_str());
        if let Some(client_id) = &self.message.client_id {
            needs.sent(&self.user, self.room.as_str(), client_id);
        }
    }

    fn decide(&self, batch: &mut Batch) -> Result<Sent> {
        let pass = batch.enter(&self.room, &self.user, Permission::Post)?;
        if pass.state().partner(&self.user).is_some() {
            return Err(Error::validation("roomId", "this is a conversation; send with dm:send"));
        }
        if let Some(first) = rules::sent_before(batch, &pass, &self.message)? {
            return Ok(sent(&pass, first, true));
        }
        let (message, place) = batch.append_message(&pass, self.message.clone());
        let event = MessageEvent { message: message.to_wire(), epoch: place.epoch.clone() };
        batch.emit(&pass, &place, Event::MessageNew(event), Effect::None);
        Ok(sent(&pass, &message, false))
    }
}

fn sent(pass: &RoomPass, message: &MessageState, duplicate: bool) -> Sent<Message> {
    Sent {
        id: message.id.clone(),
        room_id: message.room_id.clone(),
        seq: message.seq,
        epoch: pass.state().epoch.clone(),
        created_at: message.created_at,
        duplicate,
        message: message.to_wire(),
    }
}
