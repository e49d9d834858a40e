//! The verbs of reads, one a file.

pub(super) mod explain;
pub(super) mod list;
pub(super) mod mark;
pub(super) mod mute;

use fireside_kernel::{Error, Kernel, Result};

/// How many changes may wait for the room log before positions are not taken any more. Far below the
/// length of its queue: what is read can be marked again, what is said should not wait for it.
const SHED_AT: usize = 1_024;

/// Refuses while messages wait in numbers.
fn check_load(kernel: &Kernel) -> Result<()> {
    if kernel.log.waiting() > SHED_AT { Err(Error::overloaded()) } else { Ok(()) }
}
