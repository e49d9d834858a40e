//! How stories are run: on which databases, through which doors, on what runtime.

use std::cell::{Cell, OnceCell};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Once};

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
    let counter = Arc::default();
    count_panics(&counter);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all().on_thread_start(move || count_panics(&counter));
    runtime.build().expect("a runtime").block_on(Box::pin(story(engine)));
}

/// Runs a story that makes its own world, all of it on this thread: what is set for this thread holds for its server.
///
/// # Panics
/// If the story fails.
pub fn on_one_thread(engine: Engine, story: impl AsyncFnOnce(Engine)) {
    count_panics(&Arc::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(Box::pin(story(engine)));
}

/// Runs a story that makes its own world, of two nodes on one PostgreSQL.
///
/// # Panics
/// If the story fails.
pub fn on_two_nodes(story: impl AsyncFnOnce(Engine)) {
    TWO_NODES.set(true);
    on_engine(Engine::Postgres, story);
    TWO_NODES.set(false);
}

/// Runs a story in a new world of two nodes, and audits it.
///
/// # Panics
/// If the story or its audit fails.
pub fn run_on_two_nodes(door: Door, story: impl AsyncFnOnce(&World)) {
    TWO_NODES.set(true);
    run(Engine::Postgres, door, story);
    TWO_NODES.set(false);
}

/// Whether the story of this thread has two nodes.
pub fn has_two_nodes() -> bool {
    TWO_NODES.get()
}

thread_local! {
    static TWO_NODES: Cell<bool> = const { Cell::new(false) };
    /// The counter of the story that this thread works for.
    static PANICS: OnceCell<Arc<AtomicUsize>> = const { OnceCell::new() };
}

/// How often anything has panicked in the story of this thread: the server under test runs in it.
pub fn panics() -> usize {
    PANICS.with(|counter| counter.get().map_or(0, |counter| counter.load(Ordering::Relaxed)))
}

/// Has panics of this thread counted.
fn count_panics(counter: &Arc<AtomicUsize>) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            // While a thread ends its counter may be gone: there is no story any more then.
            let _counted = PANICS
                .try_with(|counter| counter.get().map(|counter| counter.fetch_add(1, Ordering::Relaxed)));
            usual(panic);
        }));
    });
    PANICS.with(|own| own.set(counter.clone()).expect("a thread works for one story"));
}

/// Makes each of these stories (`async fn(&World)`) five tests: through both doors, on both databases, and on two
/// nodes; of those named behind `alone` only the first four, because they are about what one node does by itself.
#[macro_export]
macro_rules! stories {
    (alone $($story:ident),* $(,)?) => {
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
    ($($story:ident),* $(,)?) => {
        $crate::stories! { alone $($story),* }

        mod two_nodes {
            use $crate::{Door, story::run_on_two_nodes};

            $(#[test]
            fn $story() {
                run_on_two_nodes(Door::Socket, super::$story);
            })*
        }
    };
}

/// Makes each of these stories (`async fn(Engine)`, making their own world) three tests: one on each database, and
/// one on two nodes; of those named behind `alone` only the first two.
#[macro_export]
macro_rules! engines {
    (alone $($story:ident),* $(,)?) => {
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
    ($($story:ident),* $(,)?) => {
        $crate::engines! { alone $($story),* }

        mod two_nodes_of_their_own {
            use $crate::story::on_two_nodes;

            $(#[test]
            fn $story() {
                on_two_nodes(super::$story);
            })*
        }
    };
}
