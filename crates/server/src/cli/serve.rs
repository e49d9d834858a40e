//! `fireside serve`: runs the server until it is told to stop.

use std::io::Write as _;
use std::time::{Duration, Instant};

use tokio::signal::unix::{SignalKind, signal};

use super::{Failure, Invocation, WRONG_SETTINGS, block_on};
use crate::banner::Banner;
use crate::config::Loaded;
use crate::logging::{self, Output};
use crate::wiring;

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
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Failure::new)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Failure::new)?;
    let mut next_signal = async || {
        tokio::select! {
            _ = interrupt.recv() => SignalKind::interrupt(),
            _ = terminate.recv() => SignalKind::terminate(),
        }
    };
    let running = tokio::select! {
        started = wiring::start(config, may_migrate) => started?,
        _ = next_signal() => return Ok(()),
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
    next_signal().await;
    running.shutdown();
    tokio::select! {
        () = running.wait() => {}
        second = next_signal() => std::process::exit(ENDED_BY_SIGNAL + second.as_raw_value()),
        () = tokio::time::sleep(STOP_WITHIN) => tracing::warn!("not everything ended in time"),
    }
    tracing::info!("stopped");
    Ok(())
}
