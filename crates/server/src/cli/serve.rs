//! `fireside serve`: runs the server until it is told to stop.

use std::io::Write as _;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, Invocation, WRONG_SETTINGS, block_on};
use crate::banner::Banner;
use crate::config::Loaded;
use crate::logging::{self, Output};
use crate::wiring::{self, Running};

/// When the process ends even if the server has not.
const STOP_WITHIN: Duration = Duration::from_secs(29);
/// Exit code of a process that a signal has ended, less the signal's number.
const ENDED_BY_SIGNAL: i32 = 128;

pub(super) fn run(invocation: &Invocation) -> Result<(), Failure> {
    let since = Instant::now();
    let loaded = invocation.load()?;
    logging::start(&loaded.config.log, Output::Stdout)
        .map_err(|message| Failure { code: WRONG_SETTINGS, message })?;
    block_on(serve(&loaded, invocation.may_migrate, since))
}

async fn serve(loaded: &Loaded, may_migrate: bool, since: Instant) -> Result<(), Failure> {
    let config = &loaded.config;
    for note in &loaded.notes {
        tracing::warn!("{note}");
    }
    if !config.rate_limits {
        tracing::warn!("rate limits are off: fit for load tests only; take out rate_limits to turn them on");
    }
    let mut signals = Signals::catch()?;
    let running = tokio::select! {
        started = wiring::start(config, may_migrate) => started?,
        _ = signals.next() => return Ok(()),
    };
    let banner = Banner::new(config, &running, since.elapsed());
    let is_terminal = Output::Stdout.is_terminal();
    if logging::is_json(config.log.format, is_terminal) {
        banner.log();
    } else {
        // A terminal that has gone away is no reason to stop serving.
        let _shown =
            writeln!(std::io::stdout(), "{}", banner.text(is_terminal && logging::colours()).trim_end());
    }
    if let Err(at_once) = until_told_to_stop(running, signals).await {
        at_once.exit();
    }
    Ok(())
}

/// The signals that end the program.
pub(super) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// From now on they no longer end the program by themselves.
    pub(super) fn catch() -> Result<Signals, Failure> {
        let interrupt = signal(SignalKind::interrupt()).map_err(Failure::new)?;
        let terminate = signal(SignalKind::terminate()).map_err(Failure::new)?;
        Ok(Signals { interrupt, terminate })
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> SignalKind {
        tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
        }
    }
}

/// A second signal came while the server stopped: the program is to end without waiting any longer.
pub(super) struct AtOnce(SignalKind);

impl AtOnce {
    /// Ends it, with the exit code of a process that this signal has killed. Nothing is dropped.
    pub(super) fn exit(self) -> ! {
        std::process::exit(ENDED_BY_SIGNAL + self.0.as_raw_value())
    }
}

/// Serves until the first signal, and then stops in good order.
///
/// # Errors
/// With [`AtOnce`] on a second signal: what must be tidied up can be before the program ends.
pub(super) async fn until_told_to_stop(running: Running, mut signals: Signals) -> Result<(), AtOnce> {
    signals.next().await;
    running.shutdown();
    tokio::select! {
        () = running.wait() => {}
        second = signals.next() => return Err(AtOnce(second)),
        () = tokio::time::sleep(STOP_WITHIN) => tracing::warn!("not everything ended in time"),
    }
    tracing::info!("stopped");
    Ok(())
}
