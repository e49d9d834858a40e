//! The program `fireside`.

use std::process::ExitCode;

fn main() -> ExitCode {
    fireside_server::cli::main()
}
