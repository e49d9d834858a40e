//! `fireside version`: what this program is.

use clap::Args;

use super::{Failure, print};
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
            let version = serde_json::json!({ "name": "fireside", "version": version, "commit": COMMIT });
            return print(&format!("{version}\n"));
        }
        let commit = COMMIT.map(|commit| format!(" ({commit})")).unwrap_or_default();
        print(&format!("fireside {version}{commit}\n"))
    }
}
