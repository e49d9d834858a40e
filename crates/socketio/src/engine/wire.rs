//! The connection below a WebSocket, taken back from the HTTP server.

use std::io::{self, Read};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker, ready};

use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;

use crate::listener::stream::Stream;

/// Bytes that one read may bring. The buffer belongs to the thread, not to the connection.
pub(crate) const READ_SIZE: usize = 64 * 1024;

/// Whether the runtime is told of new bytes only, so that a read that does not fill its buffer was the last.
const EDGE_TRIGGERED: bool = cfg!(target_os = "linux");

/// A plain TCP connection, which any thread may write to.
#[derive(Debug)]
pub(crate) struct TcpWire {
    stream: TcpStream,
    /// The listener counts the connection until this is dropped.
    _permit: Option<OwnedSemaphorePermit>,
}

impl TcpWire {
    #[inline]
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.try_write(bytes)
    }

    pub(crate) fn poll_write_ready(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream.poll_write_ready(cx)
    }

    /// Reads what the kernel has, without regard to what the runtime knows of the connection's readiness.
    pub(crate) fn read_now(&self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*SockRef::from(&self.stream)).read(buffer)
    }

    fn poll_read(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.stream.poll_read_ready(cx))?;
            let mut drained = None;
            let result = self.stream.try_io(Interest::READABLE, || {
                let read = self.read_now(buffer)?;
                if EDGE_TRIGGERED && 0 < read && read < buffer.len() {
                    // The kernel has no more. Saying so clears the readiness and saves asking again.
                    drained = Some(read);
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Ok(read)
            });
            match (drained, result) {
                (Some(read), _) => return Poll::Ready(Ok(read)),
                (None, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => {}
                (None, result) => return Poll::Ready(result),
            }
        }
    }

    /// Says that nothing more will be written.
    pub(crate) fn shutdown(&self) {
        // A connection that is gone already needs no shutting down.
        let _ = SockRef::from(&self.stream).shutdown(std::net::Shutdown::Write);
    }

    /// Makes the kernel forget what it could not send to a client that does not read.
    pub(crate) fn discard_unsent(&self) {
        // Without this the memory is freed later, by the kernel's own timeout.
        let _ = self.stream.set_zero_linger();
    }
}

/// What a connection that is not plain TCP can do.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// The connection below one WebSocket.
pub(crate) enum Wire {
    /// Plain TCP.
    Tcp(Arc<TcpWire>),
    /// Anything else, TLS above all: only the session's own task reads and writes it.
    Other(Box<dyn Duplex>),
}

impl Wire {
    /// Takes the connection out of hyper, and the bytes that came behind the handshake.
    ///
    /// Hyper's own buffers go with its wrapper; what stays is the bare connection.
    pub(crate) fn take(upgraded: Upgraded) -> (Self, Vec<u8>) {
        let upgraded = match upgraded.downcast::<TokioIo<Stream>>() {
            Ok(parts) => {
                let wire = match parts.io.into_inner().into_tcp() {
                    Ok((stream, permit)) => Self::tcp(stream, permit),
                    Err(stream) => Self::Other(stream),
                };
                return (wire, parts.read_buf.to_vec());
            }
            Err(upgraded) => upgraded,
        };
        match upgraded.downcast::<TokioIo<TcpStream>>() {
            Ok(parts) => (Self::tcp(parts.io.into_inner(), None), parts.read_buf.to_vec()),
            Err(upgraded) => (Self::Other(Box::new(TokioIo::new(upgraded))), Vec::new()),
        }
    }

    fn tcp(stream: TcpStream, permit: Option<OwnedSemaphorePermit>) -> Self {
        Self::Tcp(Arc::new(TcpWire { stream, _permit: permit }))
    }

    /// Writes a few bytes to a connection that has just been opened; false when it does not take them.
    pub(crate) fn write_now(&mut self, task: &Waker, bytes: &[u8]) -> bool {
        match self {
            Self::Tcp(wire) => wire.try_write(bytes).is_ok_and(|written| written == bytes.len()),
            Self::Other(stream) => {
                let mut cx = Context::from_waker(task);
                let written = Pin::new(&mut *stream).poll_write(&mut cx, bytes);
                let flushed = Pin::new(stream).poll_flush(&mut cx);
                matches!((written, flushed), (Poll::Ready(Ok(len)), Poll::Ready(Ok(()))) if len == bytes.len())
            }
        }
    }

    /// Reads into `buffer`; 0 is the end of the stream.
    pub(crate) fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Tcp(wire) => wire.poll_read(cx, buffer),
            Self::Other(stream) => {
                let mut buffer = ReadBuf::new(buffer);
                Pin::new(stream).poll_read(cx, &mut buffer).map_ok(|()| buffer.filled().len())
            }
        }
    }
}
