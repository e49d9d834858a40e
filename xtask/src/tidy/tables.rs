//! One owner for each database table: SQL that names it lies in the owner's folder, and nowhere else.

use std::collections::BTreeSet;

use super::Finding;
use crate::rust_source::{Kind, Token};
use crate::tree::Tree;

const MIGRATIONS: &str = "crates/db/migrations/";

/// Each table of the migrations, and the folders whose SQL may name it; the first one owns it.
const OWNERS: &[(&str, &[&str])] = &[("users", &["crates/features/src/users"])];

/// Folders that read across features: their SQL may SELECT from any table and write none.
const READERS: &[&str] = &["crates/features/src/timeline"];

/// Folders that know all tables by trade: the engine that makes them, and tests of whole servers.
const EXEMPT: &[&str] = &["crates/db/", "crates/stories/", "xtask/"];

const WHY: &str =
    "a table that one feature alone touches can change its shape, and keep its promises, in one place";

/// Words that begin or join SQL; written in capitals, as all our SQL is.
const SQL: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE", "FROM", "JOIN", "INTO"];

/// Looks for table names in the strings of SQL.
pub fn check(tree: &Tree) -> Vec<Finding> {
    find(tree, OWNERS, READERS)
}

fn find(tree: &Tree, owners: &[(&str, &[&str])], readers: &[&str]) -> Vec<Finding> {
    let tables = tables_of(tree);
    let mut findings = unlisted(&tables, owners);
    let mut seen = BTreeSet::new();
    for (file, source) in tree.rust().filter(|(file, _)| !file.is_test()) {
        if EXEMPT.iter().any(|exempt| file.path.starts_with(exempt)) {
            continue;
        }
        for mention in source.tokens.iter().flat_map(|token| mentions(token, &tables)) {
            let places =
                owners.iter().find(|(table, _)| *table == mention.table).map_or(&[][..], |row| row.1);
            let within = |place: &&&str| in_folder(&file.path, place);
            if let Some(place) = places.iter().find(within) {
                seen.insert((mention.table.clone(), *place));
            } else if mention.writes || !readers.iter().any(|reader| in_folder(&file.path, reader)) {
                let table = &mention.table;
                let what = format!("SQL on the table {table}, which belongs to {}", places.join(" and "));
                let instead = "call a function of the owner, or move the statement there";
                findings.push(Finding::new(&file.path, mention.line, what, WHY, instead));
            }
        }
    }
    for (table, places) in owners.iter().filter(|(table, _)| tables.contains(*table)) {
        for place in places.iter().filter(|place| !seen.contains(&((*table).to_owned(), **place))) {
            let what = format!("{place} is listed for the table {table}, and no SQL there names it");
            findings.push(Finding::new(file!(), 0, what, WHY, "take it out of OWNERS"));
        }
    }
    findings
}

/// The table list and the migrations must name the same tables.
fn unlisted(tables: &BTreeSet<String>, owners: &[(&str, &[&str])]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for table in tables.iter().filter(|table| !owners.iter().any(|(owned, _)| owned == table)) {
        let what = format!("the table {table} has no owner");
        findings.push(Finding::new(MIGRATIONS, 0, what, WHY, format!("add it to OWNERS in {}", file!())));
    }
    for (table, _) in owners.iter().filter(|(table, _)| !tables.contains(*table)) {
        let what = format!("the table {table} has an owner, and no migration creates it");
        findings.push(Finding::new(file!(), 0, what, WHY, "take it out of OWNERS"));
    }
    findings
}

/// The name after each `CREATE TABLE` of the migrations.
fn tables_of(tree: &Tree) -> BTreeSet<String> {
    let migrations = tree.files.iter().filter(|file| file.path.starts_with(MIGRATIONS));
    let mut tables = BTreeSet::new();
    for file in migrations.filter(|file| file.path.ends_with(".sql")) {
        let code: Vec<_> = file.text.lines().map(|line| line.split("--").next().unwrap_or(line)).collect();
        let code = code.join("\n");
        let words: Vec<_> = words(&code).collect();
        for (at, _) in
            words.windows(2).enumerate().filter(|(_, pair)| pair[0] == "CREATE" && pair[1] != "INDEX")
        {
            let rest = words[at + 1..].iter().skip_while(|word| matches!(**word, "VIRTUAL" | "TEMPORARY"));
            let mut rest = rest.peekable();
            if rest.next_if(|word| **word == "TABLE").is_some() {
                let name = rest.find(|word| !matches!(**word, "IF" | "NOT" | "EXISTS"));
                tables.extend(name.map(|name| (*name).to_owned()));
            }
        }
    }
    tables
}

struct Mention {
    table: String,
    writes: bool,
    line: usize,
}

/// The tables that one string of SQL names. A string is SQL when it has one of its words in capitals.
fn mentions(token: &Token, tables: &BTreeSet<String>) -> Vec<Mention> {
    let Kind::Text(text) = &token.kind else { return Vec::new() };
    let words: Vec<_> = words(text).collect();
    if token.test || !words.iter().any(|word| SQL.contains(word)) {
        return Vec::new();
    }
    let named = words.iter().enumerate().filter(|(_, word)| tables.contains(**word));
    named
        .map(|(at, word)| {
            let before = |back: usize| at.checked_sub(back).map_or("", |index| words[index]);
            let writes = match before(1) {
                "INTO" | "UPDATE" => true,
                "FROM" => before(2) == "DELETE",
                _ => false,
            };
            Mention { table: (*word).to_owned(), writes, line: token.line }
        })
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn in_folder(path: &str, place: &str) -> bool {
    path.strip_prefix(place).is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: (&str, &str) = (
        "crates/db/migrations/0001_begin.sql",
        "-- CREATE TABLE ghosts\nCREATE TABLE IF NOT EXISTS rooms (id UUID);\nCREATE INDEX rooms_id ON rooms (id);\n",
    );
    const ROOMS: (&str, &str) =
        ("crates/features/src/rooms/sql.rs", "const A: &str = \"INSERT INTO rooms\";");

    fn whats(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree::planted(files);
        let owners: &[(&str, &[&str])] = &[("rooms", &["crates/features/src/rooms"])];
        find(&tree, owners, READERS).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn the_owner_may_do_as_it_likes_and_a_reader_may_read() {
        let reader = ("crates/features/src/timeline/sql.rs", "const A: &str = \"SELECT 1 FROM rooms\";");
        assert_eq!(whats(&[SCHEMA, ROOMS, reader]), Vec::<String>::new());
    }

    #[test]
    fn a_reader_that_writes_is_found() {
        for sql in ["INSERT INTO rooms", "UPDATE rooms SET", "DELETE FROM rooms"] {
            let text = format!("const A: &str = \"WITH x AS ({sql}) SELECT\";");
            let found = whats(&[SCHEMA, ROOMS, ("crates/features/src/timeline/sql.rs", &text)]);
            assert_eq!(
                found,
                ["SQL on the table rooms, which belongs to crates/features/src/rooms"],
                "{sql}"
            );
        }
    }

    #[test]
    fn a_stranger_that_reads_is_found_even_inside_a_macro() {
        let text = "fn f() { query!(concat!(\"SELECT \", \"* FROM users u JOIN rooms r\")); }";
        let found = whats(&[SCHEMA, ROOMS, ("crates/kernel/src/ctx.rs", text)]);
        assert_eq!(found, ["SQL on the table rooms, which belongs to crates/features/src/rooms"]);
    }

    #[test]
    fn a_plain_sentence_is_no_sql() {
        let text = "/// SELECT FROM rooms\nconst A: &str = \"Leave all rooms from here\";";
        assert_eq!(whats(&[SCHEMA, ROOMS, ("crates/kernel/src/ctx.rs", text)]), Vec::<String>::new());
    }

    #[test]
    fn a_folder_with_a_longer_name_is_another_folder() {
        let found = whats(&[SCHEMA, ROOMS, ("crates/features/src/rooms_old/sql.rs", ROOMS.1)]);
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn tables_without_owner_and_owners_without_table_are_found() {
        let found =
            whats(&[("crates/db/migrations/0001_begin.sql", "CREATE VIRTUAL TABLE search USING fts5(x);")]);
        let expected =
            ["the table search has no owner", "the table rooms has an owner, and no migration creates it"];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_owner_without_sql_is_found() {
        let found = whats(&[SCHEMA]);
        assert_eq!(
            found,
            ["crates/features/src/rooms is listed for the table rooms, and no SQL there names it"]
        );
    }
}
