//! Tests of the tests: a server with a bug planted on purpose must turn the checker red, by the name of the
//! invariant that the bug breaks; and the same run without a bug must be green.

use std::sync::Arc;
use std::time::Duration;

use fireside_kernel::planted::Bug;
use futures_util::StreamExt as _;
use futures_util::stream;
use tokio::time::sleep;

use crate::checker::{self, Bounds, Finding, Invariant};
use crate::program::Program;
use crate::workload::{Doors, Recorder, Settings, Workload};

/// Runs that go on at the same time.
const AT_ONCE: usize = 2;
/// Time between two kills.
const BETWEEN_KILLS: Duration = Duration::from_millis(900);
/// What the server says right before each kill: what it says too early is not true then.
const LAST_WORDS: [fn(&Recorder) -> usize; 4] =
    [Recorder::acknowledged, Recorder::delivered, Recorder::acknowledged, Recorder::delivered];

/// The invariant that a bug breaks.
const fn broken_by(bug: Bug) -> Invariant {
    match bug {
        Bug::AckBeforeCommit => Invariant::I1Durable,
        Bug::BroadcastBeforeCommit => Invariant::I2NoPhantom,
        Bug::LossyRelay => Invariant::I9NoSkip,
        Bug::NoUniqueId => Invariant::I5Idempotent,
        Bug::SpawnPerEvent => Invariant::I8SessionOrder,
        Bug::KickOnlyInDatabase => Invariant::I13MembershipExact,
        Bug::ResumeIgnoresEpoch => Invariant::I11HonestResume,
        Bug::PanicInHandler => Invariant::I20Alive,
    }
}

/// Runs everything; what was found, a line each.
///
/// # Errors
/// When a bug was not found, something was found without one, or this program has no bugs to plant.
pub async fn run() -> Result<String, String> {
    if !cfg!(feature = "planted-bugs") {
        return Err("this program has no bugs: build it with --features planted-bugs".to_owned());
    }
    let cases = Bug::ALL.into_iter().map(Some).chain([None]);
    let runs = stream::iter(cases.map(|bug| async move { judge(bug, used(bug).await) })).buffered(AT_ONCE);
    let mut verdicts: Vec<Result<String, String>> = runs.collect().await;
    verdicts.push(in_simulation(Bug::LossyRelay).await);
    let (held, missed): (Vec<_>, Vec<_>) = verdicts.into_iter().partition(Result::is_ok);
    let text = |lines: Vec<Result<String, String>>| {
        let lines: Vec<String> = lines.into_iter().map(|line| line.unwrap_or_else(|line| line)).collect();
        lines.join("\n")
    };
    if missed.is_empty() { Ok(text(held)) } else { Err(text(missed)) }
}

/// The simulation too must find a bug, and say how to see it again.
async fn in_simulation(bug: Bug) -> Result<String, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut simulate = tokio::process::Command::new(program);
    let ended = simulate.args(["simulate", "--seeds", "50"]).env("PLANTED_BUG", bug.name()).output().await;
    let ended = ended.map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    // Which of the two shows first depends on the seed: the skip itself, or who never learned of it.
    let is_named =
        [broken_by(bug), Invariant::I10Complete].iter().any(|name| said.contains(&name.to_string()));
    let is_found = !ended.status.success() && is_named && said.contains("again: proof simulate --from");
    let line =
        format!("{} in simulation: {}", bug.name(), said.lines().take(2).collect::<Vec<_>>().join(" "));
    if is_found { Ok(line) } else { Err(line) }
}

fn judge(bug: Option<Bug>, found: Result<Vec<Finding>, String>) -> Result<String, String> {
    let name = bug.map_or("no bug", Bug::name);
    let found = found.map_err(|error| format!("{name}: {error}"))?;
    let mut names: Vec<String> = found.iter().map(|finding| finding.invariant.to_string()).collect();
    names.dedup();
    let names = names.join(", ");
    match bug.map(broken_by) {
        None if found.is_empty() => Ok(format!("{name}: nothing is found")),
        None => Err(format!("{name}, and yet: {names}\n{}", found[0])),
        Some(expected) => match found.iter().find(|finding| finding.invariant == expected) {
            Some(first) => Ok(format!("{name}: {} (found: {names})", first.what)),
            None => Err(format!("{name} breaks {expected}, and this was not seen; found: {names}")),
        },
    }
}

/// Has a server with a bug used; what the checker finds.
async fn used(bug: Option<Bug>) -> Result<Vec<Finding>, String> {
    let files = tempfile::tempdir().map_err(|error| error.to_string())?;
    let program = Program::own(files.path()).with("PLANTED_BUG", bug.map_or("", Bug::name));
    let recorder = Arc::new(Recorder::default());
    let mut server = program.start(&recorder).await?;
    let settings = Settings {
        lasts: Duration::from_secs(5),
        settle: Duration::from_secs(if bug.is_none() { 30 } else { 4 }),
        pace_ms: 10,
        ..Settings::default()
    };
    let workload = Workload::start(settings, Doors::to(vec![server.address]), &recorder).await?;
    // The other bugs show without; and a connection that begins anew would make good what they have lost.
    let is_killed = matches!(bug, None | Some(Bug::AckBeforeCommit | Bug::BroadcastBeforeCommit));
    for last_words in LAST_WORDS.into_iter().filter(|_| is_killed) {
        sleep(BETWEEN_KILLS).await;
        recorder.next(last_words).await;
        server.kill().await;
        server = program.start(&recorder).await?;
        workload.doors.lead_to(0, server.address);
    }
    workload.finish().await?;
    server.stop().await;
    let truth = crate::proof::truth(&program.database()).await?;
    Ok(checker::check(&recorder.history(), &truth, &Bounds::default()))
}
