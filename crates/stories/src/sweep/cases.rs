//! What the sweep calls: each operation, about what, and with which payload.

use fireside_protocol::bootstrap::GetBootstrap;
use fireside_protocol::digests::GetDigest;
use fireside_protocol::direct_messages::{
    ListConversations, ListDirectMessages, ReadDirectMessages, SendDirectMessage,
};
use fireside_protocol::invites::{AcceptInvite, CheckInvite, CreateInvite};
use fireside_protocol::members::{JoinRoom, LeaveRoom, ListMembers, RemoveMember, SetMember};
use fireside_protocol::messages::{DeleteMessage, EditMessage, ListMessages, SendMessage};
use fireside_protocol::presence::{GetPresence, ListOnline};
use fireside_protocol::reads::{ExplainUnread, ListUnread, MarkUnread, MuteRoom, ReadRoom};
use fireside_protocol::resume::Resume;
use fireside_protocol::rooms::{CreateRoom, DeleteRoom, DiscoverRooms, GetRoom, ListRooms, UpdateRoom};
use fireside_protocol::sessions::{
    ChangePassword, CheckSetup, Claim, DismissFirstSteps, EndSession, GetFirstSteps, GetMe, ListSessions,
    Login, Logout, Refresh, Register,
};
use fireside_protocol::typing::{StartTyping, StopTyping};
use fireside_protocol::user_changes::GetPosition;
use fireside_protocol::users::{DisableUser, GetUser, SearchUsers, UpdateMe};
use fireside_protocol::{Operation, Request};
use serde_json::{Value, json};

use super::{Caller, Sweep};
use crate::actor::Actor;
use crate::world::PASSWORD;

/// Signing in.
pub(super) const LOGIN: Operation = Login::OPERATION;

/// What a call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// Nothing that belongs to anybody else.
    Nothing,
    /// A private room that is not the caller's, or another's message in it.
    PrivateRoom,
    /// The same in a public room.
    PublicRoom,
    /// A message that the caller wrote when they were a member.
    OwnMessage,
    /// One's own device.
    OwnDevice,
    /// Another's device.
    OthersDevice,
}

impl Target {
    /// As the table shows it.
    pub(super) const fn shown(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::PrivateRoom => "private room",
            Self::PublicRoom => "public room",
            Self::OwnMessage => "own message",
            Self::OwnDevice => "own device",
            Self::OthersDevice => "another's device",
        }
    }
}

/// One row of the sweep.
#[derive(Debug)]
pub struct Case {
    /// What is called.
    pub operation: Operation,
    /// About what.
    pub target: Target,
}

impl Case {
    /// Whether it ends the session it is called with.
    pub(super) fn ends_session(&self) -> bool {
        self.operation.name == Logout::OPERATION.name
    }
}

const fn plain<R: Request>() -> Case {
    Case { operation: R::OPERATION, target: Target::Nothing }
}

const fn on<R: Request>(target: Target) -> Case {
    Case { operation: R::OPERATION, target }
}

/// Everything that is called.
pub const CASES: &[Case] = &[
    plain::<Register>(),
    plain::<Claim>(),
    plain::<Login>(),
    plain::<Refresh>(),
    plain::<Logout>(),
    plain::<GetMe>(),
    plain::<ListSessions>(),
    on::<EndSession>(Target::OwnDevice),
    on::<EndSession>(Target::OthersDevice),
    plain::<ChangePassword>(),
    plain::<CreateInvite>(),
    plain::<CheckInvite>(),
    plain::<AcceptInvite>(),
    plain::<CheckSetup>(),
    plain::<GetFirstSteps>(),
    plain::<DismissFirstSteps>(),
    plain::<SearchUsers>(),
    plain::<GetUser>(),
    plain::<UpdateMe>(),
    plain::<DisableUser>(),
    plain::<ListRooms>(),
    plain::<DiscoverRooms>(),
    plain::<CreateRoom>(),
    on::<GetRoom>(Target::PrivateRoom),
    on::<GetRoom>(Target::PublicRoom),
    on::<UpdateRoom>(Target::PrivateRoom),
    on::<UpdateRoom>(Target::PublicRoom),
    on::<DeleteRoom>(Target::PrivateRoom),
    on::<DeleteRoom>(Target::PublicRoom),
    on::<JoinRoom>(Target::PrivateRoom),
    on::<JoinRoom>(Target::PublicRoom),
    on::<LeaveRoom>(Target::PrivateRoom),
    on::<LeaveRoom>(Target::PublicRoom),
    on::<ListMembers>(Target::PrivateRoom),
    on::<ListMembers>(Target::PublicRoom),
    on::<SetMember>(Target::PrivateRoom),
    on::<SetMember>(Target::PublicRoom),
    on::<RemoveMember>(Target::PrivateRoom),
    on::<RemoveMember>(Target::PublicRoom),
    on::<SendMessage>(Target::PrivateRoom),
    on::<SendMessage>(Target::PublicRoom),
    on::<ListMessages>(Target::PrivateRoom),
    on::<ListMessages>(Target::PublicRoom),
    on::<EditMessage>(Target::PrivateRoom),
    on::<EditMessage>(Target::PublicRoom),
    on::<EditMessage>(Target::OwnMessage),
    on::<DeleteMessage>(Target::PrivateRoom),
    on::<DeleteMessage>(Target::PublicRoom),
    on::<DeleteMessage>(Target::OwnMessage),
    on::<ReadRoom>(Target::PrivateRoom),
    on::<ReadRoom>(Target::PublicRoom),
    on::<MarkUnread>(Target::PrivateRoom),
    on::<MarkUnread>(Target::PublicRoom),
    on::<MuteRoom>(Target::PrivateRoom),
    on::<MuteRoom>(Target::PublicRoom),
    plain::<ListUnread>(),
    plain::<GetPosition>(),
    plain::<GetBootstrap>(),
    on::<ExplainUnread>(Target::PrivateRoom),
    on::<ExplainUnread>(Target::PublicRoom),
    on::<StartTyping>(Target::PrivateRoom),
    on::<StartTyping>(Target::PublicRoom),
    on::<StopTyping>(Target::PrivateRoom),
    on::<StopTyping>(Target::PublicRoom),
    on::<ListOnline>(Target::PrivateRoom),
    on::<ListOnline>(Target::PublicRoom),
    plain::<GetPresence>(),
    plain::<SendDirectMessage>(),
    plain::<ListDirectMessages>(),
    plain::<ListConversations>(),
    plain::<ReadDirectMessages>(),
    plain::<Resume>(),
    on::<GetDigest>(Target::PrivateRoom),
    on::<GetDigest>(Target::PublicRoom),
];

impl Sweep<'_> {
    /// What is sent. For a stranger it is what the others would send.
    pub(super) async fn payload(&mut self, case: &Case, caller: &Caller) -> Value {
        let carol = self.world.carol.id().to_owned();
        let room = match case.target {
            Target::PrivateRoom | Target::PublicRoom => self.stage(case.target).await.0.id.clone(),
            _ => String::new(),
        };
        match case.operation.name {
            "sessions.register" | "sessions.claim" | "sessions.login" | "sessions.refresh"
            | "sessions.end" => self.sign_in_payload(case, caller.actor.as_deref()).await,
            "sessions.password" => json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD }),
            "users.search" => json!({ "query": "c" }),
            "users.get" => json!({ "userId": carol }),
            "users.disable" => json!({ "userId": self.world.dave.id(), "disabled": false }),
            "rooms.create" => json!({ "name": "a room more" }),
            "rooms.update" => json!({ "roomId": room, "name": self.world.house().names.word() }),
            "members.set" => json!({ "roomId": room, "userId": self.world.bob.id() }),
            "members.remove" => json!({ "roomId": room, "userId": carol }),
            "messages.send" => json!({ "roomId": room, "content": "x" }),
            "messages.edit" => {
                json!({ "messageId": self.message(case, caller).await, "content": "y" })
            }
            "messages.delete" => json!({ "messageId": self.message(case, caller).await }),
            "reads.mark" | "reads.unmark" => json!({ "roomId": room, "seq": 1 }),
            "reads.mute" => json!({ "roomId": room, "muted": true }),
            "presence.get" => json!({ "userIds": [carol] }),
            "direct_messages.send" => json!({ "receiverId": carol, "content": "x" }),
            "direct_messages.list" => json!({ "userId": carol }),
            "direct_messages.read" => json!({ "userId": carol, "seq": 1 }),
            _ if room.is_empty() => json!({}),
            _ => json!({ "roomId": room }),
        }
    }

    async fn message(&mut self, case: &Case, caller: &Caller) -> String {
        match (case.target, &caller.actor) {
            (Target::OwnMessage, Some(actor)) => self.own_message(caller, actor).await.id,
            (target, _) => self.stage(target).await.1.id.clone(),
        }
    }

    async fn sign_in_payload(&self, case: &Case, caller: Option<&Actor>) -> Value {
        let someone = caller.unwrap_or(&self.member);
        match case.operation.name {
            "sessions.register" => {
                json!({ "username": self.world.house().names.word(), "password": PASSWORD })
            }
            "sessions.claim" => json!({ "token": "used", "username": "another", "password": PASSWORD }),
            "sessions.login" => self.login(someone).await,
            "sessions.refresh" => {
                let answer = self.world.stranger.does(&LOGIN, &self.login(someone).await).await.body;
                json!({ "refreshToken": answer["refreshToken"] })
            }
            _ => {
                let owner = match case.target {
                    Target::OthersDevice if someone.id() == self.member.id() => &self.admin,
                    Target::OthersDevice => &self.member,
                    _ => someone,
                };
                let device = self.another_device(owner).await;
                let sessions = device.gets("/auth/sessions").await;
                let current =
                    sessions.as_array().into_iter().flatten().find(|session| session["current"] == true);
                json!({ "sessionId": current.expect("one's own session is in the list")["id"] })
            }
        }
    }
}
