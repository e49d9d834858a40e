//! Static pages: a fixed table from path to bytes, made when the server starts. There is no folder behind it
//! that a path could leave.

use std::sync::OnceLock;

use bytes::Bytes;
use flate2::Compression;
use http::header::{ACCEPT, CACHE_CONTROL, ETAG, IF_NONE_MATCH};
use http::{HeaderMap, HeaderValue, Method, StatusCode, request};
use sha2::{Digest, Sha256};

use super::answer::{self, Response};
use super::compression::{accepts_gzip, gzip, mark};
use super::headers;

/// Ask again each time, with the tag: most answers are then empty.
const REVALIDATE: HeaderValue = HeaderValue::from_static("no-cache");
/// For a URL that names the version of its content.
const KEEP: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// All pages of a server.
#[derive(Debug, Default)]
pub struct Pages(Vec<Page>);

#[derive(Debug)]
struct Page {
    path: &'static str,
    content_type: &'static str,
    body: Bytes,
    tag: String,
    /// What `?v=` has to say for the answer to be good for ever.
    version: String,
    /// The body as gzip, made when it is asked for first; none where that is no smaller.
    gzip: OnceLock<Option<Bytes>>,
}

impl Pages {
    /// No pages.
    pub fn new() -> Pages {
        Pages::default()
    }

    /// With one more page. `path` may have `{fields}` as routes have, whose values are for the page's own
    /// script. The content type follows from the ending of `file`, the name of what is served.
    ///
    /// # Panics
    /// If the ending is unknown: that is a mistake of the program, found at its start.
    #[must_use]
    pub fn with(self, path: &'static str, file: &str, body: impl Into<Bytes>) -> Pages {
        let body = body.into();
        let version = digest(&[&body]);
        self.with_version(path, file, body, version)
    }

    /// With one more page that belongs together with others under one version: asked for with `?v=` and that
    /// version, browsers keep it for good.
    ///
    /// # Panics
    /// As [`Pages::with`].
    #[must_use]
    pub fn with_version(
        mut self,
        path: &'static str,
        file: &str,
        body: impl Into<Bytes>,
        version: String,
    ) -> Pages {
        let content_type =
            content_type(file).unwrap_or_else(|| panic!("no content type is known for {file}"));
        let body = body.into();
        let tag = digest(&[&body]);
        self.0.push(Page { path, content_type, body, tag, version, gzip: OnceLock::new() });
        self
    }

    /// For a person who opens an address that there is not: the first page, whose script says so. None for programs,
    /// which read errors.
    pub(super) fn nothing_here(&self, head: &request::Parts) -> Option<Response> {
        let is_read = [Method::GET, Method::HEAD].contains(&head.method);
        let is_page = |accept: &HeaderValue| accept.to_str().is_ok_and(|list| list.contains("text/html"));
        if !is_read || !head.headers.get_all(ACCEPT).iter().any(is_page) {
            return None;
        }
        let mut response = self.answer(self.paths().position(|path| path == "/")?, "", &head.headers)?;
        if response.status() == StatusCode::OK {
            *response.status_mut() = StatusCode::NOT_FOUND;
        }
        Some(response)
    }

    pub(super) fn paths(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|page| page.path)
    }

    pub(super) fn answer(&self, index: usize, query: &str, asked: &HeaderMap) -> Option<Response> {
        let page = self.0.get(index)?;
        let compressed = if accepts_gzip(asked) { page.gzip() } else { None };
        // Two representations, two tags (RFC 9110 §8.8.3.3).
        let suffix = if compressed.is_some() { "-gz" } else { "" };
        let tag = HeaderValue::from_str(&format!("\"{}{suffix}\"", page.tag)).ok()?;
        let is_known = asked.get_all(IF_NONE_MATCH).iter().any(|list| lists(list, tag.as_bytes()));
        let mut response = if is_known {
            answer::empty(StatusCode::NOT_MODIFIED)
        } else {
            let body = compressed.unwrap_or(&page.body).clone();
            answer::with_body(StatusCode::OK, HeaderValue::from_static(page.content_type), body)
        };
        let is_versioned = query.strip_prefix("v=") == Some(page.version.as_str());
        let answer = response.headers_mut();
        headers::secure_page(answer);
        answer.insert(ETAG, tag);
        answer.insert(CACHE_CONTROL, if is_versioned { KEEP } else { REVALIDATE });
        mark(answer, compressed.is_some() && !is_known);
        Some(response)
    }
}

impl Page {
    fn gzip(&self) -> Option<&Bytes> {
        let make = || {
            // Pictures and fonts are compressed in themselves.
            let is_text = ["text/", "application/json", "application/manifest", "image/svg"];
            if !is_text.iter().any(|start| self.content_type.starts_with(start)) {
                return None;
            }
            gzip(&self.body, Compression::best())
        };
        self.gzip.get_or_init(make).as_ref()
    }
}

/// A short name for these bytes, in lower case hex.
pub(crate) fn digest(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether an `If-None-Match` list has the tag; compared weakly, as RFC 9110 §13.1.2 wants.
fn lists(list: &HeaderValue, tag: &[u8]) -> bool {
    let entries = list.as_bytes().split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
    entries.map(|entry| entry.strip_prefix(b"W/").unwrap_or(entry)).any(|entry| entry == tag || entry == b"*")
}

fn content_type(file: &str) -> Option<&'static str> {
    Some(match file.rsplit_once('.')?.1 {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json; charset=utf-8",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => return None,
    })
}
