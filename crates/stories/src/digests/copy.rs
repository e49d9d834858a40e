//! What one client has of a room: places and revisions of its messages, from events and pages alone, and how they
//! are held against a digest.

use std::collections::BTreeMap;

use fireside_protocol::digests::{DIGEST_TAIL_MESSAGES, sum, written};
use serde_json::Value;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Copy {
    /// The room's epoch.
    pub epoch: String,
    /// The position up to which everything was heard.
    pub seq: i64,
    /// Below this position it may hold what is not true yet: answers tell what is true when they are made.
    pub true_from: i64,
    revisions: BTreeMap<i64, i64>,
}

impl Copy {
    /// A copy that is to be filled with what is true at a position.
    pub fn empty(epoch: &str, seq: i64) -> Copy {
        Copy { epoch: epoch.to_owned(), seq, ..Copy::default() }
    }

    /// Takes an event of the room's log, live or missed.
    pub fn take(&mut self, event: &str, payload: &Value) {
        match event {
            "message:new" | "message:edited" => self.put(payload),
            "message:deleted" => {
                let own = payload["messageSeq"].as_i64().or(payload["seq"].as_i64());
                own.map(|own| self.revisions.remove(&own));
            }
            _ => {}
        }
    }

    /// Takes a message as it is now.
    fn put(&mut self, message: &Value) {
        let (Some(seq), Some(rev)) = (message["seq"].as_i64(), message["rev"].as_i64()) else { return };
        let own = message["messageSeq"].as_i64().unwrap_or(seq);
        self.true_from = self.true_from.max(rev);
        if !message["deletedAt"].is_null() {
            self.revisions.remove(&own);
        } else if self.revisions.get(&own).is_none_or(|known| *known < rev) {
            self.revisions.insert(own, rev);
        }
    }

    /// Takes these messages for all there are between two places.
    pub fn replace(&mut self, from: i64, to: i64, messages: &[Value]) {
        self.revisions.retain(|seq, _| !(from..=to).contains(seq));
        messages.iter().for_each(|message| self.put(message));
    }

    /// Whether what it holds is what was true at its position.
    pub fn is_settled(&self) -> bool {
        self.true_from <= self.seq
    }

    /// How many messages there are.
    pub fn count(&self) -> usize {
        self.revisions.len()
    }

    /// The digest of the newest messages, as the server tells it of its own accord.
    pub fn newest(&self) -> String {
        let count = usize::try_from(DIGEST_TAIL_MESSAGES).unwrap_or(usize::MAX);
        written(sum(self.revisions.iter().rev().take(count).map(|(seq, rev)| (*seq, *rev))))
    }

    /// Of the parts of an answer to `room:digest`, those between which it holds something else.
    pub fn differing(&self, answer: &Value) -> Vec<(i64, i64)> {
        // A stretch without messages has no parts.
        let whole = std::slice::from_ref(answer);
        let parts = answer["parts"].as_array().map_or(whole, Vec::as_slice);
        let parts = if parts.is_empty() { whole } else { parts };
        let ends = parts.iter().map(|part| (part, part["from"].as_i64(), part["to"].as_i64()));
        let differs = ends.filter_map(|(part, from, to)| {
            let (from, to) = from.zip(to)?;
            // The end of an empty stretch lies before its beginning.
            let inside = self.revisions.range(from..=to.max(from)).map(|(seq, rev)| (*seq, *rev));
            (part["digest"] != written(sum(inside))).then_some((from, to))
        });
        differs.collect()
    }

    /// Does on purpose what a client with a bug does: loses a message, an edit or a deletion, `at` messages before the
    /// newest.
    pub fn spoil(&mut self, how: Loss, at: usize) {
        let places: Vec<i64> = self.revisions.keys().rev().copied().collect();
        let Some(place) = places.get(at % places.len().max(1)).copied() else { return };
        match how {
            Loss::Message => drop(self.revisions.remove(&place)),
            Loss::Edit => drop(self.revisions.entry(place).and_modify(|rev| *rev -= 1)),
            // Of a place without a message: what was there is gone for everybody else.
            Loss::Deletion => {
                let free = (1..=self.seq).rev().find(|seq| !self.revisions.contains_key(seq));
                free.map(|seq| self.revisions.insert(seq, seq));
            }
        }
    }
}

/// What a client did not hear of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Loss {
    /// That there is a message.
    Message,
    /// That a message has changed.
    Edit,
    /// That a message is gone.
    Deletion,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn said(seq: i64, rev: i64) -> Value {
        json!({ "seq": seq, "rev": rev, "deletedAt": null })
    }

    #[test]
    fn events_lead_to_what_is_stored() {
        let mut copy = Copy::default();
        copy.take("message:new", &said(1, 1));
        copy.take("message:new", &said(2, 2));
        copy.take("message:edited", &json!({ "seq": 3, "messageSeq": 1, "rev": 3, "deletedAt": null }));
        copy.take("message:deleted", &json!({ "seq": 4, "messageSeq": 2 }));
        assert_eq!(copy.newest(), written(sum([(1, 3)])));
    }

    #[test]
    fn what_is_told_too_early_is_not_compared() {
        let mut copy = Copy { seq: 5, ..Copy::default() };
        copy.take("message:new", &said(5, 8));
        assert!(!copy.is_settled());
        copy.seq = 8;
        assert!(copy.is_settled());
    }

    #[test]
    fn each_loss_is_found_where_it_is() {
        let mut right = Copy { seq: 40, ..Copy::default() };
        (1..=20).for_each(|place| right.take("message:new", &said(2 * place, 2 * place)));
        let part = |from: i64, to: i64| {
            let inside = right.revisions.range(from..=to).map(|(seq, rev)| (*seq, *rev));
            json!({ "from": from, "to": to, "digest": written(sum(inside)) })
        };
        let answer = json!({ "parts": [part(1, 20), part(21, 40)] });
        assert!(right.differing(&answer).is_empty());
        for loss in [Loss::Message, Loss::Edit, Loss::Deletion] {
            let mut wrong = right.clone();
            wrong.spoil(loss, 4);
            assert_eq!(wrong.differing(&answer), [(21, 40)], "{loss:?}");
            assert_ne!(wrong.newest(), right.newest(), "{loss:?}");
        }
    }
}
