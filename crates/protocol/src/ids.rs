//! Names of things. Opaque strings to clients; parsed once at the door, so that no unchecked string is
//! ever used as a key.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Longest id in bytes (`WIRE.md` §4: ids of a host application are 1–64 of `A–Z a–z 0–9 . _ : @ -`).
pub const ID_MAX_BYTES: usize = 64;

fn is_id(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= ID_MAX_BYTES
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'@' | b'-'))
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The id, if `text` is 1–64 of `A–Z a–z 0–9 . _ : @ -`.
            pub fn parse(text: &str) -> Option<Self> {
                is_id(text).then(|| Self(text.into()))
            }

            /// An id that this server made or read from its own database.
            pub fn trusted(text: impl Into<Arc<str>>) -> Self {
                Self(text.into())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl From<&$name> for String {
            fn from(id: &$name) -> Self {
                id.0.as_ref().to_owned()
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'de, str>::deserialize(deserializer)?;
                Self::parse(&text).ok_or_else(|| de::Error::custom("not a valid id"))
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "minLength": 1, "maxLength": ID_MAX_BYTES })
            }
        }
    };
}

id! {
    /// A room or a direct conversation.
    RoomId
}
id! {
    /// A person or a service. For users of a host application this is the token's `sub`.
    UserId
}
id! {
    /// A message, of a room or of a direct conversation.
    MessageId
}
id! {
    /// One signed-in device, or one service token.
    SessionId
}
id! {
    /// A room as a client names it: its id or its slug (`general`).
    RoomRef
}
id! {
    /// A user as a client names it: the id or the username.
    UserRef
}

/// A client's own name for one write, so that a retry is recognised: any string of 1–64 characters, none of them a control
/// character (`WIRE.md` §3.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct ClientId(Arc<str>);

impl ClientId {
    /// What is said of one that has not the right form.
    pub const FORM: &str = "must be 1 to 64 characters, and no control characters";

    /// The id, if it has the right form.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=64).contains(&text.chars().count()) && !text.contains(char::is_control);
        fits.then(|| Self(text.into()))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for ClientId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(Self::FORM))
    }
}

impl JsonSchema for ClientId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ClientId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let pattern = r"^[^\u0000-\u001f\u007f-\u009f]*$";
        json_schema!({ "type": "string", "minLength": 1, "maxLength": 64, "pattern": pattern })
    }
}

/// A field that the tutorial's clients send and that means nothing here (`userId`: the acting user is
/// the session's, `WIRE.md` §2.1). Any JSON is accepted and dropped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ignored;

impl<'de> Deserialize<'de> for Ignored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl JsonSchema for Ignored {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Ignored".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "Ignored: the acting user is always the session's.", "deprecated": true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_bounded_and_plain() {
        assert!(UserId::parse("auth0:6f@x.org-1_2").is_some());
        for bad in ["", "a b", "../x", "é", "*", "a\0", &"x".repeat(65)] {
            assert!(UserId::parse(bad).is_none(), "{bad:?} was accepted");
        }
    }

    #[test]
    fn client_ids_are_any_short_text() {
        for good in ["0Az_-", "order:42/a b", "é", &"é".repeat(64)] {
            assert!(ClientId::parse(good).is_some(), "{good:?} was refused");
        }
        for bad in ["", "a\0", "a\nb", "\u{85}", &"é".repeat(65)] {
            assert!(ClientId::parse(bad).is_none(), "{bad:?} was accepted");
        }
    }
}
