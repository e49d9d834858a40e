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

/// Who calls: a column of the table.
#[derive(Debug, Clone)]
struct Caller {
    /// Title of the column.
    title: &'static str,
    /// The person; none for somebody without a token.
    actor: Option<Arc<Actor>>,
    /// Whether they are a member of the rooms that calls are about.
    is_member: bool,
}

/// One row of the table: what each caller was answered.
#[derive(Debug)]
pub struct Row {
    operation: Operation,
    target: Target,
    /// By the callers' titles.
    answers: Vec<(&'static str, &'static str)>,
}

/// The people of the sweep, and what they call about.
pub struct Sweep<'a> {
    world: &'a World,
    callers: Vec<Caller>,
    /// Makes the rooms: the caller who is their admin.
    admin: Arc<Actor>,
    /// Is in the rooms: the caller who is a member.
    member: Arc<Actor>,
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
        let (guest, _) = world.registers("guest").await;
        let (outsider, _) = world.registers("outsider").await;
        let (member, _) = world.registers("member").await;
        let (admin, _) = world.registers("adam").await;
        let root = world.root().await;
        for actor in [&guest, &outsider, &member, &admin, &root] {
            actor.connects().await;
            actor.writes_to(&world.carol, "something to read").await;
        }
        outsider.creates("elsewhere", true).await;
        let caller =
            |title, actor: Option<&Arc<Actor>>, is_member| Caller { title, actor: actor.cloned(), is_member };
        let callers = vec![
            caller("anonymous", None, false),
            caller("guest", Some(&guest), false),
            caller("outsider", Some(&outsider), false),
            caller("member", Some(&member), true),
            caller("room admin", Some(&admin), true),
            caller("server admin", Some(&root), false),
        ];
        Sweep { world, callers, admin, member, stage: None, findings: Vec::new() }
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
        for caller in self.callers.clone() {
            let mut said = Vec::new();
            for door in doors(&case.operation) {
                let outcome = self.call(case, &caller, door).await;
                said.push(word(&outcome));
                if caller.actor.is_none() && case.operation.access != Access::Anyone {
                    self.check_anonymous(case, door, &outcome);
                }
                if outcome.is_ok() {
                    // Something may have been done to it.
                    self.stage = None;
                }
            }
            if said.iter().any(|word| *word != said[0]) {
                let (name, title) = (case.operation.name, caller.title);
                self.findings.push(format!("{name} says {said:?} to {title}, each by another door"));
            }
            answers.push((caller.title, said[0]));
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

    async fn call(&mut self, case: &Case, caller: &Caller, door: Door) -> Outcome {
        let actor = match &caller.actor {
            Some(actor) if case.ends_session() => Some(self.another_device(actor).await),
            actor => actor.clone(),
        };
        let payload = self.payload(case, caller).await;
        let outcome = self.perform(actor.as_deref(), &case.operation, &payload, door).await.1;
        if let Some(actor) = &actor
            && case.target == Target::PrivateRoom
            && !caller.is_member
        {
            self.compare_with_missing(actor, case, &payload, door).await;
        }
        outcome
    }

    /// Whoever may not know of a room or message must be answered as if there were none, to the byte.
    async fn compare_with_missing(&mut self, caller: &Actor, case: &Case, payload: &Value, door: Door) {
        let mut missing = payload.clone();
        for field in ["roomId", "messageId"] {
            if payload[field].is_string() {
                missing[field] = "00000000-0000-7000-8000-000000000000".into();
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

    /// A fresh room with a message in it, by carol.
    async fn stage(&mut self, target: Target) -> (&Room, &Sent) {
        if self.stage.as_ref().is_none_or(|stage| stage.target != target) {
            let room = self.admin.creates_by(Door::Rest, "stage", target != Target::PublicRoom).await;
            for member in [&self.member, &self.world.carol] {
                self.admin.adds_by(Door::Rest, &room, member).await;
            }
            let message = self.world.carol.sends_to(&room, "on stage").await;
            self.stage = Some(Stage { target, room, message });
        }
        let stage = self.stage.as_ref().expect("it was set just now");
        (&stage.room, &stage.message)
    }

    /// What a caller wrote themselves; whoever is no member was one when they wrote it.
    async fn own_message(&mut self, caller: &Caller, actor: &Actor) -> Sent {
        let (room, _) = self.stage(Target::OwnMessage).await;
        let room = room.clone();
        if caller.is_member {
            return actor.sends_to(&room, "mine").await;
        }
        self.admin.adds_by(Door::Rest, &room, actor).await;
        let sent = actor.sends_to(&room, "mine").await;
        self.admin.removes(&room, actor).await;
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
    let titles = rows.first().map_or(&[][..], |row| row.answers.as_slice());
    for (title, _) in titles {
        write!(text, " {title} |").expect(written);
    }
    text.push_str("\n|---|---|");
    text.push_str(&"---|".repeat(titles.len()));
    for row in rows {
        write!(text, "\n| `{}` | {} |", row.operation.name, row.target.shown()).expect(written);
        for (_, answer) in &row.answers {
            write!(text, " {answer} |").expect(written);
        }
    }
    text.push('\n');
    text
}
