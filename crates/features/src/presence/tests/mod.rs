//! Presence as clients meet it: its tasks, its operations, its statement on both engines.

pub(crate) mod stage;

use std::time::Duration;

use fireside_db::testing::TestDatabase;
use fireside_db::{Engine, sql as statement};
use fireside_kernel::relay::Audience;
use fireside_protocol::Signal;
use fireside_protocol::presence::Status;
use serde_json::json;

use super::*;
use stage::{ENGINES, Stage, room, socket, user};

async fn account(stage: &Stage, name: &str, seen: i64) {
    let text = "INSERT INTO users (id, username, kind, role, origin, created_at, modified_at, last_seen_at) \
                VALUES ($1, $1, 'person', 'member', 'local', 1, 1, $2)";
    stage.kernel.db.run(statement(text).bind(name).bind(seen)).await.unwrap();
}

/// Presence on a stage with the rooms: `hall` of ann and bob, `side` of bob and cid.
async fn stage(engine: Engine) -> (Stage, Arc<Presence>) {
    let mut stage = Stage::on(engine).await;
    stage.room("hall", &["ann", "bob"]).await;
    stage.room("side", &["bob", "cid"]).await;
    for name in ["ann", "bob", "cid", "eve"] {
        account(&stage, name, 1_000).await;
    }
    let presence = register(&stage.kernel, &mut stage.registry);
    (stage, presence)
}

#[tokio::test]
async fn arrivals_are_told_to_rooms_and_newcomers_are_greeted() {
    let (stage, presence) = stage(Engine::Sqlite).await;
    presence.opened(&socket("ann", 1), &[room("hall")]);
    let (audience, signal) = stage.hears().await;
    assert_eq!(audience, Audience::Rooms(vec![room("hall")]));
    let Signal::PresenceChanged(row) = signal else { panic!("{signal:?}") };
    assert_eq!((row.user_id, row.status), (user("ann"), Status::Online));
    let (audience, signal) = stage.hears().await;
    assert_eq!(audience, Audience::Socket("ann#1".into()));
    let Signal::PresenceSnapshot(snapshot) = signal else { panic!("{signal:?}") };
    assert!(snapshot.users.is_empty(), "ann is alone: {snapshot:?}");

    presence.opened(&socket("bob", 1), &[room("hall"), room("side")]);
    let (audience, _) = stage.hears().await;
    assert_eq!(audience, Audience::Rooms(vec![room("hall"), room("side")]));
    let (audience, signal) = stage.hears().await;
    assert_eq!(audience, Audience::Socket("bob#1".into()));
    let Signal::PresenceSnapshot(snapshot) = signal else { panic!("{signal:?}") };
    assert_eq!(snapshot.users.iter().map(|row| row.user_id.clone()).collect::<Vec<_>>(), [user("ann")]);
    assert!(stage.is_quiet().await);
}

#[tokio::test]
async fn presence_is_seen_by_who_shares_a_room_only() {
    for engine in ENGINES {
        let (stage, presence) = stage(engine).await;
        presence.opened(&socket("ann", 1), &[room("hall")]);
        let ask = r#"{"userIds":["ann","bob","cid","eve","nobody","ann"]}"#;

        let answer = stage.call("bob", "presence:get", ask).await.unwrap();
        let rows = answer["users"].as_array().unwrap();
        let shown: Vec<_> = rows.iter().map(|row| (row["userId"].clone(), row["status"].clone())).collect();
        let expected = [
            (json!("ann"), json!("online")),
            (json!("bob"), json!("offline")),
            (json!("cid"), json!("offline")),
        ];
        assert_eq!(shown, expected, "{engine:?}");
        assert_eq!(rows[1]["lastSeenAt"], json!("1970-01-01T00:00:00.001Z"), "{engine:?}");

        let answer = stage.call("eve", "presence:get", ask).await.unwrap();
        assert_eq!(answer["users"].as_array().unwrap().len(), 1, "eve sees herself only, {engine:?}");

        let online = stage.call("bob", "room:online", r#"{"roomId":"hall-slug"}"#).await.unwrap();
        assert_eq!(online["items"][0]["userId"], json!("ann"), "{engine:?}");
        let error = stage.call("eve", "room:online", r#"{"roomId":"hall"}"#).await.unwrap_err();
        assert_eq!(error.message, "Room not found", "{engine:?}");
    }
}

#[tokio::test]
async fn too_many_questions_are_refused() {
    let (stage, _presence) = stage(Engine::Sqlite).await;
    let ids: Vec<String> = (0..201).map(|number| format!("u{number}")).collect();
    let ask = json!({ "userIds": ids }).to_string();
    assert_eq!(stage.call("ann", "presence:get", &ask).await.unwrap_err().field.as_deref(), Some("userIds"));
}

/// The signals of all rounds that are due, each with the number of its round.
fn rounds_of(roster: &mut Roster) -> Vec<(usize, Audience, Signal)> {
    let mut told = Vec::new();
    for number in 0.. {
        let Some(now) = roster.next_round() else { break };
        let round = roster.round(now, Time::from_micros(1), CHANGES_PER_ROUND);
        while roster.greet(Time::from_micros(1), SNAPSHOT_MAX).is_some() {}
        told.extend(
            rules::plan(round.changes).into_iter().map(|(audience, signal)| (number, audience, signal)),
        );
    }
    told
}

#[test]
fn a_thousand_who_come_and_go_cost_a_packet_a_round() {
    let (mut roster, start) = (Roster::default(), Instant::now());
    let people = |kind: &str| (0..1_000).map(|number| user(&format!("{kind}{number}"))).collect::<Vec<_>>();
    let (old, new) = (people("old"), people("new"));
    old.iter().for_each(|user| roster.open("s", user, &[room("hall")], start));
    rounds_of(&mut roster);

    let later = start + Duration::from_secs(60);
    old.iter().for_each(|user| roster.close(user, Ending::Closed, later, Time::from_micros(1)));
    let back = later + Duration::from_secs(2);
    old.iter().for_each(|user| roster.open("s", user, &[room("hall")], back));
    assert!(rounds_of(&mut roster).is_empty(), "all are back: nobody is told anything");

    let last = start + Duration::from_secs(120);
    old.iter().for_each(|user| roster.close(user, Ending::Closed, last, Time::from_micros(1)));
    new.iter().for_each(|user| roster.open("s", user, &[room("hall")], last));
    let told = rounds_of(&mut roster);
    assert_eq!(told.len(), 2, "one packet of those who came, one of those who went");
    assert!(told[0].0 < told[1].0, "in two rounds");
    for (signal, people, status) in [(&told[0], new, Status::Online), (&told[1], old, Status::Offline)] {
        assert_eq!(signal.1, Audience::Room(room("hall")));
        let Signal::PresenceSnapshot(snapshot) = &signal.2 else { panic!("{signal:?}") };
        let rows: HashSet<_> =
            snapshot.users.iter().map(|row| (row.user_id.clone(), row.status == status)).collect();
        assert_eq!(rows, people.into_iter().map(|user| (user, true)).collect());
    }
}

#[tokio::test]
async fn a_tidy_end_writes_down_who_was_here() {
    for engine in ENGINES {
        let (stage, presence) = stage(engine).await;
        presence.opened(&socket("ann", 1), &[room("hall")]);
        presence.save(&stage.kernel.db).await.unwrap();
        let rows = crate::users::find_many(&stage.kernel.db, &[user("ann"), user("bob")]).await.unwrap();
        assert!(rows[0].last_seen_at > rows[1].last_seen_at, "{engine:?}");
        assert!(presence.unsaved.lock().is_empty(), "{engine:?}");
    }
}

#[tokio::test]
async fn what_could_not_be_written_is_kept() {
    let (stage, presence) = stage(Engine::Sqlite).await;
    presence.opened(&socket("ann", 1), &[room("hall")]);
    stage.kernel.db.close().await;
    presence.save(&stage.kernel.db).await.unwrap_err();
    assert_eq!(presence.unsaved.lock().len(), 1);
}

#[tokio::test]
async fn the_tasks_end_with_the_presence() {
    let database = TestDatabase::sqlite();
    let relay = Arc::new(Relay::default());
    let presence = Arc::new(Presence::new(&relay, Clock::default()));
    let (weak, wake, save) = (Arc::downgrade(&presence), presence.wake.clone(), presence.save.clone());
    let tell = tokio::spawn(rounds::tell(weak.clone(), wake));
    let write_down = tokio::spawn(rounds::write_down(weak, save, database.open().await));
    drop(presence);
    for task in [tell, write_down] {
        tokio::time::timeout(Duration::from_secs(5), task).await.expect("the task ends").unwrap();
    }
}
