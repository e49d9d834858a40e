//! An Engine.IO v4 and Socket.IO v5 server on tokio and hyper.
//!
//! # What it does
//! * HTTP long-polling, WebSocket, and the upgrade from one to the other; binary data; acknowledgements both
//!   ways; namespaces; rooms.
//! * Events of one connection are handed out strictly in the order in which they came ([`Turn`]).
//! * Nothing is ever dropped silently: a client that does not read is closed when its backlog passes a limit.
//! * An event for many clients is encoded once ([`Frame`]) and its bytes are shared; what has gathered for a
//!   client is written in one system call.
//! * An idle connection owns no buffer, no timer and no second task: less than 2 kB in all.
//! * Every size, count and time that a client can influence has a limit ([`Config`], [`HttpLimits`]).
//!
//! # How it is used
//! Implement [`Handler`], make a [`Server`], and give it the requests that it [`matches`](Server::matches),
//! from [`serve`] or from any other HTTP server on hyper 1:
//!
//! ```no_run
//! use std::sync::Arc;
//! use fireside_socketio::{
//!     Config, ConnectError, ConnectRequest, Event, Frame, Handler, HttpLimits, Server, Socket, Turn, serve,
//! };
//!
//! struct Chat;
//!
//! impl Handler for Chat {
//!     type State = ();
//!
//!     async fn connect(self: Arc<Self>, _: ConnectRequest<()>) -> Result<(), ConnectError> {
//!         Ok(())
//!     }
//!
//!     fn connected(&self, socket: &Socket<()>) {
//!         socket.join("everybody");
//!     }
//!
//!     async fn event(self: Arc<Self>, socket: Socket<()>, event: Event, _turn: Turn) {
//!         let args: Vec<_> = event.args.iter().collect();
//!         let frame = Frame::from_raw(event.name(), &args);
//!         socket.namespace().to("everybody").emit(&frame);
//!         if let Some(ack) = event.ack {
//!             ack.send(&[]);
//!         }
//!     }
//! }
//!
//! # async fn run() -> std::io::Result<()> {
//! let server = Server::new(Config::default(), Chat);
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
//! let service = move |request, peer| {
//!     let server = server.clone();
//!     async move { server.call(request, peer).await }
//! };
//! serve(listener, None, service, HttpLimits::default(), std::future::pending()).await;
//! # Ok(())
//! # }
//! ```
//!
//! The floor below, [`Engine`], can be used by itself.

mod config;
mod connection;
mod engine;
mod event;
mod frame;
mod handler;
mod handshake;
mod id;
mod json;
mod listener;
mod namespace;
mod origin;
mod packet;
#[doc(hidden)]
pub mod parsers;
mod query;
mod reason;
mod server;
mod socket;
mod stats;
mod turn;

pub use config::{Config, Transport};
pub use engine::{
    Connection, Engine, EngineHandler, Message, ProtocolViolation, Response, ResponseBody, Session, too_large,
};
pub use event::{Ack, Args, Event};
pub use frame::{EncodeError, Frame};
pub use handler::{ConnectError, ConnectRequest, Handler};
pub use handshake::{Handshake, HandshakeRequest, Peer, Refusal};
pub use id::{Id, SidPrefix};
pub use json::{InvalidJson, RawJson};
pub use listener::{BodyError, HttpLimits, discard, read_body, serve};
pub use namespace::Namespace;
pub use namespace::adapter::{Adapter, Apply, RoomOperation, Target};
pub use namespace::broadcast::Broadcast;
pub use namespace::locked::LockedRooms;
pub use origin::Origins;
pub use reason::DisconnectReason;
pub use server::Server;
pub use socket::{AckError, Acknowledgement, Socket};
pub use stats::Stats;
pub use turn::Turn;
