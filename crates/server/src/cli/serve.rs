//! `fireside serve`: runs the server until it is told to stop.

use std::io::Write as _;
use std::time::{Duration, Instant};

use tokio::signal::unix::{Signal, SignalKind, signal};

use super::{Failure, Invocation, WRONG_SETTINGS, block_on};
use crate::banner::Banner;
use crate::config::{Config, Loaded};
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
    let (mut config, mut since) = (config.clone(), since);
    loop {
        let running = tokio::select! {
            started = wiring::start(&config, may_migrate) => started?,
            _ = signals.next() => return Ok(()),
        };
        show(&Banner::new(&config, &running, since.elapsed()), &config);
        // If the system has chosen the port, its clients come back to that one.
        config.listen = config.listen.with_port(running.address.port());
        match until_told_to_stop(running, &mut signals).await {
            Ok(End::Stopped) => return Ok(()),
            Ok(End::Superseded) => since = Instant::now(),
            Err(at_once) => at_once.exit(),
        }
    }
}

fn show(banner: &Banner<'_>, config: &Config) {
    let is_terminal = Output::Stdout.is_terminal();
    if logging::is_json(config.log.format, is_terminal) {
        banner.log();
    } else {
        // A terminal that has gone away is no reason to stop serving.
        let _shown =
            writeln!(std::io::stdout(), "{}", banner.text(is_terminal && logging::colours()).trim_end());
    }
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

/// Why a server has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was told to.
    Stopped,
    /// The database continues another past than the server knows: it is to begin anew.
    Superseded,
}

/// A second signal came while the server stopped: the program is to end without waiting any longer.
pub(super) struct AtOnce(SignalKind);

impl AtOnce {
    /// Ends it, with the exit code of a process that this signal has killed. Nothing is dropped.
    pub(super) fn exit(self) -> ! {
        std::process::exit(ENDED_BY_SIGNAL + self.0.as_raw_value())
    }
}

/// Serves until the first signal, or until the database is another one, and then stops in good order.
///
/// # Errors
/// With [`AtOnce`] on a second signal: what must be tidied up can be before the program ends.
pub(super) async fn until_told_to_stop(running: Running, signals: &mut Signals) -> Result<End, AtOnce> {
    let end = tokio::select! {
        _ = signals.next() => End::Stopped,
        () = running.kernel.db.superseded() => End::Superseded,
    };
    running.shutdown();
    tokio::select! {
        () = running.wait() => {}
        second = signals.next() => return Err(AtOnce(second)),
        () = tokio::time::sleep(STOP_WITHIN) => tracing::warn!("not everything ended in time"),
    }
    tracing::info!("stopped");
    Ok(end)
}
