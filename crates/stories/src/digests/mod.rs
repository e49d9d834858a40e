//! False alarms of digests: while people write, edit, delete, come and go, clients hold what they have against every
//! digest they can get, and none may differ. In the end each loses something on purpose, and must find it.
//!
//! - [`copy`]: what a client has of a room. [`watcher`]: the client.

pub mod copy;
pub mod watcher;

use std::time::Duration;

use futures_util::future::try_join_all;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use serde_json::json;
use tokio::time::Instant;

use crate::client::{Call, Http};
use crate::faults::Effort;
use crate::faults::stage::{Stage, program};
use crate::token::host_token;
use crate::workload::Settings;
use copy::Loss;
use watcher::{Mended, Tally, Watcher};

/// The year 2100.
const NEVER: i64 = 4_102_444_800;
/// Clients that compare.
const WATCHERS: u64 = 3;
/// Most bytes of a digest that is told, as JSON.
const LARGEST: usize = 100;
/// An answer to `room:digest` has up to this many parts; no more than one of them is read to mend one loss.
const PARTS: usize = 16;

/// Watches for `effort.lasts` while people do something every `pace_ms` each; what was compared.
///
/// # Errors
/// With the alarms, if there was one; when a loss was not found, or anything else did not hold.
pub async fn run(effort: &Effort, pace_ms: u64) -> Result<String, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let settings = Settings { lasts: effort.lasts, seed: effort.seed, pace_ms, ..Settings::default() };
    let stage = Stage::with(program(effort, files.path()), effort, settings).await?;
    let until = Instant::now() + effort.lasts;
    let mut watchers = Vec::new();
    for number in 0..WATCHERS {
        watchers.push(watcher(&stage, effort.seed, number).await?);
    }
    try_join_all(watchers.iter_mut().map(|watcher| watcher.watches(until))).await?;
    stage.workload.rests().await;
    let mut mended = Vec::new();
    for loss in [Loss::Message, Loss::Edit, Loss::Deletion] {
        for watcher in &mut watchers {
            mended.extend(watcher.is_mended(loss).await?);
        }
    }
    let (_, verdict) = stage.judged().await?;
    let tally = watchers.into_iter().map(|watcher| watcher.tally).fold(Tally::default(), Tally::and);
    let figures = figures(effort.lasts, &tally, &mended);
    let holds = tally.alarms.is_empty()
        && tally.largest <= LARGEST
        && tally.asked_compared > 0
        && mended.iter().all(|mended| mended.read <= mended.of.div_ceil(PARTS));
    if holds {
        Ok(format!("{figures}; {verdict}"))
    } else {
        Err([vec![figures], tally.alarms].concat().join("\n"))
    }
}

/// Somebody who is let into all rooms.
async fn watcher(stage: &Stage, seed: u64, number: u64) -> Result<Watcher, String> {
    let name = format!("watcher{number}");
    let (token, owner) = (host_token(&name, NEVER), host_token(&format!("owner-{seed}"), NEVER));
    let http = Http::new(stage.server.address);
    // A user exists from their first token on.
    http.send(Call { method: "GET", path: "/auth/me", token: Some(&token), ..Call::default() }).await?;
    let places = &stage.workload.site.places;
    for place in places {
        let path = format!("/chat/rooms/{}/members/{name}", place.id);
        // The owner works like everybody, and may have left a public room by now.
        let by = if place.is_private { &owner } else { &token };
        let body = Some(("application/json", json!({}).to_string()));
        let call = Call { method: "PUT", path: &path, token: Some(by), body, ..Call::default() };
        let reply = http.send(call).await?;
        if reply.status >= 300 {
            return Err(format!("{name} is not let in: {}", reply.text));
        }
    }
    let rooms: Vec<String> = places.iter().map(|place| place.id.clone()).collect();
    let luck = StdRng::seed_from_u64(seed.wrapping_add(number));
    Ok(Watcher::new(&name, token, stage.server.address, &rooms, luck))
}

fn figures(lasts: Duration, tally: &Tally, mended: &[Mended]) -> String {
    let read: usize = mended.iter().map(|mended| mended.read).sum();
    let of: usize = mended.iter().map(|mended| mended.of).sum();
    format!(
        "{} s, {} connections, {} rooms read anew: {} digests told ({} bytes each, at most {}), {} of them and {} asked \
         for were compared, {} alarms; {} losses found, {read} messages read to mend them where all would have been {of}",
        lasts.as_secs(),
        tally.connections,
        tally.read_anew,
        tally.told,
        tally.bytes / tally.told.max(1),
        tally.largest,
        tally.told_compared,
        tally.asked_compared,
        tally.alarms.len(),
        mended.len(),
    )
}
