//! A room's newest page for everybody who asks for it at the same time: one reading, and an answer for each by what
//! they may see.
//!
//! This is no cache. A reading answers those who asked before it began, so that each is told everything that was
//! there when they asked; whoever comes later waits for the next one.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;
use std::time::Duration;

use fireside_kernel::permission::{self, Permission};
use fireside_kernel::{Error, Kernel, Result};
use fireside_protocol::page::Limit;
use fireside_protocol::{RoomRef, UserId};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout};

use super::list::{Rows, Wanted, read_page};

/// How long an answer is waited for, behind a reading that may take as long as the database's own limit. Every call is
/// answered within 5 s (`GUARANTEES.md` F22).
const ANSWER_WITHIN: Duration = Duration::from_millis(4_500);
/// How often it is looked whether a crowd still grows, and so what a request that came during a reading waits at least.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// By how many a crowd grows between two looks to be waited for.
const RUSH: usize = 8;
/// How long a crowd is waited for at most.
const GATHER_FOR: Duration = Duration::from_millis(200);

/// A page: of which room, how many rows.
type Newest = (RoomRef, Limit);

/// See the module. A page is here while it is read.
#[derive(Debug, Default)]
pub(crate) struct Crowds(Mutex<HashMap<Newest, Vec<Caller>>>);

#[derive(Debug)]
struct Caller {
    user: UserId,
    tell: oneshot::Sender<Result<Arc<Rows>>>,
}

impl Crowds {
    /// The newest page, if the user may read the room. What it holds is the same for everybody: what is told of it
    /// to one person in particular is up to the caller.
    ///
    /// # Errors
    /// `not_found` or `forbidden` by what the user may see; `overloaded` when the database does not answer.
    pub(crate) async fn newest(
        self: &Arc<Self>,
        kernel: &Kernel,
        page: Newest,
        user: &UserId,
    ) -> Result<Arc<Rows>> {
        let (tell, told) = oneshot::channel();
        let caller = Caller { user: user.clone(), tell };
        match self.0.lock().entry(page) {
            Entry::Occupied(mut crowd) => crowd.get_mut().push(caller),
            Entry::Vacant(place) => {
                // In a task of its own: whoever began it may go, and the others are answered all the same.
                tokio::spawn(self.clone().serve(kernel.clone(), place.key().clone()));
                place.insert(vec![caller]);
            }
        }
        match timeout(ANSWER_WITHIN, told).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(Error::internal("the reading of a page broke down")),
            Err(_) => Err(Error::overloaded()),
        }
    }

    /// Reads a page until nobody waits for it.
    async fn serve(self: Arc<Self>, kernel: Kernel, page: Newest) {
        // Whose request has arrived already comes into this crowd, and not into the next.
        tokio::task::yield_now().await;
        while let Some(crowd) = self.crowd(&page) {
            // If it breaks down, these callers learn of it by their channels, and the next are served.
            let _ended = tokio::spawn(answer(kernel.clone(), page.clone(), crowd)).await;
            self.gather(&page).await;
        }
    }

    /// Waits for those who come in a rush, as after a restart: one reading for all of them, instead of one for each
    /// part that arrives during the one before.
    async fn gather(&self, page: &Newest) {
        let since = Instant::now();
        let waiting = || self.0.lock().get(page).map_or(0, Vec::len);
        let mut before = waiting();
        while before > 0 && since.elapsed() < GATHER_FOR {
            sleep(LOOK_EVERY).await;
            let now = waiting();
            if now < before + RUSH {
                return;
            }
            before = now;
        }
    }

    /// Everybody who waits for a page; if there is nobody, it is forgotten.
    fn crowd(&self, page: &Newest) -> Option<Vec<Caller>> {
        let mut pages = self.0.lock();
        let crowd = std::mem::take(pages.get_mut(page)?);
        if crowd.is_empty() {
            pages.remove(page);
            return None;
        }
        Some(crowd)
    }
}

async fn answer(kernel: Kernel, page: Newest, crowd: Vec<Caller>) {
    let mut users: Vec<UserId> = crowd.iter().map(|caller| caller.user.clone()).collect();
    users.sort_unstable();
    users.dedup();
    let answers = read(&kernel, page, users).await;
    for Caller { user, tell } in crowd {
        let answer = match &answers {
            Ok(answers) => answers.get(&user).cloned().unwrap_or_else(|| Err(Error::not_found("Room"))),
            Err(error) => Err(error.clone()),
        };
        // Who has gone needs none.
        let _told = tell.send(answer);
    }
}

/// The page for those of the users who may read it, and for each of the others why not.
async fn read(
    kernel: &Kernel,
    (room, limit): Newest,
    users: Vec<UserId>,
) -> Result<HashMap<UserId, Result<Arc<Rows>>>> {
    let entered = permission::enter_together(&kernel.db, &room, &users, Permission::Read).await?;
    let rows = match entered.iter().find_map(|entered| entered.as_ref().ok()) {
        Some(pass) => read_page(kernel, pass, Wanted { limit, ..Wanted::default() }).await.map(Arc::new),
        None => Err(Error::not_found("Room")),
    };
    let answers = entered.into_iter().map(|entered| entered.and_then(|_may_read| rows.clone()));
    Ok(users.into_iter().zip(answers).collect())
}
