//! `fireside completion`: a completion script for a shell.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use super::{Cli, Failure, print, settings_flags};

#[derive(Debug, Args)]
pub(super) struct Completion {
    /// For which shell.
    shell: Shell,
}

impl Completion {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let mut command = settings_flags::add(Cli::command());
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "fireside", &mut script);
        print(&String::from_utf8_lossy(&script))
    }
}
