//! Who may do what: every operation, called by everyone, held against the table that is kept.

use std::collections::BTreeSet;
use std::path::Path;

use fireside_stories::story::on_engine;
use fireside_stories::sweep::{CASES, Sweep, table};
use fireside_stories::{Door, Engine, World};
use serde_json::Value;

const KEPT: &str = "contract/permissions.md";

/// Set, the table is written anew instead of compared.
const UPDATE: &str = "FIRESIDE_UPDATE";

#[test]
fn the_table_of_permissions_is_what_the_server_does() {
    on_engine(Engine::Sqlite, async |engine| Box::pin(sweep(engine)).await);
}

async fn sweep(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let mut sweep = Sweep::new(&world).await;
    let now = table(&sweep.run().await);
    assert!(sweep.findings.is_empty(), "{}", sweep.findings.join("\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(KEPT);
    if std::env::var_os(UPDATE).is_some_and(|value| value == "1") {
        std::fs::write(&path, &now).expect("the table can be written");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let changed = now.lines().find(|line| !kept.lines().any(|other| other == *line));
    assert!(
        kept == now,
        "{KEPT} is stale: {}\nIf this is meant, set {UPDATE}=1 and look at the change.",
        changed.unwrap_or("rows are gone")
    );
    drop(sweep);
    world.close().await;
}

#[test]
fn the_sweep_knows_every_operation_that_is_published() {
    on_engine(Engine::Sqlite, async |engine| Box::pin(completeness(engine)).await);
}

async fn completeness(engine: Engine) {
    let world = World::new(engine, Door::Rest).await;
    let openapi = world.alice.gets("/openapi.json").await;
    let paths = openapi["paths"].as_object().into_iter().flatten();
    let operations = paths.flat_map(|(_, methods)| methods.as_object().into_iter().flatten());
    let published: BTreeSet<&str> = operations
        .filter_map(|(_, operation)| operation["operationId"].as_str())
        .filter(|name| !name.starts_with("server."))
        .collect();
    let swept: BTreeSet<&str> =
        CASES.iter().filter(|case| case.operation.route.is_some()).map(|case| case.operation.name).collect();
    assert_eq!(swept, published);
    let asyncapi = world.alice.gets("/asyncapi.json").await;
    let received = asyncapi["operations"].as_object().into_iter().flatten();
    let published: BTreeSet<String> = received
        .filter(|(_, operation)| operation["action"] == "receive")
        .map(|(name, _)| name.replace('.', ":"))
        // How a connection is opened and what it hears: stories of their own.
        .filter(|event| !["authenticate", "join", "leave", "digest:watch"].contains(&event.as_str()))
        .collect();
    let swept: BTreeSet<String> =
        CASES.iter().filter_map(|case| case.operation.event).map(str::to_owned).collect();
    assert_eq!(swept, published);
    assert!(matches!(openapi["openapi"], Value::String(_)));
    world.close().await;
}
