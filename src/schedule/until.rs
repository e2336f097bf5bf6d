//! When what runs now is over, with all that follows without a gap.

use std::{cmp::Reverse, collections::BinaryHeap};

use jiff::Timestamp;

use super::{
    Period,
    weekly::{BEFORE, Weekly},
};

/// A half-open interval; with no end where none is known.
pub(super) type Interval = (Timestamp, Option<Timestamp>);

/// How many dates are followed at most. Only a pattern that never ends gets so far.
const DATES_AT_MOST: usize = 800;

/// Follows what runs now, and what is known to begin before that ends, to the end of it all.
///
/// None if nothing runs, if a place is among it, or if the weekly windows leave no moment of the week open.
pub(super) fn contiguous_end(
    running: &[Period],
    to_come: Vec<Interval>,
    weekly: &Weekly<'_>,
) -> Option<Timestamp> {
    let ends: Option<Vec<Timestamp>> = running.iter().map(|period| period.until).collect();
    let mut end = ends?.into_iter().max()?;
    let endless = weekly.endless_from();
    let mut to_come: BinaryHeap<Reverse<Interval>> = to_come.into_iter().map(Reverse).collect();
    let mut days = weekly.days(end, -BEFORE).take(DATES_AT_MOST).peekable();
    loop {
        while let Some(day) = days.next_if(|day| day.begins <= end) {
            weekly.on(day, &mut |slot| to_come.push(Reverse((slot.from, slot.until))));
        }
        if endless.is_some_and(|endless| endless <= end) {
            return None;
        }
        match to_come.peek() {
            Some(Reverse((from, until))) if *from <= end => {
                end = end.max((*until)?);
                to_come.pop();
            }
            _ => return Some(end),
        }
    }
}
