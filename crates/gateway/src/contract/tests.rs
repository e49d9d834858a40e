//! The contract of a small registry of real requests.

use fireside_kernel::{Ctx, Error, Registry};
use fireside_protocol::direct_messages::{ListDirectMessages, SendDirectMessage};
use fireside_protocol::messages::{EditMessage, ListMessages, SendMessage};
use fireside_protocol::rooms::{DeleteRoom, ListRooms, UpdateRoom};
use fireside_protocol::sessions::Login;
use fireside_protocol::typing::StartTyping;
use fireside_protocol::{Reason, Request};
use serde_json::Value;

use super::*;

fn add<R: Request>(registry: &mut Registry) {
    registry.add(|_: Ctx, _: R| async { Err(Error::internal("only its form counts here")) });
}

fn registry() -> Registry {
    let mut registry = Registry::default();
    add::<ListRooms>(&mut registry);
    add::<UpdateRoom>(&mut registry);
    add::<DeleteRoom>(&mut registry);
    add::<SendMessage>(&mut registry);
    add::<EditMessage>(&mut registry);
    add::<ListMessages>(&mut registry);
    add::<StartTyping>(&mut registry);
    add::<Login>(&mut registry);
    registry
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// Every reference in a document that leads nowhere.
fn dangling(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![document];
    while let Some(value) = waiting.pop() {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str)
            && document.pointer(reference.trim_start_matches('#')).is_none()
        {
            found.push(reference.to_owned());
        }
        match value {
            Value::Object(map) => waiting.extend(map.values()),
            Value::Array(items) => waiting.extend(items),
            _ => {}
        }
    }
    found
}

#[test]
fn references_lead_somewhere_and_nothing_is_left_over() {
    for text in [openapi(&registry()), asyncapi(&registry())] {
        let document = parsed(&text);
        assert_eq!(dangling(&document), Vec::<String>::new());
        for name in document["components"]["schemas"].as_object().expect("there are some").keys() {
            assert!(text.contains(&format!("schemas/{name}\"")), "{name} is used nowhere");
        }
    }
}

#[test]
fn the_text_is_the_same_every_time() {
    assert_eq!(openapi(&registry()), openapi(&registry()));
    assert_eq!(asyncapi(&registry()), asyncapi(&registry()));
    assert_eq!(typescript(&registry()), typescript(&registry()));
}

#[test]
fn fields_are_documented_where_the_door_reads_them() {
    let document = parsed(&openapi(&registry()));
    let messages = &document["paths"]["/chat/rooms/{roomId}/messages"];
    let places = |operation: &Value| -> Vec<String> {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters
            .filter_map(|parameter| {
                Some(format!("{} {}", parameter["in"].as_str()?, parameter["name"].as_str()?))
            })
            .collect()
    };
    assert_eq!(
        places(&messages["get"]),
        ["path roomId", "query limit", "query before", "query after", "query around"]
    );
    assert_eq!(places(&messages["post"]), ["path roomId"]);
    let body = &messages["post"]["requestBody"]["content"]["application/json"]["schema"];
    assert!(body["properties"].get("roomId").is_none(), "the path's field is in the body too");
    assert_eq!(body["required"], serde_json::json!(["content"]));
    assert_eq!(body["additionalProperties"], false);
}

#[test]
fn paths_of_one_form_are_one_path() {
    let mut registry = Registry::default();
    add::<SendDirectMessage>(&mut registry);
    add::<ListDirectMessages>(&mut registry);
    let document = parsed(&openapi(&registry));
    let paths: Vec<_> = document["paths"].as_object().expect("there are some").keys().collect();
    assert_eq!(paths.iter().filter(|path| path.starts_with("/chat/dm/")).count(), 1, "{paths:?}");
    let send = &document["paths"]["/chat/dm/{userId}"]["post"];
    assert_eq!(send["parameters"][0]["name"], "userId");
    let body = &send["requestBody"]["content"]["application/json"]["schema"]["properties"];
    assert!(body.get("receiverId").is_none() && body.get("content").is_some(), "{body}");
}

#[test]
fn answers_are_documented_as_they_are_given() {
    let document = parsed(&openapi(&registry()));
    let answers = |path: &str, verb: &str| document["paths"][path][verb]["responses"].clone();
    let deleted = answers("/chat/rooms/{roomId}", "delete");
    assert!(deleted["204"].get("content").is_none() && deleted.get("200").is_none(), "{deleted}");
    let sent = answers("/chat/rooms/{roomId}/messages", "post");
    assert!(sent.get("201").is_some() && sent.get("200").is_some(), "{sent}");
    let listed = answers("/chat/rooms/{roomId}/messages", "get");
    assert_eq!(listed["200"]["content"]["application/json"]["schema"]["type"], "array");
    assert!(listed["200"]["headers"].get("Link").is_some());
    assert!(document["paths"]["/auth/login"]["post"]["security"].as_array().is_some_and(Vec::is_empty));
}

#[test]
fn events_carry_their_acknowledgement() {
    let document = parsed(&asyncapi(&registry()));
    let messages = &document["components"]["messages"];
    assert_eq!(messages["message.send"]["name"], "message:send");
    let ack = &messages["message.send"]["x-ack"]["oneOf"];
    assert_eq!(ack[0]["allOf"][0]["properties"]["ok"]["const"], true);
    assert_eq!(ack[1]["properties"]["error"]["$ref"], "#/components/schemas/ApiError");
    assert_eq!(document["operations"]["message.send"]["action"], "receive");
    assert_eq!(document["operations"]["message.new"]["action"], "send");
    assert_eq!(document["operations"]["authenticated"]["channel"]["$ref"], "#/channels/tutorial");
}

#[test]
fn typescript_says_what_clients_send_and_hear() {
    let module = typescript(&registry());
    for line in [
        "\"message:send\": (payload: SendMessage, ack: (reply: Ack<SentMessage>) => void) => void;",
        "\"room:list\": (payload: ListRooms, ack: (reply: Ack<Items<Room>>) => void) => void;",
        "\"typing:start\": (payload: StartTyping, ack?: (reply: Ack<Done>) => void) => void;",
        "\"message:new\": (payload: MessageEvent) => void;",
        "\"GET /chat/rooms\": { path: Nothing; query: Nothing; body: Nothing; response: Room[] };",
        "\"DELETE /chat/rooms/{roomId}\": { path: Pick<DeleteRoom, \"roomId\">;",
        // In a request it may be null; in an answer it is there or not.
        "clientId?: string | null;",
        "clientId?: string;",
        "retryAfterMs?: number;",
        "editedAt: Time | null;",
    ] {
        assert!(module.contains(line), "missing: {line}\n{module}");
    }
}

#[test]
fn every_reason_is_listed() {
    let (markdown, rows) = (errors(), errors::html_rows());
    for reason in Reason::ALL {
        assert!(markdown.contains(&format!("`{}` | {} |", reason.as_str(), reason.status())), "{reason:?}");
        assert!(rows.contains(&format!("<tr id=\"{}\">", reason.as_str())), "{reason:?}");
    }
}
