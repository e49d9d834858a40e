//! The fault matrix of `GUARANTEES.md` as commands, for one node and for several: each breaks something while people
//! use the server, and says what it measured. All of them ask for everything the checker can judge; `criterion` is
//! what comes on top.
//!
//! - [`stage`]: the server, the people, the verdict; [`resources`]: what the server holds. [`cluster`]: the same with
//!   several nodes; [`across`]: what took how long between them.
//! - [`storage`], [`postgres`], [`network`], [`load`], [`crowds`], [`machine`], [`nodes`], [`redis`], [`lossy`],
//!   [`storm`], [`outage`], [`failover`], [`panics`], [`races`], [`replay`], [`restore`]: the faults, by what breaks.
//!   [`flushes`]: a test of one.

pub mod across;
pub mod cluster;
pub mod crowds;
pub mod failover;
pub mod flushes;
pub mod load;
pub mod lossy;
pub mod machine;
pub mod network;
pub mod nodes;
pub mod outage;
pub mod panics;
pub mod postgres;
pub mod processors;
pub mod races;
pub mod redis;
pub mod replay;
pub mod resources;
pub mod restore;
pub mod stage;
pub mod storage;
pub mod storm;

use std::pin::Pin;
use std::time::Duration;

use tokio::time::Instant;

pub use stage::Effort;

/// What a fault says: figures, or what did not hold.
pub type Outcome = Pin<Box<dyn Future<Output = Result<String, String>> + Send>>;

/// One fault.
pub struct Fault {
    /// Number in the matrix.
    pub name: &'static str,
    /// What is broken, and how.
    pub what: &'static str,
    /// What must hold besides the invariants.
    pub criterion: &'static str,
    /// Whether it belongs to the short round of every test run.
    pub is_quick: bool,
    /// Runs it.
    pub run: fn(Effort) -> Outcome,
}

macro_rules! faults {
    ($($name:literal, $run:path, $quick:literal, $what:literal, $criterion:literal;)*) => {
        /// All of them.
        pub const FAULTS: &[Fault] = &[$(Fault {
            name: $name,
            what: $what,
            criterion: $criterion,
            is_quick: $quick,
            run: |effort| Box::pin($run(effort)),
        }),*];
    };
}

faults! {
    "F01", nodes::killed, true, "kill -9 of one of two nodes, in turn",
        "the other goes on; its users are seen to be gone within 20 s, its clients are back within 15 s";
    "F02", storage::kill_again_and_again, true, "kill -9 of the server, again and again (also F34)",
        "SQLite's integrity_check is ok after each; service is back within 5 s";
    "F03", nodes::frozen, false, "one of two nodes frozen (SIGSTOP) for 30 s",
        "its users are seen to be gone within 20 s; presence is right within 20 s after it wakes";
    "F04", nodes::replaced, false, "SIGTERM to one node after the other, and a new start",
        "each ends within 30 s; nobody is without service for 10 s; no answer is indeterminate";
    "F05", storage::kill_while_it_stops, true, "SIGTERM, and SIGKILL one second later",
        "nothing acknowledged is lost";
    "F06", panics::in_handlers, false, "panics in operations and in the decisions of the room log (needs --features planted-bugs)",
        "that socket or request fails, the process stays, each is counted, everybody is answered";
    "F08", load::few_file_descriptors, false, "256 file descriptors, 300 clients",
        "CPU of the idle server below 20 %; service is back when they have gone";
    "F10", redis::killed, true, "Redis killed, and empty again after 10 s",
        "told across nodes within 2 s meanwhile; presence is right within 7 s after";
    "F11", redis::frozen, false, "Redis frozen (SIGSTOP)",
        "sends do not wait for it; told across nodes within 10 s, and 2 s once it is known";
    "F12", redis::deaf, false, "nothing goes through between one node and Redis any more, and nobody is told",
        "noticed, and told across nodes, within 10 s";
    "F13", lossy::bus, false, "1 % of the bus' messages lost, 1 % doubled, 1 % late by 3 s",
        "every gap is filled within 5 s";
    "F14", lossy::cut_off, false, "one of two nodes frozen (SIGSTOP) for 5 s under heavy traffic, and cut off by Redis",
        "it notices, subscribes anew, and catches up";
    "F15", redis::replaced, false, "Redis killed, and another, empty one in its place elsewhere",
        "as F10";
    "F16", redis::mistreated, false, "FLUSHALL; its connections ended; another password",
        "degraded, said so by /readyz, and ready again by itself";
    "F17", redis::forged, true, "10,000 made-up messages published to a room's channel",
        "none is told to anybody; all are counted";
    "F20", postgres::killed, true, "kill -9 of all processes of PostgreSQL, and a new start",
        "every call is answered within 5 s; the first send is acknowledged within 2 s of the new start";
    "F21", postgres::restarted, true, "PostgreSQL stopped and started; all its connections ended",
        "as F20; the pool heals by itself; no SQL reaches a client";
    "F22", postgres::frozen, false, "PostgreSQL frozen (SIGSTOP) for 30 s",
        "every call is answered within 5 s; no socket is closed; memory grows by less than 30 MB";
    "F23", postgres::answers_lost, true, "answers of PostgreSQL swallowed, COMMIT's among them",
        "a repeat finds the one row";
    "F24", postgres::room_locked, false, "one room's row locked for a long time",
        "its sends are answered within 5 s, those of other rooms go on";
    "F25", storage::disk_full, false, "the disk of SQLite full, and free again (tmpfs)",
        "definite errors, reads work, sends work once there is room";
    "F26", failover::to_replica, false, "PostgreSQL lost, and a replica that is behind promoted in its place",
        "nothing is lost that it had; every newer position is refused as epoch, nobody is stuck";
    "F27", races::lost, false, "deadlocks and serialization errors: two admins change the same members, rows locked in another order",
        "retried inside: no call fails for it, none takes more than 5 s";
    "F28", postgres::power_cut, false, "power cut under PostgreSQL (loop device, EXT4_IOC_SHUTDOWN)",
        "nothing acknowledged is lost";
    "F30", storage::power_cut, false, "power cut under SQLite (loop device, EXT4_IOC_SHUTDOWN)",
        "nothing acknowledged is lost";
    "F30-RED", flushes::swallowed, false, "F30 on a disk whose flushes do nothing (strace): a test of the test",
        "the checker finds that what was acknowledged is lost";
    "F30-NORMAL", flushes::left_out, false, "F30 with synchronous=NORMAL (a planted bug): a test of the test",
        "the checker finds that what was acknowledged is lost";
    "F31", storage::failing_disk, false, "EIO at fdatasync, ENOSPC at writing (strace)",
        "no acknowledgement without a flush; later sends are fine, or it stops with a message";
    "F32", storage::slow_disk, false, "100 ms for each flush (strace)",
        "100 sends in a second are acknowledged all the same; the event loop answers within 50 ms (p99)";
    "F33", storage::two_processes, true, "two servers on one file; the file taken away while it runs; read-only",
        "the second is refused with exit code 3; an error that names the file";
    "F40", outage::of_clients, false, "the link of one node's clients down for 5 and 60 s (and longer with --seconds)",
        "both sides notice within 47 s; they come back and resume; nobody is online for ever";
    "F41", network::half_open, false, "a network that carries nothing from the server any more",
        "the server closes the socket within 47 s";
    "F42", network::bad_weather, true, "late, narrow, in crumbs, connections reset at any byte",
        "everybody knows everything in the end";
    "F43", redis::apart, false, "one of two nodes without Redis; without its database; both without Redis",
        "told across nodes within 2 s once it is known; who is removed hears nothing more on either";
    "F44", load::slow_readers, false, "100 clients that do not read, in a busy room",
        "they are closed; memory grows by less than 150 MB; others' p99 is at most 120 % of what it is while they read";
    "F45", storm::of_clients, false, "the balancer before one of two nodes dies with 5,000 sockets, and is back at once",
        "no more than the limit are let in; all are back within 25 s at 3 queries each; the other node's p99 at most doubles";
    "F46", crowds::expired_tokens, false, "a storm of connections with expired tokens, beside 5,000 sockets",
        "all refused, at less than 5 ms of CPU each; no socket is lost";
    "F47", crowds::thundering_history, false, "2,000 clients ask for one room's last page at once",
        "all answered within 10 s, from at most five queries";
    "F50", machine::jumping_clock, false, "the wall clock jumps (+10 min, -1 h; libfaketime)",
        "positions do not care; createdAt never goes back";
    "F51", machine::jumping_database_clock, false, "the clock of PostgreSQL jumps (+10 min, -1 h; libfaketime)",
        "as F50: nothing of it is seen in createdAt";
    "F62", load::flood, false, "one user floods with events, rate limits on; a room of 1,000 sockets that leave and join",
        "the others' p99 stays below twice what it was; the flood is told so, those who join and leave are all answered";
    "F63", replay::bad_inputs, false, "the list of bad inputs replayed by 20 clients at once (Node)",
        "what it took is given back within 60 s; others' p99 stays below twice what it was";
    "F64", load::bit_flips, false, "recorded sessions with flipped bytes",
        "no panic; memory grows by less than 50 MB";
    "F70", nodes::upgraded, false, "one node after the other replaced by a newer program, which migrates (--old PATH)",
        "as F04";
    "F71", restore::from_backup, true, "restored from a backup, while clients know more than it holds",
        "the backup holds all that was acknowledged before; every newer position is refused as epoch, nobody is stuck";
}

/// Runs faults, one after the other; a line each.
///
/// # Errors
/// With the lines of all if one did not hold.
pub async fn run(names: &[&str], effort: &Effort) -> Result<String, String> {
    let is_wanted = |fault: &&Fault| match names {
        ["quick"] => fault.is_quick,
        ["all"] => true,
        names => names.contains(&fault.name),
    };
    let wanted: Vec<&Fault> = FAULTS.iter().filter(is_wanted).collect();
    if wanted.is_empty() {
        let known: Vec<&str> = FAULTS.iter().map(|fault| fault.name).collect();
        return Err(format!("name some of {}, or quick, or all", known.join(" ")));
    }
    let mut lines = Vec::new();
    let mut holds = true;
    for fault in wanted {
        let since = Instant::now();
        let outcome = tokio::spawn((fault.run)(effort.clone())).await;
        let outcome = outcome.unwrap_or_else(|error| Err(format!("it broke down: {error}")));
        let (verdict, text) = match outcome {
            Ok(text) => ("holds", text),
            Err(text) if text.starts_with(CANNOT) => ("skipped", text),
            Err(text) => ("FAILED", text),
        };
        holds &= verdict != "FAILED";
        let line = format!(
            "{verdict:<8} {} {:>6.1} s  {}: {text}",
            fault.name,
            since.elapsed().as_secs_f64(),
            fault.what
        );
        println!("{line}");
        lines.push(line);
    }
    let held = format!("{} faults", lines.len());
    if holds { Ok(held) } else { Err(format!("not all of {held} hold")) }
}

/// How the text of a fault begins that cannot be had on this machine.
const CANNOT: &str = "cannot be had here";

/// A fault that cannot be had on this machine, and why.
fn cannot(why: impl std::fmt::Display) -> String {
    format!("{CANNOT}: {why}")
}

/// Fails with a sentence.
fn must(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

/// As text, for people.
fn ms(time: Duration) -> String {
    format!("{} ms", time.as_millis())
}
