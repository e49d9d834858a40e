//! The short round of the fault matrix, each with its criterion; the whole of it is `proof faults all`.

use std::time::Duration;

use fireside_stories::faults::{self, Effort};

/// Runs one fault against the program of this source tree.
fn holds(name: &str, times: u32) {
    let program = Some(env!("CARGO_BIN_EXE_proof").into());
    let effort = Effort { lasts: Duration::from_secs(5), times, seed: 1, program, old: None, keep: None };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(faults::run(&[name], &effort)).expect("the fault is survived");
}

#[test]
fn f01_one_node_of_two_killed() {
    holds("F01", 2);
}

#[test]
fn f02_killed_again_and_again() {
    holds("F02", 5);
}

#[test]
fn f05_killed_while_it_stops() {
    holds("F05", 1);
}

#[test]
fn f10_redis_killed() {
    holds("F10", 1);
}

#[test]
fn f17_forged_messages_on_the_bus() {
    holds("F17", 1);
}

#[test]
fn f20_postgres_killed() {
    holds("F20", 1);
}

#[test]
fn f21_postgres_restarted() {
    holds("F21", 1);
}

#[test]
fn f23_answers_to_commit_lost() {
    holds("F23", 4);
}

#[test]
fn f33_two_servers_on_one_file() {
    holds("F33", 1);
}

#[test]
fn f42_bad_weather() {
    holds("F42", 1);
}
