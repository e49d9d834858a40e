//! The smallest useful server: whoever connects is in one room, and what one says all hear.
//!
//! `cargo run -p fireside-socketio --example echo`, then connect any Socket.IO client to `http://localhost:3000`.

use std::sync::Arc;

use fireside_socketio::{
    Config, ConnectError, ConnectRequest, DisconnectReason, Event, Frame, Handler, HttpLimits, Peer, RawJson,
    Server, Socket, Turn, serve,
};
use tokio::net::TcpListener;

struct Room;

impl Handler for Room {
    type State = ();

    async fn connect(self: Arc<Self>, _request: ConnectRequest<()>) -> Result<(), ConnectError> {
        Ok(())
    }

    fn connected(&self, socket: &Socket<()>) {
        socket.join("everybody");
        println!("{} came", socket.id());
    }

    async fn event(self: Arc<Self>, socket: Socket<()>, event: Event, _turn: Turn) {
        let args: Vec<_> = event.args.iter().collect();
        let frame = Frame::binary_event("/", event.name(), &args, event.args.attachments());
        let heard_by = socket.namespace().to("everybody").emit(&frame);
        if let Some(ack) = event.ack {
            ack.send(&[RawJson::trusted(&heard_by.to_string())]);
        }
    }

    fn disconnected(&self, socket: &Socket<()>, reason: DisconnectReason) {
        println!("{} left: {reason}", socket.id());
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let server = Server::new(Config::default(), Room);
    let listener = TcpListener::bind("127.0.0.1:3000").await?;
    let service = move |request, peer: Peer| {
        let server = server.clone();
        async move { server.call(request, peer).await }
    };
    serve(listener, None, service, HttpLimits::default(), std::future::pending()).await;
    Ok(())
}
