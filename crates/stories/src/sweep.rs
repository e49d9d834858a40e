//! The sweep: every operation, called by everyone, through every door it has. What comes of it is a table that
//! is kept in `contract/permissions.md`, so that a change of who may do what is seen by who reads the change.

use std::fmt::Write as _;
use std::sync::Arc;

use fireside_protocol::{Access, Operation};
use serde_json::{Value, json};

use crate::actor::Actor;
use crate::answer::{Answer, Door, Outcome, Refusal, rest_request};
use crate::client::{Call, Dial, Profile, Socket, Transport};
use crate::place::Room;
use crate::verbs::Sent;
use crate::world::{PASSWORD, World};

mod cases;

pub use cases::{CASES, Case, Target};

/// Who calls, in the order of the table's columns.
pub const CALLERS: [&str; 6] = ["anonymous", "guest", "outsider", "member", "room admin", "server admin"];

/// One row of the table: what each caller was answered.
#[derive(Debug)]
pub struct Row {
    operation: Operation,
    target: Target,
    answers: Vec<&'static str>,
}

/// The people of the sweep, and what they call about.
pub struct Sweep<'a> {
    world: &'a World,
    /// The callers that have an account, in the order of [`CALLERS`].
    callers: Vec<Arc<Actor>>,
    stage: Option<Stage>,
    /// What must never be, and was.
    pub findings: Vec<String>,
}

/// What a call is about: used until something has been done to it.
struct Stage {
    target: Target,
    room: Room,
    message: Sent,
}

impl<'a> Sweep<'a> {
    /// Gathers the people.
    ///
    /// # Panics
    /// If they cannot be gathered.
    pub async fn new(world: &'a World) -> Sweep<'a> {
        let mut callers = Vec::new();
        for name in ["guest", "outsider", "member", "adam"] {
            callers.push(world.registers(name).await.0);
        }
        callers.push(world.root().await);
        for caller in &callers {
            caller.connects().await;
            caller.writes_to(&world.carol, "something to read").await;
        }
        callers[1].creates("elsewhere", true).await;
        Sweep { world, callers, stage: None, findings: Vec::new() }
    }

    /// Calls everything.
    pub async fn run(&mut self) -> Vec<Row> {
        let mut rows = Vec::new();
        for case in CASES {
            rows.push(self.row(case).await);
        }
        rows
    }

    async fn row(&mut self, case: &Case) -> Row {
        let mut answers = Vec::new();
        for column in 0..CALLERS.len() {
            let mut said = Vec::new();
            for door in doors(&case.operation) {
                let outcome = self.call(case, column, door).await;
                said.push(word(&outcome));
                if column == 0 && case.operation.access != Access::Anyone {
                    self.check_anonymous(case, door, &outcome);
                }
                if outcome.is_ok() {
                    self.stage = None;
                }
            }
            let name = case.operation.name;
            if said.iter().any(|word| *word != said[0]) {
                self.findings.push(format!("{name} says {said:?} to {} by its doors", CALLERS[column]));
            }
            answers.push(said[0]);
        }
        Row { operation: case.operation, target: case.target, answers }
    }

    fn check_anonymous(&mut self, case: &Case, door: Door, outcome: &Outcome) {
        let expected = match door {
            Door::Rest => "unauthenticated",
            Door::Socket => "unauthorized",
        };
        if outcome.as_ref().map_or_else(|refusal| refusal.reason.as_str(), |_| "done") != expected {
            self.findings.push(format!("{} by anonymous: {outcome:?}", case.operation.name));
        }
    }

    async fn call(&mut self, case: &Case, column: usize, door: Door) -> Outcome {
        let caller = column.checked_sub(1).map(|index| self.callers[index].clone());
        let caller = match caller {
            Some(caller) if case.ends_session() => Some(self.another_device(&caller).await),
            caller => caller,
        };
        let payload = self.payload(case, caller.as_deref(), column).await;
        let outcome = self.perform(caller.as_deref(), &case.operation, &payload, door).await.1;
        if let Some(caller) = caller.as_deref()
            && case.target == Target::PrivateRoom
            && !["member", "room admin"].contains(&CALLERS[column])
        {
            self.compare_with_missing(caller, case, &payload, door).await;
        }
        outcome
    }

    /// Whoever may not know of a room or message must be answered as if there were none, to the byte.
    async fn compare_with_missing(&mut self, caller: &Actor, case: &Case, payload: &Value, door: Door) {
        let mut missing = payload.clone();
        for field in ["roomId", "messageId"] {
            if missing[field].is_string() {
                missing[field] = "00000000-0000-7000-8000-000000000000".into();
            } else if let Some(fields) = missing.as_object_mut() {
                fields.remove(field);
            }
        }
        let hidden = self.perform(Some(caller), &case.operation, payload, door).await.0;
        let nothing = self.perform(Some(caller), &case.operation, &missing, door).await.0;
        if hidden != nothing {
            let name = case.operation.name;
            self.findings
                .push(format!("{name} tells {}:\n{hidden}\nand of nothing:\n{nothing}", caller.name()));
        }
    }

    /// Makes a call; the raw answer without the request's id, and what it says.
    async fn perform(
        &self,
        caller: Option<&Actor>,
        operation: &Operation,
        payload: &Value,
        door: Door,
    ) -> (String, Outcome) {
        match door {
            Door::Rest => {
                let (method, path, body) = rest_request(operation, payload);
                let body = body.map(|body| ("application/json", body));
                let call = Call { method, path: &path, body, ..Call::default() };
                let reply = caller.unwrap_or(&self.world.stranger).calls(call).await;
                let id = reply.header("x-request-id").unwrap_or("no request id").to_owned();
                (reply.text.replace(&id, "…"), Answer::of_reply(&reply))
            }
            Door::Socket => {
                let event = operation.event.expect("it has this door");
                let answer = match caller {
                    Some(caller) => caller.socket().call(event, payload).await,
                    None => self.anonymous().await.call(event, payload).await,
                };
                (answer.to_string(), Answer::of_ack(answer))
            }
        }
    }

    /// A socket that does not authenticate. A new one for each call, because it has ten seconds to live.
    async fn anonymous(&self) -> Socket {
        let address = *self.world.house().address.lock();
        let (profile, transport) = (Profile::Tutorial, Transport::WebSocket);
        let dial = Dial { address, profile, transport, token: None, name: "anonymous" };
        Socket::open(&dial).await.expect("the tutorial's clients connect first")
    }

    /// A fresh room with a message in it: `adam` made it, `member` is in it, carol wrote the message.
    async fn stage(&mut self, target: Target) -> (&Room, &Sent) {
        if self.stage.as_ref().is_none_or(|stage| stage.target != target) {
            let adam = &self.callers[3];
            let room = adam.creates_by(Door::Rest, "stage", target != Target::PublicRoom).await;
            for member in [&self.callers[2], &self.world.carol] {
                adam.adds_by(Door::Rest, &room, member).await;
            }
            let message = self.world.carol.sends_to(&room, "on stage").await;
            self.stage = Some(Stage { target, room, message });
        }
        let stage = self.stage.as_ref().expect("it was set just now");
        (&stage.room, &stage.message)
    }

    /// What someone wrote themselves; whoever is no member was one when they wrote it.
    async fn own_message(&mut self, caller: &Actor, column: usize) -> Sent {
        let (room, _) = self.stage(Target::OwnMessage).await;
        let room = room.clone();
        let adam = &self.callers[3];
        let is_member = ["member", "room admin"].contains(&CALLERS[column]);
        if !is_member {
            adam.adds_by(Door::Rest, &room, caller).await;
        }
        let sent = caller.sends_to(&room, "mine").await;
        if !is_member {
            adam.removes(&room, caller).await;
        }
        sent
    }

    /// Another device of someone, connected: for what ends the session it is called with.
    async fn another_device(&self, caller: &Actor) -> Arc<Actor> {
        let answer = self.world.stranger.does(&cases::LOGIN, &self.login(caller).await).await.body;
        self.world.device(caller.name(), &answer)
    }

    async fn login(&self, caller: &Actor) -> Value {
        let me = caller.gets("/auth/me").await;
        json!({ "username": me["username"], "password": PASSWORD })
    }
}

fn doors(operation: &Operation) -> Vec<Door> {
    let rest = operation.route.map(|_| Door::Rest);
    let socket = operation.event.map(|_| Door::Socket);
    rest.into_iter().chain(socket).collect()
}

/// An outcome in one word.
fn word(outcome: &Outcome) -> &'static str {
    const REASONS: [&str; 7] =
        ["forbidden", "not_found", "conflict", "gone", "validation", "unauthenticated", "internal"];
    match outcome {
        Ok(_) => "yes",
        // The two doors have a word of their own for a stranger.
        Err(Refusal { reason, .. }) if reason == "unauthorized" => "unauthenticated",
        Err(Refusal { reason, .. }) => REASONS.iter().find(|known| *known == reason).unwrap_or(&"other"),
    }
}

/// The table as it is kept.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "# Who may do what\n\nWritten by the stories' sweep, which calls every operation through every door it has \
         as six people: `FIRESIDE_UPDATE=1 cargo nextest run -p fireside-stories permissions` writes it anew. \
         A guest is signed in and a member of nothing; an outsider has rooms of their own; a server admin has no \
         rights in rooms they are no member of. `not_found` is to the byte what is answered when there is no such \
         thing.\n\n| operation | on |",
    );
    let written = "writing to a String cannot fail";
    for caller in CALLERS {
        write!(text, " {caller} |").expect(written);
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---|".repeat(CALLERS.len()));
    for row in rows {
        write!(text, "\n| `{}` | {} |", row.operation.name, row.target.shown()).expect(written);
        for answer in &row.answers {
            write!(text, " {answer} |").expect(written);
        }
    }
    text.push('\n');
    text
}
