//! `fireside health`: asks a running server whether it is ready.

use std::time::Duration;

use ureq::Agent;
use ureq::tls::TlsConfig;

use super::{Failure, Invocation, print};
use crate::config::{Config, Origin};

/// How long the answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

pub(super) fn run(invocation: &Invocation) -> Result<(), Failure> {
    let loaded = invocation.load()?;
    // The public address of the settings may not lead here from inside; one on this command line is meant.
    let is_named = matches!(loaded.origin("url"), Origin::Flag(_));
    let named = loaded.config.url.as_ref().filter(|_| is_named).map(ToString::to_string);
    let server = named.unwrap_or_else(|| own_address(&loaded.config));
    // Its certificate names the host that people use, not the address of this machine.
    let tls = TlsConfig::builder().disable_verification(!is_named).build();
    let config = Agent::config_builder()
        .timeout_global(Some(TIMEOUT))
        .http_status_as_error(false)
        .tls_config(tls)
        .build();
    let mut answer = Agent::new_with_config(config)
        .get(format!("{server}/readyz"))
        .call()
        .map_err(|error| Failure::new(format!("{server} does not answer: {error}")))?;
    let body = answer.body_mut().with_config().limit(64 * 1024).read_to_string().unwrap_or_default();
    if answer.status().is_success() {
        print(&format!("{server} is ready\n"))
    } else {
        Err(Failure::new(format!("{server} is not ready: {} {}", answer.status().as_u16(), body.trim())))
    }
}

fn own_address(config: &Config) -> String {
    let scheme = if config.tls.cert.is_some() { "https" } else { "http" };
    let port = config.listen.port();
    let place = match config.listen.host() {
        "0.0.0.0" => format!("127.0.0.1:{port}"),
        "::" => format!("[::1]:{port}"),
        _ => config.listen.to_string(),
    };
    format!("{scheme}://{place}")
}
