//! Who gets what arrives: set once, called with care.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use crate::{Incoming, measures};

/// The function given to [`crate::Bus::receive`], as soon as there is one.
#[derive(Default)]
pub(crate) struct Receiver(OnceLock<Box<dyn Fn(Incoming) + Send + Sync>>);

impl Receiver {
    pub(crate) fn set(&self, receiver: Box<dyn Fn(Incoming) + Send + Sync>) {
        if self.0.set(receiver).is_err() {
            tracing::error!("a bus has one receiver; the second was ignored");
        }
    }

    /// A receiver that panics must not take the connection with it: then every later message would be lost.
    pub(crate) fn call(&self, incoming: Incoming) {
        let Some(receiver) = self.0.get() else { return };
        measures::received();
        if catch_unwind(AssertUnwindSafe(|| receiver(incoming))).is_err() {
            tracing::error!("the receiver of the bus panicked; its message is lost");
        }
    }
}
