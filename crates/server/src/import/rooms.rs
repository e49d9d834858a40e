//! Rooms and their members. The log of a new room says that it was made and who joined; whoever was a
//! member more than once is one once.

use std::collections::{HashMap, HashSet};

use fireside_db::{Error, Tx, Value};
use fireside_features::rooms::{free_slug, slug};
use fireside_protocol::RoomId;
use fireside_protocol::members::Role;

use super::people::People;
use super::report::{Note, Report};
use super::source::{MemberRow, RoomRow, Source};
use super::target::{self, Event, Head};
use super::{Import, ImportError, Mode, naming};

/// Rooms of one transaction.
const BATCH: usize = 100;

/// The rooms of the source that are here once the import is over.
#[derive(Default)]
pub(super) struct Rooms {
    /// Each with what its members say of when they last read in it.
    last_reads: HashMap<String, Vec<(String, Option<i64>)>>,
    deleted: HashSet<String>,
}

impl Rooms {
    /// Why nothing can be added to a room, if so.
    pub(super) fn closed(&self, room: &str) -> Option<Note> {
        if self.deleted.contains(room) {
            return Some(Note::RoomDeleted);
        }
        (!self.last_reads.contains_key(room)).then_some(Note::UnknownRoom)
    }

    /// Takes out when the members of a room last read in it.
    pub(super) fn take_last_reads(&mut self, room: &str) -> Vec<(String, Option<i64>)> {
        self.last_reads.get_mut(room).map(std::mem::take).unwrap_or_default()
    }
}

/// People in rooms, as `(room, user)`.
type Pairs = HashSet<(String, String)>;

/// A membership, of however many rows.
struct Membership {
    id: String,
    user: String,
    role: Role,
    joined_at: i64,
    last_read_at: Option<i64>,
}

/// Imports rooms and memberships.
pub(super) async fn import(
    import: &mut Import<'_>,
    source: &mut Source,
    people: &People,
) -> Result<Rooms, ImportError> {
    let mut members = memberships(import, source, people).await?;
    let mut slugs = import.target.slugs().await?;
    let mut rooms = Rooms::default();
    let cursor = source.rooms().await?;
    loop {
        let chunk = source.next(&cursor).await?;
        if chunk.is_empty() {
            break;
        }
        for batch in chunk.chunks(BATCH) {
            let epochs: Vec<_> = batch.iter().map(|_| import.names.word()).collect();
            let planner =
                Planner { batch, epochs: &epochs, members: &members, slugs: &slugs, people, now: import.now };
            let writes = import.target.writes();
            let outcome = import.target.transact(async |tx| planner.run(tx, writes).await).await?;
            import.report.absorb(outcome.report);
            slugs.extend(outcome.slugs);
            rooms.deleted.extend(outcome.deleted);
            for room in batch.iter().filter(|room| RoomId::parse(&room.id).is_some()) {
                let of_room = members.remove(&room.id).unwrap_or_default();
                let reads = of_room.into_iter().map(|member| (member.user, member.last_read_at));
                rooms.last_reads.insert(room.id.clone(), reads.collect());
            }
        }
    }
    for (room, left) in members {
        import.report.members.skipped += left.len() as u64;
        for member in left {
            import.report.note(Note::UnknownRoom, format!("membership {} of room {room:?}", member.id));
        }
    }
    Ok(rooms)
}

/// All memberships of known people by room, in the order of joining.
async fn memberships(
    import: &mut Import<'_>,
    source: &mut Source,
    people: &People,
) -> Result<HashMap<String, Vec<Membership>>, ImportError> {
    let mut rooms: HashMap<String, Vec<Membership>> = HashMap::new();
    let mut known: HashMap<(String, String), usize> = HashMap::new();
    let cursor = source.members().await?;
    loop {
        let chunk = source.next(&cursor).await?;
        if chunk.is_empty() {
            return Ok(rooms);
        }
        for row in chunk {
            import.report.members.found += 1;
            if !people.knows(&row.user_id) {
                import.report.members.skipped += 1;
                import.report.note(Note::UnknownPerson, format!("{} in room {}", row.user_id, row.room_id));
                continue;
            }
            let of_room = rooms.entry(row.room_id.clone()).or_default();
            let index = *known.entry((row.room_id.clone(), row.user_id.clone())).or_insert(of_room.len());
            match of_room.get_mut(index) {
                Some(first) => {
                    import.report.members.merged += 1;
                    import
                        .report
                        .note(Note::MembershipsMerged, format!("{} in room {}", row.user_id, row.room_id));
                    merge(first, &row);
                }
                None => of_room.push(membership(row, import.now)),
            }
        }
    }
}

fn membership(row: MemberRow, now: i64) -> Membership {
    let role = role(&row);
    Membership {
        id: row.id,
        user: row.user_id,
        role,
        joined_at: row.joined_at.unwrap_or(now),
        last_read_at: row.last_read_at,
    }
}

/// The first row is the earliest; the highest role and the latest reading win.
fn merge(first: &mut Membership, row: &MemberRow) {
    if role(row) == Role::Admin {
        first.role = Role::Admin;
    }
    first.last_read_at = first.last_read_at.max(row.last_read_at);
}

fn role(row: &MemberRow) -> Role {
    if matches!(row.role.to_ascii_lowercase().as_str(), "admin" | "owner") {
        Role::Admin
    } else {
        Role::Member
    }
}

/// Decides what becomes of a batch of rooms.
struct Planner<'a> {
    batch: &'a [RoomRow],
    epochs: &'a [String],
    members: &'a HashMap<String, Vec<Membership>>,
    slugs: &'a HashSet<String>,
    people: &'a People,
    now: i64,
}

/// What became of a batch.
struct Outcome {
    report: Report,
    slugs: HashSet<String>,
    deleted: Vec<String>,
}

/// What has to be written for a batch.
#[derive(Default)]
struct Writes<'a> {
    new: Vec<([Value; 11], Head)>,
    moved: Vec<Head>,
    members: Vec<[Value; 7]>,
    events: Vec<Event<'a>>,
}

impl<'a> Planner<'a> {
    async fn run(&self, tx: &mut Tx, writes: bool) -> Result<Outcome, Error> {
        let ids = || self.batch.iter().map(|room| room.id.as_str());
        let heads = target::heads(tx, ids()).await?;
        let members = target::members(tx, ids()).await?;
        let leavers = target::leavers(tx, ids()).await?;
        let mode = if writes { Mode::Write } else { Mode::DryRun };
        let mut outcome = Outcome { report: Report::new(mode), slugs: HashSet::new(), deleted: Vec::new() };
        let mut plan = Writes::default();
        for (room, epoch) in self.batch.iter().zip(self.epochs) {
            outcome.report.rooms.found += 1;
            match heads.get(&room.id) {
                _ if RoomId::parse(&room.id).is_none() => {
                    outcome.report.rooms.skipped += 1;
                    outcome.report.note(Note::UnusableId, format!("room {:?}", room.id));
                }
                Some(head) if head.is_deleted => self.leave_deleted(room, &mut outcome),
                Some(head) => {
                    self.add_members(room, head.clone(), (&members, &leavers), &mut plan, &mut outcome)
                }
                None => self.make(room, epoch, &mut plan, &mut outcome),
            }
        }
        if writes {
            target::insert_rooms(tx, plan.new.iter().map(|(row, head)| (row.clone(), head)).collect())
                .await?;
            target::move_heads(tx, &plan.moved).await?;
            target::insert_members(tx, plan.members).await?;
            target::insert_events(tx, &plan.events).await?;
        }
        Ok(outcome)
    }

    fn members_of(&self, room: &RoomRow) -> &'a [Membership] {
        self.members.get(&room.id).map_or(&[], Vec::as_slice)
    }

    /// A room that was deleted here since an earlier import stays deleted.
    fn leave_deleted(&self, room: &RoomRow, outcome: &mut Outcome) {
        outcome.report.rooms.present += 1;
        outcome.report.members.skipped += self.members_of(room).len() as u64;
        outcome.report.note(Note::RoomDeleted, format!("room {}", room.id));
        outcome.deleted.push(room.id.clone());
    }

    /// Adds to a room that is here who has joined in the source since.
    fn add_members(
        &self,
        room: &'a RoomRow,
        mut head: Head,
        (here, leavers): (&Pairs, &Pairs),
        plan: &mut Writes<'a>,
        outcome: &mut Outcome,
    ) {
        outcome.report.rooms.present += 1;
        let before = head.seq;
        for member in self.members_of(room) {
            let key = (room.id.clone(), member.user.clone());
            if here.contains(&key) {
                outcome.report.members.present += 1;
            } else if leavers.contains(&key) {
                outcome.report.members.skipped += 1;
                outcome.report.note(Note::LeftSince, format!("{} in room {}", member.user, room.id));
            } else {
                join(room, member, member.joined_at, &mut head, plan);
                outcome.report.members.imported += 1;
            }
        }
        if head.seq > before {
            plan.moved.push(head);
        }
    }

    /// Makes a room, and lets its members join.
    fn make(&self, room: &'a RoomRow, epoch: &str, plan: &mut Writes<'a>, outcome: &mut Outcome) {
        let created = room.created_at.unwrap_or(self.now);
        let mut head = Head::new(room.id.clone(), created);
        let place = head.next(created);
        plan.events.push(event(room, place, "room:created", &room.created_by, None));
        let members = self.members_of(room);
        match members.iter().find(|member| member.user == room.created_by) {
            Some(maker) => {
                head.members += 1;
                plan.members.push(member_row(room, maker, Role::Admin, place.0));
            }
            None => {
                // Making a room is joining it; the log has to say that its maker has left.
                let left = event(room, head.next(created), "room:user-left", &room.created_by, None);
                plan.events.push(Event { subject: Some(&room.created_by), ..left });
            }
        }
        for member in members.iter().filter(|member| member.user != room.created_by) {
            // Before everything that was said, so that all of it is theirs to read.
            join(room, member, created, &mut head, plan);
        }
        outcome.report.members.imported += members.len() as u64;
        outcome.report.rooms.imported += 1;
        if !self.people.knows(&room.created_by) {
            outcome.report.note(Note::CreatorUnknown, format!("room {}", room.id));
        }
        plan.new.push((self.room_row(room, epoch, outcome), head));
    }

    fn room_row(&self, room: &RoomRow, epoch: &str, outcome: &mut Outcome) -> [Value; 11] {
        let wanted = slug(&room.name);
        let slug = free_slug(&wanted, |slug| self.slugs.contains(slug) || outcome.slugs.contains(slug));
        if slug != wanted {
            outcome.report.note(Note::SlugNumbered, format!("{:?} is {slug}", room.name));
        }
        let name = naming::room_name(&room.name, &slug);
        if name != room.name {
            outcome.report.note(Note::RoomNameChanged, format!("room {}", room.id));
        }
        let description = room.description.as_deref().and_then(naming::description);
        if description != room.description {
            outcome.report.note(Note::DescriptionChanged, format!("room {}", room.id));
        }
        outcome.slugs.insert(slug.clone());
        let created = room.created_at.unwrap_or(self.now);
        [
            (&room.id).into(),
            "room".into(),
            slug.into(),
            Value::Text(None),
            name.into(),
            description.into(),
            room.is_private.into(),
            (&room.created_by).into(),
            created.into(),
            room.modified_at.unwrap_or(created).into(),
            epoch.into(),
        ]
    }
}

/// Lets someone join, by the log's time at `at`.
fn join<'a>(room: &'a RoomRow, member: &'a Membership, at: i64, head: &mut Head, plan: &mut Writes<'a>) {
    let place = head.next(at);
    head.members += 1;
    let data = Some(member.role.as_str());
    let joined =
        Event { subject: Some(&member.user), ..event(room, place, "room:user-joined", &member.user, data) };
    plan.events.push(joined);
    plan.members.push(member_row(room, member, member.role, place.0));
}

fn event<'a>(
    room: &'a RoomRow,
    place: (i64, i64),
    kind: &'static str,
    actor: &'a str,
    data: Option<&'static str>,
) -> Event<'a> {
    Event { room: &room.id, place, kind, actor, subject: None, message: None, data }
}

fn member_row(room: &RoomRow, member: &Membership, role: Role, joined_seq: i64) -> [Value; 7] {
    [
        (&room.id).into(),
        (&member.user).into(),
        (&member.id).into(),
        role.as_str().into(),
        member.joined_at.into(),
        joined_seq.into(),
        member.last_read_at.into(),
    ]
}
