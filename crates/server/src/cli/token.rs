//! `fireside token create`: makes a token for a bot or a back end.

use clap::{Args, Subcommand};
use fireside_kernel::{Actor, Ctx, Identity};
use fireside_protocol::users::GetUser;
use fireside_protocol::{Reason, Request as _, Time, UserId};

use super::{Failure, House, Invocation, block_on, log_beside, open_house, print};

#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Makes a bearer token for a user and prints it, once.
    Create(Create),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Whose token it is, by id or username.
    #[arg(long, value_name = "NAME")]
    user: String,
    /// Makes the user, as a service, if there is none of that name.
    #[arg(long)]
    service: bool,
    /// Days until it ends.
    #[arg(long, value_name = "COUNT", default_value_t = 365)]
    days: u32,
    /// What it is for, as the list of sessions shows it.
    #[arg(long, value_name = "LABEL", default_value = "command line")]
    name: String,
}

impl Token {
    pub(super) fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let Token::Create(create) = self;
        let loaded = invocation.load()?;
        log_beside()?;
        let token = block_on(async {
            let (db, house) = open_house(&loaded, invocation.may_migrate).await?;
            if !create.service && !exists(&house, &create.user).await? {
                let way_out = "--service makes one, for a bot or a back end";
                return Err(Failure::new(format!("there is no user {}; {way_out}", create.user)));
            }
            let sessions = &house.features.sessions;
            let token = sessions.create_service_token(&create.user, &create.name, create.days).await?;
            db.close().await;
            Ok(token)
        })?;
        print(&format!("{token}\n"))
    }
}

/// Whether there is such a user, asked as everyone asks.
async fn exists(house: &House, user: &str) -> Result<bool, Failure> {
    let asker = Identity {
        user: UserId::trusted("command-line"),
        session: None,
        is_admin: true,
        expires_at: Time::from_micros(i64::MAX),
    };
    let ctx = Ctx::new(Actor::User(asker), "command-line");
    let name = GetUser::OPERATION.name;
    let operation =
        house.registry.by_name(name).ok_or_else(|| Failure::new(format!("no operation {name}")))?;
    let request = serde_json::json!({ "userId": user }).to_string();
    match house.registry.dispatch(operation, ctx, &request)?.await {
        Ok(_) => Ok(true),
        Err(error) if error.reason == Reason::NotFound => Ok(false),
        Err(error) => Err(error.into()),
    }
}
