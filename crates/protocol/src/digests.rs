//! Digests: a short sum over a stretch of a room's messages, by which a client sees whether what it shows is
//! what is stored, and finds out where it is not.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{RoomId, RoomRef};
use crate::page::Position;
use crate::request::{Operation, Reply, Request};

/// Most messages of one digest.
pub const DIGEST_MAX_MESSAGES: i64 = 1_000;
/// Messages of a digest that nobody gave a range for: the newest ones.
pub const DIGEST_TAIL_MESSAGES: i64 = 64;
/// Most parts of a range.
pub const DIGEST_PARTS: usize = 16;

/// The sum over messages, each by its place and the place of its last change. Deleted messages are none.
///
/// Each pair is mixed by the finalizer of SplitMix64 over `seq * 0x9E3779B97F4A7C15 + rev` (wrapping), and all
/// are joined by exclusive or: order does not matter, one change shows with all but one chance in 2⁴⁸ once written.
pub fn sum(messages: impl IntoIterator<Item = (i64, i64)>) -> u64 {
    messages.into_iter().map(|(seq, rev)| mixed(seq, rev)).fold(0, |sum, one| sum ^ one)
}

fn mixed(seq: i64, rev: i64) -> u64 {
    let mut z = seq.cast_unsigned().wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(rev.cast_unsigned());
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A sum as it is written: its first 48 bits, as 12 hexadecimal digits. With these a [`RoomDigest`] stays short
/// whatever the room is called.
pub fn written(sum: u64) -> String {
    format!("{:012x}", sum >> 16)
}

/// Asks for the digest of a stretch of a room's messages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GetDigest {
    /// The room or conversation, by id or slug.
    pub room_id: RoomRef,
    /// From this place on; without, the newest 64 messages up to `to`.
    #[serde(default)]
    pub from: Option<Position>,
    /// Up to this place; without, up to the head.
    #[serde(default)]
    pub to: Option<Position>,
}

impl Request for GetDigest {
    type Response = Digest;
    const OPERATION: Operation =
        Operation::new("messages.digest", "Check whether the messages you have are those that are stored")
            .event("room:digest")
            .get("/chat/rooms/{roomId}/digest");
}

/// The digest of a stretch of a room's messages, at most 1,000 of them: the newest ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Digest {
    /// The room or conversation.
    pub room_id: RoomId,
    /// Its epoch.
    pub epoch: Arc<str>,
    /// The head of its log that this is true of: compare when you are exactly there.
    pub seq: i64,
    /// The whole stretch.
    #[serde(flatten)]
    pub whole: DigestPart,
    /// The same in up to 16 parts, to find where it differs.
    pub parts: Vec<DigestPart>,
}

impl Reply for Digest {}

/// A stretch of a room's messages, and the sum over those in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DigestPart {
    /// From this place on.
    pub from: i64,
    /// Up to this place.
    pub to: i64,
    /// How many messages are in it, deleted ones left out.
    pub count: usize,
    /// The sum over their places and revisions: each pair mixed by SplitMix64's finalizer over
    /// `seq * 0x9E3779B97F4A7C15 + rev` (64 bits, wrapping), all joined by exclusive or; the first 48 bits of it, 12
    /// hexadecimal digits.
    pub digest: String,
}

impl DigestPart {
    /// The part of these messages, in the order of their places.
    pub fn of(from: i64, to: i64, messages: &[(i64, i64)]) -> DigestPart {
        DigestPart { from, to, count: messages.len(), digest: written(sum(messages.iter().copied())) }
    }
}

/// `room:digested`: `[roomId, seq, digest]`, the sum over a room's newest 64 messages (all of them where there are
/// fewer), as in the answer to `room:digest`. Told now and then to sockets that asked for it by `digest:watch`.
/// Compare when you are exactly at `seq`; else wait for the next one.
///
/// At most 100 bytes, so it has no names for its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RoomDigest(pub RoomId, pub i64, pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_those_that_clients_make() {
        assert_eq!(written(sum([])), "000000000000");
        assert_eq!(written(sum([(1, 1)])), "910a2dec8902");
        assert_eq!(written(sum([(1, 1), (2, 7), (3, 3)])), written(sum([(3, 3), (1, 1), (2, 7)])));
        assert_ne!(sum([(1, 2)]), sum([(2, 1)]));
        assert_ne!(sum([(5, 5), (6, 6)]), sum([(5, 6), (6, 5)]));
    }

    #[test]
    fn a_told_digest_is_short() {
        let room_id = RoomId::trusted("r".repeat(crate::ids::ID_MAX_BYTES));
        // The highest position that a client in JavaScript can tell from its neighbours is 2⁵³.
        let told = RoomDigest(room_id, 1 << 53, written(u64::MAX));
        let text = serde_json::to_string(&told).unwrap();
        assert!(text.len() <= 100, "{} bytes: {text}", text.len());
    }
}
