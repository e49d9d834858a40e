//! Identity: accounts, sign-in, sessions, and claiming a new server.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::SessionId;
use crate::request::{Access, Done, Operation, Rate, Reply, Request, Rest, RestPath};
use crate::text::{DisplayName, Password, Username};
use crate::time::Time;
use crate::users::User;

/// Who may make an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Signup {
    /// Anyone who reaches the server.
    Open,
    /// Whoever has an invite.
    #[default]
    Invite,
    /// Nobody; the command line makes accounts.
    Closed,
}

/// Asks, with the token that claims a new server, what there is to decide about it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckSetup {
    /// The token of the setup link.
    #[serde(default)]
    pub token: Option<String>,
}

impl Request for CheckSetup {
    type Response = SignupRule;
    const OPERATION: Operation =
        Operation::new("sessions.check_setup", "What there is to decide about a new server")
            .post("/auth/setup/check")
            .access(Access::Anyone)
            .rate(Rate::SignIn);
}

/// Who may make an account here, and who says so.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignupRule {
    /// What holds.
    pub signup: Signup,
    /// Whether the server was started with it: then it cannot be chosen when the server is claimed.
    pub is_fixed: bool,
}

impl Reply for SignupRule {}

/// Makes an account and signs in. 403 where sign-up is closed or needs an invite.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Register {
    /// Unique name.
    pub username: Username,
    /// At least 8 characters.
    pub password: Password,
    /// Name as shown.
    #[serde(default)]
    pub display_name: Option<DisplayName>,
    /// Code of an invite, where one is needed.
    #[serde(default)]
    pub invite: Option<String>,
}

impl Request for Register {
    type Response = SignedIn;
    const OPERATION: Operation = Operation::new("sessions.register", "Make an account and sign in")
        .create("/auth/register")
        .access(Access::Anyone)
        .rate(Rate::SignIn);
}

/// Claims a server that has no administrator yet, with the one-use token it printed at its start.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    /// The token of the printed link.
    pub token: String,
    /// Unique name.
    pub username: Username,
    /// At least 8 characters.
    pub password: Password,
    /// Name as shown.
    #[serde(default)]
    pub display_name: Option<DisplayName>,
    /// Who may make an account from now on; not where the server was started with an answer.
    #[serde(default)]
    pub signup: Option<Signup>,
    /// Whether there are some more rooms to begin with than the first two.
    #[serde(default)]
    pub sample_rooms: bool,
}

impl Request for Claim {
    type Response = SignedIn;
    const OPERATION: Operation =
        Operation::new("sessions.claim", "Become the first administrator of a new server")
            .create("/auth/setup")
            .access(Access::Anyone)
            .rate(Rate::SignIn);
}

/// Signs in with a password.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// As typed; need not keep the rules of new names, it only fails then.
    pub username: String,
    /// As typed.
    pub password: TypedPassword,
}

impl Request for Login {
    type Response = SignedIn;
    const OPERATION: Operation = Operation::new("sessions.login", "Sign in with a password")
        .post("/auth/login")
        .access(Access::Anyone)
        .rate(Rate::SignIn);
}

/// A password as typed at sign-in; never shown by `Debug`.
#[derive(Clone, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TypedPassword(pub String);

impl std::fmt::Debug for TypedPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TypedPassword(…)")
    }
}

/// Exchanges a refresh token for new tokens. Each refresh token works once; using one again ends its session.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Refresh {
    /// From the last answer.
    pub refresh_token: String,
}

impl std::fmt::Debug for Refresh {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Refresh(…)")
    }
}

impl Request for Refresh {
    type Response = SignedIn;
    const OPERATION: Operation =
        Operation::new("sessions.refresh", "Exchange a refresh token for new tokens")
            .post("/auth/refresh")
            .access(Access::Anyone)
            .rate(Rate::SignIn);
}

/// Who signed in, and the tokens to act with.
#[derive(Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {
    /// Oneself.
    pub user: User,
    /// A JWT for `Authorization: Bearer` and the sockets.
    pub access_token: String,
    /// For `POST /auth/refresh`, once.
    pub refresh_token: String,
    /// Seconds until the access token ends.
    pub expires_in: u64,
    /// Over REST a `Set-Cookie` header: the device is known to the account from now on, and can sign in while
    /// strangers guess at its password.
    #[serde(skip)]
    pub device_cookie: Option<String>,
}

/// Name of the cookie by which a device is known.
pub const DEVICE_COOKIE: &str = "fireside-device";

impl std::fmt::Debug for SignedIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedIn").field("user", &self.user.id).finish_non_exhaustive()
    }
}

impl Reply for SignedIn {
    fn rest(&self, _: &RestPath<'_>) -> Result<Rest, serde_json::Error> {
        let headers = self.device_cookie.iter().map(|cookie| ("set-cookie", cookie.clone())).collect();
        Ok(Rest { body: serde_json::to_vec(self)?, headers, status: None })
    }
}

/// Ends this session: its tokens and its live sockets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Logout {}

impl Request for Logout {
    type Response = Done;
    const OPERATION: Operation = Operation::new("sessions.logout", "End this session").post("/auth/logout");
}

/// Reads one's own profile.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetMe {}

impl Request for GetMe {
    type Response = User;
    const OPERATION: Operation =
        Operation::new("sessions.me", "Your own profile").event("user:me").get("/auth/me");
}

/// One signed-in device.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// `login`, or `service` for a token made by the command line.
    pub kind: String,
    /// Name of a service token.
    pub name: Option<String>,
    /// When it began.
    pub created_at: Time,
    /// When it was last used, to the minute.
    pub last_used_at: Time,
    /// What the device called itself.
    pub user_agent: Option<String>,
    /// Where it signed in from.
    pub address: Option<String>,
    /// Whether it is the one that asks.
    pub current: bool,
}

impl Reply for Vec<Session> {}

/// Lists one's devices.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListSessions {}

impl Request for ListSessions {
    type Response = Vec<Session>;
    const OPERATION: Operation =
        Operation::new("sessions.list", "Your signed-in devices").get("/auth/sessions");
}

/// Signs one device out.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndSession {
    /// The device's session.
    pub session_id: SessionId,
}

impl Request for EndSession {
    type Response = Done;
    const OPERATION: Operation =
        Operation::new("sessions.end", "Sign one device out").delete("/auth/sessions/{sessionId}");
}

/// Changes one's password; every other session ends.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangePassword {
    /// The one so far.
    pub current_password: TypedPassword,
    /// The one from now on.
    pub new_password: Password,
}

impl Request for ChangePassword {
    type Response = Done;
    const OPERATION: Operation =
        Operation::new("sessions.password", "Change your password").put("/auth/password").rate(Rate::SignIn);
}

/// Asks what is left to do for a new server.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetFirstSteps {}

impl Request for GetFirstSteps {
    type Response = FirstSteps;
    const OPERATION: Operation =
        Operation::new("sessions.first_steps", "What is left to do for a new server")
            .get("/auth/first-steps")
            .access(Access::Admin);
}

/// What is left to do for a new server.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FirstSteps {
    /// Null once an administrator does not want to see them any more.
    pub steps: Option<Steps>,
}

impl Reply for FirstSteps {}

/// Which of the first steps were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Steps {
    /// Others are here, or an invite waits for them.
    pub has_invited: bool,
    /// A bot or a back end has a token.
    pub has_service: bool,
}

/// Puts the first steps away, for every administrator and for good.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DismissFirstSteps {}

impl Request for DismissFirstSteps {
    type Response = Done;
    const OPERATION: Operation =
        Operation::new("sessions.dismiss_first_steps", "Put the first steps away for good")
            .delete("/auth/first-steps")
            .access(Access::Admin);
}
