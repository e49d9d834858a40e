//! The web client: its built files, embedded. In a debug build they are read from the disk when the server starts.

use rust_embed::Embed;

use crate::rest::{Pages, digest};

/// The paths a person may open; all are the same page, and the client's own code tells them apart.
const ENTRANCES: [&str; 11] = [
    "/",
    "/setup",
    "/login",
    "/join/{code}",
    "/browse",
    "/r/{room}",
    "/r/{room}/m/{messageId}",
    "/d/{userId}",
    "/d/{userId}/m/{messageId}",
    "/settings",
    "/settings/{part}",
];
const INDEX: &str = "index.html";
/// What may follow the name of a file where another file refers to it.
const REFERENCE_ENDS: [&str; 4] = ["\"", "'", "`", ")"];

#[derive(Embed)]
#[folder = "../../web/dist/"]
struct Files;

/// The page at every path a person may open, and its files under `/assets/`.
///
/// The files keep their names from build to build, so whatever refers to one is made to say which version it
/// means. All share one: two versions of a module would be two modules.
pub fn pages() -> Pages {
    let mut files: Vec<_> =
        Files::iter().filter_map(|name| Some((name.clone(), Files::get(&name)?.data))).collect();
    files.sort();
    let parts: Vec<&[u8]> =
        files.iter().flat_map(|(name, content)| [name.as_bytes(), content.as_ref()]).collect();
    let version = digest(&parts);
    let names: Vec<_> = files.iter().map(|(name, _)| name.as_ref()).collect();

    let mut pages = Pages::new();
    for (name, content) in &files {
        let body = match std::str::from_utf8(content) {
            Ok(text) => versioned(text, &names, &version).into_bytes(),
            Err(_) => content.to_vec(),
        };
        if name == INDEX {
            for path in ENTRANCES {
                pages = pages.with(path, INDEX, body.clone());
            }
        } else {
            // Once, at the start, for as long as the program runs: routes are static texts.
            let path: &'static str = Box::leak(format!("/assets/{name}").into_boxed_str());
            pages = pages.with_version(path, name, body, version.clone());
        }
    }
    pages
}

/// A text in which every reference to one of the files asks for this version of it.
fn versioned(text: &str, names: &[&str], version: &str) -> String {
    names.iter().fold(text.to_owned(), |text, name| {
        REFERENCE_ENDS.iter().fold(text, |text, end| {
            text.replace(&format!("/{name}{end}"), &format!("/{name}?v={version}{end}"))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_say_the_version() {
        let names = ["app.js", "app.css", "font.woff2"];
        for (text, wanted) in [
            (r#"src="/assets/app.js""#, r#"src="/assets/app.js?v=7""#),
            ("import(`./app.js`)", "import(`./app.js?v=7`)"),
            ("url(/assets/font.woff2)", "url(/assets/font.woff2?v=7)"),
            ("app.js", "app.js"),
            ("'/my-app.js'", "'/my-app.js'"),
        ] {
            assert_eq!(versioned(text, &names, "7"), wanted);
        }
    }
}
