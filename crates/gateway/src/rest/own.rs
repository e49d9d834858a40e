//! The routes of the server itself: whether it lives, whether it is ready, what it is, what it measures.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::json;
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::answer::{self, Response};
use crate::authenticate::bearer;
use crate::peer::is_forwarded;

/// How long a check's result is good for, and the longest that one may take.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

const METRICS_TYPE: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// What this program is.
#[derive(Debug, Clone, Copy)]
pub struct Version {
    /// Its version.
    pub version: &'static str,
    /// The commit it was built from, where that is known.
    pub commit: Option<&'static str>,
}

impl Version {
    pub(super) fn answer(&self) -> Response {
        let body = json!({ "name": "fireside", "version": self.version, "commit": self.commit });
        answer::json(StatusCode::OK, &body)
    }
}

/// Whether something that the server needs is there.
pub type CheckFuture = Pin<Box<dyn Future<Output = bool> + Send>>;

/// Something that the server needs to do its work.
pub struct Check {
    name: &'static str,
    /// Whether the server can do its work without it, if less well.
    is_comfort: bool,
    ask: Box<dyn Fn() -> CheckFuture + Send + Sync>,
}

impl Check {
    /// A check under a name that `/readyz` gives as the reason when it fails.
    pub fn new<F, Fut>(name: &'static str, ask: F) -> Check
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send + 'static,
    {
        Check { name, is_comfort: false, ask: Box::new(move || Box::pin(ask())) }
    }

    /// The same for something that the server can do without: when it fails, the server is ready all the same
    /// and says `degraded`.
    #[must_use]
    pub fn of_comfort(self) -> Check {
        Check { is_comfort: true, ..self }
    }
}

impl std::fmt::Debug for Check {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Check").field(&self.name).finish()
    }
}

/// What fails, by name.
#[derive(Debug, Clone, Default)]
struct Failing {
    needs: Vec<&'static str>,
    comforts: Vec<&'static str>,
}

/// Whether the server is ready. Anyone may ask as often as they like: the checks run at most once a second.
#[derive(Debug)]
pub(super) struct Readiness {
    checks: Vec<Check>,
    last: Mutex<Option<(Instant, Failing)>>,
}

impl Readiness {
    pub(super) fn new(checks: Vec<Check>) -> Self {
        Self { checks, last: Mutex::new(None) }
    }

    pub(super) async fn answer(&self, is_draining: bool) -> Response {
        let Failing { needs: mut reasons, comforts } = self.failing().await;
        if is_draining {
            reasons.insert(0, "draining");
        }
        if !reasons.is_empty() {
            let body = json!({ "status": "not_ready", "reasons": reasons });
            answer::json(StatusCode::SERVICE_UNAVAILABLE, &body)
        } else if comforts.is_empty() {
            answer::json(StatusCode::OK, &json!({ "status": "ready" }))
        } else {
            answer::json(StatusCode::OK, &json!({ "status": "degraded", "reasons": comforts }))
        }
    }

    async fn failing(&self) -> Failing {
        // Whoever asks while the checks run waits for their result.
        let mut last = self.last.lock().await;
        if let Some((asked_at, failing)) = &*last
            && asked_at.elapsed() < CHECK_INTERVAL
        {
            return failing.clone();
        }
        let asked = self.checks.iter().map(|check| async move {
            let is_there = timeout(CHECK_INTERVAL, (check.ask)()).await.unwrap_or(false);
            (!is_there).then_some(check)
        });
        let (comforts, needs): (Vec<&Check>, Vec<&Check>) =
            join_all(asked).await.into_iter().flatten().partition(|check| check.is_comfort);
        let names = |checks: Vec<&Check>| checks.into_iter().map(|check| check.name).collect();
        let failing = Failing { needs: names(needs), comforts: names(comforts) };
        *last = Some((Instant::now(), failing.clone()));
        failing
    }
}

/// Renders what was measured, in Prometheus' text format.
pub type RenderMetrics = Box<dyn Fn() -> String + Send + Sync>;

/// `/metrics`, for whoever may see it.
pub(super) struct Metrics {
    pub(super) render: Option<RenderMetrics>,
    pub(super) warned: AtomicBool,
}

impl Metrics {
    /// The metrics; nothing for whoever may not see them. With a token it takes the token; without one the
    /// caller must be on this machine, and not sent on by a proxy there.
    pub(super) fn answer(&self, token: Option<&str>, tcp: IpAddr, headers: &HeaderMap) -> Option<Response> {
        let render = self.render.as_ref()?;
        let may_see = match token {
            Some(token) => bearer(headers).ok().flatten().is_some_and(|given| {
                // Unequal lengths compare unequal at once; the length of a token is no secret.
                bool::from(given.as_bytes().ct_eq(token.as_bytes()))
            }),
            None => tcp.to_canonical().is_loopback() && !is_forwarded(headers),
        };
        if !may_see && !self.warned.swap(true, Ordering::Relaxed) {
            tracing::warn!("/metrics was asked for from elsewhere; set a metrics token to open it");
        }
        may_see.then(|| answer::with_body(StatusCode::OK, METRICS_TYPE, render()))
    }
}
