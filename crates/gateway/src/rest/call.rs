//! One operation over REST: who asks, may they ask this much, what do they ask, what is answered.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use fireside_kernel::registry::Entry;
use fireside_kernel::{Actor, Ctx, Error};
use fireside_protocol::{Access, Method, Rate, Reason, Rest, RestPath};
use http::request;
use http_body::Body;
use tracing::Instrument;

use super::answer::{self, Response};
use super::{body, fields, headers};
use crate::authenticate::bearer;
use crate::gateway::Gateway;
use crate::limits::Subject;
use crate::peer::peer;

/// One request for one operation.
pub(super) struct Call<'a> {
    pub(super) gateway: &'a Arc<Gateway>,
    pub(super) entry: &'a Entry,
    /// Values of the route's fields, as sent.
    pub(super) path_fields: Vec<(&'static str, &'a str)>,
    pub(super) head: &'a request::Parts,
    /// The TCP peer.
    pub(super) tcp: IpAddr,
    pub(super) request_id: &'a Arc<str>,
}

impl Call<'_> {
    /// Runs the operation. What can be refused without reading the body is refused before.
    ///
    /// # Errors
    /// Whatever the operation or the way to it answers.
    pub(super) async fn run<B>(&self, body: &mut B) -> Result<Response, Error>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        if self.gateway.is_draining() {
            let retry_after_ms = Some(1_000);
            return Err(Error {
                retry_after_ms,
                ..Error::new(Reason::Draining, "The server is shutting down")
            });
        }
        let operation = &self.entry.operation;
        let peer = peer(self.tcp, &self.head.headers, &self.gateway.settings.trusted_proxies);
        let address = peer.address.unwrap_or(self.tcp);
        let actor = self.actor(address).await?;
        let subject = match actor.identity() {
            Some(identity) => Subject::User(&identity.user),
            None => Subject::Address(address),
        };
        self.gateway.limits.check(subject, operation.rate)?;
        if operation.access != Access::Anyone && actor == Actor::Anonymous {
            return Err(Error::unauthenticated("Sign in first"));
        }
        let mut ctx = Ctx::new(actor.clone(), self.request_id.clone());
        ctx.peer = peer;
        ctx.idempotency_key = headers::idempotency_key(&self.head.headers)?;
        let json = self.request(body).await?;
        let answered = self.dispatch(ctx, json).await;
        if operation.rate == Rate::SignIn {
            let failed = answered.as_ref().is_err_and(|error| is_guess(error.reason));
            self.gateway.limits.signed_in(subject, failed);
        }
        let status = operation.route.map_or(200, |route| route.status);
        answer::reply(answered?, status)
    }

    /// Who asks. Where anyone may, credentials are not looked at: a client whose token has expired must be
    /// able to sign in with whatever headers it sends by habit.
    async fn actor(&self, address: IpAddr) -> Result<Actor, Error> {
        if self.entry.operation.access == Access::Anyone {
            return Ok(Actor::Anonymous);
        }
        self.gateway.identify(bearer(&self.head.headers)?, address).await
    }

    /// The request as one JSON object. Fields come from the query or from the body, by method, so that no
    /// text of a write, and no password, gets into a URL.
    async fn request<B>(&self, body: &mut B) -> Result<String, Error>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let query = self.head.uri.query().unwrap_or_default();
        match self.entry.operation.route.map(|route| route.method) {
            Some(Method::Post | Method::Put | Method::Patch) => {
                if !query.is_empty() {
                    return Err(Error::new(
                        Reason::UnknownField,
                        "Fields of this request belong into its body",
                    ));
                }
                let read = body::read(&self.head.headers, body).await?;
                fields::object(&self.path_fields, "", &read)
            }
            Some(Method::Get | Method::Delete) | None => fields::object(&self.path_fields, query, b""),
        }
    }

    /// Runs the operation in a task of its own. It then comes to its end even if the client goes away: what
    /// follows a commit (closing the sockets of a session that was ended) must not be lost with it. And a
    /// panic ends in that task.
    async fn dispatch(&self, ctx: Ctx, json: String) -> Result<Rest, Error> {
        let (gateway, entry) = (self.gateway.clone(), self.entry.clone());
        let uri = self.head.uri.clone();
        let name = self.entry.operation.name;
        let reads = matches!(self.entry.operation.route.map(|route| route.method), Some(Method::Get));
        let span = tracing::info_span!("rest", operation = name, request_id = %self.request_id);
        let work = async move {
            let answer = gateway.registry.dispatch(&entry, ctx, &json)?.await?;
            answer.rest(&RestPath { path: uri.path(), query: uri.query().unwrap_or_default() })
        };
        match tokio::spawn(work.instrument(span)).await {
            Ok(answered) => answered,
            Err(_) => {
                metrics::counter!("fireside_panics_total", "door" => "rest").increment(1);
                // It may have been stored before that.
                let unknown =
                    || Error { internal: Some(format!("{name} panicked")), ..Error::indeterminate() };
                Err(if reads { Error::internal(format!("{name} panicked")) } else { unknown() })
            }
        }
    }
}

/// Whether a refusal is what guessing passwords and codes is answered with.
fn is_guess(reason: Reason) -> bool {
    matches!(reason, Reason::Unauthenticated | Reason::Forbidden | Reason::NotFound | Reason::Gone)
}
