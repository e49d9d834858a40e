//! How the transport of a session ends: what is queued goes first, then the close frame, then the connection is
//! held until the client has let go of it, so that it hears why.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::io::AsyncWrite;

use crate::engine::Connection;
use crate::engine::driver::{Driver, Phase, with_read_buffer};
use crate::engine::outbox::{Lane, Outbox};
use crate::engine::wire::Wire;
use crate::reason::DisconnectReason;

impl<C: Connection> Driver<C> {
    /// Goes on with closing the transport; until when that may take, or none when it is closed.
    pub(crate) fn finish_transport(&mut self, cx: &mut Context<'_>) -> Option<Instant> {
        let Phase::Ending { closing, until, shut } = self.phase else { return None };
        if !self.on_websocket {
            let answered = self.session.with_outbox(|outbox| !matches!(outbox.lane, Lane::Polling(_)));
            // The client may complete its move only now.
            self.adopt_upgrade();
            if self.on_websocket {
                return self.finish_transport(cx);
            }
            let over = answered || !closing.answers_a_late_poll() || Instant::now() >= until;
            return (!over).then_some(until);
        }
        let useless = closing.code.is_none() || Instant::now() >= until;
        if useless || (self.write_out(cx) && self.let_go(shut, cx)) {
            if let (DisconnectReason::SlowConsumer, Some(Wire::Tcp(wire))) = (closing.reason, &self.wire) {
                wire.discard_unsent();
            }
            self.session.with_outbox(Outbox::abandon);
            self.wire = None;
            return None;
        }
        Some(until)
    }

    /// Ends our side of the connection, and waits for the client to end its own. What it still sends is thrown
    /// away: closing with unread bytes would reset the connection, and the client might never see the reason.
    fn let_go(&mut self, shut: bool, cx: &mut Context<'_>) -> bool {
        let Some(wire) = &mut self.wire else { return true };
        if !shut {
            match wire {
                Wire::Tcp(wire) => wire.shutdown(),
                Wire::Other(stream) => match Pin::new(stream).poll_shutdown(cx) {
                    Poll::Ready(Ok(())) => {}
                    Poll::Ready(Err(_)) => return true,
                    Poll::Pending => return false,
                },
            }
            if let Phase::Ending { shut, .. } = &mut self.phase {
                *shut = true;
            }
        }
        with_read_buffer(|buffer| {
            loop {
                match wire.poll_read(cx, buffer) {
                    Poll::Ready(Ok(0) | Err(_)) => return true,
                    Poll::Ready(Ok(_)) => {}
                    Poll::Pending => return false,
                }
            }
        })
    }
}
