//! A TCP proxy that can swallow what the server says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

/// Forwards connections to a port of this machine.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    deaf: Arc<AtomicBool>,
    target: Arc<AtomicU16>,
}

impl Proxy {
    pub(crate) async fn to(target: u16) -> Proxy {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let deaf = Arc::new(AtomicBool::new(false));
        let swallowing = Arc::clone(&deaf);
        let target = Arc::new(AtomicU16::new(target));
        let now = Arc::clone(&target);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = TcpStream::connect(("127.0.0.1", now.load(Ordering::SeqCst))).await else {
                    continue;
                };
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = server.into_split();
                tokio::spawn(forward(from_client, to_server, Arc::default()));
                tokio::spawn(forward(from_server, to_client, Arc::clone(&swallowing)));
            }
        });
        Proxy { port, deaf, target }
    }

    /// From now on new connections go to this port.
    pub(crate) fn lead_to(&self, target: u16) {
        self.target.store(target, Ordering::SeqCst);
    }

    /// From now on nothing that the server says arrives; what it is told still does.
    pub(crate) fn swallow_answers(&self, swallow: bool) {
        self.deaf.store(swallow, Ordering::SeqCst);
    }
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, swallow: Arc<AtomicBool>) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        if !swallow.load(Ordering::SeqCst) && to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
