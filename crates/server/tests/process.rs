//! The program from outside: what it prints, what it exits with, how it stops.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use fireside_db::testing::TestDatabase;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// Longer than anything here takes, shorter than the test run's own patience.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program with settings of its own and none of the surroundings'.
fn fireside(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fireside"));
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("FIRESIDE_") || name.starts_with("APP_ENV_"))
    {
        command.env_remove(name);
    }
    command
        .current_dir(data_dir)
        .env("FIRESIDE_DATA_DIR", data_dir.join("data"))
        .env("FIRESIDE_LISTEN", "127.0.0.1:0");
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn output(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it prints text");
    (status.code(), text(stdout), text(stderr))
}

/// A running server. Killed when dropped.
struct Server {
    child: Child,
    url: String,
    /// Lines of the log that have been read while waiting.
    seen: Vec<Value>,
    lines: mpsc::Receiver<String>,
}

impl Server {
    fn start(command: &mut Command) -> Server {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("a pipe");
        let (sender, lines) = mpsc::channel();
        std::thread::spawn(move || {
            BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut server = Server { child, url: String::new(), seen: Vec::new(), lines };
        server.url = server.logged("ready")["url"].as_str().expect("the log tells where").to_owned();
        server
    }

    /// Waits for a line of the log.
    fn logged(&mut self, message: &str) -> Value {
        loop {
            let line = self
                .lines
                .recv_timeout(PATIENCE)
                .unwrap_or_else(|_| panic!("never logged: {message}; {:?}", self.seen));
            let line: Value = serde_json::from_str(&line).expect("every line is JSON");
            self.seen.push(line.clone());
            if line["message"] == message {
                return line;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the server runs");
    }

    /// Waits until it has ended by itself: its log is closed then.
    fn ended(&mut self) -> ExitStatus {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.seen.push(serde_json::from_str(&line).expect("every line is JSON")),
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.child.wait().expect("it has ended"),
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it does not end"),
            }
        }
    }

    fn request(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> (u16, String) {
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE)).build();
        let mut request = http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = request.body(body).expect("a request");
        let mut answer = ureq::Agent::new_with_config(config).run(request).expect("the server answers");
        let text = answer.body_mut().read_to_string().expect("the answer is text");
        (answer.status().as_u16(), text)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

#[test]
fn the_log_is_json_and_leads_to_the_setup_page() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(&mut fireside(directory.path()));
    let link = server.logged("open this link to set up the workspace; it is good once")["link"].clone();
    let link = link.as_str().expect("a link");
    let (base, token) = link.split_once("/setup#token=").expect("the link has a token");
    assert_eq!(base, server.url);
    let kept = directory.path().join("data/setup-token");
    assert_eq!(std::fs::read_to_string(&kept).unwrap().trim_end(), token);
    assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
    let claim = json!({ "token": token, "username": "ada", "password": "correct horse battery" });
    let (status, answer) = server.request("POST", "/auth/setup", None, Some(&claim));
    assert_eq!(status, 201, "{answer}");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    assert!(server.seen.iter().any(|line| line["message"] == "stopped"));
    // A claimed server has no link any more.
    let mut server = Server::start(&mut fireside(directory.path()));
    server.signal(Signal::INT);
    assert_eq!(server.ended().code(), Some(0));
    assert!(!kept.exists());
    assert!(server.seen.iter().all(|line| line.get("link").is_none()), "{:?}", server.seen);
}

#[test]
fn exit_codes_tell_what_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let (code, _, error) = output(fireside(directory.path()).env("FIRESIDE_SINGUP", "open"));
    assert_eq!(
        (code, error.as_str()),
        (Some(2), "fireside: FIRESIDE_SINGUP: is not a setting; did you mean FIRESIDE_SIGNUP?\n")
    );
    let (code, _, error) = output(fireside(directory.path()).arg("--listen=nowhere"));
    assert_eq!((code, error.as_str()), (Some(2), "fireside: --listen: \"nowhere\" is not HOST:PORT\n"));
    assert_eq!(output(fireside(directory.path()).arg("--no-such-flag")).0, Some(2));
    let (code, _, error) = output(fireside(directory.path()).arg("--no-migrate"));
    assert_eq!(code, Some(4), "{error}");
    let server = Server::start(&mut fireside(directory.path()));
    for command in [
        &["serve"][..],
        &["migrate"],
        &["restored"],
        &["admin", "create", "ada"],
        &["token", "create", "--user", "bot", "--service"],
    ] {
        let (code, _, error) = output(fireside(directory.path()).args(command));
        assert_eq!(code, Some(3), "{command:?}: {error}");
        assert!(
            error.contains("in use by another process") && error.contains("stop that one first"),
            "{error}"
        );
    }
    let port = server.url.rsplit_once(':').expect("a port").1;
    let elsewhere = tempfile::tempdir().unwrap();
    let (code, _, error) = output(fireside(elsewhere.path()).arg(format!("--listen=:{port}")));
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("Try: fireside --listen "), "{error}");
}

#[test]
fn a_file_is_found_and_its_mistakes_are_told() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("fireside.toml"), "signup = 'closed'\n[limits]\nsend = '9/s'\n")
        .unwrap();
    let (code, printed, _) = output(fireside(directory.path()).args(["config", "print", "--origin"]));
    assert_eq!(code, Some(0));
    assert!(printed.contains("signup = \"closed\"  # fireside.toml:1\n"), "{printed}");
    assert!(printed.contains("send = \"9/s burst 9\"  # fireside.toml:3\n"), "{printed}");
    assert!(printed.contains("listen = \"127.0.0.1:0\"  # FIRESIDE_LISTEN\n"), "{printed}");
    let (code, checked, _) = output(fireside(directory.path()).args(["config", "check"]));
    assert_eq!((code, checked.as_str()), (Some(0), "the settings can be used: 4 given, fireside.toml\n"));
    std::fs::write(directory.path().join("other.toml"), "colour = 'blue'\nlimits.send = 'often'\n").unwrap();
    let (code, _, error) =
        output(fireside(directory.path()).args(["config", "check", "--config", "other.toml"]));
    let expected = "fireside: 2 settings cannot be used\n  other.toml:1: unknown key colour\n  \
                    other.toml:2: \"often\" is not a rate like 5/s burst 20, or 30/min\n";
    assert_eq!((code, error.as_str()), (Some(2), expected));
}

#[test]
fn accounts_and_tokens_made_on_the_command_line_work() {
    let directory = tempfile::tempdir().unwrap();
    let (code, printed, error) =
        output(fireside(directory.path()).args(["admin", "create", "Ada", "--display-name", "Ada L"]));
    assert_eq!(code, Some(0), "{error}");
    let password = printed.strip_prefix("administrator ada was made\npassword: ").expect(&printed).trim_end();
    std::fs::write(directory.path().join("password"), "correct horse\n").unwrap();
    let from_file = ["admin", "create", "ben", "--password-file", "password"];
    let (code, printed, error) = output(fireside(directory.path()).args(from_file));
    assert_eq!((code, printed.as_str()), (Some(0), "administrator ben was made\n"), "{error}");
    let (code, _, error) = output(fireside(directory.path()).args(from_file));
    assert_eq!(code, Some(1), "a taken name: {error}");
    let (code, token, error) =
        output(fireside(directory.path()).args(["token", "create", "--user", "bot", "--service"]));
    assert_eq!(code, Some(0), "{error}");
    let (code, _, error) = output(fireside(directory.path()).args(["token", "create", "--user", "nobody"]));
    assert_eq!(code, Some(1));
    assert_eq!(error, "fireside: there is no user nobody; --service makes one, for a bot or a back end\n");
    let server = Server::start(&mut fireside(directory.path()));
    for (name, password) in [("ada", password), ("ben", "correct horse")] {
        let login = json!({ "username": name, "password": password });
        let (status, answer) = server.request("POST", "/auth/login", None, Some(&login));
        assert_eq!(status, 200, "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["user"]["role"], "admin");
    }
    let (status, answer) = server.request("GET", "/auth/me", Some(token.trim_end()), None);
    assert_eq!(status, 200, "{answer}");
    let me: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((&me["username"], &me["kind"]), (&json!("bot"), &json!("service")));
}

#[test]
fn a_backup_is_made_while_the_server_runs_and_restored_with_new_epochs() {
    let directory = tempfile::tempdir().unwrap();
    let (_, token, _) =
        output(fireside(directory.path()).args(["token", "create", "--user", "bot", "--service"]));
    let token = Some(token.trim_end());
    let mut server = Server::start(&mut fireside(directory.path()));
    let (status, made) = server.request("POST", "/chat/rooms", token, Some(&json!({ "name": "den" })));
    assert_eq!(status, 201, "{made}");
    let before: Value = serde_json::from_str(&made).unwrap();
    let (code, said, error) = output(fireside(directory.path()).args(["backup", "copy.db"]));
    assert_eq!(code, Some(0), "{error}");
    let copy = directory.path().join("copy.db");
    let metadata = std::fs::metadata(&copy).unwrap();
    assert_eq!(said, format!("copy.db holds the database, {} bytes\n", metadata.len()));
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let (code, _, error) = output(fireside(directory.path()).args(["backup", "copy.db"]));
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("is there already"), "{error}");
    assert!(!directory.path().join("copy.db.partial").exists());
    let (status, made) = server.request("POST", "/chat/rooms", token, Some(&json!({ "name": "attic" })));
    assert_eq!(status, 201, "{made}");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    std::fs::copy(&copy, directory.path().join("data/fireside.db")).unwrap();
    let (code, said, error) = output(fireside(directory.path()).arg("restored"));
    assert_eq!(code, Some(0), "{error}");
    assert!(
        said.starts_with("1 rooms and conversations and the streams of 1 users have a new epoch"),
        "{said}"
    );
    let server = Server::start(&mut fireside(directory.path()));
    let (_, rooms) = server.request("GET", "/chat/rooms", token, None);
    let rooms: Value = serde_json::from_str(&rooms).unwrap();
    let rooms = rooms.as_array().expect("a list");
    assert_eq!(rooms.len(), 1, "the attic came after the backup: {rooms:?}");
    assert_eq!((&rooms[0]["id"], &rooms[0]["seq"]), (&before["id"], &before["seq"]));
    assert_ne!(rooms[0]["epoch"], before["epoch"]);
}

#[test]
fn sockets_are_told_to_come_back_and_everything_ends() {
    let directory = tempfile::tempdir().unwrap();
    let (_, token, _) =
        output(fireside(directory.path()).args(["token", "create", "--user", "bot", "--service"]));
    let mut server = Server::start(&mut fireside(directory.path()));
    let (status, opened) = server.request("GET", "/socket.io/?EIO=4&transport=polling", None, None);
    assert_eq!(status, 200, "{opened}");
    let opened: Value = serde_json::from_str(&opened[1..]).unwrap();
    let path =
        format!("/socket.io/?EIO=4&transport=polling&sid={}", opened["sid"].as_str().expect("a session"));
    let connect = format!("40{}", json!({ "token": token.trim_end() }));
    assert_eq!(post_text(&server, &path, &connect), 200);
    let mut received = String::new();
    while !received.contains("40{\"sid\"") {
        received += &server.request("GET", &path, None, None).1;
    }
    server.signal(Signal::TERM);
    while !received.contains("server:draining") {
        received += &server.request("GET", &path, None, None).1;
    }
    assert!(received.contains("reconnectAfterMs"), "{received}");
    assert_eq!(server.ended().code(), Some(0));
}

fn post_text(server: &Server, path: &str, text: &str) -> u16 {
    let answer =
        ureq::post(format!("{}{path}", server.url)).content_type("text/plain;charset=UTF-8").send(text);
    answer.expect("the server answers").status().as_u16()
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start(&mut fireside(directory.path()));
    // A request that never ends keeps a draining server waiting.
    let host = server.url.strip_prefix("http://").expect("plain HTTP");
    let mut slow = TcpStream::connect(host).unwrap();
    let head = "POST /auth/login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{";
    slow.write_all(head.as_bytes()).unwrap();
    // Its connection was accepted before this answer was given.
    assert_eq!(server.request("GET", "/readyz", None, None).0, 200);
    server.signal(Signal::TERM);
    server.logged("drained");
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(128 + 15));
}

#[test]
fn health_asks_a_running_server() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start(&mut fireside(directory.path()));
    let (code, printed, _) = output(fireside(directory.path()).args(["health", "--url", &server.url]));
    assert_eq!((code, printed), (Some(0), format!("{} is ready\n", server.url)));
    let port = server.url.rsplit_once(':').expect("a port").1;
    let own =
        output(fireside(directory.path()).env("FIRESIDE_LISTEN", format!("0.0.0.0:{port}")).arg("health"));
    assert_eq!(own.0, Some(0), "{}", own.2);
    let url = server.url.clone();
    drop(server);
    assert_eq!(output(fireside(directory.path()).args(["health", "--url", &url])).0, Some(1));
}

#[test]
fn documents_are_printed_without_settings_or_database() {
    let directory = tempfile::tempdir().unwrap();
    for document in ["openapi", "asyncapi"] {
        let (code, printed, error) = output(fireside(directory.path()).arg(document));
        assert_eq!(code, Some(0), "{error}");
        let printed: Value = serde_json::from_str(&printed).expect("a JSON document");
        assert!(printed.is_object());
    }
    for (command, expected) in [
        (&["types"][..], "export"),
        (&["errors"], "not_found"),
        (&["completion", "bash"], "_fireside"),
        (&["version"], "fireside "),
    ] {
        let (code, printed, error) = output(fireside(directory.path()).args(command));
        assert_eq!(code, Some(0), "{error}");
        assert!(printed.contains(expected), "{command:?} prints {printed}");
    }
    assert!(!directory.path().join("data").exists(), "nothing was left behind");
}

#[test]
fn secrets_stay_out_of_what_is_printed() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = fireside(directory.path());
    command
        .env("FIRESIDE_JWT_SECRET", "hunter2-hunter2-hunter2-hunter2-hunter2")
        .env("FIRESIDE_LOG_LEVEL", "trace");
    let mut server = Server::start(&mut command);
    let login = json!({ "username": "nobody", "password": "hunter2-hunter2" });
    assert_eq!(server.request("POST", "/auth/login", None, Some(&login)).0, 401);
    server.request("GET", "/auth/me?token=hunter2-hunter2", Some("hunter2-hunter2"), None);
    server.signal(Signal::TERM);
    assert_eq!(server.ended().code(), Some(0));
    let leaks: Vec<_> = server.seen.iter().filter(|line| line.to_string().contains("hunter2")).collect();
    assert!(leaks.is_empty(), "{leaks:?}");
}

#[test]
fn an_import_from_elsewhere_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let empty = runtime.block_on(TestDatabase::postgres());
    let mut command = fireside(directory.path());
    let (code, _, error) = output(command.args(["import", "tutorial", "--dry-run", "--from", empty.url()]));
    assert_eq!(code, Some(1));
    assert!(error.ends_with("this is not the tutorial's database, it has no table \"User\"\n"), "{error}");
    let (code, _, error) =
        output(fireside(directory.path()).args(["import", "tutorial", "--from", "mysql://x:hunter2@y/z"]));
    assert_eq!(code, Some(2));
    assert!(error.starts_with("fireside: --from: ") && !error.contains("hunter2"), "{error}");
}

#[test]
fn a_pipe_that_is_closed_is_no_panic() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = fireside(directory.path())
        .args(["config", "print"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut error = String::new();
    child.stderr.take().expect("a pipe").read_to_string(&mut error).unwrap();
    child.wait().unwrap();
    assert!(!error.contains("panicked"), "{error}");
}
