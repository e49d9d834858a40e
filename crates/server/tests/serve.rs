//! A whole server in the test's own process: starts on any port, says that it is ready, and stops.

use fireside_db::Engine;
use fireside_db::testing::TestDatabase;
use fireside_server::config::Config;
use fireside_server::wiring::{self, Running, StartError};

/// A server's settings on a database of its own.
fn config(place: &TestDatabase, directory: &tempfile::TempDir) -> Config {
    Config {
        listen: "127.0.0.1:0".parse().expect("an address"),
        data_dir: directory.path().to_owned(),
        database_url: Some(place.url().parse().expect("a database")),
        ..Config::default()
    }
}

async fn get(running: &Running, path: &str) -> Option<u16> {
    let url = format!("http://{}{path}", running.address);
    let ask = move || {
        let agent =
            ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
        agent.get(url).call().ok().map(|answer| answer.status().as_u16())
    };
    tokio::task::spawn_blocking(ask).await.expect("the request runs")
}

#[tokio::test]
async fn a_server_starts_is_ready_and_stops() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let directory = tempfile::tempdir().unwrap();
        let place = TestDatabase::on(engine).await;
        let config = config(&place, &directory);
        let running = wiring::start(&config, true).await.expect("the server starts");
        for (path, status) in
            [("/readyz", 200), ("/healthz", 200), ("/metrics", 200), ("/nothing", 404), ("/auth/me", 401)]
        {
            assert_eq!(get(&running, path).await, Some(status), "{path} on {engine:?}");
        }
        let token = running.setup_token.clone().expect("nobody has claimed it");
        let kept = std::fs::read_to_string(directory.path().join("setup-token")).expect("the token is kept");
        assert_eq!(kept.trim_end(), token);
        let address = running.address;
        let relay = std::sync::Arc::downgrade(&running.kernel.relay);
        running.shutdown();
        running.wait().await;
        // Within one process a server that begins anew must not have its old self beside it.
        for _ in 0..100 {
            if relay.strong_count() == 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(relay.strong_count(), 0, "the old server is still there on {engine:?}");
        assert!(std::net::TcpStream::connect(address).is_err(), "nobody listens any more on {engine:?}");
        // The database was let go of: the next server takes it.
        let again = wiring::start(&config, false).await.expect("it starts again");
        assert_ne!(again.setup_token, Some(token), "every start has a token of its own");
        again.shutdown();
        again.wait().await;
    }
}

#[tokio::test]
async fn a_taken_port_is_told_with_a_way_out() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let directory = tempfile::tempdir().unwrap();
    let place = TestDatabase::sqlite();
    let config = Config { listen: format!(":{port}").parse().unwrap(), ..config(&place, &directory) };
    let error = wiring::start(&config, true).await.expect_err("the port is taken");
    assert!(matches!(error, StartError::Listen { .. }), "{error:?}");
    let text = error.to_string();
    assert!(
        text.contains(&format!("127.0.0.1:{port}")) && text.contains("Try: fireside --listen "),
        "{text}"
    );
}

#[tokio::test]
async fn an_old_schema_stays_old_where_nobody_may_migrate() {
    let directory = tempfile::tempdir().unwrap();
    let place = TestDatabase::sqlite();
    let config = config(&place, &directory);
    let error = wiring::start(&config, false).await.expect_err("the schema is not there");
    assert!(matches!(error, StartError::MigrationNeeded), "{error:?}");
    place.open().await.close().await;
    let running = wiring::start(&config, false).await.expect("the schema is there now");
    running.shutdown();
    running.wait().await;
}
