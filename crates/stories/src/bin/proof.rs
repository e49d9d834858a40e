//! `proof`: workloads, faults and the checker by hand. It is also the server that they run against: `proof serve`
//! is `fireside serve` of this source tree, and so are the commands that the faults use.

use std::process::ExitCode;

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("serve" | "backup" | "restored") => fireside_server::cli::main(),
        _ => fireside_stories::proof::main(),
    }
}
