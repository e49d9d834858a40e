//! The file: `fireside.toml`.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::layers::{Given, Layer, Origin, by_key, known_keys};
use super::problem::{Problem, did_you_mean, nearest};
use super::settings::{Kind, Setting};

/// Reads the settings of a file.
pub(super) fn layer(path: &Path, text: &str) -> Layer {
    let mut layer = Layer::default();
    let place = |offset: usize| Origin::File { path: path.to_owned(), line: line_of(text, offset) };
    match DeTable::parse(text) {
        Ok(table) => read_table(&mut layer, table.get_ref(), "", &place),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start);
            layer.problems.push(Problem::at(&place(offset), error.message()));
        }
    }
    layer
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

fn read_table(layer: &mut Layer, table: &DeTable<'_>, prefix: &str, place: &dyn Fn(usize) -> Origin) {
    for (name, value) in table.iter() {
        let key = format!("{prefix}{}", name.get_ref());
        let origin = place(name.span().start);
        match (by_key(&key), value.get_ref()) {
            (Some((setting, form)), value) => match text_of(setting, value) {
                Ok(text) => layer.give(setting, Given { text, form, origin }),
                Err(problem) => layer.problems.push(Problem::at(&origin, format!("{key} {problem}"))),
            },
            (None, DeValue::Table(inner)) if is_table(&key) => {
                read_table(layer, inner, &format!("{key}."), place);
            }
            (None, _) => layer.problems.push(Problem::at(&origin, unknown(&key))),
        }
    }
}

fn is_table(key: &str) -> bool {
    known_keys().any(|known| known.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')))
}

fn unknown(key: &str) -> String {
    let known: Vec<_> = known_keys().collect();
    let near = nearest(key, known.iter().map(String::as_str));
    format!("unknown key {key}{}", did_you_mean(near))
}

/// A value as the text it would be on the command line.
fn text_of(setting: &Setting, value: &DeValue<'_>) -> Result<String, &'static str> {
    let scalar = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    };
    match value {
        DeValue::Array(items) if setting.kind == Kind::List => {
            let texts = items.iter().map(|item: &Spanned<DeValue<'_>>| scalar(item.get_ref()));
            let texts = texts.collect::<Option<Vec<_>>>().ok_or("takes a list of texts")?;
            if texts.iter().any(|text| text.contains(',')) {
                return Err("takes a list of texts without commas");
            }
            Ok(texts.join(","))
        }
        value => scalar(value).ok_or("takes one value: a text, a number, or true or false"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::layers::Form;
    use super::*;

    fn problems(text: &str) -> Vec<String> {
        layer(Path::new("f.toml"), text).problems.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn values_of_all_kinds_become_text() {
        let text = "listen = '0.0.0.0:80'\nrate_limits = false\ncors_origins = ['https://a', 'https://b']\n\
                    jwt_secret_file = '/run/secrets/jwt'\n[limits]\npayload = '2 MiB'\nqueue_packets = 500\n";
        let layer = layer(Path::new("f.toml"), text);
        assert_eq!(layer.problems, []);
        let given = |key: &str| (layer.given[key].text.as_str(), layer.given[key].form);
        assert_eq!(given("listen"), ("0.0.0.0:80", Form::Plain));
        assert_eq!(given("rate_limits"), ("false", Form::Plain));
        assert_eq!(given("cors_origins"), ("https://a,https://b", Form::Plain));
        assert_eq!(given("jwt_secret"), ("/run/secrets/jwt", Form::File));
        assert_eq!(given("limits.payload"), ("2 MiB", Form::Plain));
        assert_eq!(given("limits.queue_packets"), ("500", Form::Plain));
        assert_eq!(layer.given["limits.payload"].origin.to_string(), "f.toml:6");
    }

    #[test]
    fn mistakes_are_named_with_their_line() {
        assert_eq!(problems("\n\nlistne = 'x'\n"), ["f.toml:3: unknown key listne; did you mean listen?"]);
        assert_eq!(problems("[limit]\nsend = 1\n"), ["f.toml:1: unknown key limit"]);
        assert_eq!(
            problems("[limits]\n\nsendd = 1\n"),
            ["f.toml:3: unknown key limits.sendd; did you mean limits.send?"]
        );
        let one = "takes one value: a text, a number, or true or false";
        assert_eq!(problems("listen = ['a']\n"), [format!("f.toml:1: listen {one}")]);
        assert_eq!(problems("limits.send = 1.5\n"), [format!("f.toml:1: limits.send {one}")]);
        assert_eq!(problems("limits.send = { x = 1 }\n"), [format!("f.toml:1: limits.send {one}")]);
        assert_eq!(
            problems("jwt_secret = 'a'\njwt_secret_file = 'b'\n"),
            ["f.toml:2: is given twice, also as f.toml:1"]
        );
    }

    #[test]
    fn what_is_no_toml_says_where() {
        let found = problems("listen = 'x'\nsignup = \n");
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("f.toml:2: "), "{found:?}");
        assert_eq!(problems("listen = 'a'\nlisten = 'b'\n").len(), 1);
    }
}
