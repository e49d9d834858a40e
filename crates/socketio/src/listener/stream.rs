//! One accepted connection, plain or TLS, that gives up on a client that does not read.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;

use crate::engine::wire::Duplex;

enum Io {
    Tcp(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// A connection with a time limit on writes that make no progress.
pub(crate) struct Stream {
    io: Io,
    /// Counted by the listener until dropped.
    permit: Option<OwnedSemaphorePermit>,
    write_timeout: Duration,
    /// Runs while a write waits.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Stream {
    pub(crate) fn plain(stream: TcpStream, permit: OwnedSemaphorePermit, write_timeout: Duration) -> Self {
        Self { io: Io::Tcp(stream), permit: Some(permit), write_timeout, stalled: None }
    }

    pub(crate) fn tls(
        stream: TlsStream<TcpStream>,
        permit: OwnedSemaphorePermit,
        write_timeout: Duration,
    ) -> Self {
        Self { io: Io::Tls(Box::new(stream)), permit: Some(permit), write_timeout, stalled: None }
    }

    /// The bare TCP connection, or itself where it is not one.
    pub(crate) fn into_tcp(self) -> Result<(TcpStream, Option<OwnedSemaphorePermit>), Box<dyn Duplex>> {
        match self.io {
            Io::Tcp(stream) => Ok((stream, self.permit)),
            io @ Io::Tls(_) => Err(Box::new(Self { io, ..self })),
        }
    }

    /// Runs a write, and fails it when it has made no progress for too long.
    fn write<R>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut (dyn AsyncWrite + Unpin)>, &mut Context<'_>) -> Poll<io::Result<R>>,
    ) -> Poll<io::Result<R>> {
        let io: &mut (dyn AsyncWrite + Unpin) = match &mut self.io {
            Io::Tcp(stream) => stream,
            Io::Tls(stream) => stream,
        };
        if let Poll::Ready(result) = write(Pin::new(io), cx) {
            self.stalled = None;
            return Poll::Ready(result);
        }
        let timeout = self.write_timeout;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(timeout)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.get_mut().io {
            Io::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Io::Tls(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().write(cx, |io, cx| io.poll_write(cx, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().write(cx, |io, cx| io.poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.io {
            Io::Tcp(stream) => stream.is_write_vectored(),
            Io::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().write(cx, |io, cx| io.poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().write(cx, |io, cx| io.poll_shutdown(cx))
    }
}
