//! `direct_messages.read`: marking a conversation as read.

use fireside_kernel::{Ctx, Error, Kernel, Result};
use fireside_protocol::direct_messages::ReadDirectMessages;
use fireside_protocol::reads::ReadPosition;

use super::conversation;
use crate::reads;

pub(crate) async fn read(kernel: Kernel, ctx: Ctx, request: ReadDirectMessages) -> Result<ReadPosition> {
    let (_, pass) = conversation(&kernel, ctx.user()?, &request.user_id).await?;
    let pass = pass.ok_or_else(|| Error::not_found("Conversation"))?;
    reads::mark(&kernel, &pass, request.seq, request.message_id.as_ref()).await
}
