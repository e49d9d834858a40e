//! Events that are no operation and no row of the table of events: how a connection says who it is, which
//! rooms it hears, and what the tutorial's profile (`/io`) says besides.

use serde_json::{Value, json};

/// Such an event.
pub(super) struct Spoken {
    pub(super) event: &'static str,
    pub(super) summary: &'static str,
    /// Name of the payload's schema.
    pub(super) payload: &'static str,
    /// Said by clients; otherwise by the server.
    pub(super) by_client: bool,
    /// Only on `/io`.
    pub(super) tutorial_only: bool,
}

const fn client(event: &'static str, summary: &'static str, payload: &'static str) -> Spoken {
    Spoken { event, summary, payload, by_client: true, tutorial_only: false }
}

const fn server(
    event: &'static str,
    summary: &'static str,
    payload: &'static str,
    tutorial_only: bool,
) -> Spoken {
    Spoken { event, summary, payload, by_client: false, tutorial_only }
}

/// All of them.
pub(super) const SPOKEN: &[Spoken] = &[
    client(
        "authenticate",
        "Say who you are, or continue with a new token before the old one ends",
        "Authenticate",
    ),
    client("join", "Hear rooms that you are a member of on this connection again", "RoomNames"),
    client("leave", "Stop hearing rooms on this connection; you stay a member", "RoomNames"),
    client(
        "digest:watch",
        "Be told digests of the rooms you hear, every 30 s where something happened",
        "WatchDigests",
    ),
    server("authenticated", "You are known now; events follow", "Authenticated", true),
    server("unauthenticated", "You are not; the connection is closed next", "Unauthenticated", true),
    server("ping", "Every 30 s after authentication", "Ping", true),
    server("error", "An event that asked for no ack has failed", "EventError", false),
];

/// The schemas of their payloads, by name.
pub(super) fn schemas() -> Vec<(&'static str, Value)> {
    let time = || json!({ "$ref": "#/components/schemas/Time" });
    let text = |says: &str| json!({ "type": "string", "description": says });
    let object = |says: &str, required: &[&str], properties: Value| {
        let mut schema = json!({ "type": "object", "description": says });
        if !required.is_empty() {
            schema["required"] = json!(required);
        }
        schema["properties"] = properties;
        schema
    };
    let rooms = json!({ "type": "array", "items": { "type": "string" }, "description": "`room:<id>`, each a room of yours." });
    vec![
        (
            "Authenticate",
            object(
                "`authenticate`. Without a token, the one of the handshake counts.",
                &[],
                json!({ "token": text("A bearer token.") }),
            ),
        ),
        ("RoomNames", object("`join` and `leave`.", &["rooms"], json!({ "rooms": rooms }))),
        (
            "WatchDigests",
            object(
                "`digest:watch`.",
                &["watch"],
                json!({ "watch": { "type": "boolean", "description": "Begin, or end." } }),
            ),
        ),
        (
            "Authenticated",
            object(
                "`authenticated`.",
                &["id", "time"],
                json!({ "id": text("The socket's id."), "time": time() }),
            ),
        ),
        (
            "Unauthenticated",
            object(
                "`unauthenticated`.",
                &["message", "time"],
                json!({ "message": text("For people; may change."), "time": time() }),
            ),
        ),
        ("Ping", object("`ping`.", &["time"], json!({ "time": time() }))),
        (
            "EventError",
            object(
                "`error`.",
                &["code", "message"],
                json!({ "code": text("As in the error of an ack."), "message": text("For people; may change.") }),
            ),
        ),
    ]
}
