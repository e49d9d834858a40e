//! `/docs`: the contract for people, from the two documents and without a request to anywhere else; and
//! `/docs/errors`, where the `type` of every problem document leads.

use super::errors;
use crate::rest::{ERRORS_PATH, Pages};

const INDEX: &str = include_str!("docs_page/index.html");
const ERRORS: &str = include_str!("docs_page/errors.html");
const SCRIPT: &str = include_str!("docs_page/docs.js");
const STYLE: &str = include_str!("docs_page/docs.css");

/// Where the rows of the table of errors go.
const ROWS: &str = "<!-- rows -->\n";

/// Adds the pages.
pub(super) fn publish(pages: Pages) -> Pages {
    pages
        .with("/docs", "index.html", INDEX)
        .with(ERRORS_PATH, "errors.html", ERRORS.replace(ROWS, &errors::html_rows()))
        .with("/docs/docs.js", "docs.js", SCRIPT)
        .with("/docs/docs.css", "docs.css", STYLE)
}
