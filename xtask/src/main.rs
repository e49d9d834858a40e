//! `cargo xtask`: the project's own commands.

mod child;
mod contract;
mod npm;
mod rust_source;
mod server;
mod suite;
mod tidy;
mod tree;
mod web;

use std::process::ExitCode;

use child::Failure;
use server::With;

const USAGE: &str = "\
cargo xtask tidy                 the house rules, in seconds
cargo xtask contract             write contract/ anew
cargo xtask contract --check     compare contract/ with what the server prints
cargo xtask contract --validate  have contract/ judged by validators that are not ours
cargo xtask web                  build the web client anew
cargo xtask web --check          compare web/dist with what its sources make
cargo xtask web --watch          serve the client to its developers, built at every change
cargo xtask pictures             photograph every screen of `fireside demo`; some are for the README
cargo xtask test                 everything that must hold; starts the servers that tests need
cargo xtask test FILTER          only the tests whose names contain FILTER
cargo xtask ci                   the same as `test`, as CI runs it
";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let result = match arguments[..] {
        ["tidy"] => tidy::run().map_err(Failure::Said),
        ["contract"] => write_contract(),
        ["contract", "--check"] => check_contract(),
        ["contract", "--validate"] => validate_contract(),
        ["web"] => web::build().map(|()| "web/dist is written".to_owned()),
        ["web", "--check"] => web::check().map(|()| "web/dist is what its sources make".to_owned()),
        ["web", "--watch"] => web::watch().map(|()| String::new()),
        ["pictures"] => take_pictures(),
        ["test"] | ["ci"] => return suite::run(None),
        ["test", filter] if !filter.starts_with('-') => return suite::run(Some(filter)),
        _ => Err(Failure::Said(USAGE.to_owned())),
    };
    match result {
        Ok(text) => println!("{text}"),
        Err(Failure::Said(text)) => {
            eprintln!("{}", text.trim_end());
            return ExitCode::FAILURE;
        }
        Err(Failure::Stopped) => return ExitCode::from(child::STOPPED),
    }
    ExitCode::SUCCESS
}

fn take_pictures() -> Result<String, Failure> {
    let folder = web::pictures(&server::build(With::Nothing)?)?;
    Ok(format!("look at {}; those of the README are in docs/pictures", folder.display()))
}

fn write_contract() -> Result<String, Failure> {
    contract::write(&server::build(With::Nothing)?)?;
    Ok("contract/ is written".to_owned())
}

fn check_contract() -> Result<String, Failure> {
    contract::check(&server::build(With::Nothing)?)?;
    Ok("contract/ is what the server prints".to_owned())
}

fn validate_contract() -> Result<String, Failure> {
    contract::validate()?;
    Ok("contract/ is valid".to_owned())
}
