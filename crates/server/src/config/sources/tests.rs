//! Which place wins, and what is said of mistakes.

use super::*;
use crate::config::Signup;

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
}

fn flag(name: &str, text: &str) -> Flag {
    Flag { name: name.to_owned(), text: text.to_owned() }
}

fn problems(sources: &Sources) -> Vec<String> {
    let error = sources.load().expect_err("the settings were accepted");
    error.problems.iter().map(ToString::to_string).collect()
}

fn of_environment(pairs: &[(&str, &str)]) -> Sources {
    Sources { environment: environment(pairs), ..Sources::default() }
}

#[test]
fn a_file_that_cannot_be_looked_at_is_not_passed_over() {
    let directory = tempfile::tempdir().unwrap();
    let circle = directory.path().join("circle");
    std::os::unix::fs::symlink(&circle, &circle).unwrap();
    let sources = Sources { places: vec![circle.join("fireside.toml")], ..Sources::default() };
    assert!(problems(&sources)[0].contains("the settings file"));
}

#[test]
fn the_stronger_place_wins() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("fireside.toml");
    std::fs::write(&path, "listen = '1.1.1.1:1'\nsignup = 'open'\ndata_dir = 'from-file'\n").unwrap();
    let sources = Sources {
        flags: vec![flag("listen", "3.3.3.3:3")],
        environment: environment(&[
            ("FIRESIDE_LISTEN", "2.2.2.2:2"),
            ("FIRESIDE_SIGNUP", "closed"),
            ("APP_ENV_SERVER_PORT", "4"),
            ("APP_ENV_CORS_ORIGIN", "*"),
        ]),
        file: None,
        places: vec![directory.path().join("absent.toml"), path.clone()],
        dotenv: None,
    };
    let loaded = sources.load().unwrap();
    let config = &loaded.config;
    assert_eq!(config.listen.to_string(), "3.3.3.3:3");
    assert_eq!(config.signup, Some(Signup::Closed));
    assert_eq!(config.data_dir, PathBuf::from("from-file"));
    assert_eq!(config.cors_origins, crate::config::WebOrigins::Any);
    assert_eq!(loaded.file, Some(path.clone()));
    let origin = |key: &str| loaded.origin(key).to_string();
    assert_eq!(origin("listen"), "--listen");
    assert_eq!(origin("signup"), "FIRESIDE_SIGNUP");
    assert_eq!(origin("data_dir"), format!("{}:3", path.display()));
    assert_eq!(origin("cors_origins"), "APP_ENV_CORS_ORIGIN");
    assert_eq!(origin("url"), "default");
}

#[test]
fn unknown_variables_are_named_and_the_nearest_is_suggested() {
    assert_eq!(
        problems(&of_environment(&[("FIRESIDE_LISTNE", "x"), ("FIRESIDE_COLOUR_OF_SKY", "blue")])),
        [
            "FIRESIDE_COLOUR_OF_SKY: is not a setting",
            "FIRESIDE_LISTNE: is not a setting; did you mean FIRESIDE_LISTEN?",
        ]
    );
}

#[test]
fn variables_of_the_surroundings_are_left_alone() {
    let surroundings = of_environment(&[
        ("FIRESIDE_PORT", "tcp://10.0.0.1:3000"),
        ("FIRESIDE_PORT_3000_TCP_ADDR", "10.0.0.1"),
        ("FIRESIDE_SERVICE_HOST", "10.0.0.1"),
        ("FIRESIDE_SERVICE_PORT_HTTP", "3000"),
        ("FIRESIDE_TEST_POSTGRES_URL", "postgres://x"),
        ("FIRESIDE_URL", ""),
        ("PATH", "/bin"),
    ]);
    assert!(surroundings.load().is_ok());
}

#[test]
fn bad_values_name_where_they_were_given() {
    let sources =
        Sources { flags: vec![flag("signup", "opn")], ..of_environment(&[("FIRESIDE_RATE_LIMITS", "no")]) };
    assert_eq!(
        problems(&sources),
        [
            "--signup: \"opn\" is not one of open, invite, closed; did you mean open?",
            "FIRESIDE_RATE_LIMITS: \"no\" is not one of on, off",
        ]
    );
}

#[test]
fn bad_values_of_addresses_do_not_show_their_password() {
    let found =
        problems(&of_environment(&[("FIRESIDE_DATABASE_URL", "postgres://ada:hunter2@host:port/db")]));
    assert!(found[0].starts_with("FIRESIDE_DATABASE_URL: ") && !found[0].contains("hunter2"), "{found:?}");
}

#[test]
fn secrets_may_come_from_files() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("jwt");
    std::fs::write(&path, "0123456789abcdef0123456789abcdef\n").unwrap();
    let path = path.to_str().unwrap();
    let loaded = of_environment(&[("FIRESIDE_JWT_SECRET_FILE", path)]).load().unwrap();
    assert_eq!(loaded.config.jwt.secret.unwrap().expose(), "0123456789abcdef0123456789abcdef");
    let sources = Sources { flags: vec![flag("jwt-secret-file", path)], ..Sources::default() };
    assert!(sources.load().unwrap().config.jwt.secret.is_some());
    assert_eq!(problems(&of_environment(&[("FIRESIDE_JWT_SECRET_FILE", "/nowhere")])).len(), 1);
    let twice = of_environment(&[("FIRESIDE_JWT_SECRET_FILE", path), ("FIRESIDE_JWT_SECRET", "x")]);
    assert!(problems(&twice)[0].contains("is given twice"));
    let plain = of_environment(&[("FIRESIDE_LISTEN_FILE", path)]);
    assert_eq!(problems(&plain), ["FIRESIDE_LISTEN_FILE: is not a setting; did you mean FIRESIDE_LISTEN?"]);
}

#[test]
fn a_named_file_has_to_be_there() {
    let named = Sources { file: Some(PathBuf::from("/nowhere/fireside.toml")), ..Sources::default() };
    assert!(problems(&named)[0].starts_with("the settings file /nowhere/fireside.toml: "));
    assert_eq!(problems(&of_environment(&[("FIRESIDE_CONFIG", "/nowhere/x.toml")])).len(), 1);
}

#[test]
fn redis_needs_postgres_and_is_only_noted_without_from_the_tutorial() {
    let found = problems(&of_environment(&[("FIRESIDE_REDIS_URL", "redis://localhost")]));
    assert!(found[0].starts_with("FIRESIDE_REDIS_URL: needs a PostgreSQL"), "{found:?}");
    let found = problems(&of_environment(&[("FIRESIDE_REDIS_URL", "http://:hunter2@localhost")]));
    assert!(found[0].contains("not an address of Redis") && !found[0].contains("hunter2"), "{found:?}");
    let both =
        [("FIRESIDE_REDIS_URL", "redis://localhost"), ("FIRESIDE_DATABASE_URL", "postgres://localhost/chat")];
    assert!(of_environment(&both).load().unwrap().config.redis_url.is_some());
    let loaded = of_environment(&[("APP_ENV_REDIS_HOST", "localhost")]).load().unwrap();
    assert_eq!(loaded.notes.len(), 1);
    assert!(loaded.config.redis_url.is_none());
}

#[test]
fn settings_that_need_each_other_say_so() {
    for (name, text, expected) in [
        ("FIRESIDE_TLS_CERT", "a.pem", "FIRESIDE_TLS_CERT: needs tls_key beside it"),
        ("FIRESIDE_TLS_KEY", "a.pem", "FIRESIDE_TLS_KEY: needs tls_cert beside it"),
        (
            "FIRESIDE_JWT_ISSUER",
            "x",
            "FIRESIDE_JWT_ISSUER: has no effect without jwt_secret, jwt_jwks_url or jwt_jwks_file",
        ),
        (
            "FIRESIDE_URL",
            "https://x.example/chat",
            "FIRESIDE_URL: has a path; the server is always at the root of its host",
        ),
    ] {
        assert_eq!(problems(&of_environment(&[(name, text)])), [expected]);
    }
}

#[test]
fn sqlite_alone_is_the_file_in_the_data_directory() {
    let loaded = of_environment(&[("FIRESIDE_DATABASE_URL", "sqlite:"), ("FIRESIDE_DATA_DIR", "/srv/chat")]);
    assert_eq!(loaded.load().unwrap().config.database().to_string(), "sqlite:/srv/chat/fireside.db");
}
