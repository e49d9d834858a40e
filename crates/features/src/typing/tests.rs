//! Typing as clients meet it.

use fireside_kernel::relay::Audience;
use fireside_protocol::members::MemberEvent;
use serde_json::json;

use super::*;
use crate::presence::tests::stage::{ENGINES, Stage, room, user};

/// The next signal, in short: the room told, who, and `+` for writing.
async fn heard(stage: &Stage) -> String {
    let (audience, signal) = stage.hears().await;
    let Signal::TypingUpdate(update) = signal else { panic!("{signal:?}") };
    assert_eq!(audience, Audience::Room(update.room_id.clone()));
    format!("{} {}{}", update.room_id, update.user_id, if update.is_typing { '+' } else { '-' })
}

fn left(name: &str, from: &str) -> Committed {
    let (room_id, user_id) = (room(from), user(name));
    let event = MemberEvent { room_id, user_id, by: None, role: None, seq: 10, epoch: "e".into() };
    Committed {
        room: room(from),
        epoch: "e".into(),
        seq: 10,
        actor: user(name),
        event: Event::MemberLeft(event),
        hidden_from: Vec::new(),
        effect: Effect::Exit(user(name)),
    }
}

#[tokio::test]
async fn members_are_told_and_it_ends_by_itself() {
    for engine in ENGINES {
        let mut stage = Stage::on(engine).await;
        stage.room("hall", &["ann"]).await;
        register(&stage.kernel, &mut stage.registry);
        let answer = stage.call("ann", "typing:start", r#"{"roomId":"hall-slug","userId":7}"#).await.unwrap();
        assert_eq!(answer, json!({ "ok": true }), "{engine:?}");
        assert_eq!(heard(&stage).await, "hall ann+", "{engine:?}");
        assert_eq!(heard(&stage).await, "hall ann-", "after three seconds, {engine:?}");
    }
}

#[tokio::test]
async fn outsiders_are_told_nothing_and_leave_nothing() {
    for engine in ENGINES {
        let mut stage = Stage::on(engine).await;
        stage.room("hall", &["ann"]).await;
        register(&stage.kernel, &mut stage.registry);
        for room in ["hall", "hall-slug", "nowhere"] {
            for event in ["typing:start", "typing:stop"] {
                let answer = stage.call("eve", event, &format!(r#"{{"roomId":"{room}"}}"#)).await.unwrap();
                assert_eq!(answer, json!({ "ok": true }), "{event} {room} {engine:?}");
            }
        }
        assert!(stage.is_quiet().await, "{engine:?}");
    }
}

#[tokio::test]
async fn nothing_is_kept_of_rooms_one_is_not_in() {
    let mut stage = Stage::on(fireside_db::Engine::Sqlite).await;
    let typing = Arc::new(Typing::new(&stage.kernel.relay));
    let (hall, board) = (stage.kernel.clone(), typing.clone());
    stage.registry.add(move |ctx, request| operations::start(hall.clone(), board.clone(), ctx, request));
    for number in 0..200 {
        stage.call("eve", "typing:start", &format!(r#"{{"roomId":"r{number}"}}"#)).await.unwrap();
    }
    assert!(typing.board.lock().is_empty());
}

#[tokio::test]
async fn whoever_is_removed_writes_no_more() {
    let mut stage = Stage::on(fireside_db::Engine::Sqlite).await;
    stage.room("hall", &["ann", "bob"]).await;
    let typing = Arc::new(Typing::new(&stage.kernel.relay));
    let (hall, board) = (stage.kernel.clone(), typing.clone());
    stage.registry.add(move |ctx, request| operations::start(hall.clone(), board.clone(), ctx, request));
    stage.call("ann", "typing:start", r#"{"roomId":"hall"}"#).await.unwrap();
    assert_eq!(heard(&stage).await, "hall ann+");
    let text = "DELETE FROM members WHERE user_id = 'ann'";
    stage.kernel.db.run(fireside_db::sql(text)).await.unwrap();
    typing.committed(&[left("ann", "hall")]);
    assert_eq!(heard(&stage).await, "hall ann-");
    stage.call("ann", "typing:start", r#"{"roomId":"hall"}"#).await.unwrap();
    stage.call("bob", "typing:start", r#"{"roomId":"hall"}"#).await.unwrap();
    assert_eq!(heard(&stage).await, "hall bob+", "nothing of ann came before it");
}

#[tokio::test]
async fn the_sweep_ends_with_the_typing() {
    let relay = Arc::new(Relay::default());
    let typing = Arc::new(Typing::new(&relay));
    let task = tokio::spawn(sweep(Arc::downgrade(&typing), typing.wake.clone()));
    drop(typing);
    tokio::time::timeout(Duration::from_secs(5), task).await.expect("the sweep ends").unwrap();
}
