//! Reads all layers and puts them on top of each other.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::layers::{Form, Given, Layer, Origin, by_variable, resolve};
use super::problem::{ConfigError, Problem, did_you_mean, nearest};
use super::settings::{Kind, SETTINGS, Setting};
use super::{Config, aliases, check, file};

/// Names the file, where `--config` does not.
const FILE_VARIABLE: &str = "FIRESIDE_CONFIG";
/// Where a file is looked for when none is named.
const FILE_PLACES: &[&str] = &["fireside.toml", "/etc/fireside/fireside.toml"];
/// Where the tutorial's app keeps its environment, in the folder that it is started in.
const DOTENV: &str = ".env";

/// A setting given on the command line.
#[derive(Debug, Clone)]
pub struct Flag {
    /// The flag without its dashes: `data-dir`, `jwt-secret-file`.
    pub name: String,
    /// What it was given.
    pub text: String,
}

/// Where settings are looked for.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The command line.
    pub flags: Vec<Flag>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
    /// The file, named on the command line.
    pub file: Option<PathBuf>,
    /// Where unnamed files are looked for.
    pub places: Vec<PathBuf>,
    /// Where the tutorial's names are looked for that the environment does not have.
    pub dotenv: Option<PathBuf>,
}

/// The settings, and how they came to be.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// Where each was given, in the order of [`SETTINGS`].
    pub origins: Vec<Origin>,
    /// The file that was read.
    pub file: Option<PathBuf>,
    /// What an operator should know, though it is no mistake.
    pub notes: Vec<String>,
}

impl Loaded {
    /// Where a setting was given.
    pub fn origin(&self, key: &str) -> &Origin {
        let index = SETTINGS.iter().position(|setting| setting.key == key);
        index.and_then(|index| self.origins.get(index)).unwrap_or(&Origin::Default)
    }
}

impl Sources {
    /// This process's environment, and these flags.
    ///
    /// # Errors
    /// When a variable of ours is not Unicode.
    pub fn of_process(flags: Vec<Flag>, file: Option<PathBuf>) -> Result<Sources, ConfigError> {
        let mut environment = BTreeMap::new();
        for (name, text) in std::env::vars_os() {
            let Ok(name) = name.into_string() else { continue };
            match text.into_string() {
                Ok(text) => drop(environment.insert(name, text)),
                Err(_) if name.starts_with("FIRESIDE_") => {
                    let problem = Problem::at(&Origin::Environment(name), "is not Unicode text");
                    return Err(ConfigError { problems: vec![problem] });
                }
                Err(_) => {}
            }
        }
        let places = FILE_PLACES.iter().map(PathBuf::from).collect();
        Ok(Sources { flags, environment, file, places, dotenv: Some(PathBuf::from(DOTENV)) })
    }

    /// Reads everything.
    ///
    /// # Errors
    /// With every problem there is.
    pub fn load(&self) -> Result<Loaded, ConfigError> {
        // A variable that is empty says nothing: `FIRESIDE_URL=${URL:-}` is how compose files say "not set".
        let environment: BTreeMap<_, _> = self
            .environment
            .iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(n, t)| (n.clone(), t.clone()))
            .collect();
        let (path, from_file) = self.read_file(&environment);
        let (tutorials, of_dotenv) = aliases::environment(self.dotenv.as_deref(), &environment);
        let layers = [flags(&self.flags), variables(&environment), from_file, aliases::layer(&tutorials)];
        let mut problems: Vec<_> = layers.iter().flat_map(|layer| layer.problems.clone()).collect();
        let mut config = Config::default();
        let mut origins = Vec::with_capacity(SETTINGS.len());
        for setting in SETTINGS.iter() {
            let given = layers.iter().find_map(|layer| layer.given.get(setting.key));
            origins.push(given.map_or(Origin::Default, |given| given.origin.clone()));
            let Some(given) = given else { continue };
            if let Err(text) = resolve(given).and_then(|text| (setting.read)(&mut config, &text)) {
                problems.push(Problem::at(&given.origin, text));
            }
        }
        let notes = of_dotenv.into_iter().chain(aliases::note(&tutorials)).collect();
        let loaded = Loaded { config, origins, file: path, notes };
        if problems.is_empty() {
            problems = check::together(&loaded);
        }
        if problems.is_empty() { Ok(loaded) } else { Err(ConfigError { problems }) }
    }

    /// The file that is named, or the first one that is there.
    fn read_file(&self, environment: &BTreeMap<String, String>) -> (Option<PathBuf>, Layer) {
        let named = self.file.clone().or_else(|| environment.get(FILE_VARIABLE).map(PathBuf::from));
        // What cannot be looked at is there: whoever wrote it must not be passed over in silence.
        let is_there = |path: &&PathBuf| path.try_exists().unwrap_or(true);
        let path = named.clone().or_else(|| self.places.iter().find(is_there).cloned());
        let Some(path) = path else { return (None, Layer::default()) };
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                let layer = file::layer(&path, &text);
                (Some(path), layer)
            }
            Err(error) => {
                let problem = Problem::general(format!("the settings file {}: {error}", path.display()));
                (Some(path), Layer { problems: vec![problem], ..Layer::default() })
            }
        }
    }
}

fn flags(flags: &[Flag]) -> Layer {
    let mut layer = Layer::default();
    for flag in flags {
        let origin = Origin::Flag(flag.name.clone());
        let named = |setting: &&Setting| setting.flag_name() == flag.name;
        let as_file = |setting: &&Setting| {
            setting.kind == Kind::Secret && flag.name.strip_suffix("-file") == Some(&setting.flag_name())
        };
        let plain = SETTINGS.iter().find(named).map(|setting| (setting, Form::Plain));
        let found = plain.or_else(|| SETTINGS.iter().find(as_file).map(|setting| (setting, Form::File)));
        match found {
            Some((setting, form)) => layer.give(setting, Given { text: flag.text.clone(), form, origin }),
            None => layer.problems.push(Problem::at(&origin, "is not a setting")),
        }
    }
    layer
}

fn variables(environment: &BTreeMap<String, String>) -> Layer {
    let mut layer = Layer::default();
    for (name, text) in environment.iter().filter(|(name, _)| name.starts_with("FIRESIDE_")) {
        let origin = Origin::Environment(name.clone());
        match by_variable(name) {
            Some((setting, form)) => layer.give(setting, Given { text: text.clone(), form, origin }),
            None if is_not_ours(name, text) => {}
            None => {
                let known: Vec<_> = SETTINGS.iter().map(Setting::variable).collect();
                let near = nearest(name, known.iter().map(String::as_str));
                layer.problems.push(Problem::at(&origin, format!("is not a setting{}", did_you_mean(near))));
            }
        }
    }
    layer
}

/// Variables that begin like ours and are not settings: the file's name, the test suite's own, and what
/// Kubernetes and Docker put into every container beside a service called `fireside`
/// (`FIRESIDE_SERVICE_HOST`, `FIRESIDE_PORT=tcp://…`, `FIRESIDE_PORT_3000_TCP_ADDR`).
fn is_not_ours(name: &str, text: &str) -> bool {
    let rest = name.trim_start_matches("FIRESIDE_");
    name == FILE_VARIABLE
        || ["TEST_", "SERVICE_HOST", "SERVICE_PORT", "PORT_"].iter().any(|start| rest.starts_with(start))
        || (rest == "PORT" && text.contains("://"))
}

#[cfg(test)]
#[path = "sources/tests.rs"]
mod tests;
