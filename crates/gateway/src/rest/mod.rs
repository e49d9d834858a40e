//! The REST door: every operation of the registry that has a route, the routes of the server itself, and its
//! pages. It knows HTTP and no feature.
//!
//! One request is answered by [`Rest::answer`], and everything leaves through its end: the same headers on
//! every answer, errors included.

mod answer;
mod body;
mod call;
mod compression;
mod cors;
mod fields;
mod headers;
mod own;
mod pages;
mod router;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use bytes::Bytes;
use fireside_kernel::Error;
use fireside_protocol::{Operation, Reason};
use http::header::{CONNECTION, CONTENT_LENGTH};
use http::{HeaderValue, Method, Request, StatusCode, request};
use http_body::Body;
use http_body_util::Full;
use tokio::time::Instant;

pub use own::{Check, CheckFuture, RenderMetrics, Version};
pub use pages::Pages;
pub(crate) use pages::digest;

use crate::gateway::Gateway;
use answer::Response;
use own::{Metrics, Readiness};
use router::{Found, Own, Router, Target};

pub(crate) use answer::ERRORS_PATH;

/// The route label of requests that no route fits. Paths are no labels: there are endless ones.
const NO_ROUTE: &str = "none";

/// What the server gives to the REST door.
pub struct RestSettings {
    /// Pages besides the contract's own.
    pub pages: Pages,
    /// What has to be there for the server to be ready.
    pub checks: Vec<Check>,
    /// Renders `/metrics`; without it there is no such route.
    pub metrics: Option<RenderMetrics>,
    /// What `/version` says.
    pub version: Version,
}

/// The REST door.
pub struct Rest {
    gateway: Arc<Gateway>,
    router: Router,
    pages: Pages,
    readiness: Readiness,
    metrics: Metrics,
    version: Version,
}

impl Rest {
    /// A door onto the gateway's operations. Writes the contract's documents, which takes some milliseconds.
    ///
    /// # Panics
    /// If two routes or two schemas contradict each other: that is a mistake of the program, found at its
    /// start.
    pub fn new(gateway: Arc<Gateway>, settings: RestSettings) -> Rest {
        let pages = crate::contract::publish(&gateway.registry, settings.pages);
        Rest {
            router: Router::new(&gateway.registry, pages.paths()),
            gateway,
            pages,
            readiness: Readiness::new(settings.checks),
            metrics: Metrics { render: settings.metrics, warned: AtomicBool::new(false) },
            version: settings.version,
        }
    }

    /// Answers one request of the TCP peer `tcp`. Never fails and never panics.
    pub async fn answer<B>(&self, tcp: IpAddr, request: Request<B>) -> http::Response<Full<Bytes>>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let started = Instant::now();
        let (head, mut body) = request.into_parts();
        let request_id = headers::request_id(&head.headers, &self.gateway.names);
        let found = self.router.find(&head.method, head.uri.path());
        let template = template(&found);
        let operation = self.operation(&found).copied();
        let mut response = match self.respond(&head, found, &mut body, tcp, &request_id).await {
            Ok(response) => response,
            Err(error) => {
                report(&error, template, &request_id);
                answer::problem(&error, operation.as_ref(), &request_id)
            }
        };
        let is_read = body::drain(&head.headers, &mut body).await;
        let headers = response.headers_mut();
        if !is_read || self.gateway.is_draining() {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            headers.insert(headers::REQUEST_ID, id);
        }
        cors::allow(&self.gateway.settings.origins, &head, headers);
        headers::secure(headers);
        measure(template, &head.method, response.status(), started.elapsed());
        finish(&head.method, response)
    }

    async fn respond<B>(
        &self,
        head: &request::Parts,
        found: Found<'_>,
        body: &mut B,
        tcp: IpAddr,
        request_id: &Arc<str>,
    ) -> Result<Response, Error>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        headers::check(head)?;
        let (target, path_fields) = match found {
            Found::Route { target, fields, .. } => (target, fields),
            Found::OtherMethod { allow, .. } if head.method == Method::OPTIONS => {
                return Ok(answer::allow(answer::empty(StatusCode::NO_CONTENT), &allow));
            }
            Found::OtherMethod { allow, .. } => {
                let error = Error::new(Reason::MethodNotAllowed, "This path does not know the method");
                return Ok(answer::allow(answer::problem(&error, None, request_id), &allow));
            }
            Found::Nothing => return self.pages.nothing_here(head).ok_or_else(no_such_path),
        };
        match target {
            Target::Operation(index) => {
                let entry = self.gateway.registry.entries().get(index).ok_or_else(no_such_path)?;
                let gateway = &self.gateway;
                let call = call::Call { gateway, entry, path_fields, head, tcp, request_id };
                let response = call.run(body).await?;
                // Only what was read: what a sign-in answers is secret, and short.
                let is_read = head.method == Method::GET;
                Ok(if is_read { compression::shorten(response, &head.headers) } else { response })
            }
            Target::Page(index) => {
                let query = head.uri.query().unwrap_or_default();
                self.pages.answer(index, query, &head.headers).ok_or_else(no_such_path)
            }
            Target::Own(Own::Health) => {
                Ok(answer::json(StatusCode::OK, &serde_json::json!({ "status": "ok" })))
            }
            Target::Own(Own::Ready) => Ok(self.readiness.answer(self.gateway.is_draining()).await),
            Target::Own(Own::Version) => Ok(self.version.answer()),
            Target::Own(Own::Metrics) => {
                let token = self.gateway.settings.metrics_token.as_deref();
                self.metrics.answer(token, tcp, &head.headers).ok_or_else(no_such_path)
            }
        }
    }

    /// The operation behind a route, for its own error code.
    fn operation(&self, found: &Found<'_>) -> Option<&Operation> {
        match found {
            Found::Route { target: Target::Operation(index), .. } => {
                self.gateway.registry.entries().get(*index).map(|entry| &entry.operation)
            }
            _ => None,
        }
    }
}

impl std::fmt::Debug for Rest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest").field("gateway", &self.gateway).finish_non_exhaustive()
    }
}

fn no_such_path() -> Error {
    Error::not_found("Path")
}

fn template(found: &Found<'_>) -> &'static str {
    match found {
        Found::Route { template, .. } | Found::OtherMethod { template, .. } => template,
        Found::Nothing => NO_ROUTE,
    }
}

/// Our own mistakes go to the log with everything that is known; the client gets the id to ask with.
fn report(error: &Error, route: &'static str, request_id: &str) {
    if let Some(internal) = &error.internal {
        let reason = error.reason.as_str();
        tracing::error!(route, request_id, reason, internal = internal.as_str(), "request failed");
    }
}

fn measure(route: &'static str, method: &Method, status: StatusCode, took: Duration) {
    // Methods can be made up, and a label for each would take the memory of whoever keeps the metrics.
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "OTHER".to_owned(),
    };
    let code = status.as_str().to_owned();
    metrics::counter!("fireside_http_requests_total", "route" => route, "method" => method, "code" => code)
        .increment(1);
    metrics::histogram!("fireside_http_request_duration_seconds", "route" => route).record(took);
}

/// The answer as it is sent: to `HEAD` without its body, but with its length.
fn finish(method: &Method, response: Response) -> http::Response<Full<Bytes>> {
    let (mut head, body) = response.into_parts();
    let has_length = !matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if has_length {
        head.headers.insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
    }
    let body = if *method == Method::HEAD { Bytes::new() } else { body };
    http::Response::from_parts(head, Full::new(body))
}

#[cfg(test)]
mod tests;
