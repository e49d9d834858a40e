//! Digests of a room's messages, read from the messages themselves: what could be kept beside them could be
//! wrong in the same way as what it is meant to check.

use fireside_db::{Db, sql};
use fireside_protocol::RoomId;
use fireside_protocol::digests::{
    DIGEST_MAX_MESSAGES, DIGEST_PARTS, DIGEST_TAIL_MESSAGES, Digest, DigestPart,
};

use crate::error::Result;

/// The digest of the messages of a room between two places; of the newest ones where `from` is not given. The
/// cost depends on the range and not on the room.
///
/// For whoever may read the room.
///
/// # Errors
/// When the database does not answer.
pub async fn digest(db: &Db, room: &RoomId, from: Option<i64>, to: Option<i64>) -> Result<Option<Digest>> {
    let limit = if from.is_some() { DIGEST_MAX_MESSAGES } else { DIGEST_TAIL_MESSAGES };
    // The head and the messages in one statement, so that they are of the same moment.
    let text = "SELECT r.epoch, r.head_seq, m.seq, m.rev FROM rooms r LEFT JOIN messages m \
                ON m.room_id = r.id AND m.seq >= $2 AND m.seq <= $3 AND m.deleted_at IS NULL \
                WHERE r.id = $1 ORDER BY m.seq DESC LIMIT $4";
    let statement =
        sql(text).bind(room.as_str()).bind(from.unwrap_or(1)).bind(to.unwrap_or(i64::MAX)).bind(limit);
    let mut rows: Vec<(String, i64, Option<i64>, Option<i64>)> = db.all(statement).await?;
    rows.reverse();
    let Some((epoch, head, ..)) = rows.first() else { return Ok(None) };
    let messages: Vec<(i64, i64)> = rows.iter().filter_map(|row| row.2.zip(row.3)).collect();
    let is_cut = messages.len() as i64 == limit;
    let from = match messages.first() {
        Some((first, _)) if is_cut => *first,
        _ => from.unwrap_or(1),
    };
    let to = to.unwrap_or(*head).min(*head);
    let whole = DigestPart::of(from, to, &messages);
    let parts = parts(&whole, &messages);
    Ok(Some(Digest { room_id: room.clone(), epoch: epoch.as_str().into(), seq: *head, whole, parts }))
}

/// The whole in parts of about equally many messages, without holes between them.
fn parts(whole: &DigestPart, messages: &[(i64, i64)]) -> Vec<DigestPart> {
    let size = messages.len().div_ceil(DIGEST_PARTS).max(1);
    let mut from = whole.from;
    let mut parts = Vec::new();
    for (number, part) in messages.chunks(size).enumerate() {
        let next = messages.get((number + 1) * size).map_or(whole.to + 1, |(seq, _)| *seq);
        parts.push(DigestPart::of(from, next - 1, part));
        from = next;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_whole() {
        let messages: Vec<_> = (1..=50).map(|number| (number * 3, number * 3)).collect();
        let whole = DigestPart::of(2, 170, &messages);
        let parts = parts(&whole, &messages);
        assert!(parts.len() <= DIGEST_PARTS);
        assert_eq!((parts[0].from, parts.last().map(|part| part.to)), (2, Some(170)));
        assert!(parts.windows(2).all(|pair| pair[0].to + 1 == pair[1].from), "{parts:?}");
        assert_eq!(parts.iter().map(|part| part.count).sum::<usize>(), 50);
        assert!(parts.iter().all(|part| {
            let inside = messages.iter().filter(|(seq, _)| (part.from..=part.to).contains(seq)).copied();
            *part == DigestPart::of(part.from, part.to, &inside.collect::<Vec<_>>())
        }));
    }

    #[test]
    fn nothing_has_no_parts() {
        assert_eq!(parts(&DigestPart::of(1, 9, &[]), &[]), []);
    }
}
