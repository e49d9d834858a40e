//! Passwords: Argon2id, two at a time, with a short queue.
//!
//! One hash costs 19 MiB and some 26 ms of a core. Whoever asks for more of them than two cores can do is
//! told so at once, instead of taking the time of everyone's messages.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use fireside_kernel::{Error, Names, Result};
use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// Hashes that run at once.
const RUNNING: usize = 2;
/// Hashes that wait.
const WAITING: usize = 32;

/// What a password turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Check {
    /// It is the right one.
    pub(super) matches: bool,
    /// Its hash was made with other parameters than those of today.
    pub(super) outdated: bool,
}

/// Hashes and checks passwords.
pub(super) struct Passwords {
    places: Arc<Semaphore>,
    jobs: mpsc::Sender<Job>,
    names: Names,
    /// The hash of a password nobody has: checked for users who have none, so that the time of an answer
    /// does not tell who exists.
    decoy: Arc<str>,
}

type Job = Box<dyn FnOnce() + Send>;

/// A place in the queue, until it is dropped.
pub(super) struct Place {
    _permit: OwnedSemaphorePermit,
}

impl Passwords {
    /// Makes the decoy, which takes as long as one hash.
    ///
    /// # Errors
    /// `internal` if the library refuses our parameters.
    pub(super) async fn new(names: Names) -> Result<Self> {
        let places = Arc::new(Semaphore::new(RUNNING + WAITING));
        let mut passwords = Self { places, jobs: start_threads()?, names, decoy: Arc::from("") };
        let secret = passwords.names.secret();
        passwords.decoy = passwords.hash(passwords.enter()?, &secret).await?.into();
        Ok(passwords)
    }

    /// Takes a place in the queue.
    ///
    /// # Errors
    /// `overloaded` if there is none left.
    pub(super) fn enter(&self) -> Result<Place> {
        let permit = self.places.clone().try_acquire_owned().map_err(|_| Error::overloaded())?;
        Ok(Place { _permit: permit })
    }

    /// The hash to store for a password.
    ///
    /// # Errors
    /// `internal` if the library refuses.
    pub(super) async fn hash(&self, place: Place, password: &str) -> Result<String> {
        let (password, salt) = (password.to_owned(), self.names.secret());
        self.run(place, move || {
            // 32 characters carry 160 random bits.
            let hash = hasher()?.hash_password_with_salt(password.as_bytes(), &salt.as_bytes()[..32]);
            hash.map(|hash| hash.to_string()).map_err(|error| Error::internal(format!("argon2: {error}")))
        })
        .await
    }

    /// Compares a password with a stored hash. Without one it takes the same time, and never matches.
    ///
    /// # Errors
    /// `internal` if the library refuses our parameters.
    pub(super) async fn check(&self, place: Place, password: &str, stored: Option<&str>) -> Result<Check> {
        let exists = stored.is_some();
        let stored: Arc<str> = stored.map_or_else(|| self.decoy.clone(), Arc::from);
        let password = password.to_owned();
        self.run(place, move || {
            let ours = hasher()?;
            let Ok(hash) = PasswordHash::new(&stored) else {
                tracing::error!("a stored password hash cannot be read");
                return Ok(Check { matches: false, outdated: false });
            };
            // With the parameters of the stored hash.
            let matches = ours.verify_password(password.as_bytes(), &hash).is_ok();
            Ok(Check { matches: matches && exists, outdated: is_outdated(&hash) })
        })
        .await
    }

    /// Runs a hash when its turn comes. It keeps its place to the end, also when nobody waits for the result any more.
    async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = oneshot::channel();
        let job = Box::new(move || {
            let outcome = work();
            drop(place);
            // Nobody may be waiting any more.
            let _told = tell.send(outcome);
        });
        self.jobs.send(job).map_err(|_| Error::internal("the threads that hash have ended"))?;
        told.await.map_err(|_| Error::internal("hashing panicked"))?
    }
}

/// Starts the threads that hash, which end with the sender. They are these few, and not the runtime's many: the
/// allocator keeps the 19 MiB of a hash for the thread that asked for them, which was 800 MB after some hundred sign-ins.
///
/// # Errors
/// `internal` if the system gives us no thread.
fn start_threads() -> Result<mpsc::Sender<Job>> {
    let (jobs, queue) = mpsc::channel::<Job>();
    let queue = Arc::new(Mutex::new(queue));
    for number in 1..=RUNNING {
        let queue = queue.clone();
        let work = move || {
            loop {
                let job = queue.lock().recv();
                let Ok(job) = job else { return };
                // Whoever waits is told by the end of its channel; the thread goes on.
                let _panicked = catch_unwind(AssertUnwindSafe(job));
            }
        };
        let thread = std::thread::Builder::new().name(format!("password-{number}")).spawn(work);
        thread.map_err(|error| Error::internal(format!("no thread to hash on: {error}")))?;
    }
    Ok(jobs)
}

fn params() -> Result<Params> {
    Params::new(19 * 1024, 2, 1, Some(32)).map_err(|error| Error::internal(format!("argon2: {error}")))
}

fn hasher() -> Result<Argon2<'static>> {
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params()?))
}

fn is_outdated(hash: &PasswordHash) -> bool {
    let same = hash.algorithm == argon2::ARGON2ID_IDENT
        && hash.version == Some(Version::V0x13.into())
        && Params::try_from(hash).ok() == params().ok();
    !same
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "hunter42", made with less memory and one pass.
    fn weak() -> String {
        let params = Params::new(1024, 1, 1, Some(32)).unwrap();
        let weak = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        weak.hash_password_with_salt(b"hunter42", b"a salt of 16 byte").unwrap().to_string()
    }

    #[tokio::test]
    async fn the_right_password_matches_and_no_other() {
        let passwords = Passwords::new(Names::random()).await.unwrap();
        let hash = passwords.hash(passwords.enter().unwrap(), "hunter42").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let check = async |password, stored| {
            passwords.check(passwords.enter().unwrap(), password, stored).await.unwrap()
        };
        assert_eq!(check("hunter42", Some(&hash)).await, Check { matches: true, outdated: false });
        assert_eq!(check("hunter43", Some(&hash)).await, Check { matches: false, outdated: false });
        assert!(!check("hunter42", None).await.matches);
        assert!(!check("hunter42", Some("not a hash")).await.matches);
        assert_eq!(check("hunter42", Some(&weak())).await, Check { matches: true, outdated: true });
    }

    #[tokio::test]
    async fn the_decoy_costs_what_a_real_hash_costs() {
        let passwords = Passwords::new(Names::random()).await.unwrap();
        assert!(!is_outdated(&PasswordHash::new(&passwords.decoy).unwrap()));
    }

    #[tokio::test]
    async fn a_full_queue_refuses_at_once() {
        let passwords = Passwords::new(Names::random()).await.unwrap();
        let places: Vec<_> = (0..RUNNING + WAITING).map(|_| passwords.enter().unwrap()).collect();
        let refused = passwords.enter().err().expect("there was one place too many");
        assert_eq!(refused.retry_after_ms, Some(1000));
        drop(places);
        assert!(passwords.enter().is_ok());
    }
}
