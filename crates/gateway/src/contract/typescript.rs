//! TypeScript: every schema as a type, and how Socket.IO's and a REST client's generics want to know them.

use std::fmt::Write as _;

use fireside_kernel::Registry;
use fireside_protocol::{Method, Rate};
use serde_json::Value;

use super::profile::SPOKEN;
use super::schemas::{Described, Schemas, fields, name_of, requires};

const HEAD: &str = "\
// Generated from the server's own types by `fireside types`; not to be edited.
// Unknown fields of what the server says are to be ignored.

/** The one argument of every acknowledgement. */
export type Ack<T> = ({ ok: true } & T) | { ok: false; error: ApiError };

/** A list in an acknowledgement. */
export interface Items<T> {
  items: T[];
}

/** No fields at all. */
export type Nothing = Record<string, never>;
";

/// The module.
pub(super) fn module(registry: &Registry) -> String {
    let schemas = Schemas::of(registry);
    let mut text = String::from(HEAD);
    for (name, schema) in &schemas.named {
        text.push('\n');
        text.push_str(&declaration(name, schema));
    }
    text.push_str(&client_events(&schemas));
    text.push_str(&server_events(&schemas));
    text.push_str(&routes(&schemas));
    text
}

fn declaration(name: &str, schema: &Value) -> String {
    let doc = doc(schema, "");
    let is_object = schema["type"] == "object" && fields(schema).next().is_some();
    if is_object {
        format!("{doc}export interface {name} {}\n", object(schema, ""))
    } else {
        format!("{doc}export type {name} = {};\n", type_of(schema, ""))
    }
}

fn doc(schema: &Value, indent: &str) -> String {
    let description = schema.get("description").and_then(Value::as_str);
    let deprecated = (schema["deprecated"] == true).then_some("@deprecated");
    let lines: Vec<_> = deprecated.into_iter().chain(description.into_iter().flat_map(str::lines)).collect();
    let lines: Vec<_> = lines.iter().map(|line| line.replace("*/", "* /")).collect();
    match lines.as_slice() {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let inner: String =
                lines.iter().map(|line| format!("{indent} * {line}").trim_end().to_owned() + "\n").collect();
            format!("{indent}/**\n{inner}{indent} */\n")
        }
    }
}

/// The type of a schema's values.
fn type_of(schema: &Value, indent: &str) -> String {
    if let Some(name) = name_of(schema) {
        return name.to_owned();
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    let several = |key: &str| schema.get(key).and_then(Value::as_array);
    if let Some(values) = several("enum") {
        return union(values.iter().map(Value::to_string).collect());
    }
    if let Some(any) = several("anyOf").or_else(|| several("oneOf")) {
        return union(any.iter().map(|schema| type_of(schema, indent)).collect());
    }
    if let Some(all) = several("allOf") {
        return all.iter().map(|schema| type_of(schema, indent)).collect::<Vec<_>>().join(" & ");
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            union(kinds.iter().filter_map(Value::as_str).map(|kind| of_kind(kind, schema, indent)).collect())
        }
        Value::String(kind) => of_kind(kind, schema, indent),
        _ => "unknown".to_owned(),
    }
}

fn union(mut types: Vec<String>) -> String {
    let mut seen = Vec::new();
    types.retain(|kind| {
        let is_new = !seen.contains(kind);
        seen.push(kind.clone());
        is_new
    });
    types.join(" | ")
}

fn of_kind(kind: &str, schema: &Value, indent: &str) -> String {
    match kind {
        "string" | "boolean" | "null" => kind.to_owned(),
        "integer" | "number" => "number".to_owned(),
        "array" if schema.get("prefixItems").is_some() => {
            let items = schema["prefixItems"].as_array().into_iter().flatten();
            let items: Vec<String> = items.map(|item| type_of(item, indent)).collect();
            format!("[{}]", items.join(", "))
        }
        "array" => {
            let item = type_of(&schema["items"], indent);
            if item.contains(' ') { format!("({item})[]") } else { format!("{item}[]") }
        }
        "object" => object(schema, indent),
        _ => "unknown".to_owned(),
    }
}

fn object(schema: &Value, indent: &str) -> String {
    if fields(schema).next().is_none() {
        return match schema.get("additionalProperties") {
            Some(inner @ Value::Object(_)) => format!("Record<string, {}>", type_of(inner, indent)),
            Some(Value::Bool(true)) => "Record<string, unknown>".to_owned(),
            // Nothing may be sent; what comes may have fields one day.
            Some(Value::Bool(false)) => "Nothing".to_owned(),
            _ => "Record<never, never>".to_owned(),
        };
    }
    let inner_indent = format!("{indent}  ");
    let mut text = String::from("{\n");
    for (name, field) in fields(schema) {
        let optional = if requires(schema, name) { "" } else { "?" };
        let kind = type_of(field, &inner_indent);
        let doc = doc(field, &inner_indent);
        let _infallible = writeln!(text, "{doc}{inner_indent}{}{optional}: {kind};", key(name));
    }
    text.push_str(indent);
    text.push('}');
    text
}

/// A property's name, quoted where it is no identifier.
fn key(name: &str) -> String {
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'$')
        && name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
    if is_plain { name.to_owned() } else { format!("\"{name}\"") }
}

/// What an acknowledgement carries beside `ok`.
fn ack_type(schemas: &Schemas, response: &Value) -> String {
    let resolved = schemas.resolve(response);
    if resolved["type"] == "array" {
        return format!("Items<{}>", type_of(&resolved["items"], ""));
    }
    type_of(response, "")
}

fn client_events(schemas: &Schemas) -> String {
    let mut text = String::from(
        "\n/** Events a client sends: the second type parameter of socket.io-client's `Socket`. */\n\
         export interface ClientToServerEvents {\n",
    );
    for described in &schemas.operations {
        let Some(event) = described.operation.event else { continue };
        let payload = type_of(&described.request, "  ");
        let answer = ack_type(schemas, &described.response);
        // With an optional callback `emitWithAck` could not tell its answer; typing is sent and forgotten.
        let optional = if described.operation.rate == Rate::Typing { "?" } else { "" };
        let _infallible = writeln!(
            text,
            "  /** {} */\n  \"{event}\": (payload: {payload}, ack{optional}: (reply: Ack<{answer}>) => void) => void;",
            described.operation.summary
        );
    }
    for spoken in SPOKEN.iter().filter(|spoken| spoken.by_client) {
        let _infallible = writeln!(
            text,
            "  /** {} */\n  \"{}\": (payload: {}, ack?: (reply: Ack<Done>) => void) => void;",
            spoken.summary, spoken.event, spoken.payload
        );
    }
    text.push_str("}\n");
    text
}

fn server_events(schemas: &Schemas) -> String {
    let mut text = String::from(
        "\n/** Events the server sends: the first type parameter of socket.io-client's `Socket`. */\n\
         export interface ServerToClientEvents {\n",
    );
    for (event, payload) in schemas.events.iter().chain(&schemas.signals) {
        let _infallible = writeln!(text, "  \"{event}\": (payload: {}) => void;", type_of(payload, "  "));
    }
    for spoken in SPOKEN.iter().filter(|spoken| !spoken.by_client) {
        let _infallible = writeln!(
            text,
            "  /** {} */\n  \"{}\": (payload: {}) => void;",
            spoken.summary, spoken.event, spoken.payload
        );
    }
    text.push_str("}\n");
    text
}

fn routes(schemas: &Schemas) -> String {
    let mut text = String::from(
        "\n/** REST routes by method and path: fields of the path, of the query, of the body, and the answer's body. */\n\
         export interface RestRoutes {\n",
    );
    for described in &schemas.operations {
        let Some(route) = described.operation.route else { continue };
        let _infallible = writeln!(
            text,
            "  /** {} */\n  \"{} {}\": {};",
            described.operation.summary,
            route.method.as_str(),
            route.path,
            exchange(described, schemas, route.method, route.path)
        );
    }
    text.push_str("}\n");
    text
}

fn exchange(described: &Described, schemas: &Schemas, method: Method, path: &str) -> String {
    let request = type_of(&described.request, "  ");
    let (in_path, elsewhere): (Vec<&String>, Vec<&String>) = fields(schemas.resolve(&described.request))
        .map(|(name, _)| name)
        .partition(|name| path.contains(&format!("{{{name}}}")));
    let list =
        |names: &[&String]| names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" | ");
    let none = || "Nothing".to_owned();
    let path_type = if in_path.is_empty() { none() } else { format!("Pick<{request}, {}>", list(&in_path)) };
    let rest = match (elsewhere.is_empty(), in_path.is_empty()) {
        (true, _) => none(),
        (false, true) => request,
        (false, false) => format!("Omit<{request}, {}>", list(&in_path)),
    };
    let has_body = matches!(method, Method::Post | Method::Put | Method::Patch);
    let (query, body) = if has_body { (none(), rest) } else { (rest, none()) };
    let response = if name_of(&described.rest) == Some("Done") {
        "void".to_owned()
    } else {
        type_of(&described.rest, "  ")
    };
    format!("{{ path: {path_type}; query: {query}; body: {body}; response: {response} }}")
}
