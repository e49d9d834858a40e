//! New names for things: ids, epochs, secrets. A value that is handed around, so that a simulation can
//! make them repeatable.

use std::sync::Arc;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{RngCore, SeedableRng};

use fireside_protocol::Time;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Makes ids and secrets from one source of randomness.
#[derive(Clone)]
pub struct Names {
    source: Arc<Mutex<StdRng>>,
}

impl Names {
    /// From the operating system's randomness.
    #[expect(clippy::disallowed_methods, reason = "the one place where randomness enters")]
    pub fn random() -> Names {
        Names { source: Arc::new(Mutex::new(StdRng::from_os_rng())) }
    }

    /// Repeatable: for simulations and deterministic demo data, never for secrets.
    pub fn seeded(seed: u64) -> Names {
        Names { source: Arc::new(Mutex::new(StdRng::seed_from_u64(seed))) }
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.source.lock().fill_bytes(&mut bytes);
        bytes
    }

    /// A UUID v7 (RFC 9562 §5.7): sorts by `now`, which keeps the database's indexes compact.
    pub fn id(&self, now: Time) -> String {
        let millis = u64::try_from(now.as_micros() / 1000).unwrap_or(0);
        uuid::Builder::from_unix_timestamp_millis(millis, &self.bytes()).into_uuid().to_string()
    }

    /// A secret of 256 random bits, in 52 characters that survive URLs and being read aloud.
    pub fn secret(&self) -> String {
        base32(&self.bytes::<32>())
    }

    /// A short random word of 64 bits, for epochs and request ids.
    pub fn word(&self) -> String {
        base32(&self.bytes::<8>())
    }

    /// A number below `bound`, for spreading things over time.
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.source.lock().next_u64() % bound }
    }
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Names")
    }
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for byte in bytes {
        buffer = (buffer << 8) | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(char::from(ALPHABET[(buffer >> bits & 31) as usize]));
        }
    }
    if bits > 0 {
        text.push(char::from(ALPHABET[(buffer << (5 - bits) & 31) as usize]));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_differ() {
        let names = Names::random();
        let early = names.id(Time::from_micros(1_000_000));
        let late = names.id(Time::from_micros(2_000_000_000_000));
        assert!(early < late);
        assert_ne!(names.id(Time::from_micros(0)), names.id(Time::from_micros(0)));
    }

    #[test]
    fn secrets_carry_all_their_bits() {
        assert_eq!(base32(&[0xff; 5]), "zzzzzzzz");
        assert_eq!(Names::random().secret().len(), 52);
    }
}
