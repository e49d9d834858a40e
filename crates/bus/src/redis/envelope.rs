//! What a message looks like in Redis: who sent it, and the rest for nobody's eyes but those of this chat's nodes.
//!
//! `version (1 byte) | sender (8) | number (8) | AES-256-GCM of the payload, with its tag (16)`. Each sender has a key
//! of its own, which everybody who knows the chat's key can work out, and numbers its messages: no nonce comes twice.
//! Version and channel are authenticated with it. Whoever can listen to Redis can still repeat a message, which a bus
//! may do anyway.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use hmac::{Hmac, Mac as _};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use sha2::Sha256;

use super::luck;

const VERSION: u8 = 2;
const SENDER: std::ops::Range<usize> = 1..9;
const NUMBER: std::ops::Range<usize> = 9..17;
const PAYLOAD: usize = 17;

/// Seals and opens the messages of one node.
#[derive(Clone)]
pub(super) struct Seal {
    root: Hmac<Sha256>,
    sender: [u8; 8],
    own: Arc<LessSafeKey>,
    sent: Arc<AtomicU64>,
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
        let root = Hmac::new_from_slice(key).expect("HMAC takes keys of any length");
        let sender = luck::draw().to_le_bytes();
        Seal { own: Arc::new(key_of(&root, sender)), root, sender, sent: Arc::default() }
    }

    pub(super) fn close(&self, channel: &str, payload: &[u8]) -> Bytes {
        let number = self.sent.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        let mut sealed = Vec::with_capacity(PAYLOAD + payload.len() + AES_256_GCM.tag_len());
        sealed.push(VERSION);
        sealed.extend_from_slice(&self.sender);
        sealed.extend_from_slice(&number);
        sealed.extend_from_slice(payload);
        let tag = self
            .own
            .seal_in_place_separate_tag(nonce(number), aad(channel), &mut sealed[PAYLOAD..])
            .expect("it takes 64 GiB");
        sealed.extend_from_slice(tag.as_ref());
        sealed.into()
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
        let number = sealed[NUMBER].try_into().map_err(|_| Rejected::Forged)?;
        let mut sealed = Vec::from(sealed);
        let opened = key_of(&self.root, sender)
            .open_in_place(nonce(number), aad(channel), &mut sealed[PAYLOAD..])
            .map_err(|_| Rejected::Forged)?;
        let end = PAYLOAD + opened.len();
        Ok(Bytes::from(sealed).slice(PAYLOAD..end))
    }
}

/// The key of one sender.
fn key_of(root: &Hmac<Sha256>, sender: [u8; 8]) -> LessSafeKey {
    let key = root.clone().chain_update([VERSION]).chain_update(sender).finalize().into_bytes();
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).expect("it is 256 bits long"))
}

fn nonce(number: [u8; 8]) -> Nonce {
    let mut nonce = [0; 12];
    nonce[..8].copy_from_slice(&number);
    Nonce::assume_unique_for_key(nonce)
}

fn aad(channel: &str) -> Aad<Vec<u8>> {
    Aad::from([&[VERSION], channel.as_bytes()].concat())
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
