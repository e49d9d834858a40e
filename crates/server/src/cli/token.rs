//! `fireside token create`: makes a token for a bot or a back end.

use clap::{Args, Subcommand};

use super::{Failure, Invocation, block_on, log_beside, open_house};

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
            let (db, house) = open_house(&loaded).await?;
            let sessions = &house.features.sessions;
            let token = sessions.create_service_token(&create.user, &create.name, create.days).await?;
            db.close().await;
            Ok(token)
        })?;
        println!("{token}");
        Ok(())
    }
}
