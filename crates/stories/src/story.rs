//! How stories are run: on which databases, through which doors, on what runtime.

use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

use fireside_db::Engine;

use crate::answer::Door;
use crate::world::World;

/// Runs a story in a new world, and audits it.
///
/// # Panics
/// If the story or its audit fails.
pub fn run(engine: Engine, door: Door, story: impl AsyncFnOnce(&World)) {
    on_engine(engine, async move |engine| {
        let world = World::new(engine, door).await;
        Box::pin(story(&world)).await;
        world.close().await;
    });
}

/// Runs a story that makes its own world.
///
/// # Panics
/// If the story fails.
pub fn on_engine(engine: Engine, story: impl AsyncFnOnce(Engine)) {
    count_panics();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("a runtime").block_on(Box::pin(story(engine)));
}

/// Panics of this process since its first story began, on whatever thread.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// How often anything in this process has panicked: the server under test runs in it.
pub fn panics() -> usize {
    PANICS.load(Ordering::Relaxed)
}

fn count_panics() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, Ordering::Relaxed);
            usual(panic);
        }));
    });
}

/// Makes each of these stories (`async fn(&World)`) four tests: through both doors, on both databases.
#[macro_export]
macro_rules! stories {
    ($($story:ident),* $(,)?) => {
        $(mod $story {
            use $crate::{Door, Engine, story::run};

            #[test]
            fn sqlite_by_socket() {
                run(Engine::Sqlite, Door::Socket, super::$story);
            }

            #[test]
            fn sqlite_by_rest() {
                run(Engine::Sqlite, Door::Rest, super::$story);
            }

            #[test]
            fn postgres_by_socket() {
                run(Engine::Postgres, Door::Socket, super::$story);
            }

            #[test]
            fn postgres_by_rest() {
                run(Engine::Postgres, Door::Rest, super::$story);
            }
        })*
    };
}

/// Makes each of these stories (`async fn(Engine)`, making their own world) two tests, one on each database.
#[macro_export]
macro_rules! engines {
    ($($story:ident),* $(,)?) => {
        $(mod $story {
            use $crate::{Engine, story::on_engine};

            #[test]
            fn sqlite() {
                on_engine(Engine::Sqlite, super::$story);
            }

            #[test]
            fn postgres() {
                on_engine(Engine::Postgres, super::$story);
            }
        })*
    };
}
