//! The kinds of values that settings have: each is read from text, says what is wrong with it, and can be
//! shown again.

use std::fmt;
use std::str::FromStr;

use fireside_gateway::peer::{InvalidNetwork, Network};

/// Where to listen: `HOST:PORT`. Without a host (`:8081`, `8081`) it is the loopback address: to be
/// reachable from other machines is never an accident.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    host: String,
    port: u16,
}

impl Listen {
    /// The host as given: a name or an address, an IPv6 one without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port; 0 lets the system choose.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether only this machine can connect.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }

    /// The same host, another port.
    #[must_use]
    pub fn with_port(&self, port: u16) -> Listen {
        Listen { host: self.host.clone(), port }
    }
}

impl Default for Listen {
    fn default() -> Self {
        Listen { host: "127.0.0.1".to_owned(), port: 3000 }
    }
}

impl FromStr for Listen {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
        let port = port.parse().map_err(|_| format!("{text:?} is not HOST:PORT"))?;
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let host = match bare {
            Some(inner) if inner.parse::<std::net::Ipv6Addr>().is_ok() => inner,
            None if host.is_empty() => "127.0.0.1",
            None if host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_')) => {
                host
            }
            _ => {
                return Err(format!(
                    "{text:?} is not HOST:PORT; an IPv6 address goes in brackets, [::1]:3000"
                ));
            }
        };
        Ok(Listen { host: host.to_owned(), port })
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_v6 = self.host.contains(':');
        if is_v6 {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// An `http://` or `https://` address, without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

impl PublicUrl {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing but scheme, host and port in it.
    pub fn is_origin(&self) -> bool {
        let authority = self.0.split_once("://").map_or("", |(_, rest)| rest);
        !authority.contains(['/', '?', '#'])
    }
}

impl FromStr for PublicUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let problem = || format!("{text:?} is not an http:// or https:// address");
        let rest = ["http://", "https://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme))
            .ok_or_else(problem)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let plain = text.bytes().all(|b| b.is_ascii_graphic());
        if authority.is_empty() || authority.contains('@') || !plain {
            return Err(problem());
        }
        Ok(PublicUrl(text.trim_end_matches('/').to_owned()))
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Web pages of other origins that may use the server.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WebOrigins {
    /// None: only pages that the server itself served.
    #[default]
    Same,
    /// All, without cookies.
    Any,
    /// These, as a browser names them: `https://app.example.org`.
    List(Vec<String>),
}

impl FromStr for WebOrigins {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let items = list(text);
        if items.contains(&"*") {
            let alone = items.len() == 1;
            return alone
                .then_some(WebOrigins::Any)
                .ok_or_else(|| "`*` stands alone or not at all".to_owned());
        }
        let origin = |item: &&str| -> Result<String, String> {
            let url: PublicUrl = item.parse()?;
            let only = url.is_origin().then(|| url.as_str().to_ascii_lowercase());
            only.ok_or_else(|| format!("{item:?} is not an origin; expected only scheme, host and port"))
        };
        let origins = items.iter().map(origin).collect::<Result<Vec<_>, _>>()?;
        Ok(if origins.is_empty() { WebOrigins::Same } else { WebOrigins::List(origins) })
    }
}

impl fmt::Display for WebOrigins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WebOrigins::Same => Ok(()),
            WebOrigins::Any => f.write_str("*"),
            WebOrigins::List(origins) => f.write_str(&origins.join(", ")),
        }
    }
}

/// A proxy that is trusted: its address, or the network it is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    text: String,
    network: Network,
}

impl Proxy {
    /// The addresses it may have.
    pub fn network(&self) -> Network {
        self.network
    }
}

impl FromStr for Proxy {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Proxy { network: text.parse()?, text: text.to_owned() })
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Makes an enum that is written as one of a few words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub enum $name {
            $($(#[$vdoc])* $variant,)*
        }

        impl $name {
            /// The words, in order.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word of this one.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(not_a_word(text, Self::WORDS)),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// Who may make an account.
    Signup {
        /// Whoever reaches the server.
        Open = "open",
        /// Whoever has an invite.
        #[default]
        Invite = "invite",
        /// Nobody; accounts come from the command line or a host application.
        Closed = "closed",
    }
}

words! {
    /// From which level on something is logged.
    LogLevel {
        /// What went wrong for good.
        Error = "error",
        /// And what an operator should look at.
        Warn = "warn",
        /// And the course of things.
        #[default]
        Info = "info",
        /// And every request.
        Debug = "debug",
        /// And everything there is to say.
        Trace = "trace",
    }
}

words! {
    /// How a log line looks.
    LogFormat {
        /// Lines for people on a terminal, JSON elsewhere.
        #[default]
        Auto = "auto",
        /// Lines for people.
        Text = "text",
        /// One JSON object a line.
        Json = "json",
    }
}

fn not_a_word(text: &str, words: &[&str]) -> String {
    let near = super::problem::nearest(text, words.iter().copied());
    format!("{text:?} is not one of {}{}", words.join(", "), super::problem::did_you_mean(near))
}

/// Reads `on`/`off` (also `true`/`false`).
pub(super) fn switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" => Ok(true),
        "off" | "false" => Ok(false),
        _ => Err(not_a_word(text, &["on", "off"])),
    }
}

/// Reads a count of at least one.
pub(super) fn count<T: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<T, String> {
    let number = text.replace('_', "").parse().ok().filter(|number| *number > T::from(0));
    number.ok_or_else(|| format!("{text:?} is not a whole number above 0"))
}

/// The items of a list separated by commas.
pub(super) fn list(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
}

#[cfg(test)]
#[path = "values/tests.rs"]
mod tests;
