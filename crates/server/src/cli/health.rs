//! `fireside health`: asks a running server whether it is ready.

use std::time::Duration;

use clap::Args;
use ureq::Agent;
use ureq::tls::TlsConfig;

use super::{Failure, Invocation, print};
use crate::config::{Config, PublicUrl};

/// How long the answer may take.
const TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub(super) struct Health {
    // Not `--url`: that is the setting of the server's public address, and it may not lead here from inside.
    /// The server to ask; where it listens by the settings, if none is named.
    #[arg(value_name = "SERVER")]
    server: Option<PublicUrl>,
}

impl Health {
    pub(super) fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let own = match &self.server {
            Some(_) => None,
            None => Some(own_address(&invocation.load()?.config)),
        };
        let is_own = own.is_some();
        let server = self.server.map(|url| url.to_string()).or(own).unwrap_or_default();
        // Its certificate names the host that people use, not the address of this machine.
        let tls = TlsConfig::builder().disable_verification(is_own).build();
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
}

fn own_address(config: &Config) -> String {
    let scheme = if config.tls.cert.is_some() { "https" } else { "http" };
    let host = match config.listen.host() {
        "0.0.0.0" => "127.0.0.1",
        "::" => "[::1]",
        host => host,
    };
    format!("{scheme}://{host}:{}", config.listen.port())
}
