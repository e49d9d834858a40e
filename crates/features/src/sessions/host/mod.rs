//! Tokens of a host application: whose key has signed them is trusted to say who someone is, and nothing else.
//!
//! Rights are those of the stored user. Whoever can choose `sub` at the host application chooses who they are
//! here: it must hand out subjects itself.

mod jwks;
mod key_set;
mod profile;

use fireside_protocol::{Time, UserId};
use serde::Deserialize;

use super::jwt::{self, Key, NumericDate, Refusal, Unverified};
use super::settings::{Settings, StartError};

pub(super) use key_set::KeySet;
pub(super) use profile::{Claimed, usernames};

/// Clocks of other systems may differ by so much. Below the minute that a token may live on at most, so that a
/// check that takes its time still keeps to that.
const HOSTS_DIFFER_MS: i64 = 45_000;

/// Reads tokens of the host application.
pub(super) struct HostTokens {
    secret: Option<Key>,
    keys: Option<KeySet>,
    issuer: Option<String>,
    audience: Option<String>,
}

/// What a token of a host application says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Guest {
    /// Whose it is.
    pub(super) user: UserId,
    /// When it ends.
    pub(super) expires_at: Time,
    /// What the host application says of the user.
    pub(super) claimed: Claimed,
}

#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    aud: Option<Audience>,
    sub: String,
    exp: NumericDate,
    #[serde(default)]
    nbf: Option<NumericDate>,
    #[serde(default)]
    preferred_username: Lenient,
    #[serde(default)]
    name: Lenient,
    #[serde(default)]
    picture: Lenient,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn contains(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Many(many) => many.iter().any(|one| one == audience),
        }
    }
}

/// A text, or whatever else is there: a strange profile is no reason to shut anyone out.
#[derive(Default, Deserialize)]
#[serde(untagged)]
enum Lenient {
    Text(String),
    #[default]
    Absent,
    Other(serde::de::IgnoredAny),
}

impl Lenient {
    fn text(self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text),
            Self::Absent | Self::Other(_) => None,
        }
    }
}

impl HostTokens {
    /// Reads the key set where there is one. One that cannot be fetched now is fetched later; a file that
    /// cannot be read is a mistake in the settings.
    ///
    /// # Errors
    /// If the file of keys is of no use.
    pub(super) async fn new(settings: &Settings) -> Result<Self, StartError> {
        Ok(Self {
            secret: settings.jwt_secret.as_ref().map(|secret| Key::secret(secret.expose())),
            keys: KeySet::open(settings).await?,
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
        })
    }

    /// The published keys, where there are any.
    pub(super) fn keys(&self) -> Option<&KeySet> {
        self.keys.as_ref()
    }

    /// Reads a token.
    ///
    /// # Errors
    /// If it is not one of the host application's, or does not hold.
    pub(super) async fn read(&self, token: &Unverified<'_>, now: Time) -> Result<Guest, Refusal> {
        let by_secret = self.secret.as_ref().and_then(|secret| token.verify(secret));
        let verified = match (by_secret, &self.keys) {
            (Some(verified), _) => verified,
            (None, Some(keys)) => match keys.verify(token).await {
                Some(verified) => verified,
                None if keys.is_known() => return Err(Refusal::NoKey),
                None => return Err(Refusal::NoKeysYet),
            },
            (None, None) => return Err(Refusal::NoKey),
        };
        self.accept(verified.claims()?, now)
    }

    fn accept(&self, claims: Claims, now: Time) -> Result<Guest, Refusal> {
        if self.issuer.is_some() && self.issuer != claims.iss {
            return Err(Refusal::Issuer);
        }
        if let Some(audience) = &self.audience
            && !claims.aud.is_some_and(|claimed| claimed.contains(audience))
        {
            return Err(Refusal::Audience);
        }
        jwt::check_end(claims.exp, now, HOSTS_DIFFER_MS)?;
        claims.nbf.map_or(Ok(()), |begins| jwt::check_begin(begins, now, HOSTS_DIFFER_MS))?;
        let user = UserId::parse(&claims.sub).ok_or(Refusal::Subject)?;
        let claimed = Claimed {
            username: claims.preferred_username.text(),
            profile: profile::profile(claims.name.text(), claims.picture.text()),
        };
        Ok(Guest { user, expires_at: claims.exp.time(), claimed })
    }
}
