//! How many rooms one person may be in.

use fireside_kernel::{Error, Result};
use fireside_protocol::Reason;

/// Most rooms one person may be a member of: a socket hears all of them (`GUARANTEES.md`, default limits).
pub(super) const MEMBERSHIPS_MAX: i64 = 200;

/// Refuses one more membership where there are enough.
pub(super) fn check_memberships(count: i64) -> Result<()> {
    if count >= MEMBERSHIPS_MAX {
        return Err(Error::new(Reason::Limit, "Nobody can be a member of more than 200 rooms"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_hundredth_room_is_the_last() {
        assert!(check_memberships(MEMBERSHIPS_MAX - 1).is_ok());
        assert!(check_memberships(MEMBERSHIPS_MAX).is_err());
    }
}
