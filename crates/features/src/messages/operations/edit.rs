//! `messages.edit`: changing the text of one's own message, of a room or of a conversation.

use fireside_kernel::permission::Permission;
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::{Batch, Change, Needs, Repeat};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::direct_messages::DirectMessageEvent;
use fireside_protocol::messages::{AnyMessage, EditMessage, Edited, MessageEvent};
use fireside_protocol::text::MessageText;
use fireside_protocol::{Event, MessageId, Once, UserId};

use crate::messages::rules;

pub(crate) async fn edit(kernel: Kernel, ctx: Ctx, request: EditMessage) -> Result<Once<Edited>> {
    let EditMessage { message_id: message, content, client_id, .. } = request;
    let repeat = Repeat::of(&ctx, "messages.edit", client_id, &[message.as_str(), content.as_str()])?;
    let user = ctx.user()?.clone();
    kernel.log.submit_once(&ctx, Edit { user, message, content }, repeat).await
}

struct Edit {
    user: UserId,
    message: MessageId,
    content: MessageText,
}

impl Change for Edit {
    type Answer = Once<Edited>;

    fn needs(&self, needs: &mut Needs) {
        needs.user(self.user.as_str());
        needs.message(&self.message, &self.user);
    }

    fn decide(&self, batch: &mut Batch) -> Result<Once<Edited>> {
        let (pass, message) = batch.enter_message(&self.message, &self.user, Permission::Post)?;
        if message.deleted_at.is_some() {
            return Err(Error::not_found("Message"));
        }
        if message.sender.id != self.user {
            return Err(Error::forbidden("Cannot edit others' messages"));
        }
        let own_seq = message.seq;
        let before = message.clone();
        if before.content == self.content.as_str() {
            let epoch = pass.state().epoch.clone();
            let message = rules::to_wire(batch, &pass, &before);
            return Ok(Once::done(Edited { seq: before.rev, epoch, message }));
        }
        let (message, place) = batch.change_message(&pass, &self.message, |message, place| {
            message.content = self.content.as_str().to_owned();
            message.edited_at = Some(place.at);
        })?;
        let wire = rules::to_wire(batch, &pass, &message);
        let event = match wire.clone() {
            AnyMessage::Room(message) => {
                let message = fireside_protocol::messages::Message {
                    seq: place.seq,
                    message_seq: Some(own_seq),
                    ..message
                };
                Event::MessageEdited(MessageEvent { message, epoch: place.epoch.clone() })
            }
            AnyMessage::Direct(message) => {
                let message = fireside_protocol::direct_messages::DirectMessage {
                    seq: place.seq,
                    message_seq: Some(own_seq),
                    ..message
                };
                Event::DirectMessageEdited(DirectMessageEvent { message, epoch: place.epoch.clone() })
            }
        };
        batch.emit(&pass, &place, event, Effect::None);
        Ok(Once::done(Edited { seq: place.seq, epoch: place.epoch, message: wire }))
    }
}
