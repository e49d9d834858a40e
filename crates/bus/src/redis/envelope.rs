//! What a message looks like in Redis: who sent it and a proof that it was a node of this chat.
//!
//! `version (1 byte) | sender (8) | HMAC-SHA256 (32) | payload`. The proof covers version, sender, channel and
//! payload. Whoever can listen to Redis can still repeat a message, which a bus may do anyway.

use bytes::{BufMut as _, Bytes, BytesMut};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::luck;

const VERSION: u8 = 1;
const SENDER: std::ops::Range<usize> = 1..9;
const PROOF: std::ops::Range<usize> = 9..41;
const PAYLOAD: usize = 41;

/// Seals and opens the messages of one node.
#[derive(Clone)]
pub(super) struct Seal {
    mac: Hmac<Sha256>,
    sender: [u8; 8],
}

/// Why a message is not handed on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Rejected {
    /// It comes from this very node.
    Own,
    /// It was not made with the chat's key, for this channel.
    Forged,
}

impl Seal {
    pub(super) fn new(key: &[u8; 32]) -> Seal {
        let mac = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        Seal { mac, sender: luck::draw().to_le_bytes() }
    }

    pub(super) fn close(&self, channel: &str, payload: &[u8]) -> Bytes {
        let mut sealed = BytesMut::with_capacity(PAYLOAD + payload.len());
        sealed.put_u8(VERSION);
        sealed.put_slice(&self.sender);
        sealed.put_slice(&self.proof(self.sender, channel, payload).finalize().into_bytes());
        sealed.put_slice(payload);
        sealed.freeze()
    }

    pub(super) fn open(&self, channel: &str, sealed: Bytes) -> Result<Bytes, Rejected> {
        if sealed.len() < PAYLOAD || sealed[0] != VERSION {
            return Err(Rejected::Forged);
        }
        let sender = sealed[SENDER].try_into().map_err(|_| Rejected::Forged)?;
        // Before the proof, which costs more: a forger gains nothing by being ignored.
        if sender == self.sender {
            return Err(Rejected::Own);
        }
        let proof = self.proof(sender, channel, &sealed[PAYLOAD..]);
        proof.verify_slice(&sealed[PROOF]).map_err(|_| Rejected::Forged)?;
        Ok(sealed.slice(PAYLOAD..))
    }

    /// The channel comes with its length, so that no byte can move between it and the payload.
    fn proof(&self, sender: [u8; 8], channel: &str, payload: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(&[VERSION]);
        mac.update(&sender);
        mac.update(&(channel.len() as u64).to_le_bytes());
        mac.update(channel.as_bytes());
        mac.update(payload);
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_opens_what_another_closed_for_the_same_channel() {
        let (alice, bob) = (Seal::new(&[7; 32]), Seal::new(&[7; 32]));
        let sealed = alice.close("c", b"hello");
        assert_eq!(bob.open("c", sealed.clone()).as_deref(), Ok(&b"hello"[..]));
        assert_eq!(alice.open("c", sealed.clone()), Err(Rejected::Own));
        assert_eq!(bob.open("d", sealed), Err(Rejected::Forged), "not for this channel");
        assert_eq!(bob.open("c", alice.close("c", b"")).as_deref(), Ok(&b""[..]));
    }

    #[test]
    fn what_was_changed_cut_or_made_with_another_key_is_rejected() {
        let (node, stranger) = (Seal::new(&[7; 32]), Seal::new(&[8; 32]));
        let sealed = Seal::new(&[7; 32]).close("c", b"hello");
        assert!(node.open("c", sealed.clone()).is_ok());
        assert_eq!(node.open("c", stranger.close("c", b"hello")), Err(Rejected::Forged));
        for length in 0..sealed.len() {
            assert_eq!(node.open("c", sealed.slice(..length)), Err(Rejected::Forged), "cut at {length}");
        }
        for index in 0..sealed.len() {
            let mut changed = sealed.to_vec();
            changed[index] ^= 1;
            assert_eq!(node.open("c", changed.into()), Err(Rejected::Forged), "changed at {index}");
        }
    }
}
