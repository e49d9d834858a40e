//! The one place of this crate where randomness enters.

/// 64 bits from the operating system's random source.
#[expect(clippy::disallowed_methods, reason = "the one place where this crate needs randomness")]
pub(crate) fn draw() -> u64 {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).expect("the operating system has a random source");
    u64::from_le_bytes(bytes)
}
