//! Devices from which an account was signed in to. Each keeps a cookie, and its owner's attempts are counted by
//! that: strangers who guess at the account's password cannot keep its owner out
//! (<https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies>).
//!
//! The cookie opens nothing: whoever has it may only guess as slowly as at any account.

use fireside_kernel::Result;
use fireside_protocol::sessions::DEVICE_COOKIE;

use super::Sessions;
use super::tokens::digest;

/// How long a device is known without signing in again.
const KNOWN_FOR_S: u32 = 365 * 24 * 60 * 60;

impl Sessions {
    /// The `Set-Cookie` header by which a device will be known to the account.
    ///
    /// # Errors
    /// `internal` if the library cannot sign.
    pub(super) fn device_cookie(&self, username: &str) -> Result<String> {
        let name = self.kernel.names.secret();
        let proof = self.tokens.prove_device(username, &name)?;
        Ok(format!(
            "{DEVICE_COOKIE}={name}.{proof}; Path=/; Max-Age={KNOWN_FOR_S}; HttpOnly; SameSite=Strict"
        ))
    }

    /// What attempts on the account are counted by when they come from a device that it knows.
    pub(super) fn known_device(&self, username: &str, cookie: &str) -> Option<String> {
        let (name, proof) = cookie.split_once('.')?;
        let expected = self.tokens.prove_device(username, name).ok()?;
        // Only hashes are compared, so that the time of it tells nothing.
        let is_known = digest(proof) == digest(&expected);
        // No username has a blank.
        is_known.then(|| format!("device {name}"))
    }
}

#[cfg(test)]
mod tests {
    use fireside_db::Engine;

    use crate::sessions::tests::{open, world};

    #[tokio::test]
    async fn a_device_is_known_to_the_account_that_was_signed_in_to() {
        let world = world(Engine::Sqlite, open()).await;
        let cookie = world.sessions.device_cookie("alice").expect("a cookie");
        let value =
            cookie.strip_prefix("fireside-device=").and_then(|rest| rest.split(';').next()).expect(&cookie);
        let known = world.sessions.known_device("alice", value).expect("it is known");
        assert_eq!(world.sessions.known_device("alice", value), Some(known), "always by the same name");
        assert_eq!(world.sessions.known_device("bob", value), None);
        let (name, proof) = value.split_once('.').expect("a name and a proof");
        for forged in
            ["", ".", name, &format!("{name}x.{proof}"), &format!("{name}.{proof}x"), &format!("{name}.")]
        {
            assert_eq!(world.sessions.known_device("alice", forged), None, "{forged}");
        }
        let other = world.sessions.device_cookie("alice").expect("a cookie");
        assert_ne!(cookie, other, "two devices are counted apart");
    }
}
