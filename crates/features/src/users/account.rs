//! What an account is, as the rest of the server works with it.

use fireside_protocol::{Time, UserId};

/// Makes an enum of words that the database stores.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum $name {
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// The word in the database and on the wire.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What a word means; none for a word that is not in the list.
            pub(crate) fn parse(word: &str) -> Option<Self> {
                match word {
                    $($word => Some(Self::$variant),)*
                    _ => None,
                }
            }
        }
    };
}

words! {
    /// Who is behind an account.
    Kind {
        /// Someone who signs in.
        Person = "person",
        /// A bot or a back end.
        Service = "service",
        /// The server itself.
        System = "system",
    }
}

words! {
    /// What an account may do on the whole server. Rooms have roles of their own.
    ServerRole {
        /// Everything that has to do with accounts and the server.
        Admin = "admin",
        /// What rooms allow.
        Member = "member",
    }
}

words! {
    /// Where an account came from.
    Origin {
        /// Signed up here.
        Local = "local",
        /// Vouched for by a token of the host application.
        Host = "host",
        /// Brought along from another chat.
        Import = "import",
    }
}

/// An account to be made.
#[derive(Debug, Clone)]
pub(crate) struct NewUser {
    /// Its id, for ever.
    pub(crate) id: UserId,
    /// Unique name, folded.
    pub(crate) username: String,
    /// Name as shown.
    pub(crate) display_name: Option<String>,
    /// URL of a picture.
    pub(crate) avatar: Option<String>,
    /// Who is behind it.
    pub(crate) kind: Kind,
    /// What it may do.
    pub(crate) role: ServerRole,
    /// Where it came from.
    pub(crate) origin: Origin,
    /// Now.
    pub(crate) at: Time,
}

/// What a host application says of its user; what it does not say stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct HostProfile {
    /// Name as shown.
    pub(crate) display_name: Option<String>,
    /// URL of a picture.
    pub(crate) avatar: Option<String>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UserRow {
    /// Its id.
    pub(crate) id: UserId,
    /// Unique name, folded.
    pub(crate) username: String,
    /// Name as shown.
    pub(crate) display_name: Option<String>,
    /// URL of a picture.
    pub(crate) avatar: Option<String>,
    /// Who is behind it.
    pub(crate) kind: Kind,
    /// What it may do.
    pub(crate) role: ServerRole,
    /// Where it came from.
    pub(crate) origin: Origin,
    /// When it was made.
    pub(crate) created_at: Time,
    /// When the profile last changed.
    pub(crate) modified_at: Time,
    /// When its last device went away, as far as it was written down.
    pub(crate) last_seen_at: Option<Time>,
    /// Since when it is shut out.
    pub(crate) disabled_at: Option<Time>,
}

impl UserRow {
    /// Whether it administers the server.
    pub(crate) fn is_admin(&self) -> bool {
        self.role == ServerRole::Admin
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back_as_written() {
        for kind in [Kind::Person, Kind::Service, Kind::System] {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        assert_eq!(ServerRole::parse("admin"), Some(ServerRole::Admin));
        assert_eq!(Origin::parse("import"), Some(Origin::Import));
        assert_eq!(ServerRole::parse("Admin"), None);
    }
}
