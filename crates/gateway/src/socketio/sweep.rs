//! What happens by the clock: one task looks at all sockets once a second, so that an idle socket owns no
//! timer.

use std::sync::Weak;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fireside_protocol::Signal;
use fireside_protocol::event::{Draining, SessionExpiring};
use fireside_socketio::{DisconnectReason, Frame, Socket};
use tokio::time::{Instant, MissedTickBehavior};

use super::chat::Chat;
use super::outlet::end;
use super::session::{Profile, Session};

/// Seconds between `ping` events of a tutorial's socket (`WIRE.md` §1.2).
pub(super) const PING_SECONDS: u32 = 30;
/// Sockets closed a second while draining (`GUARANTEES.md` G11).
const CLOSED_PER_SECOND: usize = 500;
/// Seconds between two tellings of digests.
const DIGEST_SECONDS: u32 = 30;
/// Seconds between tidying the feeds of rooms that nobody hears.
const TIDY_SECONDS: u32 = 60;

/// Runs until the door is gone.
pub(super) async fn run(chat: Weak<Chat>) {
    let mut second = tokio::time::interval(Duration::from_secs(1));
    second.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        second.tick().await;
        let Some(chat) = chat.upgrade() else { return };
        let tick = chat.second.fetch_add(1, Ordering::Relaxed).wrapping_add(1);
        sweep(&chat, tick);
    }
}

/// Where the `ping` events of a socket fall that authenticates now: the next one is a whole interval away.
pub(super) fn phase_now(chat: &Chat) -> u8 {
    u8::try_from(chat.second.load(Ordering::Relaxed) % PING_SECONDS).unwrap_or(0)
}

fn sweep(chat: &Chat, tick: u32) {
    let sockets: Vec<Socket<Session>> = chat.sockets.lock().values().cloned().collect();
    let now = chat.kernel.clock.now();
    let instant = Instant::now();
    let ping = Frame::event("ping", &[serde_json::json!({ "time": now })]).ok();
    for socket in &sockets {
        if !socket.is_connected() {
            // It is on its way out.
            continue;
        }
        let session = socket.state();
        if session.is_late(instant) {
            socket.disconnect(true);
            continue;
        }
        let Some(expires_at) = session.expires_at() else { continue };
        if session.session_id().is_some_and(|session| chat.gateway.authenticator.is_over(&session)) {
            // It ended while this socket was on its way in, and nobody knew of it to close it.
            end(socket, "revoked");
            continue;
        }
        let left_ms = expires_at.ms_since(now);
        if left_ms <= 0 {
            end(socket, "expired");
        } else if session.notice.is_due(left_ms) {
            let signal = Signal::SessionExpiring(SessionExpiring { in_ms: left_ms.unsigned_abs() });
            if let Ok(frame) = Frame::event(signal.name(), &[&signal]) {
                socket.emit(&frame);
            }
        }
        if session.profile == Profile::Tutorial
            && u32::from(session.phase.load(Ordering::Relaxed)) == tick % PING_SECONDS
            && let Some(ping) = &ping
        {
            socket.emit(ping);
        }
    }
    if tick.is_multiple_of(DIGEST_SECONDS) {
        tokio::spawn(chat.delivery.clone().tell_digests());
    }
    if tick.is_multiple_of(TIDY_SECONDS) {
        chat.delivery.tidy();
        chat.users.tidy();
    }
    metrics::gauge!("fireside_sockets").set(sockets.len() as f64);
}

/// Tells every client its own moment to come back, and closes all sockets at a bounded pace.
pub(super) async fn drain(chat: &Chat, spread: Duration) {
    let sockets: Vec<Socket<Session>> = chat.sockets.lock().values().cloned().collect();
    let spread_ms = u64::try_from(spread.as_millis()).unwrap_or(u64::MAX);
    for socket in &sockets {
        let signal =
            Signal::ServerDraining(Draining { reconnect_after_ms: chat.gateway.names.below(spread_ms) });
        if let Ok(frame) = Frame::event(signal.name(), &[&signal]) {
            socket.emit(&frame);
        }
    }
    for chunk in sockets.chunks(CLOSED_PER_SECOND / 10) {
        for socket in chunk {
            // Without a word to the namespace, so that the client's library comes back by itself.
            socket.close_after_flush(DisconnectReason::ServerShuttingDown);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
