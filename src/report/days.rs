//! The days of a report, with what was counted on each. What is not known is none, and never nought.

use std::collections::BTreeMap;

use jiff::{SignedDuration, ToSpan as _, civil::Date};

use super::{
    Day,
    model::{Counted, Facts, NOT_KNOWN, OTHER},
};
use crate::screen_time::Hour;

/// Every day, with its hours. Known are those from the first on which something was counted: before, quietd may not have
/// been here, and where time at the screen was never counted the desktop may not tell of it.
pub(super) fn counted(facts: &Facts<'_>, screen_time: bool) -> impl Iterator<Item = Day> {
    let here = |hour: &Hour| hour.start.to_zoned(facts.zone.clone());
    let is_in = |hour: &&Hour| (facts.from..=facts.to).contains(&here(hour).date());
    let hours: Vec<&Hour> = facts.counted.hours().iter().filter(is_in).collect();
    let first = |of: fn(&Hour) -> u32| {
        hours.iter().filter(|hour| of(hour) > 0).map(|hour| here(hour).date()).min()
    };
    let screen = first(|hour| hour.seconds);
    let any = first(|hour| hour.seconds.max(hour.quiet));
    let knows = |first: Option<Date>, day: Date| first.is_some_and(|first| first <= day);
    let mut days: BTreeMap<Date, Day> = facts
        .from
        .series(1.day())
        .take_while(|date| *date <= facts.to)
        .map(|date| {
            let quiet = knows(any, date).then_some(0);
            let hours = (screen_time && knows(screen, date)).then_some([0; 24]);
            (date, Day { date, hours, quiet, ..Day::default() })
        })
        .collect();
    for hour in hours {
        let at = here(hour);
        let Some(day) = days.get_mut(&at.date()) else { continue };
        // How long it was quiet is no screen time, and stays where that is left out.
        day.quiet = day.quiet.map(|quiet| quiet + u64::from(hour.quiet));
        let Some(hours) = &mut day.hours else { continue };
        hours[usize::from(at.hour().unsigned_abs()) % 24] += u64::from(hour.seconds);
        for (name, seconds) in by_group(hour, facts.group_of) {
            *day.groups.entry(name).or_default() += seconds;
        }
    }
    days.into_values()
}

/// For how long counts are kept, where some of the days are older than that.
pub(super) fn kept_less(facts: &Facts<'_>) -> Option<SignedDuration> {
    let Counted::Yes { kept, .. } = facts.counted else { return None };
    let since = |kept| facts.made.checked_sub(kept).ok();
    kept.filter(|kept| since(*kept).is_some_and(|since: Date| facts.from < since))
}

/// The seconds of an hour by group; each app counts once, and what no app is known of is told as that.
fn by_group(
    hour: &Hour,
    group_of: &dyn Fn(&str) -> Option<String>,
) -> impl Iterator<Item = (String, u64)> {
    let mut groups: BTreeMap<String, u64> = BTreeMap::new();
    let mut known = 0;
    for (app, seconds) in &hour.apps {
        let name = group_of(app).unwrap_or_else(|| OTHER.to_owned());
        *groups.entry(name).or_default() += u64::from(*seconds);
        known += u64::from(*seconds);
    }
    let left = u64::from(hour.seconds).saturating_sub(known);
    if left > 0 {
        *groups.entry(NOT_KNOWN.to_owned()).or_default() += left;
    }
    groups.into_iter()
}
