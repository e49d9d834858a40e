//! A batch while it is being decided: what the database said, what was changed since, and what has to be
//! written. Later changes of a batch see the earlier ones.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use fireside_protocol::members::Role;
use fireside_protocol::messages::Sender;
use fireside_protocol::{ClientId, Event, MessageId, RoomId, RoomRef, Signal, Time, UserId};

use super::change::ExtraWrite;
use super::once::Repeat;
use super::state::{MemberState, MessageState, RoomKind, RoomState, UserState, pair_key};
use super::writes::{EventRow, NewMessage, NewRoom, Opened, Place, Writes, references};
use crate::error::{Error, Result};
use crate::names::Names;
use crate::permission::{self, Permission, RoomPass};
use crate::planted::{self, Bug};
use crate::relay::{Audience, Committed, Effect};

/// See the module.
pub struct Batch {
    pub(super) now: Time,
    pub(super) names: Names,
    pub(super) rooms: HashMap<RoomId, Arc<RoomState>>,
    /// Ids, slugs and pair keys of the rooms above.
    pub(super) room_names: HashMap<String, RoomId>,
    pub(super) slugs: HashSet<String>,
    pub(super) users: HashMap<UserId, UserState>,
    pub(super) usernames: HashMap<String, UserId>,
    pub(super) members: HashMap<(RoomId, UserId), MemberState>,
    /// How many rooms (not conversations) users are members of, where that was asked for.
    pub(super) memberships: HashMap<UserId, i64>,
    pub(super) messages: HashMap<MessageId, MessageState>,
    pub(super) sent: HashMap<(UserId, RoomId, ClientId), MessageId>,
    pub(super) repeats: HashMap<(UserId, &'static str, ClientId), Done>,
    pub(super) writes: Writes,
    pub(super) committed: Vec<Committed>,
    pub(super) signals: Vec<(Audience, Signal)>,
}

/// A write that was done before under the same name.
#[derive(Debug, Clone)]
pub(super) struct Done {
    pub(super) digest: i64,
    pub(super) reference: String,
}

impl Batch {
    /// An empty batch at this time of day.
    pub(super) fn new(now: Time, names: Names) -> Batch {
        Batch {
            now,
            names,
            rooms: HashMap::new(),
            room_names: HashMap::new(),
            slugs: HashSet::new(),
            users: HashMap::new(),
            usernames: HashMap::new(),
            members: HashMap::new(),
            memberships: HashMap::new(),
            messages: HashMap::new(),
            sent: HashMap::new(),
            repeats: HashMap::new(),
            writes: Writes::default(),
            committed: Vec::new(),
            signals: Vec::new(),
        }
    }

    // What is known.

    /// Checks what someone may do in a room.
    pub fn enter(&self, room: &RoomRef, user: &UserId, permission: Permission) -> Result<RoomPass> {
        let id = self.room_names.get(room.as_str());
        self.enter_id(id, user, permission)
    }

    /// Checks what someone may do in the room of a message; the message and the pass.
    pub fn enter_message(
        &self,
        message: &MessageId,
        user: &UserId,
        permission: Permission,
    ) -> Result<(RoomPass, &MessageState)> {
        let missing = || Error::not_found("Message");
        let message = self.messages.get(message).ok_or_else(missing)?;
        // A message one may not read does not exist, whatever the room says about itself.
        self.enter_id(Some(&message.room_id), user, Permission::Read).map_err(|_| missing())?;
        let pass = self.enter_id(Some(&message.room_id), user, permission)?;
        Ok((pass, message))
    }

    fn enter_id(&self, room: Option<&RoomId>, user: &UserId, permission: Permission) -> Result<RoomPass> {
        let room = room.and_then(|id| self.rooms.get(id));
        let member = room.and_then(|room| self.members.get(&(room.id.clone(), user.clone())));
        permission::check(room, member.map(Into::into), user, permission)
    }

    /// A user, by id or username.
    pub fn user(&self, user: &str) -> Option<&UserState> {
        let by_id = UserId::parse(user).and_then(|id| self.users.get(&id));
        by_id.or_else(|| self.usernames.get(&user.to_lowercase()).and_then(|id| self.users.get(id)))
    }

    /// Someone's membership of a room.
    pub fn member(&self, pass: &RoomPass, user: &UserId) -> Option<&MemberState> {
        self.members.get(&(pass.room().clone(), user.clone()))
    }

    /// How many rooms a user is a member of, if [`super::Needs::memberships`] asked for it.
    pub fn memberships(&self, user: &UserId) -> i64 {
        self.memberships.get(user).copied().unwrap_or(0)
    }

    /// The room as it is after what was decided so far.
    pub fn room<'a>(&'a self, pass: &'a RoomPass) -> &'a RoomState {
        self.rooms.get(pass.room()).map_or(pass.state(), |room| room)
    }

    /// What a user has sent to a room under a client's name.
    pub fn sent(&self, pass: &RoomPass, client_id: &ClientId) -> Option<&MessageState> {
        let key = (pass.user().clone(), pass.room().clone(), client_id.clone());
        self.sent.get(&key).and_then(|id| self.messages.get(id))
    }

    /// The reference of a write that was done before under the same name.
    ///
    /// # Errors
    /// `conflict` if something else was done under that name.
    pub fn repeated(&self, repeat: &Repeat) -> Result<Option<&str>> {
        let key = (repeat.user.clone(), repeat.operation, repeat.key.clone());
        match self.repeats.get(&key) {
            None => Ok(None),
            Some(done) if done.digest == repeat.digest => Ok(Some(&done.reference)),
            Some(_) => Err(Error::conflict("This key was used for something else")),
        }
    }

    /// Whether a slug is taken, among those asked for by [`super::Needs::slugs_like`].
    pub fn is_slug_taken(&self, slug: &str) -> bool {
        self.slugs.contains(slug)
    }

    // What is changed. Each asks for the pass that allows it.

    /// Appends a message.
    pub fn append_message(&mut self, pass: &RoomPass, new: NewMessage) -> (MessageState, Place) {
        let place = self.next_place(pass.room());
        let message = MessageState {
            id: MessageId::trusted(self.names.id(place.at)),
            room_id: pass.room().clone(),
            seq: place.seq,
            rev: place.seq,
            sender: self.profile(pass.user()),
            content: new.content,
            kind: new.kind,
            metadata: new.metadata,
            client_id: new.client_id.filter(|_| !planted::is(Bug::NoUniqueId)),
            client_digest: new.client_digest,
            created_at: place.at,
            modified_at: place.at,
            edited_at: None,
            deleted_at: None,
            deleted_by: None,
        };
        if let Some(client_id) = &message.client_id {
            let key = (pass.user().clone(), pass.room().clone(), client_id.clone());
            self.sent.insert(key, message.id.clone());
        }
        self.note_mentions(&message, "");
        self.writes.new_messages.push(message.id.clone());
        self.messages.insert(message.id.clone(), message.clone());
        (message, place)
    }

    /// Changes a message that the pass's user may change; the message as it is then.
    pub fn change_message(
        &mut self,
        pass: &RoomPass,
        message: &MessageId,
        change: impl FnOnce(&mut MessageState, &Place),
    ) -> Result<(MessageState, Place)> {
        let found = self.messages.get(message).filter(|message| message.room_id == *pass.room());
        let mut message = found.cloned().ok_or_else(|| Error::not_found("Message"))?;
        let place = self.next_place(pass.room());
        let said = message.content.clone();
        message.rev = place.seq;
        message.modified_at = place.at;
        change(&mut message, &place);
        self.note_mentions(&message, &said);
        self.writes.changed_messages.insert(message.id.clone());
        self.messages.insert(message.id.clone(), message.clone());
        Ok((message, place))
    }

    /// Makes a room with its maker as admin; its first event has the place given back.
    pub fn create_room(&mut self, maker: &UserId, new: NewRoom) -> (RoomPass, Place) {
        let id = RoomId::trusted(self.names.id(self.now));
        let room = RoomState {
            kind: RoomKind::Room,
            slug: Some(new.slug.clone()),
            pair_key: None,
            name: new.name,
            description: new.description,
            is_private: new.is_private,
            ..self.empty_room(id.clone(), maker)
        };
        self.slugs.insert(new.slug.clone());
        self.room_names.insert(new.slug, id.clone());
        self.insert_room(room);
        self.set_member(&id, maker, Role::Admin);
        let place = self.next_place(&id);
        (self.pass_of(&id, maker), place)
    }

    /// The conversation of two people, made if they have none yet.
    pub fn open_direct(&mut self, user: &UserId, other: &UserId) -> (RoomPass, Opened) {
        let key = pair_key(user, other);
        if let Some(id) = self.room_names.get(&key).cloned() {
            return (self.pass_of(&id, user), Opened::Before);
        }
        let id = RoomId::trusted(self.names.id(self.now));
        let room = RoomState {
            kind: RoomKind::Direct,
            pair_key: Some(key.clone()),
            is_private: true,
            ..self.empty_room(id.clone(), user)
        };
        self.room_names.insert(key, id.clone());
        self.insert_room(room);
        for person in [user, other] {
            self.set_member(&id, person, Role::Member);
        }
        (self.pass_of(&id, user), Opened::Now)
    }

    /// Changes a room's own fields.
    pub fn change_room(&mut self, pass: &RoomPass, change: impl FnOnce(&mut RoomState)) -> Place {
        let place = self.next_place(pass.room());
        if let Some(room) = self.rooms.get_mut(pass.room()) {
            let room = Arc::make_mut(room);
            change(room);
            room.modified_at = place.at;
        }
        self.writes.changed_rooms.insert(pass.room().clone());
        place
    }

    /// Deletes a room: nobody finds it any more, its log ends here.
    pub fn delete_room(&mut self, pass: &RoomPass) -> Place {
        let place = self.next_place(pass.room());
        self.writes.deleted_rooms.insert(pass.room().clone());
        self.room_names.retain(|_, id| id != pass.room());
        place
    }

    /// Makes someone a member, or gives a member another role.
    pub fn put_member(&mut self, pass: &RoomPass, user: &UserId, role: Role) -> Place {
        let place = self.next_place(pass.room());
        self.set_member(pass.room(), user, role);
        place
    }

    /// Ends a membership.
    pub fn remove_member(&mut self, pass: &RoomPass, user: &UserId) -> Place {
        let place = self.next_place(pass.room());
        let key = (pass.room().clone(), user.clone());
        if self.members.remove(&key).is_some() {
            self.writes.changed_member(key);
            if let Some(room) = self.rooms.get_mut(pass.room()) {
                Arc::make_mut(room).member_count -= 1;
            }
            self.memberships.entry(user.clone()).and_modify(|count| *count -= 1);
        }
        place
    }

    /// Tells the members, once it is committed. Every place taken must be told exactly once.
    pub fn emit(&mut self, pass: &RoomPass, place: &Place, event: Event, effect: Effect) {
        let is_kept_in = planted::is(Bug::KickOnlyInDatabase) && matches!(effect, Effect::Exit(_));
        let effect = if is_kept_in { Effect::None } else { effect };
        let (message, subject, data) = references(&event);
        self.writes.events.push(EventRow {
            room: pass.room().clone(),
            seq: place.seq,
            kind: event.name(),
            actor: pass.user().clone(),
            subject,
            message,
            data,
            at: place.at,
        });
        self.committed.push(Committed {
            room: pass.room().clone(),
            epoch: place.epoch.clone(),
            seq: place.seq,
            actor: pass.user().clone(),
            event,
            effect,
            hidden_from: Vec::new(),
        });
    }

    /// Remembers a write under a client's name, with a reference to what came of it.
    pub fn remember(&mut self, repeat: Repeat, reference: String) {
        let key = (repeat.user.clone(), repeat.operation, repeat.key.clone());
        self.repeats.insert(key, Done { digest: repeat.digest, reference: reference.clone() });
        self.writes.repeats.push((repeat, reference));
    }

    /// Adds a write to a feature's own table to the transaction.
    pub fn also(&mut self, write: Box<dyn ExtraWrite>) {
        self.writes.extra.push(write);
    }

    fn next_place(&mut self, room: &RoomId) -> Place {
        let now = self.now;
        let room =
            Arc::make_mut(self.rooms.get_mut(room).expect("a pass is only made for a room of the batch"));
        room.head_seq += 1;
        room.last_at = room.last_at.max(now);
        self.writes.moved_rooms.insert(room.id.clone());
        Place { seq: room.head_seq, epoch: room.epoch.clone(), at: room.last_at }
    }

    fn set_member(&mut self, room: &RoomId, user: &UserId, role: Role) {
        let state =
            Arc::make_mut(self.rooms.get_mut(room).expect("a member is only set in a room of the batch"));
        let key = (room.clone(), user.clone());
        let at = self.now.max(state.last_at);
        if let Some(member) = self.members.get_mut(&key) {
            member.role = role;
            member.modified_at = at;
        } else {
            state.member_count += 1;
            self.memberships.entry(user.clone()).and_modify(|count| *count += 1);
            let head = state.head_seq;
            self.members.insert(
                key.clone(),
                MemberState {
                    id: self.names.id(at),
                    role,
                    created_at: at,
                    modified_at: at,
                    joined_at: at,
                    joined_seq: head,
                    // What was said before one came counts as read.
                    read_seq: head,
                    last_read_at: None,
                    muted: false,
                },
            );
        }
        self.writes.changed_member(key);
    }

    fn empty_room(&self, id: RoomId, maker: &UserId) -> RoomState {
        RoomState {
            id,
            kind: RoomKind::Room,
            slug: None,
            pair_key: None,
            name: String::new(),
            description: None,
            is_private: false,
            created_by: maker.clone(),
            created_at: self.now,
            modified_at: self.now,
            epoch: self.names.word().into(),
            head_seq: 0,
            member_count: 0,
            last_at: self.now,
        }
    }

    fn insert_room(&mut self, room: RoomState) {
        self.room_names.insert(room.id.to_string(), room.id.clone());
        self.writes.new_rooms.push(room.id.clone());
        self.rooms.insert(room.id.clone(), Arc::new(room));
    }

    fn pass_of(&self, room: &RoomId, user: &UserId) -> RoomPass {
        self.enter_id(Some(room), user, Permission::Read).expect("the user was made a member")
    }

    fn profile(&self, user: &UserId) -> Arc<Sender> {
        let unknown =
            || Sender { id: user.clone(), username: user.to_string(), display_name: None, avatar: None };
        self.users.get(user).map_or_else(|| Arc::new(unknown()), |user| user.profile.clone())
    }
}
