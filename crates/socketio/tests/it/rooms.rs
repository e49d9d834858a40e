//! Rooms and broadcasts, the adapter's seam, and two servers on one set of rooms.

use std::sync::Arc;

use fireside_socketio::{Adapter, Apply, Config, Frame, RoomOperation};
use parking_lot::Mutex;

use crate::support::{World, config};

fn said(text: &str) -> Frame {
    Frame::event("said", &[text]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broadcast_reaches_each_socket_of_its_rooms_once() {
    let world = World::new().await;
    let mut alice = world.join("alice").await;
    let mut bob = world.join("bob").await;
    let mut carol = world.join("carol").await;
    for (client, rooms) in [(&mut alice, &["a", "ab"][..]), (&mut bob, &["ab", "b"]), (&mut carol, &[])] {
        for (id, room) in rooms.iter().enumerate() {
            client.ask(id as u64, &format!("[\"join\",\"{room}\"]")).await;
        }
    }
    let namespace = world.namespace();
    let id = |name: &str| {
        let socket = namespace.sockets().into_iter().find(|socket| socket.state() == name).unwrap();
        socket.id().to_string()
    };
    assert_eq!(namespace.to("a").emit(&said("1")), 1);
    assert_eq!(namespace.to("a").to("ab").to("b").emit(&said("2")), 2);
    assert_eq!(namespace.to("ab").except("b").emit(&said("3")), 1);
    assert_eq!(namespace.to("ab").except(id("alice")).emit(&said("4")), 1);
    assert_eq!(namespace.to(id("carol")).emit(&said("5")), 1);
    assert_eq!(namespace.everyone().emit(&said("6")), 3);
    assert_eq!(namespace.except("ab").emit(&said("7")), 1);
    assert_eq!(namespace.to("nobody").emit(&said("8")), 0);
    assert_eq!(namespace.to("a").emit(&Frame::event_in("/custom", "said", &["9"]).unwrap()), 0);
    for (client, seen) in [(&mut alice, "1236"), (&mut bob, "246"), (&mut carol, "567")] {
        for number in seen.chars() {
            client.receives(&format!("42[\"said\",\"{number}\"]")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_is_complete_however_many_rooms_there_are() {
    let world = World::new().await;
    let mut clients = Vec::new();
    for number in 0..20 {
        clients.push(world.join(&format!("number {number}")).await);
    }
    let namespace = world.namespace();
    let sockets = namespace.sockets();
    for (number, socket) in sockets.iter().enumerate() {
        for room in 0..20 {
            assert!(socket.join(&format!("room {}", (number * 7 + room) % 30)));
        }
        assert!(!socket.join(&format!("room {}", number * 7 % 30)), "twice is once");
        assert_eq!(socket.rooms().len(), 20);
    }
    for (number, socket) in sockets.iter().enumerate().step_by(2) {
        for room in (0..20).step_by(3) {
            assert!(socket.leave(&format!("room {}", (number * 7 + room) % 30)));
        }
    }
    for room in 0..30 {
        let name = format!("room {room}");
        let expected = sockets.iter().filter(|socket| socket.is_in(&name)).count();
        assert_eq!(namespace.in_room(&name).len(), expected);
        assert_eq!(namespace.to(&*name).emit(&said("x")), expected);
    }
    drop(clients);
    world.is_empty().await;
    assert!(namespace.is_empty() && namespace.rooms().is_empty());
    assert!(!sockets[0].join("room 0"), "who is gone joins nothing");
    assert!(!sockets[0].emit(&said("x")));
}

#[tokio::test(flavor = "multi_thread")]
async fn many_sockets_are_moved_and_disconnected_at_once() {
    let world = World::new().await;
    let mut alice = world.join("alice").await;
    let mut bob = world.join("bob").await;
    let namespace = world.namespace();
    assert_eq!(namespace.everyone().join(["a", "b"]), 2);
    assert_eq!(namespace.rooms().len(), 2);
    assert_eq!(namespace.to("a").leave(["a"]), 2);
    assert_eq!(namespace.in_room("a").len(), 0);
    namespace.to("b").emit(&said("bye"));
    assert_eq!(namespace.to("b").disconnect(true), 2);
    for client in [&mut alice, &mut bob] {
        client.receives("42[\"said\",\"bye\"]").await;
        client.receives("41").await;
        assert_eq!(client.closed().await, Some(1000));
    }
    let mut reports = [world.report().await, world.report().await];
    reports.sort();
    let expected = ["alice", "bob"].map(|name| format!("disconnected {name}: server namespace disconnect"));
    assert_eq!(reports, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn rooms_can_be_held_still() {
    let world = World::new().await;
    let mut alice = world.join("alice").await;
    let socket = world.namespace().sockets().remove(0);
    let before = world.namespace().with_rooms(|rooms| {
        assert!(rooms.socket(&socket.id()).is_some());
        let before = rooms.emit("r", &said("before"));
        assert!(rooms.join(&socket, "r") && rooms.is_in(&socket, "r"));
        assert_eq!(rooms.in_room("r").len(), 1);
        assert_eq!(rooms.emit("r", &said("inside")), 1);
        assert!(rooms.leave(&socket, "r"));
        before
    });
    assert_eq!(before, 0);
    alice.receives("42[\"said\",\"inside\"]").await;
}

/// Writes down what it hears, and has every second operation come back later.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Adapter for Notes {
    fn publish(&self, operation: &RoomOperation<'_>) -> Apply {
        let mut notes = self.0.lock();
        notes.push(match operation {
            RoomOperation::Emit { target, frame, volatile } => {
                let (array, attachments) = frame.contents();
                format!("emit {array} and {} to {:?}, {volatile}", attachments.len(), target.rooms)
            }
            RoomOperation::Join { rooms, .. } => format!("join {rooms:?}"),
            RoomOperation::Leave { rooms, .. } => format!("leave {rooms:?}"),
            RoomOperation::Disconnect { close, .. } => format!("disconnect {close}"),
            other => format!("{other:?}"),
        });
        if matches!(operation, RoomOperation::Emit { .. }) { Apply::Now } else { Apply::Later }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adapter_hears_of_everything_but_what_is_local() {
    let world = World::new().await;
    let mut alice = world.join("alice").await;
    let namespace = world.namespace();
    let notes = Arc::new(Notes::default());
    assert!(namespace.set_adapter(Arc::clone(&notes) as Arc<dyn Adapter>));
    assert!(!namespace.set_adapter(Arc::clone(&notes) as Arc<dyn Adapter>), "there is one already");
    assert_eq!(namespace.everyone().emit(&said("all")), 1);
    assert_eq!(namespace.everyone().local().volatile().emit(&said("local")), 1);
    assert_eq!(namespace.everyone().join(["r"]), 0, "not before it comes back");
    namespace.everyone().leave(["r"]);
    namespace.to("r").disconnect(true);
    let heard = notes.0.lock().clone();
    let expected =
        ["emit [\"said\",\"all\"] and 0 to [], false", "join [\"r\"]", "leave [\"r\"]", "disconnect true"];
    assert_eq!(heard, expected);
    let target = fireside_socketio::Target::default();
    assert_eq!(namespace.apply(&RoomOperation::Join { target: &target, rooms: &["r".into()] }), 1);
    assert_eq!(namespace.in_room("r").len(), 1);
    alice.receives("42[\"said\",\"all\"]").await;
    alice.receives("42[\"said\",\"local\"]").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_can_share_their_rooms() {
    use fireside_socketio::{
        ConnectError, ConnectRequest, Event, Handler, HttpLimits, Namespace, Peer, Server,
    };
    use fireside_socketio::{Socket, Turn, serve};

    /// One handler type, two profiles.
    struct Profile(&'static str);

    impl Handler for Profile {
        type State = &'static str;

        async fn connect(
            self: Arc<Self>,
            _: ConnectRequest<&'static str>,
        ) -> Result<&'static str, ConnectError> {
            Ok(self.0)
        }

        fn connected(&self, socket: &Socket<&'static str>) {
            socket.join("all");
        }

        async fn event(self: Arc<Self>, socket: Socket<&'static str>, _: Event, _: Turn) {
            socket.namespace().to("all").emit(&said(socket.state()));
        }
    }

    let namespace = Namespace::new("/");
    let server = |path: &str, profile| {
        let config = Config { path: path.to_owned(), ..config() };
        Server::with_namespaces(config, Profile(profile), [namespace.clone()])
    };
    let servers = [server("/io", "old"), server("/socket.io/", "new")];
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let service = move |request: http::Request<hyper::body::Incoming>, peer: Peer| {
        let server = servers.iter().find(|server| server.matches(request.uri().path())).unwrap().clone();
        async move { server.call(request, peer).await }
    };
    tokio::spawn(serve(listener, None, service, HttpLimits::default(), std::future::pending()));
    let mut clients = Vec::new();
    for path in ["/io", "/socket.io/"] {
        let stream = tokio::net::TcpStream::connect(addr).await.unwrap();
        let url = format!("ws://{addr}{path}?EIO=4&transport=websocket");
        let (stream, _) = tokio_tungstenite::client_async(url, stream).await.unwrap();
        let mut client = crate::support::Client { stream };
        client.receive().await;
        client.send("40").await;
        client.receive().await;
        clients.push(client);
    }
    assert_eq!(namespace.in_room("all").len(), 2);
    for (speaker, profile) in [(0, "old"), (1, "new")] {
        clients[speaker].send("42[\"hello\"]").await;
        for client in &mut clients {
            client.receives(&format!("42[\"said\",\"{profile}\"]")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_is_told_of_rooms_that_begin_and_end() {
    let world = World::new().await;
    let _alice = world.join("alice").await;
    let _bob = world.join("bob").await;
    let namespace = world.namespace();
    let sockets = namespace.sockets();
    assert!(sockets[0].join("before"));
    let told = Arc::new(Mutex::new(Vec::new()));
    let notes = Arc::clone(&told);
    namespace.watch_rooms(move |room, is_there| notes.lock().push(format!("{room} {is_there}")));
    for (number, socket) in sockets.iter().enumerate() {
        assert!(socket.join("both"), "socket {number}");
    }
    assert!(sockets[0].leave("both") && sockets[1].leave("both"));
    assert!(sockets[1].join("both"));
    sockets[1].disconnect(true);
    assert_eq!(*told.lock(), ["before true", "both true", "both false", "both true", "both false"]);
}
