//! AsyncAPI 3: the Socket.IO door.

use fireside_kernel::Registry;
use serde_json::{Map, Value, json};

use super::profile::{SPOKEN, Spoken};
use super::schemas::{Schemas, reference};

const DESCRIPTION: &str = "Everything the chat does, as Socket.IO events (protocol v5 over Engine.IO v4). Every client \
event may carry an acknowledgement; exactly one argument comes back: `{ok: true, …}` with the fields of the answer \
beside it, or `{ok: false, error}`; see `x-ack` of each message. Unknown fields of payloads from the server are to be \
ignored; unknown fields of requests are refused.";

/// The channel of the default namespace, on both paths.
const CHAT: &str = "chat";
/// What the tutorial's path says besides.
const TUTORIAL: &str = "tutorial";

/// The document.
pub(super) fn document(registry: &Registry) -> Value {
    let schemas = Schemas::of(registry);
    let mut parts = Parts::default();
    for described in &schemas.operations {
        let Some(event) = described.operation.event else { continue };
        let mut message = message(event, described.operation.summary, described.request.clone());
        message["x-ack"] = ack(&schemas, &described.response);
        parts.add(CHAT, "receive", event, message);
    }
    for spoken in SPOKEN {
        parts.add_spoken(&schemas, spoken);
    }
    for (event, payload) in schemas.events.iter().chain(&schemas.signals) {
        let summary = schemas.resolve(payload).get("description").and_then(Value::as_str).unwrap_or(event);
        parts.add(CHAT, "send", event, message(event, summary, payload.clone()));
    }
    let channel = |title: &str, servers: &[&str], messages: Map<String, Value>| {
        let servers: Vec<_> =
            servers.iter().map(|name| json!({ "$ref": format!("#/servers/{name}") })).collect();
        json!({ "address": "/", "title": title, "servers": servers, "messages": messages })
    };
    let mut document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Fireside",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "default": server("/socket.io/", "The path that Socket.IO clients use by default; token in `auth.token`"),
            "tutorial": server("/io", "The tutorial's path: connect, then `authenticate`"),
        },
        "channels": {
            CHAT: channel("The default namespace", &["default", "tutorial"], parts.chat),
            TUTORIAL: channel("What `/io` says besides", &["tutorial"], parts.tutorial),
        },
        "operations": parts.operations,
        "components": {
            "messages": parts.messages,
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
        },
    });
    let used = schemas.used_by(&document);
    document["components"]["schemas"] = Value::Object(used);
    document
}

fn server(path: &str, description: &str) -> Value {
    json!({
        "host": "{host}",
        "pathname": path,
        "protocol": "socket.io",
        "protocolVersion": "5",
        "description": description,
        "variables": { "host": { "default": "localhost:3000" } },
        "security": [{ "$ref": "#/components/securitySchemes/bearer" }],
    })
}

#[derive(Default)]
struct Parts {
    chat: Map<String, Value>,
    tutorial: Map<String, Value>,
    messages: Map<String, Value>,
    operations: Map<String, Value>,
}

impl Parts {
    /// Adds an event. `action` is the server's: it receives what clients say.
    fn add(&mut self, channel: &str, action: &str, event: &str, message: Value) {
        // Names of components must not have a colon.
        let id = event.replace(':', ".");
        let messages = if channel == CHAT { &mut self.chat } else { &mut self.tutorial };
        messages.insert(id.clone(), json!({ "$ref": format!("#/components/messages/{id}") }));
        let operation = json!({
            "action": action,
            "summary": message["summary"],
            "channel": { "$ref": format!("#/channels/{channel}") },
            "messages": [{ "$ref": format!("#/channels/{channel}/messages/{id}") }],
        });
        self.operations.insert(id.clone(), operation);
        self.messages.insert(id, message);
    }

    fn add_spoken(&mut self, schemas: &Schemas, spoken: &Spoken) {
        let channel = if spoken.tutorial_only { TUTORIAL } else { CHAT };
        let mut message = message(spoken.event, spoken.summary, reference(spoken.payload));
        if spoken.by_client {
            message["x-ack"] = ack(schemas, &reference("Done"));
        }
        self.add(channel, if spoken.by_client { "receive" } else { "send" }, spoken.event, message);
    }
}

fn message(event: &str, summary: &str, payload: Value) -> Value {
    json!({ "name": event, "title": event, "summary": summary, "payload": payload })
}

/// The one argument of an acknowledgement.
fn ack(schemas: &Schemas, response: &Value) -> Value {
    let is_list = schemas.resolve(response)["type"] == "array";
    let ok = json!({ "type": "object", "required": ["ok"], "properties": { "ok": { "const": true } } });
    let fields = if is_list {
        json!({ "type": "object", "required": ["items"], "properties": { "items": response } })
    } else {
        response.clone()
    };
    let failed = json!({
        "type": "object",
        "required": ["ok", "error"],
        "properties": { "ok": { "const": false }, "error": reference("ApiError") },
    });
    json!({ "oneOf": [{ "allOf": [ok, fields] }, failed] })
}
