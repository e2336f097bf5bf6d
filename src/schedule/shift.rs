//! Moving an instant without ever leaving the range that can be told.

use jiff::{SignedDuration, Timestamp};

/// Moves an instant forward; beyond the last one there is, it stays there.
pub(super) fn later(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_add(by).unwrap_or(at)
}

/// Moves an instant back; before the first one there is, it stays there.
pub(super) fn earlier(at: Timestamp, by: SignedDuration) -> Timestamp {
    at.saturating_sub(by).unwrap_or(at)
}

/// Lowers `next` to `at` if that is sooner.
pub(super) fn soonest(next: &mut Option<Timestamp>, at: Timestamp) {
    *next = Some(next.map_or(at, |next| next.min(at)));
}
