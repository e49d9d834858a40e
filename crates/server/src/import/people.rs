//! Users: their ids stay, their names are made to fit.

use std::collections::HashSet;

use fireside_db::Value;
use fireside_protocol::UserId;
use fireside_protocol::text::fold_username;

use super::report::Note;
use super::source::{Source, UserRow};
use super::{Import, ImportError, naming, target};

/// Everyone who is here once the import is over.
pub(super) struct People {
    ids: HashSet<String>,
}

impl People {
    /// Whether there is such a user.
    pub(super) fn knows(&self, id: &str) -> bool {
        self.ids.contains(id)
    }
}

/// Imports users.
pub(super) async fn import(import: &mut Import<'_>, source: &mut Source) -> Result<People, ImportError> {
    let here = import.target.users().await?;
    let (mut ids, mut names): (HashSet<_>, HashSet<_>) = here.into_iter().unzip();
    let cursor = source.users().await?;
    loop {
        let chunk = source.next(&cursor).await?;
        if chunk.is_empty() {
            return Ok(People { ids });
        }
        let mut rows = Vec::with_capacity(chunk.len());
        for user in chunk {
            import.report.users.found += 1;
            if UserId::parse(&user.id).is_none() {
                import.report.users.skipped += 1;
                import.report.note(Note::UnusableId, format!("user {:?}", user.id));
            } else if ids.contains(&user.id) {
                import.report.users.present += 1;
            } else {
                rows.push(row(import, &user, &mut names));
                ids.insert(user.id);
                import.report.users.imported += 1;
            }
        }
        if import.target.writes() {
            import.target.transact(async |tx| target::insert_users(tx, &rows).await).await?;
        }
    }
}

/// The user as it is to be stored; its name is taken from now on.
fn row(import: &mut Import<'_>, user: &UserRow, names: &mut HashSet<String>) -> [Value; 7] {
    let report = &mut import.report;
    let wanted = naming::username(&user.username, &user.id);
    let username = naming::free_username(&wanted, |name| names.contains(name));
    names.insert(username.clone());
    // Its folded form is the same name: it can be typed as before.
    let is_same = fold_username(&user.username).as_ref() == Ok(&username);
    if !is_same {
        report.note(Note::Renamed, format!("{:?} is {username}", user.username));
    }
    // Who is known by a name that could not stay keeps it as what others see.
    let shown = user.display_name.as_deref().filter(|name| !name.is_empty());
    let shown = shown.or_else(|| (!is_same).then_some(&*user.username));
    let display_name = shown.and_then(naming::display_name);
    if user
        .display_name
        .as_deref()
        .is_some_and(|name| !name.is_empty() && display_name.as_deref() != Some(name))
    {
        report.note(Note::DisplayNameChanged, &user.id);
    }
    let avatar = user.avatar.as_deref().filter(|address| !address.is_empty());
    let picture = avatar.and_then(naming::avatar);
    if picture.is_none() && avatar.is_some() {
        report.note(Note::AvatarDropped, &user.id);
    }
    let created = user.created_at.unwrap_or(import.now);
    [
        (&user.id).into(),
        username.into(),
        display_name.into(),
        picture.into(),
        created.into(),
        user.modified_at.unwrap_or(created).into(),
        user.last_seen_at.into(),
    ]
}
