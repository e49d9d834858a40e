//! The published contract, derived from the registry and from the table of events: OpenAPI for REST, AsyncAPI
//! for Socket.IO, TypeScript for both, and the list of errors. Pure functions, the same text every time.

mod asyncapi;
mod docs_page;
mod errors;
mod openapi;
mod profile;
mod schemas;
mod typescript;

use fireside_kernel::Registry;

use crate::rest::Pages;

/// The OpenAPI 3.1 document of the REST door.
pub fn openapi(registry: &Registry) -> String {
    pretty(&openapi::document(registry))
}

/// The AsyncAPI 3 document of the Socket.IO door.
pub fn asyncapi(registry: &Registry) -> String {
    pretty(&asyncapi::document(registry))
}

/// TypeScript types of both doors.
pub fn typescript(registry: &Registry) -> String {
    typescript::module(registry)
}

/// The list of errors as Markdown.
pub fn errors() -> String {
    errors::markdown()
}

/// Adds the contract's documents, and the pages that show them, to a server's pages.
pub(crate) fn publish(registry: &Registry, pages: Pages) -> Pages {
    let pages = pages.with("/openapi.json", "openapi.json", openapi(registry)).with(
        "/asyncapi.json",
        "asyncapi.json",
        asyncapi(registry),
    );
    docs_page::publish(pages)
}

fn pretty(document: &serde_json::Value) -> String {
    let mut text = format!("{document:#}");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests;
