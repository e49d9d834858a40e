//! `direct_messages.send`: a message to one person, opening the conversation if it is the first.

use fireside_kernel::permission::RoomPass;
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::state::{MessageState, pair_key};
use fireside_kernel::room_log::writes::{NewMessage, Opened};
use fireside_kernel::room_log::{Batch, Change, Needs};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::direct_messages::{DirectMessage, DirectMessageEvent, SendDirectMessage};
use fireside_protocol::messages::Sent;
use fireside_protocol::{Event, UserId};

use crate::{messages, users};

pub(crate) async fn send(
    kernel: Kernel,
    ctx: Ctx,
    request: SendDirectMessage,
) -> Result<Sent<DirectMessage>> {
    let user = ctx.user()?.clone();
    let receiver = users::resolve(&kernel.db, &request.receiver_id, &user).await?;
    let client_id = ctx.client_id(request.client_id)?;
    let message = messages::draft(request.content, request.kind, request.metadata, client_id);
    kernel.log.submit(&ctx, Send { user, receiver: receiver.id, message }).await
}

struct Send {
    user: UserId,
    receiver: UserId,
    message: NewMessage,
}

impl Change for Send {
    type Answer = Sent<DirectMessage>;

    fn needs(&self, needs: &mut Needs) {
        let key = pair_key(&self.user, &self.receiver);
        needs.user(self.user.as_str());
        needs.user(self.receiver.as_str());
        needs.direct(&key);
        if let Some(client_id) = &self.message.client_id {
            needs.sent(&self.user, &key, client_id);
        }
    }

    fn decide(&self, batch: &mut Batch) -> Result<Sent<DirectMessage>> {
        let receiver = batch.user(self.receiver.as_str()).filter(|user| !user.is_disabled);
        receiver.ok_or_else(|| Error::not_found("User"))?;
        let (pass, opened) = batch.open_direct(&self.user, &self.receiver);
        if let Some(first) = messages::sent_before(batch, &pass, &self.message)? {
            return Ok(self.sent(batch, &pass, first, true));
        }
        let (message, place) = batch.append_message(&pass, self.message.clone());
        let sent = self.sent(batch, &pass, &message, false);
        let effect = match opened {
            Opened::Before => Effect::None,
            Opened::Now => Effect::Enter(vec![self.user.clone(), self.receiver.clone()]),
        };
        let event = DirectMessageEvent { message: sent.message.clone(), epoch: place.epoch.clone() };
        batch.emit(&pass, &place, Event::DirectMessageNew(event), effect);
        Ok(sent)
    }
}

impl Send {
    fn sent(
        &self,
        batch: &Batch,
        pass: &RoomPass,
        message: &MessageState,
        duplicate: bool,
    ) -> Sent<DirectMessage> {
        let read_at = messages::read_at(message, batch.member(pass, &self.receiver));
        Sent {
            id: message.id.clone(),
            room_id: message.room_id.clone(),
            seq: message.seq,
            epoch: pass.state().epoch.clone(),
            created_at: message.created_at,
            duplicate,
            message: message.to_direct(&self.receiver, read_at),
        }
    }
}
