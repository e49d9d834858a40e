//! The Socket.IO door: connections of both profiles, and the delivery of events to them.
