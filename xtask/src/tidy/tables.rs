//! One owner for each database table: SQL that names it lies where the table below says, and nowhere else.

use std::collections::BTreeSet;

use super::Finding;
use crate::rust_source::{Kind, Token};
use crate::tree::{File, Tree};

const MIGRATIONS: &str = "crates/db/migrations/";

/// The import writes history that has happened elsewhere: past positions, past times, other people's words.
const IMPORT: &str = "server/import";

/// Each table of the migrations, who writes it (and may read it), and who only reads it. The first writer owns it.
/// A place is a crate and a module: `kernel/room_log` is `crates/kernel/src/room_log`, folder or file.
const TABLES: &[Table] = &[
    // What has a place in a room's log is written by the log alone, in its one transaction.
    table(
        "rooms",
        &["kernel/room_log", IMPORT],
        &[
            "kernel/permission",
            "kernel/user_changes",
            "features/rooms",
            "features/direct_messages",
            "features/reads",
        ],
    ),
    table(
        "members",
        &["kernel/room_log", IMPORT],
        &[
            "kernel/permission",
            "kernel/user_changes",
            "features/members",
            "features/rooms",
            "features/direct_messages",
            "features/presence",
            "features/reads",
        ],
    ),
    table("messages", &["kernel/room_log", IMPORT], &["features/messages", "features/reads"]),
    table("mentions", &["kernel/room_log", IMPORT], &["features/reads"]),
    table("room_events", &["kernel/room_log", IMPORT], &[]),
    // What is new for one user: recorded with whatever changes it.
    table("user_streams", &["kernel/user_changes"], &[]),
    table("user_changes", &["kernel/user_changes"], &[]),
    table("idempotency", &["kernel/room_log"], &[]),
    // People, and how they come in.
    table("users", &["features/users", IMPORT], &["kernel/room_log", "features/messages", "features/reads"]),
    table("credentials", &["features/sessions"], &[]),
    table("sessions", &["features/sessions"], &[]),
    table("refresh_tokens", &["features/sessions"], &[]),
    table("invites", &["features/sessions"], &[]),
    table("settings", &["features/sessions", "kernel/nodes", "kernel/epochs"], &[]),
    // Who works on this database.
    table("nodes", &["kernel/nodes"], &[]),
];

/// Folders that know all tables by trade: the engine that makes them, and tests of whole servers.
const EXEMPT: &[&str] = &["crates/db/", "crates/stories/", "xtask/"];

/// Features keep their statements in one file each.
const FEATURES: &str = "crates/features/src/";

const WHY: &str = "a table that few places touch can change its shape, and keep its promises, in one place";

/// Words that begin or join SQL; written in capitals, as all our SQL is.
const SQL: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE", "FROM", "JOIN", "INTO"];

struct Table {
    name: &'static str,
    written_by: &'static [&'static str],
    read_by: &'static [&'static str],
}

const fn table(
    name: &'static str,
    written_by: &'static [&'static str],
    read_by: &'static [&'static str],
) -> Table {
    Table { name, written_by, read_by }
}

/// Looks for table names in the strings of SQL.
pub fn check(tree: &Tree) -> Vec<Finding> {
    find(tree, TABLES)
}

fn find(tree: &Tree, tables: &[Table]) -> Vec<Finding> {
    let names = tables_of(tree);
    let mut findings = unlisted(&names, tables);
    let mut used = BTreeSet::new();
    for (file, source) in tree.rust().filter(|(file, _)| !file.is_test()) {
        if EXEMPT.iter().any(|exempt| file.path.starts_with(exempt)) {
            continue;
        }
        for mention in source.tokens.iter().flat_map(|token| mentions(token, &names)) {
            let name = mention.table;
            let Some(table) = tables.iter().find(|table| table.name == name) else { continue };
            let writer = table.written_by.iter().find(|place| in_place(&file.path, place));
            let reader = table.read_by.iter().find(|place| in_place(&file.path, place));
            match writer.or(reader.filter(|_| !mention.writes)) {
                Some(place) => drop(used.insert((name.clone(), *place, mention.writes || writer.is_none()))),
                None => findings.push(strange(file, &mention, table)),
            }
            if file.path.starts_with(FEATURES) && !file.names().any(|part| part == "sql") {
                let what = format!("SQL on the table {name} outside sql.rs");
                let why = "who changes a table looks for its statements in one place";
                findings.push(Finding::new(
                    &file.path,
                    mention.line,
                    what,
                    why,
                    "move the statement to sql.rs",
                ));
            }
        }
    }
    findings.extend(stale(tables, &names, &used));
    findings
}

fn strange(file: &File, mention: &Mention<'_>, table: &Table) -> Finding {
    let verb = if mention.writes { "writes to" } else { "reads" };
    let what = format!("SQL that {verb} the table {}, which belongs to {}", table.name, table.written_by[0]);
    let instead = "call a function of the owner, or move the statement there";
    Finding::new(&file.path, mention.line, what, WHY, instead)
}

/// The list and the migrations must name the same tables.
fn unlisted(names: &BTreeSet<String>, tables: &[Table]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for name in names.iter().filter(|name| !tables.iter().any(|table| table.name == **name)) {
        let what = format!("the table {name} has no owner");
        findings.push(Finding::new(MIGRATIONS, 0, what, WHY, format!("add it to TABLES in {}", file!())));
    }
    for table in tables.iter().filter(|table| !names.contains(table.name)) {
        let what = format!("the table {} has an owner, and no migration creates it", table.name);
        findings.push(Finding::new(file!(), 0, what, WHY, "take it out of TABLES"));
    }
    findings
}

/// Permissions that nobody makes use of.
fn stale(tables: &[Table], names: &BTreeSet<String>, used: &BTreeSet<Use>) -> Vec<Finding> {
    let listed = tables.iter().filter(|table| names.contains(table.name)).flat_map(|table| {
        let writers = table.written_by.iter().map(move |place| (table.name, *place, "write to"));
        writers.chain(table.read_by.iter().map(move |place| (table.name, *place, "read")))
    });
    let unused = listed.filter(|(name, place, _)| !used.contains(&((*name).to_owned(), *place, true)));
    unused
        .map(|(name, place, verb)| {
            let what = format!("{place} may {verb} the table {name}, and does not");
            let why = "a permission that nobody needs lets the next one in unseen";
            Finding::new(file!(), 0, what, why, "take it out of TABLES")
        })
        .collect()
}

/// A table, a place in its row, and whether the place did what it is listed for.
type Use = (String, &'static str, bool);

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

struct Mention<'a> {
    table: &'a String,
    writes: bool,
    line: usize,
}

/// The tables that one string of SQL names. A string is SQL when it has one of its words in capitals.
fn mentions<'a>(token: &Token, tables: &'a BTreeSet<String>) -> Vec<Mention<'a>> {
    let Kind::Text(text) = &token.kind else { return Vec::new() };
    let words: Vec<_> = words(text).collect();
    if token.test || !words.iter().any(|word| SQL.contains(word)) {
        return Vec::new();
    }
    let named = words.iter().enumerate().filter_map(|(at, word)| Some((at, tables.get(*word)?)));
    named
        .map(|(at, table)| {
            let before = |back: usize| at.checked_sub(back).map_or("", |index| words[index]);
            let writes = match before(1) {
                "INTO" | "UPDATE" => true,
                "FROM" => before(2) == "DELETE",
                _ => false,
            };
            Mention { table, writes, line: token.line }
        })
        .collect()
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

fn in_place(path: &str, place: &str) -> bool {
    let (krate, module) = place.split_once('/').unwrap_or((place, "lib"));
    let rest = path.strip_prefix(&format!("crates/{krate}/src/{module}"));
    rest.is_some_and(|rest| rest.starts_with(['/', '.']))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: (&str, &str) = (
        "crates/db/migrations/0001_begin.sql",
        "-- CREATE TABLE ghosts\nCREATE TABLE IF NOT EXISTS rooms (id UUID);\nCREATE INDEX rooms_id ON rooms (id);\n",
    );
    const OWNER: (&str, &str) =
        ("crates/features/src/rooms/sql.rs", "const A: &str = \"INSERT INTO rooms\";");
    const READER: (&str, &str) = ("crates/kernel/src/pass.rs", "const A: &str = \"SELECT 1 FROM rooms\";");
    const TABLE: Table = table("rooms", &["features/rooms"], &["kernel/pass"]);

    fn whats(files: &[(&str, &str)]) -> Vec<String> {
        find(&Tree::planted(files), &[TABLE]).into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn writers_write_and_readers_read() {
        assert_eq!(whats(&[SCHEMA, OWNER, READER]), Vec::<String>::new());
    }

    #[test]
    fn a_reader_that_writes_is_found() {
        for sql in ["INSERT INTO rooms", "UPDATE rooms SET", "DELETE FROM rooms"] {
            let text = format!("const A: &str = \"SELECT FROM rooms\"; const B: &str = \"{sql} x\";");
            let found = whats(&[SCHEMA, OWNER, (READER.0, &text)]);
            let expected = "SQL that writes to the table rooms, which belongs to features/rooms";
            assert_eq!(found, [expected], "{sql}");
        }
    }

    #[test]
    fn a_stranger_that_reads_is_found_even_inside_a_macro() {
        let text = "fn f() { query!(concat!(\"SELECT \", \"* FROM users u JOIN rooms r\")); }";
        let found = whats(&[SCHEMA, OWNER, READER, ("crates/kernel/src/ctx.rs", text)]);
        assert_eq!(found, ["SQL that reads the table rooms, which belongs to features/rooms"]);
    }

    #[test]
    fn a_plain_sentence_is_no_sql() {
        let text = "/// SELECT FROM rooms\nconst A: &str = \"Leave all rooms from here\";";
        assert_eq!(whats(&[SCHEMA, OWNER, READER, ("crates/kernel/src/ctx.rs", text)]), Vec::<String>::new());
    }

    #[test]
    fn a_folder_with_a_longer_name_is_another_folder() {
        assert_eq!(
            whats(&[SCHEMA, OWNER, READER, ("crates/features/src/rooms_old/sql.rs", OWNER.1)]).len(),
            1
        );
    }

    #[test]
    fn a_statement_beside_sql_rs_is_found() {
        let found = whats(&[SCHEMA, OWNER, READER, ("crates/features/src/rooms/rules.rs", OWNER.1)]);
        assert_eq!(found, ["SQL on the table rooms outside sql.rs"]);
    }

    #[test]
    fn tables_without_owner_and_owners_without_table_are_found() {
        let other = ("crates/db/migrations/0001_begin.sql", "CREATE VIRTUAL TABLE search USING fts5(x);");
        let expected =
            ["the table search has no owner", "the table rooms has an owner, and no migration creates it"];
        assert_eq!(whats(&[other]), expected);
    }

    #[test]
    fn permissions_nobody_uses_are_found() {
        let only_reads = (OWNER.0, "const A: &str = \"SELECT 1 FROM rooms\";");
        let expected = [
            "features/rooms may write to the table rooms, and does not",
            "kernel/pass may read the table rooms, and does not",
        ];
        assert_eq!(whats(&[SCHEMA, only_reads]), expected);
    }
}
