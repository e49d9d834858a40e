//! `messages.edit`: changing the text of one's own message, of a room or of a conversation.

use fireside_kernel::permission::Permission;
use fireside_kernel::relay::Effect;
use fireside_kernel::room_log::{Batch, Change, Needs, Repeat};
use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::direct_messages::DirectMessageEvent;
use fireside_protocol::messages::{AnyMessage, EditMessage, Edited, MessageEvent};
use fireside_protocol::text::MessageText;
use fireside_protocol::{Event, MessageId, UserId};

use crate::messages::rules;

pub(crate) async fn edit(kernel: Kernel, ctx: Ctx, request: EditMessage) -> Result<Edited> {
    let user = ctx.user()?.clone();
    let EditMessage { message_id: message, content, .. } = request;
    let digest = rules::digest(content.as_str(), message.as_str(), None);
    let repeat = ctx.idempotency_key.clone().map(|key| Repeat {
        user: user.clone(),
        operation: "messages.edit",
        key,
        digest,
    });
    kernel.log.submit(&ctx, Edit { user, message, content, repeat }).await
}

struct Edit {
    user: UserId,
    message: MessageId,
    content: MessageText,
    repeat: Option<Repeat>,
}

impl Change for Edit {
    type Answer = Edited;

    fn needs(&self, needs: &mut Needs) {
        needs.user(self.user.as_str());
        needs.message(&self.message, &self.user);
        if let Some(repeat) = &self.repeat {
            needs.repeat(repeat);
        }
    }

    fn decide(&self, batch: &mut Batch) -> Result<Edited> {
        let (pass, message) = batch.enter_message(&self.message, &self.user, Permission::Post)?;
        if message.deleted_at.is_some() {
            return Err(Error::not_found("Message"));
        }
        if message.sender.id != self.user {
            return Err(Error::forbidden("Cannot edit others' messages"));
        }
        let own_seq = message.seq;
        let before = message.clone();
        let was_done = match &self.repeat {
            Some(repeat) => batch.repeated(repeat)?.is_some(),
            None => false,
        };
        // An edit that was done before, or that changes nothing, is not done again.
        if was_done || before.content == self.content.as_str() {
            let epoch = pass.state().epoch.clone();
            return Ok(Edited { seq: before.rev, epoch, message: rules::to_wire(batch, &pass, &before) });
        }
        let (message, place) = batch.change_message(&pass, &self.message, |message, place| {
            message.content = self.content.as_str().to_owned();
            message.edited_at = Some(place.at);
        })?;
        if let Some(repeat) = &self.repeat {
            batch.remember(repeat.clone(), place.seq.to_string());
        }
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
        Ok(Edited { seq: place.seq, epoch: place.epoch, message: wire })
    }
}
