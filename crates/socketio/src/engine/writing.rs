//! The writing half of a session's task: what the flusher cannot do for it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use crate::engine::Connection;
use crate::engine::driver::{Driver, with_batch};
use crate::engine::outbox::{Closing, Outbox};
use crate::engine::session::Session;
use crate::engine::wire::{Duplex, Wire};
use crate::reason::DisconnectReason;

/// What was taken from the queue for a connection that only the session's task writes to.
#[derive(Default)]
pub(crate) struct Unsent(Bytes);

impl<C: Connection> Driver<C> {
    /// Does the part of the writing that nobody else does: waits for a blocked connection, and writes to one
    /// that only this task may write to. True when that is done.
    pub(crate) fn write(&mut self, cx: &mut Context<'_>) -> bool {
        match &mut self.wire {
            None => true,
            Some(Wire::Tcp(wire)) => {
                if self.session.with_outbox(|outbox| outbox.blocked) {
                    if wire.poll_write_ready(cx).is_pending() {
                        return false;
                    }
                    self.session.with_outbox(|outbox| outbox.blocked = false);
                }
                true
            }
            Some(Wire::Other(stream)) => {
                self.session.with_outbox(|outbox| outbox.blocked = false);
                let result = write_all(&self.session, &mut self.unsent, stream, cx);
                if let Poll::Ready(Err(_)) = result {
                    self.session.with_outbox(Outbox::abandon);
                    self.session.end(Closing::lost(DisconnectReason::TransportError));
                    self.session.wake();
                }
                self.session.with_outbox(|outbox| outbox.blocked = result.is_pending());
                result.is_ready()
            }
        }
    }

    /// Writes everything that is queued; true when nothing is left.
    pub(crate) fn write_out(&mut self, cx: &mut Context<'_>) -> bool {
        while self.write(cx) {
            if with_batch(|batch| self.session.flush_driving(batch)) {
                return true;
            }
            if !self.session.with_outbox(|outbox| outbox.blocked) {
                // Somebody else is writing, and wakes this task when it is done.
                return false;
            }
        }
        false
    }
}

fn write_all(
    session: &Session,
    unsent: &mut Unsent,
    stream: &mut Box<dyn Duplex>,
    cx: &mut Context<'_>,
) -> Poll<std::io::Result<()>> {
    loop {
        if unsent.0.is_empty() {
            let Some(batch) = take(session) else { break };
            unsent.0 = batch;
        }
        let written = std::task::ready!(Pin::new(&mut *stream).poll_write(cx, &unsent.0))?;
        if written == 0 {
            return Poll::Ready(Err(std::io::ErrorKind::WriteZero.into()));
        }
        unsent.0.advance(written);
        session.with_outbox(|outbox| outbox.left(written));
    }
    Pin::new(stream).poll_flush(cx)
}

fn take(session: &Session) -> Option<Bytes> {
    with_batch(|batch| {
        session.with_outbox(|outbox| (!outbox.is_empty()).then(|| outbox.take(batch)))?;
        let bytes = batch.rest(0);
        batch.wrote(bytes.len());
        Some(bytes)
    })
}
