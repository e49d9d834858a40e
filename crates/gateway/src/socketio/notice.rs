//! When a client is told that its token ends, so that it can bring the next one in time.

use std::sync::atomic::{AtomicI32, Ordering};

/// How long before its end, in milliseconds.
const NOTICE_MS: i32 = 60_000;
/// Nobody has looked yet.
const NOT_SET: i32 = 0;
/// It was told.
const TOLD: i32 = -1;

/// Whether a client was told: once for each token, a minute before its end, or halfway there for one that comes
/// with less. However late somebody looks, it is told.
#[derive(Debug, Default)]
pub(super) struct Notice {
    /// How long before the end, in milliseconds; or one of the states above.
    notice_ms: AtomicI32,
}

impl Notice {
    /// Whether it is to be told now that its token ends in `left_ms`; from then on it was.
    pub(super) fn is_due(&self, left_ms: i64) -> bool {
        let left_ms = i32::try_from(left_ms).unwrap_or(i32::MAX);
        let mut notice_ms = self.notice_ms.load(Ordering::Relaxed);
        if notice_ms == NOT_SET {
            notice_ms = if left_ms > NOTICE_MS { NOTICE_MS } else { left_ms / 2 };
            self.notice_ms.store(notice_ms, Ordering::Relaxed);
        }
        let is_due = notice_ms != TOLD && left_ms <= notice_ms;
        if is_due {
            self.notice_ms.store(TOLD, Ordering::Relaxed);
        }
        is_due
    }

    /// There is another token.
    pub(super) fn begin_again(&self) {
        self.notice_ms.store(NOT_SET, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_before_the_end_and_once() {
        let notice = Notice::default();
        let told: Vec<_> = [900_000, 60_001, 58_900, 57_900, 100].map(|left| notice.is_due(left)).into();
        assert_eq!(told, [false, false, true, false, false]);
        notice.begin_again();
        assert!(!notice.is_due(i64::MAX) && !notice.is_due(60_001) && notice.is_due(3));
    }

    #[test]
    fn halfway_where_there_is_less() {
        let notice = Notice::default();
        assert!(
            !notice.is_due(10_000) && !notice.is_due(5_001) && notice.is_due(4_400) && !notice.is_due(3_400)
        );
    }
}
