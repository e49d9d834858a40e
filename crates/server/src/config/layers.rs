//! The layers in which settings are given, the stronger first, and what was found in them.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use super::problem::Problem;
use super::settings::{Kind, SETTINGS, Setting};

/// Where a value was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// On the command line, as this flag.
    Flag(String),
    /// In the environment, under this name.
    Environment(String),
    /// In a file.
    File {
        /// The file.
        path: PathBuf,
        /// Line in it, counted from 1.
        line: usize,
    },
    /// Nowhere.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Flag(name) => write!(f, "--{name}"),
            Origin::Environment(name) => f.write_str(name),
            Origin::File { path, line } => write!(f, "{}:{line}", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// A value that was given.
#[derive(Debug, Clone)]
pub(super) struct Given {
    /// As text; for [`Form::File`] the path of the file that holds it.
    pub(super) text: String,
    pub(super) form: Form,
    pub(super) origin: Origin,
}

/// How a value was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Itself.
    Plain,
    /// As the path of a file that holds it.
    File,
}

/// One layer: what one source gave.
#[derive(Debug, Default)]
pub(super) struct Layer {
    pub(super) given: HashMap<&'static str, Given>,
    pub(super) problems: Vec<Problem>,
}

impl Layer {
    /// Adds a value; a setting given both plainly and as a file is a problem.
    pub(super) fn give(&mut self, setting: &Setting, given: Given) {
        if let Some(before) = self.given.get(setting.key) {
            let text = format!("is given twice, also as {}", before.origin);
            self.problems.push(Problem::at(&given.origin, text));
            return;
        }
        self.given.insert(setting.key, given);
    }
}

/// The setting of a key of the file, and in which form the key gives it.
pub(super) fn by_key(key: &str) -> Option<(&'static Setting, Form)> {
    find(|setting| setting.key.to_owned(), key, "_file")
}

/// The setting of an environment variable.
pub(super) fn by_variable(name: &str) -> Option<(&'static Setting, Form)> {
    find(Setting::variable, name, "_FILE")
}

fn find(name_of: fn(&Setting) -> String, name: &str, suffix: &str) -> Option<(&'static Setting, Form)> {
    SETTINGS.iter().find_map(|setting| {
        let plain = name_of(setting);
        let is_file = setting.kind == Kind::Secret && name.strip_suffix(suffix) == Some(&plain);
        let form = if name == plain { Some(Form::Plain) } else { is_file.then_some(Form::File) };
        form.map(|form| (setting, form))
    })
}

/// Every key that the file may have.
pub(super) fn known_keys() -> impl Iterator<Item = String> {
    SETTINGS.iter().flat_map(|setting| {
        let as_file = (setting.kind == Kind::Secret).then(|| format!("{}_file", setting.key));
        std::iter::once(setting.key.to_owned()).chain(as_file)
    })
}

/// The value itself: what was given, or what the file that was given holds, without its last line end.
pub(super) fn resolve(given: &Given) -> Result<String, String> {
    match given.form {
        Form::Plain => Ok(given.text.clone()),
        Form::File => {
            let path = Path::new(&given.text);
            let text =
                std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            let text = text.strip_suffix('\n').unwrap_or(&text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if text.is_empty() { Err(format!("{} is empty", path.display())) } else { Ok(text.to_owned()) }
        }
    }
}
