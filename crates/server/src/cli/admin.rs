//! `fireside admin create`: makes an administrator.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use fireside_kernel::Names;
use fireside_protocol::text::{DisplayName, Password, Username};

use super::{Failure, Invocation, block_on, log_beside, open_house, print, prompt};

#[derive(Debug, Subcommand)]
pub(super) enum Admin {
    /// Makes an administrator. Asks for a password on a terminal; otherwise makes one and prints it.
    Create(Create),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// Unique name: 2 to 32 of a-z 0-9 . _ -
    username: String,
    /// Name as shown.
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// Reads the password from standard input.
    #[arg(long, conflicts_with = "password_file")]
    password_stdin: bool,
    /// Reads the password from a file.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

impl Admin {
    pub(super) fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let Admin::Create(create) = self;
        create.run(invocation)
    }
}

impl Create {
    fn run(self, invocation: &Invocation) -> Result<(), Failure> {
        let loaded = invocation.load()?;
        log_beside()?;
        let username =
            Username::parse(&self.username).map_err(|wrong| Failure::new(format!("the name {wrong}")))?;
        let display_name = self.display_name.as_ref().map(DisplayName::parse).transpose();
        let display_name = display_name.map_err(|wrong| Failure::new(format!("the display name {wrong}")))?;
        let (password, is_made) = self.password()?;
        let name = username.as_str().to_owned();
        block_on(async {
            let (db, house) = open_house(&loaded, invocation.may_migrate).await?;
            house.features.sessions.create_admin(username, display_name, &password).await?;
            db.close().await;
            Ok(())
        })?;
        let made = if is_made { format!("password: {}\n", password.expose()) } else { String::new() };
        print(&format!("administrator {name} was made\n{made}"))
    }

    /// The password, and whether it was made up.
    fn password(&self) -> Result<(Password, bool), Failure> {
        let typed = match &self.password_file {
            Some(path) => Some(
                prompt::from_file(path)
                    .map_err(|error| Failure::new(format!("{}: {error}", path.display())))?,
            ),
            None if self.password_stdin => Some(prompt::from_stdin().map_err(Failure::new)?),
            None if prompt::is_attended() => Some(prompt::new_password().map_err(Failure::new)?),
            None => None,
        };
        let is_made = typed.is_none();
        // 24 characters of the 52 are 120 bits.
        let text = typed.unwrap_or_else(|| Names::random().secret().chars().take(24).collect());
        let password =
            Password::parse(text).map_err(|wrong| Failure::new(format!("the password: {wrong}")))?;
        Ok((password, is_made))
    }
}
