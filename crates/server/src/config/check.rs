//! What settings have to do with each other.

use fireside_db::DatabaseUrl;

use super::Loaded;
use super::problem::Problem;

/// Looks at settings together that were each read by themselves.
pub(super) fn together(loaded: &Loaded) -> Vec<Problem> {
    let config = &loaded.config;
    let mut problems = Vec::new();
    let mut problem = |key: &str, text: &str| problems.push(Problem::at(loaded.origin(key), text));
    if config.redis_url.is_some() && matches!(config.database(), DatabaseUrl::Sqlite(_)) {
        problem("redis_url", "needs a PostgreSQL in database_url: an SQLite file has one server");
    }
    match (&config.tls.cert, &config.tls.key) {
        (Some(_), None) => problem("tls_cert", "needs tls_key beside it"),
        (None, Some(_)) => problem("tls_key", "needs tls_cert beside it"),
        _ => {}
    }
    let jwt = &config.jwt;
    if jwt.jwks_url.is_some() && jwt.jwks_file.is_some() {
        problem("jwt_jwks_file", "and jwt_jwks_url exclude each other");
    }
    let has_key = jwt.secret.is_some() || jwt.jwks_url.is_some() || jwt.jwks_file.is_some();
    for (key, value) in [("jwt_issuer", &jwt.issuer), ("jwt_audience", &jwt.audience)] {
        if value.is_some() && !has_key {
            problem(key, "has no effect without jwt_secret, jwt_jwks_url or jwt_jwks_file");
        }
    }
    if config.url.as_ref().is_some_and(|url| !url.is_origin()) {
        problem("url", "has a path; the server is always at the root of its host");
    }
    problems
}
