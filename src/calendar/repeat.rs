//! The times of a repeated event: those of its rule, single ones beside it, and without those that are left out. The rule is
//! followed on the clock of its zone; what a date is in time is said afterwards, so that changes of the clocks are decided in
//! one place.

use jiff::{SignedDuration, Timestamp, civil::DateTime};

use super::{
    event::{Event, Repeats, Until},
    moment::{Lasts, Moment},
    rule::{self, Days},
};

/// How far the clocks of two zones are apart at most, and a little more.
const APART: SignedDuration = SignedDuration::from_hours(48);

/// Why the dates of a rule are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It cannot be read.
    Odd,
    /// By the hour, or oftener.
    ByTheHour,
    /// Following it costs more than it may.
    TooMuch,
}

/// One time of a repeated event.
#[derive(Debug)]
pub(super) struct Start {
    pub moment: Moment,
    /// How long it lasts, where it says so itself.
    pub lasts: Option<Lasts>,
}

/// Every start of an event between two moments, by its rule and beside it, in order. What following costs is taken from
/// `left`.
pub(super) fn starts(
    event: &Event,
    (from, up_to): (Timestamp, Timestamp),
    left: &mut u64,
) -> (Vec<Start>, Option<Why>) {
    let first = || vec![event.starts.at];
    let (mut dates, why) = match &event.repeats {
        Repeats::Not => (first(), None),
        Repeats::Oddly => (first(), Some(Why::Odd)),
        Repeats::By(by) => {
            let day = |at: Timestamp| at.to_zoned(event.starts.zone.clone()).date();
            let days = Days {
                from: day(from.saturating_sub(APART).unwrap_or(Timestamp::MIN)),
                to: day(up_to.saturating_add(APART).unwrap_or(Timestamp::MAX)),
            };
            match rule::dates(by, event.starts.at, days, left) {
                Ok(dates) => (dates, None),
                Err(why) => (first(), Some(why)),
            }
        }
    };
    let within = |at: &DateTime| match event.until {
        None => true,
        Some(Until::OnTheClock(until)) => *at <= until,
        Some(Until::Moment(until)) => {
            event.starts.with(*at).timestamp().is_some_and(|at| at <= until)
        }
    };
    dates.retain(within);
    let by_rule = dates.into_iter().map(|at| Start { moment: event.starts.with(at), lasts: None });
    let beside = event.also.iter().cloned();
    let beside = beside.map(|(moment, lasts)| Start { moment, lasts });
    // What says itself how long it lasts goes before a date of the rule at the same time.
    let mut all: Vec<(Timestamp, Start)> = (beside.chain(by_rule))
        .filter_map(|start| Some((start.moment.timestamp()?, start)))
        .filter(|(at, start)| from <= *at && *at <= up_to && !event.but.hold(&start.moment))
        .collect();
    all.sort_by_key(|(at, _)| *at);
    all.dedup_by_key(|(at, _)| *at);
    (all.into_iter().map(|(_, start)| start).collect(), why)
}
