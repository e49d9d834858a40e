//! What a hub does to messages: the same seed does the same to the same messages.

use std::time::Duration;

/// How many messages of a thousand meet which trouble on the way to one node. The default is none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trouble {
    /// Never arrive.
    pub lost_per_mille: u16,
    /// Arrive twice.
    pub repeated_per_mille: u16,
    /// Arrive later than those published after them.
    pub delayed_per_mille: u16,
    /// How much later.
    pub delay: Duration,
}

/// Whether a node knows that it is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// Its state says so, as when a connection is closed.
    Noticed,
    /// It believes that all is well, as when packets are swallowed.
    Unnoticed,
}

/// Decides what happens to the next message.
#[derive(Default)]
pub(super) struct Luck {
    trouble: Trouble,
    state: u64,
}

/// What happens to one message on its way to one node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Arrives,
    Lost,
    Repeated,
    Delayed(Duration),
}

impl Luck {
    pub(super) fn new(trouble: Trouble, seed: u64) -> Luck {
        Luck { trouble, state: seed }
    }

    pub(super) fn next(&mut self) -> Fate {
        let (lost, repeated, delayed) = (
            u64::from(self.trouble.lost_per_mille),
            u64::from(self.trouble.repeated_per_mille),
            u64::from(self.trouble.delayed_per_mille),
        );
        match self.draw() % 1000 {
            drawn if drawn < lost => Fate::Lost,
            drawn if drawn < lost + repeated => Fate::Repeated,
            drawn if drawn < lost + repeated + delayed => Fate::Delayed(self.trouble.delay),
            _ => Fate::Arrives,
        }
    }

    /// SplitMix64: <https://prng.di.unimi.it/splitmix64.c>.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

impl Fate {
    /// For each copy that arrives: after how long, or at once.
    pub(super) fn copies(self) -> impl Iterator<Item = Option<Duration>> {
        let (count, after) = match self {
            Fate::Lost => (0, None),
            Fate::Arrives => (1, None),
            Fate::Repeated => (2, None),
            Fate::Delayed(delay) => (1, Some(delay)),
        };
        std::iter::repeat_n(after, count)
    }
}
