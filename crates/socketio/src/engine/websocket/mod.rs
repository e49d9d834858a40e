//! WebSocket as far as a server of Engine.IO needs it (RFC 6455): the opening handshake, the reading side and
//! the frames that are written. No extension is ever negotiated.

pub(crate) mod decoder;
pub(crate) mod encoder;
pub(crate) mod handshake;
