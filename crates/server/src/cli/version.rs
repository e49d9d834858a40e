//! `fireside version`: what this program is.

use clap::Args;

use super::Failure;
use crate::wiring::COMMIT;

#[derive(Debug, Args)]
pub(super) struct Version {
    /// As JSON.
    #[arg(long)]
    json: bool,
}

impl Version {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let version = env!("CARGO_PKG_VERSION");
        if self.json {
            println!("{}", serde_json::json!({ "name": "fireside", "version": version, "commit": COMMIT }));
        } else {
            let commit = COMMIT.map(|commit| format!(" ({commit})")).unwrap_or_default();
            println!("fireside {version}{commit}");
        }
        Ok(())
    }
}
