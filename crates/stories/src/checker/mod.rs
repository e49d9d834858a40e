//! The checker: a pure judge over what clients did and were told (a [`History`]) and what is stored in the end
//! (a [`Truth`], read through SQL and not through our API). Each invariant of `GUARANTEES.md` that one node can
//! break has its function; what it finds carries the invariant's name, a sentence, and the entries it is about.
//!
//! - [`history`], [`truth`]: what is judged, as JSON.
//! - `writes`: I1–I8. `deliveries`: I2, I9, I10, I13, I16. `resumes`: I11. `secrets`: I12. `service`: I14, I18, I20.
//!   `presence`: I15. `resources`: I17, where a run has measured what its servers hold.
//!
//! Not judged: I19, because there are no webhooks.

pub mod history;
pub mod truth;

mod deliveries;
mod presence;
mod resources;
mod resumes;
mod secrets;
mod service;
mod writes;

use std::fmt;

pub(crate) use resources::excess;

pub use history::{Action, Entry, History, Kind};
pub use truth::{Event, Message, Room, Truth};

/// What must hold, by the numbers of `GUARANTEES.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Invariant {
    /// Every acknowledged send is stored, at its place, as it was sent.
    I1Durable,
    /// Everything that was told is stored.
    I2NoPhantom,
    /// What was refused for good is not stored.
    I3DefiniteNo,
    /// What nobody could answer is stored once or not at all.
    I4UnknownsSettle,
    /// One client's name for a message is one message, and one answer.
    I5Idempotent,
    /// A room's positions are 1, 2, 3 … without holes.
    I6Dense,
    /// What was acknowledged comes before what is sent then.
    I7RealTimeOrder,
    /// What one socket sends to one room keeps its order.
    I8SessionOrder,
    /// One socket hears a room's positions one after the other.
    I9NoSkip,
    /// In the end everyone who is connected knows all that they may know.
    I10Complete,
    /// A resume says the truth about itself.
    I11HonestResume,
    /// Nobody receives a byte of a room that they may not read.
    I12NoLeak,
    /// Nobody hears what happened before they entered or after they left.
    I13MembershipExact,
    /// A session that was ended does and hears nothing more.
    I14Revocation,
    /// Who is told to be online is, and who is not is not.
    I15Presence,
    /// What is known from events is what is stored.
    I16StateEqualsEvents,
    /// What trouble has cost is given back when it is over.
    I17Resources,
    /// What is healthy goes on acknowledging.
    I18Liveness,
    /// Nothing panicked, nothing ended by itself.
    I20Alive,
}

impl fmt::Display for Invariant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::I1Durable => "I1 durable",
            Self::I2NoPhantom => "I2 no phantom",
            Self::I3DefiniteNo => "I3 definite no",
            Self::I4UnknownsSettle => "I4 unknowns settle",
            Self::I5Idempotent => "I5 idempotent",
            Self::I6Dense => "I6 dense",
            Self::I7RealTimeOrder => "I7 real-time order",
            Self::I8SessionOrder => "I8 session order",
            Self::I9NoSkip => "I9 no skip, no repeat, no step back",
            Self::I10Complete => "I10 complete",
            Self::I11HonestResume => "I11 honest resume",
            Self::I12NoLeak => "I12 no leak",
            Self::I13MembershipExact => "I13 membership exact",
            Self::I14Revocation => "I14 revocation",
            Self::I15Presence => "I15 presence",
            Self::I16StateEqualsEvents => "I16 state equals events",
            Self::I17Resources => "I17 resources",
            Self::I18Liveness => "I18 liveness",
            Self::I20Alive => "I20 alive",
        })
    }
}

/// Something that should not be.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What is broken.
    pub invariant: Invariant,
    /// How, in a sentence.
    pub what: String,
    /// The entries it is about.
    pub entries: Vec<Entry>,
}

impl Finding {
    fn new(invariant: Invariant, what: impl Into<String>, entries: &[&Entry]) -> Finding {
        Finding { invariant, what: what.into(), entries: entries.iter().copied().cloned().collect() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.invariant, self.what)?;
        for entry in self.entries.iter().take(6) {
            write!(f, "\n    {}", entry.to_line())?;
        }
        Ok(())
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// From the acknowledged end of a session to its last sign of life (G9).
    pub revocation_ms: u64,
    /// The longest time without an acknowledged send outside of faults and what they take to heal.
    pub silence_ms: u64,
    /// From somebody's first connection until everybody is shown that they are online (G7).
    pub online_ms: u64,
    /// From the end of somebody's last connection until nobody is shown any more that they are online, also when it
    /// ended with its node (G7).
    pub offline_ms: u64,
    /// How often somebody may be said to be gone who is not, besides once for each fault: by a node that was frozen,
    /// or could not hear the others.
    pub flaps: usize,
    /// Panics that are the fault itself, by where they happen: they are not held against I20.
    pub own_panics: Option<&'static str>,
    /// From the end of all trouble until what it has cost is given back.
    pub resources_ms: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            revocation_ms: 2000,
            silence_ms: 5000,
            online_ms: 5000,
            offline_ms: 25_000,
            flaps: 0,
            own_panics: None,
            resources_ms: 60_000,
        }
    }
}

/// Judges a history by everything that can be judged; an empty list says that all of it holds.
pub fn check(history: &History, truth: &Truth, bounds: &Bounds) -> Vec<Finding> {
    let mut findings = writes::check(history, truth);
    findings.extend(deliveries::check(history, truth));
    findings.extend(resumes::check(history, truth));
    findings.extend(secrets::check(history, truth));
    findings.extend(service::check(history, bounds));
    findings.extend(presence::check(history, truth, bounds));
    findings.extend(resources::check(history, bounds));
    findings.sort_by_key(|finding| finding.invariant);
    findings
}

/// How much was judged, so that green is worth what it says.
pub fn tally(history: &History) -> String {
    let count =
        |wanted: &dyn Fn(&Entry) -> bool| history.entries.iter().filter(|entry| wanted(entry)).count();
    let ended = |f: Action, kind: Kind| count(&|entry| entry.f == f && entry.kind == kind);
    format!(
        "{} sends acknowledged ({} as repeats), {} refused, {} unknown; {} events delivered on {} connections; \
         {} rooms resumed",
        ended(Action::Send, Kind::Ok),
        count(&|entry| entry.f == Action::Send && entry.kind == Kind::Ok && entry.duplicate),
        ended(Action::Send, Kind::Fail),
        ended(Action::Send, Kind::Info),
        count(&|entry| entry.f == Action::Deliver),
        ended(Action::Connect, Kind::Ok),
        ended(Action::Resume, Kind::Ok),
    )
}

#[cfg(test)]
mod tests;
