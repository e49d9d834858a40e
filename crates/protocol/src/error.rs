//! Everything that can go wrong for a client, as a closed list: the same over REST and in acks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($variant:ident, $wire:literal, $status:literal, $retryable:literal, $title:literal;)*) => {
        /// Why a request failed. Closed list; clients may switch on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Reason {
            $(#[doc = $title] #[serde(rename = $wire)] $variant,)*
        }

        impl Reason {
            /// Every reason, in the order they are documented in.
            pub const ALL: &'static [Reason] = &[$(Reason::$variant),*];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Reason::$variant => $wire),* }
            }

            /// HTTP status of the REST answer.
            pub const fn status(self) -> u16 {
                match self { $(Reason::$variant => $status),* }
            }

            /// Whether the same request may succeed later without a change.
            pub const fn is_retryable(self) -> bool {
                match self { $(Reason::$variant => $retryable),* }
            }

            /// One line for people: `title` of the problem document.
            pub const fn title(self) -> &'static str {
                match self { $(Reason::$variant => $title),* }
            }
        }
    };
}

reasons! {
    Malformed, "malformed", 400, false, "The request could not be read";
    Validation, "validation", 400, false, "A field has a value that is not allowed";
    UnknownField, "unknown_field", 400, false, "The request has a field that does not exist";
    TooLong, "too_long", 400, false, "A text is longer than allowed";
    Unauthenticated, "unauthenticated", 401, false, "No valid credentials were given";
    Unauthorized, "unauthorized", 401, false, "This socket has not authenticated";
    Forbidden, "forbidden", 403, false, "This is not allowed for you";
    NotFound, "not_found", 404, false, "There is no such thing, or not for you";
    MethodNotAllowed, "method_not_allowed", 405, false, "This path does not know the method";
    Conflict, "conflict", 409, false, "It contradicts what is there already";
    Gone, "gone", 410, false, "It was used or has expired";
    PayloadTooLarge, "payload_too_large", 413, false, "The request body is too large";
    UnsupportedMediaType, "unsupported_media_type", 415, false, "The body has a type or encoding that is not read here";
    Limit, "limit", 409, false, "A limit on how many there may be is reached";
    RateLimited, "rate_limited", 429, true, "Too many requests";
    Internal, "internal", 500, true, "The server made a mistake";
    Overloaded, "overloaded", 503, true, "The server cannot take this now; nothing was done";
    Draining, "draining", 503, true, "The server is shutting down; nothing was done";
    Indeterminate, "indeterminate", 503, true, "It is not known whether this was done; retry with the same id";
    Timeout, "timeout", 408, true, "The request took too long to arrive";
}

/// The error object of an ack (`{ok: false, error}`), and the extra members of a problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The tutorial's code where it had one for the operation (`SEND_FAILED`), else the reason in capitals.
    pub code: String,
    /// Why, from the closed list.
    pub reason: Reason,
    /// For people; may change.
    pub message: String,
    /// Whether the same request may succeed later without a change.
    pub retryable: bool,
    /// Milliseconds to wait before a retry, when known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retry_after_ms: Option<u64>,
    /// The field at fault, when there is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub field: Option<String>,
}

/// An RFC 9457 problem document, as every REST error is answered (`application/problem+json`).
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// URI of the kind of problem: `/docs/errors#<reason>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short and the same for every problem of this kind.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened this time.
    pub detail: String,
    /// HTTP status again, under the tutorial's name.
    pub status_code: u16,
    /// Id of the request, also in the server's log.
    pub request_id: String,
    /// The same fields as in an ack's error.
    #[serde(flatten)]
    pub error: ErrorBody,
}
