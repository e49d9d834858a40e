//! `fireside config`: checks or prints the settings.

use std::fmt::Write as _;

use clap::Subcommand;

use super::{Failure, Invocation, print};
use crate::config::{Kind, Loaded, Origin, SETTINGS, Setting};

#[derive(Debug, Subcommand)]
pub(super) enum Settings {
    /// Tells whether the settings can be used; exits with 2 where they cannot.
    Check,
    /// Prints all settings as a file that could be used, secrets left out.
    Print {
        /// Also tells where each was given.
        #[arg(long)]
        origin: bool,
    },
}

impl Settings {
    pub(super) fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let loaded = invocation.load()?;
        match self {
            Settings::Check => print(&summary(&loaded)),
            Settings::Print { origin } => print(&as_file(&loaded, origin)),
        }
    }
}

fn summary(loaded: &Loaded) -> String {
    let given = loaded.origins.iter().filter(|origin| **origin != Origin::Default).count();
    let file = loaded.file.as_ref().map_or("no file".to_owned(), |path| path.display().to_string());
    let mut text = format!("the settings can be used: {given} given, {file}\n");
    for note in &loaded.notes {
        text.push_str("note: ");
        text.push_str(note);
        text.push('\n');
    }
    text
}

fn as_file(loaded: &Loaded, with_origin: bool) -> String {
    let mut text = String::new();
    let mut table = "";
    // A name after a table's head would be inside the table: those without one come first.
    let mut settings: Vec<_> = SETTINGS.iter().zip(&loaded.origins).collect();
    settings.sort_by_key(|(setting, _)| setting.key.contains('.'));
    for (setting, origin) in settings {
        let (inside, key) = setting.key.split_once('.').unwrap_or(("", setting.key));
        if inside != table {
            table = inside;
            text.push_str(&format!("\n[{table}]\n"));
        }
        let origin = if with_origin { format!("  # {origin}") } else { String::new() };
        writeln!(text, "{}{origin}", line(setting, key, loaded)).expect("writing to a String cannot fail");
    }
    text
}

/// `key = value`, or a comment where there is no value to write.
fn line(setting: &Setting, key: &str, loaded: &Loaded) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    match ((setting.show)(&loaded.config), setting.kind) {
        (None, _) => format!("# {key} ="),
        // Neither a secret nor something that could be taken for one.
        (Some(shown), Kind::Secret) => format!("# {key} = {}", quoted(&shown)),
        (Some(list), Kind::List) => {
            let items: Vec<_> = list.split(", ").filter(|item| !item.is_empty()).map(quoted).collect();
            format!("{key} = [{}]", items.join(", "))
        }
        (Some(value), Kind::One) => format!("{key} = {}", quoted(&value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sources;

    fn loaded(pairs: &[(&str, &str)]) -> Loaded {
        let environment = pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        Sources { environment, ..Sources::default() }.load().expect("the settings are right")
    }

    #[test]
    fn what_is_printed_can_be_used() {
        let loaded = loaded(&[
            ("FIRESIDE_LISTEN", "0.0.0.0:80"),
            ("FIRESIDE_CORS_ORIGINS", "https://a.example,https://b.example"),
            ("FIRESIDE_DATABASE_URL", "postgres://ada:hunter2@db/chat"),
            ("FIRESIDE_LIMITS_SEND", "7/s burst 9"),
        ]);
        let text = as_file(&loaded, true);
        assert!(text.contains("listen = \"0.0.0.0:80\"  # FIRESIDE_LISTEN\n"), "{text}");
        assert!(text.contains("cors_origins = [\"https://a.example\", \"https://b.example\"]"), "{text}");
        assert!(text.contains("# database_url = \"postgres://ada@db:5432/chat\""), "{text}");
        assert!(text.contains("signup = \"invite\"  # default\n"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("fireside.toml");
        std::fs::write(&path, &text).unwrap();
        let again = Sources { file: Some(path), ..Sources::default() }.load().expect("the file can be used");
        assert_eq!(again.config.listen, loaded.config.listen);
        assert_eq!(again.config.cors_origins, loaded.config.cors_origins);
        assert_eq!(again.config.limits.send, loaded.config.limits.send);
    }
}
