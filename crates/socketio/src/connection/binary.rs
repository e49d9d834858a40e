//! A packet that waits for its attachments.

use std::time::Instant;

use bytes::Bytes;

use crate::event::Args;
use crate::namespace::Namespace;
use crate::packet::Kind;

/// A binary packet whose attachments have not all come.
pub(super) struct Partial<S> {
    pub(super) kind: Kind,
    pub(super) namespace: Namespace<S>,
    pub(super) id: Option<u64>,
    pub(super) args: Args,
    missing: usize,
    pub(super) since: Instant,
}

impl<S> Partial<S> {
    pub(super) fn new(
        kind: Kind,
        namespace: Namespace<S>,
        id: Option<u64>,
        args: Args,
        missing: usize,
    ) -> Self {
        Self { kind, namespace, id, args, missing, since: Instant::now() }
    }

    /// Adds an attachment; true when it was the last.
    pub(super) fn attach(&mut self, content: Bytes) -> bool {
        self.args.attach(content);
        self.missing -= 1;
        self.missing == 0
    }

    /// Bytes held so far.
    pub(super) fn size(&self) -> usize {
        self.args.size()
    }
}
