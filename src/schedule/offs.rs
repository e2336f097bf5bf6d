//! Off: what ran then never comes back.

use jiff::Timestamp;

/// The moments the person said off, in order.
#[derive(Debug)]
pub(super) struct Offs(Vec<Timestamp>);

impl Offs {
    pub fn new(offs: &[Timestamp]) -> Self {
        let mut offs = offs.to_vec();
        offs.sort_unstable();
        Self(offs)
    }

    /// The last time the person said off.
    pub fn last(&self) -> Option<Timestamp> {
        self.0.last().copied()
    }

    /// Tells whether the person said off in the half-open interval; with no end, ever since.
    ///
    /// A run that is ahead of the wall clock is asked for with its shifted begin and its unshifted end. Off may have been
    /// said before the clock was set back or after it; either way the run is over, and where in doubt the desktop opens.
    pub fn within(&self, from: Timestamp, until: Option<Timestamp>) -> bool {
        let first = self.0.partition_point(|off| *off < from);
        self.0.get(first).is_some_and(|off| until.is_none_or(|until| *off < until))
    }
}
