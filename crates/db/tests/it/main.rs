//! The database floor on both engines: what is the same on both, and what each must survive.

mod concurrency;
mod migrations;
mod postgres_faults;
mod postgres_safety;
mod proxy;
mod sqlite_file;
mod transactions;
mod values;

/// Runs each test on both engines, as `sqlite::name` and `postgres::name`.
macro_rules! on_both_engines {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $test() { super::$test(fireside_db::Engine::Sqlite).await })*
        }
        mod postgres {
            $(#[tokio::test] async fn $test() { super::$test(fireside_db::Engine::Postgres).await })*
        }
    };
}
pub(crate) use on_both_engines;
