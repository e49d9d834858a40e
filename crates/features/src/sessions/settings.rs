//! What an operator decides about identity, and why the server may refuse to start with it.

use std::path::PathBuf;
use std::time::Duration;

pub use fireside_protocol::sessions::Signup;

/// Shortest secret of a host application, in bytes: as many as HS256 has bits (RFC 7518 §3.2).
pub const SECRET_MIN_BYTES: usize = 32;

/// A text that is not to be shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// See the module.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who may make an account, unless the administrator has chosen otherwise.
    pub signup: Signup,
    /// Whether the operator said so: then there is nothing to choose.
    pub is_signup_fixed: bool,
    /// Secret of a host application whose HS256 tokens are trusted.
    pub jwt_secret: Option<Secret>,
    /// Where a host application publishes the keys of its tokens (RFC 7517).
    pub jwks_url: Option<String>,
    /// The same as a file, instead; read again every few minutes.
    pub jwks_file: Option<PathBuf>,
    /// What `iss` of a host application's token must be; anything where not set.
    pub issuer: Option<String>,
    /// What `aud` of a host application's token must contain; anything where not set.
    pub audience: Option<String>,
    /// How long an access token of our own lives.
    pub access_ttl: Duration,
    /// How long a refresh token waits to be used.
    pub refresh_ttl: Duration,
    /// When a session ends, however often it is refreshed.
    pub session_ttl: Duration,
    /// Whether failed sign-ins make the next ones wait. Off for load tests only.
    pub throttle: bool,
}

impl Default for Settings {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        Self {
            signup: Signup::default(),
            is_signup_fixed: false,
            jwt_secret: None,
            jwks_url: None,
            jwks_file: None,
            issuer: None,
            audience: None,
            access_ttl: Duration::from_secs(15 * 60),
            refresh_ttl: 30 * DAY,
            session_ttl: 90 * DAY,
            throttle: true,
        }
    }
}

/// Why identity cannot start. The texts are for the operator.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A secret that can be guessed.
    #[error(
        "FIRESIDE_JWT_SECRET has {bytes} bytes, at least {SECRET_MIN_BYTES} are needed; \
         make one with: openssl rand -base64 48"
    )]
    ShortSecret {
        /// Its length.
        bytes: usize,
    },
    /// A secret that everyone knows.
    #[error("FIRESIDE_JWT_SECRET is an example from a public page; make one with: openssl rand -base64 48")]
    PublicSecret,
    /// Not an address of a key set.
    #[error("FIRESIDE_JWT_JWKS_URL must begin with https:// or http://")]
    JwksUrl,
    /// One of two key sets would be ignored.
    #[error("FIRESIDE_JWT_JWKS_URL and FIRESIDE_JWT_JWKS_FILE are both set; choose one")]
    TwoKeySets,
    /// The file of a key set is of no use.
    #[error("FIRESIDE_JWT_JWKS_FILE {}: {reason}", path.display())]
    JwksFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An issuer or audience is demanded of tokens that nobody could sign.
    #[error("{key} is set, but neither FIRESIDE_JWT_SECRET nor FIRESIDE_JWT_JWKS_URL is")]
    NoHostKey {
        /// The setting.
        key: &'static str,
    },
    /// The database does not answer.
    #[error("the database: {0}")]
    Database(#[from] fireside_db::Error),
    /// A mistake of ours.
    #[error("{0}")]
    Internal(#[from] fireside_kernel::Error),
}

/// The secret that the best-known page about JWTs shows to everyone.
const PUBLIC_SECRETS: &[&str] = &["a-string-secret-at-least-256-bits-long"];

impl Settings {
    /// Looks for what cannot be meant.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub(super) fn check(&self) -> Result<(), StartError> {
        if let Some(secret) = &self.jwt_secret {
            if secret.expose().len() < SECRET_MIN_BYTES {
                return Err(StartError::ShortSecret { bytes: secret.expose().len() });
            }
            if PUBLIC_SECRETS.contains(&secret.expose()) {
                return Err(StartError::PublicSecret);
            }
        }
        if let Some(url) = &self.jwks_url
            && !["https://", "http://"]
                .iter()
                .any(|scheme| url.len() > scheme.len() && url.starts_with(scheme))
        {
            return Err(StartError::JwksUrl);
        }
        if self.jwks_url.is_some() && self.jwks_file.is_some() {
            return Err(StartError::TwoKeySets);
        }
        if self.jwt_secret.is_none() && self.jwks_url.is_none() && self.jwks_file.is_none() {
            for (key, value) in
                [("FIRESIDE_JWT_ISSUER", &self.issuer), ("FIRESIDE_JWT_AUDIENCE", &self.audience)]
            {
                if value.is_some() {
                    return Err(StartError::NoHostKey { key });
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(settings: Settings) -> String {
        settings.check().expect_err("it was accepted").to_string()
    }

    #[test]
    fn refusals_name_the_setting() {
        let secret = |text: &str| Settings { jwt_secret: Some(text.into()), ..Settings::default() };
        assert!(refusal(secret(&"x".repeat(31))).contains("FIRESIDE_JWT_SECRET has 31 bytes"));
        assert!(refusal(secret(PUBLIC_SECRETS[0])).contains("FIRESIDE_JWT_SECRET"));
        let url = |url: &str| Settings { jwks_url: Some(url.to_owned()), ..Settings::default() };
        for bad in ["", "https://", "file:///etc/passwd", "example.org/jwks"] {
            assert!(refusal(url(bad)).contains("FIRESIDE_JWT_JWKS_URL"), "{bad}");
        }
        let both = Settings { jwks_file: Some("jwks.json".into()), ..url("https://host/jwks") };
        assert!(refusal(both).contains("FIRESIDE_JWT_JWKS_FILE"));
        let issuer = Settings { issuer: Some("x".into()), ..Settings::default() };
        assert!(refusal(issuer).contains("FIRESIDE_JWT_ISSUER"));
        assert!(secret(&"x".repeat(32)).check().is_ok());
        assert!(Settings::default().check().is_ok());
    }

    #[test]
    fn secrets_are_not_shown() {
        let settings = Settings { jwt_secret: Some("hunter42".into()), ..Settings::default() };
        assert!(!format!("{settings:?}").contains("hunter42"));
    }
}
