//! OpenAPI 3.1: the REST door.

use fireside_kernel::Registry;
use fireside_protocol::{Access, Method, Operation};
use serde_json::{Map, Value, json};

use super::schemas::{Described, Schemas, fields, name_of, reference, requires};

const DESCRIPTION: &str = "Everything the chat does, over HTTP. The same operations as events: see the AsyncAPI \
document at `/asyncapi.json`. Unknown fields of answers are to be ignored; unknown fields of requests are refused. \
Every error is a problem document (RFC 9457) whose `reason` is one of a closed list, explained at `/docs/errors`.";

/// The document.
pub(super) fn document(registry: &Registry) -> Value {
    let schemas = Schemas::of(registry);
    let mut paths = Map::new();
    for described in &schemas.operations {
        let Some(route) = described.operation.route else { continue };
        let path = published_path(route.path, &schemas);
        let item = paths.entry(path).or_insert_with(|| json!({}));
        item[route.method.as_str().to_lowercase()] = operation(described, path, &schemas);
    }
    paths.extend(own_paths());
    let mut document = json!({
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://spec.openapis.org/oas/3.1/dialect/base",
        "info": {
            "title": "Fireside",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "/", "description": "This server" }],
        "security": [{ "bearer": [] }],
        "tags": tags(&schemas),
        "paths": paths,
        "components": components(),
    });
    let used = schemas.used_by(&document);
    document["components"]["schemas"] = Value::Object(used);
    document
}

/// The path under which a route is published. Paths that differ in the names of their fields only are one
/// path to OpenAPI; the reading route then names the fields.
fn published_path(own: &'static str, schemas: &Schemas) -> &'static str {
    let is_same = |other: &str| {
        let mut pairs = own.split('/').zip(other.split('/'));
        own.split('/').count() == other.split('/').count()
            && pairs.all(|(own, other)| own == other || (own.starts_with('{') && other.starts_with('{')))
    };
    let routes = schemas.operations.iter().filter_map(|described| described.operation.route);
    let reading =
        routes.filter(|route| route.method == Method::Get).map(|route| route.path).find(|path| is_same(path));
    reading.unwrap_or(own)
}

/// What a field of a route is called in the published path.
fn published_name<'a>(field: &'a str, own: &str, published: &'a str) -> Option<&'a str> {
    let mut pairs = own.split('/').zip(published.split('/'));
    let (_, published) =
        pairs.find(|(own, _)| own.strip_prefix('{').and_then(|own| own.strip_suffix('}')) == Some(field))?;
    published.strip_prefix('{')?.strip_suffix('}')
}

fn tags(schemas: &Schemas) -> Value {
    let mut names: Vec<&str> = Vec::new();
    for described in schemas.operations.iter().filter(|described| described.operation.route.is_some()) {
        let noun = noun(&described.operation);
        if !names.contains(&noun) {
            names.push(noun);
        }
    }
    names.push("server");
    names.into_iter().map(|name| json!({ "name": name })).collect()
}

fn noun(operation: &Operation) -> &'static str {
    operation.name.split('.').next().unwrap_or(operation.name)
}

fn operation(described: &Described, published: &str, schemas: &Schemas) -> Value {
    let operation = &described.operation;
    let request = schemas.resolve(&described.request);
    let method = operation.route.map_or(Method::Get, |route| route.method);
    let path = operation.route.map_or("", |route| route.path);
    let has_body = matches!(method, Method::Post | Method::Put | Method::Patch);
    let mut parameters: Vec<Value> = fields(request)
        .filter_map(|(name, schema)| match published_name(name, path, published) {
            Some(name) => Some(parameter(name, "path", schema, true)),
            None if has_body => None,
            None => Some(parameter(name, "query", schema, requires(request, name))),
        })
        .collect();
    if operation.is_write() {
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    let mut object = json!({
        "operationId": operation.name,
        "summary": operation.summary,
        "tags": [noun(operation)],
    });
    if let Some(description) = request.get("description") {
        object["description"] = description.clone();
    }
    if operation.access == Access::Anyone {
        object["security"] = json!([]);
    }
    if let Some(event) = operation.event {
        object["x-event"] = event.into();
    }
    if !parameters.is_empty() {
        object["parameters"] = parameters.into();
    }
    if has_body
        && let Some(body) = body(described, request, |field| published_name(field, path, published).is_some())
    {
        object["requestBody"] = body;
    }
    object["responses"] = responses(described, request, schemas);
    object
}

fn parameter(name: &str, place: &str, schema: &Value, required: bool) -> Value {
    let mut schema = schema.clone();
    let mut parameter = json!({ "name": name, "in": place });
    if let Some(map) = schema.as_object_mut() {
        for shared in ["description", "deprecated"] {
            if let Some(value) = map.shift_remove(shared) {
                parameter[shared] = value;
            }
        }
    }
    if required {
        parameter["required"] = true.into();
    }
    parameter["schema"] = schema;
    parameter
}

/// The request body: the request without the fields of the path.
fn body(described: &Described, request: &Value, in_path: impl Fn(&str) -> bool) -> Option<Value> {
    let in_body: Vec<&str> =
        fields(request).map(|(name, _)| name.as_str()).filter(|name| !in_path(name)).collect();
    if in_body.is_empty() {
        return None;
    }
    let is_whole = in_body.len() == fields(request).count();
    let schema = if is_whole { described.request.clone() } else { without(request, in_path) };
    let required = in_body.iter().any(|name| requires(request, name));
    Some(json!({ "required": required, "content": { "application/json": { "schema": schema } } }))
}

fn without(request: &Value, dropped: impl Fn(&str) -> bool) -> Value {
    let mut schema = request.clone();
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.retain(|name, _| !dropped(name));
    }
    if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !name.as_str().is_some_and(&dropped));
    }
    if let Some(map) = schema.as_object_mut() {
        map.shift_remove("description");
        if map.get("required").and_then(Value::as_array).is_some_and(Vec::is_empty) {
            map.shift_remove("required");
        }
    }
    schema
}

fn responses(described: &Described, request: &Value, schemas: &Schemas) -> Value {
    let status = described.operation.route.map_or(200, |route| route.status);
    let mut responses = Map::new();
    if name_of(&described.rest) == Some("Done") {
        responses.insert("204".into(), json!({ "description": "Done", "headers": common_headers() }));
    } else {
        let mut headers = common_headers();
        // A page's rows are its body; what else it knows is in headers.
        let response = schemas.resolve(&described.response);
        if requires(response, "items") && requires(response, "limit") {
            for name in ["Link", "X-Limit", "X-Room-Seq", "X-Room-Epoch"] {
                headers[name] = json!({ "$ref": format!("#/components/headers/{name}") });
            }
        }
        let content = json!({ "application/json": { "schema": described.rest } });
        let mut success = json!({ "description": description(schemas.resolve(&described.rest)) });
        success["headers"] = headers;
        success["content"] = content;
        // A message that had been sent before under the same `clientId` is not created again.
        if status == 201 && fields(request).any(|(name, _)| name == "clientId") {
            let mut repeated = success.clone();
            repeated["description"] =
                "It had been sent before under this `clientId`: the first answer".into();
            responses.insert("200".into(), repeated);
        }
        responses.insert(status.to_string(), success);
    }
    let problem = |name: &str| json!({ "$ref": format!("#/components/responses/{name}") });
    responses.insert("400".into(), problem("Problem"));
    if described.operation.access != Access::Anyone {
        responses.insert("401".into(), problem("Unauthenticated"));
    }
    responses.insert("429".into(), problem("TooManyRequests"));
    responses.insert("default".into(), problem("Problem"));
    Value::Object(responses)
}

fn description(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or("Success")
}

fn common_headers() -> Value {
    json!({ "X-Request-Id": { "$ref": "#/components/headers/X-Request-Id" } })
}

fn components() -> Value {
    let problem = |description: &str, more: &[&str]| {
        let mut headers = common_headers();
        for name in more {
            headers[*name] = json!({ "$ref": format!("#/components/headers/{name}") });
        }
        let content = json!({ "application/problem+json": { "schema": reference("Problem") } });
        json!({ "description": description, "headers": headers, "content": content })
    };
    let header =
        |description: &str, kind: &str| json!({ "description": description, "schema": { "type": kind } });
    json!({
        "securitySchemes": { "bearer": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "An access token of this server or of its host application, or a service token.",
        } },
        "parameters": { "IdempotencyKey": {
            "name": "Idempotency-Key", "in": "header",
            "description": "The client's own name for this write: repeating it is then the same write.",
            "schema": { "type": "string", "pattern": "^[A-Za-z0-9_-]{1,64}$" },
        } },
        "headers": {
            "X-Request-Id": header("Id of the request, also in the server's log.", "string"),
            "Retry-After": header("Seconds to wait before a retry.", "integer"),
            "Link": header("RFC 8288: `next` goes on in the direction of paging, `prev` back.", "string"),
            "X-Limit": header("Rows this page could hold.", "integer"),
            "X-Room-Seq": header("Position of the room's newest event when the page was read.", "integer"),
            "X-Room-Epoch": header("The room's epoch; positions of another one mean nothing.", "string"),
        },
        "responses": {
            "Problem": problem("The request failed; `reason` says why.", &["Retry-After"]),
            "Unauthenticated": problem("No valid credentials were given.", &[]),
            "TooManyRequests": problem("A rate limit is used up.", &["Retry-After"]),
        },
        "schemas": {},
    })
}

/// Routes of the server itself.
fn own_paths() -> Map<String, Value> {
    let status = json!({ "type": "object", "required": ["status"], "properties": {
        "status": { "type": "string" },
        "reasons": { "type": "array", "items": { "type": "string" } },
    } });
    let version = json!({ "type": "object", "required": ["name", "version"], "properties": {
        "name": { "type": "string" }, "version": { "type": "string" }, "commit": { "type": ["string", "null"] },
    } });
    let get = |id: &str, summary: &str, responses: Value| {
        json!({ "get": {
            "operationId": id, "summary": summary, "tags": ["server"], "security": [], "responses": responses,
        } })
    };
    let body = |description: &str, schema: &Value| json!({ "description": description, "content": { "application/json": { "schema": schema } } });
    let default = json!({ "$ref": "#/components/responses/Problem" });
    let health = json!({ "200": body("The process lives", &status), "4XX": default });
    let not_ready = body("Draining, or something that is needed does not answer", &status);
    let ready = json!({ "200": body("Ready", &status), "4XX": default, "503": not_ready });
    let about = json!({ "200": body("The version", &version), "4XX": default });
    Map::from_iter([
        ("/healthz".into(), get("server.health", "Whether the process lives", health)),
        ("/readyz".into(), get("server.ready", "Whether requests should be sent here", ready)),
        ("/version".into(), get("server.version", "What runs here", about)),
    ])
}
