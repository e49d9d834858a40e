//! The page that the server itself serves, until the full web client is there: its files, embedded.

use rust_embed::Embed;

use crate::rest::Pages;

/// The paths a person may open; all are the same page.
const ENTRANCES: [&str; 3] = ["/", "/setup", "/join/{code}"];
const INDEX: &str = "index.html";

#[derive(Embed)]
#[folder = "assets/"]
#[exclude = "*.md"]
struct Files;

/// The page at every path a person may open, and its files under `/assets/`.
pub fn pages() -> Pages {
    let mut pages = Pages::new();
    for file in Files::iter() {
        let Some(content) = Files::get(&file) else { continue };
        let bytes = content.data.into_owned();
        if &*file == INDEX {
            for path in ENTRANCES {
                pages = pages.with(path, INDEX, bytes.clone());
            }
        } else {
            // Once, at the start, for as long as the program runs: routes are static texts.
            let path: &'static str = Box::leak(format!("/assets/{file}").into_boxed_str());
            pages = pages.with(path, &file, bytes);
        }
    }
    pages
}
