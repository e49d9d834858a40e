//! `rooms.discover`: the public rooms, in the order of their slugs.

use fireside_kernel::{Ctx, Kernel, Result};
use fireside_protocol::page::Page;
use fireside_protocol::rooms::{DiscoverRooms, Room};

use crate::rooms::{rules, sql};
use crate::users;

pub(crate) async fn discover(kernel: Kernel, ctx: Ctx, request: DiscoverRooms) -> Result<Page<Room>> {
    ctx.user()?;
    users::check_query(&request.query)?;
    let limit = request.limit.rows();
    let patterns = [request.query.to_lowercase(), users::capitalized(&request.query)];
    let patterns = patterns.map(|query| rules::contains_pattern(&query));
    let after = request.after.as_ref().map_or("", |slug| slug.as_str());
    // One more than asked for tells whether the list goes on.
    let mut rooms = sql::public(&kernel.db, &patterns, after, i64::from(limit) + 1).await?;
    let goes_on = rooms.len() > limit as usize;
    rooms.truncate(limit as usize);
    let last = rooms.last().and_then(|room| room.slug.clone()).filter(|_| goes_on);
    Ok(Page {
        items: rooms.iter().map(|room| room.to_wire()).collect(),
        next: last.map(|slug| format!("after={slug}")),
        prev: None,
        limit,
        head: None,
    })
}
