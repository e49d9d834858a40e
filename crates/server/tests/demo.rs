//! `fireside demo` from outside: what it prints, that its links sign people in, and that it leaves nothing behind.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// The program in a folder of its own, where it also finds its temporary files.
fn demo(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fireside"));
    command.current_dir(folder).env("TMPDIR", folder).stdin(Stdio::null());
    // What an operator has set for a real server is not for the demo.
    command.env("FIRESIDE_DATABASE_URL", "postgres://nobody@127.0.0.1:1/nothing");
    command.args(["demo", "--listen", "127.0.0.1:0"]).args(arguments);
    command
}

/// A demo that runs, and what it has printed until then.
fn start(folder: &Path) -> (Child, Vec<String>) {
    let mut child = demo(folder, &[]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().expect("a pipe")).lines() {
        lines.push(line.expect("it prints text"));
        if lines.last().is_some_and(|line| line.contains("Ctrl+C")) {
            break;
        }
    }
    (child, lines)
}

fn post(url: &str, body: &Value) -> (u16, Value) {
    let agent =
        ureq::Agent::new_with_config(ureq::Agent::config_builder().http_status_as_error(false).build());
    let sent = agent.post(url).header("content-type", "application/json").send(body.to_string());
    let mut answer = sent.expect("the server answers");
    let text = answer.body_mut().read_to_string().expect("the answer is text");
    (answer.status().as_u16(), serde_json::from_str(&text).expect("the answer is JSON"))
}

#[test]
fn it_prints_links_that_sign_people_in_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, lines) = start(folder.path());
    assert!(lines.len() <= 12, "{lines:#?}");
    let links: Vec<_> = lines.iter().filter_map(|line| line.trim().split_once("/login#user=")).collect();
    assert_eq!(links.len(), 3, "{lines:#?}");
    for (url, rest) in links {
        let (user, rest) = rest.split_once("&token=").expect("a link has a token");
        let token = rest.split(' ').next().expect("a token");
        let (status, answer) = post(&format!("{url}/auth/refresh"), &json!({ "refreshToken": token }));
        assert_eq!((status, &answer["user"]["username"]), (200, &json!(user)), "{answer}");
    }
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(0));
    assert_eq!(left_in(folder.path()), Vec::<PathBuf>::new());
}

#[test]
fn it_leaves_nothing_behind_when_a_second_signal_ends_it_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, lines) = start(folder.path());
    let url = lines.iter().find_map(|line| line.trim().split_once("/login#user=")).expect("a link").0;
    // A request that never ends keeps a draining server waiting.
    let mut slow = TcpStream::connect(url.strip_prefix("http://").expect("plain HTTP")).unwrap();
    let head = "POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    slow.write_all(head.as_bytes()).unwrap();
    // Its connection was accepted before this answer was given.
    assert!(is_ready(url));
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
    while is_ready(url) {
        std::thread::yield_now();
    }
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
    assert_eq!(child.wait().expect("it ends").code(), Some(128 + 15));
    assert_eq!(left_in(folder.path()), Vec::<PathBuf>::new());
}

/// Whether the server takes requests.
fn is_ready(url: &str) -> bool {
    ureq::get(format!("{url}/readyz")).call().is_ok()
}

fn left_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    entries.map(|entry| entry.expect("it can be read").path()).collect()
}

#[test]
fn it_does_not_let_others_in_by_mistake_nor_touches_the_data_of_a_server() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, told) in [
        (["--listen", "0.0.0.0:0"], "--let-others-in"),
        (["--data-dir", "data"], "a folder of its own"),
        (["--database-url", "sqlite:chat.db"], "a folder of its own"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_fireside"))
            .current_dir(folder.path())
            .arg("demo")
            .args(arguments)
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(told), "{arguments:?}: {said}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "it wrote where it was started");
}
