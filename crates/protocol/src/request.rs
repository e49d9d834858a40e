//! What a request is: one type, one name, one REST route, one event, one answer.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// A request a client can make. Its fields are the event's payload; over REST they come from the path,
/// the query and the JSON body together, each field from one of them.
pub trait Request: DeserializeOwned + JsonSchema + Send + 'static {
    /// What comes back.
    type Response: Reply;
    /// Name, doors and limits.
    const OPERATION: Operation;
}

/// An answer. Over Socket.IO it is sent flat beside `ok: true`; over REST as [`Reply::rest`] says.
pub trait Reply: Serialize + JsonSchema + Send + 'static {
    /// The REST form: by default the whole value as the body.
    fn rest(&self, path: &RestPath<'_>) -> Result<Rest, serde_json::Error> {
        let _ = path;
        Ok(Rest { body: serde_json::to_vec(self)?, headers: Vec::new(), status: None })
    }

    /// Schema of the REST body.
    fn rest_schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<Self>()
    }
}

/// Where a REST request was made, for links in its answer.
#[derive(Debug, Clone, Copy)]
pub struct RestPath<'a> {
    /// Path of the request.
    pub path: &'a str,
    /// Query string without `?`; empty where there was none.
    pub query: &'a str,
}

/// A REST answer.
#[derive(Debug)]
pub struct Rest {
    /// JSON body; empty for none.
    pub body: Vec<u8>,
    /// Extra headers, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Status in place of the operation's own.
    pub status: Option<u16>,
}

impl Rest {
    /// The same, with what tells the answer to something that had been done before.
    pub(crate) fn replayed(mut self, duplicate: bool) -> Rest {
        if duplicate {
            self.headers.push(("idempotent-replayed", "true".to_owned()));
        }
        self
    }
}

/// An answer with nothing in it: `{ok: true}`, or 204 without a body.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
pub struct Done {}

impl Reply for Done {
    fn rest(&self, _: &RestPath<'_>) -> Result<Rest, serde_json::Error> {
        Ok(Rest { body: Vec::new(), headers: Vec::new(), status: Some(204) })
    }
}

/// The answer to a change that is done at most once. Over REST the body is the answer itself, and a repeat is
/// told by the header `idempotent-replayed: true`.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Once{R}")]
pub struct Once<R> {
    /// The answer; to a repeat the first one.
    #[serde(flatten)]
    pub answer: R,
    /// True if it had been done before, under the same name; else left out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub duplicate: bool,
}

impl<R> Once<R> {
    /// The answer to something that was done now.
    pub fn done(answer: R) -> Once<R> {
        Once { answer, duplicate: false }
    }

    /// The answer to something that had been done before.
    pub fn before(answer: R) -> Once<R> {
        Once { answer, duplicate: true }
    }
}

impl<R: Reply> Reply for Once<R> {
    fn rest(&self, path: &RestPath<'_>) -> Result<Rest, serde_json::Error> {
        Ok(self.answer.rest(path)?.replayed(self.duplicate))
    }

    fn rest_schema(generator: &mut SchemaGenerator) -> Schema {
        R::rest_schema(generator)
    }
}

/// HTTP method of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads; fields come from path and query.
    Get,
    /// Creates.
    Post,
    /// Sets, idempotent.
    Put,
    /// Changes some fields.
    Patch,
    /// Removes.
    Delete,
}

impl Method {
    /// The method's name in HTTP.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A REST route. `{field}` in the path names the request's field that is read from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// HTTP method.
    pub method: Method,
    /// Path, `/chat/rooms/{roomId}`.
    pub path: &'static str,
    /// Status of success.
    pub status: u16,
}

/// Who may call an operation at all; what they may do is decided by its feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone, without credentials.
    Anyone,
    /// Whoever is signed in.
    User,
    /// Administrators of the server.
    Admin,
}

/// Which rate limit an operation draws from (`GUARANTEES.md`, default limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rate {
    /// All events together: 30/s, burst 60.
    Any,
    /// Messages: 5/s, burst 20.
    Send,
    /// Edits and deletes: 10 in 10 s.
    Edit,
    /// Joining and leaving: 5/s, burst 20.
    Join,
    /// Creating rooms: 1/s, burst 10.
    Create,
    /// Signing in and up: by address and account.
    SignIn,
    /// Typing: dropped silently when over.
    Typing,
}

/// The name of an operation, and the doors it can be reached by.
#[derive(Debug, Clone, Copy)]
pub struct Operation {
    /// `noun.verb`, as in logs and metrics.
    pub name: &'static str,
    /// One line for the contract.
    pub summary: &'static str,
    /// Event of the Socket.IO door.
    pub event: Option<&'static str>,
    /// Route of the REST door.
    pub route: Option<Route>,
    /// The tutorial's error code for this operation (`SEND_FAILED`).
    pub failure: Option<&'static str>,
    /// Who may call it.
    pub access: Access,
    /// Which limit it draws from.
    pub rate: Rate,
}

impl Operation {
    /// An operation with neither door yet, for signed-in users.
    pub const fn new(name: &'static str, summary: &'static str) -> Self {
        Self { name, summary, event: None, route: None, failure: None, access: Access::User, rate: Rate::Any }
    }

    /// Reached by this event.
    pub const fn event(mut self, event: &'static str) -> Self {
        self.event = Some(event);
        self
    }

    const fn route(mut self, method: Method, path: &'static str, status: u16) -> Self {
        self.route = Some(Route { method, path, status });
        self
    }

    /// Reached by `GET path`.
    pub const fn get(self, path: &'static str) -> Self {
        self.route(Method::Get, path, 200)
    }

    /// Reached by `POST path`, answered 200.
    pub const fn post(self, path: &'static str) -> Self {
        self.route(Method::Post, path, 200)
    }

    /// Reached by `POST path`, answered 201.
    pub const fn create(self, path: &'static str) -> Self {
        self.route(Method::Post, path, 201)
    }

    /// Reached by `PUT path`.
    pub const fn put(self, path: &'static str) -> Self {
        self.route(Method::Put, path, 200)
    }

    /// Reached by `PATCH path`.
    pub const fn patch(self, path: &'static str) -> Self {
        self.route(Method::Patch, path, 200)
    }

    /// Reached by `DELETE path`.
    pub const fn delete(self, path: &'static str) -> Self {
        self.route(Method::Delete, path, 200)
    }

    /// Fails with the tutorial's code.
    pub const fn fails(mut self, code: &'static str) -> Self {
        self.failure = Some(code);
        self
    }

    /// Draws from this limit besides the common one.
    pub const fn rate(mut self, rate: Rate) -> Self {
        self.rate = rate;
        self
    }

    /// May be called by these.
    pub const fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Whether it changes anything: all but `GET`.
    pub const fn is_write(&self) -> bool {
        match self.route {
            Some(route) => !matches!(route.method, Method::Get),
            None => true,
        }
    }
}
