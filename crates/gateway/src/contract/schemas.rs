//! Every schema of the contract, collected once for all its documents: of requests, answers and events, with
//! the shared ones by name.

use std::collections::BTreeMap;

use fireside_kernel::Registry;
use fireside_kernel::registry::Entry;
use fireside_protocol::error::{ErrorBody, Problem};
use fireside_protocol::request::Done;
use fireside_protocol::{Event, Operation, Signal, Time, UserEvent};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::profile;

/// Where documents keep their named schemas.
const PREFIX: &str = "#/components/schemas/";

/// Names that are clear in Rust by where they stand, and out there are not.
const RENAMED: [(&str, &str); 2] = [("ErrorBody", "ApiError"), ("Reason", "ErrorReason")];

/// Every schema of the contract.
pub(super) struct Schemas {
    /// The named ones.
    pub(super) named: BTreeMap<String, Value>,
    /// Those of each operation, in the order of the registry.
    pub(super) operations: Vec<Described>,
    /// Durable events, by name.
    pub(super) events: Vec<(&'static str, Value)>,
    /// Signals, by name.
    pub(super) signals: Vec<(&'static str, Value)>,
}

/// One operation with its schemas. Each is a reference to a named one, or written out.
pub(super) struct Described {
    pub(super) operation: Operation,
    pub(super) request: Value,
    /// The answer as in an ack, without `ok`.
    pub(super) response: Value,
    /// The body of the REST answer.
    pub(super) rest: Value,
}

impl Schemas {
    /// Collects them.
    ///
    /// # Panics
    /// If two different schemas have one name: that is a mistake of the program, found at its start.
    pub(super) fn of(registry: &Registry) -> Schemas {
        // What is read and what is written may differ in one type (a field with a default need not be sent,
        // but always comes back), so each way has its generator.
        let settings = || {
            SchemaSettings::draft2020_12().with(|settings| {
                settings.definitions_path = "/components/schemas".into();
                settings.meta_schema = None;
            })
        };
        let mut read = settings().for_deserialize().into_generator();
        let mut written = settings().for_serialize().into_generator();
        let operations =
            registry.entries().iter().map(|entry| described(entry, &mut read, &mut written)).collect();
        let named_values = |table: Vec<(&'static str, schemars::Schema)>| {
            table.into_iter().map(|(name, schema)| (name, value(schema))).collect::<Vec<_>>()
        };
        let mut events = named_values(Event::table(&mut written));
        events.extend(named_values(UserEvent::table(&mut written)));
        let signals = named_values(Signal::table(&mut written));
        written.subschema_for::<Problem>();
        written.subschema_for::<Done>();
        written.subschema_for::<ErrorBody>();
        written.subschema_for::<Time>();
        let mut named = BTreeMap::new();
        let mut answers = written.take_definitions(true);
        answers.values_mut().for_each(present_is_not_null);
        for (name, mut schema) in read.take_definitions(true).into_iter().chain(answers) {
            rename(&mut schema);
            let name = public_name(&name);
            let other = named.insert(name.clone(), schema.clone());
            assert!(other.is_none_or(|other| other == schema), "two schemas have the name {name}");
        }
        for (name, schema) in profile::schemas() {
            assert!(named.insert(name.to_owned(), schema).is_none(), "two schemas have the name {name}");
        }
        Schemas { named, operations, events, signals }
    }

    /// The schema itself, where `schema` only names it.
    pub(super) fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        name_of(schema).and_then(|name| self.named.get(name)).unwrap_or(schema)
    }

    /// The named schemas that a document refers to, directly or through others.
    pub(super) fn used_by(&self, document: &Value) -> Map<String, Value> {
        let mut used = BTreeMap::new();
        let mut waiting = vec![document];
        while let Some(value) = waiting.pop() {
            if let Some(name) = name_of(value)
                && let Some(schema) = self.named.get(name)
                && used.insert(name.to_owned(), schema.clone()).is_none()
            {
                waiting.push(schema);
            }
            match value {
                Value::Object(map) => waiting.extend(map.values()),
                Value::Array(items) => waiting.extend(items),
                _ => {}
            }
        }
        used.into_iter().collect()
    }
}

fn described(entry: &Entry, read: &mut SchemaGenerator, written: &mut SchemaGenerator) -> Described {
    Described {
        operation: entry.operation,
        request: value((entry.request_schema)(read)),
        response: value((entry.response_schema)(written)),
        rest: value((entry.rest_schema)(written)),
    }
}

fn value(schema: schemars::Schema) -> Value {
    let mut value = schema.to_value();
    rename(&mut value);
    value
}

/// A reference to a named schema.
pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("{PREFIX}{name}") })
}

/// The name in a reference.
pub(super) fn name_of(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(PREFIX)
}

/// The fields of an object's schema.
pub(super) fn fields(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten()
}

/// Whether an object's schema asks for a field.
pub(super) fn requires(schema: &Value, field: &str) -> bool {
    let required = schema.get("required").and_then(Value::as_array);
    required.is_some_and(|names| names.iter().any(|name| name == field))
}

/// `Page_for_Message` → `PageOfMessage`.
fn public_name(name: &str) -> String {
    match RENAMED.iter().find(|(rust, _)| *rust == name) {
        Some((_, public)) => (*public).to_owned(),
        None => name.replace("_for_", "Of").replace("_and_", "And"),
    }
}

/// In an answer a field that need not be there is left out when it has no value, and is then never null.
fn present_is_not_null(schema: &mut Value) {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
    let optional =
        fields.into_iter().flatten().filter(|(name, _)| !required.iter().any(|field| field == *name));
    for (_, field) in optional {
        if let Some(kinds) = field.get_mut("type").and_then(Value::as_array_mut) {
            kinds.retain(|kind| kind != "null");
            if let [kind] = kinds.as_slice() {
                field["type"] = kind.clone();
            }
        }
        let any = field.get_mut("anyOf").and_then(Value::as_array_mut);
        let one = any.and_then(|any| {
            any.retain(|schema| schema["type"] != "null");
            if any.len() == 1 { any.pop() } else { None }
        });
        if let (Some(field), Some(Value::Object(one))) = (field.as_object_mut(), one) {
            field.shift_remove("anyOf");
            field.extend(one);
        }
    }
}

/// Gives the references in a schema their public names.
fn rename(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::String(reference)) = map.get_mut("$ref")
                && let Some(name) = reference.strip_prefix(PREFIX)
            {
                *reference = format!("{PREFIX}{}", public_name(name));
            }
            map.values_mut().for_each(rename);
        }
        Value::Array(items) => items.iter_mut().for_each(rename),
        _ => {}
    }
}
