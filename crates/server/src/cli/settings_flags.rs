//! The flags of all settings, made from their table.

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};

use crate::config::{Flag, Kind, SETTINGS};

/// Settings that the short help (`-h`) shows; `--help` shows all.
const MAIN: &[&str] = &["listen", "url", "data-dir", "database-url"];

/// Names and descriptions of all flags.
fn flags() -> impl Iterator<Item = (String, &'static str, String)> {
    SETTINGS.iter().flat_map(|setting| {
        let name = setting.flag_name();
        let variable = setting.variable();
        let help = format!("{} [{variable}]", setting.help);
        let plain = setting.flag.then(|| (name.clone(), setting.takes, help.clone()));
        let as_file = (setting.kind == Kind::Secret).then(|| {
            let help = format!("{}; read from a file [{variable}_FILE]", setting.help);
            (format!("{name}-file"), "FILE", help)
        });
        plain.into_iter().chain(as_file)
    })
}

/// Adds the flags to the command line, for every command.
pub(super) fn add(command: Command) -> Command {
    command.args(flags().map(|(name, takes, help)| {
        Arg::new(name.clone())
            .long(name.clone())
            .value_name(takes)
            .help(help)
            .help_heading("Settings")
            .hide_short_help(!MAIN.contains(&name.as_str()))
            .global(true)
    }))
}

/// The flags that were given.
pub(super) fn given(matches: &ArgMatches) -> Vec<Flag> {
    // Flags that stand behind the command are known to the command's matches only.
    let mut innermost = matches;
    while let Some((_, inner)) = innermost.subcommand() {
        innermost = inner;
    }
    let given = flags().filter_map(|(name, ..)| {
        let on_line = innermost.value_source(&name) == Some(ValueSource::CommandLine);
        let text = innermost.get_one::<String>(&name).filter(|_| on_line)?;
        Some(Flag { text: text.clone(), name })
    });
    given.collect()
}
