//! Which crate may know which: the floors of ARCHITECTURE.md, compared with what Cargo says.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::Finding;
use crate::tree::{Tree, root};

/// Every crate of the workspace, from the ground up, and the crates of the workspace it may use (tests too).
const FLOORS: Table = &[
    // 1: the words on the wire, SQL, other nodes, sockets. None knows another.
    ("fireside-protocol", &[]),
    ("fireside-db", &[]),
    ("fireside-bus", &[]),
    ("fireside-socketio", &[]),
    // 2: what every operation passes through.
    ("fireside-kernel", &["fireside-bus", "fireside-db", "fireside-protocol"]),
    // 3: what the chat does, and the two doors. They meet in the kernel's registry and do not know each other.
    ("fireside-features", &["fireside-db", "fireside-kernel", "fireside-protocol"]),
    ("fireside-gateway", &["fireside-bus", "fireside-kernel", "fireside-protocol", "fireside-socketio"]),
    // 4: the only place that knows every concrete thing.
    (
        "fireside-server",
        &[
            "fireside-bus",
            "fireside-db",
            "fireside-features",
            "fireside-gateway",
            "fireside-kernel",
            "fireside-protocol",
            "fireside-socketio",
        ],
    ),
    // 5: tests of a whole server.
    (
        "fireside-stories",
        &["fireside-bus", "fireside-db", "fireside-kernel", "fireside-protocol", "fireside-server"],
    ),
    // Beside the house.
    ("fireside-bench", &[]),
    ("xtask", &[]),
];

/// Crates from outside that only these places may use, so that what they stand for stays in one place.
const KEPT_IN: Table = &[
    // Database drivers: everybody else speaks to `db`, which speaks both engines.
    ("sqlx", &["fireside-db"]),
    // What nodes meet in: everybody else speaks to `bus`, which may lose what it carries.
    ("redis", &["fireside-bus"]),
    // HTTP: what the chat does must not know that there is a web.
    ("hyper", &["fireside-server", "fireside-socketio", "fireside-stories"]),
    ("hyper-util", &["fireside-socketio", "fireside-stories"]),
    // Secrets: one place hashes passwords and signs tokens.
    ("argon2", &["fireside-features"]),
    ("jsonwebtoken", &["fireside-bench", "fireside-features"]),
    // Luck: one place for the chat, and the socket ids. Workloads draw theirs from a seed that they print.
    ("rand", &["fireside-kernel", "fireside-stories"]),
    ("getrandom", &["fireside-bus", "fireside-socketio"]),
    // The command line and its environment.
    ("clap", &["fireside-bench", "fireside-server"]),
];

/// A name, and the names that belong to it.
type Table = &'static [(&'static str, &'static [&'static str])];

/// Who uses whom: crate of the workspace → names of its dependencies of every kind.
type Uses = BTreeMap<String, BTreeSet<String>>;

const WHY: &str =
    "a floor that knows only what lies below can be read, tested and changed without the rest of the house";

const WHY_STALE: &str = "a permission that nobody needs lets the next one in unseen";

/// Compares `cargo metadata` with the tables above, both ways.
pub fn check(tree: &Tree) -> Vec<Finding> {
    if !tree.on_disk {
        return Vec::new();
    }
    match metadata() {
        Ok(uses) => compare(&uses, FLOORS, KEPT_IN),
        Err(error) => vec![Finding::new("Cargo.toml", 0, error, WHY, "make `cargo metadata` work")],
    }
}

fn metadata() -> Result<Uses, String> {
    let cargo = Command::new("cargo")
        .args(["metadata", "--no-deps", "--format-version=1", "--offline"])
        .current_dir(root())
        .output()
        .map_err(|error| format!("cannot run cargo metadata: {error}"))?;
    if !cargo.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&cargo.stderr)));
    }
    let answer: Value = serde_json::from_slice(&cargo.stdout).map_err(|error| error.to_string())?;
    let names = |package: &Value| {
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        dependencies.filter_map(|dependency| Some(dependency["name"].as_str()?.to_owned())).collect()
    };
    let packages = answer["packages"].as_array().ok_or("cargo metadata names no packages")?;
    Ok(packages
        .iter()
        .filter_map(|package| Some((package["name"].as_str()?.to_owned(), names(package))))
        .collect())
}

fn compare(uses: &Uses, floors: Table, kept_in: Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, dependencies) in uses {
        let path = manifest(name);
        let Some((_, allowed)) = floors.iter().find(|(floor, _)| floor == name) else {
            let what = format!("the crate {name} has no floor");
            findings.push(Finding::new(&path, 0, what, WHY, format!("add it to FLOORS in {}", file!())));
            continue;
        };
        for used in dependencies.iter().filter(|used| *used != name && uses.contains_key(*used)) {
            if !allowed.contains(&used.as_str()) {
                let what = format!("{name} may not use {used}");
                let instead = "move what it needs down a floor, or pass it in from `server`";
                findings.push(Finding::new(&path, 0, what, WHY, instead));
            }
        }
        for (outside, places) in kept_in {
            if dependencies.contains(*outside) && !places.contains(&name.as_str()) {
                let what = format!("{outside} is kept in {}, and {name} uses it", places.join(", "));
                let instead = "ask the crate that owns it for what you need, in its own words";
                findings.push(Finding::new(&path, 0, what, WHY, instead));
            }
        }
    }
    findings.extend(stale(uses, floors, kept_in));
    findings
}

/// Permissions that nobody makes use of.
fn stale(uses: &Uses, floors: Table, kept_in: Table) -> Vec<Finding> {
    let used = |by: &str, what: &str| uses.get(by).is_some_and(|dependencies| dependencies.contains(what));
    let below = floors.iter().flat_map(|(by, row)| row.iter().map(move |what| ("FLOORS", *by, *what)));
    let outside = kept_in.iter().flat_map(|(what, row)| row.iter().map(move |by| ("KEPT_IN", *by, *what)));
    let unused = below.chain(outside).filter(|(_, by, what)| !used(by, what));
    let gone =
        floors.iter().filter(|(by, _)| !uses.contains_key(*by)).map(|(by, _)| ("FLOORS", *by, "any crate"));
    unused
        .chain(gone)
        .map(|(table, by, what)| {
            let instead = format!("take it out of {table} in {}", file!());
            Finding::new(&manifest(by), 0, format!("{by} may use {what}, and does not"), WHY_STALE, instead)
        })
        .collect()
}

fn manifest(name: &str) -> String {
    match name.strip_prefix("fireside-") {
        Some(folder) => format!("crates/{folder}/Cargo.toml"),
        None => format!("{name}/Cargo.toml"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(crates: &[(&str, &[&str])]) -> Uses {
        let owned = |row: &[&str]| row.iter().map(|name| (*name).to_owned()).collect();
        crates.iter().map(|(name, row)| ((*name).to_owned(), owned(row))).collect()
    }

    fn whats(uses: &Uses, floors: Table, kept_in: Table) -> Vec<String> {
        compare(uses, floors, kept_in).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn what_the_table_says_is_allowed() {
        let uses = house(&[("low", &["sqlx"]), ("high", &["low"])]);
        assert!(compare(&uses, &[("low", &[]), ("high", &["low"])], &[("sqlx", &["low"])]).is_empty());
    }

    #[test]
    fn a_crate_that_reaches_up_is_found() {
        let uses = house(&[("low", &["high"]), ("high", &[])]);
        assert_eq!(whats(&uses, &[("low", &[]), ("high", &[])], &[]), ["low may not use high"]);
    }

    #[test]
    fn a_crate_without_a_floor_is_found() {
        assert_eq!(whats(&house(&[("new", &[])]), &[], &[]), ["the crate new has no floor"]);
    }

    #[test]
    fn a_driver_outside_its_place_is_found() {
        let uses = house(&[("low", &["sqlx"]), ("high", &["sqlx"])]);
        let found = whats(&uses, &[("low", &[]), ("high", &[])], &[("sqlx", &["low"])]);
        assert_eq!(found, ["sqlx is kept in low, and high uses it"]);
    }

    #[test]
    fn permissions_nobody_uses_are_found() {
        let uses = house(&[("low", &[]), ("high", &[])]);
        let floors: Table = &[("low", &[]), ("high", &["low"]), ("gone", &[])];
        let found = whats(&uses, floors, &[("sqlx", &["low"])]);
        let expected = [
            "high may use low, and does not",
            "low may use sqlx, and does not",
            "gone may use any crate, and does not",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn cargo_knows_this_crate() {
        assert!(metadata().expect("cargo metadata answers").contains_key("xtask"));
    }
}
